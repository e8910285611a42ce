"""Value to come by cohort: what a customer of each first period is expected to bring, with its
predictive range.
"""

from datetime import date

import numpy as np
import pandas as pd

from churnlib.models.purchases.backtest import PurchaseModelChoice, widen_to_band
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.predictive import predict_totals
from churnlib.models.purchases.value import Money, discounted_value
from churnlib.periods import DAYS_A_WEEK, Grain, Period
from churnlib.results.columns import SPLIT, Column
from churnlib.results.declared import Result, gives, grain_of
from churnlib.results.segments import ALL
from churnlib.results.terms import Term

__all__ = ["value_by_cohort"]

COHORT = "cohort"
CUSTOMER_LIFETIME_VALUE = Term(
    "Customer lifetime value (twelve months)",
    "Expected discounted margin of today's customers over the next twelve months.",
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
            "Discounted margin to come over twelve months.",
            low="value_low",
            high="value_high",
            decimals=2,
        ),
        Column("value_low", "money", "from", "The low end of its predictive range.", decimals=2),
        Column("value_high", "money", "to", "The high end of its predictive range.", decimals=2),
        Column("probability_alive", "share", "P(alive)", "Have not stopped for good, on average."),
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
    as_of: date,
    grain: Grain | None = None,
) -> pd.DataFrame:
    """What a customer is expected to bring over twelve months, in all and by first period.

    Grain: one row for all customers, then one a cohort, the oldest first.

    Parameters
    ----------
    fit, money : the models
    buyers : frame with frequency, recency, age (weeks), spend_frequency, value, customers
    choice : of the back-test; ranges are widened to its band where it says so
    as_of : turns ages into first periods
    grain : month or quarter; that of `buyers` where none is given

    Returns
    -------
    segment_column ("all" or "cohort"), segment (label of the first period), customers, value
    (currency a customer, discounted margin), value_low, value_high (95 %, predictive),
    probability_alive, expected_purchases (means)

    Examples
    --------
    >>> from churnlib.models.purchases.gamma_gamma import MoneyFit
    >>> cdnow, known = (0.243, 4.414, 0.793, 2.426), ((9e9,) * 4,) * 4
    >>> fit = PurchaseFit("BG/NBD", "fitted", "", *cdnow, (0, 0, 0, 0), 0, known, 0, 0)
    >>> nan = float("nan")
    >>> money = Money(MoneyFit("not fitted", "", nan, nan, nan, (nan,) * 3, nan, (), 35.0, 10))
    >>> choice = PurchaseModelChoice("BG/NBD", 4, 0.2, -0.3, 0.1, 1.0, 1.5, False, "")
    >>> like = pd.DataFrame({"frequency": [2], "recency": [2.0], "age": [4.0], "customers": [100]})
    >>> value_by_cohort(fit, money, like, choice, as_of=date(2026, 4, 1))["segment"].tolist()
    ['all', '2026-03']
    """
    grain = grain or grain_of(buyers)
    days = (buyers["age"] * DAYS_A_WEEK).round() + 1
    first_on = pd.Timestamp(as_of) - pd.to_timedelta(days, unit="D")
    cohorts = first_on.map(lambda day: Period.containing(day.date(), grain).label)
    each = discounted_value(fit, money, buyers)

    def row(column: str, segment: str, part: pd.DataFrame) -> dict[str, object]:
        totals = widen_to_band(predict_totals(fit, part, money=money), choice)
        return {"segment_column": column, "segment": segment} | _per_customer(part, totals)

    rows = [row(ALL, ALL, each)]
    rows += [row(COHORT, label, part) for label, part in each.groupby(cohorts.to_numpy())]
    return pd.DataFrame(rows)


def _per_customer(part: pd.DataFrame, totals: pd.DataFrame) -> dict[str, float]:
    """Means of these customers, and what their total value is for each of them."""
    n = int(part["customers"].sum())
    total = totals.set_index("quantity").loc["discounted_value"]
    weights = part["customers"]
    return {
        "customers": n,
        "value": total["predicted"] / n,
        "value_low": total["low"] / n,
        "value_high": total["high"] / n,
        "probability_alive": float(np.average(part["probability_alive"], weights=weights)),
        "expected_purchases": float(np.average(part["expected_purchases"], weights=weights)),
    }
