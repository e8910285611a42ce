"""The business as it was known at the end of a period: what every measure takes.

`check` opens a source once; `freeze` cuts it at a period's end and writes it to files, which all notebooks of one
report open. Running March again in July gives March: an end after `as_of` is not yet known (the row is open), and a row
recorded after `as_of` is not known at all.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from churnlib import history
from churnlib.checks import check_table
from churnlib.errors import DataError, nearest
from churnlib.mapping import map_table
from churnlib.params import Params
from churnlib.periods import Grain, Period
from churnlib.report_tables import write_engine_rows, write_frame
from churnlib.schemas import TABLES
from churnlib.sources import collect, connect, freeze_table, materialise, open_frozen_table, open_source

META = "snapshot.json"
TABLES_FOLDER = "tables"
MAX_SHAPE = 20


@dataclass(frozen=True)
class Checked:
    """A source opened and checked, for any number of periods.

    tables : {name: valid rows}. data_box : one account a table: read, kept, set aside, by reason, with an example.
    first_day, last_day : what the data cover, both inclusive.
    """

    params: Params
    tables: dict[str, ir.Table]
    data_box: list[dict[str, Any]]
    first_day: date
    last_day: date

    def latest_period(self) -> Period:
        """The last period that the data cover completely; a `DataError` where there is none yet."""
        latest = self._latest()
        if latest is None:
            current = Period.containing(self.last_day, self.params.grain).label
            raise DataError(f"{self.coverage()} Ask for the one under way with --period {current}.")
        return latest

    def coverage(self) -> str:
        """For readers: what the data cover, and which period they cover last."""
        latest = self._latest()
        complete = f"the last complete {self.params.grain} is {latest.label}" if latest else "no period is complete yet"
        return f"The data cover {self.first_day} to {self.last_day}; {complete}."

    def _latest(self) -> Period | None:
        after = (pd.Timestamp(self.last_day) + pd.Timedelta(days=1)).date()
        latest = Period.containing(after, self.params.grain).shift(-1)
        begin = self.params.first_day or Period.containing(self.first_day, self.params.grain).start
        return latest if latest.start >= begin else None


@dataclass(frozen=True)
class Snapshot:
    """The canonical tables at `as_of`.

    customers : customer_id, signed_up_on, first_active_on (first paid span or first purchase; NULL = never a
        customer), observed_from (entry into observation), first_plan or first_category, acquisition_cost, attributes.
    subscriptions : customer_id, starts_on, ends_on (NULL = open at as_of), mrr, plan; None for orders only.
    orders : customer_id, ordered_on, amount (negative = a return), order_id, category; None for subscriptions only.
    first_day : the day the records begin. partial : the period is not over in the data.
    """

    params: Params
    period: Period
    customers: ir.Table
    subscriptions: ir.Table | None
    orders: ir.Table | None
    data_box: list[dict[str, Any]]
    first_day: date
    partial: bool
    fingerprint: str
    folder: Path
    _kept: dict[str, ir.Table] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def as_of(self) -> date:
        """The end of the period, exclusive: what was not known before this day is not in here."""
        return self.period.end

    @property
    def currency(self) -> str:
        """What every amount is in."""
        return self.params.currency

    @property
    def grain(self) -> Grain:
        """Month or quarter."""
        return self.period.grain

    def require_column(self, name: str) -> str:
        """`name` if customers can be split by it, else a `DataError` that names the nearest."""
        if name in self.customers.columns:
            return name
        raise DataError(f"customers have no column {name!r}{nearest(name, self.customers.columns)}")

    def once(self, name: str, make: Callable[[], ir.Table]) -> ir.Table:
        """A table that several measures start from: computed for the first, kept on the engine for the others."""
        if name not in self._kept:
            self._kept[name] = materialise(make())
        return self._kept[name]

    def months_before(self, n: int) -> date:
        """The day `n` months before as_of."""
        return Period.containing(self.as_of, "month").shift(-n).start

    def write_table(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Write tables/<name>.csv beside the frozen data and give the frame back.

        Columns that `schemas.REPORT_TABLES` fixes come first, under their fixed names; text that a spreadsheet would
        run as a formula is defused.
        """
        write_frame(self.folder / TABLES_FOLDER, name, frame)
        return frame

    def write_rows(self, name: str, table: ir.Table) -> Path:
        """Write tables/<name>.csv of a table with a row a customer, without fetching it."""
        return write_engine_rows(self.folder / TABLES_FOLDER, name, table)


