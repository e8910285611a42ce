"""How long customers stay: Kaplan-Meier curves of grouped lifetimes, with late entry.

Takes the *lifetimes* frame: one row a distinct ([segment], entry, duration, event_observed) with
the count `customers`. Months of life count from 1; an event at duration k is a customer who left
in its k-th month; a censored duration k is a customer seen through k whole months.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from churnlib.models.survival.band import greenwood, log_log_band, with_ends
from churnlib.models.survival.clusters import (
    errors_to_either_side,
    is_clustered,
    log_survival_influence,
    n_groups,
    variance_of,
)
from churnlib.models.survival.kaplan_meier import by_month, kaplan_meier, watched
from churnlib.models.survival.life_table import MIN_AT_RISK, life_table
from churnlib.models.survival.splits import SEGMENT, by_segment
from churnlib.results.columns import Column, rate
from churnlib.results.declared import Result, gives
from churnlib.results.segments import ALL
from churnlib.results.terms import Term

__all__ = ["median_lifetime", "survival_by_segment", "survival_curve"]

SURVIVAL_TERM = Term(
    "Survival",
    "The share of customers who stay longer than a number of months (Kaplan-Meier).",
)
HALF = 0.5
ROUNDING = 1e-12
"""What adding up logarithms may leave: a half that is one exactly has to count as one."""
TENURE = Column("tenure", "count", "Tenure", "Whole months stayed.", unit="months")
SURVIVAL = Result(
    "survival",
    title="the survival curve",
    grain="one row a tenure, from 0, in each segment",
    columns=(
        TENURE,
        Column("at_risk", "count", "At risk", "Watched in that month of life; at 0, from it on."),
        Column("events", "count", "Left", "Of those at risk, who left in that month of life."),
        *rate(
            "survival",
            "Still there",
            "Share of customers who stay longer than that.",
            "at_risk",
            frame="estimate",
        ),
    ),
)
MEDIAN_LIFETIME = Result(
    "median_lifetime",
    title="the median lifetime",
    grain="one row a segment",
    columns=(
        Column(
            "median",
            "number",
            "Median lifetime",
            "The first tenure by which half of the customers have left.",
            unit="months",
            low="low",
            high="high",
            decimals=0,
        ),
        Column("low", "number", "from", "Where the lower limit crosses a half.", "months"),
        Column("high", "number", "to", "Where the upper limit crosses a half.", "months"),
    ),
)


@gives(SURVIVAL)
def survival_curve(lifetimes: pd.DataFrame, *, min_at_risk: int = MIN_AT_RISK) -> pd.DataFrame:
    """Share of customers still there after each whole month of life.

    Grain: one row a tenure, from 0, in each segment. The curve ends before the first month with
    fewer than `min_at_risk` at risk; a segment too small for a single month has only its row at
    tenure 0.

    Parameters
    ----------
    lifetimes : frame
        [segment], entry, duration (months), event_observed, customers; [customer_group] where
        several rows are of one customer (see `gaps`).
    min_at_risk : int
        Customers that have to be at risk.

    Returns
    -------
    frame
        [segment] · tenure (months) · at_risk (customers watched in that month of life; at 0,
        watched from the start) · events (left in it) · estimate (share surviving it) · low, high
        (95 % band).

    Notes
    -----
    Kaplan and Meier (1958), fitted by lifelines; Greenwood's variance on the log(-log) scale, so
    that the band stays within 0 and 1. The formula has no width while nobody has left and none at
    0: there, Wilson's limit for the fewest at risk so far. Where groups of customers are kept
    apart, the variance is that between groups, with Student's t: waits of one customer are alike.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False]})
    >>> survival_curve(rows.assign(customers=[25, 75])).estimate.round(6).tolist()
    [1.0, 0.75, 0.75]
    """
    return by_segment(lifetimes, SURVIVAL, lambda part: one_curve(part, min_at_risk))


@gives(SURVIVAL)
def survival_by_segment(curve: pd.DataFrame, curves: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The curve of everybody and those of each segment column (by its name) in one frame.

    Grain: one row a tenure in each segment.

    Returns
    -------
    frame
        segment_column, segment (both "all" for everybody) · tenure · at_risk · events · estimate ·
        low, high.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False]})
    >>> curve = survival_curve(rows.assign(customers=[25, 75]))
    >>> survival_by_segment(curve, {}).segment.unique().tolist()
    ['all']
    """
    parts = [curve.assign(segment_column=ALL, segment=ALL)]
    parts += [rows.assign(segment_column=column) for column, rows in curves.items()]
    columns = [column.name for column in SURVIVAL.columns]
    stacked = pd.concat(parts, ignore_index=True)
    return stacked[["segment_column", SEGMENT, *columns]]


