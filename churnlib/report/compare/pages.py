"""Where two pages differ, in words: the chart, the row of a table, the heading above."""

from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import zip_longest

MAX_TEXT = 60
_BLOCKS = {
    "cl-figure": "chart",
    "cl-table": "table",
    "cl-triangle": "table",
    "cl-keys": "key figures",
    "cl-findings": "findings",
    "cl-definitions": "definitions",
    "prose": "text",
    "colophon": "footer",
    "masthead": "header",
}


def page_difference(one: str, other: str) -> str | None:
    """The first place at which two pages differ, or None.

    Examples
    --------
    >>> page = '<div class="cl-table" id="t"><td>1</td></div>'
    >>> page_difference(page, page.replace("1", "2"))
    'table "t": 1 became 2'
    """
    for before, after in zip_longest(_parts(one), _parts(other), fillvalue=_END):
        if before.content != after.content:
            where = after.where if before is _END else before.where
            words = (
                f": {short(before.content)} became {short(after.content)}" if before.is_text else ""
            )
            return f"{where}{words}"
    return None


class _Place(HTMLParser):
    """Splits a page into tags and texts, each with the chart, table or heading it stands in."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[_Part] = []
        self._block, self._heading, self._row, self._filling = "", "", "", ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        for css in (values.get("class") or "").split():
            if css in _BLOCKS:
                self._block = _BLOCKS[css] + (f' "{values["id"]}"' if values.get("id") else "")
                self._row = ""
        if tag == "tr":
            self._row = ""
        if tag in ("h2", "dt") or (tag == "th" and values.get("scope") == "row"):
            self._filling = "row" if tag == "th" else "heading"
            self._heading = self._heading if tag == "th" else ""
        self._add(f"<{tag} {sorted((name, value or '') for name, value in attrs)}>", is_text=False)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("h2", "dt", "th"):
            self._filling = ""
        self._add(f"</{tag}>", is_text=False)

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        if self._filling == "row":
            self._row += data.strip()
        elif self._filling == "heading":
            self._heading += data.strip()
        self._add(" ".join(data.split()), is_text=True)

    def _add(self, content: str, *, is_text: bool) -> None:
        row = f", row {short(self._row)}" if self._row and self._filling != "row" else ""
        heading = (
            f" under {self._heading!r}" if self._heading and self._filling != "heading" else ""
        )
        self.found.append(_Part(content, f"{self._block or 'page'}{row}{heading}", is_text))


@dataclass(frozen=True)
class _Part:
    content: str
    where: str
    is_text: bool


_END = _Part("nothing", "the end of the page", False)


def _parts(page: str) -> list[_Part]:
    parser = _Place()
    parser.feed(page)
    parser.close()
    return parser.found


def short(text: str) -> str:
    """A text that fits into a sentence."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
