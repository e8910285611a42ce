"""Gamma-Gamma: what a customer spends per purchase, learned from few purchases without believing
them too much.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import gammaln, psi
from scipy.stats import chi2

from churnlib.statistics.maximum_likelihood import (
    Maximum,
    maximise,
    standard_errors,
)
from churnlib.statistics.rules import LEVEL, MIN_N

__all__ = ["fit_gamma_gamma"]

MODEL = "Gamma-Gamma"
NAMES = ("p", "q", "gamma")
LIMITS = ((-6.0, 12.0), (-6.0, 12.0), (-14.0, 30.0))  # of the log-parameters; gamma is in currency
STARTS = ((2.0, 3.0), (6.0, 4.0), (0.8, 8.0))  # p, q; gamma follows from the mean
NO_MEAN = (LIMITS[0], (LIMITS[1][0], 0.0), LIMITS[2])  # q of 1 or less
UNEVEN = (
    "Spending is so uneven that its mean may have no bound (the data do not rule out a q of 1 or "
    "less): every customer is given the mean purchase."
)
LOWEST_Q = 0.5  # q - 1 at the least, where the search for gamma begins
SPEND = ["frequency", "value", "customers"]
"""The columns that the money model needs."""
UNPAID = ("purchases", "unpaid")
"""What else it takes where known: all repeat purchases of these customers, and the money (0 or
less) of those that brought none."""


Status = Literal["fitted", "not identified", "not fitted"]


@dataclass(frozen=True)
class MoneyFit:
    """Fitted parameters of the Gamma-Gamma model.

    Attributes
    ----------
    status : "fitted"; "not identified" (values are valid, some parameters have no finite
        estimate); "not fitted" (too few customers, or no finite mean: every customer is given the
        pooled mean per purchase)
    reason : one plain sentence where the status is not "fitted", else empty
    p, q, gamma : a purchase is Gamma(p, nu), nu is Gamma(q, gamma) over customers; gamma in
        currency
    standard_errors : of p, q, gamma; NaN where there are none
    log_likelihood : total
    information : observed information in the log-parameters, as rows
    mean_value : observed money per repeat purchase day with money, pooled
    customers : repeat customers with money
    paid_share : share of repeat purchases that bring money
    unpaid_mean : mean money of the others, currency; 0 (given away) or less (more returned)
    purchases : repeat purchases behind that share; 0 = it is taken as known
    data : frequency, value and customers as fitted to; where there are none (a fit written down by
        hand) the parameters are taken as known
    """

    status: Status
    reason: str
    p: float
    q: float
    gamma: float
    standard_errors: tuple[float, float, float]
    log_likelihood: float
    information: tuple[tuple[float, ...], ...]
    mean_value: float
    customers: int
    paid_share: float = 1.0
    unpaid_mean: float = 0.0
    purchases: int = 0
    data: tuple[np.ndarray, np.ndarray, np.ndarray] | None = field(
        default=None, repr=False, compare=False
    )

    @property
    def parameters(self) -> tuple[float, float, float]:
        """p, q and gamma."""
        return self.p, self.q, self.gamma

    @property
    def usable(self) -> bool:
        """Whether customers are told apart."""
        return self.status != "not fitted"


def fit_gamma_gamma(spend: pd.DataFrame) -> MoneyFit:
    """Fit the Gamma-Gamma model of money per purchase by maximum likelihood.

    One fit for all repeat customers in `spend`.

    Parameters
    ----------
    spend : frame with frequency (repeat purchase days with money), value (mean money per such
        day, currency) and customers (how many share them); rows without a repeat purchase or
        without money are left out. Where known, purchases (all repeat purchase days of these
        customers together) and unpaid (the money of those that brought none, 0 or less): without
        them every purchase is taken to bring money

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
    data, share = spenders(spend), _paid(spend)
    x, value, n = (data[column].to_numpy() for column in SPEND)
    if n.sum() < MIN_N:
        return _not_fitted(data, share, _too_few(n.sum()))
    mean = _mean_value(data)
    starts = [np.log([p, q, mean * max(q - 1, LOWEST_Q) / p]) for p, q in STARTS]

    def likelihood(position: np.ndarray) -> tuple[float, np.ndarray]:
        return log_likelihood(position, x, value, n)

    peak = maximise(likelihood, starts, LIMITS, n.sum())
    unbounded = maximise(likelihood, [_capped(one) for one in starts], NO_MEAN, n.sum())
    # The likelihood ratio asks whether the data rule out q <= 1, where spending has no mean.
    if 2 * (peak.log_likelihood - unbounded.log_likelihood) < chi2.ppf(LEVEL, 1):
        return _not_fitted(data, share, UNEVEN)
    return _fitted(data, share, peak)


