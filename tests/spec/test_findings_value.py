"""What is said of value and of forecasts, and how sure it is."""

import pandas as pd
import pytest

from churnlib.findings import value
from churnlib.models.purchases.backtest import PurchaseModelChoice
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.gamma_gamma import MoneyFit
from churnlib.models.retention.value_range import ValueTerms
from tests.reading import said

FIT = PurchaseFit("BG/NBD", "fitted", "", 0.243, 4.414, 0.793, 2.426, (0, 0, 0, 0), 0, (), 0, 0)
MONEY = MoneyFit("fitted", "", 6.25, 3.74, 15.44, (0, 0, 0), 0.0, (), 35.08, 946)
CHOICE = PurchaseModelChoice("BG/NBD", 5, 0.069, -0.121, -0.014, 0.2, 1.24, True, "")
NOTHING = float("nan")


def worth(segment, amount, width=10.0, customers=100, column="plan"):
    ranges = {"value_low": amount - width, "value_high": amount + width}
    return {
        "segment_column": column,
        "segment": segment,
        "customers": customers,
        "value": amount,
        **ranges,
    }


def test_the_terms_of_a_value_are_said():
    sentence = said(value.terms(ValueTerms(margin=0.8, discount_rate=0.1, horizon=60)))
    assert sentence.startswith(
        "Values add up 60 months of payments at a margin of 80.0 %, discounted at 10.0 % a year"
    )


def test_segments_are_set_against_each_other_only_where_ranges_are_apart():
    rows = [worth("gold", 200.0), worth("iron", 100.0), worth("tin", 10.0, customers=29)]
    apart = said(value.by_segment(pd.DataFrame(rows), currency="EUR"))
    assert apart == (
        "A new customer of gold is worth €200 (€190 to €210), one of iron €100 (€90 to €110), 2.0 "
        "times as much."
    )
    wide = said(
        value.by_segment(
            pd.DataFrame([worth("gold", 200.0, 60.0), worth("iron", 100.0, 60.0)]), currency="EUR"
        )
    )
    assert wide.endswith("€100 (€40 to €160): the ranges overlap.")
    alone = pd.DataFrame([worth("all", 200.0, column="all")])
    assert (
        said(value.by_segment(alone, currency="EUR"))
        == "A new customer is worth €200 (€190 to €210)."
    )
    assert value.by_segment(alone.assign(customers=29), currency="EUR").startswith(
        "No value can be told"
    )


def test_what_todays_customers_will_bring_is_an_expectation():
    left = pd.DataFrame([{**worth("all", 5000.0, 100.0, column="all"), "reason": ""}])
    assert said(value.remaining(left, currency="EUR", horizon=60)) == (
        "Today's 100 customers can be expected to bring €5,000 of discounted margin over the next "
        "60 months (€4,900 to €5,100)."
    )
    none = left.assign(value=NOTHING, reason="Nobody has left.")
    assert value.remaining(none, currency="EUR", horizon=60).endswith(
        "cannot be told. Nobody has left."
    )
    few = value.remaining(left.assign(customers=1), currency="EUR", horizon=60)
    assert few == "1 customer today: too few to tell what they will still bring."
    assert value.remaining(left.head(0), currency="EUR", horizon=60).startswith(
        "Nobody is a customer"
    )


def test_value_against_cost_and_when_it_is_paid_back():
    row = {
        **worth("all", 300.0, column="all"),
        "cac": 100.0,
        "ltv_to_cac": 3.0,
        "payback_months": 1.0,
    }
    table = pd.DataFrame([row])
    assert said(value.acquisition(table, currency="EUR")) == (
        "A new customer is worth 3.0 times its cost of €100, which is paid back after 1 monthly "
        "payment."
    )
    late = said(value.acquisition(table.assign(payback_months=NOTHING), currency="EUR"))
    assert late.endswith("which is not paid back within the horizon.")
    assert value.acquisition(pd.DataFrame([worth("all", 300.0)]), currency="EUR").startswith(
        "No cost of winning"
    )


def test_the_plain_figure_and_why_it_differs():
    steps = pd.DataFrame(
        [{"customers": 30, "plain_value": 40.0, "value": 22.0, "why": "it never ends"}]
    )
    assert said(value.plain(steps, currency="EUR")) == (
        "ARPA × margin ÷ churn would say €40, against €22; mostly because it never ends."
    )
    assert value.plain(steps.assign(plain_value=NOTHING), currency="EUR").startswith(
        "Without customers and churn"
    )


