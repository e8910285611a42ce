"""Blocks: what a reader sees of a result, with nothing of the data ever taken for markup."""

from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import nbformat.v4 as v4
import numpy as np
import pandas as pd
import pytest
from nbconvert import HTMLExporter

import churnlib
from churnlib import formats
from churnlib.figures import theme
from churnlib.page import blocks, tables, triangle
from churnlib.report.headlines import Headlines
from tests.spec.test_palette import contrast

HOSTILE = "<script>alert(1)</script>\"'&"
FRAME = pd.DataFrame(
    {
        "channel": ["web", HOSTILE],
        "customers": [1203, 12],
        "churn_rate": [0.0345, np.nan],
        "mrr": [123456.5, -20.0],
        "denominator": [30, 29],
    }
)
SHOWN = {"channel": "text", "customers": "count", "churn_rate": "percent", "mrr": "EUR.2"}


def parsed(block: blocks.Block) -> ElementTree.Element:
    """Fails where the HTML is not well formed."""
    return ElementTree.fromstring(f"<div>{block._repr_html_()}</div>")


def words(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def rows(element: ElementTree.Element) -> list[list[str]]:
    return [[words(cell) for cell in row] for row in element.iter("tr")]


def test_a_table_has_a_caption_scopes_units_and_right_aligned_numbers():
    total = {"channel": "All", "customers": 1215}
    html = parsed(
        blocks.table_block(FRAME, name="t", caption="By channel", formats=SHOWN, total=total)
    )
    assert rows(html) == [
        ["Channel", "Customers", "Churn rate (%)", "MRR (EUR)"],
        ["web", "1,203", "3.5", "123,456.50"],
        [HOSTILE, "12", "\u2013", "\u221220.00"],
        ["All", "1,215", "", ""],
    ]
    assert html.find(".//caption").text == "By channel"
    assert [head.get("scope") for head in html.iter("th")] == ["col"] * 4 + ["row"] * 3
    assert all(cell.get("class") == "cl-number" for cell in html.iter("td"))


def test_rows_with_few_behind_them_are_marked_in_words_too():
    html = parsed(blocks.table_block(FRAME, name="t", caption="c", formats=SHOWN))
    assert [row.get("class") for row in html.iter("tr")] == [None, None, "cl-small"]
    assert "fewer than 30" in words(html)
    clear = blocks.table_block(
        FRAME.drop(columns="denominator"), name="t", caption="c", formats=SHOWN
    )
    assert "fewer than 30" not in clear.html


def test_a_long_table_ends_with_the_way_to_the_rest():
    long = pd.DataFrame({"n": range(1025)})
    html = parsed(blocks.table_block(long, name="many rows", caption="c", formats={"n": "count"}))
    assert len(rows(html)) == 1 + tables.MAX_ROWS
    assert "1,005 more rows in tables/many rows.csv" in words(html)


def test_a_table_of_a_column_that_is_not_there_says_which():
    with pytest.raises(ValueError, match="no column arpa"):
        blocks.table_block(FRAME, name="t", caption="c", formats={"arpa": "EUR"})


def chart() -> plt.Axes:
    ax = plt.subplots()[1]
    ax.plot([0, 1], [0, 1], color=theme.colour("accent"))
    return ax


def test_a_figure_says_its_finding_as_heading_and_as_text_alternative():
    frame = pd.DataFrame({"tenure": [1, 2], "estimate": [0.9, np.nan]})
    ax = chart()
    block = blocks.figure_block(
        ax,
        name="Fig 1",
        finding=HOSTILE,
        subtitle="Churn, %; n = 30",
        caption="Lost / opening.",
        data=frame,
    )
    html = parsed(block)
    figure = html.find("div")
    assert figure.get("id") == "fig-1"
    assert words(figure.find("h3")) == HOSTILE
    svg = next(one for one in figure.iter() if one.tag.endswith("svg"))
    assert (svg.get("role"), svg.get("aria-label")) == ("img", HOSTILE)
    assert words(figure.find("figure/figcaption")) == "Lost / opening."
    assert rows(figure.find("details")) == [
        ["Tenure", "Estimate (%)"],
        ["1", "90.0"],
        ["2", "\u2013"],
    ]
    assert not plt.fignum_exists(ax.figure.number), "or the notebook would show it twice"
    assert repr(block) == f"Figure: {HOSTILE}"


def test_a_figure_with_many_numbers_folds_the_first_and_says_how_many_follow():
    frame = pd.DataFrame({"tenure": range(75)})
    block = blocks.figure_block(chart(), name="f", finding="x", subtitle="", caption="", data=frame)
    html = parsed(block)
    assert len(rows(html)) == 1 + tables.FOLDED_ROWS
    assert "15 more in the CSV files" in words(html)


def test_a_figure_of_nothing_is_a_sentence():
    ax = chart()
    ax.set_gid(theme.NOTHING)
    block = blocks.figure_block(ax, name="f", finding="Nobody came.", subtitle="", caption="")
    assert "svg" not in block.html
    assert words(parsed(block)) == "Nobody came."


def test_segments_stand_under_their_column():
    frame = pd.DataFrame(
        {
            "segment_column": ["all", "channel", "channel"],
            "segment": ["all", "web", HOSTILE],
            "customers": [3, 2, 1],
        }
    )
    block = blocks.table_block(
        frame, name="t", caption="c", formats={"segment": "text", "customers": "count"}
    )
    html = parsed(block)
    assert rows(html)[1:] == [["All customers", "3"], ["Channel"], ["web", "2"], [HOSTILE, "1"]]
    head = next(cell for cell in html.iter("th") if words(cell) == "Channel")
    assert (head.get("scope"), head.get("colspan")) == ("rowgroup", "2")


def test_a_long_number_stands_smaller():
    html = blocks.key_figures_block(
        [blocks.KeyFigure("MRR", "US$2,139,663"), blocks.KeyFigure("Churn", "3 %")]
    ).html
    assert html.count("cl-long") == 1


def cells() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "cohort": ["2026-01"] * 3 + ["2026-02"] * 3,
            "age": [0, 1, 2] * 2,
            "size": [40] * 3 + [20] * 3,
            "active": [40, 30, 0, 20, 10, np.nan],
            "rate": [1, 0.75, 0.0, 1, 0.5, np.nan],
        }
    )


