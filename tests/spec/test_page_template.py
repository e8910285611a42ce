"""The template of a page: no code, no noise, nothing of the data as markup."""

from pathlib import Path

import nbformat.v4 as v4

from churnlib.report.chapters import Chapter, Page
from churnlib.report.render.pages import render_page

HOSTILE = "<script>alert(1)</script>\"'&"


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
        "left_out": [{"chapter": "Sales", "reason": "there are no orders."}],
        "footer": [{"label": "Fingerprint", "value": "0123456789abcdef"}],
    }
    chapter = Chapter("revenue", "Revenue", 20, ("subscription",), (), Path("revenue.ipynb"))
    return render_page(Page("revenue", (chapter,)), {"revenue": notebook}, context)


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
