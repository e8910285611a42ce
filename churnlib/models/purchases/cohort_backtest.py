"""How well the purchase models would have predicted each cohort: what the ranges of cohorts have to
be stretched by.
"""

from datetime import date

import numpy as np
import pandas as pd

from churnlib.models.purchases.backtest import BACKTEST
from churnlib.models.purchases.fits import fit_purchases
from churnlib.models.purchases.parameter_draws import SEED
from churnlib.models.purchases.predictive import totals_by_group
from churnlib.models.purchases.value import YEAR_WEEKS
from churnlib.periods import DAYS_A_WEEK, Grain, Period
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives, grain_of
from churnlib.statistics.rules import LEVEL, MIN_N

__all__ = ["cohort_backtest", "cohort_stretch"]

FEWEST_COHORTS = 20
"""Earlier forecasts of a cohort without which no factor can be told."""
COHORT_BACKTEST = Result(
    "cohort_backtest",
    title="the rolling back-test of cohorts",
    grain="one row a past date and cohort of customers known then",
    columns=(
        BACKTEST.column("origin"),
        Column("cohort", "text", "First period", "In which these customers bought first."),
        Column("customers", "count", "Customers", "Who bought first in it."),
        *(BACKTEST.column(name) for name in ("predicted", "low", "high", "actual", "covered")),
    ),
)


@gives(COHORT_BACKTEST)
def cohort_backtest(
    origins: pd.DataFrame,
    model: str,
    *,
    horizon: float,
    grain: Grain | None = None,
    seed: int = SEED,
) -> pd.DataFrame:
    """Fit a purchase model as of each past date and compare its prediction for each cohort with
    what happened.

    Grain: one row an origin and cohort of at least 30 customers; no row where the model could not
    be fitted.

    Parameters
    ----------
    origins : frame as for `purchase_backtest`
    model : "BG/NBD" or "MBG/NBD"
    horizon : weeks predicted
    grain : of the cohorts, month or quarter; that of `origins` where none is given
    seed : the same seed gives the same ranges

    Returns
    -------
    origin; cohort (label of the first period); customers; predicted, low, high (purchases of the
    cohort in the horizon; 95 % predictive range); actual; covered (bool)

    Examples
    --------
    >>> one = pd.DataFrame({"frequency": [2], "recency": [9.0], "age": [20.0], "customers": [1]})
    >>> one = one.assign(origin=pd.Timestamp("2026-01-01"), actual=1)
    >>> len(cohort_backtest(one, "BG/NBD", horizon=10))
    0
    """
    parts, grain = [], grain or grain_of(origins)
    for origin, known in origins.groupby("origin", sort=True):
        fit = fit_purchases(known, model)
        if not fit.usable:
            continue
        first = first_periods(known, pd.Timestamp(origin).date(), grain)
        group, labels = pd.factorize(first, sort=True)
        totals = totals_by_group(fit, None, known, group, horizon=horizon, seed=seed)[:, :, 0]
        seen = known[["customers", "actual"]].groupby(group).sum()
        columns = {"origin": origin, "cohort": labels, "customers": seen["customers"].to_numpy()}
        columns |= dict(zip(("predicted", "low", "high"), totals, strict=True))
        parts.append(pd.DataFrame(columns | {"actual": seen["actual"].to_numpy(dtype=float)}))
    names = [column.name for column in COHORT_BACKTEST.columns]
    if not parts:
        return pd.DataFrame(columns=names)
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows["customers"] >= MIN_N].reset_index(drop=True)
    return rows.assign(covered=rows["actual"].between(rows["low"], rows["high"]))[names]


def cohort_stretch(scored: pd.DataFrame, *, horizon: float, weeks: float = YEAR_WEEKS) -> float:
    """By what factor (1 or more) the half-widths of cohorts' ranges have to be stretched.

    Parameters
    ----------
    scored : what `cohort_backtest` gave
    horizon : weeks predicted there
    weeks : weeks that are predicted now

    Returns
    -------
    float : NaN with fewer than 20 earlier forecasts of a cohort

    Notes
    -----
    Over the back-test's horizon: the factor with which 19 in 20 earlier ranges would have held what
    happened. What it is beyond 1 is the model's error. Over k times the weeks that error grows by
    the square root of k while luck, relative to the total, falls by it: their ratio grows by k.

    Examples
    --------
    >>> scored = pd.DataFrame({"predicted": [10.0], "low": 8.0, "high": 12.0, "actual": 13.0})
    >>> cohort_stretch(pd.concat([scored] * 20), horizon=52, weeks=52)
    1.5
    """
    if len(scored) < FEWEST_COHORTS:
        return float("nan")
    away = scored["actual"] - scored["predicted"]
    above, below = scored["high"] - scored["predicted"], scored["predicted"] - scored["low"]
    half = above.where(away > 0, below)
    needed = (away.abs() / half.where(half > 0)).where(away != 0, 0.0).fillna(np.inf)
    factor = max(1.0, float(np.quantile(needed, LEVEL, method="higher")))
    return float(np.sqrt(1 + (factor**2 - 1) * max(1.0, weeks / horizon) ** 2))


def first_periods(customers: pd.DataFrame, as_of: date, grain: Grain) -> np.ndarray:
    """The label of the period in which each of these customers (by age in weeks) bought first."""
    days = (customers["age"] * DAYS_A_WEEK).round().astype(int) + 1
    labels = {
        day: Period.containing((pd.Timestamp(as_of) - pd.Timedelta(days=day)).date(), grain).label
        for day in days.unique()
    }
    return days.map(labels).to_numpy()
