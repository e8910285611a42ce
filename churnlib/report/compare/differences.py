"""Where two reports differ, in words: the chart, table, row or cell; and which of their inputs
changed.
"""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import zip_longest
from pathlib import Path
from typing import Any

MAX_TEXT = 60
FOOTER_TAG = "footer"
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


@dataclass(frozen=True)
class Row:
    """One row of a table in two reports: its key, and its values before and after; empty where
    it is not there.
    """

    key: str
    before: dict[str, str]
    after: dict[str, str]

    @property
    def changed(self) -> dict[str, tuple[str, str]]:
        """{column: (before, after)} of the values that differ."""
        names = dict.fromkeys((*self.before, *self.after))
        pairs = {name: (self.before.get(name, ""), self.after.get(name, "")) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def page_difference(one: str, other: str) -> str | None:
    """The first place at which two pages differ, or None.

    Examples
    --------
    >>> page_difference('<div class="cl-table" id="t"><td>1</td></div>', '<div class="cl-table" id="t"><td>2</td></div>')
    'table "t": 1 became 2'
    """
    for before, after in zip_longest(_parts(one), _parts(other), fillvalue=_END):
        if before.content != after.content:
            where = after.where if before is _END else before.where
            words = (
                f": {_short(before.content)} became {_short(after.content)}"
                if before.is_text
                else ""
            )
            return f"{where}{words}"
    return None


def main_parts(page: str) -> list[str]:
    """What a page says between its header and the footer on how it was made."""
    return [part.content for part in _parts(page) if not part.where.startswith(FOOTER_TAG)]


def notebook_difference(one: str, other: str) -> str | None:
    """The first cell in which two kept notebooks differ, or None."""
    cells = zip_longest(json.loads(one)["cells"], json.loads(other)["cells"], fillvalue={})
    number = 0
    for before, after in cells:
        number += "injected-parameters" not in (before or after)["metadata"].get("tags", [])
        if before != after:
            return f"cell {number}"
    return None if one == other else "metadata"


def table_rows(one: str, other: str) -> list[Row]:
    """The rows of two CSV files that differ, in the order of the second, those that are gone last.

    A row's key is the fewest first columns whose values tell all rows apart in both files: texts,
    dates and whole numbers before measured ones.
    """
    before, after = _read(one), _read(other)
    keys = _key_columns(before, after)
    old, new = _by_key(before, keys), _by_key(after, keys)
    rows = [Row(key, old.get(key, {}), new.get(key, {})) for key in dict.fromkeys((*new, *old))]
    return [row for row in rows if row.before != row.after]


def table_difference(one: str, other: str) -> str | None:
    """The first row in which two CSV files differ, or None."""
    if one == other:
        return None
    row = next(iter(table_rows(one, other)), None)
    if row is None:
        return "the order of rows or columns"
    if not row.before or not row.after:
        return f"row {row.key} {'is gone' if row.before else 'is new'}"
    column, (old, new) = next(iter(row.changed.items()))
    return f"row {row.key}: {column} {_short(old)} became {_short(new)}"


def file_difference(name: str, one: Path, other: Path) -> str | None:
    """The first difference of one file in two reports, or None."""
    if not one.exists() or not other.exists():
        return "is gone" if one.exists() else "is new"
    if one.read_bytes() == other.read_bytes():
        return None
    differ = {
        ".html": page_difference,
        ".csv": table_difference,
        ".ipynb": notebook_difference,
    }.get(Path(name).suffix)
    return (
        differ and differ(one.read_text("utf-8"), other.read_text("utf-8"))
    ) or "its bytes differ"


def changed_inputs(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Which inputs of two reports differ, from their manifests: data, parameters, code,
    environment.
    """
    found = []
    if _fingerprint(before, "data") != _fingerprint(after, "data"):
        found.append(
            f"data: {_short(_fingerprint(before, 'data')[:12])} became "
            f"{_fingerprint(after, 'data')[:12]}"
        )
    elif before["rows"] != after["rows"]:
        found.append("data: the rows read or set aside")
    found += [
        f"parameters: {one}"
        for one in _leaves_that_differ(before["parameters"], after["parameters"])
    ]
    if _fingerprint(before, "code") != _fingerprint(after, "code"):
        found.append(f"code: churnlib {_commit(before)} became {_commit(after)}")
    found += [f"code: notebook {name}" for name in _notebooks_that_differ(before, after)]
    parts = ("lock", "python", "platform", "packages")
    old, new = ({part: one["software"].get(part) for part in parts} for one in (before, after))
    return found + [f"environment: {one}" for one in _leaves_that_differ(old, new)]


class _Place(HTMLParser):
    """Splits a page into tags and texts, each with the chart, table or heading that it stands
    in.
    """

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
        row = f", row {_short(self._row)}" if self._row and self._filling != "row" else ""
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


def _read(text: str) -> list[dict[str, str]]:
    return [
        {k: v for k, v in row.items() if k is not None} for row in csv.DictReader(io.StringIO(text))
    ]


def _key_columns(before: Sequence[dict[str, str]], after: Sequence[dict[str, str]]) -> list[str]:
    rows = [*before, *after]
    shared = [name for name in (before or after or [{}])[0] if all(name in row for row in rows)]
    names = sorted(shared, key=lambda name: any("." in row[name] for row in rows))
    for n in range(1, len(names)):
        if all(
            len({tuple(row[name] for name in names[:n]) for row in one}) == len(one)
            for one in (before, after)
        ):
            return names[:n]
    return names


def _by_key(rows: Sequence[dict[str, str]], keys: Sequence[str]) -> dict[str, dict[str, str]]:
    return {" · ".join(row[key] for key in keys): row for row in rows}


def _leaves_that_differ(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """`margin: 0.8 became 0.7` for each value of two nested mappings that differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            yield from _leaves_that_differ(
                one.get(key), other.get(key), f"{path}.{key}" if path else str(key)
            )
    elif one != other:
        yield f"{path}: {_short(json.dumps(one))} became {_short(json.dumps(other))}"


def _notebooks_that_differ(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    old, new = (
        {one["chapter"]: one.get("notebook") for one in told["chapters"]}
        for told in (before, after)
    )
    return [name for name in dict.fromkeys((*old, *new)) if old.get(name) != new.get(name)]


def _fingerprint(manifest: dict[str, Any], name: str) -> str:
    return str((manifest.get("fingerprints") or {}).get(name))


def _commit(manifest: dict[str, Any]) -> str:
    made = manifest["software"]
    return (
        f"{made.get('churnlib')} (files {made.get('code')}, commit {made.get('commit') or 'none'})"
    )


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
