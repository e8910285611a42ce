"""Survival beyond the data: which retention model to trust, and how far.

The observed part is the Kaplan-Meier curve, up to the last tenure with 20 at risk. The projected
part goes on from there with the survival ratios of the model, S(t) / S(reach), so that months that
the model does not fit (a bump, an annual renewal) are kept as they were seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2

from churnlib.models.retention.backtest import backtest, error_spread
from churnlib.models.retention.fits import NAMES, Model, NestedTest, RetentionFit, nested_test
from churnlib.models.retention.strata import Curves, Stratum, curves_of, shares, strata_of
from churnlib.models.survival.curves import survival_curve
from churnlib.models.survival.intervals import INTERVAL
from churnlib.models.survival.life_table import MIN_AT_RISK, life_table
from churnlib.models.survival.splits import refuse_split
from churnlib.results.columns import Column, rate
from churnlib.results.declared import Result, tagged
from churnlib.statistics.rules import CLEAR, LEVEL

__all__ = ["project"]

HORIZON = 36
"""Months projected beyond the data."""
SMALLEST_P = 0.001
"""Smaller p-values are told as below it."""
TOO_FEW = f"Fewer than {MIN_AT_RISK} customers have been watched through their first month."
DRAWS = 200
SEED = 20261031

TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
"""Quantiles of the bootstrap draws that bound a range."""
PROJECTION = Result(
    "projection",
    title="the projected survival curve",
    grain="one row a tenure, from 0",
    columns=(
        Column("tenure", "count", "Tenure", "Whole months stayed.", unit="months"),
        Column("part", "text", "Part", "observed: the data reach so far; projected: beyond them."),
        *rate(
            "estimate",
            "Still there",
            "Share of customers who stay longer than that: Kaplan-Meier, then the model's ratios.",
            "",
            frame="estimate",
        ),
        Column("fitted", "share", "Model", "The model's own curve from tenure 0."),
    ),
)


@dataclass(frozen=True)
class Projection:
    """A survival curve with its continuation, and why it may be trusted.

    Parameters
    ----------
    model : {"sbg", "bdw"} or None
        The model used; None where none could be fitted.
    reason : str
        Which model was taken and why, or why there is none, for readers.
    curve : frame, declared as `PROJECTION`
        tenure (months) · part ("observed" or "projected") · estimate · low, high (95 %; where
        projected, that of refits to resamples, widened to the back-test's error) · fitted (the
        model's own curve from tenure 0; NaN without a model).
    parts : list of Stratum
        The billing intervals told apart, each with its fits.
    nested : NestedTest
    backtest : frame
        The result of `backtest`; empty without earlier frames.
    spread : float
        How far off hazards may be one month beyond the data, as a logarithm (0 without a
        back-test).
    """

    model: Model | None
    reason: str
    curve: pd.DataFrame
    parts: list[Stratum]
    nested: NestedTest
    backtest: pd.DataFrame
    spread: float

    @property
    def fits(self) -> list[tuple[int, RetentionFit]]:
        """Every fit with the months of a cycle of its billing interval; none where none is used."""
        if self.model is None:
            return []
        return [(part.cycle, fit) for part in self.parts for fit in part.fits.values()]

    @property
    def mean_is_infinite(self) -> bool:
        """Whether the model used gives the mean lifetime no bound: then only horizons and
        discounted values count.
        """
        used = [part.fit(self.model) for part in self.parts]
        return any(fit is not None and fit.mean_is_infinite for fit in used)


def project(
    lifetimes: pd.DataFrame,
    earlier: Mapping[int, pd.DataFrame] | None = None,
    *,
    horizon: int = HORIZON,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Projection:
    """Continue the survival curve beyond the data with the model that deserves it.

    Parameters
    ----------
    lifetimes : frame
        [interval_months], entry, duration (months), event_observed, customers. Where
        interval_months is kept apart, each billing interval is fitted on its own renewals.
    earlier : dict of int to frame, optional
        Months ago, and the same as of then, for the back-test; without it the nested test decides
        alone.
    horizon : int
        Months beyond the last tenure with 20 at risk.
    draws, seed : int
        Bootstrap resamples, and the seed of their random numbers.

    Returns
    -------
    Projection

    Raises
    ------
    SplitError : the frame holds several segments

    Notes
    -----
    The beta-discrete-Weibull model is used where the nested test asks for it at 5 % and the
    back-test scores it at least as well; otherwise the simpler shifted-beta-geometric. The range is
    the larger of two: that of the curve over bootstrap resamples of the customers, in each of which
    the models are fitted and chosen anew; and that of the back-test's error, which grows with the
    square root of the distance from the data.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2, 3, 3]})
    >>> left, stayed = [True] * 3, [False]
    >>> rows = rows.assign(event_observed=left + stayed, customers=[369, 163, 86, 382])
    >>> found = project(rows, horizon=12)
    >>> found.model, int(found.curve.tenure.max()), found.mean_is_infinite
    ('sbg', 15, True)
    """
    refuse_split(lifetimes, "A projection")
    parts = strata_of(lifetimes)
    scores = backtest(lifetimes, earlier or {})
    nested = _nested(parts)
    model, reason = _choose(parts, nested, scores)
    table = life_table(lifetimes)
    if not table.reach():
        model, reason = None, TOO_FEW
    spread = error_spread(scores, model)
    curve = _observed(lifetimes)
    if model:
        last = table.reach() + horizon
        curves, _ = curves_of(parts, model, last, spread=spread, draws=draws, seed=seed)
        curve = _continued(curve, curves, _own(parts, model, last))
    tagged(curve, PROJECTION, lifetimes)
    return Projection(model, reason, curve, parts, nested, scores, spread)


def _nested(parts: list[Stratum]) -> NestedTest:
    """The test of c = 1 in every billing interval together."""
    tests = [nested_test(part.fits["sbg"], part.fits["bdw"]) for part in parts]
    known = [test.statistic for test in tests if not np.isnan(test.statistic)]
    if not known:
        return NestedTest(np.nan, np.nan)
    return NestedTest(sum(known), float(chi2.sf(sum(known), len(known))))


def _own(parts: list[Stratum], model: Model, last: int) -> np.ndarray:
    """The models' own curve from tenure 0, mixed as those who started are."""
    fits = [part.fit(model) for part in parts]
    if any(fit is None for fit in fits):
        return np.full(last + 1, np.nan)
    each = [
        np.exp(part.model_survival(np.log(fit.estimates)[None, :], last)[0])
        for part, fit in zip(parts, fits, strict=True)
    ]
    share = shares([part.table for part in parts])
    return sum(weight * curve for weight, curve in zip(share, each, strict=True))


