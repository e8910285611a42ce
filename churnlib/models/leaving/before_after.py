"""How many times as often customers leave after a change as without it: three estimates.

Each fails where another holds. Against their own past: wrong where leaving drifts anyway. Against
others of the same months: wrong where the change lasts and the others have met it too. Against
those not reached: right where both would have moved alike.
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from churnlib.models.leaving.alarm import KNOWN, Baseline
from churnlib.statistics.rules import LEVEL

CARRY = (1 + 0.3) / (1 - 0.3)
"""How much less several months tell than independent ones, at an autocorrelation of 0.3."""
FEWEST = 5.0
"""Leavers expected, of those who met the change, without whom nothing is estimated."""
TREND, EXPOSED = 1, 2
"""Places in the regression: after the level."""


@dataclass(frozen=True)
class Months:
    """Leavers of some customers by month, and what a baseline expects of them.

    compared, observed, expected, variance : a value a month; compared: customers due
    error : variance of the sum of the expected, by the baseline's own counts
    """

    compared: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    variance: np.ndarray
    error: float

    @classmethod
    def of(cls, baseline: Baseline, due: np.ndarray, left: np.ndarray) -> "Months":
        """Of arrays with a row a stratum and a column a month; of strata that it knows."""
        known = baseline.due[:, None] >= KNOWN * due
        counts = baseline.expect(due, left)
        people = np.where(known, due, 0.0).sum(axis=1)
        own = baseline.hazard * (1 - baseline.hazard) / np.maximum(baseline.due, 1.0)
        return cls(*counts, error=float((people**2 * own).sum()))

    @property
    def crowding(self) -> float:
        """1 over the number of months, were each of the same weight."""
        return float((self.expected**2).sum() / self.expected.sum() ** 2)

    @property
    def log_ratio(self) -> float:
        """The logarithm of observed over expected."""
        return float(np.log(max(self.observed.sum(), 0.5) / self.expected.sum()))

    @property
    def chance(self) -> float:
        """Variance of the logarithm by customers who decide one by one."""
        return float(self.variance.sum() / self.expected.sum() / max(self.observed.sum(), 0.5))


@dataclass(frozen=True)
class Estimate:
    """How many times as often, as a logarithm with its range."""

    value: float
    low: float
    high: float

    @classmethod
    def with_error(cls, value: float, variance: float, freedom: float) -> "Estimate":
        """From the logarithm, its variance and the degrees of freedom of that."""
        reach = student.ppf((1 + LEVEL) / 2, max(freedom, 1.0)) * np.sqrt(variance)
        return cls(float(value), float(value - reach), float(value + reach))

    @property
    def side(self) -> int:
        """1 more, -1 fewer, 0 within chance."""
        return int(self.low > 0) - int(self.high < 0)


def scatter_squared(months: Months) -> float:
    """The square of the months' own scatter, by moments."""
    expected = months.expected * np.exp(months.log_ratio)
    beyond = (months.observed - expected) ** 2 - months.variance
    return max(float(beyond.sum() / max((expected**2).sum(), 1e-9)), 0.0)


def against_past(after: Months, before: Months) -> Estimate:
    """Those who met the change against what their like did before it was announced."""
    scatter = CARRY * scatter_squared(before) * (after.crowding + before.crowding)
    variance = after.chance + after.error / after.expected.sum() ** 2 + scatter
    return Estimate.with_error(after.log_ratio, variance, before.observed.size - 1)


def against_others(met: Months, others: Months) -> Estimate:
    """Those who met the change against all others due in the same months.

    Parameters
    ----------
    met, others : over the same months, those before the change among them

    Notes
    -----
    Poisson regression on two rows a month: level, trend, met or not; offset: the expected. Its
    variance is the larger of the quasi-likelihood's and the one clustered by month.
    """
    when = np.arange(met.expected.size, dtype=float)
    month = np.concatenate([when, when])
    exposed = np.repeat([1.0, 0.0], when.size)
    observed = np.concatenate([met.observed, others.observed])
    expected = np.concatenate([met.expected, others.expected])
    there = expected > 0
    design = np.column_stack([np.ones(month.size), month / 12, exposed])[there]
    return _poisson(observed[there], expected[there], design, month[there])


def _poisson(
    observed: np.ndarray, expected: np.ndarray, design: np.ndarray, month: np.ndarray
) -> Estimate:
    """The last coefficient of a log-linear model, with its range."""
    found = np.zeros(design.shape[1])
    found[0] = np.log(max(observed.sum(), 0.5) / expected.sum())
    for _ in range(30):
        mean = expected * np.exp(design @ found)
        information = design.T @ (design * mean[:, None])
        step = np.linalg.solve(information, design.T @ (observed - mean))
        found = found + np.clip(step, -2, 2)
        if np.abs(step).max() < 1e-9:
            break
    mean = expected * np.exp(design @ found)
    inverse = np.linalg.inv(design.T @ (design * mean[:, None]))
    freedom = max(observed.size - design.shape[1], 1)
    quasi = inverse * max(((observed - mean) ** 2 / mean).sum() / freedom, 1.0)
    scores = design * (observed - mean)[:, None]
    sums = np.array([scores[month == one].sum(axis=0) for one in np.unique(month)])
    clustered = inverse @ (sums.T @ sums) @ inverse
    variance = max(quasi[-1, -1], clustered[-1, -1])
    return Estimate.with_error(found[-1], variance, np.unique(month).size - design.shape[1])


def against_unreached(reached: tuple[Months, Months], unreached: tuple[Months, Months]) -> Estimate:
    """The change of those reached less that of those not reached (difference in differences).

    Parameters
    ----------
    reached, unreached : each (after, before)
    """
    (new, old), (new_others, old_others) = reached, unreached
    value = new.log_ratio - old.log_ratio - (new_others.log_ratio - old_others.log_ratio)
    chance = sum(one.chance for one in (*reached, *unreached))
    scatter = CARRY * apart_squared(old, old_others) * (new.crowding + old.crowding)
    return Estimate.with_error(value, chance + scatter, old.observed.size - 1)


def apart_squared(one: Months, other: Months) -> float:
    """The square of how much two groups' months scatter against each other, by moments: what both
    share is not in it.
    """
    both = (one.expected > 0) & (other.expected > 0)
    if both.sum() < 3:
        return 0.0
    logs = [
        np.log(np.maximum(m.observed[both], 0.5) / m.expected[both]) - m.log_ratio
        for m in (one, other)
    ]
    chance = [m.variance[both] / m.expected[both] ** 2 for m in (one, other)]
    return max(float(((logs[0] - logs[1]) ** 2).mean() - sum(chance).mean()), 0.0)


def hull(estimates: list[Estimate]) -> Estimate:
    """The middle of several, and the range that holds all of theirs."""
    return Estimate(
        float(np.mean([one.value for one in estimates])),
        min(one.low for one in estimates),
        max(one.high for one in estimates),
    )
