"""Predicted against actual, where one can see it: week by week, and by how often customers
bought before.
"""

import numpy as np
import pandas as pd

from churnlib.models.purchases.expectations import expected_cumulative, expected_purchases
from churnlib.models.purchases.fits import PurchaseFit

DAYS = 7
TRACKING = [
    "week_start",
    "predicted",
    "actual",
    "predicted_cumulative",
    "actual_cumulative",
    "held_out",
]
# Past frequency in the bins of the papers: (label, lowest, highest).
FREQUENCY_BINS = (
    ("0", 0, 0),
    ("1", 1, 1),
    ("2", 2, 2),
    ("3", 3, 3),
    ("4-6", 4, 6),
    ("7+", 7, np.inf),
)


def weekly_tracking(
    fit: PurchaseFit, first_purchases: pd.DataFrame, weekly: pd.DataFrame, *, split: pd.Timestamp
) -> pd.DataFrame:
    """Repeat purchases by calendar week as the model expects them of new customers, and as they
    were.

    One row a week of `weekly`.

    Parameters
    ----------
    fit : model fitted on what was known at `split`
    first_purchases : frame with first_on (date of the first purchase) and customers (how many began
    then); only
        customers who began before `split`
    weekly : frame with week_start (date; a week is 7 days from it) and purchases (repeat purchase
    days of those
        customers in it), without gaps
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
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", 0.243, 4.414, 0.793, 2.426, (0, 0, 0, 0), 0, (), 0, 0)
    >>> firsts = pd.DataFrame({"first_on": pd.to_datetime(["1997-01-01"]), "customers": [100]})
    >>> weeks = pd.DataFrame({"week_start": pd.to_datetime(["1997-01-01", "1997-01-08"]), "purchases": [6, 4]})
    >>> weekly_tracking(fit, firsts, weeks, split=pd.Timestamp("1997-01-08"))["predicted"].round(2).tolist()
    [5.33, 5.01]
    """
    if weekly.empty:
        return pd.DataFrame(columns=TRACKING)
    ordered = weekly.sort_values("week_start")
    starts = pd.to_datetime(ordered["week_start"])
    first_on = pd.to_datetime(first_purchases["first_on"]).to_numpy()
    customers = first_purchases["customers"].to_numpy(dtype=float)
    edges = np.concatenate([starts.to_numpy(), starts.to_numpy()[-1:] + np.timedelta64(DAYS, "D")])
    days = (edges[:, None] - first_on[None, :]) / np.timedelta64(1, "D")
    distinct, place = np.unique(np.maximum(days, 0.0), return_inverse=True)
    expected = (
        expected_cumulative(fit, distinct / DAYS) if fit.usable else np.full(len(distinct), np.nan)
    )
    total = (expected[place].reshape(days.shape) * customers).sum(axis=1)
    actual = ordered["purchases"].to_numpy(dtype=float)
    held_out = (starts + pd.Timedelta(days=DAYS) > pd.Timestamp(split)).to_numpy()
    columns = (
        starts.to_numpy(),
        np.diff(total),
        actual,
        total[1:] - total[0],
        actual.cumsum(),
        held_out,
    )
    return pd.DataFrame(dict(zip(TRACKING, columns, strict=True)))


def frequency_calibration(fit: PurchaseFit, known: pd.DataFrame, *, horizon: float) -> pd.DataFrame:
    """Predicted and actual purchases per customer in the hold-out, by how often customers had
    bought again before.

    One row a bin of past frequency that has customers.

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
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", 0.243, 4.414, 0.793, 2.426, (0, 0, 0, 0), 0, (), 0, 0)
    >>> one = {"frequency": [2], "recency": [30.43], "age": [38.86], "customers": [10], "actual": [11]}
    >>> frequency_calibration(fit, pd.DataFrame(one), horizon=39).round(2).to_numpy().tolist()
    [['2', 10, 1.23, 1.1]]
    """
    n = known["customers"].to_numpy(dtype=float)
    past = [known[name].to_numpy(dtype=float) for name in ("frequency", "recency", "age")]
    each = (
        expected_purchases(fit, *past, horizon)
        if fit.usable and len(known)
        else np.full(len(known), np.nan)
    )
    actual = known["actual"].to_numpy(dtype=float)
    rows = []
    for label, lowest, highest in FREQUENCY_BINS:
        here = (past[0] >= lowest) & (past[0] <= highest) & (n > 0)
        if here.any():
            size = n[here].sum()
            rows.append(
                (label, int(size), (n * each)[here].sum() / size, actual[here].sum() / size)
            )
    return pd.DataFrame(rows, columns=["frequency", "customers", "predicted", "actual"])
