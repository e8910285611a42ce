"""Waits between purchases, the open ones included."""

from typing import TYPE_CHECKING, Literal

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.measures.by_period import as_declared, split_keys
from churnlib.measures.members import days_between, joined, members
from churnlib.measures.purchases import purchases
from churnlib.measures.repurchase import first_seen
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    import pandas as pd

    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["gaps"]

GROUPS = 64
"""Groups of whole customers: enough to know a variance by, few enough to be fetched."""
GAPS = Result(
    "gaps",
    "waits for the next purchase",
    "one row a distinct (duration, event_observed), segment and group of customers",
    (
        Column(
            "customer_group",
            "count",
            "Group",
            "One of 64 groups of whole customers: waits of one customer are alike.",
            optional=True,
        ),
        Column("entry", "count", "Entry", "0: every wait is observed from its start.", unit="days"),
        Column(
            "duration",
            "count",
            "Duration",
            "Days after which the customer bought again, or which it was seen to wait.",
            unit="days",
        ),
        Column("event_observed", "flag", "Bought again", "Whether the wait was seen to end."),
        Column("customers", "count", "Customers", "Customers, or waits, who share these."),
    ),
)


@gives(GAPS)
def gaps(
    snapshot: "Snapshot",
    *,
    kind: Literal["second", "between"] = "second",
    by: "Split | None" = None,
) -> "pd.DataFrame":
    """Days until the next purchase, the wait that is still open included: the input of survival
    models.

    Grain: one row a distinct (duration, event_observed) and segment; with kind "between", of each
    group of customers. kind "second": one wait a customer, from the first purchase to the second.
    kind "between": one wait a purchase, to the customer's next one. The last wait is open: seen
    through the day before as_of and no longer, which is known about it and not left out. With kind
    "second", customers of the first period of the records are left out, as their first purchase may
    lie before it (see `repeat_purchase_rate`).

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    kind : {"second", "between"}
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers

    Returns
    -------
    DataFrame
        [segment]; customer_group (kind "between": 0 to 63; customers in the order of their ids go
        into groups in turn, by which models know what may be of one customer); entry (0); duration
        (whole days: bought again on that day, or seen through that many); event_observed (bought
        again); customers (with kind "between": waits)

    Examples
    --------
    >>> gaps(snapshot, kind="between").columns.tolist()
    ['customer_group', 'entry', 'duration', 'event_observed', 'customers']
    """
    rows = purchases(snapshot)
    order = ibis.window(group_by="customer_id", order_by="number")
    waits = rows.mutate(next_on=rows.purchased_on.lead().over(order))
    if kind == "second":
        waits = first_seen(snapshot, waits.filter(waits.number == 1), "purchased_on")
    if by is not None:
        waits = joined(waits, members(snapshot, by))
    event = (waits.next_on > waits.purchased_on).fill_null(False)
    open_days = days_between(waits.purchased_on, snapshot.as_of) - 1
    duration = ibis.ifelse(event, days_between(waits.purchased_on, waits.next_on), open_days)
    counted = waits.mutate(duration=duration, event_observed=event)
    kept = []
    if kind == "between":
        kept = ["customer_group"]
        counted = joined(counted, _groups(counted))
    keys = [*split_keys(by), *kept, "duration", "event_observed"]
    groups = collect(counted.group_by(*keys).aggregate(customers=counted.count()))
    return as_declared(groups.sort_values(keys, ignore_index=True).assign(entry=0), GAPS)


def _groups(rows: ir.Table) -> ir.Table:
    """customer_id, customer_group: whole customers, in turn; each its own group where they are
    few.
    """
    people = rows.select("customer_id").distinct()
    place = ibis.row_number().over(ibis.window(order_by=people.customer_id))
    return people.mutate(customer_group=(place % GROUPS).cast("int64"))
