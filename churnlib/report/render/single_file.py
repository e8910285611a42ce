"""A whole published report as one HTML file, for mail: its chapters below one another, every
link within them an anchor.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from churnlib.report.published.provenance import MANIFEST
from churnlib.report.published.publish import write_whole
from churnlib.report.render.pages import page_css, template

# What stands between < and > in a page of ours is a tag: of the data both are escaped.
_TAG = re.compile(r"<[a-z][^<>]*>")
_ID = re.compile(r'\bid="([^"]+)"')
_HREF = re.compile(r' href="([^"]*)"')
_URL = re.compile(r"url\(#")


def write_single_file(folder: Path) -> Path:
    """Write `<business>-<period>.html` beside the folder of a published report.

    Returns
    -------
    The path of the file. Each id is led by the name of its chapter, so that it is unique; links to
    what a mail does not bring along (the CSV files, other reports) become plain text.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    names = {chapter["page"]: chapter["chapter"] for chapter in manifest["chapters"]}
    pages = {page: (folder / page).read_text(encoding="utf-8") for page in names}
    chapters = [
        {
            "name": one["chapter"],
            "title": one["title"],
            "html": _chapter(pages[one["page"]], one["chapter"], names),
        }
        for one in manifest["chapters"]
    ]
    text = template("single_file.html.j2").render(
        title=manifest["title"],
        period_name=manifest["period_name"],
        chapters=chapters,
        footer=_between(
            next(iter(pages.values())), '<footer class="colophon">', "</footer>", whole=True
        ),
        css=page_css(),
    )
    path = folder.parent / f"{manifest['business']}-{manifest['period']}.html"
    write_whole(path, text)
    return path


def _chapter(page: str, name: str, names: Mapping[str, str]) -> str:
    """What a page shows between its head and its footer, fit to stand beside other chapters."""

    def linked(found: re.Match[str]) -> str:
        target = _target(found[1], name, names)
        return f' href="{target}"' if target else ""

    def rewritten(found: re.Match[str]) -> str:
        tag = _ID.sub(rf'id="{name}--\1"', found[0])
        return _HREF.sub(linked, _URL.sub(f"url(#{name}--", tag))

    return _TAG.sub(rewritten, _between(page, '<main class="sheet">', "</main>"))


def _target(href: str, name: str, names: Mapping[str, str]) -> str | None:
    """Where a link of chapter `name` leads within the one file; None where that is not brought
    along.
    """
    page, _, anchor = href.partition("#")
    if re.match(r"(https?|mailto):", href):
        return href
    if page and page not in names:
        return None
    chapter = names[page] if page else name
    return f"#{chapter}--{anchor}" if anchor else f"#{chapter}"


def _between(page: str, start: str, end: str, *, whole: bool = False) -> str:
    inner = page.split(start, 1)[1].split(end, 1)[0]
    return f"{start}{inner}{end}" if whole else inner
