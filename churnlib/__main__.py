"""The command line: `churnlib report`, `verify`, `diff`, `check` and `simulate`.

Whatever is slow to import is imported by the command that needs it, so that `churnlib --help`
answers at once.
"""

import contextlib
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from churnlib.errors import ChurnlibError, masked, printable
from churnlib.options import (
    ChapterNames,
    Customers,
    DiffPage,
    File,
    Files,
    FirstPeriod,
    Force,
    Jobs,
    Kernel,
    KernelKind,
    LastPeriod,
    Model,
    Out,
    Output,
    PeriodText,
    ReportFolder,
    Reports,
    Seed,
    SingleFile,
    Verbose,
)

if TYPE_CHECKING:
    from churnlib.input.checked import Checked
    from churnlib.report.execute.kernels import Kernels
    from churnlib.report.make.make import Outcome
    from churnlib.report.plan import Plan

PUBLISHED, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _churnlib() -> None:
    """Churn, retention and customer value, as monthly reports.

    Exit codes: 0 all published (or the same), 1 a chapter failed (or reports differ), 2 bad input,
    130 interrupted.
    """


@app.command()
def report(
    params: Files,
    period: PeriodText = None,
    first: FirstPeriod = None,
    last: LastPeriod = None,
    chapter: ChapterNames = None,
    output: Output = None,
    force: Force = False,
    jobs: Jobs = None,
    single_file: SingleFile = False,
    kernel: Kernel = KernelKind.forked,
    verbose: Verbose = False,
) -> None:
    """Make and publish reports: one period, or a range with --from and --to.

    What is up to date is skipped.
    """
    with _in_plain_words(verbose):
        from churnlib.report.plan import REPORTS, When
        from churnlib.report.requests import plan_reports

        folder = (output or REPORTS).absolute()
        requests = plan_reports(
            params, When(period, first, last), chapter or (), output=folder, force=force
        )
        plain = kernel is KernelKind.plain
        outcomes = _make(requests, folder, jobs=jobs or _cores(), force=force, plain=plain)
        for outcome in outcomes.values():
            _tell_faults(outcome, verbose)
        for plan, _ in requests:
            outcome = outcomes.get(plan.name)
            print((outcome.folder if outcome else plan.folder(folder)) / "index.html")
            if single_file and not (outcome and outcome.faults):
                from churnlib.report.render.single_file import write_single_file

                print(write_single_file(plan.folder(folder)))
    raise typer.Exit(FAILED if any(outcome.faults for outcome in outcomes.values()) else PUBLISHED)


@app.command()
def verify(reports: Reports, jobs: Jobs = None, verbose: Verbose = False) -> None:
    """Make published reports again from their own parameters and frozen data.

    0 if every byte is the same, else 1.
    """
    with _in_plain_words(verbose), _kernels(plain=False) as kernels:
        from churnlib.report.compare.verify import verify as make_again
        from churnlib.report.progress import progress_for

        same = True
        for report in reports:
            with progress_for(len(reports)) as progress:
                verdict = make_again(
                    report, kernels=kernels, jobs=jobs or _cores(), progress=progress
                )
            print(*map(printable, verdict.sentences), sep="\n")
            same &= not verdict.differences
    raise typer.Exit(PUBLISHED if same else FAILED)


@app.command()
def diff(
    before: ReportFolder, after: ReportFolder, output: DiffPage = None, verbose: Verbose = False
) -> None:
    """Compare two reports of a business, as a page: 0 if they say the same, 1 if they differ."""
    with _in_plain_words(verbose):
        from churnlib.report.compare.diff import compare, write_page

        comparison = compare(before, after)
        print(write_page(comparison, output))
        for text in comparison.summary:
            print(printable(text), file=sys.stderr)
    raise typer.Exit(PUBLISHED if comparison.same else FAILED)


@app.command()
def check(params: File, verbose: Verbose = False) -> None:
    """Check parameters and data, and show which rows were read, kept and set aside."""
    with _in_plain_words(verbose):
        from churnlib.input.account import print_account
        from churnlib.input.checked import check as checked
        from churnlib.params.read import read_params

        print_account(checked(read_params(params)))


