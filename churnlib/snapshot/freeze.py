"""Cut a checked source at a period's end and freeze it to files; open what was frozen.

Running March again in July gives March: an end after `as_of` is not yet known (the row is open),
and a row recorded after `as_of` is not known at all.
"""

import atexit
import hashlib
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import connect, freeze_table, open_frozen_table
from churnlib.errors import DataError
from churnlib.input.checked import Checked
from churnlib.params.model import Params
from churnlib.params.tables import TABLES
from churnlib.periods import Period
from churnlib.snapshot import history
from churnlib.snapshot.restriction import remark, restricted, with_remark
from churnlib.snapshot.snapshot import META, Snapshot
from churnlib.temporary import new_temporary_folder

__all__ = ["freeze", "open_frozen"]

UNATTRIBUTED = "unattributed"
"""What the frozen sales that name no customer are called."""


def freeze(
    checked: Checked, period: Period | str | None = None, folder: Path | str | None = None
) -> Snapshot:
    """Cut the tables at the period's end and write them to files, which the snapshot reads.

    Parameters
    ----------
    checked : a source, as `check` gives it
    period : such as "2026-09" or "2026-Q3"; None = the last complete one
    folder : where the files go (made if absent); None = a temporary one, removed at exit

    Returns
    -------
    Snapshot : of the customers that `only` of the parameters names, or of all

    Raises
    ------
    DataError : the period begins before the data or after them; nobody was a customer by its end

    Examples
    --------
    >>> freeze(checked, "2026-09").as_of  # doctest: +SKIP
    datetime.date(2026, 10, 1)
    """
    period = _period(checked, period)
    _require_covered(checked, period)
    tables, data_box = _known_by(checked, period)
    folder = Path(folder) if folder else _temporary_folder()
    folder.mkdir(parents=True, exist_ok=True)
    if (nobody := history.unattributed(checked, period.end)) is not None:
        tables[UNATTRIBUTED] = nobody
    for name, table in tables.items():
        freeze_table(table, folder / f"{name}.parquet")
    meta = {
        "params": checked.params.effective(),
        "period": period.label,
        "data_box": data_box,
        "first_day": checked.first_day.isoformat(),
        "partial": period.end > (pd.Timestamp(checked.last_day) + pd.Timedelta(days=1)).date(),
        "fingerprint": data_fingerprint(folder),
    }
    (folder / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    snapshot = open_frozen(folder)
    _require_customers(snapshot)
    return snapshot


def open_frozen(folder: Path | str) -> Snapshot:
    """Open what `freeze` wrote into a folder."""
    folder = Path(folder)
    meta = json.loads((folder / META).read_text(encoding="utf-8"))
    engine = connect()
    tables = {
        name: open_frozen_table(engine, path)
        for name in (*TABLES, UNATTRIBUTED)
        if (path := folder / f"{name}.parquet").exists()
    }
    return Snapshot(
        params=Params.model_validate(meta["params"]),
        period=Period.parse(meta["period"]),
        customers=tables["customers"],
        subscriptions=tables.get("subscriptions"),
        orders=tables.get("orders"),
        payments=tables.get("payments"),
        surveys=tables.get("surveys"),
        unattributed=tables.get(UNATTRIBUTED),
        data_box=meta["data_box"],
        first_day=date.fromisoformat(meta["first_day"]),
        partial=meta["partial"],
        fingerprint=meta["fingerprint"],
        folder=folder,
    )


def data_fingerprint(folder: Path) -> str:
    """A hash of the rows that `freeze` wrote into a folder."""
    digests = [
        hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.parquet"))
    ]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def snapshot_id(folder: Path) -> str:
    """A hash of all that a notebook can learn from a frozen snapshot: rows, data box, period and
    parameters.
    """
    return hashlib.sha256((folder / META).read_bytes()).hexdigest()


def _period(checked: Checked, period: Period | str | None) -> Period:
    if period is None or period == "":
        return checked.latest_period()
    return period if isinstance(period, Period) else Period.parse(period)


def _temporary_folder() -> Path:
    folder = new_temporary_folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _known_by(checked: Checked, period: Period) -> tuple[dict[str, ir.Table], list[dict[str, Any]]]:
    """The tables and the data box, of those customers whom the report is about."""
    params = checked.params
    tables, data_box = history.known_by(checked, period.end), checked.data_box
    if params.only:
        everybody = tables["customers"]
        tables = restricted(tables, params.only)
        said = remark(params.only, tables["customers"], everybody)
        data_box = with_remark(data_box, said, params.activity_table)
    tables["customers"] = history.pooled(tables["customers"], params)
    return history.labelled(tables, params), data_box


def _require_covered(checked: Checked, period: Period) -> None:
    if period.end <= checked.first_day:
        raise DataError(f"period {period.label} lies before the data begin. {checked.coverage()}")
    if period.start > checked.last_day:
        raise DataError(f"period {period.label} lies after the data end. {checked.coverage()}")
    # Where the business was there before its records, a period that these begin in has no opening.
    begin = checked.params.first_day
    if begin and period.start < begin:
        raise DataError(
            f"period {period.label} begins before the records do (data_from). {checked.coverage()}"
        )


def _require_customers(snapshot: Snapshot) -> None:
    if snapshot.n_customers:
        return
    what = "had a paid subscription" if snapshot.orders is None else "had bought anything"
    raise DataError(
        f"period {snapshot.period.label}: nobody {what} that was known before {snapshot.as_of}, "
        "so there is nothing to report. See the rows with `churnlib check`."
    )
