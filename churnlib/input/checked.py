"""A source opened, mapped and checked: the valid rows of every table, the account of the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from churnlib.engine import collect
from churnlib.errors import DataError, nearest
from churnlib.input.across import check_spans, superseded_rows
from churnlib.input.checks import check_table
from churnlib.input.coverage import covered
from churnlib.input.endings import about_unknown, known_feedback, known_reasons
from churnlib.input.frames import open_frames
from churnlib.input.ids import compare_ids
from churnlib.input.mapping import map_table
from churnlib.input.only import require_values
from churnlib.input.shapes import spans_of
from churnlib.input.source import RawTable, open_source
from churnlib.input.where import place_of
from churnlib.params.model import Params
from churnlib.params.source import TableSource
from churnlib.params.tables import CUSTOMERS, TABLES
from churnlib.periods import Period

__all__ = ["check"]

FIRSTS = ("first_plan", "first_category")
"""What a customer had first, which customers can be split by too."""
TELLING = ("end_reason", "cancel_feedback", "cancelled_on")
"""Optional columns of subscriptions without which a chapter has nothing to tell."""
DERIVED = ("first_active_on", "observed_from", *FIRSTS)


def customer_columns(tables: Mapping[str, ir.Table]) -> list[str]:
    """The columns that customers can be split by or restricted to."""
    columns = attributes(tables["customers"]) if "customers" in tables else []
    if "subscriptions" in tables:
        columns.append("first_plan")
    if "orders" in tables:
        columns.append("first_category")
    return columns


def attributes(customers: ir.Table) -> list[str]:
    """The further columns of customers: what they can be split by."""
    kept = [*CUSTOMERS.names(), *DERIVED, "_row"]
    return [name for name in customers.columns if name not in kept]


@dataclass(frozen=True)
class Checked:
    """A source opened and checked, for any number of periods.

    tables : {name: valid rows}
    data_box : one account a table: read, kept, set aside, by reason, with an example
    first_day, last_day : what the data cover, both inclusive
    shape : what a row of subscriptions stands for, see `input.shapes`
    without_customer : orders that say no customer: ordered_at, amount, category
    has_credits : whether a row of subscriptions is negative, and nets within its customer
    """

    params: Params
    tables: dict[str, ir.Table]
    data_box: list[dict[str, Any]]
    first_day: date
    last_day: date
    shape: str = "spans"
    without_customer: ir.Table | None = None
    has_credits: bool = False

    def as_spans(self, rows: ir.Table) -> ir.Table:
        """Rows of subscriptions, whatever their shape, as spans of constant price."""
        return spans_of(rows, self.shape, self.params.policies.bridge_days)

    def latest_period(self) -> Period:
        """The last period that the data cover completely; a `DataError` where there is none yet."""
        latest = self._latest()
        if latest is None:
            current = Period.containing(self.last_day, self.params.grain).label
            raise DataError(f"{self.coverage()} Ask for the one under way with --period {current}.")
        return latest

    @property
    def holds(self) -> list[str]:
        """The tables that are there, and columns that chapters need, as `table.column`."""
        rows = self.tables.get("subscriptions")
        columns = []
        if rows is not None:
            asked = {name: rows[name].count() for name in TELLING}
            found = collect(rows.agg(**asked)).iloc[0]
            columns = [f"subscriptions.{name}" for name in TELLING if found[name]]
        return sorted([*self.tables, *columns])

    def coverage(self) -> str:
        """For readers: what the data cover, and which period they cover last."""
        latest = self._latest()
        complete = "no period is complete yet"
        if latest:
            complete = f"the last complete {self.params.grain} is {latest.label}"
        return f"The data cover {self.first_day} to {self.last_day}; {complete}."

    def _latest(self) -> Period | None:
        after = (pd.Timestamp(self.last_day) + pd.Timedelta(days=1)).date()
        latest = Period.containing(after, self.params.grain).shift(-1)
        begin = self.params.first_day or Period.containing(self.first_day, self.params.grain).start
        return latest if latest.start >= begin else None


def check(params: Params, place: Path | None = None) -> Checked:
    """Open the source that a parameter file names, map and check every table.

    Parameters
    ----------
    params : the parameter file
    place : what `place_of` gave, where that is known already: a server sends its tables once

    Returns
    -------
    Checked : to be cut at the end of any period, see `freeze`

    Raises
    ------
    DataError : what is missing or wrong, where, and how to mend it; too many rows set aside; no
        usable row at all
    """
    return _checked(params, open_source(params, place or place_of(params)))


def check_frames(params: Params, frames: Mapping[str, pa.Table]) -> Checked:
    """The same of tables at hand: {"subscriptions": rows, ...}."""
    return _checked(params, open_frames(params, frames))


def _checked(params: Params, opened: Mapping[str, tuple[RawTable, TableSource]]) -> Checked:
    tables, accounts, unknown = {}, {}, None
    for name, (raw, settings) in opened.items():
        mapped = map_table(raw, settings, TABLES[name], params.attributes)
        checked = check_table(mapped, params)
        tables[name], accounts[name] = checked.rows, checked.account
        if name == "orders":
            unknown = checked.without_customer
    own = accounts[params.activity_table]
    shape = opened["subscriptions"][1].shape if "subscriptions" in opened else "spans"
    activity = tables[params.activity_table]
    if params.activity_table == "subscriptions":
        activity = spans_of(activity, shape, params.policies.bridge_days)
        unused = _unused(*opened["subscriptions"])
        _say_of_spans(tables["subscriptions"], activity, params, shape, unused, own)
    compare_ids(tables, accounts, opened, params)
    coverage = covered(activity, params, shape)
    own["coverage"] = coverage.remark
    own["remarks"] += _about_endings(tables, params)
    credits = _about_credits(tables, params)
    own["remarks"] += credits
    own["remarks"] += _about_known_gaps(params)
    own["warnings"] += [coverage.warning] if coverage.warning else []
    _require_columns(params, tables)
    for name, wanted in params.only.items():
        require_values(_values_of(name, tables), wanted, f"only.{name}")
    for name, words in params.labels.items():
        require_values(_values_of(name, tables), list(words), f"labels.{name}")
    for name, reached in params.reached.items():
        require_values(_values_of(name, tables), reached, f"changes: reach.{name}")
    data_box = list(accounts.values())
    return Checked(
        params, tables, data_box, coverage.first, coverage.last, shape, unknown, bool(credits)
    )


def _say_of_spans(
    rows: ir.Table,
    spans: ir.Table,
    params: Params,
    shape: str,
    unused: list[str],
    account: dict[str, Any],
) -> None:
    """What the rows of each customer show together, for the account of subscriptions."""
    if old := superseded_rows(rows):
        account["reasons"].append(old)
        account["kept"] -= old["rows"]
        account["apart"] += old["rows"]
    said = check_spans(rows, spans, params, shape, unused)
    account["remarks"] += said.remarks
    account["warnings"] += said.warnings


def _unused(raw: RawTable, settings: TableSource) -> list[str]:
    """Columns of the source that are not read: one of them may be the end."""
    used = {name.lower() for name in (*settings.theirs.values(), *TABLES["subscriptions"].names())}
    return [name for name in raw.rows.columns if name.lower() not in used and name[0] != "_"]


def _about_credits(tables: Mapping[str, ir.Table], params: Params) -> list[str]:
    """Negative rows of subscriptions: how many, and what they take away."""
    rows = tables.get("subscriptions")
    if rows is None:
        return []
    negative = rows.filter(rows.mrr < 0)
    seen = collect(negative.agg(n=negative.count(), mrr=negative.mrr.sum())).iloc[0]
    if not seen["n"]:
        return []
    told = "1 row is negative" if seen["n"] == 1 else f"{int(seen['n']):,} rows are negative"
    return [
        f"{told} (credits, discounts; {seen['mrr']:,.2f} {params.currency} of MRR in all): they "
        "net within their customer, whose MRR is never below 0."
    ]


def _about_endings(tables: Mapping[str, ir.Table], params: Params) -> list[str]:
    """Texts of reasons that nobody explains."""
    reasons, feedback = known_reasons(params.end_reasons), known_feedback(params.feedback)
    words = (
        ("subscriptions", "end_reason", reasons, "end_reasons"),
        ("subscriptions", "cancel_feedback", feedback, "feedback"),
        ("surveys", "reason", feedback, "feedback"),
    )
    return [
        remark
        for table, *how in words
        if table in tables
        for remark in about_unknown(tables[table], *how)
    ]


def _about_known_gaps(params: Params) -> list[str]:
    return [
        f"No row from {first} to {last}: as the parameter file says (gaps)."
        for first, last in params.known_gaps
    ]


def _require_columns(params: Params, tables: Mapping[str, ir.Table]) -> None:
    columns = customer_columns(tables)
    wanted = [("segments", name, "to split by") for name in params.segments]
    if params.cohort_by:
        wanted.append(("cohort_by", params.cohort_by, "to split by"))
    wanted += [("only", name, "to be restricted to") for name in params.only]
    wanted += [("labels", name, "to be called otherwise") for name in params.labels]
    wanted += [("changes", name, "to be reached by") for name in params.reached]
    for key, name, use in wanted:
        if name not in columns:
            hint = nearest(name, columns) or f". They have: {', '.join(columns) or 'none'}."
            raise DataError(f"{key}: customers have no column {name!r} {use}{hint}")


def _values_of(name: str, tables: Mapping[str, ir.Table]) -> ir.StringColumn:
    """Where the values of a column of customers come from."""
    if "customers" in tables and name in attributes(tables["customers"]):
        return tables["customers"][name]
    if name == "first_plan":
        return tables["subscriptions"].plan
    return tables["orders"].category