def expected_value(fit: MoneyFit, frequency: ArrayLike, value: ArrayLike) -> np.ndarray:
    """Money to expect per future purchase of customers with this past.

    One number a customer (arrays broadcast): a weighted mean of the population's and the customer's
    own, for the share of purchases that bring money; what the others bring or cost for the rest.

    Parameters
    ----------
    fit : MoneyFit; one that is not usable gives everybody the pooled mean
    frequency : repeat purchase days with money
    value : mean money on those days, currency (ignored, and may be NaN, where frequency is 0)

    Notes
    -----
    paid share x p (gamma + x z) / (p x + q - 1) (note 025, equation 5) + the rest x their mean.

    Examples
    --------
    >>> fit = MoneyFit("fitted", "", 6.25, 3.74, 15.44, (0, 0, 0), 0.0, (), 35.0, 946)
    >>> expected_value(fit, [0, 2], [0, 22.35]).round(2).tolist()
    [35.22, 24.66]
    """
    x, value = np.broadcast_arrays(
        np.asarray(frequency, dtype=float), np.asarray(value, dtype=float)
    )
    paid = np.full(x.shape, fit.mean_value)
    if fit.usable:
        spent = np.where(x > 0, x * np.where(np.isfinite(value), value, 0.0), 0.0)
        paid = fit.p * (fit.gamma + spent) / (fit.p * x + fit.q - 1)
    return fit.paid_share * paid + (1 - fit.paid_share) * fit.unpaid_mean


def spenders(spend: pd.DataFrame) -> pd.DataFrame:
    """The repeat customers with money, checked, merged and sorted: frequency, value, customers."""
    missing = [column for column in SPEND if column not in spend]
    if missing:
        raise ValueError(
            f"spend needs the columns {', '.join(SPEND)}; missing: {', '.join(missing)}"
        )
    frame = spend[SPEND].astype(float)
    if np.isinf(frame.to_numpy()).any() or (frame < 0).any(axis=None):
        raise ValueError("spend has a value that is negative or infinite")
    frame = frame[(frame > 0).all(axis=1)]
    return frame.groupby(["frequency", "value"], as_index=False, sort=True)["customers"].sum()


def _paid(spend: pd.DataFrame) -> dict[str, float]:
    """Share of repeat purchases with money, the mean money of the others, and how many of both."""
    paid = float((spend["frequency"] * spend["customers"]).sum())
    purchases, unpaid = (float(spend[name].sum()) if name in spend else 0.0 for name in UNPAID)
    if purchases <= paid:
        return {"paid_share": 1.0, "unpaid_mean": 0.0, "purchases": round(paid)}
    share = paid / purchases
    mean = unpaid / (purchases - paid)
    return {"paid_share": share, "unpaid_mean": mean, "purchases": round(purchases)}


def _capped(start: np.ndarray) -> np.ndarray:
    """The same start, with q = 1."""
    return np.array([start[0], 0.0, start[2]])


def _too_few(customers: float) -> str:
    few = {0: "No customer has", 1: "Only 1 customer has"}
    who = few.get(customers, f"Only {customers:.0f} customers have")
    return f"{who} a repeat purchase with money; the model needs {MIN_N}."


def _mean_value(data: pd.DataFrame) -> float:
    if data.empty:
        return float("nan")
    days = data["frequency"] * data["customers"]
    return float((days * data["value"]).sum() / days.sum())


def log_likelihood(
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


def _fitted(data: pd.DataFrame, share: dict[str, float], peak: Maximum) -> MoneyFit:
    p, q, gamma = (float(value) for value in np.exp(peak.position))
    status: Status = "fitted"
    reason = ""
    if not peak.well_defined:
        status = "not identified"
        reason = "Customers spend so alike that p, q and gamma have no finite estimates."
    return MoneyFit(
        status, reason, p, q, gamma,
        standard_errors=tuple(float(error) for error in standard_errors(peak)),
        log_likelihood=peak.log_likelihood,
        information=tuple(tuple(float(value) for value in row) for row in peak.information),
        mean_value=_mean_value(data),
        customers=int(data["customers"].sum()),
        **share,
        data=_columns(data),
    )  # fmt: skip


def _not_fitted(data: pd.DataFrame, share: dict[str, float], reason: str) -> MoneyFit:
    nan = float("nan")
    return MoneyFit(
        "not fitted", reason, nan, nan, nan, (nan, nan, nan), nan, (),
        mean_value=_mean_value(data),
        customers=int(data["customers"].sum()),
        **share,
        data=_columns(data),
    )  # fmt: skip


def _columns(data: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return tuple(data[column].to_numpy() for column in SPEND)
