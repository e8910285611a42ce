"""The runner knows whether every cell really ran, whatever papermill and nbclient make of it."""

import json
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from churnlib.report.chapters import Chapter
from churnlib.report.execute import run
from churnlib.report.execute.fault import MAX_MESSAGE
from churnlib.report.execute.kernels import Kernels
from churnlib.report.plan import read_chapters

FAULTS = {
    "exception": ("x = 1", "int('three')", "x = 2"),
    "exit": ("x = 1", "import sys; sys.exit(0)", "x = 2"),
    "exit_last": ("x = 1", "import sys; sys.exit(0)"),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "x = 2"),
    "long_message": ("raise ValueError('a' * 5000 + '\\n\\x1b[31mred')",),
}


@pytest.fixture(scope="module", params=["forked", "plain"])
def results(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    write_notebook: Callable[..., Path],
) -> dict[str, run.ChapterResult]:
    """Each faulty notebook, run once, at the same time."""
    folder = tmp_path_factory.mktemp("faults")
    for name, cells in {**FAULTS, "good": ("x = 1", "print(frozen)")}.items():
        write_notebook(folder, name, *cells)
    with Kernels(plain=request.param == "plain") as pool_of_kernels, ThreadPoolExecutor(2) as pool:
        made = pool.map(
            lambda chapter: one(chapter, pool_of_kernels, folder), read_chapters(folder)
        )
        return {result.chapter.name: result for result in made}


def one(chapter: Chapter, pool: Kernels, folder: Path) -> run.ChapterResult:
    """Run a chapter as `make_reports` does: in a thread of its own."""
    with ThreadPoolExecutor(1) as thread:
        options = {"kernels": pool, "work": folder, "on_cell": lambda cell, cells: None}
        return thread.submit(run.run_chapter, chapter, Path("/frozen"), **options).result()


def test_good_chapter_is_done(results: dict[str, run.ChapterResult]) -> None:
    assert results["good"].status == "done"
    assert results["good"].fault is None
    assert results["good"].notebook.cells[-1].outputs[0].text == "/frozen\n"


@pytest.mark.parametrize(
    ("name", "message", "cell", "heading"),
    [
        ("exception", "ValueError: invalid literal for int() with base 10: 'three'", 5, "Part 2"),
        ("exit", "SystemExit: 0 (the cell ends the notebook early)", 5, "Part 2"),
        ("exit_last", "SystemExit: 0 (the cell ends the notebook early)", 5, "Part 2"),
        ("killed", "the kernel died (killed from outside, out of memory, or crashed)", 3, "Part 1"),
    ],
)
def test_fault_names_message_cell_and_heading(
    results: dict[str, run.ChapterResult], name: str, message: str, cell: int, heading: str
) -> None:
    fault = results[name].fault
    assert (fault.message, fault.cell, fault.heading) == (message, cell, heading)
    assert results[name].status == "failed"


def test_message_is_one_short_line_without_control_characters(
    results: dict[str, run.ChapterResult],
) -> None:
    message = results["long_message"].fault.message
    assert len(message) == MAX_MESSAGE
    assert message.startswith("ValueError: aaa")
    assert message.isprintable()


def test_failed_notebook_is_kept_without_marks_of_others(
    results: dict[str, run.ChapterResult],
) -> None:
    sources = [cell.source for cell in results["exception"].notebook.cells]
    assert not any("papermill" in source for source in sources)


def test_endless_cell_is_stopped(
    notebooks: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CELL_TIMEOUT", 2)
    notebooks("endless", "while True: pass")
    with Kernels() as pool:
        fault = one(read_chapters()[0], pool, tmp_path).fault
    assert (fault.message, fault.cell) == ("the cell took more than 2 seconds and was stopped", 3)


def test_chapter_that_takes_too_long_is_stopped(
    notebooks: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "CHAPTER_TIMEOUT", 2)
    notebooks("slow", *["import time; time.sleep(0.7)"] * 8)
    with Kernels() as pool:
        fault = one(read_chapters()[0], pool, tmp_path).fault
    assert fault.message == "the chapter took more than 2 seconds and was stopped"


def test_stopping_ends_kernels_at_once(notebooks: Callable[..., Path], tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    notebooks(
        "endless",
        f"import os, time; open({str(pid_file)!r}, 'w').write(f'{{os.getpid()}} "
        f"{{os.getppid()}}'); time.sleep(600)",
    )
    with Kernels() as pool, ThreadPoolExecutor(1) as threads:
        future = threads.submit(one, read_chapters()[0], pool, tmp_path)
        until(lambda: pid_file.exists() and pid_file.read_text())
        pool.stop()
        assert future.result(timeout=30).fault.message == "interrupted"
    kernel, server = map(int, pid_file.read_text().split())
    until(lambda: not alive(kernel) and not alive(server))


def test_kernels_leave_no_folder_behind(notebooks: Callable[..., Path], tmp_path: Path) -> None:
    notebooks("good", "import json, os; print(json.dumps(dict(os.environ)))")
    with Kernels() as pool:
        result = one(read_chapters()[0], pool, tmp_path)
    private = Path(json.loads(result.notebook.cells[-1].outputs[0].text)["IPYTHONDIR"]).parent
    assert private.name.startswith("churnlib-")
    assert not private.exists()
    assert threading.active_count() < 20


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
