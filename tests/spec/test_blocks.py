"""Blocks: what a reader sees of a result, with nothing of the data ever taken for markup."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from churnlib.figures import canvas, theme
from churnlib.figures.figure import figure
from churnlib.page import blocks, tables, triangle
from churnlib.page.data_box import data_box_block
from churnlib.page.markup import Block
from churnlib.results.columns import Column, rate
from churnlib.results.declared import Result, ResultError, tagged
from churnlib.results.terms import Term
from churnlib.results.told import MIME, Action, Finding, KeyFigure, Told
from tests.business import snapshot_of
from tests.spec.test_palette import contrast

HOSTILE = "<script>alert(1)</script>\"'&"
CHURN = Result(
    "example_churn",
    "churn of an example",
    "one row a segment",
    (
        Column("customers", "count", "Customers", "Active at opening.", adds=True),
        *rate("churn_rate", "Churn rate", "Of those at opening.", "denominator"),
        Column("mrr", "money", "MRR", "At closing.", decimals=2),
        Column("denominator", "count", "Denominator", "At opening."),
    ),
    shown=("customers", "churn_rate", "mrr"),
    note="A note.",
)
CURVE = Result(
    "example_curve",
    "a curve",
    "one row a tenure",
    (
        Column("tenure", "count", "Tenure", "Months."),
        Column("estimate", "share", "Still there", "S(k)."),
    ),
)
COHORTS = Result("example_cohorts", "cohorts", "a cell", (), caption="Share by age in {grain}s.")
REVENUE = Result("example_revenue", "revenue of cohorts", "a cell", ())
WORDS = (Term("Example churn", "Lost \u00f7 opening."),)


def frame() -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "segment": ["web", HOSTILE],
            "customers": [1203, 12],
            "churn_rate": [0.0345, np.nan],
            "churn_rate_low": [0.03, np.nan],
            "churn_rate_high": [0.04, np.nan],
            "mrr": [123456.5, -20.0],
            "denominator": [30, 29],
        }
    )
    rows.attrs = {"currency": "EUR", "by": "first_channel"}
    return tagged(rows, CHURN, rows)


def curve(tenures: int = 2) -> pd.DataFrame:
    rows = pd.DataFrame({"tenure": range(1, tenures + 1), "estimate": [0.9] * tenures})
    rows.loc[1, "estimate"] = np.nan
    return tagged(rows, CURVE)


@figure(
    "Fig 1", title="a figure", subtitle="Churn, %; n = 30", caption="Lost / opening.", example=curve
)
def plot_example(result: pd.DataFrame, *, ax: plt.Axes | None = None) -> plt.Axes:
    ax = canvas.new_axes(ax)
    ax.plot([0, 1], [0, 1], color=theme.colour("accent"))
    return ax


@figure("none", title="nothing", subtitle="s", caption="c", example=curve)
def plot_nothing(result: pd.DataFrame, *, ax: plt.Axes | None = None) -> plt.Axes:
    return canvas.nothing(ax)


def parsed(block: Block) -> ElementTree.Element:
    """Fails where the HTML is not well formed."""
    return ElementTree.fromstring(f"<div>{block._repr_html_()}</div>")


def words(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def rows_of(element: ElementTree.Element) -> list[list[str]]:
    return [[words(cell) for cell in row] for row in element.iter("tr")]


def said(sentence: str) -> Finding:
    return Finding(sentence=sentence)


def test_a_table_is_shown_as_its_columns_are_declared():
    html = parsed(blocks_table(total="All"))
    assert rows_of(html) == [
        ["First channel", "Customers", "Churn rate (%)", "MRR (EUR)"],
        ["web", "1,203", "3.5", "123,456.50"],
        [HOSTILE, "12", "\u2013", "\u221220.00"],
        ["All", "1,215", "", ""],
    ]
    assert html.find(".//caption").text == "By channel."
    assert [head.get("scope") for head in html.iter("th")] == ["col"] * 4 + ["row"] * 3
    assert all(cell.get("class") == "cl-number" for cell in html.iter("td"))
    assert "A note." in words(html)


def blocks_table(**options) -> Block:
    return tables.table_block(frame(), said("By channel."), **options)


def test_without_a_finding_the_declaration_is_the_caption():
    html = parsed(tables.table_block(frame()))
    assert html.find(".//caption").text == "Churn of an example, by first channel"


def test_rows_with_few_behind_them_are_marked_in_words_too():
    html = parsed(blocks_table())
    assert [row.get("class") for row in html.iter("tr")] == [None, None, "cl-small"]
    assert "fewer than 30" in words(html)
    enough = frame().assign(denominator=30)
    assert "fewer than 30" not in tables.table_block(enough).html


def test_a_long_table_ends_with_the_way_to_the_rest_if_it_has_been_written():
    long = curve(1025)
    html = parsed(tables.table_block(long))
    assert len(rows_of(html)) == 1 + tables.MAX_ROWS
    assert words(html).endswith("1,005 more rows")
    long.attrs["file"] = "tables/example_curve.csv"
    html = parsed(tables.table_block(long))
    assert "1,005 more rows in tables/example_curve.csv" in words(html)
    assert html.find(".//a").get("href") == "tables/example_curve.csv"


def test_a_table_without_rows_is_a_sentence():
    block = tables.table_block(frame().head(0), said("Nobody came."))
    assert words(parsed(block)) == "Nobody came."
    assert "table" not in block.html.replace("cl-table", "").replace("-table", "")


def test_a_frame_that_does_not_say_what_it_is_is_refused_in_a_sentence():
    with pytest.raises(ResultError, match="does not say which result it is"):
        tables.table_block(frame().merge(frame()).set_axis([*"abcdefg"], axis=1).pipe(bare))


def bare(rows: pd.DataFrame) -> pd.DataFrame:
    rows.attrs = {}
    return rows


def test_a_figure_says_its_finding_as_heading_and_as_text_alternative():
    block = blocks.figure_block(plot_example, curve(), said(HOSTILE))
    html = parsed(block)
    figure = html.find("div")
    assert figure.get("id") == "fig-1"
    assert words(figure.find("h3")) == HOSTILE
    svg = next(one for one in figure.iter() if one.tag.endswith("svg"))
    assert (svg.get("role"), svg.get("aria-label")) == ("img", HOSTILE)
    assert words(figure.find("figure/figcaption")) == "Lost / opening."
    assert rows_of(figure.find("details")) == [
        ["Tenure", "Still there (%)"],
        ["1", "90.0"],
        ["2", "\u2013"],
    ]
    assert plt.get_fignums() == [], "or the notebook would show it twice"
    assert repr(block) == f"Figure: {HOSTILE}"


def test_a_figure_with_many_numbers_folds_the_first_and_says_how_many_follow():
    html = parsed(blocks.figure_block(plot_example, curve(75), said("x.")))
    assert len(rows_of(html)) == 1 + tables.FOLDED_ROWS
    assert "15 more rows" in words(html)


def test_a_figure_of_nothing_is_a_sentence():
    block = blocks.figure_block(plot_nothing, curve(), said("Nobody came."))
    assert "svg" not in block.html
    assert words(parsed(block)) == "Nobody came."


def test_segments_stand_under_their_column():
    stacked = pd.DataFrame(
        {
            "segment_column": ["all", "channel", "channel"],
            "segment": ["all", "web", HOSTILE],
            "customers": [3, 2, 1],
        }
    )
    html = parsed(tables.table_block(tagged(stacked, CHURN)))
    assert rows_of(html)[1:] == [["All customers", "3"], ["Channel"], ["web", "2"], [HOSTILE, "1"]]
    head = next(cell for cell in html.iter("th") if words(cell) == "Channel")
    assert (head.get("scope"), head.get("colspan")) == ("rowgroup", "2")


def cells() -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "cohort": ["2026-01"] * 3 + ["2026-02"] * 3,
            "age": [0, 1, 2] * 2,
            "size": [40] * 3 + [20] * 3,
            "active": [40, 30, 0, 20, 10, np.nan],
            "rate": [1, 0.75, 0.0, 1, 0.5, np.nan],
        }
    )
    return tagged(rows, COHORTS)


def test_the_triangle_tells_none_from_not_yet_known():
    pooled = pd.DataFrame(
        {"age": [0, 1, 2], "size": [60, 60, 40], "active": [60, 40, 0], "rate": [1, 40 / 60, 0]}
    )
    html = parsed(triangle.triangle_block(cells(), pooled, said("f.")))
    assert rows_of(html) == [
        ["Cohort", "Size", "0", "1", "2"],
        ["2026-01", "40", "100", "75", "0"],
        ["2026-02", "20", "100", "50", ""],
        ["All cohorts", "", "100", "67", "0"],
    ]
    assert words(html.find(".//caption")) == "Share by age in months. Values in %."
    titles = [cell.get("title") for cell in html.iter("td") if cell.get("title")]
    assert titles[1] == "2026-01, age 1: 30 of 40"
    assert [row.get("class") for row in html.iter("tr")] == [None, None, "cl-small", "cl-total"]


def test_the_triangle_of_revenue_reads_its_own_columns():
    names = {"rate": "retention", "active": "amount"}
    revenue = tagged(cells().rename(columns=names).assign(opening_amount=1000.0), REVENUE)
    html = parsed(triangle.triangle_block(revenue, None, said("f.")))
    assert rows_of(html)[1] == ["2026-01", "40", "100", "75", "0"]
    assert "2026-01, age 1: 30 of 1,000" in [cell.get("title") for cell in html.iter("td")]


def test_the_first_cohort_of_the_records_is_marked():
    edge = cells().assign(left_edge=[True] * 3 + [False] * 3)
    html = parsed(triangle.triangle_block(edge, None, said("f.")))
    assert [row[0] for row in rows_of(html)] == ["Cohort", "2026-01*", "2026-02"]
    assert "* The first cohort of the records: its customers may have bought before" in words(html)
    none = parsed(triangle.triangle_block(edge.assign(left_edge=False), None, said("f.")))
    assert "first cohort of the records" not in words(none)


def test_older_cohorts_are_in_the_file(monkeypatch):
    monkeypatch.setattr(triangle, "NEWEST", 1)
    many = cells()
    many.attrs["file"] = "tables/example_cohorts.csv"
    html = parsed(triangle.triangle_block(many, None, said("f.")))
    assert len(rows_of(html)) == 2
    assert "1 earlier cohort is in tables/example_cohorts.csv" in words(html)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_of_the_triangle_can_be_read_on_every_shade(scheme):
    heat, paper, ink = (getattr(theme.PALETTE[name], scheme) for name in ("heat", "paper", "ink"))
    for percent in range(triangle.DEEPEST + 1):
        mixed = [
            (int(heat[i : i + 2], 16) * percent + int(paper[i : i + 2], 16) * (100 - percent)) / 100
            for i in (1, 3, 5)
        ]
        shade = "#" + "".join(f"{round(one):02x}" for one in mixed)
        assert contrast(shade, ink) >= 4.5


def account(**more) -> dict:
    return {"table": "orders", "file": "o.csv", "read": 3000, "kept": 3000, "set_aside": 0, **more}


ENOUGH = [(f"c{n}", "2026-01-01", 5) for n in range(30)]
"""Orders of as many customers as a report needs."""


def test_the_data_box_counts_aloud_what_was_set_aside():
    reasons = [{"reason": "missing id", "rows": 1000, "example": HOSTILE}]
    row = account(kept=2000, set_aside=1000, reasons=reasons)
    snapshot = replace(snapshot_of(orders=ENOUGH), data_box=[row])
    block = data_box_block(snapshot)
    html = parsed(block)
    assert rows_of(html)[1] == ["orders", "o.csv", "3,000", "2,000", "1,000"]
    assert f"orders: 1,000 \u00d7 missing id, for example {HOSTILE}" in words(html)
    assert "known before 1 April 2026" in words(html)
    (decision,) = block.told.decisions
    assert (decision.rows, decision.urgent) == (1000, False)
    clean = data_box_block(replace(snapshot, data_box=[account()]))
    assert "No row was set aside." in clean.html
    assert clean.told.decisions == ()


def test_a_period_that_is_not_over_is_a_decision_of_which_a_reader_must_know_first():
    snapshot = replace(snapshot_of(orders=ENOUGH), partial=True)
    (decision,) = data_box_block(snapshot).told.decisions
    assert decision.urgent
    assert decision.sentence.startswith(
        "The data do not cover March 2026 to its end (1 April 2026)"
    )


def test_definitions_can_be_linked_to_and_are_told():
    block = blocks.terms_block("example churn")
    assert parsed(block).find(".//div[@id='define-example-churn']") is not None
    assert [one.word for one in block.told.terms] == ["Example churn"]
    with pytest.raises(Exception, match="No definition of 'exampel churn': did you mean"):
        blocks.terms_block("exampel churn")


def told(block: Block) -> dict:
    """What stands beside the HTML in a cell's output, after a way through JSON."""
    bundle = block._repr_mimebundle_()
    assert bundle["text/html"] == block.html
    return json.loads(json.dumps(bundle[MIME], allow_nan=False))


