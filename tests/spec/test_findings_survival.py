"""What is said of how long customers stay, of whom to look at and when to speak to them."""

import re

import pandas as pd
import pytest

from churnlib.findings.survival import (
    say_conditional,
    say_hazard,
    say_mean_lifetime,
    say_median,
    say_projection,
    say_survival,
    say_survival_by_segment,
)
from churnlib.models.retention.projection import project
from tests.by_hand import base_of, curve_of, hazard_of, log_rank_of, medians_of, outlook, point
from tests.reading import said

MISSING = float("nan")

# all customers


def test_survival_is_staying_longer_than_a_tenure():
    curve = curve_of(point(1, 0.9), point(12, 0.6), point(24, 0.3, at_risk=29))
    found = say_survival(curve)
    assert said(found) == "60.0 % (55.0 to 65.0 %) of customers stay longer than 12 months."
    ends = pytest.approx((0.55, 0.65))
    assert (found.n, (found.low, found.high)) == (100, ends)
    assert said(say_survival(curve.head(1))).endswith("longer than 1 month.")
    assert said(say_survival(curve.tail(1))).startswith("Too few")


def test_the_median_or_why_there_is_none():
    curve = pd.DataFrame({"tenure": [0, 9], "at_risk": [40, 30]})
    found = say_median(medians_of(), curve)
    assert said(found) == "Half have left by the end of month of life 7 (6 to 9)."
    assert (found.low, found.high) == (6, 9)
    open_ended = say_median(medians_of(high=MISSING), curve)
    assert said(open_ended) == "Half have left by the end of month of life 7."
    assert "still there after 9 months" in said(say_median(medians_of(median=MISSING), curve))
    assert said(say_median(medians_of(), curve.assign(at_risk=29))).startswith("Too few")
    sure = say_median(medians_of(low=7.0, high=7.0), curve)
    assert said(sure).endswith("month of life 7.")


# segments

PLANS = curve_of(
    point(12, 0.6, segment="gold"),
    point(12, 0.4, segment="iron"),
    point(12, 0.1, 29, segment="tin"),
    by="plan",
)
BASE = base_of(("gold", 500, 90000.0), ("iron", 300, 6500.0), key="segment")


def by_plan(p_adjusted, curve=PLANS, base=BASE):
    return say_survival_by_segment(log_rank_of("plan", p_adjusted), curve, base)


def test_segments_differ_only_where_the_adjusted_test_says_so():
    found = by_plan(0.049)
    assert said(found) == (
        "How long customers stay differs by plan: after 12 months 60.0 % (55.0 to 65.0 %) of gold "
        "are still there, and "
        "40.0 % (35.0 to 45.0 %) of iron."
    )
    assert (found.verdict, found.place) == ("watch", "where")
    same = by_plan(0.05)
    assert said(same) == "Plan makes no clear difference to how long customers stay."
    few = by_plan(MISSING)
    assert said(few) == "Too few customers to compare the values of plan."
    for unclear in (same, few):
        assert (unclear.verdict, unclear.place) == ("no signal", "where")
        assert (unclear.actions, unclear.at_stake) == ((), None)


def test_what_is_at_stake_is_what_those_who_leave_soonest_pay_today():
    found = by_plan(0.049)
    assert (found.at_stake, found.n) == (6500.0, 300)


def test_the_value_whose_customers_leave_soonest_is_a_place_to_look():
    (action,) = by_plan(0.049).actions
    assert said(action.sentence) == (
        "Look into plan “iron” (300 customers, €6,500 of MRR): after 12 months 60.0 % (55.0 to "
        "65.0 %) of gold are still there, and 40.0 % (35.0 to 45.0 %) of iron."
    )
    assert (action.who, action.customers) == ("plan iron", 300)
    assert (action.money, action.verdict) == ("€6,500 of MRR", "watch")
    (one,) = by_plan(0.049, base=base_of(("iron", 1, 50.0), key="segment")).actions
    assert said(one.sentence).startswith(
        "Look into plan “iron” (1 customer, €50 of MRR): after 12 months 60.0 %"
    )


def test_a_value_that_nobody_has_today_weighs_nothing():
    found = by_plan(0.049, base=BASE.head(1))
    (action,) = found.actions
    assert said(action.sentence).startswith("Look into plan “iron”: after 12 months 60.0 %")
    assert (action.customers, action.money) == (None, "")
    assert (found.at_stake, found.n) == (None, None)


def test_without_two_values_of_enough_customers_no_value_is_named():
    found = by_plan(0.049, curve=PLANS.tail(2))
    assert said(found) == "How long customers stay differs by plan."
    assert (found.actions, found.at_stake) == ((), None)


# months of life


def test_months_that_stand_out_with_what_is_around_them():
    hazard = hazard_of((4, 0.03, 0.06, False), (5, 0.09, 0.03, True))
    base = base_of((4, 100, 5000.0))
    found = say_hazard(hazard, base)
    assert said(found) == (
        "Leaving is clearly more likely in month 5 (9.0 % leave, against 3.0 % around it)."
    )
    assert (found.verdict, found.place) == ("watch", "how")
    even = say_hazard(hazard.head(1), base)
    assert said(even).startswith("No month of life stands out")
    few = say_hazard(hazard.assign(at_risk=29, stands_out=False), base)
    assert said(few).startswith("Too few customers")
    none = say_hazard(hazard.head(0), base)
    assert said(none).startswith("Too few customers")
    for unclear in (even, few, none):
        assert (unclear.verdict, unclear.place, unclear.actions) == ("no signal", "how", ())


