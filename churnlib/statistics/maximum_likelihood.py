"""Maximum likelihood for small models with positive parameters: one routine for the purchase and
the money models.

Parameters are handled as logarithms, so that every step stays valid and errors are relative.
Nothing here calls a threaded linear-algebra routine on long arrays: fits on busy cores stay fast
and repeat to the last bit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from churnlib.results.columns import Column

Objective = Callable[[np.ndarray], tuple[float, np.ndarray]]
Limits = Sequence[tuple[float, float]]

GRADIENT_TOLERANCE = 1e-7  # of the log-likelihood per customer, per unit of log-parameter
DIFFERENCE_STEP = 1e-4  # for second derivatives: central differences of the exact gradient
NEWTON_STEPS = 4
NEWTON_LONGEST_STEP = 0.5  # in log units: beyond this the quadratic approximation is not trusted
# An eigenvalue of the information below this is a direction that the data say nothing about.
FLAT_CURVATURE = 1e-3
EDGE = 1e-3  # this near to a limit counts as on it
PARAMETERS = (
    Column("model", "text", "Model", "Which model it is a parameter of."),
    Column("parameter", "text", "Parameter", "Its name in the model's paper."),
    Column("estimate", "number", "Estimate", "The most likely value.", decimals=4),
    Column(
        "standard_error",
        "number",
        "Standard error",
        "Of the estimate; empty without a finite one.",
        decimals=4,
    ),
)
"""The columns of every table of parameters."""


@dataclass(frozen=True)
class Maximum:
    """Where a log-likelihood is highest.

    Attributes
    ----------
    position : log-parameters
    log_likelihood : total, over all customers
    information : observed information (minus the second derivatives) in log-parameters
    on_edge : one flag a parameter: the maximum lies at the limit of the search, so it has no
        finite value
    """

    position: np.ndarray
    log_likelihood: float
    information: np.ndarray
    on_edge: np.ndarray

    @property
    def well_defined(self) -> bool:
        """A peak inside the limits, curved in every direction."""
        eigenvalues = np.linalg.eigvalsh(self.information)
        return not self.on_edge.any() and bool(eigenvalues[0] > FLAT_CURVATURE)


def maximise(
    objective: Objective, starts: Sequence[np.ndarray], limits: Limits, n: float
) -> Maximum:
    """The highest point of `objective`, climbed from the best start, and from the others if that is
    no clean peak.

    Parameters
    ----------
    objective : log-parameters to (log-likelihood, its gradient)
    starts : log-parameters to begin from
    limits : lowest and highest value of each log-parameter
    n : number of customers, which puts tolerances on a scale per customer

    Examples
    --------
    >>> peak = maximise(lambda t: (-((t[0] - 1) ** 2), -2 * (t - 1)), [np.zeros(1)], [(-9, 9)], n=1)
    >>> float(peak.position[0].round(6))
    1.0
    """
    ranked = sorted(starts, key=lambda start: -objective(np.asarray(start, dtype=float))[0])
    best: Maximum | None = None
    for start in ranked:
        found = _climb(objective, np.asarray(start, dtype=float), limits, n)
        if best is None or found.log_likelihood > best.log_likelihood:
            best = found
        if best.well_defined:
            break
    assert best is not None, "maximise needs at least one start"
    return best


def _climb(objective: Objective, start: np.ndarray, limits: Limits, n: float) -> Maximum:
    def loss(position: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = objective(position)
        return -value / n, -gradient / n

    options = {"gtol": GRADIENT_TOLERANCE, "ftol": 1e-13, "maxiter": 400, "maxcor": 20}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=limits, options=options)
    curvature = information(objective, found.x)
    position, value = _polish(objective, found.x, curvature, limits)
    low, high = np.array(limits, dtype=float).T
    on_edge = (position < low + EDGE) | (position > high - EDGE)
    return Maximum(position, value, curvature, on_edge)


def _polish(
    objective: Objective, position: np.ndarray, curvature: np.ndarray, limits: Limits
) -> tuple[np.ndarray, float]:
    """A few Newton steps, so that the result does not depend on where a line search happened to
    stop.

    The curvature stays that of the beginning: so near to the peak it hardly changes, and it costs
    the most.
    """
    low, high = np.array(limits, dtype=float).T
    value, gradient = objective(position)
    if np.linalg.eigvalsh(curvature)[0] <= FLAT_CURVATURE:
        return position, value
    for _ in range(NEWTON_STEPS):
        step = np.linalg.solve(curvature, gradient)
        if np.abs(step).max() > NEWTON_LONGEST_STEP or np.abs(step).max() < 1e-10:
            break
        moved = np.clip(position + step, low, high)
        new_value, new_gradient = objective(moved)
        if not new_value >= value:
            break
        position, value, gradient = moved, new_value, new_gradient
    return position, value


def information(objective: Objective, position: np.ndarray) -> np.ndarray:
    """Observed information: minus the symmetric matrix of second derivatives, from the exact
    gradient.
    """
    columns = []
    for step in np.eye(len(position)) * DIFFERENCE_STEP:
        _, before = objective(position - step)
        _, after = objective(position + step)
        columns.append((before - after) / (2 * DIFFERENCE_STEP))
    matrix = np.array(columns)
    return (matrix + matrix.T) / 2


def standard_errors(peak: Maximum) -> np.ndarray:
    """Standard errors on the natural scale (delta method); NaN throughout where the peak is not
    well defined.
    """
    if not peak.well_defined:
        return np.full(len(peak.position), np.nan)
    return np.sqrt(np.diag(np.linalg.inv(peak.information))) * np.exp(peak.position)
