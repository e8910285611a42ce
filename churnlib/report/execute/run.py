"""Run one chapter's notebook through papermill, and know for certain whether every cell ran.

papermill and nbclient call a notebook done that left early by `sys.exit(0)`, and mark cells after a
killed kernel as completed. So the runner keeps its own book: a chapter is done when each code cell
was answered with "ok".
"""

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill import execute_notebook
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from churnlib.report.chapters import Chapter
from churnlib.report.execute.fault import Fault, fault_at, one_line, without_colours
from churnlib.report.execute.kernels import Kernels
from churnlib.report.execute.streams import join_streams

CELL_TIMEOUT = 600  # seconds; the slowest cell of a million customers takes about a tenth of it
CHAPTER_TIMEOUT = 1800
START_TIMEOUT = 180  # a kernel's start, on a machine that is busy with others
OUTPUT_TIMEOUT = 60  # nbclient's 4 s lose the output of a large figure on a busy machine
ENGINE = "churnlib"


@dataclass
class ChapterResult:
    """What came of a chapter: the notebook as far as it got, and the fault if there was one.

    made : False where it was not begun, because it rests on others that failed.
    """

    chapter: Chapter
    notebook: NotebookNode | None = None
    fault: Fault | None = None
    seconds: float = 0.0
    made: bool = True

    @property
    def status(self) -> str:
        """`done`, `failed` or `not made`."""
        if self.fault:
            return "failed"
        return "done" if self.made else "not made"


class Stopped(Exception):
    """The run was interrupted: this chapter is given up."""


class OutOfTime(Exception):
    """The chapter has had its time, though no cell of it took too long."""


@dataclass
class Watch:
    """What really happened in one chapter, told by the client's hooks cell by cell."""

    stopped: Callable[[], bool]
    on_cell: Callable[[int, int], None]
    deadline: float
    notebook: NotebookNode | None = None
    current: int | None = None
    answered: set[int] = field(default_factory=set)
    error: dict[str, Any] | None = None

    def cell_starts(self, cell: NotebookNode, cell_index: int) -> None:
        """Before each cell, of any kind."""
        if self.stopped():
            raise Stopped
        if time.monotonic() >= self.deadline:
            raise OutOfTime
        self.current = cell_index
        self.on_cell(cell_index, len(self.notebook.cells))

    def cell_ended(
        self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]
    ) -> None:
        """After each code cell that was answered."""
        content = execute_reply["content"]
        if content["status"] == "ok":
            self.answered.add(cell_index)
        else:
            self.error = content

    def time_left(self, _cell: NotebookNode) -> int:
        """Seconds that a cell may take: its own limit or what is left of the chapter's."""
        return max(1, math.ceil(min(CELL_TIMEOUT, self.deadline - time.monotonic())))

    def not_run(self) -> int | None:
        """The first code cell that was never answered with "ok"."""
        cells = self.notebook.cells if self.notebook else []
        code = (
            n for n, cell in enumerate(cells) if cell.cell_type == "code" and cell.source.strip()
        )
        return next((n for n in code if n not in self.answered), None)


