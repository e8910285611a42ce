"""Make reports: plan, run, render, publish, for any number of businesses and periods in one process."""

import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from churnlib import snapshot as snapshots
from churnlib.report import provenance
from churnlib.report.index import write_index
from churnlib.report.kernels import Kernels
from churnlib.report.plan import Chapter, Plan
from churnlib.report.progress import Progress
from churnlib.report.publish import Workspace, clean_leftovers, writing
from churnlib.report.render import failure_page, kept_notebook, page_context, render_page
from churnlib.report.run import ChapterResult, fault_of, run_chapter
from churnlib.snapshot import Checked, Snapshot

# Reports under way at once: the next one's chapters fill the cores while the last chapter of this one still runs; more
# would only fill the disk with frozen data.
UNDER_WAY = 2


@dataclass(frozen=True)
class Outcome:
    """What came of a report: where it stands, or where the failed one does."""

    plan: Plan
    folder: Path
    results: tuple[ChapterResult, ...]

    @property
    def faults(self) -> list[ChapterResult]:
        """The chapters that failed."""
        return [result for result in self.results if result.fault]


@dataclass
class _Build:
    """One report being made."""

    plan: Plan
    space: Workspace
    snapshot: Snapshot
    footer: list[dict[str, str]]
    chapters: list[Future[ChapterResult]] = field(default_factory=list)


def make_reports(
    requests: Iterable[tuple[Plan, Checked]], output: Path, *, kernels: Kernels, jobs: int, progress: Progress
) -> Iterator[Outcome]:
    """Make each report and publish it, or keep it as failed; the index of all reports is renewed after each.

    Parameters
    ----------
    requests : the plans, each with its checked source
    output : folder that holds all reports
    kernels : where chapters run; stopped when this ends
    jobs : chapters that run at the same time
    progress : told of everything that happens

    Yields
    ------
    Outcome of each report, in order: it tells which chapters failed. A report that cannot be frozen or written raises.
    """
    waiting, under_way = deque(requests), deque()
    for business in {plan.folder(output).parent for plan, _ in waiting}:
        clean_leftovers(business)
    with ThreadPoolExecutor(jobs, thread_name_prefix="chapter") as pool:
        try:
            while waiting or under_way:
                while waiting and len(under_way) < UNDER_WAY:
                    under_way.append(_begin(*waiting.popleft(), output=output, progress=progress))
                    _submit(under_way[-1], pool, kernels, progress)
                yield _finish(under_way[0], output, progress)
                under_way.popleft().space.close()
        finally:
            # However this ends (also by Ctrl-C): no kernel is left running, no half-made folder lying about.
            kernels.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            for build in under_way:
                build.space.close()


def _begin(plan: Plan, checked: Checked, *, output: Path, progress: Progress) -> _Build:
    """Take the report's place, and freeze its data there."""
    space = Workspace(plan.folder(output), waiting=progress.say)
    try:
        with writing(space.frozen):
            frozen = snapshots.freeze(checked, plan.period, space.frozen)
        return _Build(plan, space, frozen, provenance.footer(plan, frozen))
    except BaseException:
        space.close()
        raise


def _submit(build: _Build, pool: ThreadPoolExecutor, kernels: Kernels, progress: Progress) -> None:
    progress.expect(build.plan)
    build.chapters = [pool.submit(_make_chapter, build, chapter, kernels, progress) for chapter in build.plan.chapters]


def _make_chapter(build: _Build, chapter: Chapter, kernels: Kernels, progress: Progress) -> ChapterResult:
    """Run a chapter and render its page; called in a thread of its own."""
    result = run_chapter(
        chapter,
        build.space.frozen,
        kernels=kernels,
        work=build.space.folder,
        on_cell=lambda cell, cells: progress.cell(build.plan, chapter, cell, cells),
    )
    pages, frozen, notebook = build.space.pages, build.space.frozen, result.notebook
    try:
        if notebook:
            _write(pages / "notebooks" / chapter.path.name, kept_notebook(notebook, frozen))
        if not result.fault:
            page = page_context(build.plan, chapter, build.snapshot, footer=build.footer, notebook=notebook)
            _write(pages / chapter.href, render_page(notebook, page))
    except Exception as error:
        result.fault = result.fault or fault_of(error, "the page could not be made")
    progress.ended(build.plan, result)
    return result


def _finish(build: _Build, output: Path, progress: Progress) -> Outcome:
    """Wait for the chapters, complete the folder and put it in its place."""
    results = tuple(chapter.result() for chapter in build.chapters)
    space, pages = build.space, build.space.pages
    with writing(pages):
        tables = space.frozen / "tables"
        if tables.exists():
            shutil.copytree(tables, pages / "tables")
        provenance.write_manifest(pages, provenance.manifest(build.plan, build.snapshot, results))
    failed = [result for result in results if result.fault]
    if failed:
        _write_failure(build, results)
        space.keep_failed()
    else:
        space.publish()
    write_index(output, waiting=progress.say)
    outcome = Outcome(build.plan, space.failed if failed else space.final, results)
    progress.finished(outcome.plan, failed=bool(failed))
    return outcome


def _write_failure(build: _Build, results: Sequence[ChapterResult]) -> None:
    """The failure page in place of the front page and of every chapter that has none."""
    pages = build.space.pages
    if (pages / "index.html").exists():
        (pages / "index.html").rename(pages / "summary.html")
    page = failure_page(build.plan, results, build.footer, has_good=build.space.final.exists())
    for result in results:
        if result.fault or result.chapter.href == "index.html":
            _write(pages / result.chapter.href, page)
        log = build.space.folder / f"{result.chapter.name}.log"
        if result.fault and log.exists() and log.stat().st_size:
            shutil.copyfile(log, pages / log.name)


def _write(path: Path, text: str) -> None:
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
