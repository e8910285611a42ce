"""Value to come by cohort: what a customer of each first period is expected to bring, with its
predictive range.
"""

from datetime import date

import numpy as np
import pandas as pd

from churnlib.models.purchases.choice import PurchaseModelChoice, widen_to_band
from churnlib.models.purchases.cohort_backtest import first_periods
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.predictive import QUANTITIES, predict_totals, totals_by_group
from churnlib.models.purchases.value import Money, discounted_value
from churnlib.periods import Grain
from churnlib.results.columns import SPLIT, Column
from churnlib.results.declared import Result, gives, grain_of
from churnlib.results.segments import ALL
from churnlib.results.terms import Term

__all__ = ["value_by_cohort"]

COHORT = "cohort"
LIMITS = ("predicted", "low", "high")
VALUE = 1
"""Place of the discounted value among what is predicted, after the purchases."""
CUSTOMER_LIFETIME_VALUE = Term(
    "Customer lifetime value (twelve months)",
    "Expected discounted margin of today's customers over the next twelve months; revenue where no "
    "margin is given.",
)
CLV_SHOP = Result(
    "clv_shop",
    title="the value of a customer over twelve months",
    grain="one row for all customers, then one a cohort, the oldest first",
    columns=(
        SPLIT[0],
        Column("segment", "text", "First period", "In which they bought first; all = everybody."),
        Column("customers", "count", "Customers", "Who bought first in it."),
        Column(
            "value",
            "money",
            "Value a customer",
            "Discounted margin (revenue where none is given) to come over twelve months.",
            low="value_low",
            high="value_high",
            decimals=2,
        ),
        Column("value_low", "money", "from", "The low end of its predictive range.", decimals=2),
        Column("value_high", "money", "to", "The high end of its predictive range.", decimals=2),
        Column(
            "probability_alive",
            "share",
            "P(alive)",
            "Have not stopped for good, on average.",
            optional=True,
        ),
        Column(
            "expected_purchases",
            "number",
            "Expected purchases",
            "Of a customer over twelve months.",
            decimals=2,
        ),
    ),
    shown=(
        "segment",
        "customers",
        "probability_alive",
        "expected_purchases",
        "value",
        "value_low",
        "value_high",
    ),
    file="clv",
)


@gives(CLV_SHOP)
def value_by_cohort(
    fit: PurchaseFit,
    money: Money,
    buyers: pd.DataFrame,
    choice: PurchaseModelChoice,
    *,
    stretch: float,
    as_of: date,
    grain: Grain | None = None,
) -> pd.DataFrame:
    """What a customer is expected to bring over twelve months, in all and by first period.

    Grain: one row for all customers, then one a cohort, the oldest first.

    Parameters
    ----------
    fit, money : the models
    buyers : frame with frequency, recency, age (weeks), spend_frequency, value, customers
    choice : of the back-test: the level of the forecast, and the error band of everybody's range
    stretch : factor on the half-widths of cohorts' ranges (`cohort_stretch`); where it is NaN, the
        error band of everybody is that of cohorts too
    as_of : turns ages into first periods
    grain : month or quarter; that of `buyers` where none is given

    Returns
    -------
    segment_column ("all" or "cohort"), segment (label of the first period), customers, value
    (currency a customer, discounted margin), value_low, value_high (95 %, predictive),
    probability_alive (absent where the model lets nobody leave), expected_purchases (means)

    Examples
    --------
    >>> from churnlib.models.purchases.gamma_gamma import MoneyFit
    >>> cdnow = (0.243, 4.414, 0.793, 2.426)
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, (), 0, 0)
    >>> nan = float("nan")
    >>> money = Money(MoneyFit("not fitted", "", nan, nan, nan, (nan,) * 3, nan, (), 35.0, 10))
    >>> choice = PurchaseModelChoice("BG/NBD", "BG/NBD", 0, 26, *(nan,) * 7, "")
    >>> like = pd.DataFrame({"frequency": [2], "recency": [2.0], "age": [4.0], "customers": [100]})
    >>> table = value_by_cohort(fit, money, like, choice, stretch=1.0, as_of=date(2026, 4, 1))
    >>> table["segment"].tolist()
    ['all', '2026-03']
    """
    everybody = discounted_value(fit, money, buyers)
    total = widen_to_band(predict_totals(fit, buyers, money=money), choice).iloc[VALUE]
    rows = [{"segment_column": ALL, "segment": ALL} | _per_customer(everybody, total, choice)]
    group, labels = pd.factorize(first_periods(buyers, as_of, grain or grain_of(buyers)), sort=True)
    totals = totals_by_group(fit, money, buyers, group)[:, :, VALUE]
    ranged = _like_earlier(pd.DataFrame(dict(zip(LIMITS, totals, strict=True))), stretch, choice)
    for place, label in enumerate(labels):
        told = _per_customer(everybody[group == place], ranged.iloc[place], choice)
        rows.append({"segment_column": COHORT, "segment": label} | told)
    table = pd.DataFrame(rows)
    if fit.usable and not fit.leaves:
        return table.drop(columns="probability_alive")
    return table


def _like_earlier(
    totals: pd.DataFrame, stretch: float, choice: PurchaseModelChoice
) -> pd.DataFrame:
    """Cohorts' totals at the level of the forecast, their ranges as wide as earlier ones had to
    be.
    """
    if np.isnan(stretch):
        return widen_to_band(totals.assign(quantity=QUANTITIES[VALUE]), choice)
    predicted = totals["predicted"]
    low = np.maximum(predicted - stretch * (predicted - totals["low"]), 0.0)
    high = predicted + stretch * (totals["high"] - predicted)
    return totals.assign(low=np.minimum(low, totals["low"]), high=high) * choice.level


def _per_customer(
    part: pd.DataFrame, total: pd.Series, choice: PurchaseModelChoice
) -> dict[str, float]:
    """Means of these customers, and what their total value is for each of them."""
    n, weights = int(part["customers"].sum()), part["customers"]
    expected = float(np.average(part["expected_purchases"], weights=weights))
    return {
        "customers": n,
        "value": total["predicted"] / n,
        "value_low": total["low"] / n,
        "value_high": total["high"] / n,
        "probability_alive": float(np.average(part["probability_alive"], weights=weights)),
        "expected_purchases": expected * choice.level,
    }
