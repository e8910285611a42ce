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
from churnlib.measures.purchases import DAYS_A_WEEK, HISTORY, histories, holdout, purchases

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

ORIGINS = 5
"""Past dates that a forecast is tried from."""
MIN_WEEKS, MAX_HORIZON = 26, 52
"""Weeks of history without which nothing can be held out; the longest horizon tried."""
CUSTOMER_COLUMNS = ("probability_alive", "expected_purchases", "discounted_purchases")


def buyers(snapshot: "Snapshot") -> pd.DataFrame:
    """How many customers share a purchase history, and what a repeat purchase of theirs brings on
    average.

    Grain: one row a distinct (frequency, recency, age, spend_frequency).

    Parameters
    ----------
    snapshot : Snapshot of a transactional business

    Returns
    -------
    DataFrame : frequency; recency, age (weeks); spend_frequency (repeat purchases with money);
    value (currency, mean money
        of those; 0 where there are none); customers

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
    purchases_with_money = (groups["value_days"] * groups["customers"]).where(
        groups["value_days"] > 0
    )
    return pd.DataFrame(
        {
            "frequency": groups["frequency"],
            "recency": groups["recency_days"] / DAYS_A_WEEK,
            "age": groups["age_days"] / DAYS_A_WEEK,
            "spend_frequency": groups["value_days"],
            "value": (groups["total"] / purchases_with_money).fillna(0.0),
            "customers": groups["customers"],
        }
    )


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
    DataFrame : origin (date); horizon (weeks); frequency, recency, age (weeks, as of origin);
    customers; actual (purchases
        of these customers in the horizon); previous (repeat purchases of everybody in the horizon
        before the origin, a total that stands in the origin's first row). Empty where the history
        is under 26 weeks.

    Examples
    --------
    >>> rolling_origins(snapshot).columns.tolist()[:3]
    ['origin', 'horizon', 'frequency']
    """
    origins, horizon = _origins(snapshot, count)
    parts = [_origin(snapshot, origin, horizon) for origin in origins]
    columns = [
        "origin",
        "horizon",
        "frequency",
        "recency",
        "age",
        "customers",
        "actual",
        "previous",
    ]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def first_purchases(snapshot: "Snapshot", *, before: date) -> pd.DataFrame:
    """How many customers began on each day before a date.

    Grain: one row a day on which somebody bought first: first_on, customers.
    """
    rows = purchases(snapshot, as_of=before)
    firsts = rows.filter(rows.number == 1)
    counted = firsts.group_by(first_on=firsts.purchased_on).aggregate(customers=firsts.count())
    return collect(counted).sort_values("first_on", ignore_index=True)


def weekly_repeats(snapshot: "Snapshot", *, before: date) -> pd.DataFrame:
    """Repeat purchases by week, of the customers who began before a date.

    Grain: one row a whole week from the first sale to as_of, also where nobody bought: week_start,
    purchases.
    """
    rows = purchases(snapshot)
    began = rows.filter((rows.number == 1) & (rows.purchased_on < before)).select("customer_id")
    repeats = rows.filter(rows.number > 1).semi_join(began, "customer_id")
    counted = collect(repeats.group_by("purchased_on").aggregate(n=repeats.count()))
    start, weeks = snapshot.first_day, _weeks(snapshot)
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
    forecasts : one row a distinct (frequency, recency, age): these, and the columns of
    CUSTOMER_COLUMNS
    money : what `purchase_value.money_terms` gives: expected money per purchase is
        (a + b x spent) / (c + b x purchases with money)

    Returns
    -------
    customer_id; frequency; recency_weeks, age_weeks; probability_alive; expected_purchases;
    expected_value (currency a
        purchase); discounted_value (currency, margin)
    """
    rows = histories(snapshot)
    known = forecasts.assign(
        recency_days=(forecasts["recency"] * DAYS_A_WEEK).round().astype("int64"),
        age_days=(forecasts["age"] * DAYS_A_WEEK).round().astype("int64"),
    )[[*HISTORY, *CUSTOMER_COLUMNS]]
    both = rows.join(ibis.memtable(known), HISTORY)
    spent = both.value_total.cast("float64").fill_null(0.0)
    each = (money["a"] + money["b"] * spent) / (money["c"] + money["b"] * both.value_days)
    return both.select(
        "customer_id",
        "frequency",
        recency_weeks=(both.recency_days / DAYS_A_WEEK).round(2),
        age_weeks=(both.age_days / DAYS_A_WEEK).round(2),
        probability_alive=both.probability_alive.round(6),
        expected_purchases=both.expected_purchases.round(6),
        expected_value=each.round(4),
        discounted_value=(both.discounted_purchases * each * money["margin"]).round(4),
    ).order_by(ibis.desc("discounted_value"), "customer_id")


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