@gives(MEDIAN_LIFETIME)
def median_lifetime(curve: pd.DataFrame) -> pd.DataFrame:
    """The tenure by which half of the customers have left.

    Grain: one row a segment.

    Parameters
    ----------
    curve : frame
        A result of `survival_curve`.

    Returns
    -------
    frame
        [segment] · median (months: first tenure with survival of one half or less) · low, high
        (months: where the band crosses one half, Brookmeyer and Crowley 1982). NaN where the curve
        or the band never comes down that far.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [4, 6], "event_observed": [True, False]})
    >>> curve = survival_curve(rows.assign(customers=[60, 40]))
    >>> float(median_lifetime(curve)["median"].iloc[0])
    4.0
    """
    return by_segment(curve, MEDIAN_LIFETIME, _halved)


def one_curve(lifetimes: pd.DataFrame, min_at_risk: int = MIN_AT_RISK) -> pd.DataFrame:
    """The curve of one segment, or of everybody: what `survival_curve` gives of each."""
    months = _months_of_life(lifetimes)
    short = np.flatnonzero(months["at_risk"] < max(min_at_risk, 1))
    seen = months.iloc[: short[0]] if short.size else months
    fewest = seen["at_risk"].cummin().to_numpy()
    if is_clustered(lifetimes):
        seen = _clustered(seen, lifetimes)
    limits = (seen[name].to_numpy() for name in ("estimate", "low", "high"))
    low, high = with_ends(*limits, fewest)
    # At tenure 0 all are there, also those who have not been seen through a month yet.
    started = lifetimes.loc[lifetimes["entry"] == 0, "customers"].sum()
    start = {"at_risk": started, "events": 0, "estimate": 1.0, "low": 1.0, "high": 1.0}
    curve = pd.concat([pd.DataFrame([start]), seen.assign(low=low, high=high)], ignore_index=True)
    curve.insert(0, "tenure", np.arange(len(curve)))
    return curve.astype({"at_risk": np.int64, "events": np.int64})


def _clustered(seen: pd.DataFrame, lifetimes: pd.DataFrame) -> pd.DataFrame:
    """The same curve with a band that knows which rows are of one customer."""
    variance = variance_of(log_survival_influence(lifetimes, len(seen)))
    errors = errors_to_either_side(n_groups(lifetimes))
    low, high = log_log_band(seen["estimate"].to_numpy(), variance, errors)
    return seen.assign(low=low, high=high)


def _months_of_life(lifetimes: pd.DataFrame) -> pd.DataFrame:
    from lifelines.exceptions import StatError

    if watched(lifetimes).empty:
        return own_arithmetic(lifetimes)
    try:
        return by_month(kaplan_meier(lifetimes))
    except StatError:
        return own_arithmetic(lifetimes)


def own_arithmetic(lifetimes: pd.DataFrame) -> pd.DataFrame:
    """The months of life as `by_month` gives them, for frames that lifelines refuses: nobody was
    watched through a month, or all at risk are gone early on while others enter later.
    """
    table = life_table(lifetimes)
    estimate = table.survival()[1:]
    low, high = log_log_band(estimate, np.cumsum(greenwood(table)))
    columns = (table.at_risk, table.events, estimate, low, high)
    names = ("at_risk", "events", "estimate", "low", "high")
    return pd.DataFrame(dict(zip(names, columns, strict=True)))


def _halved(curve: pd.DataFrame) -> pd.DataFrame:
    columns = {"median": "estimate", "low": "low", "high": "high"}
    crossed = {
        name: curve.loc[curve[column] <= HALF + ROUNDING, "tenure"].min()
        for name, column in columns.items()
    }
    return pd.DataFrame([crossed], dtype=float)
