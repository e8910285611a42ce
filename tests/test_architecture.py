"""The shape of the code, so that nobody has to watch over it: sizes, directions of imports, thin
notebooks.
"""

import ast
import json
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

import churnlib

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "churnlib"
MODULES = sorted(PACKAGE.rglob("*.py"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MAX_LINES, MAX_BODY, MAX_PARAMETERS, MAX_CELL = 300, 40, 8, 8
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core"}

# From the ground up: a module imports of its own layer or of one before it, never of one behind.
LAYERS = [
    {"errors"},
    {"periods", "yaml_file", "formats"},
    {"schemas"},
    {"params"},
    {"csv_files", "expressions", "simulate", "places"},
    {"sources"},
    {"mapping", "money", "report_tables"},
    {"advice"},
    {"checks"},
    {"history"},
    {"snapshot"},
    {"models"},
    {"measures"},
    {"figures"},
    {"findings"},
    {"notebook", "report"},
    {"__main__", "__init__"},
]
APART = [
    ("models", "measures"),
    ("figures", "measures"),
    ("figures", "models"),
    ("findings", "measures"),
    ("findings", "figures"),
]


def part_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE).parts
    return inside[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Parts of the package that a module imports, also inside functions, but not for type
    checking alone.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.ImportFrom)
            and node.module
            and node.module.split(".")[0] == "churnlib"
        ):
            names = node.module.split(".")[1:2] or [alias.name for alias in node.names]
            found |= set(names)
    return found - {"__version__"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_fit_a_screen(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MAX_LINES
    assert path.stem not in VAGUE
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        body = node.body[1:] if ast.get_docstring(node) else node.body
        lines = body[-1].end_lineno - body[0].lineno + 1 if body else 0
        assert lines <= MAX_BODY, f"{node.name}: {lines} lines"
        # A command's parameters are the options that its users see.
        command = any("app.command" in ast.unparse(one) for one in node.decorator_list)
        assert command or len(node.args.args) + len(node.args.kwonlyargs) <= MAX_PARAMETERS, (
            node.name
        )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    level = {name: n for n, layer in enumerate(LAYERS) for name in layer}
    own = part_of(path)
    for name in imports_of(path):
        assert level[name] <= level[own], f"{own} imports {name}, which stands above it"
        assert (own, name) not in APART, f"{own} and {name} meet only in notebooks"


def test_no_two_modules_import_each_other():
    graph = {str(path): set() for path in MODULES}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.ImportFrom)
                and node.module
                and node.module.startswith("churnlib.")
            ):
                target = PACKAGE.joinpath(*node.module.split(".")[1:])
                graph[str(path)] |= {
                    str(p)
                    for p in (target.with_suffix(".py"), target / "__init__.py")
                    if p.exists()
                }
    for start in graph:
        seen, edge = set(), set(graph[start])
        while edge:
            assert start not in edge, f"{start} imports itself by a detour"
            seen |= edge
            edge = set().union(*(graph[one] for one in edge)) - seen


def test_only_sources_knows_the_engine():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if path.name == "sources.py" and path.parent == PACKAGE:
            continue
        code = "\n".join(ast.unparse(node) for node in _without_docstrings(text))
        assert "duckdb" not in code.lower(), path.name
        assert not re.search(r"\.(sql|raw_sql)\([^)]*(select|SELECT)", code), path.name
        assert "raw_sql" not in code, path.name


def test_measures_fetch_through_one_door():
    for path in (PACKAGE / "measures").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\.(to_pandas|execute|to_pyarrow|to_polars)\(", text), path.name


def test_importing_the_package_costs_nothing():
    code = "import churnlib, sys; print(sorted({'pandas', 'ibis', 'matplotlib', 'lifelines', 'scipy'} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_every_public_name_is_there_and_says_what_it_is():
    for name in churnlib.__all__:
        thing = getattr(churnlib, name)
        assert name == "__version__" or thing.__doc__, name


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_thin(path):
    book = json.loads(path.read_text(encoding="utf-8"))
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    for cell in code:
        text = "".join(cell["source"])
        assert not cell["outputs"]
        assert cell["execution_count"] is None
        assert not re.search(r"^(def|class|for|while|with|try)\b", text, re.M), text
        if "parameters" not in cell["metadata"].get("tags", []):
            assert len(text.splitlines()) <= MAX_CELL, text
    assert {"chapter", "title", "order", "models", "tables"} <= set(book["metadata"]["churnlib"])
    assert book["cells"][0]["cell_type"] == "markdown"
    assert "does not show" in "".join(book["cells"][-1]["source"]).lower()


def test_all_notebooks_take_the_same_parameters():
    cells = []
    for path in NOTEBOOKS:
        book = json.loads(path.read_text(encoding="utf-8"))
        tagged = [
            cell for cell in book["cells"] if "parameters" in cell["metadata"].get("tags", [])
        ]
        assert len(tagged) == 1, path.name
        cells.append(
            [
                line.split(" =")[0]
                for line in "".join(tagged[0]["source"]).splitlines()
                if " = " in line
            ]
        )
    assert all(one == other for one, other in pairwise(cells))
    assert set(churnlib.Params.model_fields) <= set(cells[0])


def _without_docstrings(text: str) -> list[ast.stmt]:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return tree.body
