"""When customers leave: the churn hazard by month of life, and the months that stand out."""

import numpy as np
import pandas as pd
from scipy import stats

from churnlib.models.survival.life_table import MIN_AT_RISK, LifeTable, grouped, life_table
from churnlib.statistics.intervals import benjamini_hochberg, wilson

NEIGHBOURS = 2
"""Months on each side that a month of life is compared with."""
MIN_N = 30
"""Fewest at risk, in the month and around it, for a month to be tested."""
FALSE_DISCOVERY_RATE = 0.05
"""Expected share of false alarms among the months marked."""

_COLUMNS = ["tenure", "at_risk", "events", "estimate", "low", "high", "around", "stands_out"]


def hazard_by_month(lifetimes: pd.DataFrame, *, by: str | None = None) -> pd.DataFrame:
    """Share of the customers at risk who leave in each month of life, marking where leaving is
    unusually likely.

    Grain: one row a month of life with at least 20 at risk, in each segment.

    Parameters
    ----------
    lifetimes : frame
        [by], entry, duration (months), event_observed, customers.
    by : str, optional
        Column of `lifetimes` to split by.

    Returns
    -------
    frame
        [by] · tenure (month of life, from 1) · at_risk, events (customers) · estimate (share
        leaving) · low, high (95 %, Wilson) · around (pooled share of the two months before and the
        two after; NaN without any) · stands_out (bool).

    Notes
    -----
    A month stands out when its rate is above that of the months before it, above that of the months
    after it, and significantly above both together: the exact one-sided test of two rates
    (Przyborowski and Wilenski 1940), with the false discovery rate held at 5 % over every month and
    segment scanned. Both sides are asked for because on a falling curve every month is above those
    that follow; so the first and the last month are never marked.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2, 3, 4, 4], "event_observed": [True] * 4 + [False],
    ...                      "customers": [10, 90, 10, 10, 880]})
    >>> hazard_by_month(rows).query("stands_out").tenure.tolist()
    [2]
    """
    parts = [_months(life_table(part)).assign(**label) for label, part in grouped(lifetimes, by)]
    ordered = ([by] if by else []) + _COLUMNS
    if not parts:
        return pd.DataFrame(columns=ordered)
    hazards = pd.concat(parts, ignore_index=True)
    hazards["stands_out"] = benjamini_hochberg(hazards.pop("p_value")) <= FALSE_DISCOVERY_RATE
    hazards["stands_out"] &= hazards.pop("above_both_sides")
    return hazards[ordered]


def _months(table: LifeTable) -> pd.DataFrame:
    before, after = _pooled(table, -NEIGHBOURS, -1), _pooled(table, 1, NEIGHBOURS)
    around_n, around_events = before[0] + after[0], before[1] + after[1]
    estimate = table.hazard()
    low, high = wilson(table.events, table.at_risk)
    p_value = _p_above(table.at_risk, table.events, around_n, around_events)
    months = pd.DataFrame(
        {
            "tenure": np.arange(1, table.months + 1),
            "at_risk": table.at_risk.astype(np.int64),
            "events": table.events.astype(np.int64),
            "estimate": estimate,
            "low": low,
            "high": high,
            "around": _rate(around_n, around_events),
            "p_value": np.where((before[0] > 0) & (after[0] > 0), p_value, np.nan),
            "above_both_sides": (estimate > _rate(*before)) & (estimate > _rate(*after)),
        }
    )
    return months[months["at_risk"] >= MIN_AT_RISK]


def _pooled(table: LifeTable, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
    """At risk and events, summed over the months `first` to `last` away from each month."""
    month = np.arange(table.months)
    at_risk, events = np.zeros(table.months), np.zeros(table.months)
    for shift in range(first, last + 1):
        inside = (month + shift >= 0) & (month + shift < table.months)
        at_risk[inside] += table.at_risk[month[inside] + shift]
        events[inside] += table.events[month[inside] + shift]
    return at_risk, events


def _rate(at_risk: np.ndarray, events: np.ndarray) -> np.ndarray:
    return np.divide(events, at_risk, out=np.full(at_risk.shape, np.nan), where=at_risk > 0)


def _p_above(
    at_risk: np.ndarray, events: np.ndarray, around_n: np.ndarray, around_events: np.ndarray
) -> np.ndarray:
    """Chance of so many of the joint events, or more, in this month, if all months had one rate."""
    tested = (at_risk >= MIN_N) & (around_n >= MIN_N)
    share = np.divide(at_risk, at_risk + around_n, out=np.full(at_risk.shape, 0.5), where=tested)
    p_value = stats.binom.sf(events - 1, events + around_events, share)
    return np.where(tested, p_value, np.nan)
