"""The shape of the code, so that nobody has to watch over it: directions, sizes, thin notebooks."""

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import churnlib

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "churnlib"
MODULES = sorted(PACKAGE.rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MAX_LINES, MAX_CELL = 300, 8
MAX_LOOSE_FILES = 8
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core"}

# From the ground up: a module imports of its own room or of one below it, never of one above.
FLOORS = [
    {"errors", "temporary"},
    {"periods", "formats"},
    {"results"},
    {"statistics", "params"},
    {"engine", "simulate"},
    {"input"},
    {"snapshot"},
    {"measures", "models"},
    {"figures", "findings"},
    {"page"},
    {"notebook"},
    {"report.chapters"},
    {"report.plan"},
    {"report.execute", "report.progress"},
    {"report.published"},
    {"report.requests", "report.render"},
    {"report.make"},
    {"report.compare"},
    {"__main__", "__init__", "options"},
]
# Rooms that meet only in notebooks. Findings may read a fit, but compute nothing.
APART = [
    ("models", "measures"),
    ("measures", "models"),
    ("figures", "measures"),
    ("figures", "models"),
    ("figures", "findings"),
    ("findings", "measures"),
    ("findings", "figures"),
    ("page", "measures"),
    ("page", "models"),
    ("page", "findings"),
    ("report", "measures"),
    ("report", "models"),
    ("report", "findings"),
]


def room_of(parts: tuple[str, ...]) -> str:
    """`measures`, `engine`; inside report its rooms too: `report.make`."""
    if parts[0] == "report" and len(parts) > 1 and parts[1] != "__init__":
        return f"report.{parts[1]}"
    return parts[0]


def parts_of(path: Path) -> tuple[str, ...]:
    return path.relative_to(PACKAGE).with_suffix("").parts


def imported(text: str, own: tuple[str, ...]) -> set[tuple[str, ...]]:
    """What a module imports of the package, as parts of a path; also inside functions, but not for
    type checking alone. `own` are the parts of its own path.
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {tuple(alias.name.split(".")) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= _from(node, own)
    return {names[1:] for names in found if names[0] == "churnlib" and len(names) > 1}


def _from(node: ast.ImportFrom, own: tuple[str, ...]) -> set[tuple[str, ...]]:
    stem = tuple((node.module or "").split(".")) if node.module else ()
    if node.level:
        stem = ("churnlib", *own[: len(own) - node.level], *stem)
    names = {(*stem, alias.name) for alias in node.names}
    # What is imported from a module is no module: the module itself is what counts.
    return {
        one if PACKAGE.joinpath(*one[1:]).is_dir() or _is_module(one) else one[:-1] for one in names
    }


def _is_module(names: tuple[str, ...]) -> bool:
    return PACKAGE.joinpath(*names[1:]).with_suffix(".py").exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from churnlib.report.plan import Plan", {("report", "plan")}),
        ("import churnlib.report.plan", {("report", "plan")}),
        ("def f():\n    import churnlib.page.blocks as b", {("page", "blocks")}),
        ("from churnlib.report import plan", {("report", "plan")}),
        ("from ..report import plan", {("report", "plan")}),
        ("from . import svg", {("figures", "svg")}),
        ("from .svg import to_svg", {("figures", "svg")}),
        ("if TYPE_CHECKING:\n    from churnlib.report.plan import Plan", set()),
    ],
)
def test_every_way_to_import_is_seen(text, expected):
    assert imported(text, ("figures", "axes")) == expected


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    floor = {room: n for n, rooms in enumerate(FLOORS) for room in rooms}
    own = room_of(parts_of(path))
    if own == "report":
        return  # the empty file that makes it a package
    for names in imported(path.read_text(encoding="utf-8"), parts_of(path)):
        room = room_of(names)
        assert floor[room] <= floor[own], f"{own} imports {room}, which stands above it"
        pair = own.partition(".")[0], room.partition(".")[0]
        assert pair not in APART, f"{own} and {room} meet only in notebooks"


def test_no_two_rooms_of_a_floor_import_each_other():
    arrows = Counter()
    for path in MODULES:
        own = room_of(parts_of(path))
        for names in imported(path.read_text(encoding="utf-8"), parts_of(path)):
            arrows[own, room_of(names)] += 1
    both = [pair for pair in arrows if pair[0] < pair[1] and pair[::-1] in arrows]
    assert both == []


def test_no_two_modules_import_each_other():
    graph = {parts_of(path): set() for path in MODULES}
    for path in MODULES:
        own = parts_of(path)
        graph[own] = imported(path.read_text(encoding="utf-8"), own) & set(graph) - {own}
    for start in graph:
        seen, edge = set(), set(graph[start])
        while edge:
            assert start not in edge, f"{start} imports itself by a detour"
            seen |= edge
            edge = set().union(*(graph.get(one, set()) for one in edge)) - seen


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_fit_a_screen_or_two(path):
    assert path.read_text(encoding="utf-8").count("\n") <= MAX_LINES
    assert path.stem not in VAGUE


def test_the_package_has_few_loose_files():
    assert len(list(PACKAGE.glob("*.py"))) <= MAX_LOOSE_FILES


def test_the_code_is_formatted_and_no_more_complex_than_it_may_be():
    """Lines, branches, parameters and statements are capped in pyproject.toml."""
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                *command,
                "--no-cache",
                "churnlib",
                "tests",
                "docs",
                "benchmarks",
            ],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-2000:]


def test_only_the_engine_knows_the_engine():
    for path in MODULES:
        if PACKAGE / "engine" in path.parents:
            continue
        text = path.read_text(encoding="utf-8")
        code = "\n".join(ast.unparse(node) for node in _without_docstrings(text))
        assert "duckdb" not in code.lower().replace(".duckdb", ""), path.name
        assert not re.search(r"\.(sql|raw_sql)\([^)]*(select|SELECT)", code), path.name
        assert "raw_sql" not in code, path.name


def test_measures_fetch_through_one_door():
    for path in (PACKAGE / "measures").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\.(to_pandas|execute|to_pyarrow|to_polars)\(", text), path.name


def test_importing_the_package_costs_nothing():
    heavy = "{'pandas', 'ibis', 'matplotlib', 'lifelines', 'scipy', 'pydantic'}"
    code = f"import churnlib, sys; dir(churnlib); print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_public_name_is_there_has_one_home_and_says_what_it_is():
    listed = Counter()
    for path in MODULES:
        found = re.search(
            r"^__all__ = \[(.*?)\]", path.read_text("utf-8"), re.MULTILINE | re.DOTALL
        )
        if found and path.parent.name != "simulate":
            listed.update(re.findall(r'"(\w+)"', found[1]))
    assert [name for name, n in listed.items() if n > 1] == []
    assert set(listed) == set(churnlib.__all__) - {"__version__"}
    for name in listed:
        assert getattr(churnlib, name).__doc__, name


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_an_analysts_desk(path):
    book = json.loads(path.read_text(encoding="utf-8"))
    for cell in (one for one in book["cells"] if one["cell_type"] == "code"):
        text = "".join(cell["source"])
        assert not cell["outputs"]
        assert cell["execution_count"] is None
        assert not re.search(r"^(def|class|for|while|with|try)\b", text, re.MULTILINE), text
        assert len(text.splitlines()) <= MAX_CELL, text
        assert max(map(len, text.splitlines())) <= 100, text
        styling = re.search(r"\b(caption|subtitle|formats|labels|currency|grain)=", text)
        assert not styling, f"{text}: that belongs to what it describes"
    assert {"chapter", "title", "order", "models"} <= set(book["metadata"]["churnlib"])
    assert book["cells"][0]["cell_type"] == "markdown"
    assert "does not show" in "".join(book["cells"][-1]["source"]).lower()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_use_public_names_alone(path):
    """Everything is `cl.NAME`: nothing that a module merely happens to import."""
    book = json.loads(path.read_text(encoding="utf-8"))
    code = "\n".join("".join(one["source"]) for one in book["cells"] if one["cell_type"] == "code")
    assert "churnlib." not in code.replace("churnlib as", "")
    assert set(re.findall(r"\bcl\.(\w+)", code)) <= set(churnlib.__all__)


def test_all_notebooks_take_the_same_three_parameters():
    for path in NOTEBOOKS:
        book = json.loads(path.read_text(encoding="utf-8"))
        tagged = [one for one in book["cells"] if "parameters" in one["metadata"].get("tags", [])]
        (cell,) = tagged
        lines = "".join(cell["source"]).splitlines()
        assert [line.split(" =")[0] for line in lines] == ["params", "period", "frozen"], path.name


def _without_docstrings(text: str) -> list[ast.stmt]:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        has_docstring = isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        if has_docstring and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return tree.body
