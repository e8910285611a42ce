"""One possible future of a set of customers, drawn exactly as the purchase and money models say."""

import numpy as np
import pandas as pd

from churnlib.models.purchases.expectations import (
    expected_discounted_purchases,
    expected_purchases,
    probability_alive,
)
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.value import HISTORY, Money, spending

SMALLEST_P = 1e-12  # a Beta draw may round to 0, which no geometric count can take


class Futures:
    """Draws futures of the same customers again and again.

    Parameters
    ----------
    fit, money : the fitted models; they give each customer's discount factor (mean weight of its
        purchases), which hardly depends on the parameters drawn
    customers : one row a customer, as for `discounted_value`
    horizon : weeks
    rng : source of luck

    Examples
    --------
    >>> cdnow = (0.243, 4.414, 0.793, 2.426)
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, (), 0, 0)
    >>> one = pd.DataFrame({"frequency": [2.0], "recency": [30.43], "age": [38.86]})
    >>> Futures(fit, None, one, 39.0, np.random.default_rng(1)).simulate(fit, None).shape
    (1,)
    """

    def __init__(
        self,
        fit: PurchaseFit,
        money: Money | None,
        customers: pd.DataFrame,
        horizon: float,
        rng: np.random.Generator,
    ) -> None:
        past = (customers[name].to_numpy(dtype=float) for name in HISTORY)
        self.x, self.recency, self.age = past
        self.days, self.value = spending(customers)
        self.horizon, self.rng = horizon, rng
        self.weight = np.ones(len(customers))
        if money is not None:
            self.weight = self._weights(fit, money.weekly_discount)

    def simulate(self, fit: PurchaseFit, money: Money | None) -> np.ndarray:
        """Totals of one future under these parameters: purchases and, with money, discounted
        value.
        """
        alive = probability_alive(fit, self.x, self.recency, self.age)
        here = self.rng.random(len(self.x)) < alive
        bought = self._purchases(fit, self.x[here], self.age[here])
        purchases = float(bought.sum())
        if money is None:
            return np.array([purchases])
        buyers = np.flatnonzero(here)[bought > 0]
        spent = self._spend(money, buyers, bought[bought > 0])
        value = float((spent * self.weight[buyers]).sum() * money.margin)
        return np.array([purchases, value])

    def _purchases(self, fit: PurchaseFit, x: np.ndarray, age: np.ndarray) -> np.ndarray:
        rate = self.rng.gamma(fit.r + x) / (fit.alpha + age)
        bought = self.rng.poisson(rate * self.horizon)
        if not fit.leaves:
            return bought
        p = self.rng.beta(fit.a, fit.b + x + fit.chance)
        return np.minimum(bought, self.rng.geometric(np.clip(p, SMALLEST_P, 1.0)))

    def _spend(self, money: Money, buyers: np.ndarray, bought: np.ndarray) -> np.ndarray:
        fit = money.fit
        if not fit.usable:
            return bought * fit.mean_value
        days, value = self.days[buyers], self.value[buyers]
        scale = self.rng.gamma(fit.q + fit.p * days) / (fit.gamma + days * value)
        return self.rng.gamma(fit.p * bought) / scale

    def _weights(self, fit: PurchaseFit, discount: float) -> np.ndarray:
        past = (self.x, self.recency, self.age)
        plain = expected_purchases(fit, *past, self.horizon)
        weighted = expected_discounted_purchases(fit, *past, self.horizon, discount)
        return np.divide(weighted, plain, out=np.ones(len(plain)), where=plain > 0)
