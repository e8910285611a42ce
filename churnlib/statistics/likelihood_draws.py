"""Parameters as uncertain as the data leave them: drawn in proportion to the likelihood.

A normal distribution around the peak is wrong where it matters most: on a ridge, at a limit, with
few customers. Here it only proposes; every proposal is then weighed by its likelihood.
"""

import numpy as np

from churnlib.statistics.maximum_likelihood import Limits, Objective

__all__ = ["draw_by_likelihood"]

MOST_ROWS = 8_000
"""Distinct rows on which a draw is weighed; more are merged with their like first."""
PROPOSALS = 600
"""Parameter sets weighed in each round."""
ROUNDS = 5
"""Rounds at most; each proposes where the one before found the likelihood."""
ENOUGH = 200
"""Effective number of draws at which no further round is needed."""
FREEDOM = 5
"""Of the t distribution that proposes: its tails are heavier than those of any likelihood near its
peak, so that no region is missed."""
WEAK_INFORMATION = 1 / 3.0**2
"""Where the likelihood is flat, a spread of 3 log units (a factor of 20) is proposed."""
RIDGE = 1e-6
"""Keeps the spread of a round that found next to nothing from collapsing."""


def draw_by_likelihood(
    objective: Objective,
    peak: np.ndarray,
    information: np.ndarray,
    limits: Limits,
    *,
    draws: int,
    seed: int,
) -> np.ndarray:
    """Draws of log-parameters in proportion to their likelihood, flat within the limits otherwise.

    Grain: one row a draw; a column a parameter.

    Parameters
    ----------
    objective : log-parameters to (log-likelihood, its gradient)
    peak : the log-parameters with the highest likelihood
    information : observed information there
    limits : lowest and highest value of each log-parameter; no draw lies beyond
    draws : how many
    seed : the same seed gives the same draws

    Notes
    -----
    Population Monte Carlo (Cappe and others, 2004): proposals from a t distribution, weighed by
    likelihood over density; mean and spread of the weighed proposals are the next round's. The
    last round is resampled systematically.

    Examples
    --------
    >>> def objective(at):
    ...     return -50 * float((at**2).sum()), -100 * at
    >>> found = draw_by_likelihood(
    ...     objective, np.zeros(1), np.eye(1) * 100, [(-9, 9)], draws=400, seed=1
    ... )
    >>> float(found.std().round(1))
    0.1
    """
    rng = np.random.default_rng(seed)
    low, high = np.array(limits, dtype=float).T
    highest = objective(peak)[0]
    centre, spread = np.asarray(peak, dtype=float), _spread(information)
    for _ in range(ROUNDS):
        at, log_density = _propose(centre, spread, rng)
        inside = ((at >= low) & (at <= high)).all(axis=1)
        log_weight = np.full(len(at), -np.inf)
        log_weight[inside] = [objective(row)[0] - highest for row in at[inside]]
        weight = _normalised(log_weight - log_density)
        effective = 1 / float((weight**2).sum())
        if effective >= ENOUGH:
            break
        centre = weight @ at
        away = at - centre
        spread = (weight[:, None] * away).T @ away + np.eye(len(centre)) * RIDGE
    return at[_resampled(weight, draws, rng)]


def _spread(information: np.ndarray) -> np.ndarray:
    """Covariance in the log-parameters; directions that the data do not curve get the weak
    information alone.
    """
    values, vectors = np.linalg.eigh(np.asarray(information, dtype=float))
    return (vectors / (np.maximum(values, 0.0) + WEAK_INFORMATION)) @ vectors.T


def _propose(
    centre: np.ndarray, spread: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Proposals and the logarithm of their density, up to a constant."""
    n = len(centre)
    root = np.linalg.cholesky(spread)
    normal = rng.standard_normal((PROPOSALS, n))
    scale = np.sqrt(rng.chisquare(FREEDOM, PROPOSALS) / FREEDOM)
    standard = normal / scale[:, None]
    log_density = -(FREEDOM + n) / 2 * np.log1p((standard**2).sum(axis=1) / FREEDOM)
    return centre + standard @ root.T, log_density


def _normalised(log_weight: np.ndarray) -> np.ndarray:
    weight = np.exp(log_weight - log_weight.max())
    return weight / weight.sum()


def _resampled(weight: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Places of the draws: each as often as its weight says, to within one; in no order."""
    upto = weight.cumsum()
    places = np.searchsorted(upto / upto[-1], (np.arange(draws) + rng.random()) / draws)
    return rng.permutation(places)


def level_at(objective: Objective, peak: np.ndarray) -> Objective:
    """The same, tilted so that it is level at `peak`.

    Where rows were merged with their like the likelihood keeps its curvature, but its peak moves a
    little; taking off the slope at the true peak puts it back.
    """
    slope = objective(peak)[1]

    def level(at: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = objective(at)
        return value - float(slope @ (at - peak)), gradient - slope

    return level


def merged(columns: list[np.ndarray], weight: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Rows merged with their like to about MOST_ROWS: the weighed means of the columns, and the
    weights.

    Like are rows of the same cell, the cells being cut at quantiles of every column; a column of
    few values keeps them.
    """
    if len(weight) <= MOST_ROWS:
        return columns, weight
    cuts = np.linspace(0, 1, int(MOST_ROWS ** (1 / len(columns))) + 1)
    cells = [np.searchsorted(np.unique(np.quantile(one, cuts)), one) for one in columns]
    _, cell = np.unique(np.column_stack(cells), axis=0, return_inverse=True)
    total = np.bincount(cell.ravel(), weights=weight)
    means = [np.bincount(cell.ravel(), weights=weight * one) / total for one in columns]
    return means, total
