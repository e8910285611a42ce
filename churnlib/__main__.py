"""The command line: `churnlib report`, `churnlib check`, `churnlib simulate`.

Whatever is slow to import is imported by the command that needs it, so that `churnlib --help` answers at once.
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
from typing import TYPE_CHECKING, Annotated, Any

import typer

from churnlib.errors import ChurnlibError, masked

if TYPE_CHECKING:
    from churnlib.report.make import Outcome
    from churnlib.report.plan import Plan
    from churnlib.snapshot import Checked

PUBLISHED, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)

File = Annotated[Path, typer.Argument(metavar="PARAMS", help="A params/*.yml.")]
Files = Annotated[list[Path], typer.Argument(metavar="PARAMS...", help="One or more params/*.yml.")]
PeriodText = Annotated[str | None, typer.Option(help="2026-09 or 2026-Q3; default: the last that the data cover.")]
FirstPeriod = Annotated[str | None, typer.Option("--from", help="The first period of a range.")]
LastPeriod = Annotated[str | None, typer.Option("--to", help="The last period of a range.")]
ChapterNames = Annotated[
    list[str] | None, typer.Option(help="Make only this chapter and the summary; may be given several times.")
]
Output = Annotated[Path | None, typer.Option(help="Folder of all reports; default: the project's reports/.")]
Jobs = Annotated[int | None, typer.Option(min=1, help="Chapters at the same time; default: the number of cores.")]
Out = Annotated[Path, typer.Argument(help="The folder to write Parquet files into.")]
Customers = Annotated[int, typer.Option(min=1, help="How many customers.")]
Seed = Annotated[int | None, typer.Option(help="The same seed gives the same bytes.")]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show tracebacks.")]


@app.callback()
def _churnlib() -> None:
    """Churn, retention and customer value, as monthly reports.

    Exit codes: 0 all published, 1 a chapter failed, 2 bad input, 130 interrupted.
    """


@app.command()
def report(
    params: Files,
    period: PeriodText = None,
    first: FirstPeriod = None,
    last: LastPeriod = None,
    chapter: ChapterNames = None,
    output: Output = None,
    jobs: Jobs = None,
    verbose: Verbose = False,
) -> None:
    """Make and publish reports: one period, or a range with --from and --to."""
    with _in_plain_words(verbose):
        from churnlib.report.plan import REPORTS, When, plan_reports

        requests = plan_reports(params, When(period, first, last), chapter or ())
        outcomes = _make(requests, (output or REPORTS).absolute(), jobs or _cores())
        for outcome in outcomes:
            _tell_faults(outcome, verbose)
        for outcome in outcomes:
            print(outcome.folder / "index.html")
    raise typer.Exit(FAILED if any(outcome.faults for outcome in outcomes) else PUBLISHED)


@app.command()
def check(params: File, verbose: Verbose = False) -> None:
    """Check parameters and data, and show which rows were read, kept and set aside."""
    with _in_plain_words(verbose, bad_input=FAILED):
        from churnlib import snapshot
        from churnlib.params import read_params

        _print_data_box(snapshot.check(read_params(params)))


@app.command()
def simulate(out: Out, customers: Customers = 20_000, seed: Seed = None, verbose: Verbose = False) -> None:
    """Write the data of a subscription business whose true churn is known."""
    with _in_plain_words(verbose):
        from churnlib.simulate import simulate as write_business

        write_business(out, customers=customers, **({} if seed is None else {"seed": seed}))
        print(out)


def main() -> None:
    """The console script."""
    app(prog_name="churnlib")


@contextlib.contextmanager
def _in_plain_words(verbose: bool, bad_input: int = BAD_INPUT) -> Iterator[None]:
    """End a command with an exit code and one message in place of a traceback, unless `verbose`."""
    try:
        with _terminated_like_interrupted():
            yield
    except KeyboardInterrupt:
        print("churnlib: interrupted; nothing half-made was published", file=sys.stderr)
        raise typer.Exit(INTERRUPTED) from None
    except ChurnlibError as error:
        _complain(error, verbose)
        raise typer.Exit(bad_input) from None
    except Exception as error:
        _complain(error, verbose, f"unexpected {type(error).__name__}: ")
        raise typer.Exit(FAILED) from None


def _make(requests: "list[tuple[Plan, Checked]]", output: Path, jobs: int) -> "list[Outcome]":
    """Make the reports with progress shown; kernels are gone when this ends, however it ends."""
    from churnlib.report.make import make_reports
    from churnlib.report.progress import progress_for

    # What goes wrong is said by us, once; papermill and nbclient would say it first, at length.
    logging.getLogger("papermill").addHandler(logging.NullHandler())
    with progress_for(len(requests)) as progress:
        reports = make_reports(requests, output, jobs=jobs, progress=progress)
        with contextlib.closing(reports):
            return list(reports)


def _tell_faults(outcome: "Outcome", verbose: bool) -> None:
    for result in outcome.faults:
        fault = result.fault
        where = f", cell {fault.cell}" if fault.cell else ""
        where += f" ({fault.heading})" if fault.heading else ""
        print(f"{outcome.plan.name} {result.chapter.name}{where}: {fault.message}", file=sys.stderr)
        if verbose and fault.traceback:
            print(fault.traceback, file=sys.stderr)


def _print_data_box(checked: "Checked") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("table", "file", title=f"{checked.params.display_title}: the data", title_justify="left")
    for name in ("read", "kept", "set aside"):
        table.add_column(name, justify="right")
    for row in checked.data_box:
        counts = [f"{row[key]:,}" for key in ("read", "kept", "set_aside")]
        table.add_row(Text(str(row["table"])), Text(str(row["file"])), *counts)
    console = Console()
    console.print(table)
    for row in checked.data_box:
        for reason in row["reasons"]:
            text = f"{row['table']}: {reason['rows']:,} rows set aside: {reason['reason']}, such as {reason['example']}"
            console.print(text, markup=False, highlight=False)
    days = f"The data cover {checked.first_day} to {checked.last_day}"
    console.print(f"{days}; the last complete period is {checked.latest_period().label}.", highlight=False)


def _complain(error: Exception, verbose: bool, lead: str = "") -> None:
    if verbose:
        traceback.print_exception(error)
    hint = "" if verbose or not lead else " (--verbose shows where)"
    print(f"churnlib: {lead}{masked(str(error))}{hint}", file=sys.stderr)


def _cores() -> int:
    """The cores this process may use, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """A scheduler's SIGTERM ends a run as Ctrl-C does: kernels gone, nothing half-made left."""

    def interrupt(_number: int, _frame: Any) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    main()
