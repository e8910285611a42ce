"""A new chapter is noticed: whatever is declared is drawn, tested, documented and published.

Each list comes from the registry, so that what is forgotten fails.
"""

import json
import re
from pathlib import Path

import pytest

import churnlib
from churnlib.results.registry import import_declarations, results, words
from docs import generate

ROOT = Path(__file__).resolve().parents[1]
SPECS = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests" / "spec").glob("*.py"))
HOME = churnlib._homes()
MODULES = import_declarations()
RESULTS, TERMS = results(), words()
PLOTS = {
    name: function
    for module in MODULES
    for name, function in vars(module).items()
    if name.startswith("plot_") and function.__module__ == module.__name__
}
MEASURES = {
    name: getattr(churnlib, name)
    for name, home in HOME.items()
    if home.startswith(("churnlib.measures.", "churnlib.models."))
}
SAYINGS = [name for name, home in HOME.items() if home.startswith("churnlib.findings.")]
NOTEBOOKS = {
    path.stem: json.loads(path.read_text("utf-8")) for path in (ROOT / "notebooks").glob("*.ipynb")
}


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_every_chart_is_declared_with_an_example(name):
    assert hasattr(PLOTS[name], "figure"), f"{name}: declare it with @figure"
    assert not PLOTS[name].figure.example().empty
    assert name in HOME


@pytest.mark.parametrize("name", sorted(PLOTS))
def test_every_chart_stands_in_a_notebook(name):
    """A chart that no chapter shows is either dead or forgotten."""
    code = "\n".join("".join(c["source"]) for b in NOTEBOOKS.values() for c in b["cells"])
    assert f"cl.{name}" in code or name == "plot_triangle"


@pytest.mark.parametrize("name", sorted(SAYINGS))
def test_every_public_finding_begins_with_say(name):
    assert name.startswith("say_")


@pytest.mark.parametrize("name", sorted([*MEASURES, *SAYINGS]))
def test_every_measure_model_and_finding_has_a_spec_test(name):
    assert re.search(rf"\b{name}\b", SPECS + _other_tests()), f"{name} is tested nowhere"


def _other_tests() -> str:
    folders = ("golden", "properties")
    return "\n".join(
        p.read_text("utf-8") for f in folders for p in (ROOT / "tests" / f).glob("*.py")
    )


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_every_result_is_declared_whole(name):
    result = RESULTS[name]
    names = [column.name for column in result.columns]
    heads = [column.csv_name for column in result.columns]
    assert len(set(names)) == len(names)
    assert len(set(heads)) == len(heads)
    assert result.title
    assert result.grain
    assert set(result.shown) <= {*names, "segment", "segment_column"}
    for column in result.columns:
        assert column.label, column.name
        assert column.meaning.endswith((".", ")")), f"{column.name}: a meaning is a sentence"
        assert {column.denominator, column.low, column.high} <= {"", *names}, column.name


@pytest.mark.parametrize("word", sorted(TERMS))
def test_every_term_is_a_sentence(word):
    assert TERMS[word].meaning.endswith(".")


def test_no_word_is_defined_twice():
    text = "\n".join(
        path.read_text("utf-8") for path in (ROOT / "churnlib").rglob("*.py") if path.is_file()
    )
    words = re.findall(r'\bTerm\(\s*"([^"]+)"', text)
    lowered = [word.lower() for word in words]
    assert sorted(lowered) == sorted(set(lowered))


@pytest.mark.parametrize("page", sorted(generate.PAGES))
def test_generated_documents_are_current(page):
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == generate.PAGES[page](), "run `make docs`"


@pytest.mark.parametrize("name", sorted(NOTEBOOKS))
def test_every_chapter_has_a_line_in_the_readme(name):
    told = NOTEBOOKS[name]["metadata"]["churnlib"]
    page = "index" if told["chapter"] == "summary" else told.get("page", told["chapter"])
    assert f"`{page}.html`" in (ROOT / "README.md").read_text(encoding="utf-8")
