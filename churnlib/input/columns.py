"""Columns of the source by their names, and the rows that a filter keeps."""

import re
from collections.abc import Iterable

import ibis.expr.types as ir

from churnlib.engine import run
from churnlib.errors import DataError, nearest
from churnlib.input.expressions import MAX_QUOTED
from churnlib.input.source import RawTable
from churnlib.params.source import TableSource

MAX_NAMED = 40  # columns that a message lists


def filtered(rows: ir.Table, columns: list[str], settings: TableSource, key: str) -> ir.Table:
    for name, wanted in settings.filter.items():
        column = rows[existing(name, columns, key)]
        if column.type().is_numeric():
            rows = rows.filter(column.isin([_number(value, f"{key}.{name}") for value in wanted]))
        else:
            rows = rows.filter(_folded(column).isin([str(value).lower() for value in wanted]))
    return rows


def _number(value: str | bool | int | float, key: str) -> int | float:
    """A value that a column of numbers is compared with."""
    try:
        number = float(value)
    except ValueError:
        raise DataError(f"{key} = {value!r}: the column holds numbers; this is none.") from None
    return int(number) if number.is_integer() else number


def _folded(column: ir.Value) -> ir.StringValue:
    return column.cast("string").strip().lower()


def values_there(raw: RawTable, settings: TableSource) -> str:
    """What the filtered columns hold, so that a filter can be mended."""
    told = []
    for name in settings.filter:
        columns = [one for one in raw.rows.columns if not one.startswith("_")]
        column = raw.rows[existing(name, columns, "filter")]
        found = run(lambda column=column: column.cast("string").topk(3).execute(), raw.file)
        values = [repr(str(value)[:MAX_QUOTED]) for value in found.iloc[:, 0]]
        told.append(f"{name!r} holds {', '.join(values)}")
    return "; ".join(told) + "."


def existing(name: str, columns: Iterable[str], key: str) -> str:
    """The source's column of this name, capitals aside."""
    columns = list(columns)
    if name in columns:
        return name
    for one in columns:
        if one.lower() == name.lower():
            return one
    raise DataError(
        f"{key}: no column {name!r} in the source{nearest(name, columns) or '.'} "
        f"{columns_there(columns)}"
    )


def columns_there(columns: list[str]) -> str:
    """What the source has instead, and what may be wrong where that cannot be columns."""
    shown = ", ".join(one[:MAX_QUOTED] for one in columns[:MAX_NAMED])
    if len(columns) > MAX_NAMED:
        shown += " ..."
    if len(columns) == 1:
        other = re.sub(r"[\w\s\"']", "", columns[0])[:1]
        guess = repr(other) if other else "another one"
        return (
            f"One column found in the first line, {shown!r}: is the separator {guess}? "
            "It may be , ; | tab whitespace: see separator."
        )
    if any(re.fullmatch(r"[\d.,:/ T-]+", one) for one in columns):
        return f"The first line must name the columns; it holds {shown}."
    return f"The source has: {shown}."
