"""The chance to stay on, of customers who have stayed so long already."""

import numpy as np
import pandas as pd

from churnlib.models.survival.band import greenwood, log_log_band, with_ends
from churnlib.models.survival.life_table import LifeTable, life_table
from churnlib.models.survival.splits import by_segment
from churnlib.periods import MONTHS_A_YEAR
from churnlib.results.columns import Column, rate
from churnlib.results.declared import Result, gives

__all__ = ["conditional_survival"]

STAYED = (0, 3, 6, 12, 24)
"""Months already stayed for which the further outlook is shown."""
CONDITIONAL_SURVIVAL = Result(
    "conditional_survival",
    title="the chance to stay on",
    grain="one row a number of months already stayed, in each segment",
    columns=(
        Column("stayed", "count", "Stayed", "Whole months already stayed.", "months"),
        Column("at_risk", "count", "At risk", "Customers watched in the month after."),
        Column("further", "count", "Further", "Months to come.", "months"),
        *rate(
            "estimate",
            "Chance to stay",
            "Of those who stayed so long, the share that stays all the months to come.",
            "at_risk",
            frame="estimate",
        ),
    ),
)


@gives(CONDITIONAL_SURVIVAL)
def conditional_survival(
    lifetimes: pd.DataFrame,
    stayed: tuple[int, ...] = STAYED,
    further: int = MONTHS_A_YEAR,
) -> pd.DataFrame:
    """Chance that a customer who has stayed k months stays a further `further` months.

    Grain: one row a value of `stayed` in each segment.

    Parameters
    ----------
    lifetimes : frame
        [segment], entry, duration (months), event_observed, customers.
    stayed : tuple of int
        Whole months already stayed.
    further : int
        Months to come.

    Returns
    -------
    frame
        [segment] · stayed · at_risk (customers watched in the month after) · further · estimate
        (share) · low, high (95 %). The last three are NaN where fewer than 20 are at risk in any
        of those months.

    Notes
    -----
    S(k + h) / S(k): the product over the months k + 1 to k + h alone, with Greenwood's variance
    over the same months on the log(-log) scale. What happened before month k does not enter.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False]})
    >>> rows = rows.assign(customers=[25, 75])
    >>> conditional_survival(rows, stayed=(0, 1), further=1).estimate.tolist()
    [0.75, 1.0]
    """

    def outlooks(part: pd.DataFrame) -> pd.DataFrame:
        table = life_table(part)
        return pd.DataFrame([_outlook(table, months, further) for months in stayed])

    return by_segment(lifetimes, CONDITIONAL_SURVIVAL, outlooks)


def _outlook(table: LifeTable, stayed: int, further: int) -> dict[str, float]:
    window = slice(stayed, stayed + further)
    ahead = LifeTable(table.started, table.at_risk[window], table.events[window])
    at_risk = int(ahead.at_risk[0]) if ahead.months else 0
    row = {"stayed": stayed, "at_risk": at_risk, "further": further}
    if ahead.months < further or ahead.reach() < further:
        return row | dict.fromkeys(("estimate", "low", "high"), np.nan)
    estimate = ahead.survival()[-1:]
    low, high = log_log_band(estimate, greenwood(ahead).sum(keepdims=True))
    low, high = with_ends(estimate, low, high, ahead.at_risk.min(keepdims=True))
    return row | {"estimate": float(estimate[0]), "low": float(low[0]), "high": float(high[0])}
