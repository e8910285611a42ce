"""One report, made in a folder of its own: its chapters are run or kept, and rendered; then it
is completed.
"""

import os
import shutil
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import nbformat

from churnlib.report.execute.kernels import Kernels
from churnlib.report.execute.run import ChapterResult, fault_of, run_chapter
from churnlib.report.plan import Chapter, Plan
from churnlib.report.progress import Progress
from churnlib.report.published import provenance
from churnlib.report.published.publish import OutputError, writing
from churnlib.report.published.standing import Standing
from churnlib.report.render.pages import kept_notebook, page_context, render_page
from churnlib.snapshot.snapshot import TABLES_FOLDER, Snapshot

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
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def pages(self) -> Path:
        """What becomes the report."""
        return self.folder / "report"

    @property
    def footer(self) -> list[dict[str, str]]:
        """The last rows of every page."""
        return provenance.footer(self.plan, self.snapshot, self.software)

    def work(self, chapter: Chapter) -> Path:
        """A chapter's own folder, in which its kernel works."""
        return self.folder / "work" / chapter.name

    def run(self, chapter: Chapter, kernels: Kernels, progress: Progress) -> ChapterResult:
        """Run a chapter and render its page; called in a thread of its own."""
        work = self.work(chapter)
        with writing(work):
            frozen = linked(self.snapshot.folder, work / "frozen")
            # A copy, so that what is run and what is recorded is the same notebook, whoever edits
            # it meanwhile.
            copy = Path(shutil.copyfile(chapter.path, work / chapter.path.name))
        result = run_chapter(
            replace(chapter, path=copy),
            frozen,
            kernels=kernels,
            work=work,
            on_cell=lambda cell, cells: progress.cell(self.plan, chapter, cell, cells),
        )
        result.chapter, tables = chapter, []
        try:
            if result.notebook:
                self._write(
                    f"{NOTEBOOKS_FOLDER}/{chapter.path.name}",
                    kept_notebook(result.notebook, frozen),
                )
            tables = self._take_tables(frozen / TABLES_FOLDER)
            if not result.fault:
                self._render(chapter)
        except Exception as error:
            result.fault = result.fault or fault_of(error, "the page could not be made")
        self.entries[chapter.name] = provenance.chapter_entry(
            result, provenance.notebook_fingerprint(copy), tables
        )
        progress.ended(self.plan, result)
        return result

    def keep(self, chapter: Chapter, standing: Standing, progress: Progress) -> ChapterResult:
        """Take a chapter over from the report in place: notebook and tables as they are, the
        page rendered anew.
        """
        entry = standing.entry(chapter)
        with writing(self.pages):
            name = f"{NOTEBOOKS_FOLDER}/{chapter.path.name}"
            self._write(name, (standing.folder / name).read_text(encoding="utf-8"))
            for table in entry["tables"]:
                (self.pages / TABLES_FOLDER).mkdir(exist_ok=True)
                shutil.copyfile(
                    standing.folder / TABLES_FOLDER / table, self.pages / TABLES_FOLDER / table
                )
        self._render(chapter)
        self.entries[chapter.name] = entry
        progress.skipped(self.plan, chapter)
        return ChapterResult(chapter, seconds=entry["seconds"])

    def complete(self) -> None:
        """Write the manifest, when everything else is in its place."""
        with writing(self.pages):
            entries = [self.entries[chapter.name] for chapter in self.plan.chapters]
            provenance.write_manifest(
                self.pages, provenance.manifest(self.plan, self.snapshot, entries)
            )

    def _render(self, chapter: Chapter) -> None:
        """The page is made from the kept notebook, so that a page made again from it is the
        same.
        """
        kept = self.pages / NOTEBOOKS_FOLDER / chapter.path.name
        notebook = nbformat.reads(kept.read_text(encoding="utf-8"), as_version=nbformat.NO_CONVERT)
        page = page_context(
            self.plan, chapter, self.snapshot, footer=self.footer, notebook=notebook
        )
        self._write(chapter.href, render_page(notebook, page))

    def _take_tables(self, written: Path) -> list[str]:
        """Move a chapter's tables into the report; half-written ones of a killed kernel are
        hidden and stay behind.
        """
        files = sorted(written.glob("[!.]*")) if written.exists() else []
        with writing(self.pages), self._lock:
            for file in files:
                target = self.pages / TABLES_FOLDER / file.name
                if target.exists() and target.read_bytes() != file.read_bytes():
                    raise OutputError(
                        f"tables/{file.name}: another chapter writes a different table of this "
                        "name."
                    )
                target.parent.mkdir(parents=True, exist_ok=True)
                os.replace(file, target)
        return [file.name for file in files]

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