def _choose(
    parts: list[Stratum], nested: NestedTest, scores: pd.DataFrame
) -> tuple[Model | None, str]:
    sbg, bdw = NAMES["sbg"], NAMES["bdw"]
    unfitted = [part for part in parts if not part.fits["sbg"].fitted]
    if unfitted:
        return None, unfitted[0].fits["sbg"].reason
    if np.isnan(nested.p_value):
        why = f"the {bdw} model cannot be fitted. {parts[0].fits['bdw'].reason}"
        return "sbg", f"The {sbg} model is used; {why}"
    p_value = f"p = {nested.p_value:.3f}"
    if nested.p_value < SMALLEST_P:
        p_value = f"p < {SMALLEST_P}"
    if nested.p_value >= CLEAR:
        why = f"the {bdw} model fits no better than chance allows ({p_value})"
        return "sbg", f"The {sbg} model is used: {why}."
    wins = f"the nested test favours the {bdw} model ({p_value})"
    score = _mean_score(scores)
    if not {"sbg", "bdw"} <= set(score.index):
        return "bdw", f"The {bdw} model is used: {wins}; there are no earlier data for a back-test."
    if score["bdw"] >= score["sbg"]:
        return "bdw", f"The {bdw} model is used: {wins} and it did better in the back-test."
    but = f"{wins}, but the {sbg} model did better in the back-test"
    return "sbg", f"The {sbg} model is used: {but}."


def _mean_score(scores: pd.DataFrame) -> pd.Series:
    """Log score of each model over all past dates, by customer-months."""
    both = scores[scores.groupby("months_ago")["model"].transform("nunique") == len(NAMES)]
    weighed = (both["log_score"] * both["customer_months"]).groupby(both["model"]).sum()
    return weighed / both["customer_months"].groupby(both["model"]).sum()


def _observed(lifetimes: pd.DataFrame) -> pd.DataFrame:
    curve = survival_curve(lifetimes.drop(columns=INTERVAL, errors="ignore"))
    curve = curve[["tenure", "estimate", "low", "high"]]
    curve.insert(1, "part", "observed")
    return curve.assign(fitted=np.nan)


def _continued(curve: pd.DataFrame, curves: Curves, own: np.ndarray) -> pd.DataFrame:
    low, high = np.quantile(curves.sampled, TAILS, axis=0)
    projected = pd.DataFrame(
        {
            "tenure": np.arange(len(own)),
            "part": "projected",
            "estimate": curves.estimate,
            "low": np.minimum(low, curves.faster),
            "high": np.maximum(high, curves.slower),
        }
    )
    reach = int(curve["tenure"].max())
    joined = pd.concat([curve, projected[reach + 1 :]], ignore_index=True)
    return joined.assign(fitted=own[joined["tenure"]])
