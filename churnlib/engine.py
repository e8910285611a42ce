"""The one place that knows the engine: connect, collect, materialise, freeze, and what SQL
dialect it speaks.
"""

import glob
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandas as pd

from churnlib.errors import DataError

DIALECT = "duckdb"
MONEY = "decimal(18, 4)"
"""How money is kept on the engine: exact, so that sums tie and `mrr > 0` is a fact."""
MONEY_DECIMALS = 4
"""Decimals of `MONEY`. Sums of floats are rounded to them: this takes the last bit's noise away and
nothing else, in currencies of three decimals too."""
FORMULA = r"^[=+\-@\t\r]"
T = TypeVar("T")
_IN_PLAIN_WORDS = (  # what the engine says of a file, and what the reader is told of it
    (
        r"Expected Number of Columns: (\d+) Found: (\d+)",
        "{1} columns where the first line names {0}",
    ),
    (r"unterminated quote", 'a quote (") opens here and is not closed as it should be'),
    (r"not utf-8 encoded", "not UTF-8. Save the file as CSV UTF-8"),
    (
        r"Maximum line size of (\d+) bytes",
        "longer than {0} bytes. Close its quotes, or end its lines",
    ),
    (
        r"invalid state",
        "lines end in several ways (CRLF and LF). Write them in one, with dos2unix for example",
    ),
    (
        r"magic bytes|too small to be a Parquet file",
        "broken off, or no Parquet file at all. Copy or write it again",
    ),
    (
        r"not a valid DuckDB database",
        "not a DuckDB database. A folder of CSV or Parquet files is given without a name",
    ),
    (
        r"(Could not convert .*?) when casting",
        "{0}. In expressions, try_cast(x AS type) gives empty instead",
    ),
)


def connect(database: Path | None = None) -> ibis.BaseBackend:
    """A fresh embedded engine that shares nothing with other connections, or one over a database
    file, read only.
    """
    if database is None:
        return ibis.duckdb.connect()
    return run(lambda: ibis.duckdb.connect(str(database), read_only=True), database.name)


def read_parquet(engine: ibis.BaseBackend, path: Path) -> ir.Table:
    """The rows of a Parquet file, each with its place `_row` from 1."""
    rows = engine.read_parquet(_literal(path), file_row_number=True)
    return rows.mutate(_row=rows.file_row_number + 1).drop("file_row_number")


def read_csv(engine: ibis.BaseBackend, path: Path, n_columns: int, **layout: str) -> ir.Table:
    """All as text, under names of our own: the engine takes no column name as it comes."""
    columns = {f"column_{n}": "VARCHAR" for n in range(n_columns)}
    return engine.read_csv(
        _literal(path), header=True, auto_detect=False, columns=columns, **layout
    )


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
    """Run a query on the source; what the engine says of a broken file becomes a message that
    names the file.
    """
    import duckdb  # only here: its import starts a thread, and the server that kernels are forked from must have none

    try:
        return query()
    except (duckdb.Error, UnicodeDecodeError) as error:
        raise DataError(f"{file}{_in_plain_words(str(error))}.") from None


def compute(rows: ir.Table, expressions: dict[str, str]) -> ir.Table:
    """Add columns that parsed expressions (see `expressions`) give.

    Parameters
    ----------
    rows : a table
    expressions : {new column: SQL over the table's columns, as `parse_expression` writes it}
    """
    if not expressions:
        return rows
    quoted = {name: '"' + name.replace('"', '""') + '"' for name in expressions}
    added = ", ".join(f"{text} AS {quoted[name]}" for name, text in expressions.items())
    return rows.alias("source_rows").sql(f"SELECT *, {added} FROM source_rows", dialect=DIALECT)


def materialise(table: ir.Table) -> ir.Table:
    """Compute a table once and keep it in the engine for as long as the connection lives."""
    backend = table.get_backend()
    if backend.name != DIALECT:
        return table.cache()
    return backend.create_table(ibis.util.gen_name("churnlib"), table, temp=True)


def open_frozen_table(engine: ibis.BaseBackend, path: Path) -> ir.Table:
    """A table that a snapshot froze."""
    return engine.read_parquet(str(path))


def freeze_table(table: ir.Table, path: Path) -> None:
    """Write rows in an order of their own, so that the same rows give the same bytes."""
    table.order_by([table[name] for name in table.columns]).to_parquet(str(path))


def write_csv(table: ir.Table, path: Path) -> None:
    """Write a table of many rows as CSV, on the engine; text that a spreadsheet would run as a
    formula is defused.
    """
    texts = [name for name, dtype in table.schema().items() if dtype.is_string()]
    safe = {
        name: ibis.ifelse(table[name].re_search(FORMULA), "'" + table[name], table[name])
        for name in texts
    }
    # What is unknown is an empty cell, not the word nan.
    numbers = [name for name, dtype in table.schema().items() if dtype.is_floating()]
    safe |= {
        name: ibis.ifelse(table[name].isnan(), ibis.null("float64"), table[name])
        for name in numbers
    }
    table.mutate(**safe).to_csv(str(path), header=True)


def parse_date(column: ir.Column, *, form: str | None, timezone: str) -> ir.Column:
    """A date from what the source has, in the business's time zone; NULL where it cannot be one.

    Dates pass, times lose their hour, times with an offset are moved into `timezone` first, texts
    are ISO or in `form`.
    """
    kind = column.type()
    if kind.is_timestamp():
        return (_in_timezone(timezone, column) if kind.timezone else column).date()
    if kind.is_date():
        return column
    text = column.cast("string")
    if form:
        moment = _try_strptime(text, form)
        return (
            _in_timezone(timezone, moment.cast(dt.Timestamp(timezone="UTC")))
            if "%z" in form
            else moment
        ).date()
    instant = text.try_cast(dt.Timestamp(timezone="UTC"))
    return ibis.cases(
        ((text.length() == 10) & text.like("____-__-__"), text.try_cast("date")),
        (~text.re_search(r"^\d{4}-\d{2}-\d{2}([ T].*)?$"), ibis.null("date")),
        (
            text.re_search(r"\d{2}:\d{2}.*(Z|[+-]\d{2}(:?\d{2})?)$"),
            _in_timezone(timezone, instant).date(),
        ),
        else_=text.try_cast("timestamp").date(),
    )


@ibis.udf.scalar.builtin(name="try_strptime", signature=((dt.string, dt.string), dt.timestamp))
def _try_strptime(text, form): ...


@ibis.udf.scalar.builtin(
    name="timezone", signature=((dt.string, dt.Timestamp(timezone="UTC")), dt.timestamp)
)
def _in_timezone(zone, instant): ...


def _in_plain_words(said: str) -> str:
    """What the engine says of a file: the line, and what is wrong; never a path, never a row of
    the data.
    """
    line = re.search(r"CSV Error on Line: (\d+)", said)
    where = f", line {int(line[1]):,}: " if line else ": "
    for pattern, words in _IN_PLAIN_WORDS:
        if found := re.search(pattern, said):
            return where + words.format(*found.groups())
    return f"{where}not readable: " + re.sub(
        r"[^\s\"']*/", "", said.strip().splitlines()[0]
    ).rstrip(".")


def _literal(path: Path) -> str:
    """A path whose brackets and stars are not read as a pattern."""
    return glob.escape(str(path))
