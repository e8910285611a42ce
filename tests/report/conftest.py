"""Reports made for tests: tiny notebooks for faults, one real report of each kind for the pages."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

import nbformat
import pytest
import yaml
from playwright.sync_api import Browser, Page, sync_playwright

from churnlib.params.read import read_params
from churnlib.periods import Period
from churnlib.report import plan
from churnlib.report.chapters import pages_of
from tests.acme import ACME, FIGURES, SHOW, SPANS, SPLIT, Acme

CUSTOMERS = 1500
DEMO, CDNOW = (plan.PROJECT / "params" / f"{name}.yml" for name in ("demo", "cdnow"))


def _pages(file: Path) -> tuple[str, ...]:
    """The pages of a report of either business, by the notebooks that there are, none of
    which lacks a table.
    """
    every = plan.read_chapters()
    needed = {
        one for chapter in every for either in chapter.tables for one in either.split(plan.OR)
    }
    chapters, _ = plan.choose(every, read_params(file), Period.parse("2026-10"), needed)
    return tuple(page.name for page in pages_of(chapters))


CHAPTERS = {file.stem: _pages(file) for file in (DEMO, CDNOW)}
"""Names of the pages of each business; `test_every_published_page_is_looked_at` holds them against
what was published.
"""
REPORT_PAGES = [
    f"{business}/*/{page}.html" for business, pages in CHAPTERS.items() for page in pages
]
PAGES = [
    "index.html",
    "broken/*.failed/index.html",
    *(f"{business}/*.html" for business in CHAPTERS),
    *REPORT_PAGES,
]
DESKTOP = 1280
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WITH_NOTEBOOKS = """
import sys
from pathlib import Path
from churnlib.periods import Period
from churnlib.report import plan
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
def published(
    demo_params: Path, tmp_path_factory: pytest.TempPathFactory, write_notebook: Callable[..., Path]
) -> Path:
    """What the real command publishes, once for all page tests: a report of each kind, as folder
    and as single file, a failed run beside them, and the index of all.
    """
    output, folder = tmp_path_factory.mktemp("published"), tmp_path_factory.mktemp("broken")
    write_notebook(folder, "summary", "raise ValueError('<b>broken</b>')")
    broken = demo_params.with_name("broken.yml")
    values = yaml.safe_load(demo_params.read_text(encoding="utf-8"))
    broken.write_text(
        yaml.safe_dump(values | {"business": "broken", "title": "Broken & Sons"}), encoding="utf-8"
    )
    command = [
        sys.executable,
        "-c",
        WITH_NOTEBOOKS,
        str(folder),
        "report",
        str(broken),
        "--output",
        str(output),
    ]
    assert subprocess.run(command, capture_output=True, timeout=600).returncode == 1
    run_churnlib("report", str(demo_params), str(CDNOW), "--output", str(output), "--single-file")
    return output


@pytest.fixture(scope="session")
def demo_reports(
    published: Path, demo_params: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """The same report by the real command, from forked and from plain kernels: the two reports."""
    done = run_churnlib(
        "report",
        str(demo_params),
        "--output",
        str(tmp_path_factory.mktemp("plain")),
        "--kernel",
        "plain",
    )
    return [*(published / "demo").glob("[0-9]*"), Path(done.stdout.strip().splitlines()[-1]).parent]


class Look(NamedTuple):
    """A page, opened from disk without a network.

    complaints : what it asked for or complained of. path : where it stands.
    """

    page: Page
    complaints: list[str]
    path: Path

    def at(self, width: int = DESKTOP, height: int = 900, **media: str | None) -> Page:
        """The page as it is at a width, in a scheme or medium, with all unfolded that folds."""
        self.page.emulate_media(**({"media": "screen", "color_scheme": "light"} | media))
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.evaluate(
            "() => document.querySelectorAll('details').forEach(one => one.open = true)"
        )
        return self.page


# Playwright keeps an event loop running in this thread: no longer than needed.
@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium)
        yield launched
        launched.close()


@pytest.fixture(scope="module", params=PAGES)
def look(request: pytest.FixtureRequest, browser: Browser, published: Path) -> Iterator[Look]:
    """Every page that is published, each opened once a module."""
    (path,) = published.glob(request.param)
    context = browser.new_context(offline=True, viewport={"width": DESKTOP, "height": 900})
    page, complaints, address = context.new_page(), [], path.as_uri()
    page.on(
        "request",
        lambda request: complaints.append(request.url) if request.url != address else None,
    )
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type in ("error", "warning") else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address, wait_until="load")
    yield Look(page, complaints, path)
    context.close()


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the system's Chromium."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    return found or _missing("no Chromium on this machine")


@pytest.fixture(scope="session")
def npm_package() -> Callable[[str], Path]:
    """`npm_package(name)` is the folder of a package of package-lock.json."""

    def installed(name: str) -> Path:
        folder = Path(__file__).parent / "node_modules" / name
        return folder if folder.exists() else _missing(f"{name} is not installed")

    return installed


def _missing(what: str) -> NoReturn:
    """Skip the test, but never in CI."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(
        f"{what} (tests/report/install.sh installs it where it can)"
    )


@pytest.fixture
def notebooks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_notebook: Callable[..., Path]
) -> Callable[..., Path]:
    """`notebooks(name, *cells)` writes a chapter; this process then uses only these."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    monkeypatch.setattr(plan, "NOTEBOOKS", folder)
    return lambda name, *cells: write_notebook(folder, name, *cells)


@pytest.fixture(scope="session")
def write_notebook() -> Callable[..., Path]:
    """`write_notebook(folder, name, *cells)`, for notebooks run in a process of their own."""
    return _write_notebook


def _write_notebook(folder: Path, name: str, *cells: str, **described: object) -> Path:
    """A chapter whose code cells each stand under a heading `Part 1`, `Part 2`, ..."""
    notebook = nbformat.v4.new_notebook()
    usual = {"chapter": name, "title": name.title(), "order": 10, "models": ["subscription"]}
    notebook.metadata["churnlib"] = usual | described
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
    done = subprocess.run(
        [sys.executable, "-m", "churnlib", *arguments], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def start_churnlib() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`start_churnlib(notebooks, *arguments)` starts the command, over other notebooks."""
    started = []

    def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", WITH_NOTEBOOKS, str(folder), *arguments]
        started.append(
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def acme(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write_notebook: Callable[..., Path],
    capfd: pytest.CaptureFixture,
) -> Acme:
    """A business of nine subscriptions with notebooks of its own: reports of it take a second or
    two.
    """
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "subscriptions.csv").write_text(SPANS)
    (tmp_path / ACME).write_text(
        "business: acme\nmodel: subscription\ncurrency: EUR\nsource: {uri: data}\n"
    )
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
