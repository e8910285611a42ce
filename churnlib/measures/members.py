"""Who the customers are, and what rows of theirs have beside them."""

from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from churnlib.measures.by_period import split_keys
from churnlib.params.changes import Change
from churnlib.results.segments import UNKNOWN
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

WORDS = (
    Term(
        "Customer",
        "Who pays for at least one subscription: MRR above 0. Free accounts and trials are none.",
    ),
    Term(
        "Segment",
        "The customers who share a value of a column, of several, or of an expression over them.",
    ),
)


def members(snapshot: "Snapshot", by: "Split | None" = None) -> ir.Table:
    """Everybody who ever became a customer: customer_id, first_active_on, observed_from, [segment],
    is_late.

    is_late: observed only after the start, as the customer was there before the records begin.
    """
    customers = with_segment(snapshot, by)
    chosen = customers.filter(customers.first_active_on < snapshot.as_of)
    late = (chosen.observed_from > chosen.first_active_on).fill_null(False)
    names = ["customer_id", "first_active_on", "observed_from", *split_keys(by)]
    return chosen.select(*names, is_late=late)


def with_segment(snapshot: "Snapshot", by: "Split | None") -> ir.Table:
    """The customers, with the value that they are split by as `segment`.

    A column of theirs that is itself called `segment` gives way to it.
    """
    if by is None:
        return snapshot.customers
    return snapshot.customers.mutate(segment=snapshot.segment(by))


def with_reach(snapshot: "Snapshot", change: Change) -> ir.Table:
    """Everybody who ever became a customer, with `reached`: whether the change reaches them."""
    reached = ibis.literal(value=True)
    for name, values in change.reached.items():
        words = snapshot.params.labels.get(name, {})
        reached = reached & snapshot.segment(name).isin([words.get(one, one) for one in values])
    who = snapshot.customers.select("customer_id", reached=reached)
    return members(snapshot).inner_join(who, "customer_id")


def joined(rows: ir.Table, people: ir.Table) -> ir.Table:
    """Rows with the columns of their customer beside them; no row is lost where the customer is
    unknown.
    """
    wanted = [name for name in people.columns if name != "customer_id"]
    both = rows.left_join(people, "customer_id").select(*rows.columns, *wanted)
    texts = [name for name in wanted if both[name].type().is_string()]
    if not texts:
        return both
    return both.mutate(**{name: both[name].fill_null(UNKNOWN) for name in texts})


def count_if(condition: ir.BooleanValue) -> ir.IntegerValue:
    """How many rows meet a condition; 0, not null, where there are none."""
    return condition.cast("int64").sum().fill_null(0).cast("int64")


def days_between(start: ir.DateValue, end: ir.DateValue | date) -> ir.IntegerValue:
    """Whole days from one date to another: an expression on the engine."""
    if isinstance(end, date):
        end = ibis.literal(end, type="date")
    return end.delta(start, unit="day").cast("int64")
