"""Forked kernels are as plain ones, only sooner: same output, same faults noticed, nobody left
behind.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

import nbformat
import pytest

from churnlib.report.execute import forked
from churnlib.report.execute.forked import BEFORE_IMPORTS, FORKED, ForkedProvisioner, ForkServer
from churnlib.report.execute.kernels import Kernels, kernel_environment
from churnlib.report.execute.run import ChapterResult
from churnlib.report.plan import PROJECT, read_chapters
from tests.report.test_run import alive, one, until

pytestmark = pytest.mark.skipif(not forked.can_fork(), reason="this system does not fork")

PRELOADED = """
import os, sys
from churnlib.report.execute import fork_server
fork_server.preload()
absent = [name for name in ("duckdb", "papermill", "nbconvert") if name in sys.modules]
there = [name for name in ("pandas", "seaborn", "lifelines") if name in sys.modules]
print(len(os.listdir("/proc/self/task")), absent, there)
"""
SAME = (
    "import os, sys, warnings",
    "print(sorted(set(os.environ.items()) - {('JPY_PARENT_PID', "
    "os.environ.get('JPY_PARENT_PID'))}))",
    "print({str(n) for n in range(50)}, hash('churn'))",
    "print(__name__, os.getcwd(), sys.path, sys.flags, warnings.defaultaction)",
    "import matplotlib, matplotlib.pyplot as plt; print(matplotlib.get_backend(), "
    "sorted(matplotlib.rcParams.items()))",
    "_ = plt.plot([1, 2, 3])",
    "plt.figure(); _ = plt.bar(['a'], [1]); print('shown below')",
    "import signal; print([signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, "
    "signal.SIGCHLD)])",
    "import multiprocessing as mp; print(mp.get_context('fork').Pool(1).map(abs, [-1]))",
    "import subprocess; print(subprocess.run(['sh', '-c', 'echo words; exit 3'], "
    "capture_output=True))",
)
DRAWS = (
    "import numpy, random, uuid; "
    "print(numpy.random.rand(), random.random(), uuid.uuid4(), numpy.random.normal())"
)
ENDLESS = "import os, time; open({!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}}')\n{}"
RUNNER = """
import sys
from pathlib import Path
from churnlib.report import plan
plan.NOTEBOOKS = Path(sys.argv[1])
from churnlib.report.execute.kernels import Kernels
from tests.report.test_run import one
with Kernels() as kernels:
    one(plan.read_chapters()[0], kernels, Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """A server whose kernels are started by hand."""
    server = ForkServer(kernel_environment(tmp_path_factory.mktemp("private")))
    yield server
    server.stop()


def run_all(folder: Path, work: Path, *, plain: bool) -> dict[str, ChapterResult]:
    """Every notebook of a folder, one after another, in one run."""
    with Kernels(plain) as kernels:
        return {chapter.name: one(chapter, kernels, work) for chapter in read_chapters(folder)}


def test_output_is_the_same_as_in_a_plain_kernel(
    write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    write_notebook(tmp_path, "same", *SAME)
    by_kind = [run_all(tmp_path, tmp_path, plain=plain)["same"] for plain in (True, False)]
    assert [result.fault for result in by_kind] == [None, None]
    plain, quick = (
        [cell.outputs for cell in result.notebook.cells if cell.cell_type == "code"]
        for result in by_kind
    )
    figures = [
        output for outputs in quick for output in outputs if output.output_type == "display_data"
    ]
    assert len(figures) == 2
    for one_cell, other in zip(plain, quick, strict=True):
        assert without_folder(one_cell) == without_folder(other)


def without_folder(outputs: list[nbformat.NotebookNode]) -> str:
    """Outputs without the private folder, which is another one for each run."""
    return re.sub(r"churnlib-\d+-\w+", "private", json.dumps(outputs))


def test_kernels_of_one_server_draw_different_numbers(
    write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    for name in ("first", "second"):
        write_notebook(tmp_path, name, DRAWS)
    results = run_all(tmp_path, tmp_path, plain=False)
    first, second = (
        results[name].notebook.cells[-1].outputs[0].text.split() for name in ("first", "second")
    )
    assert not set(first) & set(second)


def test_nothing_of_one_notebook_reaches_the_next(
    write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    write_notebook(tmp_path, "a", "import churnlib; churnlib.left_behind = 1; x = 1")
    write_notebook(
        tmp_path, "b", "import churnlib; print(hasattr(churnlib, 'left_behind'), 'x' in globals())"
    )
    assert (
        run_all(tmp_path, tmp_path, plain=False)["b"].notebook.cells[-1].outputs[0].text
        == "False False\n"
    )


def test_server_has_one_thread_and_no_engine() -> None:
    environment = dict(os.environ) | BEFORE_IMPORTS
    done = subprocess.run(
        [sys.executable, "-c", PRELOADED], capture_output=True, text=True, env=environment
    )
    assert done.stdout.strip() == "1 [] ['pandas', 'seaborn', 'lifelines']", done.stderr


def test_shell_that_makes_warnings_errors_does_no_harm(
    write_notebook: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    write_notebook(tmp_path, "good", "x = 1")
    assert run_all(tmp_path, tmp_path, plain=False)["good"].fault is None


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_exit_code_comes_through_the_server(
    server: ForkServer, tmp_path: Path, number: signal.Signals
) -> None:
    connection = tmp_path / "kernel.json"
    kernel = server.fork(["-f", str(connection)], dict(os.environ), str(tmp_path), (None, None))
    assert os.getpgid(kernel.pid) == kernel.pid
    until(connection.exists)
    assert kernel.poll() is None
    kernel.send_signal(number)
    assert (kernel.wait(), kernel.poll()) == (-number, -number)
    kernel.send_signal(number)  # to a process that may be another's by now: not sent
    assert not alive(kernel.pid)


def test_kernel_that_cannot_start_tells_why_in_its_log(server: ForkServer, tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as words:
        kernel = server.fork(
            ["--nonsense"], dict(os.environ), str(tmp_path / "absent"), (words, words)
        )
        assert kernel.wait() == 1
    assert "absent" in (tmp_path / "log").read_text()


def test_server_that_cannot_start_is_a_fault(
    notebooks: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebooks("good", "x = 1")
    (tmp_path / "seaborn.py").write_text("raise RuntimeError('half installed')")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{PROJECT}")
    with Kernels() as kernels:
        fault = one(read_chapters()[0], kernels, tmp_path).fault
    expected = "RuntimeError: the kernels' fork server is not there: RuntimeError: half installed"
    assert fault.message == expected


def test_endless_kernel_ends_with_its_runner(
    notebooks: Callable[..., Path], tmp_path: Path
) -> None:
    with endless_run(notebooks, tmp_path, "while True: pass") as (runner, kernel, server):
        runner.send_signal(signal.SIGKILL)
        until(lambda: not alive(kernel) and not alive(server))


def test_what_a_notebook_started_ends_with_its_runner(
    notebooks: Callable[..., Path], tmp_path: Path
) -> None:
    child = tmp_path / "child"
    starts = (
        "import subprocess; p = subprocess.Popen(['sleep', '600']); "
        f"open({str(child)!r}, 'w').write(str(p.pid)); p.wait()"
    )
    with endless_run(notebooks, tmp_path, starts) as (runner, kernel, server):
        until(lambda: child.exists() and child.read_text())
        runner.send_signal(signal.SIGKILL)
        until(lambda: not any(alive(pid) for pid in (kernel, server, int(child.read_text()))))


def test_killed_server_fails_the_chapter_and_takes_its_kernels_along(
    notebooks: Callable[..., Path], tmp_path: Path
) -> None:
    with endless_run(notebooks, tmp_path, "time.sleep(600)") as (runner, kernel, server):
        os.kill(server, signal.SIGKILL)
        assert runner.wait(timeout=60) == 0
        until(lambda: not alive(kernel))


@contextlib.contextmanager
def endless_run(
    notebooks: Callable[..., Path], folder: Path, last: str
) -> Iterator[tuple[subprocess.Popen[bytes], int, int]]:
    """A runner in a process of its own with one chapter that does not end: (runner, kernel's
    pid, server's pid).
    """
    pids = folder / "pids"
    source = notebooks("endless", ENDLESS.format(str(pids), last)).parent
    runner = subprocess.Popen([sys.executable, "-c", RUNNER, str(source), str(folder)], cwd=PROJECT)
    try:
        until(lambda: pids.exists() and len(pids.read_text().split()) == 2)
        kernel, server = map(int, pids.read_text().split())
        assert alive(kernel)
        assert server != runner.pid
        yield runner, kernel, server
    finally:
        runner.kill()
        runner.wait()


def test_papermill_uses_the_provisioner_unchanged(
    write_notebook: Callable[..., Path], tmp_path: Path
) -> None:
    kernels = tmp_path / "kernels" / "quick"
    kernels.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "quick",
        "language": "python",
        "metadata": {"kernel_provisioner": {"provisioner_name": FORKED}},
    }
    (kernels / "kernel.json").write_text(json.dumps(spec))
    book = write_notebook(tmp_path, "good", "import sys; print('seaborn' in sys.modules)")
    code = (
        "import sys, churnlib.report.execute.forked; "
        "from papermill.__main__ import papermill; papermill(sys.argv[1:])"
    )
    command = [
        sys.executable,
        "-c",
        code,
        str(book),
        str(tmp_path / "out.ipynb"),
        "-k",
        "quick",
        "--no-progress-bar",
    ]
    environment = dict(os.environ) | {"JUPYTER_PATH": str(tmp_path)}
    began = time.monotonic()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert nbformat.read(tmp_path / "out.ipynb", 4).cells[-1].outputs[0].text == "True\n"
    assert time.monotonic() - began < 150  # it ends by itself: the server goes with it


def test_other_pythons_are_not_forked(tmp_path: Path) -> None:
    """A kernel of another interpreter has other packages than the server."""
    code = "import json; json.dump({}, open('told.json', 'w'))"
    provisioner = ForkedProvisioner()
    asyncio.run(provisioner.launch_kernel([sys.executable, "-c", code], cwd=str(tmp_path)))
    assert isinstance(provisioner.process, subprocess.Popen)
    provisioner.process.stdin.close()
    assert provisioner.process.wait(60) == 0
    assert (tmp_path / "told.json").exists()


def test_package_registers_the_provisioner() -> None:
    declared = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["entry-points"]
    point = declared["jupyter_client.kernel_provisioners"][FORKED]
    loaded = metadata.EntryPoint(FORKED, point, "").load()
    assert loaded is ForkedProvisioner


def test_kernel_environment_is_fixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("MPLBACKEND", "QtAgg")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("OMP_NUM_THREADS", "64")
    environment = kernel_environment(tmp_path)
    assert "PYTHONDONTWRITEBYTECODE" not in environment
    assert environment["MPLBACKEND"].endswith("backend_inline")
    assert environment["LC_ALL"] == "C.UTF-8"
    assert BEFORE_IMPORTS.items() <= environment.items()
    assert Path(environment["MATPLOTLIBRC"]).is_file()
