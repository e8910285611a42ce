"""The mean time that customers stay within a horizon: the area under the survival curve."""

import numpy as np
import pandas as pd

from churnlib.models.survival.band import greenwood
from churnlib.models.survival.clusters import is_clustered, log_survival_influence, variance_of
from churnlib.models.survival.curves import one_curve
from churnlib.models.survival.life_table import life_table
from churnlib.models.survival.splits import by_segment
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.counts import weighted_sum

__all__ = ["restricted_mean"]

RESTRICTED_MEAN_TERM = Term(
    "Restricted mean",
    "The mean number of months stayed within a horizon: the area under the survival curve.",
)
RESTRICTED_MEAN = Result(
    "restricted_mean",
    title="the mean months stayed",
    grain="one row a horizon, in each segment",
    columns=(
        Column("horizon", "count", "Within the first", "Months of life looked at.", "months"),
        Column(
            "mean",
            "number",
            "Mean stay",
            "The area under the survival curve up to the horizon.",
            unit="months",
            low="low",
            high="high",
            decimals=2,
        ),
        Column(
            "standard_error",
            "number",
            "Standard error",
            "Of the mean, by Greenwood's formula or between groups of customers.",
            unit="months",
            decimals=2,
        ),
        Column("low", "number", "from", "The low end of the 95 % range.", "months", decimals=2),
        Column("high", "number", "to", "The high end of the 95 % range.", "months", decimals=2),
    ),
    shown=("horizon", "mean", "low", "high"),
)


@gives(RESTRICTED_MEAN)
def restricted_mean(lifetimes: pd.DataFrame, horizon: int) -> pd.DataFrame:
    """Mean months a customer stays within the first `horizon` months.

    Grain: one row a segment. Empty (NaN) where the curve does not reach the horizon.

    Parameters
    ----------
    lifetimes : frame
        [segment], entry, duration (months), event_observed, customers; [customer_group] where
        several rows are of one customer (see `gaps`).
    horizon : int
        Months of life looked at.

    Returns
    -------
    frame
        [segment] · horizon (months) · mean (months) · standard_error (months) · low, high (95 %,
        within 0 and horizon).

    Notes
    -----
    The exact area under the Kaplan-Meier step function from 0 to the horizon; variance by
    Greenwood's formula, the sum over months k of (area from k to the horizon)^2 d_k / (n_k (n_k -
    d_k)): Klein and Moeschberger (2003), 4.5. lifelines' `return_variance` is that of the time
    stayed, not that of its mean. The range is that of the time lost, a weighted sum of counts
    (gamma limits, Fay and Feuer 1997): it has a width also where nobody has left. Where groups of
    customers are kept apart, the variance is that between groups.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False]})
    >>> restricted_mean(rows.assign(customers=[25, 75]), 2)["mean"].round(6).item()
    1.75
    """

    def area(part: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame([{"horizon": horizon, **_area(part, horizon)}])

    return by_segment(lifetimes, RESTRICTED_MEAN, area)


def _area(lifetimes: pd.DataFrame, horizon: int) -> dict[str, float]:
    estimate = one_curve(lifetimes)["estimate"].to_numpy()
    months = min(len(estimate) - 1, horizon)
    if months < horizon and estimate[-1] > 0:
        return dict.fromkeys(("mean", "standard_error", "low", "high"), np.nan)
    # Where all have left, 0 are there in each month that follows.
    survival = np.append(estimate, np.zeros(horizon))[:horizon]
    mean = float(survival.sum())
    still_to_come = np.append(np.cumsum(survival[::-1])[::-1][1:], 0.0)[:months]
    table = life_table(lifetimes).up_to(months)
    terms = greenwood(table)
    # Where all left, nothing is still to come, and their infinite term has no weight.
    terms = np.where(still_to_come > 0, terms, 0.0)
    variance = independent = float(np.sum(still_to_come**2 * terms))
    if is_clustered(lifetimes):
        moved = log_survival_influence(lifetimes, months) * estimate[1 : months + 1]
        variance = float(variance_of(moved[:, : horizon - 1].sum(axis=1)))
    widest = float(np.max(still_to_come / np.maximum(table.at_risk, 1), initial=0.0))
    # Waits that are alike count for less than their number, one leaver for as much more.
    alike = max(variance / independent, 1.0) if independent else 1.0
    fewest, most = weighted_sum(horizon - mean, variance, widest * alike)
    low, high = max(horizon - most, 0.0), min(horizon - fewest, float(horizon))
    return {"mean": mean, "standard_error": variance**0.5, "low": low, "high": high}
