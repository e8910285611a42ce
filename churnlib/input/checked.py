"""A source opened, mapped and checked: the valid rows of every table, and the account of the
others.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.errors import DataError, nearest
from churnlib.input.checks import check_table
from churnlib.input.coverage import covered
from churnlib.input.mapping import map_table
from churnlib.input.source import open_source
from churnlib.params.model import Params
from churnlib.params.tables import CUSTOMERS, TABLES
from churnlib.periods import Period

DERIVED = ("first_active_on", "observed_from", "first_plan", "first_category")


def customer_columns(tables: dict[str, ir.Table]) -> list[str]:
    """The columns that customers can be split by."""
    own = attributes(tables["customers"]) if "customers" in tables else []
    derived = (["first_plan"] if "subscriptions" in tables else []) + (
        ["first_category"] if "orders" in tables else []
    )
    return [*own, *derived]


def attributes(customers: ir.Table) -> list[str]:
    """The further columns of customers: what they can be split by."""
    kept = [*CUSTOMERS.names(), *DERIVED, "_row"]
    return [name for name in customers.columns if name not in kept]


MAX_SHAPE = 20


@dataclass(frozen=True)
class Checked:
    """A source opened and checked, for any number of periods.

    tables : {name: valid rows}. data_box : one account a table: read, kept, set aside, by reason,
    with an example.
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
        complete = (
            f"the last complete {self.params.grain} is {latest.label}"
            if latest
            else "no period is complete yet"
        )
        return f"The data cover {self.first_day} to {self.last_day}; {complete}."

    def _latest(self) -> Period | None:
        after = (pd.Timestamp(self.last_day) + pd.Timedelta(days=1)).date()
        latest = Period.containing(after, self.params.grain).shift(-1)
        begin = self.params.first_day or Period.containing(self.first_day, self.params.grain).start
        return latest if latest.start >= begin else None


def check(params: Params) -> Checked:
    """Open the source, map and check every table.

    Raises
    ------
    DataError : what is missing or wrong, where, and how to mend it; too many rows set aside; no
    usable row at all
    """
    tables, data_box = {}, []
    for name, (raw, settings) in open_source(params).items():
        checked = check_table(map_table(raw, settings, TABLES[name]), params)
        tables[name] = checked.rows
        data_box.append(checked.account)
    _compare_ids(tables, data_box, params)
    first, last = covered(tables[params.activity_table], params)
    _require_segments(params, tables)
    return Checked(params, tables, data_box, first, last)


def _compare_ids(
    tables: dict[str, ir.Table], data_box: list[dict[str, Any]], params: Params
) -> None:
    """Ids that are numbers in one table and text in the other would leave every customer without
    attributes.
    """
    given, active = (
        tables.get("customers"),
        tables[params.activity_table].select("customer_id").distinct(),
    )
    if given is None:
        return
    unknown = active.anti_join(given, "customer_id")
    seen = collect(active.agg(ids=active.count(), first=active.customer_id.min())).iloc[0]
    n_unknown, n_given = (
        collect(unknown.agg(n=unknown.count())).n.item(),
        collect(given.agg(n=given.count())).n.item(),
    )
    files = {account["table"]: account for account in data_box}
    if n_given and seen.ids and n_unknown == seen.ids:
        there = collect(given.agg(first=given.customer_id.min()))["first"].item()
        raise DataError(
            f"{files[params.activity_table]['file']}: no customer_id stands in "
            f"{files['customers']['file']} too; they look "
            f"like {_shape(seen['first'])!r} here and {_shape(there)!r} there. Map the same id "
            "under columns.customer_id, "
            "or bring one to the other with an expression."
        )
    if n_unknown:
        said = (
            f"{n_unknown:,} customers stand in no row of customers: their attributes are unknown."
        )
        files[params.activity_table]["remarks"].append(said)


def _shape(identifier: str) -> str:
    """How an id looks, without saying who it is: `C-1042` is `A-9999`."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", identifier[:MAX_SHAPE]))


def _require_segments(params: Params, tables: dict[str, ir.Table]) -> None:
    columns = customer_columns(tables)
    wanted = [("segments", name) for name in params.segments]
    wanted += [("cohort_by", params.cohort_by)] if params.cohort_by else []
    for key, name in wanted:
        if name not in columns:
            hint = nearest(name, columns) or f". They have: {', '.join(columns) or 'none'}."
            raise DataError(f"{key}: customers have no column {name!r} to split by{hint}")
