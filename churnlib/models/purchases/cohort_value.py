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
from churnlib.models.retention.value_range import ALL
from churnlib.periods import Grain, Period

COHORT = "cohort"
DAYS_A_WEEK = 7


def value_by_cohort(
    fit: PurchaseFit,
    money: Money,
    buyers: pd.DataFrame,
    choice: PurchaseModelChoice,
    *,
    as_of: date,
    grain: Grain,
) -> pd.DataFrame:
    """What a customer is expected to bring over twelve months, in all and by first period.

    Grain: one row for all customers, then one a cohort, the oldest first.

    Parameters
    ----------
    fit, money : the models
    buyers : frequency, recency, age (weeks), spend_frequency, value, customers
    choice : of the back-test; ranges are widened to its band where it says so
    as_of, grain : turn ages into first periods

    Returns
    -------
    segment_column ("all" or "cohort"), segment (label of the first period), customers, value
    (currency a customer, discounted margin), value_low, value_high (95 %, predictive),
    probability_alive, expected_purchases (means)
    """
    first_on = pd.Timestamp(as_of) - pd.to_timedelta(
        (buyers["age"] * DAYS_A_WEEK).round() + 1, unit="D"
    )
    labels = first_on.map(lambda day: Period.containing(day.date(), grain).label)
    each = discounted_value(fit, money, buyers)
    rows = [_row(ALL, ALL, each, fit, money, choice)]
    rows += [
        _row(COHORT, label, part, fit, money, choice)
        for label, part in each.groupby(labels.to_numpy(), sort=True)
    ]
    return pd.DataFrame(rows)


def _row(
    column: str,
    segment: str,
    part: pd.DataFrame,
    fit: PurchaseFit,
    money: Money,
    choice: PurchaseModelChoice,
) -> dict[str, object]:
    n = int(part["customers"].sum())
    total = (
        widen_to_band(predict_totals(fit, part, money=money), choice)
        .set_index("quantity")
        .loc["discounted_value"]
    )
    means = {name: _mean(part, name) for name in ("probability_alive", "expected_purchases")}
    value = {"value": total.predicted / n, "value_low": total.low / n, "value_high": total.high / n}
    return {"segment_column": column, "segment": segment, "customers": n, **value, **means}


def _mean(part: pd.DataFrame, name: str) -> float:
    return float(np.average(part[name], weights=part["customers"]))
