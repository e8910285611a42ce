"""The pages of a report, each one file that loads nothing: its chapters, and what leads to the
others.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from nbformat import NotebookNode

from churnlib.page.blocks import BLOCKS_CSS
from churnlib.report.chapters import Chapter, Page
from churnlib.report.execute.run import ChapterResult
from churnlib.report.plan import Plan
from churnlib.report.published.provenance import long_date
from churnlib.report.render.anchors import beside_others
from churnlib.report.render.notebook import TEMPLATES, notebook_html, sections

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

REPORTS_INDEX = "../../index.html"  # as seen from a page


def page_context(
    plan: Plan,
    page: Page,
    snapshot: "Snapshot",
    *,
    footer: list[dict[str, str]],
    heading: str = "",
) -> dict[str, Any]:
    """What the template is told about a page, beside what its chapters say; `heading` stands in
    place of its title at its top.

    Links to other periods go to the index of all reports, so that a page does not depend on which
    others exist.
    """
    return {
        "title": page.title,
        "heading": heading or page.title,
        "is_joint": page.is_joint,
        "business_title": plan.params.display_title,
        "period_label": plan.period.label,
        "period_name": plan.period.name,
        "as_of": long_date(snapshot.as_of),
        "rows": _rows_behind(snapshot),
        "nav": [
            {"title": one.title, "href": one.href, "current": one.name == page.name}
            for one in plan.pages
        ],
        "index_href": REPORTS_INDEX,
        "previous": _neighbour(plan, -1),
        "next": _neighbour(plan, 1),
        "footer": footer,
        "left_out": list(plan.left_out),
    }


def render_page(page: Page, notebooks: Mapping[str, NotebookNode], context: dict[str, Any]) -> str:
    """The HTML of a page from the executed notebooks of its chapters, by their names."""
    chapters = [(chapter, notebooks[chapter.name]) for chapter in page.chapters]
    return template("page.html.j2").render(
        page=context,
        contents=contents(page, notebooks),
        chapters=[
            {
                "title": chapter.title,
                "id": page.section(chapter),
                "html": _chapter_html(page, chapter, notebook),
            }
            for chapter, notebook in chapters
        ],
        css=page_css(),
    )


def contents(page: Page, notebooks: Mapping[str, NotebookNode]) -> list[dict[str, Any]]:
    """{"title", "href", "parts"}: the sections of a page; those of a joint page are its chapters,
    and `parts` their sections.
    """
    listed = []
    for chapter in page.chapters:
        parts = [
            {"title": title, "href": f"#{page.anchor(chapter, identifier)}", "parts": []}
            for title, identifier in sections(notebooks[chapter.name])
        ]
        if page.is_joint:
            href = f"#{page.section(chapter)}"
            listed.append({"title": chapter.title, "href": href, "parts": parts})
        else:
            listed += parts
    return listed


def failure_page(
    plan: Plan,
    results: Sequence[ChapterResult],
    footer: list[dict[str, str]],
    *,
    made: Collection[str],
    has_good: bool,
) -> str:
    """The page of a failed run: chapter, cell, heading and message of each fault.

    Parameters
    ----------
    made : the pages that there are
    has_good : whether there is a last good report to lead to
    """
    return template("failed.html.j2").render(
        plan=plan,
        results=results,
        made=made,
        footer=footer,
        index_href=REPORTS_INDEX,
        last_good=f"../{plan.period.label}/index.html" if has_good else None,
        css=page_css(),
    )


def template(name: str) -> Any:
    """One of our own Jinja templates; everything put into it is escaped."""
    return _environment().get_template(name)


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


def _chapter_html(page: Page, chapter: Chapter, notebook: NotebookNode) -> str:
    """On a joint page the chapter's title is a heading of the page, its own ones are below."""
    text = notebook_html(notebook)
    return beside_others(text, chapter.name, lower=1) if page.is_joint else text


def _neighbour(plan: Plan, by: int) -> dict[str, str]:
    other = plan.period.shift(by)
    return {"label": other.name, "href": f"{REPORTS_INDEX}#{plan.params.business}-{other.label}"}


def _rows_behind(snapshot: "Snapshot") -> str:
    counts = ", ".join(f"{row['table']} {row['kept']:,}" for row in snapshot.data_box)
    return f"Usable rows read: {counts}." if counts else ""
