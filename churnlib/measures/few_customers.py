"""The customers of a business that has too few for anything but a list of them."""

from typing import TYPE_CHECKING

import ibis
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import as_declared
from churnlib.measures.ledger import paid_spans
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.rules import MIN_N

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["few_customers"]

FEW_CUSTOMERS = Result(
    "few_customers",
    "who the customers are",
    "one row a customer, of a business with fewer than 30",
    (
        Column("customer_id", "text", "Customer", "The id of the source."),
        Column("first_on", "day", "Since", "The first paid day, or the first purchase."),
        Column("left_on", "day", "Left", "The first day without any subscription.", optional=True),
        Column("mrr", "money", "MRR", "Paid a month just before as_of.", optional=True),
        Column("last_on", "day", "Last bought", "The last purchase.", optional=True),
        Column("revenue", "money", "Revenue", "All purchases less returns.", optional=True),
    ),
)


@gives(FEW_CUSTOMERS)
def few_customers(snapshot: "Snapshot") -> pd.DataFrame:
    """Every customer of a business with fewer than 30, one by one.

    Grain: one row a customer who ever was one before as_of, the earliest first; none where there
    are more, or the parameters do not say `customer_lists: true`: these are rows about persons.

    Returns
    -------
    DataFrame
        customer_id; first_on; of subscriptions left_on (the first day without any, missing while
        there is one) and mrr (currency a month); of a shop last_on and revenue (currency)

    Examples
    --------
    >>> len(few_customers(snapshot))
    0
    """
    rows = _of_contracts(snapshot) if snapshot.orders is None else _of_a_shop(snapshot)
    if not snapshot.params.customer_lists or snapshot.n_customers >= MIN_N:
        rows = rows.limit(0)
    return as_declared(collect(rows.order_by("first_on", "customer_id")), FEW_CUSTOMERS)


def _of_contracts(snapshot: "Snapshot") -> ibis.Table:
    spans = paid_spans(snapshot)
    runs = (spans.ends_on >= snapshot.as_of).fill_null(True)
    each = spans.group_by("customer_id").aggregate(
        first_on=spans.starts_on.min(),
        last_end=spans.ends_on.max(),
        mrr=runs.ifelse(spans.mrr, 0).sum(),
        is_there=runs.any(),
    )
    left_on = each.is_there.ifelse(ibis.null("date"), each.last_end)
    return each.select("customer_id", "first_on", left_on=left_on, mrr=each.mrr)


def _of_a_shop(snapshot: "Snapshot") -> ibis.Table:
    orders = snapshot.orders
    bought = orders.amount >= 0
    each = orders.group_by("customer_id").aggregate(
        first_on=orders.ordered_on.min(where=bought),
        last_on=orders.ordered_on.max(where=bought),
        revenue=orders.amount.sum(),
    )
    return each.drop_null("first_on")
