"""Purchases of a business without contracts: who buys, how often, how much.

A purchase (occasion) is a customer's day with at least one row of amount 0 or more, however many
rows it has. A return (a negative amount) is no purchase; it reduces the money of the customer's
most recent one, the same day's included. All tables here stay on the engine.
"""

from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from churnlib.measures.by_period import last_period, number_of, period_number
from churnlib.measures.members import count_if, days_between
from churnlib.periods import Grain
from churnlib.results.columns import Column
from churnlib.results.declared import Result
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["customer_purchases"]

DAYS_A_WEEK = 7
WORDS = (
    Term("Order", "A row of what one customer bought on one day, in a business without contracts."),
    Term("Purchase", "All orders of one customer on one day, at least one of them not a return."),
    Term("Return", "A row with a negative amount: it reduces the revenue and is no purchase."),
)
FREQUENCY = Column("frequency", "count", "Repeat purchases", "Purchases after the first.")
RECENCY = Column(
    "recency",
    "number",
    "Recency",
    "Weeks from the first purchase to the last one.",
    unit="weeks",
)
BUYER_AGE = Column(
    "age",
    "number",
    "Age",
    "Weeks from the first purchase to the last day observed.",
    unit="weeks",
)
CUSTOMER_PURCHASES = Result(
    "customer_purchases",
    "the purchase history of every customer",
    "one row a customer with a purchase",
    (
        Column("customer_id", "text", "Customer", "Who bought."),
        FREQUENCY,
        RECENCY,
        BUYER_AGE,
        Column(
            "value",
            "money",
            "Mean purchase",
            "Mean money of a repeat purchase, of those with money; empty where there is none.",
            decimals=2,
        ),
        Column("value_days", "count", "Purchases with money", "Repeat purchases with money."),
    ),
)


def purchases(snapshot: "Snapshot", *, as_of: date | None = None) -> ir.Table:
    """Every purchase occasion in its customer's order, as a table on the engine (not collected).

    Grain: one row a customer and purchase day before as_of.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    as_of : date, at most the snapshot's

    Returns
    -------
    ir.Table
        customer_id; number (1 = the first purchase); purchased_on; amount (decimal: the day's
        money, less the returns until the next purchase)

    Examples
    --------
    >>> purchases(snapshot).columns
    ('customer_id', 'number', 'purchased_on', 'amount')
    """
    days = _customer_days(snapshot, as_of)
    so_far = ibis.cumulative_window(group_by="customer_id", order_by="ordered_on")
    numbered = days.mutate(number=days.bought.sum().over(so_far).cast("int64"))
    # Number 0: returns of something bought before the records begin.
    since_first = numbered.filter(numbered.number > 0)
    return since_first.group_by("customer_id", "number").aggregate(
        purchased_on=since_first.ordered_on.min(), amount=since_first.money.sum()
    )


def customer_periods(snapshot: "Snapshot", grain: Grain) -> ir.Table:
    """What each customer did in each complete period: customer_id, period (int), occasions,
    amount (decimal).
    """
    days = _customer_days(snapshot, None)
    numbered = days.mutate(period=period_number(days.ordered_on, grain))
    complete = numbered.filter(numbered.period <= number_of(last_period(snapshot, grain)))
    return complete.group_by("customer_id", "period").aggregate(
        occasions=complete.bought.sum(), amount=complete.money.sum()
    )


def customer_purchases(snapshot: "Snapshot", *, as_of: date | None = None) -> ir.Table:
    """Each customer's purchase history in a few numbers, as a table on the engine (not collected).

    Grain: one row a customer with a purchase before as_of. Time runs in days from the first
    purchase to the last day observed, the one before as_of, as in the published tables of Fader,
    Hardie and Lee (2005).

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    as_of : date, at most the snapshot's

    Returns
    -------
    ir.Table
        customer_id; frequency (repeat purchases); recency, age (weeks from the first purchase to
        the last one, and to the last day observed); value (mean money of a repeat purchase, of
        those with money; empty where there is none); value_days (how many those are)

    Examples
    --------
    >>> customer_purchases(snapshot).columns
    ('customer_id', 'frequency', 'recency', 'age', 'value', 'value_days')
    """
    rows = histories(snapshot, as_of)
    return rows.select(
        "customer_id",
        "frequency",
        recency=rows.recency_days / DAYS_A_WEEK,
        age=rows.age_days / DAYS_A_WEEK,
        value=rows.value_total.cast("float64") / rows.value_days.nullif(0),
        value_days=rows.value_days,
    )


customer_purchases.result = CUSTOMER_PURCHASES


def histories(snapshot: "Snapshot", as_of: date | None = None) -> ir.Table:
    """The same before division: customer_id, frequency, recency_days, age_days, value_days,
    value_total, unpaid_total (decimal: money of the repeat purchases that brought none, 0 or less).
    """
    rows = purchases(snapshot, as_of=as_of)
    paid_again = (rows.number > 1) & (rows.amount > 0)
    each = rows.group_by("customer_id").aggregate(
        first_on=rows.purchased_on.min(),
        last_on=rows.purchased_on.max(),
        frequency=rows.count() - 1,
        value_days=count_if(paid_again),
        value_total=rows.amount.sum(where=paid_again),
        unpaid_total=rows.amount.sum(where=(rows.number > 1) & (rows.amount <= 0)),
    )
    return each.select(
        "customer_id",
        "frequency",
        "value_days",
        "value_total",
        unpaid_total=each.unpaid_total.fill_null(0),
        recency_days=days_between(each.first_on, each.last_on),
        age_days=days_between(each.first_on, _known_by(snapshot, as_of)) - 1,
    )


def _known_by(snapshot: "Snapshot", as_of: date | None) -> date:
    return min(as_of or snapshot.as_of, snapshot.as_of)


def _customer_days(snapshot: "Snapshot", as_of: date | None) -> ir.Table:
    """Rows summed up by day: customer_id, ordered_on, money (decimal), bought (1 where it was a
    purchase, else 0).
    """
    orders = snapshot.orders
    known = orders.filter(orders.ordered_on < _known_by(snapshot, as_of))
    days = known.group_by("customer_id", "ordered_on").aggregate(
        money=known.amount.sum(), largest=known.amount.max()
    )
    return days.mutate(bought=(days.largest >= 0).cast("int64")).drop("largest")
