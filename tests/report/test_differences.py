"""Where two reports differ is said so that a reader finds the place."""

import json
from pathlib import Path

import pytest

from churnlib.report.compare import told
from churnlib.report.compare.differences import (
    file_difference,
    json_difference,
    notebook_difference,
    shown_difference,
    table_difference,
    table_rows,
)
from churnlib.report.compare.inputs import changed_inputs
from churnlib.report.compare.pages import page_difference

PAGE = (
    "<h1>Revenue</h1><h2>What changed MRR</h2>"
    '<figure class="cl-figure" id="mrr-bridge"><svg><path d="M1 2"/></svg></figure>'
    '<div class="cl-table" id="segments"><table><tr><th scope="row">paid search</th><td>12.1 '
    "%</td></tr></table></div>"
    '<footer class="colophon"><dl><dt>Commit</dt><dd>abc</dd></dl></footer>'
)


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("M1 2", "M1 3", "chart \"mrr-bridge\" under 'What changed MRR'"),
        (
            "12.1",
            "12.4",
            "table \"segments\", row paid search under 'What changed MRR': 12.1 % became 12.4 %",
        ),
        ("abc", "abd", "footer under 'Commit': abc became abd"),
        ("Revenue", "Churn", "page: Revenue became Churn"),
    ],
)
def test_place_on_a_page(old: str, new: str, where: str) -> None:
    assert page_difference(PAGE, PAGE.replace(old, new)) == where
    assert page_difference(PAGE, PAGE) is None


def test_page_that_ends_early() -> None:
    assert page_difference(PAGE, PAGE[: PAGE.index("<footer")]).startswith("footer")


CHURN = "period_start,opening,churn_rate\n2026-08-01,10,0.1\n2026-09-01,12,0.25\n"


@pytest.mark.parametrize(
    ("other", "where"),
    [
        (CHURN.replace("0.25", "0.5"), "row 2026-09-01: churn_rate 0.25 became 0.5"),
        (CHURN + "2026-10-01,15,0.2\n", "row 2026-10-01 is new"),
        (CHURN.replace("2026-08-01,10,0.1\n", ""), "row 2026-08-01 is gone"),
        (
            "period_start,opening,churn_rate\n2026-09-01,12,0.25\n2026-08-01,10,0.1\n",
            "the order of rows or columns",
        ),
    ],
)
def test_row_of_a_table(other: str, where: str) -> None:
    assert table_difference(CHURN, other) == where
    assert table_difference(CHURN, CHURN) is None


def test_rows_are_matched_by_what_tells_them_apart() -> None:
    before = "column,segment,tenure,survival\nall,all,0,1.0\nchannel,web,0,1.0\nchannel,web,1,0.9\n"
    rows = table_rows(before, before.replace("0.9", "0.8"))
    assert [(row.key, row.changed) for row in rows] == [
        ("channel · web · 1", {"survival": ("0.9", "0.8")})
    ]


def test_cell_of_a_notebook() -> None:
    tags = {"tags": ["injected-parameters"]}
    cells = [
        {"metadata": {}, "source": "a"},
        {"metadata": tags, "source": "f"},
        {"metadata": {}, "source": "b"},
    ]
    one = json.dumps({"cells": cells})
    assert notebook_difference(one, one.replace('"b"', '"c"')) == "cell 2"
    assert notebook_difference(one, one) is None


def book(*cells: tuple[str, str]) -> str:
    """A notebook of (source, HTML that its output shows); a cell without HTML is text."""
    made = []
    for source, shown in cells:
        output = {"data": {"text/html": [shown]}}
        code = {"cell_type": "code", "outputs": [output]} if shown else {"cell_type": "markdown"}
        made.append({"metadata": {}, "source": [source], **code})
    return json.dumps({"cells": made})


TABLE = '<div class="cl-table" id="t"><th scope="row">web</th><td>1</td></div>'


