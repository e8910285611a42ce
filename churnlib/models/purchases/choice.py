"""Which forecast of purchases is told, and how far it may be off: what the back-test says."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import t as student

from churnlib.models.purchases.backtest import MODELS, NAIVE, naive_total
from churnlib.models.purchases.expectations import expected_purchases
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.predictive import QUANTITIES, TOTALS
from churnlib.models.purchases.value import HISTORY, YEAR_WEEKS
from churnlib.periods import DAYS_A_WEEK
from churnlib.results.declared import gives
from churnlib.statistics.rules import LEVEL

__all__ = ["at_baseline", "choose_purchase_model", "widen_to_band"]

MIN_ORIGINS = 4
"""Past dates without which a back-test is no basis for a judgement."""
CLEARLY_LESS = 0.85
"""Share of the model's mean absolute error under which a baseline takes its place."""
APART = 2
"""Windows of the back-test that do not overlap: half of the history, in horizons of a quarter."""
VALUE = QUANTITIES[1]
NEARLY_ALL = 1e-9 - 1
"""An error of -1, a prediction of nothing, has no logarithm: it counts as almost that."""


@dataclass(frozen=True)
class PurchaseModelChoice:
    """What the back-test says about predicting this business.

    Attributes
    ----------
    model : "BG/NBD" or "MBG/NBD": the larger likelihood; empty where neither could be scored
    forecast : whose total is told: the model's, or that of a baseline that erred clearly less
    origins : at how many past dates it was scored
    horizon : weeks that were predicted from each
    span : weeks from the first past date to the end of the last horizon
    mean_absolute_error : mean of |error| of the forecast, relative to what happened
    model_error : the same of the model
    error_low, error_high : the smallest and largest error of the forecast (negative: predicted too
        little)
    coverage : share of origins whose actual total lay in the model's predictive range
    spread : root mean square of the logarithms of predicted ÷ actual, of the forecast
    reason : one plain sentence where nothing could be scored, else empty
    level : factor that moves the model's total to the forecast's (`at_baseline`)
    money_spread : as spread, of the money that came in; 0 where it is not known
    """

    model: str
    forecast: str
    origins: int
    horizon: float
    span: float
    mean_absolute_error: float
    model_error: float
    error_low: float
    error_high: float
    coverage: float
    spread: float
    reason: str
    level: float = 1.0
    money_spread: float = 0.0

    def band(self, weeks: float, *, money: bool = False) -> float:
        """By what factor, either way, a total over so many weeks may be off, 95 % of the time; 1
        where nothing was scored. A total of money is off by as much as one of purchases at least.

        Notes
        -----
        The logarithms of predicted ÷ actual are taken as normal around 0 with unknown spread:
        their root mean square, times the quantile of Student's t with one degree of freedom more
        than there are windows that do not overlap, times the square root of how much longer the
        forecast is. What money is off by beyond the purchases does not grow with the time: what a
        purchase brings is a mean over all of it.
        """
        if not self.origins:
            return 1.0
        quantile = student.ppf((1 + LEVEL) / 2, APART + 1)
        variance = self.spread**2 * max(1.0, weeks / self.horizon)
        if money:
            variance += max(self.money_spread**2 - self.spread**2, 0.0)
        return float(np.exp(quantile * np.sqrt(variance)))

    @property
    def one_sided(self) -> Literal["high", "low", ""]:
        """Where several forecasts were all too high, or all too low."""
        if self.origins >= MIN_ORIGINS and self.error_low > 0:
            return "high"
        if self.origins >= MIN_ORIGINS and self.error_high < 0:
            return "low"
        return ""

    @property
    def biased(self) -> Literal["high", "low", ""]:
        """The same where no season explains it: the windows together are a year or more."""
        if self.span < YEAR_WEEKS:
            return ""
        return self.one_sided


def choose_purchase_model(scored: pd.DataFrame, *, horizon: float) -> PurchaseModelChoice:
    """The purchase model that describes the customers better, and how far the back-test says it can
    be trusted.

    One result for all origins of `purchase_backtest`.

    Parameters
    ----------
    scored : what `purchase_backtest` gave
    horizon : weeks predicted there

    Notes
    -----
    The model is the one with the larger log-likelihood at the last origin at which both were
    fitted. A few windows of a back-test tell the two apart by luck: on invented shops that choice
    errs more, and says of twice as many too much that they are still there (docs/opinions.md). A
    baseline takes the model's place where its mean absolute error is under 85 % of the model's.

    Examples
    --------
    >>> scored = pd.DataFrame({"origin": ["2026-01-01"], "model": ["BG/NBD"], "error": [-0.1]})
    >>> scored = scored.assign(covered=True, log_likelihood=-100.0)
    >>> choose_purchase_model(scored, horizon=26).error_low
    -0.1
    """
    known = scored[scored["error"].notna()]
    ours = known[known["model"].isin(MODELS)]
    if ours.empty:
        nan = float("nan")
        reason = (
            "The history is too short, or too few customers had bought again at each past date."
        )
        return PurchaseModelChoice("", "", 0, horizon, *(nan,) * 7, reason)
    best = _likeliest(ours)
    chosen = ours[ours["model"] == best]
    forecast = _forecast(known, best)
    told = known[known["model"] == forecast]
    error = told["error"].to_numpy(dtype=float)
    origins = pd.to_datetime(chosen["origin"])
    return PurchaseModelChoice(
        model=best,
        forecast=forecast,
        origins=len(error),
        horizon=horizon,
        span=(origins.max() - origins.min()).days / DAYS_A_WEEK + horizon,
        mean_absolute_error=float(np.abs(error).mean()),
        model_error=float(chosen["error"].abs().mean()),
        error_low=float(error.min()),
        error_high=float(error.max()),
        coverage=float(chosen["covered"].astype(float).mean()),
        spread=_spread(error),
        reason="",
        money_spread=_spread(told["money_error"].dropna()) if "money_error" in told else 0.0,
    )


