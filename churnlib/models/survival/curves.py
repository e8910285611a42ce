"""How long customers stay: Kaplan-Meier on grouped lifetimes, with late entry.

Takes the *lifetimes* frame: one row a distinct ([by], entry, duration, event_observed) with the
count `customers`. Months of life count from 1; an event at duration k is a customer who left in its
k-th month; a censored duration k is a customer seen through k whole months.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from churnlib.models.survival.life_table import MIN_AT_RISK, LifeTable, grouped, life_table
from churnlib.results.segments import ALL
from churnlib.statistics.intervals import LEVEL, wilson

if TYPE_CHECKING:
    from lifelines import KaplanMeierFitter

STAYED = (0, 3, 6, 12, 24)
"""Months already stayed for which the further outlook is shown."""

_Z = float(stats.norm.ppf(0.5 + LEVEL / 2))


def kaplan_meier(lifetimes: pd.DataFrame, *, label: str | None = None) -> "KaplanMeierFitter":
    """Fit lifelines' Kaplan-Meier on the grouped rows and return its own object, for exploring and
    plotting.

    Parameters
    ----------
    lifetimes : frame
        entry, duration (months), event_observed, customers. At least one row with duration > entry.
    label : str, optional
        Name of the curve.

    Returns
    -------
    lifelines.KaplanMeierFitter
        Fitted. The numbers are those of the raw rows: customers enter as weights.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False], "customers": [25, 75]})
    >>> round(float(kaplan_meier(rows).predict(1)), 6)
    0.75
    """
    from lifelines import KaplanMeierFitter  # takes a second to import: only who asks for it waits

    rows = lifetimes[lifetimes["duration"] > lifetimes["entry"]]
    entry = rows["entry"].to_numpy(dtype=float)
    # lifelines counts those who enter at month k as at risk in month k already; half a month later
    # is exact.
    entry = np.where(entry > 0, entry + 0.5, 0.0)
    with np.errstate(
        divide="ignore", invalid="ignore"
    ):  # its band takes log(0) while nobody has left
        return KaplanMeierFitter(alpha=1 - LEVEL).fit(
            rows["duration"].to_numpy(),
            rows["event_observed"].to_numpy(dtype=bool),
            entry=entry if entry.any() else None,
            weights=rows["customers"].to_numpy(),
            label=label,
        )


def survival_curve(
    lifetimes: pd.DataFrame, *, by: str | None = None, min_at_risk: int = MIN_AT_RISK
) -> pd.DataFrame:
    """Share of customers still there after each whole month of life.

    Grain: one row a tenure, from 0, in each segment. The curve ends before the first month with
    fewer than `min_at_risk` at risk; a segment too small for a single month has only its row at
    tenure 0.

    Parameters
    ----------
    lifetimes : frame
        [by], entry, duration (months), event_observed, customers.
    by : str, optional
        Column of `lifetimes` to split by.
    min_at_risk : int
        Customers that have to be at risk.

    Returns
    -------
    frame
        [by] · tenure (months) · at_risk (customers watched in that month of life; at 0, watched
        from the start) · events (left in it) · estimate (share surviving it) · low, high (95 %
        band).

    Notes
    -----
    Kaplan and Meier (1958); Greenwood's variance on the log(-log) scale, so that the band stays
    within 0 and 1. The formula has no width while nobody has left and none at 0: there, Wilson's
    limit for the fewest at risk so far.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False], "customers": [25, 75]})
    >>> survival_curve(rows).estimate.tolist()
    [1.0, 0.75, 0.75]
    """
    columns = ["tenure", "at_risk", "events", "estimate", "low", "high"]
    curves = [
        _curve(life_table(part), min_at_risk).assign(**label)
        for label, part in grouped(lifetimes, by)
    ]
    return _stacked(curves, by, columns)


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
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False], "customers": [25, 75]})
    >>> survival_by_segment(survival_curve(rows), {}).segment.unique().tolist()
    ['all']
    """
    parts = [curve.assign(segment_column=ALL, segment=ALL)]
    parts += [
        rows.rename(columns={column: "segment"}).assign(segment_column=column)
        for column, rows in curves.items()
    ]
    return pd.concat(parts, ignore_index=True)[["segment_column", "segment", *curve.columns]]


