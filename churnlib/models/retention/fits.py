"""Two models of retention that can be projected: shifted-beta-geometric and beta-discrete-Weibull.

Every customer has a churn probability of its own, spread over customers as a beta distribution. In
the sBG model it is the same in each month of life; in the BdW model it grows (c > 1) or falls
(c < 1) with the customer's own tenure. Those most likely to leave go first, so the rate of those
who remain falls.

    S(t) = B(alpha, beta + t^c) / B(alpha, beta), and c = 1 is the sBG model.

The likelihood needs only the life table: with the hazard h_k = 1 - S(k) / S(k - 1), leaving in
month k, staying through it and entering late all come down to

    sum_k d_k log h_k + (n_k - d_k) log(1 - h_k).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from churnlib.models.retention.likelihood import (
    HIGHEST,
    LOWEST,
    at_limit,
    information,
    log_survival,
    maximise,
)
from churnlib.models.survival.life_table import LifeTable, life_table
from churnlib.models.survival.splits import refuse_split

__all__ = ["fit_bdw", "fit_sbg"]

Model = Literal["sbg", "bdw"]
PARAMETERS: dict[Model, tuple[str, ...]] = {"sbg": ("alpha", "beta"), "bdw": ("alpha", "beta", "c")}
NAMES: dict[Model, str] = {"sbg": "shifted-beta-geometric", "bdw": "beta-discrete-Weibull"}

STARTS_OF_C = (1.0, 0.6, 1.6)
SMALLEST_SHARE = 1e-6
SMALLEST_BETA = 0.1
"""Where the search for beta begins, at the least."""


@dataclass(frozen=True)
class RetentionFit:
    """A fitted retention model, or the reason why there is none.

    Parameters
    ----------
    model : {"sbg", "bdw"}
    estimates : tuple of float
        alpha, beta and c (1 in the sBG model); NaN where the likelihood has no finite maximum.
    log_likelihood : float
    covariance : array
        Of log alpha, log beta and, in the BdW model, log c, from the expected information. 0 for a
        parameter that stands at the limit of what is searched.
    reason : str
        Why there is no fit, or what is odd about it; empty where all is well.
    constant : bool
        One churn probability for everybody and ever: too little was seen for more.
    """

    model: Model
    estimates: tuple[float, float, float]
    log_likelihood: float
    covariance: np.ndarray
    reason: str = ""
    constant: bool = False

    @property
    def fitted(self) -> bool:
        """Whether there are estimates."""
        return not np.isnan(self.log_likelihood)

    @property
    def parameters(self) -> dict[str, float]:
        """Estimates by name."""
        return dict(zip(PARAMETERS[self.model], self.estimates, strict=False))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard errors by name (delta method); NaN for a parameter that stands at its limit."""
        spread = np.sqrt(np.diag(self.covariance))
        spread = np.where(spread > 0, spread, np.nan)
        return {
            name: float(value * error)
            for (name, value), error in zip(self.parameters.items(), spread, strict=True)
        }

    @property
    def mean_is_infinite(self) -> bool:
        """S(t) falls like t^(-alpha c): with alpha c of 1 or less (sBG: alpha) the mean lifetime
        has no bound.
        """
        return self.fitted and self.estimates[0] * self.estimates[2] <= 1


def fit_sbg(lifetimes: pd.DataFrame) -> RetentionFit:
    """Fit the shifted-beta-geometric model by maximum likelihood.

    Parameters
    ----------
    lifetimes : frame
        entry, duration (months), event_observed, customers.

    Returns
    -------
    RetentionFit
        Parameters alpha and beta: a customer's monthly churn probability has mean alpha / (alpha +
        beta). Where nobody or everybody left there is no finite maximum: `fitted` is False and
        `reason` says why.

    Notes
    -----
    Fader and Hardie (2007), How to project customer retention.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2, 3, 3]})
    >>> left, stayed = [True] * 3, [False]
    >>> rows = rows.assign(event_observed=left + stayed, customers=[369, 163, 86, 382])
    >>> {name: round(value, 2) for name, value in fit_sbg(rows).parameters.items()}
    {'alpha': 0.78, 'beta': 1.33}
    """
    refuse_split(lifetimes, "A fit")
    return fit_table(life_table(lifetimes), "sbg")


def fit_bdw(lifetimes: pd.DataFrame) -> RetentionFit:
    """Fit the beta-discrete-Weibull model by maximum likelihood.

    Parameters
    ----------
    lifetimes : frame
        entry, duration (months), event_observed, customers.

    Returns
    -------
    RetentionFit
        Parameters alpha, beta and c, as `fit_sbg`; never a lower likelihood than the sBG model on
        the same rows.

    Notes
    -----
    Fader, Hardie, Liu, Davin and Steenburgh (2018), How to project customer retention, revisited.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2, 3, 4, 4]})
    >>> left, stayed = [True] * 4, [False]
    >>> rows = rows.assign(event_observed=left + stayed, customers=[131, 126, 90, 60, 593])
    >>> {name: round(value, 2) for name, value in fit_bdw(rows).parameters.items()}
    {'alpha': 0.26, 'beta': 1.72, 'c': 1.58}
    """
    refuse_split(lifetimes, "A fit")
    return fit_table(life_table(lifetimes), "bdw")


