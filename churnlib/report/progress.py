"""What a run says while it works: a bar for each chapter on a terminal, plain lines elsewhere."""

import sys
import threading
from typing import TYPE_CHECKING, Protocol

from churnlib.report.chapters import SUMMARY, Chapter
from churnlib.report.plan import Plan

if TYPE_CHECKING:
    from churnlib.report.execute.run import ChapterResult

SKIPPED = "up to date"
DONE = "done"
WAITING = "waiting for the others"


class Progress(Protocol):
    """What `make_reports` tells; called from several threads."""

    def expect(self, plan: Plan) -> None:
        """A report was begun."""

    def cell(self, plan: Plan, chapter: Chapter, cell: int, cells: int) -> None:
        """A cell is about to run."""

    def ended(self, plan: Plan, result: "ChapterResult") -> None:
        """A chapter is done or failed."""

    def finished(self, plan: Plan, *, failed: bool) -> None:
        """A report stands in its place, or was kept as failed."""

    def skipped(self, plan: Plan, chapter: Chapter | None = None) -> None:
        """A report, or one chapter of it, need not be made: it is up to date."""

    def say(self, text: str) -> None:
        """Anything else worth knowing."""


class Lines:
    """One line for each chapter, for logs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *error: object) -> None:
        """Nothing to put away."""

    def expect(self, plan: Plan) -> None:
        waiting = ", the summary last" if _waits(plan) else ""
        many = len(plan.chapters)
        self.say(f"{plan.name}: {many} {'chapter' if many == 1 else 'chapters'}{waiting}")

    def cell(self, plan: Plan, chapter: Chapter, cell: int, cells: int) -> None:
        """Too fine for a log."""

    def ended(self, plan: Plan, result: "ChapterResult") -> None:
        took = f" in {result.seconds:.1f} s" if result.made else ""
        self.say(f"{plan.name} {result.chapter.name}: {result.status}{took}")

    def finished(self, plan: Plan, *, failed: bool) -> None:
        self.say(f"{plan.name}: {'FAILED' if failed else 'published'}")

    def skipped(self, plan: Plan, chapter: Chapter | None = None) -> None:
        what = f"{plan.name} {chapter.name}" if chapter else plan.name
        self.say(f"{what}: {SKIPPED}")

    def say(self, text: str) -> None:
        with self._lock:
            print(text, file=sys.stderr, flush=True)


class Bars:
    """A bar for each chapter of the reports under way, one tick a cell."""

    def __init__(self, several: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as RichProgress

        self._several = several
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
        )
        self._bars = RichProgress(
            *columns,
            TimeElapsedColumn(),
            TextColumn("{task.fields[state]}"),
            console=Console(stderr=True),
        )
        self._tasks: dict[tuple[str, str], int] = {}

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def expect(self, plan: Plan) -> None:
        for chapter in plan.chapters:
            text = f"{plan.name}  {chapter.title}"
            waits = chapter.name == SUMMARY and _waits(plan)
            self._tasks[plan.name, chapter.name] = self._bars.add_task(
                text, total=None, start=False, state=WAITING if waits else ""
            )

    def cell(self, plan: Plan, chapter: Chapter, cell: int, cells: int) -> None:
        task = self._tasks[plan.name, chapter.name]
        if cell == 0:
            self._bars.start_task(task)
            self._bars.update(task, state="")
        self._bars.update(task, completed=cell, total=cells)

    def ended(self, plan: Plan, result: "ChapterResult") -> None:
        task = self._tasks[plan.name, result.chapter.name]
        cells = len(result.notebook.cells) if result.notebook else 1
        done = {"completed": cells} if result.status == DONE else {}
        self._bars.update(task, total=cells, state=result.status, **done)
        self._bars.stop_task(task)

    def finished(self, plan: Plan, *, failed: bool) -> None:
        if self._several:
            for chapter in plan.chapters:
                self._bars.remove_task(self._tasks.pop((plan.name, chapter.name)))
            self.say(f"{plan.name}: {'FAILED' if failed else 'published'}")

    def skipped(self, plan: Plan, chapter: Chapter | None = None) -> None:
        if chapter:
            self._bars.update(
                self._tasks[plan.name, chapter.name], total=1, completed=1, state=SKIPPED
            )
        else:
            self.say(f"{plan.name}: {SKIPPED}")

    def say(self, text: str) -> None:
        self._bars.console.print(text, markup=False, highlight=False)


def _waits(plan: Plan) -> bool:
    """Whether the summary has others to wait for."""
    names = {chapter.name for chapter in plan.chapters}
    return SUMMARY in names and len(names) > 1


def progress_for(reports: int) -> Bars | Lines:
    """Bars where somebody watches, lines in a log."""
    return Bars(several=reports > 1) if sys.stderr.isatty() else Lines()
