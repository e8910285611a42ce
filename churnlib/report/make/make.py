"""Make reports: freeze, run, gather, render, publish.

For any number of businesses and periods in one process.
"""

import shutil
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from churnlib.input.checked import Checked
from churnlib.report.execute.kernels import Kernels
from churnlib.report.execute.run import ChapterResult
from churnlib.report.make.build import Build
from churnlib.report.make.chapters import Chapters
from churnlib.report.plan import Plan
from churnlib.report.progress import Progress
from churnlib.report.published import frozen as frozen_store
from churnlib.report.published import provenance
from churnlib.report.published.publish import Workspace, clean_leftovers, writing
from churnlib.report.published.standing import standing
from churnlib.report.render.index import write_index
from churnlib.report.render.pages import failure_page
from churnlib.snapshot.freeze import freeze, snapshot_id

# Reports under way at once: the next one's chapters fill the cores while the last chapter of this
# one still runs; more would only fill the disk with frozen data.
UNDER_WAY = 2
FRONT_PAGE = "index.html"


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
class _Job:
    """One report under way."""

    space: Workspace
    chapters: Chapters

    @property
    def build(self) -> Build:
        """Where it is made."""
        return self.chapters.build

    @property
    def nothing_to_do(self) -> bool:
        """Whether the report in place is what would be made."""
        plan, kept = self.build.plan, set(self.chapters.kept)
        is_kept = kept >= {chapter.name for chapter in plan.chapters}
        return is_kept and self.chapters.before.is_all_of(plan)


def make_reports(
    requests: Iterable[tuple[Plan, Checked]],
    output: Path,
    *,
    kernels: Kernels,
    jobs: int,
    progress: Progress,
    force: bool = False,
) -> Iterator[Outcome]:
    """Make each report and publish it, or keep it as failed.

    The index of all reports is renewed after each.

    Parameters
    ----------
    requests : the plans, each with its checked source
    output : folder that holds all reports
    kernels : where chapters run; stopped when this ends
    jobs : chapters that run at the same time
    progress : told of everything that happens
    force : run every chapter, also where nothing that it depends on has changed

    Yields
    ------
    Outcome of each report, in order: it tells which chapters failed. A report that cannot be frozen
    or written raises.
    """
    waiting, under_way = deque(requests), deque()
    for business in {plan.folder(output).parent for plan, _ in waiting}:
        clean_leftovers(business)
    with ThreadPoolExecutor(jobs, thread_name_prefix="chapter") as pool:
        try:
            while waiting or under_way:
                while waiting and len(under_way) < UNDER_WAY:
                    job = _begin(*waiting.popleft(), output, kernels, progress, force=force)
                    under_way.append(job)
                    if not job.nothing_to_do:
                        job.chapters.begin(pool)
                yield _finish(under_way[0], output, progress)
                under_way.popleft().space.close()
        finally:
            # However this ends (also by Ctrl-C): no kernel is left running, and no half-made
            # folder lies about.
            kernels.stop()
            pool.shutdown(wait=True, cancel_futures=True)
            for job in under_way:
                job.space.close()
    with frozen_store.held(output, progress.say):
        frozen_store.clean(output)


def _begin(
    plan: Plan,
    checked: Checked,
    output: Path,
    kernels: Kernels,
    progress: Progress,
    *,
    force: bool,
) -> _Job:
    """Take the report's place, freeze its data, and see what of the report in place can stay."""
    space = Workspace(plan.folder(output), waiting=progress.say)
    try:
        with writing(space.frozen):
            frozen = freeze(checked, plan.period, space.frozen)
        plan = plan.among(frozen.n_customers)
        before = standing(space.final)
        kept = set(before.kept(plan, snapshot_id(frozen.folder), force=force)) if before else set()
        build = Build(plan.with_usual(kept), space.folder, frozen, provenance.software())
        return _Job(space, Chapters(build, kernels, progress, before, kept))
    except BaseException:
        space.close()
        raise


def _finish(job: _Job, output: Path, progress: Progress) -> Outcome:
    """Wait for the chapters, complete the folder and put it in its place."""
    if job.nothing_to_do:
        job.space.drop_failed()
        write_index(output, waiting=progress.say)
        progress.skipped(job.build.plan)
        return Outcome(job.build.plan, job.space.final, ())
    results = job.chapters.results()
    is_failed = any(result.fault for result in results)
    if is_failed:
        _write_failure(job, results)
        job.build.complete()
        job.space.keep_failed()
    else:
        job.build.complete()
        _publish(job, output, progress)
    write_index(output, waiting=progress.say)
    progress.finished(job.build.plan, failed=is_failed)
    folder = job.space.failed if is_failed else job.space.final
    return Outcome(job.build.plan, folder, results)


def _publish(job: _Job, output: Path, progress: Progress) -> None:
    """The data first: a report never stands without what it can be verified from."""
    snapshot = snapshot_id(job.space.frozen)
    with frozen_store.held(output, progress.say):
        frozen_store.keep(job.space.frozen, output, snapshot)
        job.space.publish()


def _write_failure(job: _Job, results: Sequence[ChapterResult]) -> None:
    """The failure page in place of the front page and of every page that could not be made."""
    build, pages = job.build, job.build.pages
    wanted = {page.href for page in build.plan.pages}
    made = {href for href in wanted if (pages / href).exists()} - {FRONT_PAGE}
    has_good = job.space.final.exists()
    page = failure_page(build.plan, results, build.footer, made=made, has_good=has_good)
    with writing(pages):
        for href in {FRONT_PAGE, *wanted} - made:
            (pages / href).write_text(page, encoding="utf-8", newline="\n")
        for result in results:
            log = build.work(result.chapter) / f"{result.chapter.name}.log"
            if result.fault and log.exists() and log.stat().st_size:
                shutil.copyfile(log, pages / log.name)
