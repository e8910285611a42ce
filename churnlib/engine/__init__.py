"""The one place that knows the engine: connect, collect, materialise, freeze, its SQL dialect."""

import glob
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from churnlib.errors import DataError

DIALECT = "duckdb"
MONEY = "decimal(18, 4)"
"""How money is kept on the engine: exact, so that sums tie and `mrr > 0` is a fact."""
MONEY_DECIMALS = 4
"""Decimals of `MONEY`. Sums of floats are rounded to them: this takes the last bit's noise away and
nothing else, in currencies of three decimals too."""
FORMULA = "^[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]"
"""How a text begins that a spreadsheet would run; full-width signs too."""
BATCH = 1 << 17
"""Rows that are fetched at a time where many are written."""
T = TypeVar("T")
_IN_PLAIN_WORDS = (  # what the engine says of a file, and what the reader is told of it
    (
        r"Expected Number of Columns: (\d+) Found: (\d+)",
        "{1} columns where the first line names {0}",
    ),
    (r"unterminated quote", 'a quote (") opens here and is not closed as it should be'),
    (
        r"not utf-8 encoded",
        "not UTF-8. Say how it was saved, such as encoding: latin-1, or save it as CSV UTF-8",
    ),
    (
        r"Maximum line size of (\d+) bytes",
        "longer than {0} bytes. Close its quotes, or end its lines",
    ),
    (
        r"invalid state",
        "lines end in several ways (CRLF and LF). Write them in one, with dos2unix for example",
    ),
    (
        r"magic bytes|too small to be a Parquet file|Parquet|thrift",
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


def connect(source: Path | None = None) -> ibis.BaseBackend:
    """A fresh engine that shares nothing with others and loads nothing from elsewhere.

    Parameters
    ----------
    source : a folder, outside of which no file can be read; or a database file, which is opened
        read only and reaches nothing beside itself; None = no such limits
    """
    if source is None or source.is_dir():
        engine = ibis.duckdb.connect()
    else:
        engine = run(lambda: ibis.duckdb.connect(str(source), read_only=True), source.name)
    settings = ["autoinstall_known_extensions = false", "autoload_known_extensions = false"]
    if source and source.is_dir():
        folders = [_quoted(f"{folder}/") for folder in (source, Path(tempfile.gettempdir()))]
        settings.append(f"allowed_directories = [{', '.join(folders)}]")
    if source:
        settings.append("enable_external_access = false")
    for setting in settings:
        engine.raw_sql(f"SET {setting}")
    return engine


def is_over_files(engine: ibis.BaseBackend, name: str) -> bool:
    """Whether what a database calls so is a view that reads a file elsewhere."""
    import duckdb

    try:
        engine.raw_sql(f"SELECT * FROM {_name(name)} LIMIT 0").fetchall()
    except duckdb.PermissionException:
        return True
    except duckdb.Error:
        return False  # said where the table is read
    return False


def open_table(engine: ibis.BaseBackend, name: str) -> ir.Table:
    """A table or view of a database, without columns for which the engine would have to be
    extended.
    """
    described = engine.raw_sql(f"DESCRIBE {_name(name)}").fetchall()
    kept = [column for column, kind, *_ in described if "GEOMETRY" not in kind]
    if len(kept) == len(described):
        return engine.table(name)
    columns = ", ".join(_name(column) for column in kept)
    return engine.sql(f"SELECT {columns} FROM {_name(name)}", dialect=DIALECT)


def read_parquet(engine: ibis.BaseBackend, path: Path) -> ir.Table:
    """The rows of a Parquet file, each with its place `_row` from 1.

    Durations are left out: the engine takes them for plain numbers.
    """
    durations = [one.name for one in pq.read_schema(path) if pa.types.is_duration(one.type)]
    rows = engine.read_parquet(_literal(path), file_row_number=True)
    rows = rows.drop(*(name for name in durations if name in rows.columns))
    return rows.mutate(_row=rows.file_row_number + 1).drop("file_row_number")


def parquet_columns(path: Path) -> list[str]:
    """The names of a Parquet file's columns, as they stand there."""
    return pq.read_schema(path).names


def read_csv(engine: ibis.BaseBackend, path: Path, n_columns: int, **layout: str) -> ir.Table:
    """All as text, under names of our own: the engine takes no column name as it comes."""
    columns = {f"column_{n}": "VARCHAR" for n in range(n_columns)}
    return engine.read_csv(
        _literal(path), header=True, auto_detect=False, columns=columns, **layout
    )


def read_arrow(engine: ibis.BaseBackend, rows: pa.Table) -> ir.Table:
    """Rows at hand in memory, each with its place `_row` from 1."""
    if "_row" in rows.column_names:
        rows = rows.drop_columns("_row")
    placed = rows.append_column("_row", pa.array(range(1, len(rows) + 1), pa.int64()))
    return engine.create_table(ibis.util.gen_name("churnlib"), placed, temp=True)


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
    """Run a query on the source; what the engine says of a broken file becomes a message on it."""
    # Only here: its import starts a thread, and the server that kernels are forked from must have
    # none.
    import duckdb

    try:
        return query()
    except (duckdb.Error, pa.ArrowException, OSError, UnicodeDecodeError) as error:
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
    added = ", ".join(f"{text} AS {_name(name)}" for name, text in expressions.items())
    source = ibis.util.gen_name("source_rows")  # two of one name cannot stand in one query
    return rows.alias(source).sql(f"SELECT *, {added} FROM {source}", dialect=DIALECT)


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
    """Write rows in an order of their own, so that the same rows give the same bytes.

    They come in batches, because the engine of a source may not write.
    """
    ordered = table.order_by([table[name] for name in table.columns])
    with pq.ParquetWriter(path, ordered.schema().to_pyarrow(), compression="zstd") as writer:
        for batch in ordered.to_pyarrow_batches(chunk_size=BATCH):
            writer.write_batch(batch)


def write_csv(table: ir.Table, path: Path) -> None:
    """Write a table of many rows as CSV, on the engine.

    Text that a spreadsheet would run as a formula is defused; what is unknown is an empty cell, not
    the word nan.
    """
    safe: dict[str, ir.Value] = {}
    for name, dtype in table.schema().items():
        column = table[name]
        if dtype.is_string():
            safe[name] = ibis.ifelse(column.re_search(FORMULA), "'" + column, column)
        if dtype.is_floating():
            safe[name] = ibis.ifelse(column.isnan(), ibis.null("float64"), column)
    table.mutate(**safe).to_csv(str(path), header=True)


def _in_plain_words(said: str) -> str:
    """What the engine says of a file: the line and what is wrong, never a path nor a row of it."""
    line = re.search(r"CSV Error on Line: (\d+)", said)
    where = f", line {int(line[1]):,}: " if line else ": "
    for pattern, words in _IN_PLAIN_WORDS:
        if found := re.search(pattern, said):
            return where + words.format(*found.groups())
    first = said.strip().splitlines()[0]
    without_paths = re.sub(r"[^\s\"']*/", "", first)
    return f"{where}not readable: {without_paths.rstrip('.')}"


def _name(name: str) -> str:
    """A name as SQL has it, whatever signs it holds."""
    return '"' + name.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _literal(path: Path) -> str:
    """A path whose brackets and stars are not read as a pattern."""
    return glob.escape(str(path))
