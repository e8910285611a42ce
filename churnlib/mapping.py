"""Columns of the source under our names, rows that the filter keeps, each row with its place in the file.

Nothing is typed here: `checks` knows what a valid value is.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from churnlib.errors import DataError
from churnlib.expressions import parse_expression
from churnlib.params import TableSource, nearest
from churnlib.schemas import TableSchema
from churnlib.sources import DIALECT, RawTable, compute, materialise, run


@dataclass(frozen=True)
class MappedTable:
    """One table as it stands in the source, under canonical names, untyped.

    rows : canonical and attribute columns, `_row` (int64, from 1) and `_repeated` (the very same row of the source,
        all its columns, stood there before). file : what messages call it. n_read, n_filtered : rows read, and rows
        of them that the filter left out.
    """

    name: str
    rows: ir.Table
    file: str
    n_read: int
    n_filtered: int
    date_format: str | None


def map_table(raw: RawTable, settings: TableSource, schema: TableSchema) -> MappedTable:
    """Filter, rename, add constants and expressions.

    Raises
    ------
    DataError or ParamsError : a column that the source or the schema does not have (naming the nearest one), a
        required column that is not mapped, an expression that is not allowed
    """
    key = f"source.tables.{schema.name}"
    _check_targets(settings, schema, key)
    columns = list(raw.rows.columns)
    named = _columns(columns, settings, schema, key)
    rows = compute(_filtered(_numbered(raw.rows), settings, f"{key}.filter"), _computed(columns, settings, key))
    values = {ours: rows[theirs] for ours, theirs in named.items()}
    values |= {ours: ibis.literal(value) for ours, value in settings.constants.items()}
    values |= {ours: rows[_target(ours)] for ours in settings.expressions}
    _require(values, columns, schema, key)
    kept = run(lambda: materialise(rows.select("_row", "_repeated", **values)), raw.file)
    n_read, n_kept = run(lambda: (raw.rows.count().execute(), kept.count().execute()), raw.file)
    return MappedTable(schema.name, kept, raw.file, n_read, n_read - n_kept, settings.date_format)


def _numbered(raw: ir.Table) -> ir.Table:
    numbered = raw.mutate(_row=ibis.row_number() + 1)
    same = ibis.window(group_by=[numbered[name] for name in raw.columns], order_by=numbered._row)
    return numbered.mutate(_repeated=ibis.row_number().over(same) > 0)


def _filtered(rows: ir.Table, settings: TableSource, key: str) -> ir.Table:
    for name, wanted in settings.filter.items():
        column = rows[_existing(name, rows.columns, key)]
        if column.type().is_numeric():
            allowed = column.isin([value for value in wanted if not isinstance(value, str)])
        else:
            allowed = column.cast("string").strip().lower().isin([str(value).lower() for value in wanted])
        rows = rows.filter(allowed)
    return rows


def _columns(columns: list[str], settings: TableSource, schema: TableSchema, key: str) -> dict[str, str]:
    """Which of the source's columns each of ours is, where it is one as it stands."""
    kept = (name for name in columns if schema.attributes or name in schema.names())
    named = {name: name for name in kept if not name.startswith("_") and name not in settings.columns.values()}
    named |= {ours: _existing(theirs, columns, f"{key}.columns.{ours}") for ours, theirs in settings.columns.items()}
    replaced = (*settings.constants, *settings.expressions)
    return {ours: theirs for ours, theirs in named.items() if ours not in replaced}


def _computed(columns: list[str], settings: TableSource, key: str) -> dict[str, str]:
    return {
        _target(ours): parse_expression(text, columns, key=f"{key}.expressions.{ours}", dialect=DIALECT)
        for ours, text in settings.expressions.items()
    }


def _target(ours: str) -> str:
    """A name that no column of the source has, so that an expression never shadows what it reads."""
    return f"_expression_{ours}"


def _check_targets(settings: TableSource, schema: TableSchema, key: str) -> None:
    for name in (*settings.columns, *settings.constants, *settings.expressions):
        if name.startswith("_") or not (schema.attributes or name in schema.names()):
            hint = nearest(name, schema.names()) or f"; it has: {', '.join(schema.names())}."
            raise DataError(f"{key}: {name!r} is not a column of {schema.name}{hint}")


def _existing(name: str, columns: Iterable[str], key: str) -> str:
    if name in columns:
        return name
    raise DataError(f"{key}: no column {name!r} in the source{nearest(name, columns)} It has: {', '.join(columns)}.")


def _require(values: dict[str, ir.Value], columns: list[str], schema: TableSchema, key: str) -> None:
    for name in schema.required():
        if name not in values:
            near = difflib.get_close_matches(name, columns, n=1, cutoff=0.4)
            hint = f"The nearest is {near[0]!r}." if near else f"The source has: {', '.join(columns)}."
            raise DataError(f"{key}: the column {name!r} is missing. Map it under {key}.columns.{name}. {hint}")
