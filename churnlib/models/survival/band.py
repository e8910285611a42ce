"""Greenwood's variance and the bands built on it, where lifelines has none: for the area under a
curve, for the months ahead of those who stayed, and while nobody or everybody has left.
"""

import numpy as np
from scipy import stats

from churnlib.models.survival.life_table import LifeTable
from churnlib.statistics.intervals import wilson
from churnlib.statistics.rules import LEVEL

Z = float(stats.norm.ppf(0.5 + LEVEL / 2))
"""Standard errors to either side of an estimate."""


def greenwood(table: LifeTable) -> np.ndarray:
    """Each month's term of the variance of log S; infinite where all at risk left."""
    stayed = table.at_risk * (table.at_risk - table.events)
    return np.divide(table.events, stayed, out=np.full(table.months, np.inf), where=stayed > 0)


def log_log_band(
    estimate: np.ndarray, variance: np.ndarray, errors: float = Z
) -> tuple[np.ndarray, np.ndarray]:
    """Limits of survival on the log(-log) scale, which stay within 0 and 1.

    Parameters
    ----------
    estimate : share surviving
    variance : of its logarithm
    errors : standard errors to either side
    """
    inner = within(estimate)
    log_estimate = np.log(np.where(inner, estimate, 0.5))
    spread = np.sqrt(np.where(inner, variance, 0.0))
    power = np.exp(errors * spread / -log_estimate)
    return estimate**power, estimate ** (1 / power)


def with_ends(
    estimate: np.ndarray, low: np.ndarray, high: np.ndarray, fewest: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """A band that has a width also while nobody, or where everybody, has left.

    Greenwood's formula has none there: Wilson's limit for the fewest at risk so far stands in.

    Parameters
    ----------
    estimate, low, high : shares
    fewest : the smallest number at risk so far
    """
    nobody_left, everybody_left = estimate == 1, estimate == 0
    all_of_them, _ = wilson(fewest, fewest)
    _, none_of_them = wilson(np.zeros_like(fewest), fewest)
    low = np.select([nobody_left, everybody_left], [all_of_them, 0.0], low)
    high = np.select([nobody_left, everybody_left], [1.0, none_of_them], high)
    return low, high


def within(estimate: np.ndarray) -> np.ndarray:
    """Where some have left and some have not."""
    return (estimate > 0) & (estimate < 1)