def restricted_mean(
    lifetimes: pd.DataFrame, horizon: int, *, by: str | None = None
) -> pd.DataFrame:
    """Mean months a customer stays within the first `horizon` months.

    Grain: one row a segment. Empty (NaN) where the curve does not reach the horizon.

    Parameters
    ----------
    lifetimes : frame
        [by], entry, duration (months), event_observed, customers.
    horizon : int
        Months of life looked at.
    by : str, optional
        Column of `lifetimes` to split by.

    Returns
    -------
    frame
        [by] · horizon (months) · mean (months) · standard_error (months) · low, high (95 %, within
        0 and horizon).

    Notes
    -----
    The exact area under the Kaplan-Meier step function from 0 to the horizon; variance by
    Greenwood's formula, the sum over months k of (area from k to the horizon)^2 d_k / (n_k (n_k -
    d_k)): Klein and Moeschberger (2003), 4.5.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False], "customers": [25, 75]})
    >>> float(restricted_mean(rows, 2)["mean"].iloc[0])
    1.75
    """
    rows = [
        pd.DataFrame([{**label, "horizon": horizon, **_area(life_table(part), horizon)}])
        for label, part in grouped(lifetimes, by)
    ]
    return _stacked(rows, by, ["horizon", "mean", "standard_error", "low", "high"])


def median_lifetime(curve: pd.DataFrame, *, by: str | None = None) -> pd.DataFrame:
    """The tenure by which half of the customers have left.

    Grain: one row a segment.

    Parameters
    ----------
    curve : frame
        A result of `survival_curve`.
    by : str, optional
        The column that it was split by.

    Returns
    -------
    frame
        [by] · median (months: first tenure with survival of one half or less) · low, high (months:
        where the band crosses one half, Brookmeyer and Crowley 1982). NaN where the curve or the
        band never comes down that far.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [4, 6], "event_observed": [True, False], "customers": [60, 40]})
    >>> float(median_lifetime(survival_curve(rows))["median"].iloc[0])
    4.0
    """
    found = []
    for label, part in grouped(curve, by):
        crossed = {
            name: part.loc[part[column] <= 0.5, "tenure"].min()
            for name, column in (("median", "estimate"), ("low", "low"), ("high", "high"))
        }
        found.append(pd.DataFrame([{**label, **crossed}]).astype(dict.fromkeys(crossed, float)))
    return _stacked(found, by, ["median", "low", "high"])


def conditional_survival(
    lifetimes: pd.DataFrame,
    stayed: tuple[int, ...] = STAYED,
    further: int = 12,
    *,
    by: str | None = None,
) -> pd.DataFrame:
    """Chance that a customer who has stayed k months stays a further `further` months.

    Grain: one row a value of `stayed` in each segment.

    Parameters
    ----------
    lifetimes : frame
        [by], entry, duration (months), event_observed, customers.
    stayed : tuple of int
        Whole months already stayed.
    further : int
        Months to come.
    by : str, optional
        Column of `lifetimes` to split by.

    Returns
    -------
    frame
        [by] · stayed · at_risk (customers watched in the month after) · further · estimate (share)
        · low, high (95 %). The last three are NaN where fewer than 20 are at risk in any of those
        months.

    Notes
    -----
    S(k + h) / S(k): the product over the months k + 1 to k + h alone, with Greenwood's variance
    over the same months on the log(-log) scale. What happened before month k does not enter.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False], "customers": [25, 75]})
    >>> conditional_survival(rows, stayed=(0, 1), further=1).estimate.tolist()
    [0.75, 1.0]
    """
    rows = [
        pd.DataFrame([{**label, **_outlook(table, k, further)} for k in stayed])
        for label, table in ((label, life_table(part)) for label, part in grouped(lifetimes, by))
    ]
    return _stacked(rows, by, ["stayed", "at_risk", "further", "estimate", "low", "high"])


