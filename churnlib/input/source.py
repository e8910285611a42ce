"""Open the tables of a business where they lie: CSV and Parquet files, or a database file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir

from churnlib.engine import (
    collect,
    connect,
    is_over_files,
    materialise,
    open_table,
    parquet_columns,
    read_csv,
    read_parquet,
    run,
)
from churnlib.errors import DataError, shown_uri
from churnlib.input.csv_layout import WHITESPACE, Layout, column_names, read_layout
from churnlib.input.encodings import as_utf8
from churnlib.input.presets.declared import Export, preset_of
from churnlib.input.where import files_in, named
from churnlib.params.model import Params
from churnlib.params.source import TableSource
from churnlib.params.tables import TABLES

NEVER = "\x1f"  # a separator that stands in no file: a line is then one column


@dataclass(frozen=True)
class RawTable:
    """One table as it stands in the source.

    rows : with their place `_row` from 1
    file : what messages call it
    remarks, warnings : what a preset has to say of it
    anonymous : whether rows without a customer are ordinary: kept apart, and no error
    """

    rows: ir.Table
    file: str
    remarks: Sequence[str] = ()
    warnings: Sequence[str] = ()
    anonymous: bool = False


Opened = dict[str, tuple[RawTable, TableSource]]
"""{our table: as it stands in the source, its settings}"""


def open_source(params: Params, place: Path) -> Opened:
    """Open every table of a business that is there.

    Parameters
    ----------
    params : what is read of it
    place : what `place_of` gave

    Returns
    -------
    {name: (RawTable, its settings)} for customers, subscriptions, orders, as far as present

    Raises
    ------
    DataError : no such folder, file or table (naming the nearest), or not readable
    """
    engine = connect(place)
    there = files_in(place) if place.is_dir() else sorted(engine.list_tables())
    if params.source.preset:
        opened = _of_preset(engine, place, there, params)
    else:
        given = params.source.tables or {name: TableSource() for name in TABLES}
        opened = _of_names(engine, place, there, given)
    if params.activity_table not in opened:
        raise DataError(
            f"source.uri = {shown_uri(params.source.uri)!r}: no table {params.activity_table!r}, "
            f"which model {params.model} needs. There: {', '.join(there) or 'nothing'}. Say which "
            f"under source.tables.{params.activity_table}.from."
        )
    return opened


def _of_names(
    engine: ibis.BaseBackend, place: Path, there: list[str], given: Mapping[str, TableSource]
) -> Opened:
    opened = {}
    for name, file in named(given, there).items():
        rows = _read(engine, place, file, given[name])
        opened[name] = (RawTable(rows, file), given[name])
    return opened


def _of_preset(engine: ibis.BaseBackend, place: Path, there: list[str], params: Params) -> Opened:
    """What a preset makes of the files it knows; further tables are read by their names."""
    preset = preset_of(params)
    layout, files = preset.layout(there)
    tables = {
        name: _together([_read(engine, place, file, TableSource()) for file in several])
        for name, several in files.items()
    }
    opened = {}
    for name, made in layout.read(Export(tables, params)).items():
        kinds = made.rows.schema().items()
        days = {one: made.rows[one].date() for one, kind in kinds if kind.is_timestamp()}
        rows = made.rows.mutate(**days)
        every = ibis.window(order_by=[rows[column] for column in rows.columns])
        rows = materialise(_numbered(rows, ibis.row_number().over(every)))
        raw = RawTable(rows, preset.system, made.remarks, made.warnings, made.anonymous)
        opened[name] = (raw, made.settings)
    further = {name: one for name, one in params.source.tables.items() if name not in opened}
    return opened | _of_names(engine, place, there, further)


def _together(parts: list[ir.Table]) -> ir.Table:
    """The rows of numbered files, whose columns may differ."""
    names = dict.fromkeys(name for part in parts for name in part.columns)
    filled = [
        part.select(**{n: part[n] if n in part.columns else ibis.null("string") for n in names})
        for part in parts
    ]
    return ibis.union(*filled) if len(filled) > 1 else parts[0]


def _read(engine: ibis.BaseBackend, place: Path, file: str, settings: TableSource) -> ir.Table:
    if place.is_dir():
        return run(lambda: _read_file(engine, place / file, settings), file)
    _refuse_outside(engine, file)
    rows = run(lambda: open_table(engine, file), file)
    column_names([str(name) for name in rows.columns], file)
    return _numbered(rows, ibis.row_number())


def _read_file(engine: ibis.BaseBackend, path: Path, settings: TableSource) -> ir.Table:
    if not path.is_file():
        raise DataError(
            f"{path.name}: a folder, not a file. Give one file, or the folder as source.uri."
        )
    if path.stat().st_size == 0:
        raise DataError(f"{path.name}: the file is empty.")
    if path.suffix.lower() == ".parquet":
        column_names(parquet_columns(path), path.name)
        return read_parquet(engine, path)
    with as_utf8(path, settings.encoding) as text:
        layout = read_layout(text, settings.separator, called=path.name)
        rows = _read_lines(engine, text, layout, path.name)
        return rows if text == path else materialise(rows)


def _read_lines(engine: ibis.BaseBackend, path: Path, layout: Layout, called: str) -> ir.Table:
    if layout.separator == WHITESPACE:
        lines = read_csv(engine, path, 1, delim=NEVER, quote="", escape="")
        parts = lines.select(parts=lines[0].strip().re_split(r"\s+")).parts
        rows, values = parts.as_table(), parts
        _refuse_surplus(rows, len(layout.columns), called)
    else:
        signs = {"delim": layout.separator, "quote": '"', "escape": '"'}
        rows = values = read_csv(engine, path, len(layout.columns), **signs)
    of_line = {name: values[n] for n, name in enumerate(layout.columns)}
    return _numbered(rows.select(**of_line), ibis.row_number())


def _refuse_surplus(rows: ir.Table, n_columns: int, file: str) -> None:
    """Values beyond the columns that the first line names would be lost."""
    placed = rows.mutate(_line=ibis.row_number() + 2, _n=rows.parts.length())
    longer = collect(placed.filter(placed._n > n_columns).order_by("_line").limit(1))
    if len(longer):
        line, n = longer[["_line", "_n"]].iloc[0]
        raise DataError(
            f"{file}, line {line:,}: {n} columns where the first line names {n_columns}."
        )


def _refuse_outside(engine: ibis.BaseBackend, table: str) -> None:
    """A view over a file elsewhere: its rows change while the database does not."""
    if not is_over_files(engine, table):
        return
    raise DataError(
        f"{table}: a view over a file outside the database, which is not opened. Keep its rows "
        f'in the database: CREATE TABLE "{table}_rows" AS SELECT * FROM "{table}"; and give '
        f"from: {table}_rows."
    )


def _numbered(rows: ir.Table, place: ir.IntegerValue) -> ir.Table:
    return rows.mutate(_row=place + 1)
