"""Counts of events against an expected number: ranges, p-values, shrinkage."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import optimize, stats

from churnlib.statistics.rules import LEVEL


def two_samples(
    left: float, expected: float, others: float, spread: float
) -> tuple[float, float, float]:
    """Of a ratio of events to those expected from `others` events: low, high (95 %), p-value.

    By the logarithm, from the counts of both sides, with `spread` more variance than Poisson's.
    """
    some = max(left, 0.5)
    error = np.sqrt(1 / some + 1 / max(others, 0.5) + spread / expected**2)
    z = np.log(some / expected) / error
    reach = np.exp(stats.norm.ppf((1 + LEVEL) / 2) * error)
    low = some / expected / reach if left else 0.0
    return low, some / expected * reach, float(2 * stats.norm.sf(abs(z)))


def one_sample(left: float, expected: float, spread: float) -> tuple[float, float, float]:
    """Of a ratio of events to those expected of a fixed standard: low, high (95 %), p-value.

    Exact by the middle of the tail (mid-P): Poisson, or negative binomial with `spread` more
    variance.

    Examples
    --------
    >>> round(one_sample(4, 3.3, 0.0)[2], 4)
    0.6571
    """
    tails = _above(left, expected, 1.0, spread), _below(left, expected, 1.0, spread)
    p_value = min(2 * min(tails), 1.0)
    tail = (1 - LEVEL) / 2
    low = 0.0
    if left:
        low = _root(lambda ratio: _above(left, expected, ratio, spread) - tail, left / expected)
    high = _root(
        lambda ratio: tail - _below(left, expected, ratio, spread), max(left, 1) / expected
    )
    return low, high, float(p_value)


def weighted_sum(total: float, variance: float, widest: float) -> tuple[float, float]:
    """The range (95 %) of a weighted sum of counts; it has a width also where nothing happened.

    Parameters
    ----------
    total : the sum
    variance : of it: the sum of the squared weights of what happened
    widest : the most that one more event would add

    Notes
    -----
    Gamma limits, Fay and Feuer (1997), Statistics in Medicine 16:791-801.

    Examples
    --------
    >>> [round(end, 2) for end in weighted_sum(10.0, 10.0, 1.0)]  # ten events of 1: exact Poisson
    [4.8, 18.39]
    """
    tail = (1 - LEVEL) / 2
    fewest = 0.0
    if total > 0 and variance > 0:
        fewest = variance / (2 * total) * stats.chi2.ppf(tail, 2 * total**2 / variance)
    if not widest:
        return float(fewest), float(total)
    more, wider = total + widest, variance + widest**2
    most = wider / (2 * more) * stats.chi2.ppf(1 - tail, 2 * more**2 / wider)
    return float(fewest), float(most)


def _root(rising: Callable[[float], float], near: float) -> float:
    """Where a function of the ratio that rises crosses nought."""
    return float(optimize.brentq(rising, near * 1e-3, near * 1e3, xtol=1e-6))


def _above(left: float, expected: float, ratio: float, spread: float) -> float:
    """The chance of more leavers than these, half of as many counted in."""
    law = _law(expected * ratio, spread * ratio**2)
    return float(law.sf(left) + 0.5 * law.pmf(left))


def _below(left: float, expected: float, ratio: float, spread: float) -> float:
    law = _law(expected * ratio, spread * ratio**2)
    return float(law.cdf(left) - 0.5 * law.pmf(left))


def _law(mean: float, spread: float) -> object:
    """The law of a count with this mean and with `spread` more variance than Poisson's."""
    if spread <= 1e-9 * mean:
        return stats.poisson(mean)
    size = mean**2 / spread
    return stats.nbinom(size, size / (size + mean))


def shrunken(left: pd.Series, expected: pd.Series) -> np.ndarray:
    """Ratios drawn to 1 by how uncertain they are: (left + a) / (expected + a).

    Examples
    --------
    >>> shrunken(pd.Series([4, 60]), pd.Series([2.0, 80.0])).round(2).tolist()
    [1.58, 0.75]
    """
    left, expected = np.asarray(left, float), np.asarray(expected, float)
    total = expected.sum()
    ratio = np.divide(left, expected, out=np.ones_like(left), where=expected > 0)
    mean = left.sum() / total if total else 1.0
    weight = total - (expected**2).sum() / total if total else 0.0
    excess = (expected * (ratio - mean) ** 2).sum() - (left.size - 1) * mean
    between = max(excess / weight, 0.0) / mean**2 if weight > 0 else 0.0
    if between == 0:
        return np.full(left.size, mean)
    a = 1 / between
    return (left + a * mean) / (expected + a)