def test_what_a_cell_tells_is_data_beside_its_html():
    figure = KeyFigure(label="MRR", value="\u20ac5", course=(1.0, float("nan"), np.int64(3)))
    action = Action(sentence="Look.", who="web", customers=np.int64(5))
    finding = Finding(
        sentence="It rose.",
        verdict="watch",
        place="result",
        at_stake=np.float64("nan"),
        n=pd.NA,
        low=np.float32(0.5),
        key_figures=(figure,),
        actions=(action,),
    )
    block = blocks.figure_block(plot_example, curve(), finding)
    data = told(block)
    assert (data["anchor"], data["label"]) == ("fig-1", "a figure")
    (one,) = data["findings"]
    assert (one["at_stake"], one["n"], one["low"]) == (None, None, 0.5)
    assert one["key_figures"][0]["course"] == [1.0, None, 3.0]
    assert one["actions"][0]["customers"] == 5.0
    assert Told.model_validate(data) == block.told


def test_a_stack_tells_what_each_of_its_blocks_tells():
    parts = [blocks.figure_block(plot_example, curve(), said(text)) for text in ("A.", "B.", "C.")]
    flat = Told.model_validate(told(blocks.stack_block(parts))).flat()
    assert [one.findings[0].sentence for one in flat if one.findings] == ["A.", "B.", "C."]
    assert {one.anchor for one in flat if one.findings} == {"fig-1"}


def test_a_block_that_tells_nothing_has_no_data():
    assert MIME not in blocks.note_block("Nothing.")._repr_mimebundle_()