def _curve(table: LifeTable, min_at_risk: int) -> pd.DataFrame:
    seen = table.up_to(table.reach(min_at_risk))
    estimate = seen.survival()
    low, high = _band(
        estimate[1:], np.cumsum(_greenwood(seen)), np.minimum.accumulate(seen.at_risk)
    )
    return pd.DataFrame(
        {
            "tenure": np.arange(seen.months + 1),
            "at_risk": np.append(table.started, seen.at_risk).astype(np.int64),
            "events": np.append(0, seen.events).astype(np.int64),
            "estimate": estimate,
            "low": np.append(1.0, low),
            "high": np.append(1.0, high),
        }
    )


def _greenwood(table: LifeTable) -> np.ndarray:
    """Each month's term of the variance of log S; infinite where all at risk left."""
    stayed = table.at_risk * (table.at_risk - table.events)
    return np.divide(table.events, stayed, out=np.full(table.months, np.inf), where=stayed > 0)


def _band(
    estimate: np.ndarray, variance: np.ndarray, fewest: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    inner = (estimate > 0) & (estimate < 1)
    log_estimate = np.log(np.where(inner, estimate, 0.5))
    power = np.exp(_Z * np.sqrt(np.where(inner, variance, 0.0)) / -log_estimate)
    certain_low, none_left_high = (
        wilson(fewest, fewest)[0],
        wilson(np.zeros_like(fewest), fewest)[1],
    )
    low = np.where(inner, estimate**power, np.where(estimate == 1, certain_low, 0.0))
    high = np.where(inner, estimate ** (1 / power), np.where(estimate == 1, 1.0, none_left_high))
    return low, high


def _area(table: LifeTable, horizon: int) -> dict[str, float]:
    seen = table.up_to(min(table.reach(), horizon))
    survival = seen.survival()
    if seen.months < horizon and survival[-1] > 0:
        return dict.fromkeys(("mean", "standard_error", "low", "high"), np.nan)
    survival = np.append(survival, np.zeros(horizon - seen.months))[:horizon]
    mean = float(survival.sum())
    still_to_come = np.append(np.cumsum(survival[::-1])[::-1][1:], 0.0)[: seen.months]
    # Where all left, nothing is still to come, and their infinite term has no weight.
    terms = np.where(still_to_come > 0, _greenwood(seen), 0.0)
    error = float(np.sqrt(np.sum(still_to_come**2 * terms)))
    low, high = max(mean - _Z * error, 0.0), min(mean + _Z * error, float(horizon))
    return {"mean": mean, "standard_error": error, "low": low, "high": high}


def _outlook(table: LifeTable, stayed: int, further: int) -> dict[str, float]:
    window = slice(stayed, stayed + further)
    ahead = LifeTable(table.started, table.at_risk[window], table.events[window])
    at_risk = int(ahead.at_risk[0]) if ahead.months else 0
    row = {"stayed": stayed, "at_risk": at_risk, "further": further}
    if ahead.months < further or ahead.reach() < further:
        return row | dict.fromkeys(("estimate", "low", "high"), np.nan)
    estimate = ahead.survival()[-1:]
    low, high = _band(
        estimate, _greenwood(ahead).sum(keepdims=True), ahead.at_risk.min(keepdims=True)
    )
    return row | {"estimate": float(estimate[0]), "low": float(low[0]), "high": float(high[0])}


def _stacked(frames: list[pd.DataFrame], by: str | None, columns: list[str]) -> pd.DataFrame:
    ordered = ([by] if by else []) + columns
    return (
        pd.concat(frames, ignore_index=True)[ordered] if frames else pd.DataFrame(columns=ordered)
    )