def test_the_triangle_tells_none_from_not_yet_known():
    pooled = pd.DataFrame(
        {"age": [0, 1, 2], "size": [60, 60, 40], "active": [60, 40, 0], "rate": [1, 40 / 60, 0]}
    )
    html = parsed(blocks.triangle_block(cells(), pooled, name="c", finding="f", caption="Share."))
    assert rows(html) == [
        ["Cohort", "Size", "0", "1", "2"],
        ["2026-01", "40", "100", "75", "0"],
        ["2026-02", "20", "100", "50", ""],
        ["All cohorts", "", "100", "67", "0"],
    ]
    titles = [cell.get("title") for cell in html.iter("td") if cell.get("title")]
    assert titles[1] == "2026-01, age 1: 30 of 40"
    assert [row.get("class") for row in html.iter("tr")] == [None, None, "cl-small", "cl-total"]


def test_the_triangle_of_revenue_reads_its_own_columns():
    revenue = (
        cells()
        .rename(columns={"rate": "retention", "active": "amount"})
        .assign(opening_amount=1000.0)
    )
    html = parsed(blocks.triangle_block(revenue, None, name="c", finding="f", caption=""))
    assert rows(html)[1] == ["2026-01", "40", "100", "75", "0"]
    assert "2026-01, age 1: 30 of 1,000" in [cell.get("title") for cell in html.iter("td")]


