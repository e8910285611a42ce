"""What forecasts of repeat buying need of the data: past dates to forecast from, weeks to track,
customers to value.
"""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import as_declared
from churnlib.measures.histories import CUSTOMERS, HISTORY, holdout
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
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["customer_forecasts", "first_purchases", "rolling_origins", "weekly_repeats"]

ORIGINS = 5
"""Past dates that a forecast is tried from."""
MIN_WEEKS, MAX_HORIZON = 26, 52
"""Weeks of history without which nothing can be held out; the longest horizon tried."""
MODELLED = ("probability_alive", "expected_purchases", "discounted_purchases")
"""What a model has to say of every purchase history."""
ROLLING_ORIGINS = Result(
    "rolling_origins",
    "past dates to forecast from",
    "one row an origin and distinct (frequency, recency, age) as of it",
    (
        Column("origin", "day", "Origin", "The date that is forecast from."),
        Column("horizon", "count", "Horizon", "Weeks that are forecast.", unit="weeks"),
        FREQUENCY,
        RECENCY,
        BUYER_AGE,
        CUSTOMERS,
        Column("actual", "count", "Actual", "What these customers bought in the horizon."),
        Column(
            "previous",
            "count",
            "Previous",
            "Repeat purchases of everybody in the horizon before the origin; a total, in the "
            "origin's first row.",
        ),
        Column("spent", "money", "Spent", "Their repeat purchases before the origin.", decimals=2),
        Column("brought", "money", "Brought", "Their purchases in the horizon.", decimals=2),
    ),
)
FIRST_PURCHASES = Result(
    "first_purchases",
    "when customers began",
    "one row a day on which somebody bought first",
    (
        Column("first_on", "day", "Day", "The day of the first purchase."),
        Column("customers", "count", "Customers", "Customers who began on it."),
    ),
)
WEEKLY_REPEATS = Result(
    "weekly_repeats",
    "repeat purchases by week",
    "one row a whole week, the last one up to as_of",
    (
        Column("week_start", "day", "Week", "The first day of the week."),
        Column("purchases", "count", "Repeat purchases", "Repeat purchases in the week."),
    ),
)
CLV_CUSTOMERS = Result(
    "clv_customers",
    "the forecast of every customer",
    "one row a customer with a purchase",
    (
        Column("customer_id", "text", "Customer", "Who bought."),
        FREQUENCY,
        Column(
            "recency_weeks",
            "number",
            "Recency",
            "Weeks from the first purchase to the last one.",
            unit="weeks",
        ),
        Column(
            "age_weeks",
            "number",
            "Age",
            "Weeks from the first purchase to the last day observed.",
            unit="weeks",
        ),
        Column(
            "probability_alive",
            "share",
            "P(alive)",
            "The probability that the customer has not stopped for good.",
            optional=True,
        ),
        Column(
            "expected_purchases",
            "number",
            "Expected purchases",
            "Purchases expected over the next twelve months.",
            decimals=2,
        ),
        Column(
            "expected_value",
            "money",
            "Expected purchase",
            "Money expected of a purchase.",
            decimals=2,
        ),
        Column(
            "discounted_value",
            "money",
            "Value",
            "Discounted margin expected over the next twelve months.",
            decimals=2,
        ),
    ),
)


@gives(ROLLING_ORIGINS)
def rolling_origins(snapshot: "Snapshot", *, count: int = ORIGINS) -> pd.DataFrame:
    """Past dates with what was known then and what came after: the input of a back-test.

    Grain: one row an origin and distinct (frequency, recency, age) as of it. Origins lie evenly
    between half of the history and a horizon before as_of; the horizon is a quarter of the history,
    52 weeks at the most.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    count : how many origins

    Returns
    -------
    DataFrame
        origin (date); horizon (weeks); frequency, recency, age (weeks, as of origin); customers;
        actual (purchases of these customers in the horizon); previous (repeat purchases of
        everybody in the horizon before the origin, a total that stands in the origin's first row);
        spent (currency, their repeat purchases before the origin); brought (currency, in the
        horizon). Empty where the history is under 26 weeks.

    Examples
    --------
    >>> rolling_origins(snapshot).columns.tolist()[:3]
    ['origin', 'horizon', 'frequency']
    """
    origins, horizon = _origins(snapshot, count)
    parts = [_origin(snapshot, origin, horizon) for origin in origins]
    if not parts:
        return pd.DataFrame(columns=[one.name for one in ROLLING_ORIGINS.columns])
    return as_declared(pd.concat(parts, ignore_index=True), ROLLING_ORIGINS)


@gives(FIRST_PURCHASES)
def first_purchases(snapshot: "Snapshot", *, before: date) -> pd.DataFrame:
    """How many customers began on each day before a date.

    Grain: one row a day on which somebody bought first.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    before : date, exclusive

    Returns
    -------
    DataFrame
        first_on (date); customers

    Examples
    --------
    >>> first_purchases(snapshot, before=snapshot.as_of).columns.tolist()
    ['first_on', 'customers']
    """
    rows = purchases(snapshot, as_of=before)
    firsts = rows.filter(rows.number == 1)
    counted = firsts.group_by(first_on=firsts.purchased_on).aggregate(customers=firsts.count())
    return collect(counted).sort_values("first_on", ignore_index=True)


