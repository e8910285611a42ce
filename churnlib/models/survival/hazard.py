"""When customers leave: the churn hazard by month of life, and the months that stand out."""

import numpy as np
import pandas as pd
from scipy import stats

from churnlib.models.survival.life_table import MIN_AT_RISK, LifeTable, life_table
from churnlib.models.survival.splits import SEGMENT, grouped
from churnlib.results.columns import TENURE, Column, rate
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.intervals import benjamini_hochberg, wilson
from churnlib.statistics.rules import CLEAR, MIN_N

__all__ = ["hazard_by_month"]

NEIGHBOURS = 2
"""Months on each side that a month of life is compared with."""
HAZARD_TERM = Term(
    "Hazard",
    "Of the customers there at the start of a month of life, the share that leaves in it.",
)
HAZARD = Result(
    "hazard",
    title="the hazard by month of life",
    grain="one row a month of life with at least 20 at risk, in each segment",
    columns=(
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
            "Whether leaving is unusually likely in this month, beyond chance.",
        ),
    ),
)


@gives(HAZARD)
def hazard_by_month(lifetimes: pd.DataFrame) -> pd.DataFrame:
    """Share of the customers at risk who leave in each month of life, marking where leaving is
    unusually likely.

    Grain: one row a month of life with at least 20 at risk, in each segment.

    Parameters
    ----------
    lifetimes : frame
        [segment], entry, duration (months), event_observed, customers.

    Returns
    -------
    frame
        [segment] · tenure (month of life, from 1) · at_risk, events (customers) · estimate (share
        leaving) · low, high (95 %, Wilson) · around (pooled share of the two months before and the
        two after; NaN without any) · stands_out (bool).

    Notes
    -----
    A month stands out when its rate is above that of the months before it, above that of the months
    after it, and significantly above both together: the exact one-sided test of two rates
    (Przyborowski and Wilenski 1940), with the false discovery rate held at 5 % over every month
    and segment scanned. A month is tested with 30 at risk in it and around it. Both sides are
    asked for because on a falling curve every month is above those that follow; so the first and
    the last month are never marked.

    Examples
    --------
    >>> left, stayed = [True] * 4, [False]
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2, 3, 4, 4]})
    >>> rows = rows.assign(event_observed=left + stayed, customers=[10, 90, 10, 10, 880])
    >>> hazard_by_month(rows).query("stands_out").tenure.tolist()
    [2]
    """
    head = [SEGMENT] if SEGMENT in lifetimes else []
    ordered = [*head, *(column.name for column in HAZARD.columns)]
    parts = [_months(life_table(part)).assign(**label) for label, part in grouped(lifetimes)]
    if not parts:
        return pd.DataFrame(columns=ordered)
    # All months of all segments are one scan.
    hazards = pd.concat(parts, ignore_index=True)
    adjusted = benjamini_hochberg(hazards["p_value"])
    hazards["stands_out"] = (adjusted <= CLEAR) & hazards["above_both_sides"]
    return hazards[ordered]


def _months(table: LifeTable) -> pd.DataFrame:
    before = _pooled(table, -NEIGHBOURS, -1)
    after = _pooled(table, 1, NEIGHBOURS)
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
