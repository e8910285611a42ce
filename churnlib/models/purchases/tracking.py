"""Predicted against actual, where one can see it: week by week, and by how often customers
bought before.
"""

import numpy as np
import pandas as pd

from churnlib.models.purchases.expectations import expected_cumulative, expected_purchases
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.value import HISTORY
from churnlib.periods import DAYS_A_WEEK
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

__all__ = ["frequency_calibration", "weekly_tracking"]

TRACKING = Result(
    "tracking",
    title="repeat purchases week by week",
    grain="one row a week",
    columns=(
        Column("week_start", "day", "Week from", "The first of its seven days."),
        Column("predicted", "number", "Predicted", "What the model expects of it.", "purchases"),
        Column("actual", "number", "Actual", "What it brought.", "purchases", decimals=0),
        Column(
            "predicted_cumulative",
            "number",
            "Predicted so far",
            "Added up from the first week on.",
            unit="purchases",
        ),
        Column(
            "actual_cumulative",
            "number",
            "Actual so far",
            "Added up from the first week on.",
            unit="purchases",
            decimals=0,
        ),
        Column("held_out", "flag", "Held out", "Whether the model had not seen this week."),
    ),
)
CALIBRATION = Result(
    "calibration",
    title="predicted and actual purchases by past frequency",
    grain="one row a bin of past frequency that has customers",
    columns=(
        Column("frequency", "text", "Bought again", "Repeat purchases before the weeks held out."),
        Column("customers", "count", "Customers", "With so many of them."),
        Column(
            "predicted",
            "number",
            "Predicted",
            "Purchases a customer in the weeks held out, as the model expects them.",
            unit="purchases a customer",
            decimals=2,
        ),
        Column(
            "actual",
            "number",
            "Actual",
            "Purchases a customer in those weeks.",
            unit="purchases a customer",
            decimals=2,
        ),
    ),
)
# The bins of the papers: (label, lowest, highest).
FREQUENCY_BINS = (
    ("0", 0, 0),
    ("1", 1, 1),
    ("2", 2, 2),
    ("3", 3, 3),
    ("4-6", 4, 6),
    ("7+", 7, np.inf),
)


@gives(TRACKING)
def weekly_tracking(
    fit: PurchaseFit, first_purchases: pd.DataFrame, weekly: pd.DataFrame, *, split: pd.Timestamp
) -> pd.DataFrame:
    """Repeat purchases by calendar week as the model expects them of new customers, and as they
    were.

    Grain: one row a week of `weekly`.

    Parameters
    ----------
    fit : model fitted on what was known at `split`
    first_purchases : frame with first_on (date of the first purchase) and customers (how many
        began then); only customers who began before `split`
    weekly : frame with week_start (date; a week is 7 days from it) and purchases (repeat purchase
        days of those customers in it), without gaps
    split : date at which the model stopped learning

    Returns
    -------
    week_start, predicted, actual (of the week), predicted_cumulative, actual_cumulative (from the
    first week on), held_out (bool: the week ends after `split`)

    Notes
    -----
    Sum over customers of E[X(t)], t in weeks since their first purchase: the model's view of
    customers in general, which uses nothing of their purchases but the parameters.

    Examples
    --------
    >>> cdnow = (0.243, 4.414, 0.793, 2.426)
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, (), 0, 0)
    >>> firsts = pd.DataFrame({"first_on": pd.to_datetime(["1997-01-01"]), "customers": [100]})
    >>> starts = pd.to_datetime(["1997-01-01", "1997-01-08"])
    >>> weeks = pd.DataFrame({"week_start": starts, "purchases": [6, 4]})
    >>> tracked = weekly_tracking(fit, firsts, weeks, split=starts[1])
    >>> tracked["predicted"].round(2).tolist()
    [5.33, 5.01]
    """
    names = [column.name for column in TRACKING.columns]
    if weekly.empty:
        return pd.DataFrame(columns=names)
    ordered = weekly.sort_values("week_start")
    starts = pd.to_datetime(ordered["week_start"])
    ends = starts + pd.Timedelta(days=DAYS_A_WEEK)
    edges = np.append(starts.to_numpy(), ends.to_numpy()[-1:])
    total = _expected_by(fit, first_purchases, edges)
    actual = ordered["purchases"].to_numpy(dtype=float)
    columns = (
        starts.to_numpy(),
        np.diff(total),
        actual,
        total[1:] - total[0],
        actual.cumsum(),
        (ends > pd.Timestamp(split)).to_numpy(),
    )
    return pd.DataFrame(dict(zip(names, columns, strict=True)))


@gives(CALIBRATION)
def frequency_calibration(fit: PurchaseFit, known: pd.DataFrame, *, horizon: float) -> pd.DataFrame:
    """Predicted and actual purchases per customer in the hold-out, by how often customers had
    bought again before.

    Grain: one row a bin of past frequency that has customers.

    Parameters
    ----------
    fit : model fitted as of the origin
    known : one origin's frame, as for `purchase_backtest`: frequency, recency, age (weeks),
        customers, actual
    horizon : weeks from the origin

    Returns
    -------
    frequency ("0", "1", "2", "3", "4-6", "7+"), customers, predicted, actual (mean purchases per
    customer)

    Examples
    --------
    >>> cdnow = (0.243, 4.414, 0.793, 2.426)
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, (), 0, 0)
    >>> like = pd.DataFrame({"frequency": [2], "recency": [30.43], "age": [38.86]})
    >>> like = like.assign(customers=10, actual=11)
    >>> frequency_calibration(fit, like, horizon=39).round(2).to_numpy().tolist()
    [['2', 10, 1.23, 1.1]]
    """
    n = known["customers"].to_numpy(dtype=float)
    past = [known[name].to_numpy(dtype=float) for name in HISTORY]
    each = np.full(len(known), np.nan)
    if fit.usable and len(known):
        each = expected_purchases(fit, *past, horizon)
    actual = known["actual"].to_numpy(dtype=float)
    rows = []
    for label, lowest, highest in FREQUENCY_BINS:
        here = (past[0] >= lowest) & (past[0] <= highest) & (n > 0)
        if not here.any():
            continue
        size = n[here].sum()
        predicted = (n * each)[here].sum() / size
        rows.append((label, int(size), predicted, actual[here].sum() / size))
    return pd.DataFrame(rows, columns=[column.name for column in CALIBRATION.columns])


def _expected_by(fit: PurchaseFit, first_purchases: pd.DataFrame, dates: np.ndarray) -> np.ndarray:
    """Repeat purchases to expect of all these customers from their first purchase to each date."""
    first_on = pd.to_datetime(first_purchases["first_on"]).to_numpy()
    customers = first_purchases["customers"].to_numpy(dtype=float)
    days = (dates[:, None] - first_on[None, :]) / np.timedelta64(1, "D")
    # Many customers share a number of days: each is computed once.
    distinct, place = np.unique(np.maximum(days, 0.0), return_inverse=True)
    expected = np.full(len(distinct), np.nan)
    if fit.usable:
        expected = expected_cumulative(fit, distinct / DAYS_A_WEEK)
    return (expected[place].reshape(days.shape) * customers).sum(axis=1)
