"""Totals to come of today's customers, with a range that covers what may really happen.

A range from the parameters' uncertainty alone covers far too little: the future has luck of its
own. Here parameters are drawn in proportion to their likelihood and, for each draw, every
customer's future is simulated from the model.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from churnlib.models.purchases.expectations import expected_purchases
from churnlib.models.purchases.fits import NAMES, PurchaseFit
from churnlib.models.purchases.futures import Futures
from churnlib.models.purchases.parameter_draws import (
    SEED,
    draw_money_fits,
    draw_purchase_parameters,
)
from churnlib.models.purchases.value import HISTORY, YEAR_WEEKS, Money, discounted_value
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.rules import LEVEL

__all__ = ["predict_totals"]

QUANTITIES = ["purchases", "discounted_value"]
"""What is predicted, the second with money only."""
DRAWS = 400
"""Futures simulated."""
SETS = 50
"""Sets of parameters that the futures share where a sample is simulated; else each has its own."""
MOST_SIMULATED = 3_000
"""Customers simulated one by one; of more, as many evenly spread ones stand for all."""
FEWEST_OF_A_GROUP = 100
"""Customers of a group simulated, where there are many groups."""

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
    Parameters are drawn in proportion to their likelihood. Given that a customer is there, its rate
    is Gamma(r + x, alpha + T), its drop-out probability Beta(a, b + x) (MBG/NBD: b + x + 1), and
    its purchases are the smaller of a geometric and a Poisson count. Money is Gamma given the
    customer's own scale. A customer's money is discounted by the expected timing of its purchases.
    Of many customers a sample is simulated: the total is then the exact expectation, moved as the
    sample's expectation moves with the parameters, plus the sample's luck times the square root of
    how many each one stands for.

    Examples
    --------
    >>> cdnow, known = (0.243, 4.414, 0.793, 2.426), ((9e9,) * 4,) * 4
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, known, 0, 0)
    >>> like = pd.DataFrame({"frequency": [2], "recency": [30.43], "age": [38.86]})
    >>> predict_totals(fit, like.assign(customers=100), horizon=39)["predicted"].round(1).tolist()
    [122.6]
    """
    everybody = np.zeros(len(customers), dtype=int)
    totals = totals_by_group(fit, money, customers, everybody, horizon=horizon, seed=seed)
    predicted, low, high = totals[:, 0]
    limits = {"predicted": predicted, "low": low, "high": high}
    return pd.DataFrame({"quantity": QUANTITIES[: len(predicted)]} | limits)


def totals_by_group(
    fit: PurchaseFit,
    money: Money | None,
    customers: pd.DataFrame,
    group: np.ndarray,
    *,
    horizon: float = YEAR_WEEKS,
    seed: int = SEED,
) -> np.ndarray:
    """Predicted, low and high of each group of customers: an array of 3 x groups x quantities.

    `group` numbers the group of each row of `customers`, from 0; the rest as `predict_totals`.
    """
    if not horizon > 0:
        raise ValueError(f"horizon has to be a positive number of weeks, not {horizon}")
    if "customers" not in customers:
        customers = customers.assign(customers=1)
    groups = int(group.max(initial=0)) + 1
    shape = (3, groups, 1 if money is None else len(QUANTITIES))
    if not fit.usable:
        return np.full(shape, np.nan)
    if customers["customers"].sum() < 1:
        return np.zeros(shape)
    expected = _sums(_expected(fit, money, customers, horizon), group, groups)
    each, of, stands_for = _one_by_one(customers, group, groups)
    futures = Futures(fit, money, each, horizon, np.random.default_rng(seed))

    def totals(each: np.ndarray) -> np.ndarray:
        return _sums(each, of, groups)

    if (stands_for == 1).all():
        drawn = [totals(futures.simulate(*one)) for one in _draws(fit, money, DRAWS, seed)]
    else:
        at_fit, drawn = totals(futures.expect(fit, money)), []
        for one in _draws(fit, money, SETS, seed):
            moved = totals(futures.expect(*one))
            share = np.divide(moved, at_fit, out=np.ones_like(moved), where=at_fit != 0)
            for _ in range(DRAWS // SETS):
                luck = totals(futures.simulate(*one)) - moved
                drawn.append(expected * share + luck * np.sqrt(stands_for)[:, None])
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    low[:, 0] = np.maximum(low[:, 0], 0.0)  # no total of purchases is negative
    return np.array([expected, low, high])


def _sums(each: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray:
    """Totals of each group, groups x quantities."""
    return np.array([np.bincount(group, weights=row, minlength=groups) for row in each]).T


def _expected(
    fit: PurchaseFit, money: Money | None, customers: pd.DataFrame, horizon: float
) -> np.ndarray:
    """Of all customers of each row together, quantities x rows."""
    n = customers["customers"].to_numpy(dtype=float)
    if money is None:
        past = [customers[name].to_numpy(dtype=float) for name in HISTORY]
        return n * expected_purchases(fit, *past, horizon)[None, :]
    each = discounted_value(fit, money, customers, horizon=horizon)
    return n * each[["expected_purchases", "discounted_value"]].to_numpy().T


def _one_by_one(
    customers: pd.DataFrame, group: np.ndarray, groups: int
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """One row a customer simulated, its group, and how many customers each row of a group stands
    for.

    Those of a large group are evenly spread over its customers sorted by their past.
    """
    most = max(MOST_SIMULATED // groups, FEWEST_OF_A_GROUP)
    order = [name for name in (*HISTORY, "value") if name in customers]
    numbered = customers.assign(_group=group).sort_values(["_group", *order], kind="stable")
    n = np.bincount(group, weights=customers["customers"], minlength=groups).astype(int)
    simulated = np.minimum(n, most)
    of = np.repeat(np.arange(groups), simulated)
    before = np.concatenate([[0], n.cumsum()[:-1]])
    within = np.arange(len(of)) - np.repeat(simulated.cumsum() - simulated, simulated)
    stands_for = np.divide(n, simulated, out=np.ones(groups), where=simulated > 0)
    place = before[of] + (within + 0.5) * stands_for[of]
    picked = np.searchsorted(numbered["customers"].to_numpy().cumsum(), place, side="left")
    return numbered.iloc[picked].assign(customers=1), of, stands_for


def _draws(fit: PurchaseFit, money: Money | None, sets: int, seed: int) -> list[Draw]:
    """The models at so many sets of parameters drawn from what the data allow."""
    rows = draw_purchase_parameters(fit, sets, seed=seed)
    fits = [replace(fit, **dict(zip(NAMES, map(float, row), strict=False))) for row in rows]
    if money is None:
        return [(drawn, None) for drawn in fits]
    spending = draw_money_fits(money.fit, sets, seed=seed + 1)
    return [(drawn, replace(money, fit=one)) for drawn, one in zip(fits, spending, strict=True)]
