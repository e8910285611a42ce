"""BG/NBD and MBG/NBD: how often customers who owe nothing come back, and whether they are still
there.

Time is in weeks everywhere. The fit works on counts of customers by (frequency, recency, age), so
its cost hardly grows with their number. What the data cannot tell is said in the result (`status`,
`reason`), never raised.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import expit

from churnlib.models.purchases.likelihood import (
    Counts,
    counts,
    log_likelihood,
    log_likelihood_staying,
)
from churnlib.results.terms import Term
from churnlib.statistics.maximum_likelihood import (
    Maximum,
    Objective,
    maximise,
    standard_errors,
)
from churnlib.statistics.rules import MIN_N

__all__ = ["fit_bg_nbd", "fit_mbg_nbd"]

AGE_OF_A_BUYER = Term("Age of a buyer", "Weeks from the first purchase to the as-of date.")

Model = Literal["BG/NBD", "MBG/NBD"]
Status = Literal["fitted", "no drop-out identified", "not identified", "not fitted"]

NAMES = ("r", "alpha", "a", "b")
CHANCE: dict[str, int] = {"BG/NBD": 0, "MBG/NBD": 1}
"""Occasions to leave right after the first purchase."""
LIMITS = ((-9.0, 9.0), (-12.0, 20.0), (-9.0, 9.0), (-9.0, 9.0))
"""Of the log-parameters; alpha is in weeks."""
# Drop-out costs two parameters; by Akaike's criterion it has to raise the log-likelihood by more
# than as much.
DROPOUT_GAIN = 2.0
DROPOUT_STARTS = ((0.5, 2.0), (1.0, 1.0), (0.1, 1.0), (3.0, 30.0))
RATE_STARTS = (0.3, 3.0)


@dataclass(frozen=True)
class PurchaseFit:
    """Fitted parameters of one purchase model.

    Attributes
    ----------
    model : "BG/NBD" or "MBG/NBD"
    status : "fitted"; "no drop-out identified" (everybody stays; a = 0, b empty; predictions are
        valid); "not identified" (predictions are valid, some parameters have no finite estimate,
        hence no standard errors); "not fitted" (too few repeat customers: no predictions)
    reason : one plain sentence where the status is not "fitted", else empty
    r, alpha : purchases a week while a customer stays are Gamma(r, alpha) over customers, with the
        mean r / alpha
    a, b : the probability of leaving after a purchase is Beta(a, b) over customers, with the mean
        a / (a + b)
    standard_errors : of r, alpha, a, b; NaN where there are none
    log_likelihood : total
    information : observed information in the log-parameters, as rows (4 x 4; 2 x 2 without
        drop-out)
    customers, repeat_customers : how many the fit has seen
    data : the customers themselves, grouped; where there are none (a fit written down by hand) the
        parameters are taken as known
    """

    model: Model
    status: Status
    reason: str
    r: float
    alpha: float
    a: float
    b: float
    standard_errors: tuple[float, float, float, float]
    log_likelihood: float
    information: tuple[tuple[float, ...], ...]
    customers: int
    repeat_customers: int
    data: Counts | None = field(default=None, repr=False, compare=False)

    @property
    def parameters(self) -> tuple[float, ...]:
        """r, alpha and, with drop-out, a and b."""
        if self.leaves:
            return self.r, self.alpha, self.a, self.b
        return self.r, self.alpha

    @property
    def usable(self) -> bool:
        """Whether the fit can predict."""
        return self.status != "not fitted"

    @property
    def leaves(self) -> bool:
        """Whether the fit has a drop-out process at all."""
        return self.a > 0

    @property
    def chance(self) -> int:
        """1 where a customer may leave right after the first purchase (MBG/NBD), else 0."""
        return CHANCE[self.model]


def fit_bg_nbd(grouped: pd.DataFrame) -> PurchaseFit:
    """Fit the BG/NBD model by maximum likelihood.

    One fit for all customers in `grouped`.

    Parameters
    ----------
    grouped : frame with frequency (repeat purchase days), recency (weeks from first to last
        purchase), age (weeks from first purchase to as_of) and customers (how many share them)

    Returns
    -------
    PurchaseFit

    Notes
    -----
    Fader, Hardie and Lee (2005), "Counting your customers the easy way", Marketing Science 24(2),
    equation 6. It has customers leave only at a repeat purchase, so whoever bought once counts as
    still there for ever.

    Examples
    --------
    >>> one = pd.DataFrame({"frequency": [3], "recency": [20.0], "age": [39.0], "customers": [1]})
    >>> fit_bg_nbd(one).status
    'not fitted'
    """
    return fit_purchases(grouped, "BG/NBD")


def fit_mbg_nbd(grouped: pd.DataFrame) -> PurchaseFit:
    """Fit the MBG/NBD model by maximum likelihood: as `fit_bg_nbd`, but a customer may leave after
    the first purchase.

    One fit for all customers in `grouped`. Same parameters and result as `fit_bg_nbd`.

    Notes
    -----
    Batislam, Denizel and Filiztekin (2007), International Journal of Research in Marketing 24(3),
    201-209.

    Examples
    --------
    >>> one = pd.DataFrame({"frequency": [3], "recency": [20.0], "age": [39.0], "customers": [1]})
    >>> fit_mbg_nbd(one).model
    'MBG/NBD'
    """
    return fit_purchases(grouped, "MBG/NBD")


def objective_of(fit: PurchaseFit, data: Counts) -> Objective:
    """The likelihood that the fit's parameters maximise, on these data."""

    def leaving(at: np.ndarray) -> tuple[float, np.ndarray]:
        return log_likelihood(at, data, fit.chance)

    def staying(at: np.ndarray) -> tuple[float, np.ndarray]:
        return log_likelihood_staying(at, data)

    if fit.leaves:
        return leaving
    return staying


