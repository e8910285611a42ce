"""Gamma-Gamma: what a customer spends per purchase, learned from few purchases without believing
them too much.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import gammaln, psi
from scipy.stats import norm

from churnlib.formats import MINUS
from churnlib.statistics.maximum_likelihood import Maximum, maximise, standard_errors

NAMES = ("p", "q", "gamma")
LIMITS = ((-6.0, 12.0), (-6.0, 12.0), (-14.0, 30.0))  # of the log-parameters; gamma is in currency
STARTS = ((2.0, 3.0), (6.0, 4.0), (0.8, 8.0))  # p, q; gamma follows from the mean
MIN_CUSTOMERS = 30
CONFIDENCE = 0.95
# A correlation is taken for negligible where its whole interval lies within +-0.2: the 0.11 of
# CDNOW, on which the model's authors call it so, passes; 0.2 would be 4 % of the variance.
NEGLIGIBLE_CORRELATION = 0.2


@dataclass(frozen=True)
class MoneyFit:
    """Fitted parameters of the Gamma-Gamma model.

    Attributes
    ----------
    status : "fitted"; "not identified" (values are valid, some parameters have no finite estimate);
    "not fitted" (too
        few customers, or no finite mean: every customer is given the pooled mean per purchase)
    reason : one plain sentence where the status is not "fitted", else empty
    p, q, gamma : a purchase is Gamma(p, nu), nu is Gamma(q, gamma) over customers; gamma in
    currency
    standard_errors : of p, q, gamma; NaN where there are none
    log_likelihood : total
    information : observed information in the log-parameters, as rows
    mean_value : observed money per repeat purchase day, pooled
    customers : repeat customers with money
    """

    status: Literal["fitted", "not identified", "not fitted"]
    reason: str
    p: float
    q: float
    gamma: float
    standard_errors: tuple[float, float, float]
    log_likelihood: float
    information: tuple[tuple[float, ...], ...]
    mean_value: float
    customers: int

    @property
    def usable(self) -> bool:
        """Whether customers are told apart."""
        return self.status != "not fitted"


@dataclass(frozen=True)
class Independence:
    """How purchase frequency and money per purchase go together among repeat customers.

    Attributes
    ----------
    correlation, low, high : Pearson correlation with its 95 % interval (Fisher's z)
    customers : repeat customers with money
    verdict : "negligible" (whole interval within +-0.2), "related" (interval wholly beyond),
    "unclear"
    sentence : the verdict in plain words
    """

    correlation: float
    low: float
    high: float
    customers: int
    verdict: Literal["negligible", "related", "unclear"]
    sentence: str


def fit_gamma_gamma(spend: pd.DataFrame) -> MoneyFit:
    """Fit the Gamma-Gamma model of money per purchase by maximum likelihood.

    One fit for all repeat customers in `spend`.

    Parameters
    ----------
    spend : frame with frequency (repeat purchase days with money), value (mean money per such day,
    currency) and
        customers (how many share them); rows without a repeat purchase or without money are left
        out

    Returns
    -------
    MoneyFit

    Notes
    -----
    Fader and Hardie (2013), "The Gamma-Gamma model of monetary value", note 025, equation 1a.

    Examples
    --------
    >>> fit = fit_gamma_gamma(pd.DataFrame({"frequency": [2], "value": [35.0], "customers": [1]}))
    >>> fit.status, fit.mean_value
    ('not fitted', 35.0)
    """
    data = _spenders(spend)
    x, value, n = (data[column].to_numpy() for column in ("frequency", "value", "customers"))
    if n.sum() < MIN_CUSTOMERS:
        few = {0: "No customer has", 1: "Only 1 customer has"}.get(
            n.sum(), f"Only {n.sum():.0f} customers have"
        )
        reason = f"{few} a repeat purchase with money; the model needs {MIN_CUSTOMERS}."
        return _not_fitted(data, reason)
    starts = [np.log([p, q, _mean_value(data) * max(q - 1, 0.5) / p]) for p, q in STARTS]
    peak = maximise(
        lambda position: _log_likelihood(position, x, value, n), starts, LIMITS, n.sum()
    )
    if np.exp(peak.position[1]) <= 1:
        return _not_fitted(
            data, "Spending is so uneven that the model has no finite mean (q is 1 or less)."
        )
    return _fitted(data, peak)


def money_parameters(fit: MoneyFit) -> pd.DataFrame:
    """Parameters of the Gamma-Gamma model as a table.

    One row a parameter: model, parameter, estimate, standard_error.
    """
    estimates = (fit.p, fit.q, fit.gamma)
    rows = zip(("p", "q", "gamma"), estimates, fit.standard_errors, strict=True)
    return pd.DataFrame(
        [("Gamma-Gamma", *row) for row in rows],
        columns=["model", "parameter", "estimate", "standard_error"],
    )


def expected_value(fit: MoneyFit, frequency: ArrayLike, value: ArrayLike) -> np.ndarray:
    """Money to expect per future purchase of customers with this past.

    One number a customer (arrays broadcast): a weighted mean of the population's and the customer's
    own.

    Parameters
    ----------
    fit : MoneyFit; one that is not usable gives everybody the pooled mean
    frequency : repeat purchase days with money
    value : mean money on those days, currency (ignored, and may be NaN, where frequency is 0)

    Notes
    -----
    p (gamma + x z) / (p x + q - 1), note 025, equation 5.

    Examples
    --------
    >>> fit = MoneyFit("fitted", "", 6.25, 3.74, 15.44, (0, 0, 0), 0.0, (), 35.0, 946)
    >>> expected_value(fit, [0, 2], [0, 22.35]).round(2).tolist()
    [35.22, 24.66]
    """
    x, value = np.broadcast_arrays(
        np.asarray(frequency, dtype=float), np.asarray(value, dtype=float)
    )
    if not fit.usable:
        return np.full(x.shape, fit.mean_value)
    spent = np.where(x > 0, x * np.where(np.isfinite(value), value, 0.0), 0.0)
    return fit.p * (fit.gamma + spent) / (fit.p * x + fit.q - 1)


def frequency_value_independence(spend: pd.DataFrame) -> Independence:
    """Whether customers who buy more often spend more (or less) per purchase, which the model
    assumes they do not.

    One result for all repeat customers in `spend`; the frame is that of `fit_gamma_gamma`.

    Notes
    -----
    Pearson correlation, interval by Fisher's z with 1 / sqrt(n - 3).

    Examples
    --------
    >>> frame = pd.DataFrame({"frequency": [1, 2, 3], "value": [30.0, 20.0, 30.0], "customers": [500, 400, 500]})
    >>> frequency_value_independence(frame).verdict
    'negligible'
    """
    data = _spenders(spend)
    x, value, n = (data[column].to_numpy() for column in ("frequency", "value", "customers"))
    customers = int(n.sum())
    spread = [0.0, 0.0] if customers == 0 else [_moment(x, x, n), _moment(value, value, n)]
    if customers <= 3 or min(spread) <= 0:
        sentence = "Frequency and money cannot be compared: too few repeat customers, or all of them alike."
        return Independence(
            float("nan"), float("nan"), float("nan"), customers, "unclear", sentence
        )
    r = float(np.clip(_moment(x, value, n) / np.sqrt(spread[0] * spread[1]), -1, 1))
    half = norm.ppf((1 + CONFIDENCE) / 2) / np.sqrt(customers - 3)
    centre = np.arctanh(np.clip(r, -1 + 1e-12, 1 - 1e-12))
    return _verdict(r, float(np.tanh(centre - half)), float(np.tanh(centre + half)), customers)


def _verdict(r: float, low: float, high: float, customers: int) -> Independence:
    r_said, low_said, high_said = (f"{value:.2f}".replace("-", MINUS) for value in (r, low, high))
    measured = f"correlation {r_said}, 95 % interval {low_said} to {high_said}, {customers:,} repeat customers"
    if max(abs(low), abs(high)) <= NEGLIGIBLE_CORRELATION:
        sentence = f"How often and how much customers buy are as good as unrelated ({measured})."
        return Independence(r, low, high, customers, "negligible", sentence)
    if min(abs(low), abs(high)) > NEGLIGIBLE_CORRELATION and low * high > 0:
        more = "more" if r > 0 else "less"
        relation = f"Customers who buy more often spend {more} per purchase ({measured})"
        sentence = f"{relation}: their values rest on an assumption that does not hold."
        return Independence(r, low, high, customers, "related", sentence)
    sentence = (
        f"Whether how often and how much customers buy are related is not clear ({measured})."
    )
    return Independence(r, low, high, customers, "unclear", sentence)


def _spenders(spend: pd.DataFrame) -> pd.DataFrame:
    missing = [column for column in ("frequency", "value", "customers") if column not in spend]
    if missing:
        raise ValueError(
            f"spend needs the columns frequency, value, customers; missing: {', '.join(missing)}"
        )
    frame = spend[["frequency", "value", "customers"]].astype(float)
    if np.isinf(frame.to_numpy()).any() or (frame < 0).any(axis=None):
        raise ValueError("spend has a value that is negative or infinite")
    frame = frame[(frame["frequency"] > 0) & (frame["value"] > 0) & (frame["customers"] > 0)]
    return frame.groupby(["frequency", "value"], as_index=False, sort=True)["customers"].sum()


def _mean_value(data: pd.DataFrame) -> float:
    days = data["frequency"] * data["customers"]
    return float((days * data["value"]).sum() / days.sum()) if len(data) else float("nan")


def _moment(left: np.ndarray, right: np.ndarray, n: np.ndarray) -> float:
    """Covariance over customers."""
    total = n.sum()
    return float(
        (n * (left - (n * left).sum() / total) * (right - (n * right).sum() / total)).sum() / total
    )


def _log_likelihood(
    position: np.ndarray, x: np.ndarray, value: np.ndarray, n: np.ndarray
) -> tuple[float, np.ndarray]:
    """Total log-likelihood and its gradient in the logarithms of (p, q, gamma)."""
    p, q, gamma = np.exp(position)
    px, spent = p * x, x * value
    log_share = -np.log1p(gamma / spent)  # ln(spent / (spent + gamma))
    log_rest = -np.log1p(spent / gamma)  # ln(gamma / (spent + gamma))
    terms = (
        gammaln(px + q) - gammaln(px) - gammaln(q) + px * log_share + q * log_rest - np.log(value)
    )
    d_p = x * (psi(px + q) - psi(px) + log_share)
    d_q = psi(px + q) - psi(q) + log_rest
    d_gamma = (q * spent - px * gamma) / (gamma + spent)
    gradient = np.array([p * (n * d_p).sum(), q * (n * d_q).sum(), (n * d_gamma).sum()])
    return float((n * terms).sum()), gradient


def _fitted(data: pd.DataFrame, peak: Maximum) -> MoneyFit:
    p, q, gamma = (float(value) for value in np.exp(peak.position))
    flat = (
        ""
        if peak.well_defined
        else "Customers spend so alike that p, q and gamma have no finite estimates."
    )
    return MoneyFit(
        "fitted" if peak.well_defined else "not identified", flat, p, q, gamma,
        standard_errors=tuple(float(error) for error in standard_errors(peak)),
        log_likelihood=peak.log_likelihood,
        information=tuple(tuple(float(value) for value in row) for row in peak.information),
        mean_value=_mean_value(data),
        customers=int(data["customers"].sum()),
    )  # fmt: skip


def _not_fitted(data: pd.DataFrame, reason: str) -> MoneyFit:
    nan = float("nan")
    return MoneyFit(
        "not fitted", reason, nan, nan, nan, (nan, nan, nan), nan, (),
        mean_value=_mean_value(data),
        customers=int(data["customers"].sum()),
    )  # fmt: skip
