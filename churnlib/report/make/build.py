"""One report, made in a folder of its own: its chapters are run or kept, its pages rendered; then
it is completed.
"""

import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat

from churnlib.report.chapters import FRONT_PAGE, Chapter
from churnlib.report.execute.fault import Fault, fault_at, fault_of
from churnlib.report.execute.kernels import Kernels
from churnlib.report.execute.run import ChapterResult, run_chapter
from churnlib.report.make import gather
from churnlib.report.make.tables import Tables
from churnlib.report.plan import Plan
from churnlib.report.progress import Progress
from churnlib.report.published import provenance
from churnlib.report.published.publish import writing
from churnlib.report.published.standing import Standing
from churnlib.report.render.notebook import kept_notebook
from churnlib.report.render.pages import page_context, render_page
from churnlib.results.gathered import FILE, headline
from churnlib.snapshot.snapshot import TABLES_FOLDER, Snapshot
from churnlib.statistics.rules import MIN_N

NOTEBOOKS_FOLDER = "notebooks"


@dataclass
class Build:
    """A report being made.

    folder : where; below it `report/` becomes the report and `work/` holds a folder for each
        chapter
    snapshot : the frozen data; chapters see them through links, so whatever they write lands beside
        the links
    software : what the pages say that they were made by
    """

    plan: Plan
    folder: Path
    snapshot: Snapshot
    software: dict[str, Any]
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    _ready: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def pages(self) -> Path:
        """What becomes the report."""
        return self.folder / "report"

    @property
    def notebooks(self) -> Path:
        """The executed notebooks in it."""
        return self.pages / NOTEBOOKS_FOLDER

    @cached_property
    def tables(self) -> Tables:
        """The tables in it."""
        return Tables(self.pages / TABLES_FOLDER)

    @property
    def footer(self) -> list[dict[str, str]]:
        """The last rows of every page."""
        return provenance.footer(self.plan, self.snapshot, self.software)

    def work(self, chapter: Chapter) -> Path:
        """A chapter's own folder, in which its kernel works."""
        return self.folder / "work" / chapter.name

    def run(
        self,
        chapter: Chapter,
        kernels: Kernels,
        progress: Progress,
        *,
        heard: dict[str, Any] | None = None,
    ) -> ChapterResult:
        """Run a chapter and render its page; called in a thread of its own.

        `heard` is what the other chapters told, if it is the summary: it lies beside its data.
        """
        copy, frozen = self._prepare(chapter, heard)
        result = run_chapter(
            replace(chapter, path=copy),
            frozen,
            kernels=kernels,
            work=self.work(chapter),
            on_cell=lambda cell, cells: progress.cell(self.plan, chapter, cell, cells),
        )
        result.chapter, tables = chapter, []
        try:
            if result.notebook:
                self._write_notebook(chapter, kept_notebook(result.notebook, frozen))
            tables = self.tables.take(frozen / TABLES_FOLDER)
            result.fault = result.fault or _told_wrongly(result)
            if not result.fault:
                self._render(chapter)
        except Exception as error:
            result.fault = result.fault or fault_of(error, "the page could not be made")
        self.entries[chapter.name] = provenance.chapter_entry(
            result,
            provenance.notebook_fingerprint(copy),
            tables,
            None if heard is None else gather.fingerprint(heard),
        )
        progress.ended(self.plan, result)
        return result

    def keep(self, chapter: Chapter, standing: Standing, progress: Progress) -> ChapterResult:
        """Take a chapter over from the report in place.

        Notebook and tables stay as they are, the page is rendered anew.
        """
        entry = standing.entry(chapter)
        notebook = standing.folder / NOTEBOOKS_FOLDER / chapter.path.name
        with writing(self.pages):
            self._write_notebook(chapter, notebook.read_text(encoding="utf-8"))
        self.tables.keep(standing.folder / TABLES_FOLDER, entry["tables"])
        self._render(chapter)
        self.entries[chapter.name] = entry
        progress.skipped(self.plan, chapter)
        return ChapterResult(chapter, seconds=entry["seconds"])

    def leave(self, chapter: Chapter, progress: Progress) -> ChapterResult:
        """Do not make a chapter, because one that it rests on failed."""
        result = ChapterResult(chapter, made=False)
        notebook = provenance.notebook_fingerprint(chapter.path)
        self.entries[chapter.name] = provenance.chapter_entry(result, notebook)
        progress.ended(self.plan, result)
        return result

    def gathered(self, chapters: Sequence[Chapter]) -> dict[str, Any]:
        """What chapters told that have been run or kept."""
        return gather.gathered(self.plan, self.notebooks, chapters)

    def complete(self) -> None:
        """Write what is about all chapters, when everything else is in its place; the manifest
        comes last.
        """
        with writing(self.pages):
            self.pages.mkdir(parents=True, exist_ok=True)
            entries = [self.entries[chapter.name] for chapter in self.plan.chapters]
            manifest = provenance.manifest(self.plan, self.snapshot, entries)
            if manifest["status"] != "failed":
                self._write(FILE, gather.as_text(self.gathered(self.plan.chapters)))
            self.tables.write_package(self.plan)
            provenance.write_manifest(self.pages, manifest)

    def _prepare(self, chapter: Chapter, heard: dict[str, Any] | None) -> tuple[Path, Path]:
        """The notebook to run, and the folder of its data."""
        work = self.work(chapter)
        with writing(work):
            frozen = linked(self.snapshot.folder, work / "frozen")
            if heard is not None:
                (frozen / FILE).write_text(gather.as_text(heard), encoding="utf-8", newline="\n")
            # A copy, so that what is run and what is recorded is the same notebook, whoever edits
            # it meanwhile.
            return Path(shutil.copyfile(chapter.path, work / chapter.path.name)), frozen

    def _render(self, chapter: Chapter) -> None:
        """Render the chapter's page, if all the chapters on it are there."""
        page = self.plan.page_of(chapter)
        with self._lock:
            self._ready.add(chapter.name)
            if not self._ready.issuperset(one.name for one in page.chapters):
                return
        notebooks = {one.name: self._read_notebook(one) for one in page.chapters}
        heading = self._headline() if page.name == FRONT_PAGE else ""
        context = page_context(self.plan, page, self.snapshot, footer=self.footer, heading=heading)
        self._write(page.href, render_page(page, notebooks, context))

    def _headline(self) -> str:
        """What the month comes to: the title of the first page."""
        few = self.snapshot.n_customers < MIN_N
        return headline(self.gathered(self.plan.chapters), few=few)

    def _read_notebook(self, chapter: Chapter) -> nbformat.NotebookNode:
        """The kept one, so that a page made again from it is the same."""
        text = (self.notebooks / chapter.path.name).read_text(encoding="utf-8")
        return nbformat.reads(text, as_version=nbformat.NO_CONVERT)

    def _write_notebook(self, chapter: Chapter, text: str) -> None:
        self._write(f"{NOTEBOOKS_FOLDER}/{chapter.path.name}", text)

    def _write(self, name: str, text: str) -> None:
        path = self.pages / name
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")


def linked(frozen: Path, folder: Path) -> Path:
    """A folder that shows the frozen data of another one."""
    folder.mkdir(parents=True)
    for path in frozen.iterdir():
        try:
            (folder / path.name).symlink_to(path.absolute())
        except OSError:  # a system or file system without links
            shutil.copyfile(path, folder / path.name)
    return folder


def _told_wrongly(result: ChapterResult) -> Fault | None:
    """What the chapter tells the first page is checked where the cell is known that tells it."""
    try:
        gather.told_in(result.notebook)
    except gather.ToldError as error:
        return fault_at(result.notebook.cells, error.index, str(error))
    return None
