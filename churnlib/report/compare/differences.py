"""Where two files of reports differ, in words: the chart, the row, the cell, the value."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

from churnlib.report.compare.pages import page_difference, short
from churnlib.report.execute.fault import INJECTED


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


def notebook_difference(one: str, other: str) -> str | None:
    """The first cell in which two kept notebooks differ, or None."""
    before, after = json.loads(one)["cells"], json.loads(other)["cells"]
    cells = zip_longest(_numbered(before), _numbered(after), fillvalue=(0, None))
    for (number, old), (or_number, new) in cells:
        if old != new:
            return f"cell {number or or_number}"
    return None if one == other else "metadata"


def shown_difference(one: str, other: str) -> str | None:
    """The first cell in which two kept notebooks show something else, and where in it, or None.

    Code is not shown: a notebook that computes the same in another way shows no difference.
    """
    before, after = _shown(json.loads(one)), _shown(json.loads(other))
    cells = zip_longest(before, after, fillvalue=(0, "", ""))
    for (number, kind, old), (or_number, or_kind, new) in cells:
        if old != new:
            where = f"cell {number or or_number}"
            is_block = kind == or_kind == "code"
            return f"{where}: {page_difference(old, new)}" if is_block else where
    return None


def json_difference(one: str, other: str) -> str | None:
    """The first value in which two JSON files differ, or None."""
    before, after = _by_number(json.loads(one)), _by_number(json.loads(other))
    return next(leaves_that_differ(before, after), None)


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
    return f"row {row.key}: {column} {short(old)} became {short(new)}"


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
        ".json": json_difference,
    }.get(Path(name).suffix)
    return (
        differ and differ(one.read_text("utf-8"), other.read_text("utf-8"))
    ) or "its bytes differ"


def leaves_that_differ(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """`margin: null became 0.7` for each value of two nested mappings that differs."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in dict.fromkeys((*one, *other)):
            below = f"{path}.{key}" if path else str(key)
            yield from leaves_that_differ(one.get(key), other.get(key), below)
    elif one != other:
        yield f"{path}: {short(json.dumps(one))} became {short(json.dumps(other))}"


def _numbered(cells: Iterable[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Cells with their number in the notebook, from 1; that of parameters put in has none."""
    number = 0
    for cell in cells:
        number += INJECTED not in cell["metadata"].get("tags", [])
        yield number, cell


def _shown(notebook: dict[str, Any]) -> Iterator[tuple[int, str, str]]:
    """(number, kind, content) of each cell that shows something."""
    for number, cell in _numbered(notebook["cells"]):
        kind = cell["cell_type"]
        if kind == "markdown":
            content = _joined(cell["source"])
        else:
            data = [one.get("data", {}) for one in cell.get("outputs", ())]
            content = "".join(_joined(one.get("text/html", "")) for one in data)
        if content:
            yield number, kind, content


def _joined(text: str | list[str]) -> str:
    """Text as a notebook's file has it: whole, or as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def _by_number(value: Any) -> Any:
    """Lists as mappings from 0, so that one more at the end is one difference."""
    if isinstance(value, list):
        return {number: _by_number(one) for number, one in enumerate(value)}
    if isinstance(value, dict):
        return {key: _by_number(one) for key, one in value.items()}
    return value


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
