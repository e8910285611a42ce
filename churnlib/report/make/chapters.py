"""The chapters of one report under way: all at once, but the summary when the others are done."""

import threading
from collections.abc import Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from churnlib.report.chapters import SUMMARY, Chapter
from churnlib.report.execute.kernels import Kernels
from churnlib.report.execute.run import ChapterResult
from churnlib.report.make.build import Build
from churnlib.report.make.gather import fingerprint
from churnlib.report.progress import Progress
from churnlib.report.published.standing import Standing


@dataclass
class Chapters:
    """What becomes of each chapter of a report.

    Parameters
    ----------
    build : where they are made
    kernels, progress : where they run, and who is told
    before : the report in place
    kept : names of the chapters that need not run, because the report in place has them; the
        summary is run all the same if the others tell it something else than then
    """

    build: Build
    kernels: Kernels
    progress: Progress
    before: Standing | None = None
    kept: Collection[str] = ()
    _futures: list[Future[None]] = field(default_factory=list)
    _results: dict[str, ChapterResult] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, pool: ThreadPoolExecutor) -> None:
        """Put them to work.

        Whoever is the last of the others goes on with the summary, so that it does not wait behind
        the chapters of the next report, and nobody waits for anybody in a thread of the pool.
        """
        self.progress.expect(self.build.plan)
        if self._others:
            self._futures = [pool.submit(self._make, chapter) for chapter in self._others]
        else:
            self._futures = [pool.submit(self._make_summary)]

    def results(self) -> tuple[ChapterResult, ...]:
        """Wait for them all: what came of each, in reading order."""
        for future in self._futures:
            future.result()
        return tuple(self._results[chapter.name] for chapter in self.build.plan.chapters)

    @property
    def _others(self) -> list[Chapter]:
        return [one for one in self.build.plan.chapters if one.name != SUMMARY]

    def _make(self, chapter: Chapter) -> None:
        if chapter.name in self.kept:
            result = self.build.keep(chapter, self.before, self.progress)
        else:
            result = self.build.run(chapter, self.kernels, self.progress)
        with self._lock:
            self._results[chapter.name] = result
            is_last = len(self._results) == len(self._others)
        if is_last:
            self._make_summary()

    def _make_summary(self) -> None:
        """From what the others told; not at all if one of them failed."""
        summary = next((one for one in self.build.plan.chapters if one.name == SUMMARY), None)
        if summary is None:
            return
        if any(result.fault for result in self._results.values()):
            result = self.build.leave(summary, self.progress)
        else:
            heard = self.build.gathered(self._others)
            if self._is_kept(summary, fingerprint(heard)):
                result = self.build.keep(summary, self.before, self.progress)
            else:
                result = self.build.run(summary, self.kernels, self.progress, heard=heard)
        self._results[SUMMARY] = result

    def _is_kept(self, summary: Chapter, heard: str) -> bool:
        if summary.name not in self.kept:
            return False
        return self.before.entry(summary).get("heard") == heard