def test_where_to_act_in_the_life_of_a_customer():
    """Month of life 5 is that of those who have been customers for 4 months."""
    found = say_hazard(hazard_of((5, 0.09, 0.03, True)), base_of((4, 100, 5000.0), (5, 900, 9.0)))
    (action,) = found.actions
    assert said(action.sentence) == (
        "Speak to customers before their month of life 5 ends: 9.0 % leave in it, against 3.0 % "
        "in the months around. 100 "
        "customers with €5,000 of MRR are in it now: about 9 of them leave at the one rate, 3 at "
        "the other."
    )
    assert (action.who, action.customers) == ("customers in their month of life 5", 100)
    assert (action.money, action.verdict) == ("€5,000 of MRR", "watch")


def test_what_is_at_stake_is_the_mrr_that_leaves_beyond_the_usual():
    """6 % of 5,000 and 10 % of 200."""
    hazard = hazard_of((5, 0.09, 0.03, True), (13, 0.2, 0.1, True), (14, 0.9, 0.9, False))
    found = say_hazard(hazard, base_of((4, 100, 5000.0), (12, 2, 200.0), (13, 50, 7000.0)))
    assert found.at_stake == pytest.approx(320.0)


def test_a_month_in_which_nobody_is_now_has_nothing_at_stake():
    found = say_hazard(hazard_of((5, 0.09, 0.03, True)), base_of((9, 100, 5000.0)))
    assert (found.at_stake, found.actions, found.verdict) == (0, (), "watch")


@pytest.mark.parametrize(
    ("in_it_now", "told"),
    [
        (30, 1),
        (29, 0),  # too few to speak of a rate
    ],
)
def test_a_month_needs_enough_customers_to_act_on(in_it_now, told):
    found = say_hazard(hazard_of((5, 0.09, 0.03, True)), base_of((4, in_it_now, 500.0)))
    assert len(found.actions) == told


def test_a_month_that_brings_less_than_one_leaver_more_is_no_place_to_act():
    less = say_hazard(hazard_of((5, 0.04, 0.01, True)), base_of((4, 33, 500.0)))
    more = say_hazard(hazard_of((5, 0.04, 0.01, True)), base_of((4, 34, 500.0)))
    assert (len(less.actions), len(more.actions)) == (0, 1)


def test_at_most_two_months_are_told_the_heaviest_first():
    hazard = hazard_of((2, 0.05, 0.02, True), (5, 0.09, 0.03, True), (9, 0.2, 0.1, True))
    base = base_of((1, 100, 100.0), (4, 100, 100.0), (8, 100, 100.0))
    found = say_hazard(hazard, base)
    assert [action.who for action in found.actions] == [
        "customers in their month of life 9",
        "customers in their month of life 5",
    ]
    assert said(found).startswith("Leaving is clearly more likely in month 2 (")


# what staying means for staying on


def conditional(*rows):
    return say_conditional(pd.DataFrame(list(rows)))


def test_the_outlook_is_better_only_where_the_difference_leaves_0_out():
    better = conditional(outlook(0, 0.6), outlook(12, 0.68), outlook(24, 0.9, at_risk=29))
    assert said(better) == (
        "60.0 % (55.0 to 65.0 %) of new customers stay longer than 12 months; of those still "
        "there after 12 months, 68.0 % "
        "(63.0 to 73.0 %) stay 12 months more: a better outlook."
    )
    assert 0 < better.low < 0.08 < better.high, "the range of the difference"
    same = conditional(outlook(0, 0.6), outlook(12, 0.66))
    assert said(same).endswith("no clear difference.")
    worse = conditional(outlook(12, 0.6), outlook(24, 0.4))
    assert said(worse).endswith("a worse outlook.")
    verdicts = [found.verdict for found in (better, same, worse)]
    assert verdicts == ["watch", "no signal", "watch"]
    alone = conditional(outlook(0, 0.6))
    assert said(alone).endswith("stay longer than 12 months.")
    later = conditional(outlook(3, 0.6))
    assert said(later).startswith("Of those still there after 3 months")
    assert said(conditional(outlook(0, 0.6, at_risk=29))).startswith("Nobody")


# beyond the data


@pytest.fixture(scope="module")
def stays():
    left = [True, True, True, False]
    people = [369, 163, 86, 382]
    rows = {"entry": 0, "duration": [1, 2, 3, 3], "event_observed": left, "customers": people}
    return pd.DataFrame(rows)


def test_a_projection_says_how_far_and_that_a_mean_has_no_bound(stays):
    found = project(stays, horizon=9)
    assert re.fullmatch(
        r"Carried on .*, \d+\.\d % of .* longer than 12 months \(.* to .* %\)\.",
        said(say_projection(found)),
    )
    assert say_projection(found).low < say_projection(found).high
    unbound = said(say_mean_lifetime(found))
    assert unbound.startswith(found.reason)
    assert "no bound (alpha is 1 or less)" in unbound


def test_where_nothing_is_carried_on_the_reason_is_said(stays):
    none = project(stays.assign(customers=1), horizon=9)
    expected = f"The curve is not carried on beyond the data. {none.reason}"
    assert said(say_projection(none)) == expected
    assert said(say_mean_lifetime(none)) == none.reason != ""
