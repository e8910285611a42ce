"""What is said of forecasts of repeat buying, and how far off they were."""

from dataclasses import replace

import pandas as pd
import pytest

from churnlib.findings.purchase_record import (
    say_backtest,
    say_calibration,
    say_how_far,
    say_tracking,
)
from churnlib.findings.purchases import (
    say_cohort_backtest,
    say_drop_out,
    say_plain_purchase_value,
    say_slipping,
    say_spending,
    say_totals,
    say_value_by_cohort,
)
from churnlib.models.purchases.choice import PurchaseModelChoice
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.gamma_gamma import MoneyFit
from churnlib.models.purchases.value import Money
from churnlib.periods import Period
from tests.by_hand import worth, worth_of
from tests.reading import said, told_of

FIT = PurchaseFit("BG/NBD", "fitted", "", 0.243, 4.414, 0.793, 2.426, (0, 0, 0, 0), 0, (), 0, 0)
MONEY = MoneyFit("fitted", "", 6.25, 3.74, 15.44, (0, 0, 0), 0.0, (), 35.08, 946)
TERMS = Money(MONEY, discount_rate=0.1, margin=0.3)
NOTHING = float("nan")


def choice(model="BG/NBD", forecast="BG/NBD", **changed):
    """Five forecasts over 19 weeks, 12.1 % too low at the worst and 1.4 % too high."""
    known = {"origins": 5, "horizon": 19, "span": 39.0, "mean_absolute_error": 0.069}
    known |= {"model_error": 0.069, "error_low": -0.121, "error_high": 0.014, "coverage": 0.2}
    return PurchaseModelChoice(
        model, forecast, **{**known, "spread": 0.08, "reason": "", **changed}
    )


# how far off


def test_how_far_earlier_forecasts_were_off():
    """Errors on both sides, errors on one side, one forecast alone, and none."""
    assert said(say_backtest(choice())) == (
        "5 earlier forecasts over 19 weeks: off by 6.9 % on average (-12.1 to +1.4 %); 1 of 5 "
        "predictive ranges held what happened."
    )
    low = said(say_backtest(choice(error_high=-0.014)))
    assert "(-12.1 to -1.4 %, every one too low)" in low
    one = choice(origins=1, error_low=0.01, error_high=0.01, coverage=1.0)
    assert said(say_backtest(one)).endswith(
        "1 of 1 predictive ranges held what happened. Fewer than 4 are too few to judge by."
    )
    none = choice("", "", origins=0, reason="Too young.")
    assert said(say_backtest(none)) == "No earlier forecast could be scored. Too young."


def test_a_baseline_that_erred_less_is_said_and_used():
    guess = choice("MBG/NBD", "last period", mean_absolute_error=0.096, model_error=0.118)
    assert said(say_backtest(guess)) == (
        "5 earlier forecasts over 19 weeks: MBG/NBD was off by 11.8 % on average, the plain guess "
        "that the next 19 weeks bring what the last 19 weeks did by 9.6 % (-12.1 to +1.4 %). The "
        "guess is used for the total, the model for who buys."
    )


def test_what_a_range_is_made_of():
    ranged = said(say_how_far(choice()))
    assert ranged.startswith("Range, 95 %: the larger of two: what parameters and luck allow")
    assert ranged.endswith("scaled to 52 weeks by the square root of time.")
    priced = said(say_how_far(choice(money_spread=0.1)))
    assert priced.startswith(ranged)
    assert "had brought by then" in priced
    assert said(say_how_far(choice(origins=0))).endswith("could be held against what came.")
    biased = said(say_how_far(choice(error_low=0.19, error_high=0.28, span=52.0)))
    assert biased.endswith("on the side on which they erred: they were all too high.")
    season = said(say_how_far(choice(error_low=0.19, error_high=0.28, span=39.0)))
    assert season.endswith("by the square root of time."), "half a year of errors may be a season"


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
    assert said(say_tracking(weeks)) == (
        "In the 2 weeks held out the model expected 12 repeat purchases and 10 happened (+20.0 %)."
    )
    untracked = "The forecast could not be tracked."
    assert said(say_tracking(weeks.assign(predicted=NOTHING))) == untracked
    assert said(say_tracking(weeks.head(1))) == untracked


