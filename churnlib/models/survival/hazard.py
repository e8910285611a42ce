"""When customers leave: the churn hazard by month of life, and the months that stand out."""

import numpy as np
import pandas as pd
from scipy import stats

from churnlib.models.survival.intervals import INTERVAL, PAID_EVERY, renewals, strata
from churnlib.models.survival.life_table import MIN_AT_RISK, LifeTable, life_table
from churnlib.models.survival.splits import SEGMENT, grouped
from churnlib.results.columns import TENURE, Column, rate
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.intervals import benjamini_hochberg, wilson
from churnlib.statistics.rules import CLEAR, MIN_N

__all__ = ["hazard_by_month"]

NEIGHBOURS = 2
"""Months (or renewals) on each side that a month of life is compared with."""
HAZARD_TERM = Term(
    "Hazard",
    "Of the customers there at the start of a month of life, the share that leaves in it.",
)
HAZARD = Result(
    "hazard",
    title="the hazard by month of life",
    grain="one row a month of life with at least 20 at risk, in each segment and billing interval",
    columns=(
        PAID_EVERY,
        TENURE,
        Column("at_risk", "count", "At risk", "There at its start, and seen to its end."),
        Column("events", "count", "Left", "Of those at risk, who left in it."),
        *rate("hazard", "Hazard", "Share of those at risk who left.", "at_risk", frame="estimate"),
        Column(
            "around",
            "share",
            "Months around",
            "The pooled share of the two months before and the two after.",
        ),
        Column(
            "stands_out",
            "flag",
            "Stands out",
            "Whether leaving is likelier than before this month and than after it, beyond chance.",
        ),
    ),
)


@gives(HAZARD)
def hazard_by_month(lifetimes: pd.DataFrame) -> pd.DataFrame:
    """Share of the customers at risk who leave in each month of life, marking where leaving is
    unusually likely.

    Grain: one row a month of life with at least 20 at risk, in each segment and billing interval.
    Of those who pay every q months only months of renewal have rows, and neighbours are renewals:
    in between they cannot leave.

    Parameters
    ----------
    lifetimes : frame
        [segment], [interval_months] (0: not known), entry, duration (months), event_observed,
        customers.

    Returns
    -------
    frame
        [segment] · [interval_months] · tenure (month of life, from 1) · at_risk, events (customers)
        · estimate (share leaving) · low, high (95 %, Wilson) · around (pooled share of the two
        months before and the two after; NaN without any) · stands_out (bool).

    Notes
    -----
    A month stands out when its rate is significantly above that of the two months before it and
    significantly above that of the two after it: each by the exact one-sided test of two rates
    (Przyborowski and Wilenski 1940), the larger of the two p-values counting (intersection-union,
    Berger 1982), with the false discovery rate held at 5 % over every month, interval and segment
    scanned. One side is not enough: the last month before a rate falls is clearly above those
    around it, and no peak. A side is tested with 30 at risk in it; the first and the last month
    have one side only and are never marked.

    Examples
    --------
    >>> left, stayed = [True] * 4, [False]
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2, 3, 4, 4]})
    >>> rows = rows.assign(event_observed=left + stayed, customers=[10, 90, 10, 10, 880])
    >>> hazard_by_month(rows).query("stands_out").tenure.tolist()
    [2]
    """
    head = [name for name in (SEGMENT, INTERVAL) if name in lifetimes]
    declared = [column.name for column in HAZARD.columns if column.name != INTERVAL]
    parts = [
        _months(life_table(part), months).assign(**label, **{INTERVAL: months})
        for label, rows in grouped(lifetimes)
        for months, part in strata(rows)
    ]
    if not parts:
        return pd.DataFrame(columns=[*head, *declared])
    # All months of all segments are one scan.
    hazards = pd.concat(parts, ignore_index=True)
    hazards["stands_out"] = benjamini_hochberg(hazards["p_value"]) <= CLEAR
    return hazards[[*head, *declared]]


def _months(table: LifeTable, interval: int) -> pd.DataFrame:
    month = np.arange(1, table.months + 1)
    ends_a_term = renewals(month, interval)
    month = month[ends_a_term]
    at_risk, events = table.at_risk[ends_a_term], table.events[ends_a_term]
    before = _pooled(at_risk, events, -NEIGHBOURS, -1)
    after = _pooled(at_risk, events, 1, NEIGHBOURS)
    low, high = wilson(events, at_risk)
    sides = [_p_above(at_risk, events, *side) for side in (before, after)]
    months = pd.DataFrame(
        {
            "tenure": month,
            "at_risk": at_risk.astype(np.int64),
            "events": events.astype(np.int64),
            "estimate": _rate(at_risk, events),
            "low": low,
            "high": high,
            "around": _rate(before[0] + after[0], before[1] + after[1]),
            "p_value": np.maximum(*sides),
        }
    )
    return months[months["at_risk"] >= MIN_AT_RISK]


def _pooled(
    at_risk: np.ndarray, events: np.ndarray, first: int, last: int
) -> tuple[np.ndarray, np.ndarray]:
    """At risk and events, summed over the months `first` to `last` away from each month."""
    month = np.arange(at_risk.size)
    people, left = np.zeros(at_risk.size), np.zeros(at_risk.size)
    for shift in range(first, last + 1):
        inside = (month + shift >= 0) & (month + shift < at_risk.size)
        people[inside] += at_risk[month[inside] + shift]
        left[inside] += events[month[inside] + shift]
    return people, left


def _rate(at_risk: np.ndarray, events: np.ndarray) -> np.ndarray:
    return np.divide(events, at_risk, out=np.full(at_risk.shape, np.nan), where=at_risk > 0)


def _p_above(
    at_risk: np.ndarray, events: np.ndarray, side_n: np.ndarray, side_events: np.ndarray
) -> np.ndarray:
    """Chance of so many of the joint events, or more, in this month, if both had one rate."""
    tested = (at_risk >= MIN_N) & (side_n >= MIN_N)
    share = np.divide(at_risk, at_risk + side_n, out=np.full(at_risk.shape, 0.5), where=tested)
    p_value = stats.binom.sf(events - 1, events + side_events, share)
    return np.where(tested, p_value, np.nan)
