"""Uncertainty of proportions, and of many comparisons at once."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from churnlib.results.terms import Term
from churnlib.statistics.rules import LEVEL

WORDS = (
    Term(
        "Range",
        "The 95 % range: Wilson for rates, Greenwood for survival curves, bootstrap or simulation "
        "for values, widened to the error of earlier forecasts where that is larger.",
    ),
)


def wilson(
    numerator: ArrayLike, denominator: ArrayLike, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Wilson score interval of numerator / denominator, element by element.

    Parameters
    ----------
    numerator, denominator : array-like
        Successes and trials, of the same length.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    (low, high) : arrays
        Shares between 0 and 1; NaN where the denominator is 0 or missing.

    Notes
    -----
    Wilson (1927): every p for which (p_hat - p)^2 <= z^2 p (1 - p) / n. Unlike the textbook
    interval it stays within 0 and 1 and keeps its coverage at small n and at rates near 0, where
    churn rates live.

    Examples
    --------
    >>> low, high = wilson([15, 0], [148, 0])
    >>> low.round(3), high.round(3)
    (array([0.062,   nan]), array([0.16,  nan]))
    """
    successes = np.asarray(numerator, dtype=float)
    trials = np.asarray(denominator, dtype=float)
    trials = np.where(trials > 0, trials, np.nan)
    z2 = stats.norm.ppf(0.5 + level / 2) ** 2
    share = successes / trials
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    spread = np.sqrt(z2 * (share * (1 - share) / trials + z2 / (4 * trials**2))) / (1 + z2 / trials)
    # Exactly 0 and 1 at the ends, where rounding would leave -1e-17.
    low = np.where(successes == 0, 0.0, np.maximum(centre - spread, 0.0))
    high = np.where(successes == trials, 1.0, np.minimum(centre + spread, 1.0))
    return np.where(np.isnan(share), np.nan, low), np.where(np.isnan(share), np.nan, high)


def benjamini_hochberg(p_values: ArrayLike) -> np.ndarray:
    """Adjusted p-values that control the false discovery rate over everything scanned.

    Parameters
    ----------
    p_values : array-like
        One p-value for each comparison; NaN (not testable) stays NaN and does not count as scanned.

    Returns
    -------
    array
        Adjusted p-values in the order given: reject those at or below the rate wanted.

    Notes
    -----
    Benjamini and Hochberg (1995), step-up procedure, through `scipy.stats.false_discovery_control`.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, float("nan")])
    array([0.02, 0.04,  nan])
    """
    given = np.asarray(p_values, dtype=float)
    adjusted = np.full(given.shape, np.nan)
    known = ~np.isnan(given)
    if known.any():
        adjusted[known] = stats.false_discovery_control(given[known])
    return adjusted


def holm(p_values: ArrayLike) -> np.ndarray:
    """Adjusted p-values that control the chance of any false discovery among those compared.

    Parameters
    ----------
    p_values : array-like
        One p-value for each comparison; NaN (not testable) stays NaN and does not count.

    Returns
    -------
    array
        Adjusted p-values in the order given.

    Notes
    -----
    Holm (1979), step-down procedure: valid whatever the comparisons have in common, as values of
    one column do that are each compared with all others.

    Examples
    --------
    >>> holm([0.01, 0.04, float("nan")])
    array([0.02, 0.04,  nan])
    """
    given = np.asarray(p_values, dtype=float)
    adjusted = np.full(given.shape, np.nan)
    known = np.flatnonzero(~np.isnan(given))
    order = known[np.argsort(given[known], kind="stable")]
    still_compared = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(given[order] * still_compared), 1.0)
    return adjusted
