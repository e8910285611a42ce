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
from churnlib.periods import WEEKS_A_YEAR
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

__all__ = ["Money", "history_forecasts", "money_terms"]

YEAR_WEEKS = 52.0
"""Weeks ahead that a value adds up: twelve months."""
HISTORY = ("frequency", "recency", "age")
"""What the purchase models know of a customer."""
HISTORY_FORECASTS = Result(
    "history_forecasts",
    title="the forecast of every purchase history",
    grain="one row a distinct (frequency, recency, age)",
    columns=(
        Column("frequency", "count", "Frequency", "Repeat purchase occasions."),
        Column("recency", "number", "Recency", "From the first purchase to the last.", "weeks"),
        Column("age", "number", "Age", "From the first purchase to as-of.", "weeks"),
        Column(
            "probability_alive", "share", "P(alive)", "Has not stopped for good.", optional=True
        ),
        Column(
            "expected_purchases",
            "number",
            "Expected purchases",
            "Over the weeks ahead.",
            decimals=2,
        ),
        Column(
            "discounted_purchases",
            "number",
            "Discounted purchases",
            "The same, each counted with its discount.",
            decimals=2,
        ),
    ),
)


@dataclass(frozen=True)
class Money:
    """How purchases become value.

    Attributes
    ----------
    fit : money per purchase
    discount_rate : per year; a purchase t weeks from as_of counts (1 + rate) ** -(t / 52.18)
    margin : share of the money that is earned, 0 to 1; None = none is given, value is revenue
    """

    fit: MoneyFit
    discount_rate: float = 0.1
    margin: float | None = None

    @property
    def kept(self) -> float:
        """What a unit of revenue counts for."""
        if self.margin is None:
            return 1.0
        return self.margin

    @property
    def weekly_discount(self) -> float:
        """Rate of continuous discounting, per week."""
        return float(np.log1p(self.discount_rate) / WEEKS_A_YEAR)


def discounted_value(
    fit: PurchaseFit, money: Money, customers: pd.DataFrame, *, horizon: float = YEAR_WEEKS
) -> pd.DataFrame:
    """Expected purchases and expected discounted value of each customer (or group of like ones)
    over a horizon.

    Grain: one row a row of `customers`.

    Parameters
    ----------
    fit : purchase model
    money : money per purchase, yearly discount rate and margin
    customers : frame with frequency, recency, age (weeks) and, where known, value (mean money per
        repeat purchase day) and spend_frequency (repeat purchase days with money; `frequency`
        where absent)
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
    >>> cdnow = (0.243, 4.414, 0.793, 2.426)
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, (), 0, 0)
    >>> gamma = MoneyFit("fitted", "", 6.25, 3.74, 15.44, (0, 0, 0), 0.0, (), 35.0, 946)
    >>> one = pd.DataFrame({"frequency": [2], "recency": [30.43], "age": [38.86], "value": [22.35]})
    >>> discounted_value(fit, Money(gamma, margin=1.0), one)["discounted_value"].round(2).item()
    36.8
    """
    spend_frequency, value = spending(customers)
    each = expected_value(money.fit, spend_frequency, value)
    forecast = _forecast(fit, money, customers, horizon)
    weighted = forecast.pop("discounted_purchases")
    worth = weighted * each * money.kept
    return customers.assign(**forecast, expected_value=each, discounted_value=worth)


def money_terms(money: Money) -> dict[str, float]:
    """Expected money per purchase as paid_share x (a + b x spent) / (c + b x purchases with money)
    + unpaid, and the margin: six numbers.

    The Gamma-Gamma mean p (gamma + x z) / (p x + q - 1) written so that an engine can compute it
    for every customer; the pooled mean where the money model could not be fitted.
    """
    fit = money.fit
    others = {
        "paid_share": fit.paid_share,
        "unpaid": (1 - fit.paid_share) * fit.unpaid_mean,
        "margin": money.kept,
    }
    if not fit.usable:
        return {"a": fit.mean_value, "b": 0.0, "c": 1.0} | others
    return {"a": fit.p * fit.gamma, "b": fit.p, "c": fit.q - 1} | others


@gives(HISTORY_FORECASTS)
def history_forecasts(
    fit: PurchaseFit,
    money: Money,
    buyers: pd.DataFrame,
    *,
    horizon: float = YEAR_WEEKS,
    level: float = 1.0,
) -> pd.DataFrame:
    """The forecast of every distinct purchase history, before money.

    Grain: one row a distinct (frequency, recency, age) of `buyers`.

    Parameters
    ----------
    fit, money : the models; money gives the discount
    buyers : frame with frequency, recency, age (weeks)
    horizon : weeks from as_of
    level : factor on what the model expects (see `PurchaseModelChoice`)

    Returns
    -------
    frequency, recency, age (weeks), probability_alive (absent where the model lets nobody leave:
    it would be 1 for everybody), expected_purchases, discounted_purchases (each purchase counted
    with its discount); NaN where the model could not be fitted

    Examples
    --------
    >>> cdnow = (0.243, 4.414, 0.793, 2.426)
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, (), 0, 0)
    >>> gamma = MoneyFit("fitted", "", 6.25, 3.74, 15.44, (0, 0, 0), 0.0, (), 35.0, 946)
    >>> like = pd.DataFrame({"frequency": [2, 2], "recency": 30.43, "age": 38.86})
    >>> history_forecasts(fit, Money(gamma), like, horizon=39)["expected_purchases"].round(3).item()
    1.226
    """
    known = buyers[list(HISTORY)].drop_duplicates(ignore_index=True)
    forecast = _forecast(fit, money, known, horizon)
    for name in ("expected_purchases", "discounted_purchases"):
        forecast[name] = forecast[name] * level
    if fit.usable and not fit.leaves:
        del forecast["probability_alive"]
    return known.assign(**forecast)


def _forecast(
    fit: PurchaseFit, money: Money, customers: pd.DataFrame, horizon: float
) -> dict[str, np.ndarray]:
    """What the purchase model says of each row; NaN where it could not be fitted."""
    names = ("probability_alive", "expected_purchases", "discounted_purchases")
    if not fit.usable:
        return dict.fromkeys(names, np.full(len(customers), np.nan))
    past = [customers[name].to_numpy(dtype=float) for name in HISTORY]
    discount = money.weekly_discount
    forecasts = (
        probability_alive(fit, *past),
        expected_purchases(fit, *past, horizon),
        expected_discounted_purchases(fit, *past, horizon, discount),
    )
    return dict(zip(names, forecasts, strict=True))


def spending(customers: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(purchase days with money, mean money on them); without a `value` nothing is known of a
    customer's spending.
    """
    if "value" not in customers:
        return np.zeros(len(customers)), np.zeros(len(customers))
    value = customers["value"].to_numpy(dtype=float)
    days = customers.get("spend_frequency", customers["frequency"]).to_numpy(dtype=float)
    return np.where(value > 0, days, 0.0), np.where(value > 0, value, 0.0)