def test_calibration_tells_the_worst_of_the_large_groups():
    rows = pd.DataFrame({"frequency": ["0", "2", "7+"], "customers": [100, 30, 29]})
    rows = rows.assign(predicted=[0.1, 0.38, 9.0], actual=[0.12, 0.49, 1.0])
    found = say_calibration(rows)
    assert said(found) == (
        "By past repeat purchases, the forecast was furthest off for customers with 2: 0.38 "
        "purchases expected and 0.49 made, "
        "on average."
    )
    assert found.n == 30
    assert said(say_calibration(rows.tail(1))).startswith("Too few")


# what is to come


def totals_of(purchases=90.0, value=500.0):
    frame = pd.DataFrame({"quantity": ["purchases", "discounted_value"]})
    return told_of(
        frame.assign(predicted=[purchases, value], low=[80.0, 400.0], high=[100.0, 600.0])
    )


def test_totals_are_purchases_and_not_times_as_many():
    buyers = pd.DataFrame({"frequency": [0, 1], "customers": [700, 300]})
    found = say_totals(totals_of(), buyers, TERMS)
    assert said(found) == (
        "Over the next twelve months the 1,000 customers so far can be expected to make 90 "
        "purchases (80 to 100), which bring "
        "€500 of discounted margin (€400 to €600). Value counts a margin of 30.0 %, discounted at "
        "10.0 % a year."
    )
    unstated = said(say_totals(totals_of(), buyers, Money(MONEY)))
    assert "€500 of discounted revenue (€400 to €600). No margin is given" in unstated
    assert (found.n, found.low, found.high) == (1000, 400, 600)
    no_money = say_totals(totals_of(value=NOTHING), buyers, TERMS)
    assert said(no_money).endswith(
        "90 purchases (80 to 100); what these bring cannot be told, as no repeat purchase has "
        "brought money yet."
    )
    assert (no_money.low, no_money.high) == (80, 100)
    none = say_totals(totals_of(NOTHING, NOTHING), buyers, TERMS)
    assert said(none).startswith("No forecast")


@pytest.mark.parametrize(
    ("width", "end"),
    [(1.0, "€8.00 (€7.00 to €9.00)."), (2.0, "€8.00 (€6.00 to €10.00): the ranges overlap.")],
)
def test_cohorts_by_what_they_will_bring(width, end):
    rows = [
        worth("2026-01", 12.0, width, column="cohort"),
        worth("2026-02", 8.0, width, column="cohort"),
        worth("2026-03", 99.0, column="cohort", customers=29),
        worth("all", 10.0, column="all"),
    ]
    sentence = said(say_value_by_cohort(worth_of(*rows)))
    assert sentence.startswith("A customer who began in 2026-01 can be expected to bring €12.00")
    assert sentence.endswith(f"one who began in 2026-02 {end}")
    alone = said(say_value_by_cohort(worth_of(*rows[:1])))
    assert alone.endswith("over the next twelve months.")
    few = said(say_value_by_cohort(worth_of(*rows[2:])))
    assert few.startswith("No cohort is large enough")


def test_the_cohort_that_the_records_begin_in_is_no_cohort_of_new_customers():
    rows = [worth(f"2026-0{n}", 20.0 - 4 * n, 1.0, column="cohort") for n in (1, 2, 3)]
    sentence = said(say_value_by_cohort(worth_of(*rows), left_edge=Period.parse("2026-01")))
    assert sentence.startswith("A customer who began in 2026-02 can be expected")
    assert sentence.endswith("2026-01 is left out: who is in it may have begun before the records.")
    unseen = say_value_by_cohort(worth_of(*rows[1:]), left_edge=Period.parse("2026-01"))
    assert "left out" not in said(unseen)


