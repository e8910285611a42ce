"""Whether customers have lately left as often as before, at the same month of life."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from churnlib.models.survival.intervals import INTERVAL
from churnlib.models.survival.life_table import LifeTable, life_table
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.rules import LEVEL

__all__ = ["recent_leaving"]

FEWEST = 10
"""Customers who left, without whom nothing can be compared."""
RECENT_LEAVING = Result(
    "recent_leaving",
    title="leaving of late, against before",
    grain="one row",
    columns=(
        Column("months", "count", "Months", "Lately: the months before as-of.", unit="months"),
        Column("events", "count", "Left", "Customers who left in them."),
        Column(
            "expected",
            "number",
            "Expected",
            "If as many had left as of all of the same billing interval and month of life.",
        ),
        Column(
            "ratio",
            "number",
            "Ratio",
            "Hazard lately ÷ hazard before.",
            decimals=2,
            low="low",
            high="high",
        ),
        Column("low", "number", "from", "The low end of its 95 % range.", decimals=2),
        Column("high", "number", "to", "The high end of its 95 % range.", decimals=2),
        Column("changed", "flag", "Changed", "Whether the range leaves out 1."),
    ),
)


@gives(RECENT_LEAVING)
def recent_leaving(lifetimes: pd.DataFrame, earlier: pd.DataFrame, *, months: int) -> pd.DataFrame:
    """Hazards of the last months against those before, at the same month of life.

    Grain: one row; none where fewer than ten left, lately and before together, at months of life
    watched at both times.

    Parameters
    ----------
    lifetimes : frame
        [interval_months], entry, duration (months), event_observed, customers, as of now.
    earlier : frame
        The same as of `months` ago.
    months : int

    Returns
    -------
    frame
        months · events (left lately) · expected (of them, if lately and before were alike) · ratio,
        low, high (95 %) · changed (bool)

    Notes
    -----
    The log-rank comparison of the two times, within billing intervals and months of life; the
    hazard ratio is that of Peto, exp((events - expected) / variance).

    Examples
    --------
    >>> left, stayed = [True] * 2, [False]
    >>> earlier = pd.DataFrame({"entry": 0, "duration": [1, 1], "customers": [100, 900]})
    >>> earlier = earlier.assign(event_observed=[True, False])
    >>> now = pd.DataFrame({"entry": 0, "duration": [1, 1], "customers": [300, 1700]})
    >>> now = now.assign(event_observed=[True, False])
    >>> recent_leaving(now, earlier, months=1)["ratio"].round(2).item()
    2.19
    """
    observed = expected = variance = gone = 0.0
    for now, then in _pairs(lifetimes, earlier):
        before, events_before = _grown(then, now.months)
        lately = np.maximum(now.at_risk - before, 0)
        events = np.clip(now.events - events_before, 0, lately)
        total, left = lately + before, events + events_before
        share = np.divide(lately, total, out=np.zeros_like(total), where=total > 0)
        both = (lately > 0) & (before > 0)
        observed += events[both].sum()
        expected += (left * share)[both].sum()
        spread = share * (1 - share) * left * (total - left) / np.maximum(total - 1, 1)
        variance += spread[both].sum()
        gone += left[both].sum()
    names = [column.name for column in RECENT_LEAVING.columns]
    if gone < FEWEST or not variance > 0:
        return pd.DataFrame(columns=names)
    log_ratio, error = (observed - expected) / variance, 1 / np.sqrt(variance)
    reach = norm.ppf((1 + LEVEL) / 2) * error
    low, high = np.exp([log_ratio - reach, log_ratio + reach])
    row = (months, int(observed), expected, float(np.exp(log_ratio)), low, high)
    return pd.DataFrame([(*row, not low <= 1 <= high)], columns=names)


def _pairs(lifetimes: pd.DataFrame, earlier: pd.DataFrame) -> list[tuple[LifeTable, LifeTable]]:
    """Life tables of now and then, of each billing interval."""
    if INTERVAL not in lifetimes:
        return [(life_table(lifetimes), life_table(earlier))]
    return [
        (life_table(part), life_table(earlier[earlier[INTERVAL] == interval]))
        for interval, part in lifetimes.groupby(INTERVAL)
    ]


def _grown(table: LifeTable, months: int) -> tuple[np.ndarray, np.ndarray]:
    """At risk and events of as many months."""
    known = table.up_to(months)
    more = (0, months - known.months)
    return np.pad(known.at_risk, more), np.pad(known.events, more)
