"""Where two reports differ is said so that a reader finds the place."""

import json
from pathlib import Path

import pytest

from churnlib.report.compare.diff import key_figures
from churnlib.report.compare.differences import (
    changed_inputs,
    file_difference,
    main_parts,
    notebook_difference,
    page_difference,
    table_difference,
    table_rows,
)

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


def test_how_a_page_was_made_is_no_part_of_what_it_says() -> None:
    assert main_parts(PAGE) == main_parts(PAGE.replace("abc", "abd"))
    assert main_parts(PAGE) != main_parts(PAGE.replace("12.1", "12.4"))


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


def test_key_figures_of_a_page() -> None:
    item = (
        '<li><div class="cl-key-label"><a href="x">M&amp;R</a></div><div class="cl-key-value '
        'cl-long">1 <b>EUR</b></div>'
        '<div class="cl-key-n">of 3</div></li>'
    )
    assert key_figures(f"<ul>{item}{item.replace('M&amp;R', 'Churn')}</ul>") == {
        "M&R": "1 EUR",
        "Churn": "1 EUR",
    }
