"""Totals to come of today's customers, with a range that covers what may really happen.

A range from the parameters' uncertainty alone covers far too little: the future has luck of its
own. Here parameters are drawn from their distribution and, for each draw, every customer's future
is simulated from the model.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from churnlib.models.purchases.expectations import expected_purchases
from churnlib.models.purchases.fits import NAMES, PurchaseFit
from churnlib.models.purchases.futures import Futures
from churnlib.models.purchases.gamma_gamma import MoneyFit
from churnlib.models.purchases.parameter_draws import (
    SEED,
    draw_money_parameters,
    draw_purchase_parameters,
)
from churnlib.models.purchases.value import HISTORY, YEAR_WEEKS, Money, discounted_value
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.rules import LEVEL

__all__ = ["predict_totals"]

DRAWS = 400
# At most so many customers are simulated one by one. With more, the total is the exact expectation,
# moved by the parameters' draws, plus luck measured on this many and scaled by the square root.
MOST_SIMULATED = 3_000
DIFFERENCE_STEP = 1e-3

TOTALS = Result(
    "totals",
    title="what today's customers will bring",
    grain="one row a quantity",
    columns=(
        Column("quantity", "word", "Next twelve months", "Purchases, or discounted margin."),
        Column(
            "predicted",
            "number",
            "expected",
            "Of all customers together.",
            low="low",
            high="high",
            decimals=0,
        ),
        Column("low", "number", "from", "The low end of the predictive range.", decimals=0),
        Column("high", "number", "to", "The high end of the predictive range.", decimals=0),
        Column(
            "widened",
            "flag",
            "Widened",
            "Whether the range was widened to the error of the back-test.",
            optional=True,
        ),
    ),
    shown=("quantity", "predicted", "low", "high"),
)
Draw = tuple[PurchaseFit, Money | None]


@gives(TOTALS)
def predict_totals(
    fit: PurchaseFit,
    customers: pd.DataFrame,
    *,
    horizon: float = YEAR_WEEKS,
    money: Money | None = None,
    seed: int = SEED,
) -> pd.DataFrame:
    """Purchases (and discounted value) to come of all these customers together, with a 95 %
    predictive range.

    Grain: one row a quantity.

    Parameters
    ----------
    fit : purchase model
    customers : as for `discounted_value`, with a column customers where a row stands for several
    horizon : weeks from as_of
    money : adds the row discounted_value
    seed : the same seed gives the same range

    Returns
    -------
    quantity ("purchases", "discounted_value"), predicted (expectation at the fitted parameters),
    low, high; NaN where the model could not be fitted

    Notes
    -----
    Given that a customer is there, its rate is Gamma(r + x, alpha + T), its drop-out probability
    Beta(a, b + x) (MBG/NBD: b + x + 1), and its purchases are the smaller of a geometric and a
    Poisson count. Money is Gamma given the customer's own scale. A customer's money is discounted
    by the expected timing of its purchases.

    Examples
    --------
    >>> cdnow, known = (0.243, 4.414, 0.793, 2.426), ((9e9,) * 4,) * 4
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, known, 0, 0)
    >>> like = pd.DataFrame({"frequency": [2], "recency": [30.43], "age": [38.86]})
    >>> predict_totals(fit, like.assign(customers=100), horizon=39)["predicted"].round(1).tolist()
    [122.6]
    """
    if not horizon > 0:
        raise ValueError(f"horizon has to be a positive number of weeks, not {horizon}")
    if "customers" not in customers:
        customers = customers.assign(customers=1)
    quantities = ["purchases"]
    if money is not None:
        quantities.append("discounted_value")
    if not fit.usable:
        return _totals(quantities, np.nan, np.nan, np.nan)
    if customers["customers"].sum() < 1:
        return _totals(quantities, 0.0, 0.0, 0.0)
    expected = _expected(fit, money, customers, horizon)
    each = _one_by_one(customers, MOST_SIMULATED)
    futures = Futures(fit, money, each, horizon, np.random.default_rng(seed))
    drawn = _draws(fit, money, seed)
    total = customers["customers"].sum()
    if total <= MOST_SIMULATED:
        totals = np.array([futures.simulate(*pair) for pair in drawn])
    else:
        luck = np.array([futures.simulate(fit, money) for _ in drawn])
        luck = (luck - luck.mean(axis=0)) * np.sqrt(total / MOST_SIMULATED)
        totals = np.maximum(expected * _shifts(fit, money, each, horizon, drawn) + luck, 0.0)
    low, high = np.quantile(totals, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return _totals(quantities, expected, low, high)


def _totals(
    quantities: list[str], predicted: ArrayLike, low: ArrayLike, high: ArrayLike
) -> pd.DataFrame:
    limits = {"predicted": predicted, "low": low, "high": high}
    return pd.DataFrame({"quantity": quantities} | limits)


def _expected(
    fit: PurchaseFit, money: Money | None, customers: pd.DataFrame, horizon: float
) -> np.ndarray:
    n = customers["customers"].to_numpy(dtype=float)
    if money is None:
        past = [customers[name].to_numpy(dtype=float) for name in HISTORY]
        return np.array([(n * expected_purchases(fit, *past, horizon)).sum()])
    each = discounted_value(fit, money, customers, horizon=horizon)
    # As arrays: pandas would add up unknown values to 0.
    columns = (each["expected_purchases"].to_numpy(), each["discounted_value"].to_numpy())
    return np.array([(n * column).sum() for column in columns])


def _one_by_one(customers: pd.DataFrame, most: int) -> pd.DataFrame:
    """One row a customer; where there are more than `most`, evenly spread over the customers
    sorted by their past.
    """
    order = [name for name in (*HISTORY, "value") if name in customers]
    ranked = customers.sort_values(order, kind="stable")
    upto = ranked["customers"].to_numpy().cumsum()
    total = int(upto[-1])
    n = min(total, most)
    picked = np.searchsorted(upto, (np.arange(n) + 0.5) * total / n, side="left")
    return ranked.iloc[picked].assign(customers=1)


def _draws(fit: PurchaseFit, money: Money | None, seed: int) -> list[Draw]:
    purchase = draw_purchase_parameters(fit, DRAWS, seed=seed)
    fits = [_with_parameters(fit, row) for row in purchase]
    if money is None or not money.fit.usable:
        return [(drawn, money) for drawn in fits]
    spending = draw_money_parameters(money.fit, DRAWS, seed=seed + 1)
    monies = [replace(money, fit=_with_money_parameters(money.fit, row)) for row in spending]
    return list(zip(fits, monies, strict=True))


def _shifts(
    fit: PurchaseFit,
    money: Money | None,
    customers: pd.DataFrame,
    horizon: float,
    drawn: list[Draw],
) -> np.ndarray:
    """By what factor each draw of the parameters moves the expected totals: first order in the
    logarithms.

    With more customers than are simulated the parameters are known well enough for first order to
    be exact in effect.
    """
    centre = _logs(fit, money)
    slopes = []
    for step in np.eye(len(centre)) * DIFFERENCE_STEP:
        up = _expected(*_at(fit, money, np.exp(centre + step)), customers, horizon)
        down = _expected(*_at(fit, money, np.exp(centre - step)), customers, horizon)
        slopes.append(np.log(up / down) / (2 * DIFFERENCE_STEP))
    moves = np.array([_logs(*pair) for pair in drawn]) - centre
    return np.exp(moves @ np.array(slopes))


def _logs(fit: PurchaseFit, money: Money | None) -> np.ndarray:
    values = [fit.r, fit.alpha]
    if fit.leaves:
        values += [fit.a, fit.b]
    if money is not None and money.fit.usable:
        values += [money.fit.p, money.fit.q, money.fit.gamma]
    return np.log(values)


def _at(fit: PurchaseFit, money: Money | None, values: np.ndarray) -> Draw:
    n = 2
    if fit.leaves:
        n = 4
    moved = _with_parameters(fit, values[:n])
    if money is None or not money.fit.usable:
        return moved, money
    return moved, replace(money, fit=_with_money_parameters(money.fit, values[n:]))


def _with_parameters(fit: PurchaseFit, row: np.ndarray) -> PurchaseFit:
    values = zip(NAMES[: len(row)], map(float, row), strict=True)
    return replace(fit, **dict(values))


def _with_money_parameters(fit: MoneyFit, row: np.ndarray) -> MoneyFit:
    return replace(fit, p=float(row[0]), q=float(row[1]), gamma=float(row[2]))
