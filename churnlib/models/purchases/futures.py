"""One possible future of a set of customers, drawn exactly as the purchase and money models say."""

import numpy as np
import pandas as pd

from churnlib.models.purchases.expectations import (
    expected_discounted_purchases,
    expected_purchases,
    probability_alive,
)
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.gamma_gamma import MoneyFit, expected_value
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
    (1, 1)
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
        """Purchases and, with money, discounted value of each customer in one future under these
        parameters: a row a quantity, a column a customer.
        """
        alive = probability_alive(fit, self.x, self.recency, self.age)
        here = np.flatnonzero(self.rng.random(len(self.x)) < alive)
        bought = np.zeros(len(self.x))
        bought[here] = self._purchases(fit, self.x[here], self.age[here])
        if money is None:
            return bought[None, :]
        spent = np.zeros(len(self.x))
        buyers = np.flatnonzero(bought)
        spent[buyers] = self._spend(money.fit, buyers, bought[buyers].astype(int))
        return np.array([bought, spent * self.weight * money.kept])

    def expect(self, fit: PurchaseFit, money: Money | None) -> np.ndarray:
        """What `simulate` gives on average."""
        purchases = expected_purchases(fit, self.x, self.recency, self.age, self.horizon)
        if money is None:
            return purchases[None, :]
        each = expected_value(money.fit, self.days, self.value)
        return np.array([purchases, purchases * each * self.weight * money.kept])

    def _purchases(self, fit: PurchaseFit, x: np.ndarray, age: np.ndarray) -> np.ndarray:
        rate = self.rng.gamma(fit.r + x) / (fit.alpha + age)
        bought = self.rng.poisson(rate * self.horizon)
        if not fit.leaves:
            return bought
        p = self.rng.beta(fit.a, fit.b + x + fit.chance)
        return np.minimum(bought, self.rng.geometric(np.clip(p, SMALLEST_P, 1.0)))

    def _spend(self, fit: MoneyFit, buyers: np.ndarray, bought: np.ndarray) -> np.ndarray:
        """Money of these purchases: of those that bring some, and of the others."""
        paid = bought
        if fit.paid_share < 1:
            paid = self.rng.binomial(bought, fit.paid_share)
        return self._paid(fit, buyers, paid) + (bought - paid) * fit.unpaid_mean

    def _paid(self, fit: MoneyFit, buyers: np.ndarray, paid: np.ndarray) -> np.ndarray:
        spent = np.zeros(len(buyers))
        some = paid > 0
        if not fit.usable:
            spent[some] = paid[some] * self._levels(fit, int(some.sum()))
            return spent
        days, value = self.days[buyers[some]], self.value[buyers[some]]
        scale = self.rng.gamma(fit.q + fit.p * days) / (fit.gamma + days * value)
        spent[some] = self.rng.gamma(fit.p * paid[some]) / scale
        return spent

    def _levels(self, fit: MoneyFit, n: int) -> np.ndarray:
        """Where no model tells customers apart: the mean purchase of `n` customers drawn from those
        observed, each as often as it buys. The observed ones are a sample themselves (bootstrap).
        """
        if fit.data is None or not len(fit.data[0]):
            return np.full(n, fit.mean_value)
        frequency, value, customers = fit.data
        seen = frequency * self.rng.poisson(customers)
        if not seen.any():
            return np.full(n, fit.mean_value)
        upto = seen.cumsum()
        return value[np.searchsorted(upto, self.rng.random(n) * upto[-1], side="right")]

    def _weights(self, fit: PurchaseFit, discount: float) -> np.ndarray:
        past = (self.x, self.recency, self.age)
        plain = expected_purchases(fit, *past, self.horizon)
        weighted = expected_discounted_purchases(fit, *past, self.horizon, discount)
        return np.divide(weighted, plain, out=np.ones(len(plain)), where=plain > 0)