@app.command()
def simulate(
    out: Out,
    customers: Customers = None,
    seed: Seed = None,
    model: Model = "subscription",
    verbose: Verbose = False,
) -> None:
    """Write the data of a business whose truth is known: with subscriptions, or a shop."""
    with _in_plain_words(verbose):
        from churnlib.simulate import simulate as write_subscriptions
        from churnlib.simulate import simulate_shop

        write = write_subscriptions if model == "subscription" else simulate_shop
        given = {"customers": customers, "seed": seed}
        write(out, **{name: value for name, value in given.items() if value is not None})
        print(out)


def main() -> None:
    """The console script."""
    app(prog_name="churnlib")


@contextlib.contextmanager
def _in_plain_words(verbose: bool) -> Iterator[None]:
    """End a command with an exit code and one message in place of a traceback, unless `verbose`."""
    try:
        with _terminated_like_interrupted():
            yield
    except KeyboardInterrupt:
        print("churnlib: interrupted; nothing half-made was published", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except ChurnlibError as error:
        _complain(error, verbose)
        raise typer.Exit(BAD_INPUT) from None
    except Exception as error:
        _complain(error, verbose, f"unexpected {type(error).__name__}: ")
        raise typer.Exit(FAILED) from None


def _make(
    requests: "list[tuple[Plan, Checked | None]]",
    output: Path,
    *,
    jobs: int,
    force: bool,
    plain: bool,
) -> "dict[str, Outcome]":
    """Make the reports that are not up to date, with progress shown.

    Gives what came of each, by the plan's name.
    """
    from churnlib.report.progress import progress_for

    wanted = [(plan, checked) for plan, checked in requests if checked is not None]
    with progress_for(len(requests)) as progress:
        for plan, checked in requests:
            if checked is None:
                progress.skipped(plan)
        options = {"jobs": jobs, "force": force, "progress": progress}
        outcomes = _made(wanted, output, plain=plain, **options) if wanted else []
        if len(requests) > 1:
            failed = sum(bool(one.faults) for one in outcomes)
            made = sum(bool(one.results) for one in outcomes) - failed
            skipped = len(requests) - made - failed
            progress.say(
                f"{len(requests)} reports: {made} done, {skipped} skipped, {failed} failed"
            )
    return {outcome.plan.name: outcome for outcome in outcomes}


def _made(
    wanted: "list[tuple[Plan, Checked]]", output: Path, *, plain: bool, **options: Any
) -> "list[Outcome]":
    """Kernels are gone when this ends, however it ends."""
    # Before the imports that follow: kernels import, too, on another core.
    with _kernels(plain=plain) as kernels:
        from churnlib.report.make.make import make_reports

        with contextlib.closing(
            make_reports(wanted, output, kernels=kernels, **options)
        ) as reports:
            return list(reports)


def _kernels(*, plain: bool) -> "Kernels":
    from churnlib.report.execute.kernels import Kernels

    # jsonschema, which nbformat is built on, compiles grammars for a second to check kinds of text
    # that notebooks do not have, if JupyterLab brought them; it does without what it cannot import.
    for grammar in ("rfc3987_syntax", "isoduration"):
        sys.modules.setdefault(grammar, None)
    # What goes wrong is said by us, once; papermill and nbclient would say it first, at length.
    logging.getLogger("papermill").addHandler(logging.NullHandler())
    return Kernels(plain)


def _tell_faults(outcome: "Outcome", verbose: bool) -> None:
    for result in outcome.faults:
        fault = result.fault
        where = f", cell {fault.cell}" if fault.cell else ""
        where += f" ({fault.heading})" if fault.heading else ""
        told = f"{outcome.plan.name} {result.chapter.name}{where}: {fault.message}"
        print(printable(masked(told)), file=sys.stderr)
        if verbose and fault.traceback:
            print(fault.traceback, file=sys.stderr)


def _complain(error: Exception, verbose: bool, lead: str = "") -> None:
    if verbose:
        traceback.print_exception(error)
    hint = "" if verbose or not lead else " (--verbose shows where)"
    print(f"churnlib: {lead}{printable(masked(str(error)))}{hint}", file=sys.stderr)


def _cores() -> int:
    """The cores this process may use, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """A scheduler's SIGTERM, or a terminal that is closed, ends a run as Ctrl-C does: kernels gone,
    nothing half-made left.
    """

    def interrupt(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ends = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, interrupt) for number in ends}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    main()
