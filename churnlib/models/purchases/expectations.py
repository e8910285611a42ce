"""What a fitted purchase model says: who is still there, and how many purchases to expect.

Every expectation is an average over the drop-out probability p, a Beta variable, of a closed form
in p. It is computed by Gauss quadrature for that Beta: the same number as the hypergeometric forms
of the papers, which lose all their digits near a = 1 and for customers with many purchases.
"""

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh_tridiagonal
from scipy.special import expit

from churnlib.models.purchases.fits import PurchaseFit
from churnlib.results.terms import Term

P_ALIVE = Term(
    "P(alive)",
    "The probability that a customer has not stopped for good, given how often and how lately "
    "they bought.",
)
MIN_NODES, MAX_NODES = 32, 512
NODES_A_ROOT = 9  # the error falls as exp(-4 n / sqrt(horizon / alpha)): 9 reaches double precision
DISCOUNT_NODES = 12  # time nodes for discounting: 52 weeks at any sensible rate to ten digits
SMALLEST = 1e-200  # stands for p = 0, where (1 - exp(-p c)) / p has the limit c


def probability_alive(
    fit: PurchaseFit, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike
) -> np.ndarray:
    """Probability that a customer will still buy, given its past.

    One number a customer (arrays broadcast).

    Parameters
    ----------
    fit : a usable PurchaseFit
    frequency : repeat purchase days
    recency, age : weeks from the first purchase to the last one, and to as_of

    Returns
    -------
    array of probabilities

    Notes
    -----
    The BG/NBD gives 1 to each customer who bought once, however long ago: it lets customers leave
    only at a repeat purchase. The MBG/NBD does not. Fader, Hardie and Lee (2008), "Computing
    P(alive) using the BG/NBD model".

    Examples
    --------
    >>> from churnlib.models.purchases.fits import PurchaseFit
    >>> cdnow = (0.243, 4.414, 0.793, 2.426)
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, (), 0, 0)
    >>> probability_alive(fit, [0, 2], [0, 30.43], [38.86, 38.86]).round(3).tolist()
    [1.0, 0.727]
    """
    x, recency, age = (np.asarray(value, dtype=float) for value in (frequency, recency, age))
    if not fit.leaves:
        return np.ones(np.broadcast(x, recency, age).shape)
    occasions = x + fit.chance
    before = np.where(occasions > 0, fit.b + occasions - 1, 1.0)
    gap = np.log((fit.alpha + age) / (fit.alpha + recency))
    log_odds = np.log(fit.a / before) + (fit.r + x) * gap
    return np.where(occasions > 0, expit(-log_odds), 1.0)


def expected_purchases(
    fit: PurchaseFit, frequency: ArrayLike, recency: ArrayLike, age: ArrayLike, horizon: float
) -> np.ndarray:
    """Purchases to expect of a customer with this past in the next `horizon` weeks.

    One number a customer (arrays broadcast); parameters as in `probability_alive`.

    Notes
    -----
    P(alive) x E[(1 - (1 + p h / (alpha + T))^-(r + x)) / p] with p ~ Beta(a, b + x), for the
    MBG/NBD b + x + 1; equal to Fader, Hardie and Lee (2005), equation 10.

    Examples
    --------
    >>> from churnlib.models.purchases.fits import PurchaseFit
    >>> cdnow = (0.243, 4.414, 0.793, 2.426)
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, (), 0, 0)
    >>> float(expected_purchases(fit, 2, 30.43, 38.86, 39).round(3))
    1.226
    """
    alive = probability_alive(fit, frequency, recency, age)
    return alive * _while_alive(fit, frequency, age, horizon, discount=0.0)


def expected_discounted_purchases(
    fit: PurchaseFit,
    frequency: ArrayLike,
    recency: ArrayLike,
    age: ArrayLike,
    horizon: float,
    discount: float,
) -> np.ndarray:
    """As `expected_purchases`, each purchase weighted by exp(-discount x weeks until it);
    `discount` is a week's rate.

    One number a customer (arrays broadcast).

    Examples
    --------
    >>> from churnlib.models.purchases.fits import PurchaseFit
    >>> cdnow = (0.243, 4.414, 0.793, 2.426)
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, (), 0, 0)
    >>> float(expected_discounted_purchases(fit, 2, 30.43, 38.86, 39, 0.002).round(3))
    1.182
    """
    alive = probability_alive(fit, frequency, recency, age)
    return alive * _while_alive(fit, frequency, age, horizon, discount)


