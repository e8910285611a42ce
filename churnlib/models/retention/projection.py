"""Survival beyond the data: which retention model to trust, and how far.

The observed part is the Kaplan-Meier curve, up to the last tenure with 20 at risk. The projected
part goes on from there with the survival ratios of the model, S(t) / S(reach), so that months that
the model does not fit (a bump, an annual renewal) are kept as they were seen.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from churnlib.models.retention.backtest import backtest, error_factor
from churnlib.models.retention.fits import (
    NAMES,
    Model,
    NestedTest,
    RetentionFit,
    fit_table,
    nested_test,
    predict_survival,
    refit,
)
from churnlib.models.retention.likelihood import log_survival
from churnlib.models.survival.curves import survival_curve
from churnlib.models.survival.life_table import MIN_AT_RISK, LifeTable, life_table, resampled_tables
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
    fits : dict of str to RetentionFit
    nested : NestedTest
    backtest : frame
        The result of `backtest`; empty without an earlier frame.
    error_factor : float
        By how much the back-test's count of churned customers was off, as a factor of 1 or more (1
        without).
    """

    model: Model | None
    reason: str
    curve: pd.DataFrame
    fits: dict[Model, RetentionFit]
    nested: NestedTest
    backtest: pd.DataFrame
    error_factor: float

    @property
    def mean_is_infinite(self) -> bool:
        """Whether the model used gives the mean lifetime no bound: then only horizons and
        discounted values count.
        """
        return bool(self.model) and self.fits[self.model].mean_is_infinite


def project(
    lifetimes: pd.DataFrame,
    earlier: pd.DataFrame | None = None,
    *,
    horizon: int = HORIZON,
    draws: int = DRAWS,
    seed: int = SEED,
) -> Projection:
    """Continue the survival curve beyond the data with the model that deserves it.

    Parameters
    ----------
    lifetimes : frame
        entry, duration (months), event_observed, customers.
    earlier : frame, optional
        The same as of some months ago, for the back-test; without it the nested test decides alone.
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
    that of the curve over bootstrap resamples of the customers, each with its own refit, widened to
    the back-test's error (the projected log survival times and divided by `error_factor`) where
    that is larger.

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
    table = life_table(lifetimes)
    fits = {model: fit_table(table, model) for model in NAMES}
    nested = nested_test(fits["sbg"], fits["bdw"])
    scores = backtest(lifetimes, earlier if earlier is not None else lifetimes)
    model, reason = _choose(fits, nested, scores)
    if not table.reach():
        model, reason, fits = None, TOO_FEW, {}
    factor = error_factor(scores, model)
    curve = _observed(lifetimes)
    if model:
        reach = table.reach()
        span = {"reach": reach, "last": reach + horizon}
        sampled = sampled_survival(lifetimes, fits[model], **span, draws=draws, seed=seed)
        curve = _continued(curve, table, fits[model], factor, sampled)
    tagged(curve, PROJECTION, lifetimes)
    return Projection(model, reason, curve, fits, nested, scores, factor)


def fitted_survival(
    table: LifeTable, fit: RetentionFit | None, *, reach: int, last: int, factor: float = 1.0
) -> np.ndarray:
    """Survival at tenures 0 to `last` (months): Kaplan-Meier to tenure `reach`, then with the
    model's ratios.

    NaN beyond `reach` without a fit. The projected log survival is multiplied by `factor`: above 1
    customers leave faster than the model says.
    """
    one = LifeTable(table.started, table.at_risk[None, :], table.events[None, :])
    parameters = np.log(fit.estimates)[None, :] if fit else None
    return _joined(one, parameters, reach, last, factor)[0]


def sampled_survival(
    lifetimes: pd.DataFrame,
    fit: RetentionFit | None,
    *,
    reach: int,
    last: int,
    draws: int,
    seed: int,
) -> np.ndarray:
    """The same curve for bootstrap resamples of the customers, one row a resample, the model
    fitted anew to each.
    """
    tables = resampled_tables(lifetimes, draws=draws, seed=seed)
    parameters = refit(fit, tables) if fit and last > reach else None
    return _joined(tables, parameters, reach, last, 1.0)


def _joined(
    table: LifeTable, log_parameters: np.ndarray | None, reach: int, last: int, factor: float
) -> np.ndarray:
    observed = table.up_to(reach).survival()[:, : last + 1]
    if last <= reach:
        return observed
    if log_parameters is None:
        ratios = np.full((len(observed), last - reach), np.nan)
    else:
        model = log_survival(log_parameters, np.arange(reach, last + 1.0))
        ratios = np.exp(factor * (model[:, 1:] - model[:, :1]))
    end = observed[:, -1:]
    # Where everybody has left, nothing is unknown about what follows.
    return np.concatenate([observed, np.where(end > 0, end * ratios, 0.0)], axis=1)


def _choose(
    fits: dict[Model, RetentionFit], nested: NestedTest, scores: pd.DataFrame
) -> tuple[Model | None, str]:
    sbg, bdw = NAMES["sbg"], NAMES["bdw"]
    if not fits["sbg"].fitted:
        return None, fits["sbg"].reason
    if not fits["bdw"].fitted:
        why = f"the {bdw} model cannot be fitted. {fits['bdw'].reason}"
        return "sbg", f"The {sbg} model is used; {why}"
    p_value = f"p = {nested.p_value:.3f}"
    if nested.p_value < SMALLEST_P:
        p_value = f"p < {SMALLEST_P}"
    if nested.p_value >= CLEAR:
        why = f"the {bdw} model fits no better than chance allows ({p_value})"
        return "sbg", f"The {sbg} model is used: {why}."
    wins = f"the nested test favours the {bdw} model ({p_value})"
    score = scores.set_index("model")["log_score"]
    if not {"sbg", "bdw"} <= set(score.index):
        return "bdw", f"The {bdw} model is used: {wins}; there are no earlier data for a back-test."
    if score["bdw"] >= score["sbg"]:
        return "bdw", f"The {bdw} model is used: {wins} and it did better in the back-test."
    but = f"{wins}, but the {sbg} model did better in the back-test"
    return "sbg", f"The {sbg} model is used: {but}."


def _observed(lifetimes: pd.DataFrame) -> pd.DataFrame:
    curve = survival_curve(lifetimes)[["tenure", "estimate", "low", "high"]]
    curve.insert(1, "part", "observed")
    return curve.assign(fitted=np.nan)


def _continued(
    curve: pd.DataFrame, table: LifeTable, fit: RetentionFit, factor: float, sampled: np.ndarray
) -> pd.DataFrame:
    reach, last = int(curve["tenure"].max()), sampled.shape[1] - 1
    low, high = np.quantile(sampled, TAILS, axis=0)
    span = {"reach": reach, "last": last}
    estimate = fitted_survival(table, fit, **span)
    faster = fitted_survival(table, fit, **span, factor=factor)
    slower = fitted_survival(table, fit, **span, factor=1 / factor)
    projected = pd.DataFrame(
        {
            "tenure": np.arange(last + 1),
            "part": "projected",
            "estimate": estimate,
            "low": np.minimum(low, faster),
            "high": np.maximum(high, slower),
        }
    )
    joined = pd.concat([curve, projected[reach + 1 :]], ignore_index=True)
    return joined.assign(fitted=predict_survival(fit, joined["tenure"]))