def test_how_far_earlier_forecasts_were_off():
    assert said(value.backtest(CHOICE, horizon=19)) == (
        "5 earlier forecasts over 19 weeks: off by 6.9 % on average (-12.1 to -1.4 %); 1 of 5 "
        "ranges held what happened. As "
        "that is under 85 %, ranges are widened to the error band."
    )
    one = PurchaseModelChoice("BG/NBD", 1, 0.01, 0.01, 0.01, 1.0, 1.1, False, "")
    assert said(value.backtest(one, horizon=19)) == (
        "1 earlier forecast over 19 weeks: off by 1.0 % on average (+1.0 to +1.0 %); 1 of 1 "
        "ranges held what happened."
    )
    none = PurchaseModelChoice(
        "", 0, NOTHING, NOTHING, NOTHING, NOTHING, NOTHING, False, "Too young."
    )
    assert value.backtest(none, horizon=0) == "No earlier forecast could be scored. Too young."


def test_totals_are_purchases_and_not_times_as_many():
    totals = pd.DataFrame(
        {"quantity": ["purchases", "discounted_value"], "predicted": [90.0, 500.0]}
    )
    totals = totals.assign(low=[80.0, 400.0], high=[100.0, 600.0])
    assert said(value.totals(totals, currency="EUR", customers=1000)) == (
        "Over the next twelve months the 1,000 customers so far can be expected to make 90 "
        "purchases (80 to 100), which bring "
        "€500 of discounted margin (€400 to €600)."
    )
    assert value.totals(totals.assign(predicted=NOTHING), currency="EUR", customers=5).startswith(
        "No forecast"
    )


@pytest.mark.parametrize(
    ("width", "end"),
    [(1.0, "€8.00 (€7.00 to €9.00)."), (2.0, "€8.00 (€6.00 to €10.00): the ranges overlap.")],
)
def test_cohorts_by_what_they_will_bring(width, end):
    rows = [
        worth("2026-01", 12.0, width, column="cohort"),
        worth("2026-02", 8.0, width, column="cohort"),
    ]
    rows += [
        worth("2026-03", 99.0, column="cohort", customers=29),
        worth("all", 10.0, column="all"),
    ]
    sentence = said(value.by_cohort(pd.DataFrame(rows), currency="EUR"))
    assert sentence.startswith("A customer who began in 2026-01 can be expected to bring €12.00")
    assert sentence.endswith(f"one who began in 2026-02 {end}")
    assert said(value.by_cohort(pd.DataFrame(rows[:1]), currency="EUR")).endswith(
        "over the next twelve months."
    )
    assert value.by_cohort(pd.DataFrame(rows[2:]), currency="EUR").startswith(
        "No cohort is large enough"
    )


def test_tracking_tells_of_the_weeks_held_out_alone():
    """Before the split the model was fitted: 100 of 100 there hides that 12 were expected and 10
    came after it.
    """
    weeks = pd.DataFrame(
        {
            "predicted": [100.0, 6.0, 6.0],
            "actual": [100.0, 5.0, 5.0],
            "held_out": [False, True, True],
        }
    )
    assert said(value.tracking(weeks)) == (
        "In the 2 weeks held out the model expected 12 repeat purchases and 10 happened (+20.0 %)."
    )
    assert value.tracking(weeks.assign(predicted=NOTHING)) == "The forecast could not be tracked."
    assert value.tracking(weeks.head(1)) == "The forecast could not be tracked."


def test_calibration_tells_the_worst_of_the_large_groups():
    rows = pd.DataFrame({"frequency": ["0", "2", "7+"], "customers": [100, 30, 29]})
    rows = rows.assign(predicted=[0.1, 0.38, 9.0], actual=[0.12, 0.49, 1.0])
    assert value.calibration(rows) == (
        "By past repeat purchases, the forecast was furthest off for customers with 2: 0.38 "
        "purchases expected and 0.49 made, "
        "on average."
    )
    assert value.calibration(rows.tail(1)).startswith("Too few")


def test_what_a_model_takes_for_granted_is_said():
    assert "probability of 1" in value.drop_out(FIT)
    assert value.drop_out(PurchaseFit(**{**vars(FIT), "model": "MBG/NBD"})).startswith(
        "MBG/NBD lets"
    )
    assert (
        value.drop_out(PurchaseFit(**{**vars(FIT), "reason": "No drop-out identified."}))
        == "No drop-out identified."
    )
    assert said(value.spending(MONEY, currency="EUR")) == "The mean repeat purchase is €35.08."


def test_the_plain_figure_of_a_shop_describes_the_past():
    figure = {"plain_value": 4.98, "average_order_value": 10.0, "frequency": 2.0, "lifespan": 0.5}
    sentence = said(value.plain_purchase(figure, currency="EUR"))
    assert sentence.startswith(
        "Order value × frequency × lifespan would say €4.98 a customer: €10.00 × 2.00 a year × "
        "0.50 years"
    )
    assert "describes the past" in sentence
