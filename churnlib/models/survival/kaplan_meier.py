"""Kaplan-Meier by lifelines, on grouped rows: the fitter for exploring, and what it says of every
whole month.

lifelines is imported where it is used: it takes a second, and only who asks for it waits.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnlib.models.survival.splits import refuse_split
from churnlib.statistics.rules import LEVEL

if TYPE_CHECKING:
    from lifelines import KaplanMeierFitter

__all__ = ["kaplan_meier"]

HALF_A_MONTH = 0.5


def kaplan_meier(lifetimes: pd.DataFrame, *, label: str | None = None) -> "KaplanMeierFitter":
    """Fit lifelines' Kaplan-Meier on the grouped rows and return its own object, for exploring
    and plotting.

    One fitter is one curve, so a split frame is fitted segment by segment (see the example).

    Parameters
    ----------
    lifetimes : frame
        entry, duration (months), event_observed, customers: at least one row with duration >
        entry, all of them of everybody or of one segment.
    label : str, optional
        Name of the curve, in its plot and as the column of its results.

    Returns
    -------
    lifelines.KaplanMeierFitter
        Fitted, with every whole month as its timeline. The numbers are those of the raw rows:
        customers enter as weights.

    Raises
    ------
    SplitError : the frame holds several segments
    lifelines.exceptions.StatError : late entry leaves nobody at risk early on; `survival_curve`
        has numbers there too

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False]})
    >>> rows = rows.assign(customers=[25, 75], segment="ads")
    >>> fitters = {name: kaplan_meier(part) for name, part in rows.groupby("segment")}
    >>> round(float(fitters["ads"].predict(1)), 6)
    0.75
    """
    from lifelines import KaplanMeierFitter

    refuse_split(lifetimes, "A fitter")
    rows = watched(lifetimes)
    duration = rows["duration"].to_numpy()
    # lifelines sends numpy into silence for the whole process: here it ends with the fit. It takes
    # the logarithm of 0 while nobody has left, and where everybody has.
    with np.errstate(divide="ignore", invalid="ignore"):
        return KaplanMeierFitter(alpha=1 - LEVEL).fit(
            duration,
            rows["event_observed"].to_numpy(dtype=bool),
            timeline=np.arange(duration.max() + 1),
            entry=_entry(rows),
            weights=rows["customers"].to_numpy(),
            label=label,
        )


def by_month(fitter: "KaplanMeierFitter") -> pd.DataFrame:
    """What a fitter says of every month of life, from 1.

    Grain: one row a month of its timeline.

    Returns
    -------
    frame
        at_risk (watched in that month of life) · events (left in it) · estimate (share surviving
        it) · low, high (log-log Greenwood; they mean nothing where the estimate is 0 or 1).
    """
    months = fitter.survival_function_.index
    table = fitter.event_table
    # The table has a row only where somebody entered or ended. In a month without one, those are
    # at risk whom the row before it left over.
    left_over = (table["at_risk"] - table["removed"]).reindex(months, method="pad").fillna(0)
    low, high = fitter.confidence_interval_.to_numpy().T
    every_month = pd.DataFrame(
        {
            "at_risk": table["at_risk"].reindex(months).fillna(left_over).to_numpy(dtype=float),
            "events": table["observed"].reindex(months).fillna(0).to_numpy(dtype=float),
            "estimate": fitter.survival_function_.to_numpy()[:, 0],
            "low": low,
            "high": high,
        }
    )
    return every_month.iloc[1:].reset_index(drop=True)


def watched(lifetimes: pd.DataFrame) -> pd.DataFrame:
    """The rows of customers who were seen through a month of life, or left in one."""
    return lifetimes[lifetimes["duration"] > lifetimes["entry"]]


def _entry(rows: pd.DataFrame) -> np.ndarray | None:
    """When customers came under watch, as lifelines takes it; None where all were from the start.

    It counts those who enter at month k as at risk in month k already: half a month later is exact.
    """
    entry = rows["entry"].to_numpy(dtype=float)
    if not entry.any():
        return None
    return np.where(entry > 0, entry + HALF_A_MONTH, 0.0)
