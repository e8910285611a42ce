"""Pages and kept notebooks from executed ones; and what they say of how they were made."""

import html
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat import NotebookNode

from churnlib.params.read import params_from_values
from churnlib.periods import Period
from churnlib.report.chapters import Chapter, Page
from churnlib.report.plan import Plan
from churnlib.report.published.provenance import footer, params_fingerprint, software
from churnlib.report.render.notebook import kept_notebook
from churnlib.report.render.pages import contents, page_context, render_page

VALUES = {
    "business": "acme",
    "title": "A & B <Ltd>",
    "model": "subscription",
    "currency": "EUR",
    "source": {"uri": "."},
}
SUMMARY = Chapter("summary", "Summary", 10, ("subscription",), (), Path("summary.ipynb"))
CLV = Chapter("clv", "Value", 50, ("subscription",), (), Path("clv.ipynb"))
LEFT_OUT = {"chapter": "Sales", "reason": "no orders"}


def output(kind: str, **data: object) -> NotebookNode:
    return nbformat.v4.new_output(kind, **data)


@pytest.fixture
def notebook() -> NotebookNode:
    made = nbformat.v4.new_notebook()
    injected = nbformat.v4.new_code_cell(
        "frozen = '/tmp/build-1/frozen'", metadata={"tags": ["injected-parameters"]}
    )
    shown = nbformat.v4.new_code_cell("secret_code()", metadata={"papermill": {"duration": 1.5}})
    shown.outputs = [
        output("stream", name="stderr", text="FutureWarning: /tmp/build-1/frozen/x"),
        output(
            "execute_result",
            data={"text/html": "<p id='block'>42</p>", "text/plain": "<Block object at 0x7f>"},
        ),
    ]
    made.cells = [
        nbformat.v4.new_markdown_cell("# Title\n\n## Who left & why\n\n### Detail\n\n## When"),
        injected,
        shown,
    ]
    made.metadata["papermill"] = {"start_time": "2026-11-21T20:00:00"}
    return made


@pytest.fixture
def plan() -> Plan:
    return Plan(
        params_from_values(VALUES),
        Period.parse("2026-10"),
        (SUMMARY, CLV),
        (LEFT_OUT,),
        "params/acme.yml",
    )


SNAPSHOT = SimpleNamespace(
    as_of=date(2026, 11, 1), fingerprint="f" * 64, data_box=[{"table": "orders", "kept": 1234}]
)


def test_contents_are_the_sections_with_their_anchors(notebook: NotebookNode) -> None:
    found = contents(Page("clv", (CLV,)), {"clv": notebook})
    assert [one["title"] for one in found] == ["Who left & why", "When"]
    assert found[1]["href"] == "#When"


def test_page_shows_blocks_and_no_code(notebook: NotebookNode, plan: Plan) -> None:
    made, rows = plan.page_of(CLV), footer(plan, SNAPSHOT, software())
    context = page_context(plan, made, SNAPSHOT, footer=rows)
    page = render_page(made, {"clv": notebook}, context)
    assert 'id="block">42</p>' in page.replace("'", '"')
    for hidden in ("secret_code", "FutureWarning", "Block object", "frozen"):
        assert hidden not in page
    assert "A &amp; B &lt;Ltd&gt;" in page
    assert "<Ltd>" not in page
    for section in contents(made, {"clv": notebook}):
        assert f'id="{section["href"][1:]}"' in html.unescape(page)


def test_page_knows_its_neighbours_and_the_other_pages(plan: Plan) -> None:
    page = page_context(plan, plan.page_of(CLV), SNAPSHOT, footer=[])
    assert page["previous"] == {"label": "September 2026", "href": "../../index.html#acme-2026-09"}
    assert page["next"] == {"label": "November 2026", "href": "../../index.html#acme-2026-11"}
    assert [(one["href"], one["current"]) for one in page["nav"]] == [
        ("index.html", False),
        ("clv.html", True),
    ]
    assert (page["as_of"], page["rows"]) == ("1 November 2026", "Usable rows read: orders 1,234.")
    assert page["left_out"] == [LEFT_OUT]


def test_kept_notebook_has_no_times_no_paths_and_the_same_ids(notebook: NotebookNode) -> None:
    kept = kept_notebook(notebook, Path("/tmp/build-1/frozen"))
    assert "build-1" not in kept
    read = nbformat.reads(kept, as_version=4)
    nbformat.validate(read)
    assert read.cells[1].id == "injected-parameters"
    assert "papermill" not in read.metadata
    assert "papermill" not in read.cells[2].metadata
    assert read.cells[2].source == "secret_code()"


def test_footer_says_how_to_make_the_page_again(plan: Plan) -> None:
    rows = {row["label"]: row["value"] for row in footer(plan, SNAPSHOT, software())}
    assert rows["To make it again"] == plan.command
    assert rows["Data"] == "f" * 12
    assert rows["As of"] == "1 November 2026"
    assert rows["churnlib"] == software()["churnlib"]


def test_fingerprint_of_parameters_changes_with_any_of_them() -> None:
    one = params_from_values(VALUES)
    assert params_fingerprint(one.effective()) == params_fingerprint(
        params_from_values(VALUES).effective()
    )
    assert params_fingerprint(one.effective()) != params_fingerprint(
        params_from_values(VALUES | {"margin": 0.79}).effective()
    )
