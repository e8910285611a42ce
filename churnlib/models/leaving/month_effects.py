"""How much the months of a business differ by themselves, and where the next one may lie.

A month has reasons of its own: what leaves scatters more than customers who decide one by one.
The months' standard deviation is not known and not well estimated from a year or two, so what is
said of a month averages over what it may be.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

SCATTER = np.array([0, 0.02, 0.04, 0.06, 0.08, 0.1, 0.13, 0.16, 0.2, 0.25, 0.3, 0.4, 0.6])
"""Standard deviations of the months' effects that are weighed, as shares of what is expected."""
PRIOR = np.exp(-(SCATTER**2) / (2 * 0.2**2)) * np.gradient(SCATTER)
HALVINGS = 30
"""Of the interval that a quantile is looked for in: to 1e-8."""
HALF = 3 / 8
"""Anscombe's: the root of a count plus this has nearly the same variance whatever its mean."""


@dataclass(frozen=True)
class Residuals:
    """How far months are from what was expected of them.

    r : twice the difference of roots, over the root of the expected: about the relative difference
    v : the variance that r has by customers deciding one by one
    """

    r: np.ndarray
    v: np.ndarray


def residuals(observed: np.ndarray, expected: np.ndarray, variance: np.ndarray) -> Residuals:
    """Residuals of months of whom something was expected (elsewhere NaN).

    Parameters
    ----------
    observed, expected : leavers of each month, and how many the hazards bring
    variance : of the expected, by customers deciding one by one: the sum of n h (1 - h)
    """
    expected = np.where(expected > 0, expected, np.nan)
    root = np.sqrt(expected + HALF)
    r = 2 * (np.sqrt(observed + HALF) - root) / root
    return Residuals(r, variance / expected / (expected + HALF))


def leavers_at(r: np.ndarray, expected: float) -> np.ndarray:
    """The number of leavers at which a month of whom so many were expected has this residual."""
    root = np.sqrt(expected + HALF)
    return np.maximum(np.maximum(root + r * root / 2, 0) ** 2 - HALF, 0)


@dataclass(frozen=True)
class Belief:
    """What the months seen so far say of the next: by scatter, its weight, and mean and variance
    of the months' level.
    """

    weight: np.ndarray
    level: np.ndarray
    error: np.ndarray

    @property
    def scatter_squared(self) -> float:
        """The expected square of the months' scatter."""
        return float((self.weight * SCATTER**2).sum(axis=-1))

    def score(self, r: np.ndarray, v: np.ndarray) -> np.ndarray:
        """Where a month lies among what was to be expected of it, as a standard normal value."""
        spread = np.sqrt(np.asarray(v)[..., None] + SCATTER**2 + self.error)
        below = ndtr((np.asarray(r)[..., None] - self.level) / spread)
        share = (self.weight * below).sum(axis=-1)
        return ndtri(np.clip(share, 1e-12, 1 - 1e-12))

    def quantiles(self, shares: tuple[float, ...], v: float) -> np.ndarray:
        """The residuals below which a month lies with these chances."""
        wanted = ndtri(shares)
        low, high = np.full(wanted.size, -2.0), np.full(wanted.size, 8.0)
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            above = self.score(middle, v) > wanted
            low, high = np.where(above, low, middle), np.where(above, middle, high)
        return (low + high) / 2


class Sums:
    """The months seen so far, for any number of histories at once: sums by scatter."""

    def __init__(self, *shape: int) -> None:
        size = (*shape, SCATTER.size)
        self.w, self.wr, self.wrr, self.logs = (np.zeros(size) for _ in range(4))

    def add(self, r: np.ndarray, v: np.ndarray) -> None:
        """See another month; a residual that is missing changes nothing."""
        r, v = np.asarray(r)[..., None], np.asarray(v)[..., None]
        seen = ~np.isnan(r)
        spread = np.where(seen, v, 1.0) + SCATTER**2
        spread = np.maximum(spread, 1e-9)
        weight = np.where(seen, 1 / spread, 0.0)
        r = np.where(seen, r, 0.0)
        self.w += weight
        self.wr += weight * r
        self.wrr += weight * r**2
        self.logs += np.where(seen, -np.log(spread), 0.0)

    def add_all(self, months: Residuals) -> "Sums":
        """See several months, the same of every history."""
        for r, v in zip(months.r, months.v, strict=True):
            self.add(r, v)
        return self

    def belief(self) -> Belief:
        """What they say of the next month.

        The log-likelihood of a scatter has the months' level integrated out, under a flat prior.
        """
        known = np.maximum(self.w, 1e-9)
        level = self.wr / known
        squares = self.wrr - self.wr**2 / known
        log = 0.5 * (self.logs - np.log(known) - squares)
        log = np.where(self.w > 0, log, 0.0)
        weight = PRIOR * np.exp(log - log.max(axis=-1, keepdims=True))
        return Belief(weight / weight.sum(axis=-1, keepdims=True), level, 1 / known)
