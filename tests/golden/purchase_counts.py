"""How many purchases a new customer makes: what published counts are checked against."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln
from scipy.stats import nbinom

from churnlib.models.purchases.fits import PurchaseFit


def probability_of_count(fit: PurchaseFit, count: ArrayLike, weeks: ArrayLike) -> np.ndarray:
    """Probability that a new customer makes exactly `count` repeat purchases within `weeks` weeks.

    Either the customer is there throughout and its Poisson count is x, or it left at purchase x
    with a Poisson count of at least x. Fader, Hardie and Lee (2005), equation 8.
    """
    x, weeks = np.broadcast_arrays(np.asarray(count, dtype=float), np.asarray(weeks, dtype=float))
    share = fit.alpha / (fit.alpha + weeks)
    exactly = nbinom.pmf(x, fit.r, share)
    if not fit.leaves:
        return exactly
    occasions = x + fit.chance
    stays = np.exp(betaln(fit.a, fit.b + occasions) - betaln(fit.a, fit.b))
    leaves_at = stays * fit.a / np.where(occasions > 0, fit.b + occasions - 1, np.inf)
    return stays * exactly + leaves_at * nbinom.sf(x - 1, fit.r, share)