def fit_table(table: LifeTable, model: Model) -> RetentionFit:
    """Fit either model to a life table: what `fit_sbg` and `fit_bdw` do."""
    free = len(PARAMETERS[model])
    reason = _no_maximum(table, free)
    if reason:
        nan = float("nan")
        return RetentionFit(model, (nan, nan, nan), nan, np.full((free, free), nan), reason)
    starts = _starts(table, model)
    at_risk = np.repeat(table.at_risk[None, :], len(starts), axis=0)
    events = np.repeat(table.events[None, :], len(starts), axis=0)
    found, log_likelihood = maximise(at_risk, events, starts, free)
    best = int(np.argmax(log_likelihood))
    inner = ~at_limit(found[best])[:free]
    note = "" if inner.all() else _limit_note(found[best])
    estimates = tuple(float(value) for value in np.exp(found[best]))
    covariance = _covariance(table, found[best], inner)
    return RetentionFit(model, estimates, float(log_likelihood[best]), covariance, note)


def constant(table: LifeTable) -> RetentionFit:
    """One churn probability for everybody and ever: the sBG model at its limit.

    For yearly contracts of which only one renewal was seen, which is all that can be told.
    """
    log_parameters, log_likelihood = _constant(table.at_risk[None], table.events[None])
    estimates = tuple(float(value) for value in np.exp(log_parameters[0]))
    reason = "Too few renewals have been seen to tell whether later ones lose fewer."
    none = np.zeros((2, 2))
    return RetentionFit("sbg", estimates, float(log_likelihood[0]), none, reason, constant=True)


def refit(fit: RetentionFit, tables: LifeTable) -> tuple[np.ndarray, np.ndarray]:
    """Log parameters and log-likelihood of the same model on each of many life tables (resamples),
    starting from a fit: one row each.
    """
    if fit.constant:
        return _constant(tables.at_risk, tables.events)
    start = np.tile(np.log(fit.estimates), (tables.at_risk.shape[0], 1))
    return maximise(tables.at_risk, tables.events, start, len(PARAMETERS[fit.model]))


def _constant(at_risk: np.ndarray, events: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As `maximise`, for one churn probability."""
    left, watched = events.sum(axis=1), np.maximum(at_risk.sum(axis=1), 1.0)
    share = np.clip(left / watched, SMALLEST_SHARE, 1 - SMALLEST_SHARE)
    alike = np.exp(HIGHEST[0])
    parameters = np.log(np.stack([share * alike, (1 - share) * alike, np.ones_like(share)], axis=1))
    likelihood = left * np.log(share) + (watched - left) * np.log1p(-share)
    return np.clip(parameters, LOWEST, HIGHEST), likelihood


def predict_survival(fit: RetentionFit, tenures: ArrayLike) -> np.ndarray:
    """Share of customers that the model expects to be left after each of these tenures (months);
    NaN without a fit.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2, 3, 3]})
    >>> left, stayed = [True] * 3, [False]
    >>> rows = rows.assign(event_observed=left + stayed, customers=[369, 163, 86, 382])
    >>> predict_survival(fit_sbg(rows), [0, 1, 12]).round(2)
    array([1.  , 0.63, 0.16])
    """
    tenures = np.asarray(tenures, dtype=float)
    if not fit.fitted:
        return np.full(tenures.shape, np.nan)
    return np.exp(log_survival(np.log(fit.estimates)[None, :], tenures)[0])


@dataclass(frozen=True)
class NestedTest:
    """Likelihood-ratio test of c = 1: statistic (chi-square, 1 degree of freedom) and p_value."""

    statistic: float
    p_value: float


def nested_test(sbg: RetentionFit, bdw: RetentionFit) -> NestedTest:
    """Test whether the BdW model's third parameter is needed; NaN where one of the two has no fit.

    Both have to be fitted on the same rows: the sBG model is the BdW model with c = 1.
    """
    statistic = max(2 * (bdw.log_likelihood - sbg.log_likelihood), 0.0)
    if not (sbg.fitted and bdw.fitted):
        return NestedTest(np.nan, np.nan)
    return NestedTest(statistic, float(stats.chi2.sf(statistic, 1)))


def _covariance(table: LifeTable, log_parameters: np.ndarray, inner: np.ndarray) -> np.ndarray:
    """The inverse of the expected information; 0 for a parameter that stands at its limit."""
    free = len(inner)
    within = np.ix_(inner, inner)
    covariance = np.zeros((free, free))
    known = information(table.at_risk, log_parameters)[:free, :free]
    covariance[within] = np.linalg.pinv(known[within])
    return covariance


def _starts(table: LifeTable, model: Model) -> np.ndarray:
    if model == "bdw":
        sbg = np.log(fit_table(table, "sbg").estimates)
        return np.array([[sbg[0], sbg[1], np.log(c)] for c in STARTS_OF_C])
    mean = table.events.sum() / table.at_risk.sum()
    beta = max(1 / mean - 1, SMALLEST_BETA)
    return np.array([[0.0, np.log(beta), 0.0]])


def _no_maximum(table: LifeTable, free: int) -> str:
    months = int((table.at_risk > 0).sum())
    if not months:
        return "No customer has been watched for a whole month of life yet."
    if not table.events.any():
        return "Nobody has left yet, so the data do not say how long customers stay."
    if not (table.at_risk > table.events).any():
        return (
            "Everybody left in the first month seen, so nobody is left whose stay could be "
            "projected."
        )
    if months < free:
        seen = "1 month" if months == 1 else f"{months} months"
        return f"Only {seen} of life seen: too few for the {free} parameters."
    return ""


def _limit_note(log_parameters: np.ndarray) -> str:
    if log_parameters[1] > 0:
        return (
            "Customers do not differ measurably in how likely they are to leave: the model is at "
            "its limit."
        )
    return "Customers either leave at once or not at all: the model is at its limit."
