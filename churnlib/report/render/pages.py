"""Executed notebooks to pages, and to notebooks fit to be kept: the same input gives the same
bytes.
"""

import copy
import html
import re
import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jinja2 import Environment, FileSystemLoader, select_autoescape
from nbconvert import HTMLExporter, TemplateExporter
from nbconvert.filters import Highlight2HTML, markdown2html_mistune
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbformat import NotebookNode

from churnlib.page.blocks import BLOCKS_CSS
from churnlib.report.execute.run import INJECTED, ChapterResult
from churnlib.report.plan import Chapter, Plan
from churnlib.report.published.provenance import long_date

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

TEMPLATES = Path(__file__).parents[1] / "template"
REPORTS_INDEX = "../../index.html"  # as seen from a page
FROZEN = "frozen"  # what a kept notebook calls the folder of its snapshot
_ONE_AT_A_TIME = threading.Lock()  # an exporter is for one thread
_SECTION = re.compile(r'<h2[^>]*\bid="([^"]*)"[^>]*>(.*?)</h2>', re.DOTALL)
_ANCHOR = re.compile(r'<a class="anchor-link".*?</a>', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


def page_context(
    plan: Plan,
    chapter: Chapter,
    snapshot: "Snapshot",
    *,
    footer: list[dict[str, str]],
    notebook: NotebookNode,
) -> dict[str, Any]:
    """What the template is told about a page, as `resources.page`.

    Links to other periods go to the index of all reports, so that a page does not depend on which
    others exist.
    """
    return {
        "title": chapter.title,
        "business_title": plan.params.display_title,
        "chapter": chapter.name,
        "period_label": plan.period.label,
        "period_name": plan.period.name,
        "as_of": long_date(snapshot.as_of),
        "rows": _rows_behind(snapshot),
        "nav": [{"title": c.title, "href": c.href, "current": c == chapter} for c in plan.chapters],
        "index_href": REPORTS_INDEX,
        "previous": _neighbour(plan, -1),
        "next": _neighbour(plan, 1),
        "footer": footer,
        "left_out": list(plan.left_out),
        "contents": contents(notebook),
        "css": page_css(),
    }


def render_page(notebook: NotebookNode, page: dict[str, Any]) -> str:
    """The HTML of an executed notebook: one file that loads nothing; the template shows no code
    and no warnings.
    """
    # nbconvert may write into what it converts; the notebook is still to be kept.
    with _ONE_AT_A_TIME:
        body, _ = _exporter().from_notebook_node(copy.deepcopy(notebook), {"page": page})
    return body.strip() + "\n"


def kept_notebook(notebook: NotebookNode, frozen: Path) -> str:
    """The executed notebook for audit, without times, random ids and paths of this machine."""
    kept = copy.deepcopy(notebook)
    kept.metadata.pop("papermill", None)
    for cell in kept.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
            cell.source = f"# The folder of the frozen snapshot, given by churnlib report.\nfrozen = {FROZEN!r}\n"
    text = nbformat.writes(kept)
    return text.replace(str(frozen), FROZEN).replace(str(frozen.parent), ".") + "\n"


def contents(notebook: NotebookNode) -> list[dict[str, str]]:
    """{"title", "href"} of each section (`##`), with the ids that nbconvert gives to headings."""
    sections = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for identifier, inner in _SECTION.findall(markdown2html_mistune(cell.source)):
                title = html.unescape(_TAG.sub("", _ANCHOR.sub("", inner))).strip()
                sections.append({"title": title, "href": f"#{html.unescape(identifier)}"})
    return sections


def failure_page(
    plan: Plan, results: Sequence[ChapterResult], footer: list[dict[str, str]], *, has_good: bool
) -> str:
    """The page of a failed run: chapter, cell, heading and message of each fault; a link to the
    last good report.
    """
    return template("failed.html.j2").render(
        plan=plan,
        results=results,
        footer=footer,
        index_href=REPORTS_INDEX,
        last_good=f"../{plan.period.label}/index.html" if has_good else None,
        css=page_css(),
    )


def template(name: str) -> Any:
    """One of our own Jinja templates; everything put into it is escaped."""
    return _environment().get_template(name)


class _Exporter(HTMLExporter):
    """nbconvert's exporter without its second pass.

    That one parses every finished page again (a second for each megabyte), writes SVG's `viewBox`
    in lower case, and gives each picture that lacks a text alternative a meaningless one, which
    would hide the lack from our tests.
    """

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        resources = self._init_resources(resources)
        # Templates that ours is built on name these two, so they must exist, though no code is
        # shown.
        self.register_filter("highlight_code", Highlight2HTML(parent=self))
        self.register_filter(
            "filter_data_type", WidgetsDataTypeFilter(parent=self, resources=resources)
        )
        return TemplateExporter.from_notebook_node(self, nb, resources, **options)


@cache
def _exporter() -> _Exporter:
    """One for all pages, because compiling the templates takes longer than filling them."""
    return _Exporter(extra_template_basedirs=[str(TEMPLATES.parent)], template_name=TEMPLATES.name)


@cache
def page_css() -> str:
    """The stylesheet that every page carries in itself."""
    return "\n".join(
        path.read_text(encoding="utf-8") for path in (BLOCKS_CSS, TEMPLATES / "page.css")
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _neighbour(plan: Plan, by: int) -> dict[str, str]:
    other = plan.period.shift(by)
    return {"label": other.name, "href": f"{REPORTS_INDEX}#{plan.params.business}-{other.label}"}


def _rows_behind(snapshot: "Snapshot") -> str:
    counts = ", ".join(f"{row['table']} {row['kept']:,}" for row in snapshot.data_box)
    return f"Usable rows read: {counts}." if counts else ""
