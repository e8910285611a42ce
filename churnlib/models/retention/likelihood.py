"""The likelihood of the retention models on life tables, maximised for many of them at once.

Parameters travel as rows of (log alpha, log beta, log c). Fisher scoring with damping (Levenberg
and Marquardt) needs first derivatives only and runs on all bootstrap resamples together: that is
what makes ranges affordable.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import digamma, gammaln

LOWEST = np.log([1e-3, 1e-3, 0.1])
HIGHEST = np.log([2e4, 2e4, 3.0])
"""Beyond these the beta distribution is one point, or the two ends, for all that data can tell."""

_MAX_STEPS = 200
_TOLERANCE = 1e-9
_SMALLEST_HAZARD = 1e-12
_STUCK = 1e12
_NEAR = 0.05  # on the log scale: the likelihood is flat there, and the last step may stop short


class _Score(NamedTuple):
    log_likelihood: np.ndarray
    gradient: np.ndarray
    information: np.ndarray


def log_survival(log_parameters: np.ndarray, tenures: np.ndarray) -> np.ndarray:
    """log S(t) of each parameter row (rows) at each tenure (columns, months)."""
    alpha, beta, c = np.exp(log_parameters).T[:, :, None]
    grown = tenures[None, :] ** c
    return _log_beta_part(alpha, beta, grown) - _log_beta_part(alpha, beta, np.zeros_like(grown))


def information(at_risk: np.ndarray, log_parameters: np.ndarray) -> np.ndarray:
    """Expected information about (log alpha, log beta, log c) in one life table."""
    return _score(
        at_risk[None, :], np.zeros((1, at_risk.size)), log_parameters[None, :]
    ).information[0]


def at_limit(log_parameters: np.ndarray) -> np.ndarray:
    """Which parameters stand at the limit of what is searched."""
    return (log_parameters <= LOWEST + _NEAR) | (log_parameters >= HIGHEST - _NEAR)


def maximise(
    at_risk: np.ndarray, events: np.ndarray, start: np.ndarray, free: int
) -> tuple[np.ndarray, np.ndarray]:
    """Maximise the likelihood of each life table (rows).

    Parameters
    ----------
    at_risk, events : array
        Counts, one row a table, one column a month of life.
    start : array
        Log parameters to start from, one row a table.
    free : int
        The first 2 (sBG) or all 3 (BdW) parameters move.

    Returns
    -------
    (log_parameters, log_likelihood) : arrays
        One row a table.
    """
    position = np.clip(start, LOWEST, HIGHEST)
    score = _score(at_risk, events, position)
    damping = np.full(len(start), 1e-3)
    open_rows = np.arange(len(start))
    for _ in range(_MAX_STEPS):
        step, promised = _step(
            _take(score, open_rows), position[open_rows], damping[open_rows], free
        )
        unfinished = (promised > _TOLERANCE) & (damping[open_rows] < _STUCK)
        open_rows, step = open_rows[unfinished], step[unfinished]
        if not open_rows.size:
            break
        trial = np.clip(position[open_rows] + step, LOWEST, HIGHEST)
        tried = _score(at_risk[open_rows], events[open_rows], trial)
        better = tried.log_likelihood >= score.log_likelihood[open_rows]
        accepted = open_rows[better]
        position[accepted] = trial[better]
        for kept, new in zip(score, _take(tried, better), strict=True):
            kept[accepted] = new
        damping[open_rows] = np.where(
            better, np.maximum(damping[open_rows] * 0.2, 1e-9), damping[open_rows] * 6
        )
    return position, score.log_likelihood


def _take(score: _Score, rows: np.ndarray) -> _Score:
    return _Score(*(part[rows] for part in score))


def _step(
    score: _Score, position: np.ndarray, damping: np.ndarray, free: int
) -> tuple[np.ndarray, np.ndarray]:
    """A damped scoring step for each row, and the rise in log likelihood that the undamped one
    promises.
    """
    moves = (np.arange(3) < free) & ~((position <= LOWEST) & (score.gradient < 0))
    moves &= ~((position >= HIGHEST) & (score.gradient > 0))
    gradient = np.where(moves, score.gradient, 0.0)
    curvature = np.where(moves[:, :, None] & moves[:, None, :], score.information, 0.0)
    diagonal = np.einsum("bii->bi", curvature)
    scale = np.where(diagonal > 0, diagonal, 1.0)
    identity = np.eye(3)
    # A fixed parameter gets a diagonal of 1 and a gradient of 0: it stays. The tiny ridge keeps the
    # rest solvable.
    base = curvature + identity * np.where(moves, 1e-12 * scale, 1.0)[:, :, None]
    damped = base + identity * (damping[:, None] * scale)[:, :, None]
    newton = np.linalg.solve(base, gradient[:, :, None])[:, :, 0]
    step = np.linalg.solve(damped, gradient[:, :, None])[:, :, 0]
    return np.clip(step, -2, 2), 0.5 * np.einsum("bi,bi->b", gradient, newton)


def _score(at_risk: np.ndarray, events: np.ndarray, log_parameters: np.ndarray) -> _Score:
    steps, slopes = _steps(log_parameters, at_risk.shape[1])
    hazard = np.maximum(-np.expm1(steps), _SMALLEST_HAZARD)
    stayed = at_risk - events
    log_likelihood = np.sum(events * np.log(hazard) + stayed * steps, axis=1)
    gradient = np.einsum("bk,bkp->bp", at_risk - events / hazard, slopes)
    weight = at_risk * (1 - hazard) / hazard
    weighted = np.einsum("bk,bkp,bkq->bpq", weight, slopes, slopes)
    return _Score(log_likelihood, gradient, weighted)


def _steps(log_parameters: np.ndarray, months: int) -> tuple[np.ndarray, np.ndarray]:
    """log S(k) - log S(k - 1) for months k = 1, 2, ..., and its slopes in the log parameters."""
    alpha, beta, c = np.exp(log_parameters).T[:, :, None]
    tenure = np.arange(months + 1.0)
    grown = tenure**c
    steps = np.diff(_log_beta_part(alpha, beta, grown), axis=1)
    both = digamma(alpha + beta + grown)
    to_beta = digamma(beta + grown) - both
    log_tenure = np.log(np.maximum(tenure, 1.0))
    slopes = np.stack([-alpha * both, beta * to_beta, to_beta * grown * log_tenure * c], axis=2)
    return steps, np.diff(slopes, axis=1)


def _log_beta_part(alpha: np.ndarray, beta: np.ndarray, grown: np.ndarray) -> np.ndarray:
    """log B(alpha, beta + grown) without log Gamma(alpha), which cancels in every use."""
    return gammaln(beta + grown) - gammaln(alpha + beta + grown)
