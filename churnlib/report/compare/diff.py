"""Two reports of one business side by side: key figures, rows of tables, pages, and which inputs
changed.
"""

import os
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from churnlib.errors import ChurnlibError
from churnlib.report.compare.differences import (
    Row,
    changed_inputs,
    main_parts,
    page_difference,
    table_rows,
)
from churnlib.report.compare.verify import read_published
from churnlib.report.published.publish import write_whole, writing
from churnlib.report.render.pages import page_css, template

MAX_ROWS = 30
_LABEL, _VALUE = "cl-key-label", "cl-key-value"


@dataclass(frozen=True)
class Table:
    """A table that differs: rows that are in one report only are counted, those that changed are
    kept.
    """

    name: str
    new: int
    gone: int
    changed: tuple[Row, ...]

    @property
    def shown(self) -> list[tuple[str, str, str, str]]:
        """(row, column, before, after) of the first changed values."""
        values = [
            (row.key, name, pair) for row in self.changed for name, pair in row.changed.items()
        ]
        return [(key, name, *_rounded(*pair)) for key, name, pair in values[:MAX_ROWS]]

    @property
    def left(self) -> int:
        """Changed values that are not shown."""
        return sum(len(row.changed) for row in self.changed) - len(self.shown)


@dataclass(frozen=True)
class Comparison:
    """What differs between two reports of a business.

    figures : (label, before, after) of every key figure; pages : (page, first difference), where
    both reports are of
        the same period (else every page differs from its title on)
    """

    before: Path
    after: Path
    old: dict[str, Any]
    new: dict[str, Any]
    figures: tuple[tuple[str, str, str], ...]
    tables: tuple[Table, ...]
    pages: tuple[tuple[str, str], ...]
    inputs: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether both say the same, whatever made them."""
        same_period = self.old["period"] == self.new["period"]
        return (
            same_period
            and not self.tables
            and not self.pages
            and all(old == new for _, old, new in self.figures)
        )

    @property
    def summary(self) -> list[str]:
        """What the command line says."""
        figures = [f"{label}: {old} became {new}" for label, old, new in self.figures if old != new]
        tables = (
            ["the same"]
            if self.same
            else [f"{len(self.tables)} tables differ", *map(": ".join, self.pages)]
        )
        return [*figures, *tables, *(f"changed input: {text}" for text in self.inputs)]


def compare(before: Path, after: Path) -> Comparison:
    """Compare two published reports.

    Raises
    ------
    ChurnlibError : one of them is no published report, or they are of two businesses
    """
    old, new = read_published(before), read_published(after)
    if old["business"] != new["business"]:
        raise ChurnlibError(
            f"{before} is of business {old['business']!r}, {after} of {new['business']!r}."
        )
    names = dict.fromkeys((*_pages(old), *_pages(new))) if old["period"] == new["period"] else ()
    return Comparison(
        before=before,
        after=after,
        old=old,
        new=new,
        figures=tuple(_figures(_read(before / "index.html"), _read(after / "index.html"))),
        tables=tuple(
            table for name in _table_names(old, new) if (table := _table(name, before, after))
        ),
        pages=tuple(
            (name, found)
            for name in names
            if (found := _page(_read(before / name), _read(after / name)))
        ),
        inputs=tuple(changed_inputs(old, new)),
    )


def write_page(comparison: Comparison, path: Path | None = None) -> Path:
    """Write the comparison as a page and give its path; the default lies beside the later
    report.
    """
    after = comparison.after.resolve()
    name = f"diff-{comparison.before.resolve().name}-{after.name}.html"
    path = path or after.parent / name
    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        links = [_link(report, path) for report in (comparison.before, comparison.after)]
        page = template("diff.html.j2").render(
            diff=comparison, links=links, max_rows=MAX_ROWS, css=page_css()
        )
        write_whole(path, page)
    return path


class _KeyFigures(HTMLParser):
    """Reads the key figures of a front page: {label: value}."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._filling, self._depth, self._label = "", 0, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        css = (dict(attrs).get("class") or "").split()
        started = next((name for name in (_LABEL, _VALUE) if name in css), "")
        self._depth += bool(self._filling)
        if started:
            self._filling, self._depth = started, 1
            self._label = "" if started == _LABEL else self._label

    def handle_endtag(self, tag: str) -> None:
        self._depth -= bool(self._filling)
        self._filling = self._filling if self._depth else ""

    def handle_data(self, data: str) -> None:
        if self._filling == _LABEL:
            self._label += data
        elif self._filling == _VALUE:
            self.found[self._label] = self.found.get(self._label, "") + data


def key_figures(page: str) -> dict[str, str]:
    """{label: value} of the key figures on a page.

    Examples
    --------
    >>> key_figures('<div class="cl-key-label"><a href="#">MRR</a></div><div class="cl-key-value">12 EUR</div>')
    {'MRR': '12 EUR'}
    """
    parser = _KeyFigures()
    parser.feed(page)
    return parser.found


def _figures(before: str, after: str) -> list[tuple[str, str, str]]:
    old, new = key_figures(before), key_figures(after)
    return [
        (label, old.get(label, "–"), new.get(label, "–")) for label in dict.fromkeys((*new, *old))
    ]


def _pages(manifest: dict[str, Any]) -> list[str]:
    return [str(one["page"]) for one in manifest["chapters"]]


def _page(before: str, after: str) -> str | None:
    """The first difference between two pages, other than in how they were made."""
    return page_difference(before, after) if main_parts(before) != main_parts(after) else None


def _table_names(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return sorted(name for name in {*old["files"], *new["files"]} if name.endswith(".csv"))


def _table(name: str, before: Path, after: Path) -> Table | None:
    one, other = _read(before / name), _read(after / name)
    if one == other:
        return None
    rows = table_rows(one, other)
    changed = tuple(row for row in rows if row.before and row.after)
    return Table(
        Path(name).stem,
        sum(not row.before for row in rows),
        sum(not row.after for row in rows),
        changed,
    )


def _rounded(before: str, after: str) -> tuple[str, str]:
    """Two numbers to six digits, as long as they still differ."""
    try:
        short = f"{float(before):.6g}", f"{float(after):.6g}"
    except ValueError:
        return before, after
    return short if short[0] != short[1] and "." in before + after else (before, after)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _link(report: Path, page: Path) -> str:
    return Path(os.path.relpath(report.resolve() / "index.html", page.resolve().parent)).as_posix()
