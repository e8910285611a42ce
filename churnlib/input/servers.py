"""Sources that are servers: their tables come once, batch by batch, as Parquet files of this run.

From there on everything is as with files: what a server makes of a cast or of a space does not
matter. All tables are read as they stood at one moment, where the server can say so.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from churnlib.engine import BATCH, connect, freeze_table
from churnlib.errors import DataError, masked, nearest, shown_uri
from churnlib.input.sending import Bar
from churnlib.params.model import Params
from churnlib.params.servers import SENDING, filled_in, scheme_of
from churnlib.params.source import TableSource
from churnlib.params.tables import TABLES

MOST_NAMED = 20
"""Tables of a server that a message names."""
SECONDS = 30
"""How long a server may take to answer that it is there."""
SUFFIX = ".parquet"
FIRST, LAST = "0001-01-01", "9999-12-30"
"""Days that every engine knows."""
_PATH = re.compile(r"[^./\\\x00-\x1f]{1,128}(\.[^./\\\x00-\x1f]{1,128}){0,2}")
"""What a table may be called: its name, with its schema or catalog and schema before it."""


def send(params: Params, folder: Path) -> None:
    """Bring every table that a parameter file names, or that bears the name of one of ours.

    Parameters
    ----------
    params : with a server as `source.uri`
    folder : where a Parquet file of each is written, called as the table is there

    Raises
    ------
    DataError : no connection, no such table (naming the nearest), or rows that do not come; what is
        secret in the address is in no message
    """
    where = f"source.uri = {shown_uri(params.source.uri)!r}"
    if params.source.preset:
        raise DataError(f"{where}: a preset reads a folder of exports; map the tables instead.")
    address, secrets = filled_in(params.source.uri)
    with _in_plain_words(where, secrets):
        server = _connected(address, where)
        try:
            _send_all(server, _tables(server, params, where), folder)
        finally:
            server.disconnect()


def _connected(address: str, where: str) -> ibis.BaseBackend:
    scheme = scheme_of(address)
    more = {"connect_timeout": SECONDS} if SENDING[scheme] == "postgres" else {}
    try:
        return ibis.connect(address, **more)
    except ImportError as error:
        raise DataError(
            f"{where}: its driver is not installed ({error.name or error}). Install it: "
            f"pip install 'churnlib[{SENDING[scheme]}]'."
        ) from None


@contextlib.contextmanager
def _in_plain_words(where: str, secrets: list[str]) -> Iterator[None]:
    """What a driver says becomes one sentence, without what is secret."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        said = " ".join(str(error).split()) or type(error).__name__
        for secret in sorted(secrets, key=len, reverse=True):
            said = said.replace(secret, "***")
        raise DataError(f"{where}: {masked(said)[:400].rstrip('.')}.") from None


def _tables(server: ibis.BaseBackend, params: Params, where: str) -> dict[str, ir.Table]:
    """{name on the server: table} of what is to be read."""
    given: Mapping[str, TableSource] = params.source.tables
    found = {}
    for name in given or TABLES:
        wanted = given[name].from_ if given else None
        if wanted is None:
            wanted = _own(server, name)
        if wanted is None:
            continue
        found[wanted] = _table(server, wanted, f"source.tables.{name}")
    if not found:
        there = ", ".join(sorted(server.list_tables())[:MOST_NAMED]) or "nothing"
        raise DataError(f"{where}: no table of a name that is known. There: {there}.")
    return found


def _own(server: ibis.BaseBackend, name: str) -> str | None:
    """The table of our name, whatever its case."""
    return next((one for one in sorted(server.list_tables()) if one.lower() == name), None)


def _table(server: ibis.BaseBackend, wanted: str, key: str) -> ir.Table:
    if not _PATH.fullmatch(wanted):
        raise DataError(
            f"{key}: {wanted!r} is no table's name; write table, schema.table or "
            "catalog.schema.table."
        )
    *within, name = wanted.split(".")
    database = tuple(within) if len(within) > 1 else (within[0] if within else None)
    there = server.list_tables(database=database)
    if name not in there:
        hint = nearest(name, there) or f". There: {', '.join(sorted(there)[:MOST_NAMED])}."
        raise DataError(f"{key}: no {wanted!r} in the source that this login may read{hint}")
    return server.table(name, database=database)


def _send_all(server: ibis.BaseBackend, tables: Mapping[str, ir.Table], folder: Path) -> None:
    """All tables as they stood at one moment."""
    readable = {name: _readable(table) for name, table in tables.items()}
    sizes = {name: int(table.count().execute()) for name, table in tables.items()}
    with _one_moment(server), Bar(sizes) as bar:
        for name, table in readable.items():
            came = folder / f"{name}{SUFFIX}.part"
            _write(server.to_pyarrow_batches(table, chunk_size=BATCH), came, name, bar)
            _in_order(came, folder / f"{name}{SUFFIX}")


@contextlib.contextmanager
def _one_moment(server: ibis.BaseBackend) -> Iterator[None]:
    """Where the server has it: a transaction that reads alone, and sees what was there when it
    began.
    """
    if server.name != "postgres":
        yield
        return
    with server.con.transaction():
        server.con.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _readable(table: ir.Table) -> ir.Table:
    """Its columns in types that we know; others as text, and bytes not at all.

    A number without a fixed scale comes as text, every digit of it; `infinity` is no day.
    """
    columns = {}
    for name, kind in table.schema().items():
        if kind.is_binary() or kind.is_geospatial() or kind.is_interval():
            continue
        scaled = kind.is_decimal() and kind.scale is not None
        plain = kind.is_boolean() or kind.is_integer() or kind.is_floating() or kind.is_string()
        column = table[name]
        if kind.is_date() or kind.is_timestamp():
            columns[name] = ibis.ifelse(column.between(FIRST, LAST), column, ibis.null(kind))
        else:
            columns[name] = column if plain or scaled else column.cast("string")
    return table.select(**columns)


def _write(batches: pa.RecordBatchReader, path: Path, name: str, bar: Bar) -> None:
    with pq.ParquetWriter(path, batches.schema, compression="zstd") as file:
        for batch in batches:
            file.write_batch(batch)
            bar.came(name, batch.num_rows)


def _in_order(came: Path, path: Path) -> None:
    """The same rows in the same bytes, however the server sent them."""
    engine: Any = connect()
    freeze_table(engine.read_parquet(str(came)), path)
    engine.disconnect()
    came.unlink()