def at_baseline(
    choice: PurchaseModelChoice, fit: PurchaseFit, buyers: pd.DataFrame, *, previous: float
) -> PurchaseModelChoice:
    """The choice with the level of its forecast: 1 where the model's own total is told.

    Parameters
    ----------
    choice : of the back-test
    fit : the chosen model, fitted on what is known now
    buyers : frame with frequency, recency, age (weeks) and customers
    previous : repeat purchases of the last `choice.horizon` weeks

    Notes
    -----
    A baseline is tried over the horizon of the back-test. There the model's total is set to the
    baseline's; further ahead it keeps the model's course.

    Examples
    --------
    >>> choice = PurchaseModelChoice(
    ...     "BG/NBD", "last period", 5, 39.0, 60.0, 0.1, 0.2, -0.1, 0.1, 1.0, 0.1, ""
    ... )
    >>> cdnow = (0.243, 4.414, 0.793, 2.426)
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, (), 0, 0)
    >>> like = pd.DataFrame({"frequency": [2], "recency": [30.43], "age": [38.86]})
    >>> round(at_baseline(choice, fit, like.assign(customers=100), previous=245.2).level, 2)
    2.0
    """
    if choice.forecast in ("", *MODELS) or not fit.usable:
        return choice
    told = previous
    if choice.forecast == NAIVE:
        told = naive_total(buyers, choice.horizon)
    past = [buyers[name].to_numpy(dtype=float) for name in HISTORY]
    expected = expected_purchases(fit, *past, choice.horizon)
    modelled = float((buyers["customers"] * expected).sum())
    return replace(choice, level=told / modelled) if modelled > 0 else choice


@gives(TOTALS)
def widen_to_band(
    totals: pd.DataFrame, choice: PurchaseModelChoice, *, horizon: float = YEAR_WEEKS
) -> pd.DataFrame:
    """Predicted totals at the level of the chosen forecast, their range the larger of the
    model's and of the back-test's error band; of a biased forecast on that side alone.

    Grain: one row a quantity, as in `predict_totals`: quantity, predicted, low, high, and widened
    (bool: the band is the larger one). The row discounted_value has the band of money, on both
    sides: what a purchase brings may change the other way.

    Examples
    --------
    >>> choice = PurchaseModelChoice(
    ...     "BG/NBD", "BG/NBD", 4, 52.0, 104.0, 0.2, 0.2, -0.3, 0.1, 0.5, 0.1, ""
    ... )
    >>> totals = pd.DataFrame({"quantity": ["purchases"], "predicted": [90.0]})
    >>> totals = totals.assign(low=80.0, high=100.0)
    >>> widen_to_band(totals, choice)[["low", "high"]].round(0).to_numpy().tolist()
    [[65.0, 124.0]]
    """
    is_money = pd.Series(False, index=totals.index)
    if "quantity" in totals:
        is_money = totals["quantity"] == VALUE
    band = is_money.map({True: choice.band(horizon, money=True), False: choice.band(horizon)})
    predicted, low, high = (totals[name] * choice.level for name in ("predicted", "low", "high"))
    reach = predicted.abs() * (band - 1)
    above, below = predicted + reach, predicted - reach / band
    lower = np.minimum(low, below.where(is_money | (choice.biased != "low"), low))
    higher = np.maximum(high, above.where(is_money | (choice.biased != "high"), high))
    widened = (lower < low) | (higher > high)
    return totals.assign(predicted=predicted, low=lower, high=higher, widened=widened)


def _spread(error: Sequence[float]) -> float:
    """The root mean square of the logarithms of predicted ÷ actual; 0 where there are none."""
    known = np.asarray(error, dtype=float)
    if not len(known):
        return 0.0
    return float(np.sqrt((np.log1p(np.maximum(known, NEARLY_ALL)) ** 2).mean()))


def _likeliest(ours: pd.DataFrame) -> str:
    """The model with the larger likelihood at the last origin at which both were fitted."""
    both = ours[ours.groupby("origin")["model"].transform("nunique") == len(MODELS)]
    compared = ours if both.empty else both
    last = compared[compared["origin"] == compared["origin"].max()]
    return str(last.loc[last["log_likelihood"].idxmax(), "model"])


def _mean_absolute(scored: pd.DataFrame) -> pd.Series:
    return scored["error"].abs().groupby(scored["model"]).mean()


def _forecast(known: pd.DataFrame, model: str) -> str:
    """The model, or the baseline that erred clearly less at the same past dates."""
    same = known[known["origin"].isin(known.loc[known["model"] == model, "origin"])]
    errors = _mean_absolute(same)
    baselines = errors.drop(labels=list(MODELS), errors="ignore")
    enough = same["origin"].nunique() >= MIN_ORIGINS
    if enough and len(baselines) and baselines.min() < CLEARLY_LESS * errors[model]:
        return str(baselines.idxmin())
    return model