@pytest.mark.parametrize(
    ("other", "where"),
    [
        (book(("# Title", ""), ("f()", TABLE)), None),
        (book(("# Title", ""), ("g()", TABLE)), None),
        (book(("# Other", ""), ("f()", TABLE)), "cell 1"),
        (
            book(("# Title", ""), ("f()", TABLE.replace(">1<", ">2<"))),
            'cell 2: table "t", row web: 1 became 2',
        ),
        (book(("# Title", "")), "cell 2"),
        (book(("# Title", ""), ("f()", TABLE), ("New.", "")), "cell 3"),
    ],
)
def test_cell_that_shows_something_else(other: str, where: str | None) -> None:
    assert shown_difference(book(("# Title", ""), ("f()", TABLE)), other) == where


def test_value_of_a_json_file() -> None:
    one = {"findings": [{"sentence": "Churn rose."}, {"sentence": "MRR fell."}]}
    other = {"findings": [{"sentence": "Churn rose."}, {"sentence": "MRR rose."}]}
    said = 'findings.1.sentence: "MRR fell." became "MRR rose."'
    assert json_difference(json.dumps(one), json.dumps(other)) == said
    assert json_difference(json.dumps(one), json.dumps(one, indent=1)) is None


def test_file_that_is_gone_or_new(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x\n")
    assert file_difference("a.csv", tmp_path / "a.csv", tmp_path / "b.csv") == "is gone"
    assert file_difference("a.csv", tmp_path / "b.csv", tmp_path / "a.csv") == "is new"


MANIFEST = {
    "fingerprints": {"data": "d1", "code": "c1"},
    "rows": [],
    "parameters": {"margin": 0.8, "source": {"uri": "data"}},
    "software": {
        "churnlib": "1",
        "code": "c1",
        "commit": None,
        "packages": {"pandas": "2.3.3"},
        "python": "3.11",
    },
    "chapters": [{"chapter": "clv", "notebook": "n1"}],
}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"d1"', '"d2"', "data: d1 became d2"),
        ("0.8", "0.7", "parameters: margin: 0.8 became 0.7"),
        ('"uri": "data"', '"uri": "other"', 'parameters: source.uri: "data" became "other"'),
        (
            '"c1"',
            '"c2"',
            "code: churnlib 1 (files c1, commit none) became 1 (files c2, commit none)",
        ),
        ('"n1"', '"n2"', "code: notebook clv"),
        ("2.3.3", "2.3.4", 'environment: packages.pandas: "2.3.3" became "2.3.4"'),
    ],
)
def test_input_that_changed(old: str, new: str, said: str) -> None:
    text = json.dumps(MANIFEST)
    assert old in text
    assert changed_inputs(MANIFEST, json.loads(text.replace(old, new))) == [said]
    assert changed_inputs(MANIFEST, MANIFEST) == []


def report(**told: list[dict[str, object]]) -> dict[str, list]:
    """What is read from a findings.json."""
    chapters = [{"chapter": "revenue", "title": "Revenue"}]
    return {"chapters": chapters, "key_figures": [], "findings": []} | told


def said(href: str, sentence: str, verdict: str = "watch") -> dict[str, str]:
    place = {"chapter": "revenue", "href": href, "label": "churn rates"}
    return place | {"sentence": sentence, "verdict": verdict}


def test_key_figures_before_and_after_though_their_page_is_another() -> None:
    mrr = {"chapter": "revenue", "href": "revenue.html#mrr", "label": "MRR", "value": "5 EUR"}
    moved = mrr | {"href": "money.html#revenue--mrr", "value": "6 EUR"}
    new = mrr | {"label": "NRR", "value": "98 %"}
    found = told.key_figures(report(key_figures=[mrr]), report(key_figures=[moved, new]))
    assert found == [("MRR", "5 EUR", "6 EUR"), ("NRR", "–", "98 %")]


def test_sentences_before_and_after_by_their_place() -> None:
    one, two = said("revenue.html#a", "Churn rose."), said("revenue.html#a", "It was 3 %.")
    alone = said("revenue.html#b", "Nothing is clear.", "no signal")
    old = report(findings=[one, two, alone])
    new = report(findings=[one, two | {"verdict": "act"}])
    where = "Revenue, churn rates"
    assert told.findings(old, old) == []
    assert told.findings(old, new) == [
        (where, "It was 3 %. (watch)", "It was 3 %. (act)"),
        (where, "Nothing is clear. (no signal)", "–"),
    ]
