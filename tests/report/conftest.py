"""Reports made for tests: tiny notebooks for faults, and one real report of the simulated business for the pages."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
import yaml

from churnlib.report import plan
from tests.acme import ACME, FIGURES, SHOW, SPANS, SPLIT, Acme

CUSTOMERS = 1500
DEMO = plan.PROJECT / "params" / "demo.yml"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WITH_NOTEBOOKS = """
import sys
from pathlib import Path
from churnlib.report import plan
from tests.acme import ACME, FIGURES, SHOW, SPANS, SPLIT, Acme
plan.NOTEBOOKS = Path(sys.argv.pop(1))
from churnlib.__main__ import main
main()
"""


@pytest.fixture(scope="session")
def demo_params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's parameters over a small simulated business."""
    folder = tmp_path_factory.mktemp("demo")
    run_churnlib("simulate", str(folder / "data"), "--customers", str(CUSTOMERS))
    values = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    values["source"]["uri"] = "data"
    file = folder / "demo.yml"
    file.write_text(yaml.safe_dump(values), encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def demo_reports(demo_params: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same report by the real command, twice, in two output folders: the folders of the report."""
    folders = []
    for name in ("first", "second"):
        output = tmp_path_factory.mktemp(name)
        done = run_churnlib("report", str(demo_params), "--output", str(output))
        folders.append(Path(done.stdout.strip().splitlines()[-1]).parent)
    return folders


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium. Where there is none the page tests are skipped, but never in CI."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None and os.environ.get("CI"):
        pytest.fail("no Chromium: tests/report/install-chromium.sh installs one")
    return found or pytest.skip("no Chromium on this machine (tests/report/install-chromium.sh installs one)")


@pytest.fixture
def notebooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_notebook: Callable[..., Path]
) -> Callable[..., Path]:
    """`notebooks(name, *cells)` writes a chapter; the command line in this process then uses only these."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(plan, "NOTEBOOKS", folder)
    return lambda name, *cells: write_notebook(folder, name, *cells)


@pytest.fixture(scope="session")
def write_notebook() -> Callable[..., Path]:
    """`write_notebook(folder, name, *cells)` for tests that run notebooks in a process of their own."""
    return _write_notebook


def _write_notebook(folder: Path, name: str, *cells: str) -> Path:
    """A chapter whose code cells each stand under a heading `Part 1`, `Part 2`, ..."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["churnlib"] = {"chapter": name, "title": name.title(), "order": 10, "models": ["subscription"]}
    notebook.cells = [nbformat.v4.new_code_cell("frozen = None", metadata={"tags": ["parameters"]})]
    for number, source in enumerate(cells, start=1):
        notebook.cells += [
            nbformat.v4.new_markdown_cell(f"## Part {number}\n\nWords."),
            nbformat.v4.new_code_cell(source),
        ]
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


def run_churnlib(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The real command, which must succeed."""
    done = subprocess.run([sys.executable, "-m", "churnlib", *arguments], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def start_churnlib() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`start_churnlib(notebooks, *arguments)` starts the command in a process of its own over other notebooks."""
    started = []

    def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", WITH_NOTEBOOKS, str(folder), *arguments]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def acme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_notebook: Callable[..., Path], capfd: pytest.CaptureFixture
) -> Acme:
    """A business of nine subscriptions with notebooks of its own: reports of it take a second or two."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "subscriptions.csv").write_text(SPANS)
    (tmp_path / ACME).write_text("business: acme\nmodel: subscription\ncurrency: EUR\nsource: {uri: data}\n")
    monkeypatch.setattr(plan, "NOTEBOOKS", tmp_path / "notebooks")
    return Acme(tmp_path, monkeypatch, capfd, write_notebook)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the report that `made` begins with is kept, once one test has made it."""
    return tmp_path_factory.mktemp("finished") / "reports"


@pytest.fixture
def made(acme: Acme, finished: Path) -> Acme:
    """With a report of two chapters in its place."""
    acme.notebook("summary", SHOW)
    acme.notebook("revenue", FIGURES, SPLIT)
    if not finished.exists():
        code, _, error = acme.make()
        assert code == 0, error
        shutil.copytree(acme.output, finished)
    else:
        shutil.copytree(finished, acme.output)
    return acme