def test_older_cohorts_are_in_the_file():
    html = parsed(blocks.triangle_block(cells(), None, name="c", finding="f", caption="", newest=1))
    assert len(rows(html)) == 2
    assert "1 earlier cohort is in tables/c.csv" in words(html)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_of_the_triangle_can_be_read_on_every_shade(scheme):
    heat, paper, ink = (getattr(theme.PALETTE[name], scheme) for name in ("heat", "paper", "ink"))
    for percent in range(triangle.DEEPEST + 1):
        shares = zip(range(1, 7, 2), range(1, 7, 2), strict=True)
        mixed = [
            round(
                (int(heat[i : i + 2], 16) * percent + int(paper[j : j + 2], 16) * (100 - percent))
                / 100
            )
            for i, j in shares
        ]
        assert contrast("#" + "".join(f"{one:02x}" for one in mixed), ink) >= 4.5


@pytest.mark.parametrize(
    ("amount", "noise", "good", "css", "said"),
    [
        (0.01, False, "down", "cl-bad", "worse"),
        (-0.01, False, "down", "cl-good", "better"),
        (0.01, False, "up", "cl-good", "better"),
        (0.01, False, None, "cl-even", "up"),
        (0.01, True, "down", "cl-even", "no clear change"),
        (0.0, False, "up", "cl-even", "no clear change"),
    ],
)
def test_a_change_has_sign_and_words_and_is_grey_within_the_noise(amount, noise, good, css, said):
    figure = blocks.KeyFigure(
        "Churn",
        "3.4 %",
        blocks.Change(amount, "+1.0 points", noise),
        good=good,
        n="of 900",
        href="#churn",
    )
    html = parsed(blocks.key_figures_block([figure], previous="September 2026"))
    assert f"+1.0 points on September 2026, {said}" in words(html)
    assert html.find(f".//span[@class='{css}']") is not None
    assert html.find(".//a").get("href") == "#churn"


def test_key_figures_are_a_table_too():
    figure = blocks.KeyFigure(
        "MRR", "\u20ac5", blocks.Change(0.1, "+10.0 %"), spark=[1, float("nan"), 1234567.8]
    )
    (row,) = Headlines([figure], [], []).table().to_dict("records")
    assert row == {
        "figure": "MRR",
        "value": "\u20ac5",
        "change_previous": "+10.0 %",
        "change_year": "",
        "course": "[1.0, null, 1234570.0]",
    }


def test_changes_are_points_between_shares_and_per_cent_between_amounts():
    assert blocks.change(0.034, 0.030, "percent").text == "+0.4\u00a0points"
    assert blocks.change(90, 100, "EUR").text == "\u221210.0\u00a0%"
    assert blocks.change(1, 0, "EUR") is None
    assert blocks.change(1, None, "count") is None


def test_a_sparkline_leaves_a_gap_where_nothing_is_known():
    figure = blocks.KeyFigure("Churn", "3 %", spark=[1, 2, None, 3, 4])
    html = parsed(blocks.key_figures_block([figure]))
    assert html.find(".//svg").get("aria-label").startswith("Churn")
    assert html.find(".//path").get("d").count("M") == 2


def test_each_finding_leads_to_its_section():
    found = [
        blocks.Finding("Churn was 3 %.", "revenue.html#churn", "MRR churn"),
        blocks.Finding(HOSTILE, "javascript:alert(1)"),
    ]
    html = parsed(blocks.findings_block(found))
    links = [(link.get("href"), words(link)) for link in html.iter("a")]
    assert links == [("revenue.html#churn", "See MRR churn")]
    assert HOSTILE in words(html)


def test_a_sign_stays_with_its_money():
    assert formats.money(5, "EUR", signed=True) == "+\u2060\u20ac5"