def expected_cumulative(fit: PurchaseFit, weeks: ArrayLike) -> np.ndarray:
    """Repeat purchases to expect of a new customer within `weeks` weeks of the first purchase.

    One number for each entry of `weeks`.

    Notes
    -----
    E[X(t)], Fader, Hardie and Lee (2005), equation 9; for the MBG/NBD times the probability of not
    leaving at once.

    Examples
    --------
    >>> from churnlib.models.purchases.fits import PurchaseFit
    >>> cdnow = (0.243, 4.414, 0.793, 2.426)
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, (), 0, 0)
    >>> expected_cumulative(fit, [1, 32]).round(3).tolist()
    [0.053, 1.045]
    """
    weeks = np.asarray(weeks, dtype=float)
    stays_at_once = 1.0
    if fit.leaves and fit.chance:
        stays_at_once = fit.b / (fit.a + fit.b)
    scaled = weeks.ravel() / fit.alpha
    p, weight = _dropout_nodes(fit, 0, scaled.max(initial=0.0))
    total = np.array([weight @ _purchases_given(p, u, fit.r) for u in scaled])
    return stays_at_once * total.reshape(weeks.shape)


def _while_alive(
    fit: PurchaseFit, frequency: ArrayLike, age: ArrayLike, horizon: float, discount: float
) -> np.ndarray:
    """Expected (discounted) purchases of customers who are still there: recency no longer
    matters.
    """
    x, age = np.broadcast_arrays(np.asarray(frequency, dtype=float), np.asarray(age, dtype=float))
    levels, level_of = np.unique(x.ravel(), return_inverse=True)
    ages, age_of = np.unique(age.ravel(), return_inverse=True)
    # Many customers share a frequency and an age: each pair is computed once.
    pairs, place = np.unique(level_of * len(ages) + age_of, return_inverse=True)
    values = np.empty(len(pairs))
    starts = np.searchsorted(pairs, np.arange(len(levels) + 1) * len(ages))
    for level, start, end in zip(levels, starts, starts[1:], strict=False):
        here = slice(start, end)
        scale = fit.alpha + ages[pairs[here] % len(ages)]
        p, weight = _dropout_nodes(fit, level, horizon / scale.min())
        if discount == 0:
            terms = _purchases_given(p[None, :], horizon / scale[:, None], fit.r + level)
        else:
            terms = _discounted_given(p[None, :], scale[:, None], fit.r + level, horizon, discount)
        values[here] = (terms * weight).sum(axis=1)
    return values[place.ravel()].reshape(x.shape)


def _purchases_given(p: np.ndarray, scaled_horizon: ArrayLike, shape: float) -> np.ndarray:
    """E[(1 - exp(-p lambda h)) / p] for lambda ~ Gamma(shape, scale) and scaled_horizon = h /
    scale.
    """
    return -np.expm1(-shape * np.log1p(p * scaled_horizon)) / p


def _discounted_given(
    p: np.ndarray, scale: np.ndarray, shape: float, horizon: float, discount: float
) -> np.ndarray:
    """The same with purchases discounted: the expected rate shape/scale (1 + p
    s/scale)^-(shape+1), over time s.
    """
    nodes, weights = np.polynomial.legendre.leggauss(DISCOUNT_NODES)
    # Nodes on the logarithm of (scale + s), on which the rate of a young customer changes evenly.
    span = np.log1p(horizon / scale)
    total = np.zeros(np.broadcast(p, scale).shape)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        elapsed = scale * np.expm1(node * span)
        still_there = -(shape + 1) * np.log1p(p * elapsed / scale)
        rate = shape / scale * np.exp(still_there - discount * elapsed)
        total += weight * span * (scale + elapsed) * rate
    return total


def _dropout_nodes(
    fit: PurchaseFit, frequency: float, scaled_horizon: float
) -> tuple[np.ndarray, np.ndarray]:
    """Gauss nodes and weights for p ~ Beta(a, b + frequency + chance), by the eigenvalues of the
    Jacobi matrix.
    """
    if not fit.leaves:
        return np.array([SMALLEST]), np.array([1.0])
    n = int(np.clip(NODES_A_ROOT * np.sqrt(scaled_horizon) + 20, MIN_NODES, MAX_NODES))
    right, left = fit.b + frequency + fit.chance - 1, fit.a - 1
    k = np.arange(1, n, dtype=float)
    s = 2 * k + left + right
    first = (left - right) / (left + right + 2)
    others = (left - right) * (left + right) / (s * (s + 2))
    diagonal = np.concatenate([[first], others])
    squares = 4 * k * (k + left) * (k + right) / (s**2 * (s + 1))
    # At k = 1 these two cancel, and may both be 0.
    squares[1:] *= (k + left + right)[1:] / (s - 1)[1:]
    y, vectors = eigh_tridiagonal(diagonal, np.sqrt(squares))
    return np.clip((1 + y) / 2, SMALLEST, 1.0), vectors[0] ** 2
