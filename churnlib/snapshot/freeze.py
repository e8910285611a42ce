"""Cut a checked source at a period's end and freeze it to files; open what was frozen.

Running March again in July gives March: an end after `as_of` is not yet known (the row is open),
and a row recorded after `as_of` is not known at all.
"""

import hashlib
import json
from datetime import date
from pathlib import Path

import pandas as pd

from churnlib.engine import collect, connect, freeze_table, open_frozen_table
from churnlib.errors import DataError
from churnlib.input.checked import Checked
from churnlib.params.model import Params
from churnlib.params.tables import TABLES
from churnlib.periods import Period
from churnlib.snapshot import history
from churnlib.snapshot.snapshot import META, Snapshot


def freeze(checked: Checked, period: Period, folder: Path) -> Snapshot:
    """Cut the tables at the period's end and write them to `folder` (made if absent).

    Raises
    ------
    DataError : the period begins before the data or after them; nobody was a customer by its end
    """
    _require_covered(checked, period)
    folder.mkdir(parents=True, exist_ok=True)
    known = history.known_by(checked.tables, checked.params, period.end)
    for name, table in known.items():
        freeze_table(table, folder / f"{name}.parquet")
    meta = {
        "params": checked.params.effective(),
        "period": period.label,
        "data_box": checked.data_box,
        "first_day": checked.first_day.isoformat(),
        "partial": period.end > (pd.Timestamp(checked.last_day) + pd.Timedelta(days=1)).date(),
        "fingerprint": data_fingerprint(folder),
    }
    (folder / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    snapshot = open_frozen(folder)
    _require_customers(snapshot)
    return snapshot


def open_frozen(folder: Path) -> Snapshot:
    """Open what `freeze` wrote."""
    meta = json.loads((folder / META).read_text(encoding="utf-8"))
    engine = connect()
    tables = {
        name: open_frozen_table(engine, path)
        for name in TABLES
        if (path := folder / f"{name}.parquet").exists()
    }
    return Snapshot(
        params=Params.model_validate(meta["params"]),
        period=Period.parse(meta["period"]),
        customers=tables["customers"],
        subscriptions=tables.get("subscriptions"),
        orders=tables.get("orders"),
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
    customers = snapshot.customers
    if collect(customers.agg(n=customers.first_active_on.count())).n.item():
        return
    what = "had a paid subscription" if snapshot.orders is None else "had bought anything"
    raise DataError(
        f"period {snapshot.period.label}: nobody {what} that was known before {snapshot.as_of}, "
        "so there is nothing to "
        "report. See the rows with `churnlib check`."
    )
