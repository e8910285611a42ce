"""Value to come of each customer: expected purchases, times money per purchase, discounted."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from churnlib.models.purchases.expectations import (
    expected_discounted_purchases,
    expected_purchases,
    probability_alive,
)
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.gamma_gamma import MoneyFit, expected_value

YEAR_WEEKS = 52.0
WEEKS_PER_YEAR = 365.25 / 7


@dataclass(frozen=True)
class Money:
    """How purchases become value.

    Attributes
    ----------
    fit : money per purchase
    discount_rate : per year; a purchase t weeks from as_of counts (1 + rate) ** -(t / 52.18)
    margin : share of the money that is earned, 0 to 1
    """

    fit: MoneyFit
    discount_rate: float = 0.1
    margin: float = 0.8

    @property
    def weekly_discount(self) -> float:
        """Rate of continuous discounting, per week."""
        return float(np.log1p(self.discount_rate) / WEEKS_PER_YEAR)


def discounted_value(
    fit: PurchaseFit, money: Money, customers: pd.DataFrame, *, horizon: float = YEAR_WEEKS
) -> pd.DataFrame:
    """Expected purchases and expected discounted value of each customer (or group of like ones)
    over a horizon.

    One row a row of `customers`.

    Parameters
    ----------
    fit : purchase model
    money : money per purchase, yearly discount rate and margin
    customers : frame with frequency, recency, age (weeks) and, where known, value (mean money per
    repeat purchase day)
        and spend_frequency (repeat purchase days with money; `frequency` where absent)
    horizon : weeks from as_of; 52 for twelve months

    Returns
    -------
    `customers` with the columns probability_alive, expected_purchases, expected_value (money per
    purchase) and discounted_value (per customer: discounted purchases x expected_value x margin);
    all NaN where the purchase model could not be fitted

    Notes
    -----
    Discounting is continuous: every purchase counts (1 + discount_rate) ** -(weeks until it /
    52.18), at the moment at which it is expected. The purchases of the past are not in it, and
    neither is acquisition cost.

    Examples
    --------
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", 0.243, 4.414, 0.793, 2.426, (0, 0, 0, 0), 0, (), 0, 0)
    >>> gamma = MoneyFit("fitted", "", 6.25, 3.74, 15.44, (0, 0, 0), 0.0, (), 35.0, 946)
    >>> one = pd.DataFrame({"frequency": [2], "recency": [30.43], "age": [38.86], "value": [22.35]})
    >>> float(discounted_value(fit, Money(gamma, margin=1.0), one)["discounted_value"].round(2).iloc[0])
    36.8
    """
    x, recency, age = (
        customers[name].to_numpy(dtype=float) for name in ("frequency", "recency", "age")
    )
    spend_frequency, value = spending(customers)
    each = expected_value(money.fit, spend_frequency, value)
    if not fit.usable:
        nothing = np.full(len(customers), np.nan)
        columns = (nothing, nothing, each, nothing)
    else:
        weighted = expected_discounted_purchases(
            fit, x, recency, age, horizon, money.weekly_discount
        )
        alive = probability_alive(fit, x, recency, age)
        purchases = expected_purchases(fit, x, recency, age, horizon)
        columns = (alive, purchases, each, weighted * each * money.margin)
    names = ("probability_alive", "expected_purchases", "expected_value", "discounted_value")
    return customers.assign(**dict(zip(names, columns, strict=True)))


def money_terms(money: Money) -> dict[str, float]:
    """Expected money per purchase as (a + b x spent) / (c + b x purchases with money), and the
    margin: four numbers.

    The Gamma-Gamma mean p (gamma + x z) / (p x + q - 1) written so that an engine can compute it
    for every customer; the pooled mean where the money model could not be fitted.
    """
    fit = money.fit
    if not fit.usable:
        return {"a": fit.mean_value, "b": 0.0, "c": 1.0, "margin": money.margin}
    return {"a": fit.p * fit.gamma, "b": fit.p, "c": fit.q - 1, "margin": money.margin}


def history_forecasts(
    fit: PurchaseFit, money: Money, buyers: pd.DataFrame, *, horizon: float = YEAR_WEEKS
) -> pd.DataFrame:
    """The forecast of every distinct purchase history, before money.

    One row a distinct (frequency, recency, age) of `buyers`.

    Returns
    -------
    frequency, recency, age (weeks), probability_alive, expected_purchases, discounted_purchases
    (each purchase counted with its discount); NaN where the model could not be fitted
    """
    known = buyers[["frequency", "recency", "age"]].drop_duplicates(ignore_index=True)
    if not fit.usable:
        return known.assign(
            probability_alive=np.nan, expected_purchases=np.nan, discounted_purchases=np.nan
        )
    past = [known[name].to_numpy(dtype=float) for name in known]
    return known.assign(
        probability_alive=probability_alive(fit, *past),
        expected_purchases=expected_purchases(fit, *past, horizon),
        discounted_purchases=expected_discounted_purchases(
            fit, *past, horizon, money.weekly_discount
        ),
    )


def spending(customers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(purchase days with money, mean money on them); without a `value` nothing is known of a
    customer's spending.
    """
    if "value" not in customers:
        return np.zeros(len(customers)), np.zeros(len(customers))
    value = customers["value"].to_numpy(dtype=float)
    days = customers.get("spend_frequency", customers["frequency"]).to_numpy(dtype=float)
    return np.where(value > 0, days, 0.0), np.where(value > 0, value, 0.0)
