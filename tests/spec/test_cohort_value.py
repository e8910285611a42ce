"""Value to come by cohort: whose first period it is, and that cohorts add up to everybody."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from churnlib.models.purchases.choice import PurchaseModelChoice
from churnlib.models.purchases.cohort_value import value_by_cohort
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.gamma_gamma import MoneyFit
from churnlib.models.purchases.value import Money, discounted_value, history_forecasts

AS_OF = date(2026, 4, 1)
# Without data the parameters are taken as known: what is left in a range is the luck of the future.
FIT = PurchaseFit("BG/NBD", "fitted", "", 0.243, 4.414, 0.793, 2.426, (0, 0, 0, 0), 0, (), 0, 0)
MONEY = Money(
    MoneyFit(
        "fitted",
        "",
        6.25,
        3.74,
        15.44,
        (0, 0, 0),
        0.0,
        (),
        35.0,
        946,
    ),
    margin=0.3,
)
CHOICE = PurchaseModelChoice("BG/NBD", "BG/NBD", 5, 52, 104, *(0.05, 0.05, -0.1, 0.1, 1.0, 0.1), "")
EXACT = replace(CHOICE, spread=0.0)
"""Earlier forecasts that were all exact: no error band."""
# Seen through 31 March: an age of 30 days began on 1 March, one of 31 days on 28 February, one of
# 89 on 1 January.
BUYERS = pd.DataFrame(
    {
        "frequency": [0, 2, 1],
        "recency": [0.0, 2.0, 8.0],
        "age": [30 / 7, 31 / 7, 89 / 7],
        "spend_frequency": [0, 2, 1],
        "value": [0.0, 40.0, 20.0],
        "customers": [50, 30, 20],
    }
)


@pytest.fixture(scope="module")
def table():
    return value_by_cohort(FIT, MONEY, BUYERS, EXACT, stretch=1.0, as_of=AS_OF, grain="month")


def test_ages_are_turned_into_first_periods(table):
    assert table["segment_column"].tolist() == ["all", "cohort", "cohort", "cohort"]
    assert table["segment"].tolist() == ["all", "2026-01", "2026-02", "2026-03"]
    assert table["customers"].tolist() == [100, 20, 30, 50]
    quarters = value_by_cohort(FIT, MONEY, BUYERS, EXACT, stretch=1.0, as_of=AS_OF, grain="quarter")
    assert quarters[["segment", "customers"]].to_numpy().tolist() == [
        ["all", 100],
        ["2026-Q1", 100],
    ]


def test_the_value_of_a_cohort_is_its_customers_mean(table):
    each = discounted_value(FIT, MONEY, BUYERS)
    by_cohort = table.iloc[[3, 2, 1]]  # one row of BUYERS each, the newest first
    assert by_cohort["value"].to_numpy() == pytest.approx(each["discounted_value"].to_numpy())
    for name in ("probability_alive", "expected_purchases"):
        assert by_cohort[name].to_numpy() == pytest.approx(each[name].to_numpy())


def test_cohorts_add_up_to_everybody(table):
    everybody, cohorts = table.iloc[0], table.iloc[1:]
    for name in ("value", "probability_alive", "expected_purchases"):
        assert np.average(cohorts[name], weights=cohorts["customers"]) == pytest.approx(
            everybody[name]
        )


def test_ranges_hold_the_value_and_are_wider_for_fewer_customers(table):
    assert (table["value_low"] < table["value"]).all()
    assert (table["value"] < table["value_high"]).all()
    relative = ((table["value_high"] - table["value_low"]) / table["value"]).tolist()
    assert relative[0] == min(relative)


def test_the_range_of_all_is_the_larger_of_the_models_and_the_error_band():
    many = BUYERS.assign(customers=BUYERS["customers"] * 1000)
    known = {"stretch": 1.0, "as_of": AS_OF, "grain": "quarter"}
    band = CHOICE.band(52)
    row = value_by_cohort(FIT, MONEY, many, CHOICE, **known).iloc[0]
    assert (row.value_low, row.value_high) == pytest.approx((row.value / band, row.value * band))
    few = value_by_cohort(FIT, MONEY, BUYERS, replace(CHOICE, spread=0.001), **known).iloc[0]
    assert few.equals(value_by_cohort(FIT, MONEY, BUYERS, EXACT, **known).iloc[0])


def test_ranges_of_cohorts_are_stretched_as_earlier_ones_had_to_be(table):
    known = {"as_of": AS_OF, "grain": "month"}
    twice = value_by_cohort(FIT, MONEY, BUYERS, EXACT, stretch=2.0, **known)
    above, doubled = (one["value_high"] - one["value"] for one in (table, twice))
    assert doubled[1:].to_numpy() == pytest.approx(2 * above[1:].to_numpy())
    assert (twice["value_low"] >= 0).all()
    assert twice.iloc[0].equals(table.iloc[0]), "everybody's range is the total's own"
    unknown = value_by_cohort(FIT, MONEY, BUYERS, CHOICE, stretch=float("nan"), **known)
    assert (unknown["value_high"] >= unknown["value"] * CHOICE.band(52) - 1e-9).all()


def test_the_level_of_a_baseline_moves_money_and_purchases(table):
    moved = replace(EXACT, forecast="last period", level=0.5)
    half = value_by_cohort(FIT, MONEY, BUYERS, moved, stretch=1.0, as_of=AS_OF, grain="month")
    for name in ("value", "value_low", "value_high", "expected_purchases"):
        assert half[name].to_numpy() == pytest.approx(table[name].to_numpy() / 2)
    assert half["probability_alive"].equals(table["probability_alive"])


def test_a_model_that_lets_nobody_leave_says_nothing_of_who_is_alive():
    stays = replace(FIT, status="no drop-out identified", a=0.0, b=float("nan"))
    known = {"stretch": 1.0, "as_of": AS_OF, "grain": "month"}
    assert "probability_alive" not in value_by_cohort(stays, MONEY, BUYERS, EXACT, **known)
    assert "probability_alive" not in history_forecasts(stays, MONEY, BUYERS)


def test_a_model_that_could_not_be_fitted_gives_no_value():
    unfit = PurchaseFit(
        "BG/NBD", "not fitted", "Too few.", *[float("nan")] * 4, (0, 0, 0, 0), 0, (), 0, 0
    )
    frame = value_by_cohort(unfit, MONEY, BUYERS, EXACT, stretch=1.0, as_of=AS_OF, grain="month")
    assert frame["customers"].tolist() == [100, 20, 30, 50]
    assert frame[["value", "value_low", "value_high", "probability_alive"]].isna().all(axis=None)
