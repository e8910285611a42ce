"""What is said of the waits between purchases, and who may still be won."""

import pandas as pd
import pytest

from churnlib.findings.repurchase import (
    say_mean_wait,
    say_second_purchase,
    say_waits,
    say_waits_by_segment,
)
from tests.by_hand import curve_of, log_rank_of, point, repeat_of, waits_of
from tests.reading import said, told_of

CURVE = curve_of(point(30, 0.7), point(60, 0.5), point(90, 0.4, at_risk=29))


def test_waits_by_when_half_have_bought_or_how_many_have():
    half = say_waits(CURVE)
    assert said(half) == (
        "Half of purchases are followed by another within 60 days (60 to 90), the open waits "
        "counted as open."
    )
    assert (half.low, half.high) == (60, 90)
    unreached = say_waits(CURVE.head(2))
    assert "within 60 days (60 or later)" in said(unreached)
    part = say_waits(CURVE.head(1))
    assert said(part) == (
        "Within 30 days, 30.0 % (25.0 to 35.0 %) of purchases are followed by another."
    )
    assert (part.n, part.low, part.high) == (100, pytest.approx(0.25), pytest.approx(0.35))
    assert said(say_waits(CURVE.tail(1))).startswith("Too few")


# the second purchase

# 40 and 20 bought within the last 90 days and not again yet.
WAITS = waits_of((30, True, 500), (10, False, 40), (89, False, 20), (90, False, 600))
RATES = repeat_of((90, 0.5, 960), ("ever", 0.5, 1080))


def second(waits=WAITS, rates=RATES):
    return say_second_purchase(CURVE, waits, rates)


def test_the_second_purchase_is_told_as_waits_are():
    found = second()
    assert said(found) == (
        "Half of first purchases are followed by another within 60 days (60 to 90), "
        "the open waits counted as open."
    )
    assert (found.place, found.verdict) == ("how", "no signal")


def test_where_a_shop_can_act():
    (action,) = second().actions
    assert said(action.sentence) == (
        "Win the second purchase: 60 customers bought first within the last 90 days and not again "
        "yet; of the customers before "
        "them 50.0 % bought again within 90 days."
    )
    assert (action.who, action.customers) == ("first-time buyers of the last 90 days", 60)
    assert (action.money, action.verdict) == ("", "watch")


@pytest.mark.parametrize(
    ("waits", "rates", "told"),
    [
        (waits_of((10, False, 30)), repeat_of((90, 0.5, 30)), 1),
        (waits_of((10, False, 29)), repeat_of((90, 0.5, 30)), 0),  # too few to win
        (waits_of((10, False, 30)), repeat_of((90, 0.5, 29)), 0),  # too few to go by
        (waits_of((10, True, 30)), repeat_of((90, 0.5, 30)), 0),  # all have bought again
        (waits_of((90, False, 30)), repeat_of((90, 0.5, 30)), 0),  # all have waited longer
        (waits_of((10, False, 30)), repeat_of((30, 0.5, 30)), 0),  # of no such window
    ],
)
def test_who_is_within_reach_must_be_enough_and_known_to_buy_again(waits, rates, told):
    assert len(second(waits, rates).actions) == told


# the average wait


def mean_of(**values):
    row = {"horizon": 90, "mean": 59.52, "low": 59.26, "high": 59.79, **values}
    return told_of(pd.DataFrame([row]))


def test_the_mean_wait_says_how_long_waits_count():
    found = say_mean_wait(mean_of())
    assert said(found) == (
        "With waits of more than 90 days counted as 90, the average wait for the next purchase is "
        "59.5 days (59.3 to 59.8)."
    )
    assert (found.low, found.high) == (59.26, 59.79)
    unknown = say_mean_wait(mean_of(mean=float("nan")))
    assert said(unknown).startswith("The average wait cannot be told")
    never = say_mean_wait(mean_of(mean=90.0))
    assert said(never) == "No purchase has been followed by another within 90 days."


# segments

CATEGORIES = curve_of(
    point(90, 0.6, segment="cds"), point(90, 0.4, segment="books"), by="first_category"
)


def by_category(p_adjusted, curve=CATEGORIES):
    return say_waits_by_segment(log_rank_of("first_category", p_adjusted), curve)


def test_who_buys_again_sooner():
    found = by_category(0.01)
    assert said(found) == (
        "How soon customers buy again differs by first category: within 90 days 60.0 % (55.0 to "
        "65.0 %) of books did, and 40.0 % "
        "(35.0 to 45.0 %) of cds."
    )
    same = by_category(0.06)
    assert said(same) == "First category makes no clear difference to how soon customers buy again."
    few = by_category(float("nan"))
    assert said(few).startswith("Too few")
    alone = by_category(0.01, CATEGORIES.head(1))
    assert said(alone) == "How soon customers buy again differs by first category."
    told = [(one.verdict, one.place) for one in (found, same, few)]
    assert told == [("watch", ""), ("no signal", ""), ("no signal", "")]


def test_extremes_of_many_values_are_named_only_where_they_are_apart_after_all_pairs():
    """20 points between two values of 5 to either side are clear; between the ends of twelve whose
    ranges reach 9 points, they are not.
    """
    twelve = [point(90, 0.4 + 0.2 * n / 11, segment=f"c{n:02}") for n in range(12)]
    near = curve_of(*twelve, by="first_category").assign(
        low=lambda rows: rows["estimate"] - 0.09, high=lambda rows: rows["estimate"] + 0.09
    )
    assert (
        said(by_category(0.01, near)) == "How soon customers buy again differs by first category."
    )
    two = near[near["segment"].isin(["c00", "c11"])]
    assert "within 90 days" in said(by_category(0.01, two))
