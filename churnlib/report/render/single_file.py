"""A whole published report as one HTML file, for mail: its pages below one another, every link
within them an anchor.
"""

import json
import re
from collections.abc import Collection
from pathlib import Path

from churnlib.report.chapters import led
from churnlib.report.published.provenance import MANIFEST
from churnlib.report.published.publish import write_whole
from churnlib.report.render.anchors import beside_others
from churnlib.report.render.pages import page_css, template
from churnlib.results.gathered import FILE, read_findings

_MAIN = '<main class="sheet">', "</main>"
_FOOTER = '<footer class="colophon">', "</footer>"


def write_single_file(folder: Path) -> Path:
    """Write `<business>-<period>.html` beside the folder of a published report.

    Returns
    -------
    The path of the file. Each id is led by the name of its page, so that it is unique; links to
    what a mail does not bring along (the CSV files, other reports) become plain text. Its title
    and its first line, with the key figures, are what a mail program shows of it.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    told = read_findings(folder / FILE)
    files = [one["page"] for one in manifest["pages"]]
    pages = {file: (folder / file).read_text(encoding="utf-8") for file in files}
    text = template("single_file.html.j2").render(
        title=told["title"],
        period_name=told["period_name"],
        key_figures=told["key_figures"],
        pages=[
            {
                "name": _name(one["page"]),
                "title": one["title"],
                "html": _part(pages[one["page"]], one["page"], files),
            }
            for one in manifest["pages"]
        ],
        footer="".join((_FOOTER[0], _between(pages[files[0]], *_FOOTER), _FOOTER[1])),
        css=page_css(),
    )
    path = folder.parent / f"{manifest['business']}-{manifest['period']}.html"
    write_whole(path, text)
    return path


def _part(page: str, file: str, files: Collection[str]) -> str:
    """What a page shows between its head and its footer, fit to stand beside the others."""

    def link(href: str) -> str | None:
        target, _, anchor = href.partition("#")
        if re.match(r"(https?|mailto):", href):
            return href
        if target not in files:
            return None
        return f"#{led(_name(target), anchor)}" if anchor else f"#{_name(target)}"

    return beside_others(_between(page, *_MAIN), _name(file), link=link)


def _name(file: str) -> str:
    return file.removesuffix(".html")


def _between(page: str, start: str, end: str) -> str:
    return page.split(start, 1)[1].split(end, 1)[0]
