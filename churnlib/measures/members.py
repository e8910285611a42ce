"""Who the customers are, and what rows of theirs have beside them."""

from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from churnlib.results.segments import UNKNOWN

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot


def members(snapshot: "Snapshot", by: str | None = None) -> ir.Table:
    """Everybody who ever became a customer: customer_id, first_active_on, observed_from, is_late,
    [by].

    is_late: observed only after the start, as the customer was there before the records begin.
    """
    customers = snapshot.customers
    chosen = customers.filter(customers.first_active_on < snapshot.as_of)
    split = (
        {by: chosen[snapshot.require_column(by)].cast("string").fill_null(UNKNOWN)} if by else {}
    )
    late = (chosen.observed_from > chosen.first_active_on).fill_null(False)
    return chosen.select("customer_id", "first_active_on", "observed_from", is_late=late, **split)


def joined(rows: ir.Table, people: ir.Table) -> ir.Table:
    """Rows with the columns of their customer beside them; no row is lost where the customer is
    unknown.
    """
    wanted = [name for name in people.columns if name != "customer_id"]
    both = rows.left_join(people, "customer_id").select(*rows.columns, *wanted)
    texts = [name for name in wanted if both[name].type().is_string()]
    return both.mutate(**{name: both[name].fill_null(UNKNOWN) for name in texts}) if texts else both


def count_if(condition: ir.BooleanValue) -> ir.IntegerValue:
    """How many rows meet a condition; 0, not null, where there are none."""
    return condition.cast("int64").sum().fill_null(0).cast("int64")


def days_between(start: ir.DateValue, end: ir.DateValue | date) -> ir.IntegerValue:
    """Whole days from one date to another: an expression on the engine."""
    end = ibis.literal(end, type="date") if isinstance(end, date) else end
    return end.delta(start, unit="day").cast("int64")
