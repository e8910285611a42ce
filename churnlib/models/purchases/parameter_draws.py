"""Parameters of the purchase and money models as uncertain as the data leave them."""

from dataclasses import replace
from functools import partial

import numpy as np

from churnlib.models.purchases import gamma_gamma
from churnlib.models.purchases.fits import LIMITS, PurchaseFit, objective_of
from churnlib.models.purchases.gamma_gamma import MoneyFit
from churnlib.models.purchases.likelihood import Counts
from churnlib.statistics.likelihood_draws import draw_by_likelihood, level_at, merged
from churnlib.statistics.maximum_likelihood import Limits, Objective

SEED = 20261121
FINITE_MEAN = (0.0, gamma_gamma.LIMITS[1][1])
"""Limits of log q in the draws: spending has no mean at q <= 1."""


def draw_purchase_parameters(fit: PurchaseFit, draws: int, *, seed: int = SEED) -> np.ndarray:
    """Draws of (r, alpha, a, b) in proportion to their likelihood (flat in the logarithms).

    Grain: one row a draw; two columns (r, alpha) where the fit has no drop-out.

    Parameters
    ----------
    fit : a usable PurchaseFit; where it holds no data, its parameters are taken as known
    draws : how many
    seed : the same seed gives the same draws

    Examples
    --------
    >>> stays = ("BG/NBD", "no drop-out identified", "")
    >>> fit = PurchaseFit(*stays, 1, 9, 0, float("nan"), (0,) * 4, 0.0, (), 9, 9)
    >>> draw_purchase_parameters(fit, 100).shape
    (100, 2)
    """
    if fit.data is None:
        return np.tile(fit.parameters, (draws, 1))
    data = fit.data
    columns = [data.frequency, data.recency, data.age]
    few, customers = merged(columns, data.customers)
    objective = objective_of(fit, Counts.of(*few, customers))
    limits = LIMITS[: len(fit.parameters)]
    return _drawn(objective, fit.parameters, fit.information, limits, draws, seed)


def draw_money_fits(fit: MoneyFit, draws: int, *, seed: int = SEED) -> list[MoneyFit]:
    """The money model at (p, q, gamma) drawn in proportion to their likelihood (flat in the
    logarithms), of those with a finite mean, and at shares of purchases with money that the
    purchases seen allow.

    One a draw; where the fit holds no data, its parameters are taken as known.

    Examples
    --------
    >>> fit = MoneyFit("fitted", "", 6, 4, 15, (0, 0, 0), 0.0, (), 35.0, 946)
    >>> len(draw_money_fits(fit, 100))
    100
    """
    rows = np.tile(fit.parameters, (draws, 1))
    if fit.usable and fit.data is not None:
        rows = _money_parameters(fit, fit.data, draws, seed)
    paid = fit.paid_share * fit.purchases
    unpaid = fit.purchases - paid
    shares = np.full(draws, fit.paid_share)
    if unpaid > 0:
        shares = np.random.default_rng(seed).beta(paid + 0.5, unpaid + 0.5, draws)
    return [
        replace(fit, p=float(p), q=float(q), gamma=float(gamma), paid_share=float(share))
        for (p, q, gamma), share in zip(rows, shares, strict=True)
    ]


def _money_parameters(
    fit: MoneyFit, data: tuple[np.ndarray, np.ndarray, np.ndarray], draws: int, seed: int
) -> np.ndarray:
    frequency, value, customers = data
    (x, z), n = merged([frequency, value], customers)
    objective = partial(gamma_gamma.log_likelihood, x=x, value=z, n=n)
    limits = (gamma_gamma.LIMITS[0], FINITE_MEAN, gamma_gamma.LIMITS[2])
    return _drawn(objective, fit.parameters, fit.information, limits, draws, seed)


def _drawn(
    objective: Objective,
    estimates: tuple[float, ...],
    information: tuple[tuple[float, ...], ...],
    limits: Limits,
    draws: int,
    seed: int,
) -> np.ndarray:
    """Draws around the estimates; these stay the peak where rows were merged with their like."""
    peak = np.log(estimates)
    level = level_at(objective, peak)
    known = np.array(information)
    return np.exp(draw_by_likelihood(level, peak, known, limits, draws=draws, seed=seed))