def test_how_ranges_of_cohorts_were_judged():
    earlier = pd.DataFrame({"covered": [True] * 15 + [False] * 5})
    assert said(say_cohort_backtest(earlier, 1.9)) == (
        "Of 20 earlier forecasts of a cohort 15 ranges held what came. Ranges of cohorts are 1.9 "
        "times as wide as the model's, so that 19 in 20 would have, over 52 weeks."
    )
    assert said(say_cohort_backtest(earlier, 1.0)).endswith("held what came.")
    assert said(say_cohort_backtest(earlier, NOTHING)).startswith("Too few")


def test_the_best_and_the_worst_of_many_cohorts_answer_for_all_pairs():
    rows = [
        worth("2026-01", 12.0, 1.9, column="cohort"),
        worth("2026-02", 8.0, 1.9, column="cohort"),
    ]
    between = [worth(f"20{n}-01", 10.0, 1.9, column="cohort") for n in range(10, 26)]
    assert said(say_value_by_cohort(worth_of(*rows))).endswith("€8.00 (€6.10 to €9.90).")
    many = said(say_value_by_cohort(worth_of(*rows, *between)))
    assert many.endswith("(€6.10 to €9.90): no clear difference, as the extremes of 18.")


# what a model takes for granted


def test_what_a_model_takes_for_granted_is_said():
    assert "probability of 1" in said(say_drop_out(FIT))
    other = replace(FIT, model="MBG/NBD")
    assert said(say_drop_out(other)).startswith("MBG/NBD lets")
    stays = replace(FIT, reason="No drop-out identified.")
    assert said(say_drop_out(stays)) == "No drop-out identified."


def test_the_mean_purchase_and_whether_money_and_frequency_go_apart():
    mean = "The mean repeat purchase is €35.08."
    assert said(say_spending(MONEY, "", "EUR")) == mean
    related = said(say_spending(MONEY, "They go together.", "EUR"))
    assert related == f"{mean} They go together."
    unfitted = replace(MONEY, reason="Too few have bought again.", mean_value=NOTHING)
    assert said(say_spending(unfitted, "", "EUR")) == "Too few have bought again."


def test_the_plain_figure_of_a_shop_describes_the_past():
    figure = {"plain_value": 4.98, "average_order_value": 10.0, "frequency": 2.0, "lifespan": 0.5}
    sentence = said(say_plain_purchase_value(figure, "EUR"))
    assert sentence.startswith(
        "Order value × frequency × lifespan would say €4.98 a customer: €10.00 × 2.00 a year × "
        "0.50 years"
    )
    assert "describes the past" in sentence
    unknown = said(say_plain_purchase_value({**figure, "lifespan": 0.0}, "EUR"))
    assert unknown.startswith("Order value × frequency × lifespan has no value yet")


# who may still be won back


def slipping_of(customers, spent=265566.2):
    return told_of(pd.DataFrame([{"repeats": 3, "customers": customers, "spent": spent}]))


def test_regular_customers_who_have_probably_stopped():
    found = say_slipping(slipping_of(1166), listed="tables/clv_customers.csv")
    told = (
        "1,166 customers with 3 or more repeat purchases, which brought €265,566, have more likely "
        "stopped than not, by either model"
    )
    assert (said(found), found.verdict, found.n) == (f"{told}.", "watch", 1166)
    (action,) = found.actions
    assert said(action.sentence) == (
        f"Win back: {told}; P(alive) of each is in tables/clv_customers.csv."
    )
    assert (action.customers, action.money) == (1166, "€265,566 spent so far")
    assert action.list_file == "tables/clv_customers.csv"
    assert (action.who, action.verdict) == (
        "customers with 3 or more repeat purchases who have probably stopped",
        "watch",
    )


def test_too_few_to_win_back():
    found = say_slipping(slipping_of(29))
    assert said(found) == (
        "Fewer than 30 customers with 3 or more repeat purchases have more likely stopped than not."
    )
    assert (found.verdict, found.actions) == ("no signal", ())
