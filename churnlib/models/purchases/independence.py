"""Whether how often customers buy and how much they spend go together, which the money model
takes not to be so.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import norm

from churnlib.formats import MINUS
from churnlib.models.purchases.gamma_gamma import SPEND, spenders
from churnlib.statistics.rules import LEVEL

__all__ = ["frequency_value_independence"]

# A correlation is taken for negligible where its whole interval lies within +-0.2: the 0.11 of
# CDNOW, on which the model's authors call it so, passes; 0.2 would be 4 % of the variance.
NEGLIGIBLE_CORRELATION = 0.2
NEARLY_ONE = 1 - 1e-12  # Fisher's z has no value at 1 itself
FEWEST = 3  # its error is 1 / sqrt(n - 3)


@dataclass(frozen=True)
class Independence:
    """How purchase frequency and money per purchase go together among repeat customers.

    Attributes
    ----------
    correlation, low, high : Pearson correlation with its 95 % interval (Fisher's z)
    customers : repeat customers with money
    verdict : "negligible" (whole interval within +-0.2), "related" (interval wholly beyond), "weak"
        (neither, and 0 lies outside), "unclear"
    sentence : the verdict in plain words
    """

    correlation: float
    low: float
    high: float
    customers: int
    verdict: Literal["negligible", "related", "weak", "unclear"]
    sentence: str


def frequency_value_independence(spend: pd.DataFrame) -> Independence:
    """Whether customers who buy more often spend more (or less) per purchase, which the model
    assumes they do not.

    One result for all repeat customers in `spend`; the frame is that of `fit_gamma_gamma`.

    Notes
    -----
    Pearson correlation, interval by Fisher's z with 1 / sqrt(n - 3).

    Examples
    --------
    >>> spend = pd.DataFrame({"frequency": [1, 2, 3], "value": [30.0, 20.0, 30.0]})
    >>> frequency_value_independence(spend.assign(customers=[500, 400, 500])).verdict
    'negligible'
    """
    data = spenders(spend)
    x, value, n = (data[column].to_numpy() for column in SPEND)
    customers = int(n.sum())
    if customers <= FEWEST:
        return _unknown(customers)
    spread_of_x, spread_of_value = _moment(x, x, n), _moment(value, value, n)
    if min(spread_of_x, spread_of_value) <= 0:
        return _unknown(customers)
    r = float(np.clip(_moment(x, value, n) / np.sqrt(spread_of_x * spread_of_value), -1, 1))
    half = norm.ppf((1 + LEVEL) / 2) / np.sqrt(customers - FEWEST)
    centre = np.arctanh(np.clip(r, -NEARLY_ONE, NEARLY_ONE))
    return _verdict(r, float(np.tanh(centre - half)), float(np.tanh(centre + half)), customers)


def _unknown(customers: int) -> Independence:
    nan = float("nan")
    sentence = (
        "Frequency and money cannot be compared: too few repeat customers, or all of them alike."
    )
    return Independence(nan, nan, nan, customers, "unclear", sentence)


def _verdict(r: float, low: float, high: float, customers: int) -> Independence:
    r_said, low_said, high_said = (f"{value:.2f}".replace("-", MINUS) for value in (r, low, high))
    measured = (
        f"correlation {r_said}, 95 % interval {low_said} to {high_said}, {customers:,} repeat "
        "customers"
    )
    if max(abs(low), abs(high)) <= NEGLIGIBLE_CORRELATION:
        sentence = f"How often and how much customers buy are as good as unrelated ({measured})."
        return Independence(r, low, high, customers, "negligible", sentence)
    more = "less"
    if r > 0:
        more = "more"
    if min(abs(low), abs(high)) > NEGLIGIBLE_CORRELATION and low * high > 0:
        relation = f"Customers who buy more often spend {more} per purchase ({measured})"
        sentence = f"{relation}: their values rest on an assumption that does not hold."
        return Independence(r, low, high, customers, "related", sentence)
    if low * high > 0:
        relation = f"Customers who buy more often spend a little {more} per purchase ({measured})"
        sentence = f"{relation}: the relation is clear and weak, and values leave it out."
        return Independence(r, low, high, customers, "weak", sentence)
    sentence = (
        f"Whether how often and how much customers buy are related is not clear ({measured})."
    )
    return Independence(r, low, high, customers, "unclear", sentence)


def _moment(left: np.ndarray, right: np.ndarray, n: np.ndarray) -> float:
    """Covariance over customers."""
    total = n.sum()
    from_mean = left - (n * left).sum() / total
    other_from_mean = right - (n * right).sum() / total
    return float((n * from_mean * other_from_mean).sum() / total)
