"""How long buyers wait until they buy again: survival curves of waits, in days.

Takes the *gaps* frame: as a lifetimes frame, with the wait in days as the duration and buying
again as the event. Waits between any two purchases keep groups of customers apart, because those of
one customer are alike.
"""

from dataclasses import replace

import pandas as pd

from churnlib.models.survival.curves import survival_curve
from churnlib.models.survival.restricted_mean import RESTRICTED_MEAN, restricted_mean
from churnlib.results.columns import Column, rate
from churnlib.results.declared import Result, gives

__all__ = ["mean_wait", "time_between", "time_to_second"]

WAIT = Column("tenure", "count", "Wait", "Whole days waited.", unit="days")
AGAIN = Column("events", "count", "Bought again", "Of those at risk, on that day.")
TIME_TO_SECOND = Result(
    "time_to_second",
    title="the wait for the second purchase",
    grain="one row a day since the first purchase, from 0, in each segment",
    columns=(
        WAIT,
        Column("at_risk", "count", "At risk", "Customers still waiting on that day and observed."),
        AGAIN,
        *rate(
            "estimate",
            "Not bought again yet",
            "Share of customers whose second purchase comes later than that.",
            "at_risk",
            frame="estimate",
        ),
    ),
)
TIME_BETWEEN = Result(
    "time_between",
    title="the wait between purchases",
    grain="one row a day since a purchase, from 0, in each segment",
    columns=(
        WAIT,
        Column("at_risk", "count", "At risk", "Waits that are open on that day and observed."),
        AGAIN,
        *rate(
            "estimate",
            "Not followed yet",
            "Share of purchases that the next one follows later than that.",
            "at_risk",
            frame="estimate",
        ),
    ),
)
MEAN_WAIT = Result(
    "mean_wait",
    title="the mean wait between purchases",
    grain="one row a horizon, in each segment",
    columns=tuple(replace(column, unit="days") for column in RESTRICTED_MEAN.columns),
    shown=RESTRICTED_MEAN.shown,
)


@gives(TIME_TO_SECOND)
def time_to_second(waits: pd.DataFrame) -> pd.DataFrame:
    """Share of customers who have not bought a second time, by days since the first purchase.

    Grain: one row a day, from 0, in each segment; the curve ends before the first day with fewer
    than 20 at risk.

    Parameters
    ----------
    waits : frame
        [segment], entry, duration (days), event_observed (bought again), customers: the waits for
        second purchases.

    Returns
    -------
    frame
        [segment] · tenure (days) · at_risk · events (bought again on that day) · estimate (share
        that has not) · low, high (95 % band).

    Examples
    --------
    >>> waits = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False]})
    >>> time_to_second(waits.assign(customers=[25, 75])).estimate.round(6).tolist()
    [1.0, 0.75, 0.75]
    """
    return survival_curve(waits)


@gives(TIME_BETWEEN)
def time_between(waits: pd.DataFrame) -> pd.DataFrame:
    """Share of purchases that no other has followed, by days since the purchase.

    Grain: one row a day, from 0, in each segment. Takes the waits between any two purchases of a
    customer, and gives the columns of `time_to_second`. The band knows that waits of one customer
    are alike (see `gaps`).

    Examples
    --------
    >>> waits = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False]})
    >>> time_between(waits.assign(customers=[25, 75])).events.tolist()
    [0, 25, 0]
    """
    return survival_curve(waits)


@gives(MEAN_WAIT)
def mean_wait(waits: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Mean days until the next purchase, of waits cut at `horizon` days.

    Grain: one row a segment. Columns as of `restricted_mean`, in days.

    Examples
    --------
    >>> waits = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False]})
    >>> mean_wait(waits.assign(customers=[25, 75]), 2)["mean"].round(6).item()
    1.75
    """
    return restricted_mean(waits, horizon)
