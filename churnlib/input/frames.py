"""Tables at hand in Python, brought to the engine as if they had been read from files."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from churnlib.engine import connect, read_arrow
from churnlib.errors import DataError, nearest
from churnlib.input.arrow import as_arrow
from churnlib.input.source import RawTable
from churnlib.params.model import Params
from churnlib.params.source import TableSource
from churnlib.params.tables import ACTIVITY_TABLE, TABLES

MARKS = {"subscriptions": "starts_on", "orders": "ordered_at"}
"""The column that a table of activity is told by."""


def open_frames(
    params: Params, frames: Mapping[str, pa.Table]
) -> dict[str, tuple[RawTable, TableSource]]:
    """Tables at hand, each with the settings that `source.tables` has for it.

    Raises
    ------
    DataError : settings of a table that was not handed over, or the model's own table was not
    """
    settings = params.source.tables
    there = ", ".join(frames)
    for name in settings:
        if name not in frames:
            raise DataError(f"source.tables.{name}: no such table was handed over. There: {there}.")
    if params.activity_table not in frames:
        raise DataError(
            f"frames: no table {params.activity_table!r}, which model {params.model} needs. "
            f"There: {there}."
        )
    engine = connect()
    return {
        name: (RawTable(read_arrow(engine, frames[name]), name), settings.get(name, TableSource()))
        for name in TABLES
        if name in frames
    }


def named_tables(frames: Any, model: str | None, columns: Mapping[str, str]) -> dict[str, pa.Table]:
    """What was handed over, by the names of our tables.

    Parameters
    ----------
    frames : one table, or several by their names
    model : which of them a single table is, where its columns do not tell
    columns : {our column: what the table calls it}

    Raises
    ------
    DataError : not a table, a name that is none of ours, or a table that cannot be told
    """
    if not isinstance(frames, Mapping):
        rows = as_arrow(frames, "frames")
        return {_told_by_columns(rows, model, columns): rows}
    for name in frames:
        if name not in TABLES:
            hint = nearest(name, TABLES) or f"; tables are {', '.join(TABLES)}."
            raise DataError(f"frames: {name!r} is not a table{hint}")
    return {name: as_arrow(frame, name) for name, frame in frames.items()}


def model_of(tables: Mapping[str, pa.Table]) -> str:
    """The model of a business that has these tables.

    Raises
    ------
    DataError : neither subscriptions nor orders are among them, or both
    """
    found = [model for model, table in ACTIVITY_TABLE.items() if table in tables]
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(
            "frames: subscriptions and orders are both there. Say which the report is about: "
            f"model={found[0]!r} or model={found[1]!r}."
        )
    raise DataError(f"frames: neither {' nor '.join(MARKS)} are there, only {', '.join(tables)}.")


def _told_by_columns(rows: pa.Table, model: str | None, columns: Mapping[str, str]) -> str:
    if model in ACTIVITY_TABLE:
        return ACTIVITY_TABLE[model]
    there = {name.lower() for name in rows.column_names} | set(columns)
    found = [name for name, mark in MARKS.items() if mark in there]
    if len(found) == 1:
        return found[0]
    raise DataError(
        "frames: the columns do not tell subscriptions (starts_on) from orders (ordered_at). "
        f"They are: {', '.join(rows.column_names)}. Map one with columns={{'starts_on': ...}}, "
        "or say what the table is: {'subscriptions': table}."
    )
