"""Open the tables of a business where they lie: CSV and Parquet files, or a database file."""

from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir

from churnlib.engine import connect, read_csv, read_parquet, run
from churnlib.errors import DataError, nearest, shown_uri
from churnlib.input.csv_layout import WHITESPACE, read_layout
from churnlib.input.where import SUFFIXES, place_of
from churnlib.params.model import Params, TableSource
from churnlib.params.tables import TABLES

NEVER = "\x1f"  # a separator that stands in no file: a line is then one column


@dataclass(frozen=True)
class RawTable:
    """One table as it stands in the source.

    rows : with their place `_row` from 1
    file : what messages call it
    """

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
    engine = connect(None if place.is_dir() else place)
    there = _listing(engine, place)
    tables = params.source.tables or {
        name: TableSource() for name in TABLES if _default(there, place, name)
    }
    if params.activity_table not in tables:
        raise DataError(
            f"source.uri = {shown_uri(params.source.uri)!r}: no table {params.activity_table!r}, "
            f"which model {params.model} needs. There: {_named(there)}. Say which under "
            f"source.tables.{params.activity_table}.from."
        )
    return {
        name: (_open_table(engine, place, name, settings), settings)
        for name, settings in tables.items()
    }


def _listing(engine: ibis.BaseBackend, place: Path) -> list[str]:
    if place.is_dir():
        return sorted(p.name for p in place.iterdir() if p.name.lower().endswith(SUFFIXES))
    return sorted(engine.list_tables())


def _default(there: list[str], place: Path, name: str) -> str | None:
    """The file or table of a table's own name; several are one too many."""
    own = {name}
    if place.is_dir():
        own = {name + suffix for suffix in SUFFIXES}
    found = [one for one in there if one.lower() in own]
    if len(found) > 1:
        raise DataError(
            f"source.tables.{name}: {' and '.join(found)} are both there. Say which under "
            f"{name}.from."
        )
    return found[0] if found else None


def _open_table(
    engine: ibis.BaseBackend, place: Path, name: str, settings: TableSource
) -> RawTable:
    there = _listing(engine, place)
    file = settings.from_ or _default(there, place, name) or name
    if file not in there:
        hint = nearest(file, there) or f". There: {_named(there)}."
        raise DataError(f"source.tables.{name}: no {file!r} in {place.name}{hint}")
    if place.is_dir():
        return RawTable(run(lambda: _read_file(engine, place / file, settings), file), file)
    return RawTable(run(lambda: _numbered(engine.table(file), ibis.row_number()), file), file)


def _read_file(engine: ibis.BaseBackend, path: Path, settings: TableSource) -> ir.Table:
    if not path.is_file():
        raise DataError(
            f"{path.name}: a folder, not a file. Give one file, or the folder as source.uri."
        )
    if path.stat().st_size == 0:
        raise DataError(f"{path.name}: the file is empty.")
    if path.suffix.lower() == ".parquet":
        return read_parquet(engine, path)
    layout = read_layout(path, settings.separator)
    if layout.separator == WHITESPACE:
        lines = read_csv(engine, path, 1, delim=NEVER, quote="", escape="")
        parts = lines.select(parts=lines[0].strip().re_split(r"\s+")).parts
        rows, values = parts.as_table(), parts
    else:
        signs = {"delim": layout.separator, "quote": '"', "escape": '"'}
        rows = values = read_csv(engine, path, len(layout.columns), **signs)
    named = {name: values[n] for n, name in enumerate(layout.columns)}
    return _numbered(rows.select(**named), ibis.row_number())


def _numbered(rows: ir.Table, place: ir.IntegerValue) -> ir.Table:
    return rows.mutate(_row=place + 1)


def _named(there: list[str]) -> str:
    return ", ".join(there) or "nothing"
