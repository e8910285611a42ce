"""Parameters as uncertain as the data leave them: draws around a maximum-likelihood fit."""

import numpy as np

from churnlib.models.purchases.fits import LIMITS, PurchaseFit
from churnlib.models.purchases.gamma_gamma import MoneyFit

SEED = 20261121
# Where the likelihood is flat it says nothing; a spread of 3 log units (a factor of 20) keeps draws
# finite there and changes nothing where the data speak.
WEAK_INFORMATION = 1 / 3.0**2
LOWEST_Q = 1.1  # spending has no mean at q <= 1


def draw_purchase_parameters(fit: PurchaseFit, draws: int, *, seed: int = SEED) -> np.ndarray:
    """Draws of (r, alpha, a, b) from their asymptotic distribution (normal in the logarithms).

    Grain: one row a draw; two columns (r, alpha) where the fit has no drop-out.

    Parameters
    ----------
    fit : a usable PurchaseFit
    draws : how many
    seed : the same seed gives the same draws

    Examples
    --------
    >>> stays = ("BG/NBD", "no drop-out identified", "")
    >>> fit = PurchaseFit(*stays, 1, 9, 0, float("nan"), (0,) * 4, 0.0, ((50, 0), (0, 50)), 9, 9)
    >>> draw_purchase_parameters(fit, 100).shape
    (100, 2)
    """
    rng = np.random.default_rng(seed)
    parameters = [fit.r, fit.alpha]
    if fit.leaves:
        parameters += [fit.a, fit.b]
    centre = np.log(parameters)
    low, high = np.array(LIMITS[: len(centre)]).T
    drawn = rng.multivariate_normal(centre, _spread(fit.information), draws)
    return np.exp(np.clip(drawn, low, high))


def draw_money_parameters(fit: MoneyFit, draws: int, *, seed: int = SEED) -> np.ndarray:
    """Draws of (p, q, gamma) from their asymptotic distribution (normal in the logarithms).

    Grain: one row a draw.

    Examples
    --------
    >>> known = ((50, 0, 0), (0, 50, 0), (0, 0, 50))
    >>> fit = MoneyFit("fitted", "", 6, 4, 15, (0, 0, 0), 0.0, known, 35.0, 946)
    >>> draw_money_parameters(fit, 100).shape
    (100, 3)
    """
    rng = np.random.default_rng(seed)
    centre = np.log([fit.p, fit.q, fit.gamma])
    drawn = np.exp(rng.multivariate_normal(centre, _spread(fit.information), draws))
    drawn[:, 1] = np.maximum(drawn[:, 1], LOWEST_Q)
    return drawn


def _spread(information: tuple[tuple[float, ...], ...]) -> np.ndarray:
    """Covariance in the log-parameters; directions that the data do not curve get the weak
    information alone.
    """
    values, vectors = np.linalg.eigh(np.array(information))
    return (vectors / (np.maximum(values, 0.0) + WEAK_INFORMATION)) @ vectors.T