def check(params: Params) -> Checked:
    """Open the source, map and check every table.

    Raises
    ------
    DataError : what is missing or wrong, where, and how to mend it; too many rows set aside; no usable row at all
    """
    tables, data_box = {}, []
    for name, (raw, settings) in open_source(params).items():
        checked = check_table(map_table(raw, settings, TABLES[name]), params)
        tables[name] = checked.rows
        data_box.append(checked.account)
    _compare_ids(tables, data_box, params)
    first, last = history.covered(tables[params.activity_table], params)
    _require_segments(params, tables)
    return Checked(params, tables, data_box, first, last)


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
    tables = {name: open_frozen_table(engine, path) for name in TABLES if (path := folder / f"{name}.parquet").exists()}
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
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.parquet"))]
    return hashlib.sha256("".join(digests).encode()).hexdigest()


def snapshot_id(folder: Path) -> str:
    """A hash of all that a notebook can learn from a frozen snapshot: rows, data box, period and parameters."""
    return hashlib.sha256((folder / META).read_bytes()).hexdigest()


def _require_covered(checked: Checked, period: Period) -> None:
    if period.end <= checked.first_day:
        raise DataError(f"period {period.label} lies before the data begin. {checked.coverage()}")
    if period.start > checked.last_day:
        raise DataError(f"period {period.label} lies after the data end. {checked.coverage()}")
    # Where the business was there before its records, a period that these begin in has no opening.
    begin = checked.params.first_day
    if begin and period.start < begin:
        raise DataError(f"period {period.label} begins before the records do (data_from). {checked.coverage()}")


def _require_customers(snapshot: Snapshot) -> None:
    customers = snapshot.customers
    if collect(customers.agg(n=customers.first_active_on.count())).n.item():
        return
    what = "had a paid subscription" if snapshot.orders is None else "had bought anything"
    raise DataError(
        f"period {snapshot.period.label}: nobody {what} that was known before {snapshot.as_of}, so there is nothing to "
        "report. See the rows with `churnlib check`."
    )


def _compare_ids(tables: dict[str, ir.Table], data_box: list[dict[str, Any]], params: Params) -> None:
    """Ids that are numbers in one table and text in the other would leave every customer without attributes."""
    given, active = tables.get("customers"), tables[params.activity_table].select("customer_id").distinct()
    if given is None:
        return
    unknown = active.anti_join(given, "customer_id")
    seen = collect(active.agg(ids=active.count(), first=active.customer_id.min())).iloc[0]
    n_unknown, n_given = collect(unknown.agg(n=unknown.count())).n.item(), collect(given.agg(n=given.count())).n.item()
    files = {account["table"]: account for account in data_box}
    if n_given and seen.ids and n_unknown == seen.ids:
        there = collect(given.agg(first=given.customer_id.min()))["first"].item()
        raise DataError(
            f"{files[params.activity_table]['file']}: no customer_id stands in {files['customers']['file']} too; they look "
            f"like {_shape(seen['first'])!r} here and {_shape(there)!r} there. Map the same id under columns.customer_id, "
            "or bring one to the other with an expression."
        )
    if n_unknown:
        said = f"{n_unknown:,} customers stand in no row of customers: their attributes are unknown."
        files[params.activity_table]["remarks"].append(said)


def _shape(identifier: str) -> str:
    """How an id looks, without saying who it is: `C-1042` is `A-9999`."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", identifier[:MAX_SHAPE]))


def _require_segments(params: Params, tables: dict[str, ir.Table]) -> None:
    columns = history.customer_columns(tables)
    wanted = [("segments", name) for name in params.segments]
    wanted += [("cohort_by", params.cohort_by)] if params.cohort_by else []
    for key, name in wanted:
        if name not in columns:
            hint = nearest(name, columns) or f". They have: {', '.join(columns) or 'none'}."
            raise DataError(f"{key}: customers have no column {name!r} to split by{hint}")