class ReportEngine(NBClientEngine):
    """papermill's engine with our kernels, our time-outs and our book of what ran."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        watch: Watch,
        kernels: Kernels,
        log: Path,
        folder: Path,
        **_: Any,
    ) -> None:
        """Called by papermill; what it passes beyond this is of no use here."""
        # The same cells in a list of our own: papermill puts cells of its own between them when one
        # fails.
        watch.notebook = NotebookNode({**nb_man.nb, "cells": list(nb_man.nb.cells)})
        with kernels.manager() as manager, log.open("wb") as words:
            client = PapermillNotebookClient(
                nb_man,
                km=manager,
                log=logging.getLogger("papermill"),
                timeout_func=watch.time_left,
                startup_timeout=START_TIMEOUT,
                iopub_timeout=OUTPUT_TIMEOUT,
                force_raise_errors=True,
                store_widget_state=False,
                coalesce_streams=False,  # see streams: theirs takes minutes for one long line
                shutdown_kernel="immediate",
                on_cell_start=watch.cell_starts,
                on_cell_executed=watch.cell_ended,
            )
            client.execute(cleanup_kc=True, **kernels.launch_options(words, folder))


papermill_engines.register(ENGINE, ReportEngine)


def run_chapter(
    chapter: Chapter,
    frozen: Path,
    *,
    kernels: Kernels,
    work: Path,
    on_cell: Callable[[int, int], None],
) -> ChapterResult:
    """Execute a chapter on a frozen snapshot; to be called in a thread that has no event loop
    running.

    Parameters
    ----------
    chapter : whose notebook is run
    frozen : folder of the snapshot; the one parameter that the notebook is given
    kernels : where its kernel comes from
    work : folder of the report being built; the kernel works in it and writes its log there
    on_cell : called with (index, number of cells) before each cell

    Returns
    -------
    ChapterResult; a fault is reported in it, never raised.
    """
    began = time.monotonic()
    watch = Watch(kernels.stopped.is_set, on_cell, deadline=began + CHAPTER_TIMEOUT)
    try:
        with _event_loop():
            _execute(chapter, frozen, watch, kernels=kernels, work=work)
        fault = _fault(watch, None)
    except Exception as error:
        fault = _fault(watch, error)
    if watch.notebook is not None:
        join_streams(watch.notebook)
    return ChapterResult(chapter, watch.notebook, fault, time.monotonic() - began)


def _execute(chapter: Chapter, frozen: Path, watch: Watch, *, kernels: Kernels, work: Path) -> None:
    # papermill fills {names} into paths, so braces in a folder's name are doubled. No output path:
    # it would write a half-run file there. No cwd: papermill changes the directory of the whole
    # process, all threads included.
    execute_notebook(
        str(chapter.path).replace("{", "{{").replace("}", "}}"),
        None,
        parameters={"frozen": str(frozen)},
        engine_name=ENGINE,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        request_save_on_cell_execute=False,
        watch=watch,
        kernels=kernels,
        log=work / f"{chapter.name}.log",
        folder=work,
    )


@contextmanager
def _event_loop() -> Iterator[None]:
    """A loop of this chapter's own, closed when it ends, however it ends."""
    from jupyter_core.utils import ensure_event_loop

    loop = ensure_event_loop()
    try:
        yield
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        asyncio.set_event_loop(None)


def _fault(watch: Watch, error: Exception | None) -> Fault | None:
    """What went wrong, if anything did, from our own book first."""
    if watch.error is not None:
        name, value = watch.error.get("ename", "Error"), watch.error.get("evalue", "")
        early = " (the cell ends the notebook early)" if name == "SystemExit" else ""
        traceback = without_colours("\n".join(watch.error.get("traceback", [])))
        return _at_cell(watch, watch.current, f"{name}: {value}{early}", traceback)
    if error is not None and not isinstance(error, PapermillExecutionError):
        return _at_cell(watch, watch.current, _said(error, watch), "")
    missed = watch.not_run()
    if watch.notebook is None or missed is not None:
        return _at_cell(watch, missed, "the cell did not run", "")
    return None


def _said(error: Exception, watch: Watch) -> str:
    if isinstance(error, Stopped) or (
        watch.stopped() and isinstance(error, DeadKernelError | RuntimeError)
    ):
        return "interrupted"
    if isinstance(error, DeadKernelError):
        return "the kernel died (killed from outside, out of memory, or crashed)"
    if isinstance(error, CellTimeoutError | OutOfTime):
        spent = watch.deadline - time.monotonic() <= 0
        limit = (
            f"chapter took more than {CHAPTER_TIMEOUT}"
            if spent
            else f"cell took more than {CELL_TIMEOUT}"
        )
        return f"the {limit} seconds and was stopped"
    return f"{type(error).__name__}: {error}"


def _at_cell(watch: Watch, index: int | None, message: str, traceback: str) -> Fault:
    cells = watch.notebook.cells if watch.notebook else []
    if index is None or index >= len(cells):
        return Fault(one_line(message), traceback=traceback)
    return fault_at(cells, index, message, traceback)
