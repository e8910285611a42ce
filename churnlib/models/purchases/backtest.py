"""How well the purchase models would have predicted: fitted at past dates, scored on what came
next.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t as student

from churnlib.models.purchases.fits import PurchaseFit, fit_bg_nbd, fit_mbg_nbd
from churnlib.models.purchases.parameter_draws import SEED
from churnlib.models.purchases.predictive import TOTALS, predict_totals
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.rules import LEVEL

__all__ = ["choose_purchase_model", "purchase_backtest", "widen_to_band"]

MODELS = ("BG/NBD", "MBG/NBD")
NAIVE, LAST_PERIOD = "naive rate", "last period"
MIN_ORIGINS = 4
"""Past dates without which a back-test is no basis for a judgement."""
MIN_COVERAGE = 0.85
"""Where fewer of the actual totals lay in their ranges, ranges are widened."""
NEARLY_ALL = 1e-9 - 1
"""An error of -1, a prediction of nothing, has no logarithm: it counts as almost that."""
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
    ),
)


@dataclass(frozen=True)
class PurchaseModelChoice:
    """What the back-test says about predicting this business.

    Attributes
    ----------
    model : "BG/NBD" or "MBG/NBD": the smaller mean absolute error; empty where neither could be
        scored
    origins : at how many past dates it was scored
    mean_absolute_error : mean of |error|, relative to what happened
    error_low, error_high : the smallest and largest relative error seen (negative: predicted too
        little)
    coverage : share of origins whose actual total lay in the predictive range
    band : factor; the actual total is expected within prediction / band to prediction x band, 95 %
        of the time
    widened : coverage is under 85 %, so ranges have to be widened to the band
    reason : plain words
    """

    model: str
    origins: int
    mean_absolute_error: float
    error_low: float
    error_high: float
    coverage: float
    band: float
    widened: bool
    reason: str


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
        before the origin; first purchases not counted)
    horizon : weeks predicted
    seed : the same seed gives the same ranges

    Returns
    -------
    origin; model ("BG/NBD", "MBG/NBD", "naive rate", "last period"); predicted, low, high
    (purchases of all customers; 95 % predictive range, empty for baselines); actual; error
    (predicted / actual - 1, empty where actual is 0); covered (whether actual lies in the range,
    empty for baselines). A model that could not be fitted at an origin has an empty prediction
    there.

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
    scored = pd.DataFrame(rows, columns=["origin", "model", "predicted", "low", "high", "actual"])
    scored["error"] = scored["predicted"] / scored["actual"].where(scored["actual"] > 0) - 1
    inside = scored["actual"].between(scored["low"], scored["high"]).astype("boolean")
    scored["covered"] = inside.mask(scored["low"].isna())
    return scored[[column.name for column in BACKTEST.columns]]


def choose_purchase_model(scored: pd.DataFrame) -> PurchaseModelChoice:
    """The purchase model with the smaller mean absolute error in the back-test, and how far it can
    be trusted.

    One result for all origins of `purchase_backtest`.

    Notes
    -----
    Models are compared at the origins at which both made a prediction. The band treats the
    logarithms of predicted over actual as normal around 0 with unknown spread: their root mean
    square times the quantile of Student's t with as many degrees of freedom as origins. With few
    origins it is wide, as it should be; as the origins share customers and seasons, it is a guide
    rather than a guarantee.

    Examples
    --------
    >>> scored = pd.DataFrame({"origin": ["2026-01-01"], "model": ["BG/NBD"], "error": [-0.1]})
    >>> choose_purchase_model(scored.assign(covered=True)).error_low
    -0.1
    """
    ours = scored[scored["model"].isin(MODELS) & scored["error"].notna()]
    if ours.empty:
        nan = float("nan")
        reason = (
            "The history is too short, or too few customers had bought again at each past date."
        )
        return PurchaseModelChoice("", 0, nan, nan, nan, nan, nan, False, reason)
    compared = ours[ours.groupby("origin")["model"].transform("nunique") == len(MODELS)]
    if compared.empty:
        compared = ours
    sizes = compared["error"].abs().groupby(compared["model"])
    best = str(sizes.mean().idxmin())
    chosen = ours[ours["model"] == best]
    coverage = float(chosen["covered"].astype(float).mean())
    error = chosen["error"].to_numpy(dtype=float)
    return PurchaseModelChoice(
        model=best,
        origins=len(chosen),
        mean_absolute_error=float(np.abs(error).mean()),
        error_low=float(error.min()),
        error_high=float(error.max()),
        coverage=coverage,
        band=_band(error),
        widened=coverage < MIN_COVERAGE,
        reason=_reason(best, chosen, coverage),
    )


@gives(TOTALS)
def widen_to_band(totals: pd.DataFrame, choice: PurchaseModelChoice) -> pd.DataFrame:
    """Predicted totals with their range widened to the back-test's error band where the range has
    covered too little.

    Grain: one row a quantity, as in `predict_totals`: quantity, predicted, low, high, and widened
    (bool).

    Examples
    --------
    >>> choice = PurchaseModelChoice("BG/NBD", 4, 0.2, -0.3, 0.1, 0.5, 1.5, True, "")
    >>> totals = pd.DataFrame({"quantity": ["purchases"], "predicted": [90.0]})
    >>> totals = totals.assign(low=80.0, high=100.0)
    >>> widen_to_band(totals, choice)[["low", "high"]].to_numpy().tolist()
    [[60.0, 135.0]]
    """
    if not choice.widened:
        return totals.assign(widened=False)
    low = np.minimum(totals["low"], totals["predicted"] / choice.band)
    high = np.maximum(totals["high"], totals["predicted"] * choice.band)
    return totals.assign(low=low, high=high, widened=True)


def _predictions(
    known: pd.DataFrame, horizon: float, seed: int
) -> list[tuple[str, float, float, float]]:
    rows = [_predict(fit, known, horizon, seed) for fit in (fit_bg_nbd(known), fit_mbg_nbd(known))]
    age = known["age"].where(known["age"] > 0)
    naive = (known["customers"] * known["frequency"] / age).sum() * horizon
    rows.append((NAIVE, float(naive), np.nan, np.nan))
    if "previous" in known:
        rows.append((LAST_PERIOD, float(known["previous"].sum()), np.nan, np.nan))
    return rows


def _predict(
    fit: PurchaseFit, known: pd.DataFrame, horizon: float, seed: int
) -> tuple[str, float, float, float]:
    total = predict_totals(fit, known, horizon=horizon, seed=seed).iloc[0]
    return fit.model, float(total["predicted"]), float(total["low"]), float(total["high"])


def _band(errors: np.ndarray) -> float:
    logs = np.log1p(np.maximum(errors, NEARLY_ALL))
    quantile = student.ppf((1 + LEVEL) / 2, len(logs))
    return float(np.exp(quantile * np.sqrt((logs**2).mean())))


def _reason(model: str, chosen: pd.DataFrame, coverage: float) -> str:
    n, inside = len(chosen), int(chosen["covered"].astype(float).sum())
    dates = f"the {n} past dates"
    if n == 1:
        dates = "the one past date"
    error = chosen["error"].abs().mean()
    said = [
        f"{model} predicted {dates} with a mean absolute error of {error:.1%}; "
        f"{inside} of {n} totals lay in the predictive range."
    ]
    if n < MIN_ORIGINS:
        said.append(f"Fewer than {MIN_ORIGINS} past dates are too few to judge by.")
    if coverage < MIN_COVERAGE:
        said.append(
            f"That is under {MIN_COVERAGE:.0%}, so ranges are widened to the error band of the "
            "back-test."
        )
    return " ".join(said)
