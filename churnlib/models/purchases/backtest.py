"""How well the purchase models would have predicted: fitted at past dates, scored on what came
next.
"""

import numpy as np
import pandas as pd

from churnlib.models.purchases.fits import PurchaseFit, fit_bg_nbd, fit_mbg_nbd
from churnlib.models.purchases.parameter_draws import SEED
from churnlib.models.purchases.predictive import predict_totals
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

__all__ = ["purchase_backtest"]

MODELS = ("BG/NBD", "MBG/NBD")
NAIVE, LAST_PERIOD = "naive rate", "last period"
BACKTEST = Result(
    "backtest",
    title="the rolling back-test",
    grain="one row a past date and model or baseline",
    columns=(
        Column("origin", "day", "As of", "The date up to which the model knew."),
        Column("model", "text", "Model", "A purchase model, or a baseline."),
        Column(
            "predicted",
            "number",
            "Predicted",
            "Purchases of all customers in the weeks after that date.",
            unit="purchases",
            low="low",
            high="high",
        ),
        Column("low", "number", "from", "The low end of the predictive range.", "purchases"),
        Column("high", "number", "to", "The high end of the predictive range.", "purchases"),
        Column("actual", "number", "Actual", "What they bought.", "purchases", decimals=0),
        Column("error", "share", "Error", "Predicted ÷ actual − 1.", signed=True),
        Column("covered", "flag", "Covered", "Whether the actual total lies in the range."),
        Column(
            "money_error",
            "share",
            "Error in money",
            "Predicted purchases times what a repeat purchase had brought until then, ÷ what "
            "came in − 1.",
            signed=True,
            optional=True,
        ),
        Column(
            "log_likelihood",
            "number",
            "Log-likelihood",
            "Of the model's fit at that date; the larger, the better it describes the customers.",
            decimals=1,
        ),
    ),
)


@gives(BACKTEST)
def purchase_backtest(origins: pd.DataFrame, *, horizon: float, seed: int = SEED) -> pd.DataFrame:
    """Fit both purchase models as of each past date and compare their predictions with what
    happened.

    Grain: one row an origin and model, and an origin and baseline.

    Parameters
    ----------
    origins : frame with origin (the past as-of date), frequency, recency, age (weeks, as of the
        origin), customers, and actual (repeat purchase days of these customers together in the
        `horizon` weeks after the origin); optional previous (the same in the `horizon` weeks
        before the origin; first purchases not counted); optional spent (currency, of their repeat
        purchases before the origin) and brought (currency, in the horizon)
    horizon : weeks predicted
    seed : the same seed gives the same ranges

    Returns
    -------
    origin; model ("BG/NBD", "MBG/NBD", "naive rate", "last period"); predicted, low, high
    (purchases of all customers; 95 % predictive range, empty for baselines); actual; error
    (predicted / actual - 1, empty where actual is 0); covered (whether actual lies in the range,
    empty for baselines); log_likelihood (of the fit at the origin, empty for baselines);
    money_error (of predicted x spent / repeat purchases until then, relative
    to brought; empty where nothing came in, absent without spent and brought). A model that could
    not be fitted at an origin has an empty prediction there.

    Notes
    -----
    The naive rate gives each customer its own past rate, frequency / age, for ever. "Last period"
    says that the next `horizon` weeks bring what the last ones brought; it is there only where
    `previous` is given.

    Examples
    --------
    >>> one = pd.DataFrame({"frequency": [2], "recency": [9.0], "age": [20.0], "customers": [1]})
    >>> one = one.assign(origin=pd.Timestamp("2026-01-01"), actual=1)
    >>> scored = purchase_backtest(one, horizon=10)
    >>> scored[["model", "predicted"]].to_numpy().tolist()
    [['BG/NBD', nan], ['MBG/NBD', nan], ['naive rate', 1.0]]
    """
    rows = []
    for origin, known in origins.groupby("origin", sort=True):
        actual = float(known["actual"].sum())
        rows += [(origin, *row, actual) for row in _predictions(known, horizon, seed)]
    names = ["origin", "model", "predicted", "low", "high", "log_likelihood", "actual"]
    scored = pd.DataFrame(rows, columns=names)
    scored["error"] = scored["predicted"] / scored["actual"].where(scored["actual"] > 0) - 1
    inside = scored["actual"].between(scored["low"], scored["high"]).astype("boolean")
    scored["covered"] = inside.mask(scored["low"].isna())
    if {"spent", "brought"} <= set(origins):
        scored["money_error"] = _money_errors(origins, scored)
    return scored[[column.name for column in BACKTEST.columns if column.name in scored]]


def _money_errors(origins: pd.DataFrame, scored: pd.DataFrame) -> pd.Series:
    """Of each forecast of purchases, at what a repeat purchase had brought on average by then."""
    known = origins.assign(repeats=origins["frequency"] * origins["customers"])
    sums = known.groupby("origin")[["repeats", "spent", "brought"]].sum().astype(float)
    sums = sums.where(sums > 0).reindex(scored["origin"]).set_axis(scored.index)
    return scored["predicted"] * sums["spent"] / sums["repeats"] / sums["brought"] - 1


Prediction = tuple[str, float, float, float, float]
"""Model, predicted, low, high, log-likelihood."""


def _predictions(known: pd.DataFrame, horizon: float, seed: int) -> list[Prediction]:
    rows = [_predict(fit, known, horizon, seed) for fit in (fit_bg_nbd(known), fit_mbg_nbd(known))]
    rows.append((NAIVE, naive_total(known, horizon), np.nan, np.nan, np.nan))
    if "previous" in known:
        rows.append((LAST_PERIOD, float(known["previous"].sum()), np.nan, np.nan, np.nan))
    return rows


def _predict(fit: PurchaseFit, known: pd.DataFrame, horizon: float, seed: int) -> Prediction:
    total = predict_totals(fit, known, horizon=horizon, seed=seed).iloc[0]
    predicted, low, high = (float(total[name]) for name in ("predicted", "low", "high"))
    return fit.model, predicted, low, high, fit.log_likelihood if fit.usable else np.nan


def naive_total(known: pd.DataFrame, horizon: float) -> float:
    """Everybody keeps its own past rate."""
    age = known["age"].where(known["age"] > 0)
    return float((known["customers"] * known["frequency"] / age).sum() * horizon)