def test_the_data_box_counts_aloud_what_was_set_aside():
    reasons = [{"reason": "missing id", "rows": 1000, "example": HOSTILE}]
    box = [
        {
            "table": "orders",
            "file": "o.csv",
            "read": 3000,
            "kept": 2000,
            "set_aside": 1000,
            "reasons": reasons,
        }
    ]
    html = parsed(blocks.data_box_block(box, date(2026, 11, 1)))
    assert rows(html)[1] == ["orders", "o.csv", "3,000", "2,000", "1,000"]
    assert f"orders: 1,000 \u00d7 missing id, for example {HOSTILE}" in words(html)
    assert "known before 1 November 2026" in words(html)
    clean = blocks.data_box_block([box[0] | {"reasons": []}], date(2026, 11, 1))
    assert "No row was set aside." in clean.html


def test_definitions_can_be_linked_to():
    html = parsed(blocks.definitions_block([("Churn rate", "Lost \u00f7 opening.")]))
    assert html.find(".//div[@id='define-churn-rate']") is not None


@pytest.mark.parametrize(
    ("value", "how", "cell", "text"),
    [
        (0.03449, "percent", "3.4", "3.4\u00a0%"),
        (-0.0001, "+percent", "0.0", "0.0\u00a0%"),
        (1234567.891, "EUR.2", "1,234,567.89", "\u20ac1,234,567.89"),
        (-5, "+EUR", "\u22125", "\u2212\u2060\u20ac5"),
        (12.5, "JPY.2", "12", "JP\u00a512"),
        (float("nan"), "EUR", "\u2013", "\u2013"),
        (np.bool_(True), "text", "yes", "yes"),
        (pd.NaT, "day", "\u2013", "\u2013"),
        (pd.NA, "count", "\u2013", "\u2013"),
        (float("inf"), "number", "\u2013", "\u2013"),
        (pd.Timestamp("2026-09-01"), "month", "Sep 2026", "Sep 2026"),
        (pd.Timestamp("2026-07-01"), "quarter", "Q3 2026", "Q3 2026"),
    ],
)
def test_numbers_for_people(value, how, cell, text):
    assert formats.cell(value, how) == cell
    assert formats.text(value, how) == text


def test_a_format_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="is not a format"):
        formats.parse_format("euros")


def page() -> str:
    cell = v4.new_code_cell("secret = 1", execution_count=1)
    cell.outputs = [
        v4.new_output("stream", name="stderr", text="FutureWarning: noise"),
        v4.new_output(
            "execute_result",
            {"text/html": "<p>Shown.</p>", "text/plain": "Repr()"},
            execution_count=1,
        ),
        v4.new_output("display_data", {"text/plain": "<Figure size 640x480>"}),
    ]
    notebook = v4.new_notebook(
        cells=[v4.new_markdown_cell("# Revenue\n\n## Section\n\nWords."), cell]
    )
    context = {
        "title": "Revenue",
        "business_title": HOSTILE,
        "period_name": "October 2026",
        "as_of": "1 November 2026",
        "nav": [{"title": "Revenue", "href": "revenue.html", "current": True}],
        "contents": [{"title": "Section", "href": "#Section"}],
        "left_out": [{"chapter": "Sales", "reason": "there are no orders."}],
        "footer": [{"label": "Fingerprint", "value": "0123456789abcdef"}],
    }
    exporter = HTMLExporter(
        extra_template_basedirs=[str(Path(churnlib.__file__).parent / "report")],
        template_name="template",
    )
    return exporter.from_notebook_node(notebook, {"page": context})[0]


def test_a_page_shows_results_and_neither_code_nor_what_libraries_say():
    html = page()
    assert "<p>Shown.</p>" in html
    for hidden in (
        "secret",
        "noise",
        "Repr()",
        "Figure size",
        "Out[",
        "<script",
        "http:",
        "https:",
        "url(",
    ):
        assert hidden not in html, hidden


def test_a_page_forbids_what_it_does_not_need_and_has_one_title():
    html = page()
    assert "default-src 'none'" in html
    assert html.count("<h1>") == 1
    assert '<a class="skip" href="#content">' in html
    assert 'aria-current="page"' in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert '<dd class="mono">0123456789abcdef</dd>' in html
    assert "Sales: there are no orders." in html
