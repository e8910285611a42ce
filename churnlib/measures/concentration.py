"""How much of the revenue rests on how few customers."""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import MONEY_DECIMALS, collect
from churnlib.measures.ledger import paid_spans
from churnlib.measures.members import joined, members
from churnlib.measures.purchases import purchases
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rates import ratio

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["concentration"]

SHARES = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Shares of customers, those who bring most first, at which revenue is added up."""
MONTHS = 12
"""Of a shop: the months before as_of whose revenue is added up."""
CONCENTRATION = Result(
    "concentration",
    "how much of the revenue rests on how few customers",
    "one row a share of customers (and segment), those who bring most first",
    (
        Column(
            "share_of_customers",
            "share",
            "Share of customers",
            "Share of the customers, counted from who brings most.",
            decimals=0,
        ),
        Column(
            "share_of_revenue",
            "share",
            "Share of revenue",
            "Their revenue / the revenue of all; empty where all together bring none.",
            denominator="of_customers",
        ),
        Column("customers", "count", "Customers", "How many they are."),
        Column("revenue", "money", "Revenue", "MRR at closing, or revenue of twelve months."),
        Column("of_customers", "count", "Of customers", "All who bring revenue."),
    ),
    shown=("share_of_customers", "customers", "revenue", "share_of_revenue"),
)
TERMS = (
    Term(
        "Concentration",
        "The share of the revenue that the customers bring who bring most. Subscriptions: MRR at "
        "closing of those active. A shop: revenue of twelve months, returns deducted, of those who "
        "bought in them.",
    ),
)


@gives(CONCENTRATION)
def concentration(snapshot: "Snapshot", *, by: "Split | None" = None) -> pd.DataFrame:
    """Which share of the revenue the customers bring who bring most.

    Grain: one row a share of customers (and segment), from 1 to 100 %. Of a share of the customers
    that is no whole number, as many are counted as fill it: 20 % of 11 customers are 3.

    Parameters
    ----------
    snapshot : Snapshot
        Of a subscription business: MRR just before as_of of the customers active then. Of a shop:
        revenue, returns deducted, of the twelve months before as_of, of those who bought in them.
    by : column of customers, list of columns or expression over customers to split by

    Returns
    -------
    DataFrame : [segment]; share_of_customers (0 to 1); share_of_revenue = revenue / revenue of all,
        empty where that is not above 0; customers, revenue (currency; of these customers);
        of_customers (all who bring revenue)

    Notes
    -----
    The points of the curve of Lorenz (1905), counted from the top.

    Examples
    --------
    >>> concentration(snapshot).share_of_revenue.iloc[-1]
    np.float64(1.0)
    """
    money = _mrr(snapshot) if snapshot.orders is None else _revenue(snapshot)
    if by is not None:
        money = joined(money, members(snapshot, by))
    keys = ["segment"] if by is not None else []
    found = collect(_from_the_top(money, keys))
    frame = pd.concat([_at(found, share, keys) for share in SHARES])
    frame = frame.sort_values([*keys, "share_of_customers"], ignore_index=True)
    frame["share_of_revenue"] = ratio(frame["revenue"], frame["all_revenue"])
    names = [column.name for column in CONCENTRATION.columns]
    return frame[[*keys, *names]].round({"revenue": MONEY_DECIMALS})


def _mrr(snapshot: "Snapshot") -> ir.Table:
    """customer_id, money: what each customer pays a month just before as_of."""
    spans = paid_spans(snapshot)
    running = spans.filter((spans.ends_on >= snapshot.as_of).fill_null(True))
    return running.group_by("customer_id").aggregate(money=running.mrr.sum())


def _revenue(snapshot: "Snapshot") -> ir.Table:
    """customer_id, money: what each buyer of the last twelve months brought in them."""
    start = ibis.literal(snapshot.months_before(MONTHS), type="date")
    rows = snapshot.orders.filter(snapshot.orders.ordered_on >= start)
    bought = purchases(snapshot)
    buyers = bought.filter(bought.purchased_on >= start).select("customer_id").distinct()
    sums = rows.group_by("customer_id").aggregate(money=rows.amount.sum())
    return sums.semi_join(buyers, "customer_id")


def _from_the_top(money: ir.Table, keys: list[str]) -> ir.Table:
    """The places that SHARES ask for: place (from 1), revenue so far, of_customers, all_revenue.

    Every customer has a place; only those at which a share is filled come back.
    """
    order = [money.money.desc(), money.customer_id]
    so_far = ibis.cumulative_window(group_by=keys or None, order_by=order)
    whole = ibis.window(group_by=keys or None)
    placed = money.mutate(
        place=ibis.row_number().over(ibis.window(group_by=keys or None, order_by=order)) + 1,
        revenue=money.money.sum().over(so_far),
        of_customers=money.count().over(whole),
        all_revenue=money.money.sum().over(whole),
    )
    wanted = [placed.place == _filled(placed.of_customers, share) for share in SHARES]
    return placed.filter(ibis.or_(*wanted)).select(
        *keys, "place", "revenue", "of_customers", "all_revenue"
    )


def _filled(customers: ir.IntegerValue, share: float) -> ir.IntegerValue:
    """How many customers fill a share, in whole per cents: no rounding of floats decides."""
    percent = round(100 * share)
    return (customers * percent + 99) // 100


def _at(found: pd.DataFrame, share: float, keys: list[str]) -> pd.DataFrame:
    """The place at which a share is filled, of each segment."""
    place = (found["of_customers"] * round(100 * share) + 99) // 100
    rows = found[found["place"] == place]
    return rows.assign(share_of_customers=share, customers=rows["place"])
