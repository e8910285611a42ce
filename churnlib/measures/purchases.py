"""Purchases of a business without contracts: who buys, how often, how much.

A purchase (occasion) is a customer's day with at least one row of amount 0 or more, however many
rows it has. A return (a negative amount) is no purchase; it reduces the money of the customer's
most recent one, the same day's included.
"""

from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import last_period, number_of, period_number
from churnlib.measures.members import count_if, days_between, joined, members
from churnlib.periods import Grain

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

DAYS_A_WEEK = 7
HISTORY = ["frequency", "recency_days", "age_days"]


def purchases(snapshot: "Snapshot", *, as_of: date | None = None) -> ir.Table:
    """Every purchase occasion in its customer's order, as a table on the engine (not collected).

    Grain: one row a customer and purchase day before as_of.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    as_of : date, at most the snapshot's

    Returns
    -------
    customer_id; number (1 = the first purchase); purchased_on; amount (decimal: the day's money,
    less the returns until
        the next purchase)

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
    customer_id; frequency (repeat purchases); recency, age (weeks from the first purchase to the
    last one, and to the
        last day observed); value (mean money of a repeat purchase, of those with money; empty where
        there is none); value_days (how many those are)

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


def histories(snapshot: "Snapshot", as_of: date | None = None) -> ir.Table:
    """The same before division: customer_id, frequency, recency_days, age_days, value_days,
    value_total (decimal).
    """
    rows = purchases(snapshot, as_of=as_of)
    paid_again = (rows.number > 1) & (rows.amount > 0)
    each = rows.group_by("customer_id").aggregate(
        first_on=rows.purchased_on.min(),
        last_on=rows.purchased_on.max(),
        frequency=rows.count() - 1,
        value_days=count_if(paid_again),
        value_total=rows.amount.sum(where=paid_again),
    )
    return each.select(
        "customer_id",
        "frequency",
        "value_days",
        "value_total",
        recency_days=days_between(each.first_on, each.last_on),
        age_days=days_between(each.first_on, _known_by(snapshot, as_of)) - 1,
    )


def recency_frequency(
    snapshot: "Snapshot", *, as_of: date | None = None, by: str | None = None
) -> pd.DataFrame:
    """How many customers share a purchase history: the input of models of repeat buying.

    Grain: one row a distinct (frequency, recency, age) and segment.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    as_of : date, at most the snapshot's; what was known then
    by : a column of customers to split by

    Returns
    -------
    DataFrame : [by]; frequency (repeat purchases); recency, age (weeks, see `customer_purchases`);
    customers

    Examples
    --------
    >>> recency_frequency(snapshot).columns.tolist()
    ['frequency', 'recency', 'age', 'customers']
    """
    rows = histories(snapshot, as_of)
    if by:
        rows = joined(rows, members(snapshot, by))
    groups = rows.group_by(*([by] if by else []), *HISTORY).aggregate(customers=rows.count())
    return _in_weeks(collect(groups), [by] if by else [])


def holdout(snapshot: "Snapshot", *, origin: date, until: date) -> pd.DataFrame:
    """What customers known at a date bought after it: the test of a forecast made then.

    Grain: one row a distinct (frequency, recency, age) as of `origin`.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    origin : the date of the forecast; who bought first from then on is no part of it
    until : end of the test, exclusive, at most the snapshot's as_of

    Returns
    -------
    DataFrame : frequency; recency, age (weeks, as of origin); customers; purchases (theirs, from
    origin to until)

    Examples
    --------
    >>> holdout(snapshot, origin=snapshot.period.start, until=snapshot.as_of).columns.tolist()
    ['frequency', 'recency', 'age', 'customers', 'purchases']
    """
    later = purchases(snapshot, as_of=until)
    later = (
        later.filter(later.purchased_on >= origin)
        .group_by("customer_id")
        .aggregate(n=lambda t: t.count())
    )
    rows = joined(histories(snapshot, origin), later)
    groups = rows.group_by(*HISTORY).aggregate(
        customers=rows.count(), purchases=rows.n.sum().fill_null(0).cast("int64")
    )
    return _in_weeks(collect(groups), [])


def spend(snapshot: "Snapshot", *, as_of: date | None = None) -> pd.DataFrame:
    """How many customers share a mean repeat purchase: the input of models of the money spent.

    Grain: one row a distinct (frequency, value). Only repeat purchases with money count.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    as_of : date, at most the snapshot's

    Returns
    -------
    DataFrame : frequency (repeat purchases with money, at least 1); value (currency, their mean);
    customers

    Examples
    --------
    >>> spend(snapshot).columns.tolist()
    ['frequency', 'value', 'customers']
    """
    rows = histories(snapshot, as_of)
    repeaters = rows.filter(rows.value_days > 0)
    groups = collect(
        repeaters.group_by("value_days", "value_total").aggregate(customers=repeaters.count())
    )
    groups = groups.assign(
        frequency=groups["value_days"], value=groups["value_total"] / groups["value_days"]
    )
    return groups.sort_values(["frequency", "value"], ignore_index=True)[
        ["frequency", "value", "customers"]
    ]


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


def _in_weeks(groups: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    weeks = groups.assign(
        recency=groups["recency_days"] / DAYS_A_WEEK, age=groups["age_days"] / DAYS_A_WEEK
    ).drop(columns=["recency_days", "age_days"])
    counted = [name for name in ("customers", "purchases") if name in weeks]
    order = [*keys, "frequency", "recency", "age"]
    return weeks.sort_values(order, ignore_index=True)[[*order, *counted]]
