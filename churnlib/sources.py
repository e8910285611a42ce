"""Open files and databases through Ibis. The one place that knows the engine and writes SQL."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandas as pd

from churnlib.errors import DataError
from churnlib.params import Params, TableSource, nearest
from churnlib.places import SUFFIXES, place_of
from churnlib.schemas import TABLES

DIALECT = "duckdb"
FORMULA = r"^[=+\-@\t\r]"
NEVER = "\x1f"  # a separator that stands in no file: a line is then one column
T = TypeVar("T")


@dataclass(frozen=True)
class RawTable:
    """One table as it stands in the source: its rows, and what messages call it."""

    rows: ir.Table
    file: str


def open_source(params: Params) -> dict[str, tuple[RawTable, TableSource]]:
    """Open every table of a business that is there.

    Returns
    -------
    {name: (RawTable, its settings)} for customers, subscriptions, orders, as far as present

    Raises
    ------
    DataError : no such folder, file or table (naming the nearest), or not readable
    """
    place = place_of(params)
    engine = connect() if place.is_dir() else _database(place)
    there = _listing(engine, place)
    tables = params.source.tables or {name: TableSource() for name in TABLES if _default(place, name) & set(there)}
    if params.activity_table not in tables:
        raise DataError(
            f"source.uri = {params.source.uri!r}: no table {params.activity_table!r}, which model {params.model} "
            f"needs. There: {_named(there)}. Say which under source.tables.{params.activity_table}.from."
        )
    return {name: (_open_table(engine, place, name, settings), settings) for name, settings in tables.items()}


def connect() -> ibis.BaseBackend:
    """A fresh embedded engine that shares nothing with other connections."""
    return ibis.duckdb.connect()


def collect(expression: ir.Table) -> pd.DataFrame:
    """Run an expression and fetch its (small) result: decimals as float64, dates as datetime64.

    Examples
    --------
    >>> collect(ibis.memtable({"n": [1, 2]}).agg(total=ibis._.n.sum())).total.item()
    3
    """
    types = expression.schema().items()
    casts: dict[str, Any] = {name: "float64" for name, dtype in types if dtype.is_decimal()}
    dates = [name for name, dtype in types if dtype.is_date()]
    casts |= dict.fromkeys(dates, "timestamp")
    frame = (expression.cast(casts) if casts else expression).to_pandas()
    return frame.astype(dict.fromkeys(dates, "datetime64[ns]"))


def run(query: Callable[[], T], file: str) -> T:
    """Run a query on the source; what the engine says of a broken file becomes a message that names the file."""
    import duckdb  # only here: its import starts a thread, and the server that kernels are forked from must have none

    try:
        return query()
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise DataError(f"{file}: not readable: {_first_line(error)}") from None


def compute(rows: ir.Table, expressions: dict[str, str]) -> ir.Table:
    """Add columns that parsed expressions (see `expressions`) give.

    Parameters
    ----------
    rows : a table
    expressions : {new column: SQL over the table's columns, as `parse_expression` writes it}
    """
    if not expressions:
        return rows
    added = ", ".join(f'{text} AS "{name}"' for name, text in expressions.items())
    return rows.alias("source_rows").sql(f"SELECT *, {added} FROM source_rows", dialect=DIALECT)


def materialise(table: ir.Table) -> ir.Table:
    """Compute a table once and keep it in the engine for as long as the connection lives."""
    return table.get_backend().create_table(ibis.util.gen_name("churnlib"), table, temp=True)


def open_frozen_table(engine: ibis.BaseBackend, path: Path) -> ir.Table:
    """A table that a snapshot froze."""
    return engine.read_parquet(str(path))


def freeze_table(table: ir.Table, path: Path) -> None:
    """Write rows in an order of their own, so that the same rows give the same bytes."""
    table.order_by([table[name] for name in table.columns]).to_parquet(str(path))


def write_csv(table: ir.Table, path: Path) -> None:
    """Write a table of many rows as CSV, on the engine; text that a spreadsheet would run as a formula is defused."""
    texts = [name for name, dtype in table.schema().items() if dtype.is_string()]
    safe = {name: ibis.ifelse(table[name].re_search(FORMULA), "'" + table[name], table[name]) for name in texts}
    # What is unknown is an empty cell, not the word nan.
    numbers = [name for name, dtype in table.schema().items() if dtype.is_floating()]
    safe |= {name: ibis.ifelse(table[name].isnan(), ibis.null("float64"), table[name]) for name in numbers}
    table.mutate(**safe).to_csv(str(path), header=True)


def parse_date(column: ir.Column, *, form: str | None, timezone: str) -> ir.Column:
    """A date from what the source has, in the business's time zone; NULL where it cannot be one.

    Dates pass, times lose their hour, times with an offset are moved into `timezone` first, texts are ISO or in `form`.
    """
    kind = column.type()
    if kind.is_timestamp():
        return (_in_timezone(timezone, column) if kind.timezone else column).date()
    if kind.is_date():
        return column
    text = column.cast("string").strip()
    if form:
        return _try_strptime(text, form).date()
    instant = text.try_cast(dt.Timestamp(timezone="UTC"))
    return ibis.cases(
        (~text.re_search(r"^\d{4}-\d{2}-\d{2}([ T].*)?$"), ibis.null("date")),
        (text.re_search(r"\d{2}:\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)$"), _in_timezone(timezone, instant).date()),
        else_=text.try_cast("timestamp").date(),
    )


@ibis.udf.scalar.builtin(name="try_strptime", signature=((dt.string, dt.string), dt.timestamp))
def _try_strptime(text, form): ...


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, dt.Timestamp(timezone="UTC")), dt.timestamp))
def _in_timezone(zone, instant): ...


def _database(place: Path) -> ibis.BaseBackend:
    return run(lambda: ibis.duckdb.connect(str(place), read_only=True), place.name)


def _listing(engine: ibis.BaseBackend, place: Path) -> list[str]:
    if place.is_dir():
        return sorted(p.name for p in place.iterdir() if p.name.endswith(SUFFIXES))
    return sorted(engine.list_tables())


def _default(place: Path, name: str) -> set[str]:
    return {name + suffix for suffix in SUFFIXES} if place.is_dir() else {name}


def _open_table(engine: ibis.BaseBackend, place: Path, name: str, settings: TableSource) -> RawTable:
    there = _listing(engine, place)
    file = settings.from_ or next((one for one in there if one in _default(place, name)), name)
    if file not in there:
        hint = nearest(file, there) or f". There: {_named(there)}."
        raise DataError(f"source.tables.{name}: no {file!r} in {place.name}{hint}")
    rows = run(lambda: _read_file(engine, place / file, settings) if place.is_dir() else engine.table(file), file)
    return RawTable(rows, file)


def _read_file(engine: ibis.BaseBackend, path: Path, settings: TableSource) -> ir.Table:
    if path.stat().st_size == 0:
        raise DataError(f"{path.name}: the file is empty.")
    if path.suffix == ".parquet":
        return engine.read_parquet(str(path))
    if settings.separator == "whitespace":
        return _read_whitespace(engine, path)
    separator = {"tab": "\t"}.get(settings.separator or "", settings.separator)
    options = {"delim": separator} if separator else {}
    return engine.read_csv(str(path), all_varchar=True, header=True, **options)


def _read_whitespace(engine: ibis.BaseBackend, path: Path) -> ir.Table:
    """Columns set apart by any number of spaces, the first line naming them."""
    layout = {"auto_detect": False, "columns": {"line": "VARCHAR"}, "delim": NEVER, "quote": "", "escape": ""}
    lines = engine.read_csv(str(path), header=True, **layout)
    with path.open(encoding="utf-8") as file:
        names = file.readline().split()
    parts = lines.select(parts=lines.line.strip().re_split(r"\s+"))
    return parts.select(**{name: parts.parts[n] for n, name in enumerate(names)})


def _named(there: list[str]) -> str:
    return ", ".join(there) or "nothing"


def _first_line(error: Exception) -> str:
    """The engine's first sentence, without the file's full path."""
    return re.sub(r"[^\s\"']*/", "", str(error).splitlines()[0].strip())
