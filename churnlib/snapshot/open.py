"""Open a business in a notebook: from a parameter file, or from tables at hand in Python."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from churnlib.errors import DataError
from churnlib.input.checked import check, check_frames
from churnlib.input.frames import model_of, named_tables
from churnlib.params.read import find_params, params_from_settings, read_params
from churnlib.params.source import FRAMES
from churnlib.periods import Period
from churnlib.snapshot.freeze import freeze
from churnlib.snapshot.snapshot import Snapshot

__all__ = ["from_frames", "open"]

SAID_BY = "from_frames"


def open(params: Path | str, period: Period | str | None = None) -> Snapshot:
    """The snapshot of a business at the end of a period.

    Parameters
    ----------
    params : a parameter file: its path, or its name in params/
    period : such as "2026-09" or "2026-Q3"; None = the last complete one

    Returns
    -------
    Snapshot : its files lie in a temporary folder, which is removed at exit

    Raises
    ------
    ChurnlibError : what is wrong with the parameters or the data

    Examples
    --------
    >>> open("params/demo.yml", period="2026-09").as_of  # doctest: +SKIP
    datetime.date(2026, 10, 1)
    """
    return freeze(check(read_params(find_params(params))), period)


def from_frames(
    frames: Any,
    *,
    currency: str,
    period: Period | str | None = None,
    model: str | None = None,
    columns: Mapping[str, str] | None = None,
    **settings: Any,
) -> Snapshot:
    """A snapshot of tables at hand, checked as the tables of files are.

    Parameters
    ----------
    frames : a table of subscriptions (told by `starts_on`) or of orders (told by `ordered_at`); or
        several, {"customers": ..., "subscriptions": ...}. pandas frames (their index is not read),
        Ibis tables of any connection, or Arrow tables, with the columns that docs/parameters.md
        names.
    currency : ISO 4217 code of every amount
    period : such as "2026-09" or "2026-Q3"; None = the last complete one
    model : "subscription" or "transactional", where both tables are given
    columns : of a single table: {our column: what it is called there}
    settings : further keys of a parameter file: segments, cohort_by, only, data_from, ...;
        `source={"tables": {"orders": {"columns": ...}}}` for what a table of a file can be given

    Returns
    -------
    Snapshot : its files lie in a temporary folder, which is removed at exit

    Raises
    ------
    ChurnlibError : what is wrong with the settings or the rows; a table is called by its name

    Examples
    --------
    >>> import pandas as pd
    >>> spans = pd.DataFrame(
    ...     {"customer_id": ["a", "b"], "starts_on": ["2026-01-01", "2026-02-01"], "mrr": [10, 20]}
    ... )
    >>> from_frames(spans, currency="EUR").period.label
    '2026-02'
    """
    tables = named_tables(frames, model, columns or {})
    source = {**settings.pop("source", {}), "uri": FRAMES}
    if columns:
        source["tables"] = {_single(tables): {"columns": dict(columns)}}
    given = {"model": model or model_of(tables), "currency": currency, "source": source}
    params = params_from_settings({"business": "frames", **settings, **given}, SAID_BY)
    return freeze(check_frames(params, tables), period)


def _single(tables: Mapping[str, Any]) -> str:
    if len(tables) > 1:
        raise DataError(
            f"{SAID_BY}: columns are those of a single table. Of several, give "
            "source={'tables': {NAME: {'columns': {...}}}}."
        )
    return next(iter(tables))
