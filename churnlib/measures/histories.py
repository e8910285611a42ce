"""How many customers share a purchase history: the sufficient statistics of models of repeat
buying, and the money of repeat purchases.
"""

from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import as_declared, split_keys
from churnlib.measures.members import joined, members
from churnlib.measures.purchases import (
    BUYER_AGE,
    DAYS_A_WEEK,
    FREQUENCY,
    RECENCY,
    histories,
    purchases,
)
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["buyers", "holdout", "recency_frequency", "spend"]

HISTORY = ["frequency", "recency_days", "age_days"]
CUSTOMERS = Column("customers", "count", "Customers", "Customers who share these.")
MEAN_PURCHASE = Column(
    "value",
    "money",
    "Mean purchase",
    "Mean money of these purchases; 0 where there are none.",
    decimals=2,
)
RECENCY_FREQUENCY = Result(
    "recency_frequency",
    "purchase histories",
    "one row a distinct (frequency, recency, age) and segment",
    (FREQUENCY, RECENCY, BUYER_AGE, CUSTOMERS),
)
HOLDOUT = Result(
    "holdout",
    "what customers known at a date bought after it",
    "one row a distinct (frequency, recency, age) as of the date",
    (
        FREQUENCY,
        RECENCY,
        BUYER_AGE,
        CUSTOMERS,
        Column("purchases", "count", "Purchases", "What these customers bought after the date."),
        Column("spent", "money", "Spent", "Their repeat purchases before the date.", decimals=2),
        Column("brought", "money", "Brought", "What these purchases brought.", decimals=2),
    ),
)
SPEND = Result(
    "spend",
    "the money of repeat purchases",
    "one row a distinct (frequency, value)",
    (
        Column("frequency", "count", "Purchases with money", "Repeat purchases with money."),
        MEAN_PURCHASE,
        CUSTOMERS,
        Column("purchases", "count", "Repeat purchases", "With money or without, of them all."),
        Column(
            "unpaid",
            "money",
            "Without money",
            "What the purchases that brought none add up to: 0, or less where more was returned.",
            decimals=2,
        ),
    ),
)
BUYERS = Result(
    "buyers",
    "purchase histories with their money",
    "one row a distinct (frequency, recency, age, spend_frequency)",
    (
        FREQUENCY,
        RECENCY,
        BUYER_AGE,
        Column("spend_frequency", "count", "Purchases with money", "Repeat purchases with money."),
        MEAN_PURCHASE,
        CUSTOMERS,
    ),
)


@gives(RECENCY_FREQUENCY)
def recency_frequency(
    snapshot: "Snapshot", *, as_of: date | None = None, by: "Split | None" = None
) -> pd.DataFrame:
    """How many customers share a purchase history: the input of models of repeat buying.

    Grain: one row a distinct (frequency, recency, age) and segment.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    as_of : date, at most the snapshot's; what was known then
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers

    Returns
    -------
    DataFrame
        [segment]; frequency (repeat purchases); recency, age (weeks, see `customer_purchases`);
        customers

    Examples
    --------
    >>> recency_frequency(snapshot).columns.tolist()
    ['frequency', 'recency', 'age', 'customers']
    """
    rows = histories(snapshot, as_of)
    if by is not None:
        rows = joined(rows, members(snapshot, by))
    keys = split_keys(by)
    groups = collect(rows.group_by(*keys, *HISTORY).aggregate(customers=rows.count()))
    ordered = groups.sort_values([*keys, *HISTORY], ignore_index=True)
    return as_declared(_in_weeks(ordered), RECENCY_FREQUENCY)


@gives(HOLDOUT)
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
    DataFrame
        frequency; recency, age (weeks, as of origin); customers; purchases (theirs, from origin to
        until); spent (currency, their repeat purchases before origin); brought (currency, their
        purchases from origin to until)

    Examples
    --------
    >>> holdout(snapshot, origin=snapshot.period.start, until=snapshot.as_of).columns.tolist()
    ['frequency', 'recency', 'age', 'customers', 'purchases', 'spent', 'brought']
    """
    later = purchases(snapshot, as_of=until)
    later = later.filter(later.purchased_on >= origin)
    counted = later.group_by("customer_id").aggregate(n=later.count(), money=later.amount.sum())
    rows = joined(histories(snapshot, origin), counted)
    groups = rows.group_by(*HISTORY).aggregate(
        customers=rows.count(),
        purchases=rows.n.sum().fill_null(0).cast("int64"),
        spent=(rows.value_total.fill_null(0) + rows.unpaid_total).sum(),
        brought=rows.money.sum().fill_null(0),
    )
    ordered = collect(groups).sort_values(HISTORY, ignore_index=True)
    return as_declared(_in_weeks(ordered), HOLDOUT)


@gives(SPEND)
def spend(snapshot: "Snapshot", *, as_of: date | None = None) -> pd.DataFrame:
    """How many customers share a mean repeat purchase: the input of models of the money spent.

    Grain: one row a distinct (frequency, value); frequency 0 for customers none of whose repeat
    purchases brought money.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    as_of : date, at most the snapshot's

    Returns
    -------
    DataFrame
        frequency (repeat purchases with money); value (currency, their mean; 0 where there are
        none); customers; purchases (all repeat purchases of these customers together); unpaid
        (currency, 0 or less: what those without money add up to)

    Examples
    --------
    >>> spend(snapshot).columns.tolist()
    ['frequency', 'value', 'customers', 'purchases', 'unpaid']
    """
    rows = histories(snapshot, as_of)
    again = rows.filter(rows.frequency > 0)
    groups = again.group_by("value_days", "value_total").aggregate(
        customers=again.count(), purchases=again.frequency.sum(), unpaid=again.unpaid_total.sum()
    )
    frame = collect(groups)
    mean = frame["value_total"] / frame["value_days"].where(frame["value_days"] > 0)
    frame = frame.assign(frequency=frame["value_days"], value=mean.fillna(0.0))
    return as_declared(frame.sort_values(["frequency", "value"], ignore_index=True), SPEND)


@gives(BUYERS)
def buyers(snapshot: "Snapshot") -> pd.DataFrame:
    """How many customers share a purchase history, and what a repeat purchase of theirs brings on
    average.

    Grain: one row a distinct (frequency, recency, age, spend_frequency).

    Parameters
    ----------
    snapshot : Snapshot of a transactional business

    Returns
    -------
    DataFrame
        frequency; recency, age (weeks); spend_frequency (repeat purchases with money); value
        (currency, mean money of those; 0 where there are none); customers

    Notes
    -----
    The expected money of a customer is linear in its own mean, so the mean of a group gives the
    group's total exactly.

    Examples
    --------
    >>> buyers(snapshot).columns.tolist()
    ['frequency', 'recency', 'age', 'spend_frequency', 'value', 'customers']
    """
    rows = histories(snapshot)
    sums = rows.group_by(*HISTORY, "value_days").aggregate(
        customers=rows.count(), total=rows.value_total.sum()
    )
    groups = collect(sums).sort_values([*HISTORY, "value_days"], ignore_index=True)
    paid_days = groups["value_days"] * groups["customers"]
    mean = groups["total"] / paid_days.where(groups["value_days"] > 0)
    frame = groups.assign(spend_frequency=groups["value_days"], value=mean.fillna(0.0))
    return as_declared(_in_weeks(frame), BUYERS)


def _in_weeks(groups: pd.DataFrame) -> pd.DataFrame:
    return groups.assign(
        recency=groups["recency_days"] / DAYS_A_WEEK, age=groups["age_days"] / DAYS_A_WEEK
    )