def fit_purchases(grouped: pd.DataFrame, model: Model) -> PurchaseFit:
    """Fit either model: what `fit_bg_nbd` and `fit_mbg_nbd` do."""
    data = counts(grouped)
    if data.n_repeat < MIN_N:
        return _not_fitted(data, model)
    staying = _fit_staying(data)

    def leaving(position: np.ndarray) -> tuple[float, np.ndarray]:
        return log_likelihood(position, data, CHANCE[model])

    peak = maximise(leaving, _starts(staying.position), LIMITS, data.n)
    if peak.log_likelihood - staying.log_likelihood < DROPOUT_GAIN:
        return _without_dropout(data, model, staying, peak)
    if peak.well_defined:
        return _result(data, model, peak, "fitted", "")
    return _result(data, model, peak, "not identified", _why_not_identified(peak))


def _fit_staying(data: Counts) -> Maximum:
    """Rates alone, nobody leaving: what drop-out is judged against, and where its fit starts."""
    weeks = (data.customers * data.age).sum()
    weeks_a_purchase = weeks / (data.customers * data.frequency).sum()
    starts = [np.log([r, r * weeks_a_purchase]) for r in RATE_STARTS]

    def staying(position: np.ndarray) -> tuple[float, np.ndarray]:
        return log_likelihood_staying(position, data)

    return maximise(staying, starts, LIMITS[:2], data.n)


def _starts(staying: np.ndarray) -> list[np.ndarray]:
    rates = np.clip(staying, [-3.0, -6.0], [3.0, 12.0])
    return [np.concatenate([rates, np.log(dropout)]) for dropout in DROPOUT_STARTS]


def _result(data: Counts, model: Model, peak: Maximum, status: Status, reason: str) -> PurchaseFit:
    r, alpha, a, b = (float(value) for value in np.exp(peak.position))
    return PurchaseFit(
        model, status, reason, r, alpha, a, b,
        standard_errors=tuple(float(error) for error in standard_errors(peak)),
        log_likelihood=peak.log_likelihood,
        information=_rows(peak.information),
        customers=int(data.n),
        repeat_customers=int(data.n_repeat),
        data=data,
    )  # fmt: skip


def _without_dropout(data: Counts, model: Model, staying: Maximum, peak: Maximum) -> PurchaseFit:
    r, alpha = (float(value) for value in np.exp(staying.position))
    errors = standard_errors(staying)
    with_dropout = max(peak.log_likelihood, staying.log_likelihood)
    reason = (
        "The data show no customers leaving: assuming that everybody stays fits as well "
        f"(log-likelihood {staying.log_likelihood:.1f}, with drop-out {with_dropout:.1f})."
    )
    return PurchaseFit(
        model, "no drop-out identified", reason, r, alpha, 0.0, float("nan"),
        standard_errors=(float(errors[0]), float(errors[1]), float("nan"), float("nan")),
        log_likelihood=staying.log_likelihood,
        information=_rows(staying.information),
        customers=int(data.n),
        repeat_customers=int(data.n_repeat),
        data=data,
    )  # fmt: skip


def _not_fitted(data: Counts, model: Model) -> PurchaseFit:
    few = f"{data.n_repeat:.0f} of {data.n:.0f} have bought again"
    reason = f"Too few repeat customers: {few}; the model needs at least {MIN_N}."
    nan = float("nan")
    return PurchaseFit(
        model, "not fitted", reason, nan, nan, nan, nan, (nan, nan, nan, nan), nan, (),
        customers=int(data.n),
        repeat_customers=int(data.n_repeat),
    )  # fmt: skip


def _why_not_identified(peak: Maximum) -> str:
    r, _, a, b = peak.position
    share = float(expit(a - b))
    if r > LIMITS[0][1] - 1:
        return (
            "All customers seem to buy at one and the same rate, so r and alpha have no finite "
            "estimate."
        )
    if max(a, b) > LIMITS[2][1] - 1:
        alike = f"All customers seem equally likely to leave ({share:.0%} after a purchase)"
        return f"{alike}, so a and b have no finite estimate."
    return (
        "The likelihood is flat or runs to a limit: several sets of parameters fit the data "
        "equally well."
    )


def _rows(matrix: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(value) for value in row) for row in matrix)