@gives(WEEKLY_REPEATS)
def weekly_repeats(snapshot: "Snapshot", *, before: date) -> pd.DataFrame:
    """Repeat purchases by week, of the customers who began before a date.

    Grain: one row a whole week up to as_of, also where nobody bought. The last one ends at as_of,
    so that weeks held out begin at a past date's edge; days before the first whole week are left
    out.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    before : date, exclusive

    Returns
    -------
    DataFrame
        week_start (date); purchases (repeat purchases)

    Examples
    --------
    >>> weekly_repeats(snapshot, before=snapshot.as_of).columns.tolist()
    ['week_start', 'purchases']
    """
    rows = purchases(snapshot)
    began = rows.filter((rows.number == 1) & (rows.purchased_on < before)).select("customer_id")
    repeats = rows.filter(rows.number > 1).semi_join(began, "customer_id")
    counted = collect(repeats.group_by("purchased_on").aggregate(n=repeats.count()))
    weeks = _weeks(snapshot)
    start = snapshot.as_of - timedelta(weeks=weeks)
    day = (counted["purchased_on"] - pd.Timestamp(start)).dt.days
    by_week = counted["n"].groupby(day // DAYS_A_WEEK).sum().reindex(range(weeks), fill_value=0)
    week_start = pd.date_range(start, periods=weeks, freq=f"{DAYS_A_WEEK}D")
    return pd.DataFrame({"week_start": week_start, "purchases": by_week.to_numpy(dtype=int)})


def customer_forecasts(
    snapshot: "Snapshot", forecasts: pd.DataFrame, *, money: dict[str, float]
) -> ir.Table:
    """The forecast of every customer, as a table on the engine (not collected).

    Grain: one row a customer with a purchase.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    forecasts : one row a distinct (frequency, recency, age), what `history_forecasts` gives
    money : what `money_terms` gives: expected money per purchase is
        paid_share x (a + b x spent) / (c + b x purchases with money) + unpaid

    Returns
    -------
    ir.Table
        customer_id; frequency; recency_weeks, age_weeks; probability_alive (where the model can
        tell); expected_purchases; expected_value (currency a purchase); discounted_value (currency,
        margin)
    """
    rows = histories(snapshot)
    known = forecasts.assign(
        recency_days=(forecasts["recency"] * DAYS_A_WEEK).round().astype("int64"),
        age_days=(forecasts["age"] * DAYS_A_WEEK).round().astype("int64"),
    )
    known = known[[*HISTORY, *(name for name in MODELLED if name in known)]]
    both = rows.join(ibis.memtable(known), HISTORY)
    spent = both.value_total.cast("float64").fill_null(0.0)
    paid = (money["a"] + money["b"] * spent) / (money["c"] + money["b"] * both.value_days)
    each = money["paid_share"] * paid + money["unpaid"]
    alive = {}
    if "probability_alive" in known:
        alive = {"probability_alive": both.probability_alive.round(6)}
    return both.select(
        "customer_id",
        "frequency",
        recency_weeks=(both.recency_days / DAYS_A_WEEK).round(2),
        age_weeks=(both.age_days / DAYS_A_WEEK).round(2),
        **alive,
        expected_purchases=both.expected_purchases.round(6),
        expected_value=each.round(4),
        discounted_value=(both.discounted_purchases * each * money["margin"]).round(4),
    ).order_by(ibis.desc("discounted_value"), "customer_id")


customer_forecasts.result = CLV_CUSTOMERS


def _weeks(snapshot: "Snapshot") -> int:
    return (snapshot.as_of - snapshot.first_day).days // DAYS_A_WEEK


def _origins(snapshot: "Snapshot", count: int) -> tuple[list[date], int]:
    weeks = _weeks(snapshot)
    if weeks < MIN_WEEKS:
        return [], 0
    horizon = min(weeks // 4, MAX_HORIZON)
    before_end = np.linspace(weeks - weeks // 2, horizon, count).round().astype(int)
    return [snapshot.as_of - timedelta(weeks=int(n)) for n in dict.fromkeys(before_end)], horizon


def _origin(snapshot: "Snapshot", origin: date, horizon: int) -> pd.DataFrame:
    known = holdout(snapshot, origin=origin, until=origin + timedelta(weeks=horizon))
    earlier = purchases(snapshot, as_of=origin)
    window = (earlier.number > 1) & (earlier.purchased_on >= origin - timedelta(weeks=horizon))
    previous = int(collect(earlier.aggregate(n=window.cast("int64").sum().fill_null(0))).n.item())
    first_row = np.arange(len(known)) == 0
    return known.rename(columns={"purchases": "actual"}).assign(
        origin=pd.Timestamp(origin), horizon=horizon, previous=np.where(first_row, previous, 0)
    )
