"""What is said of a shop's sales, of who bought and of repeat purchases."""

import pytest

from churnlib.findings.sales import (
    say_buyers,
    say_repeat_purchases,
    say_revenue_per_purchase,
    say_sales,
)
from tests.by_hand import repeat_cohorts, repeat_of, sale, sales_of
from tests.reading import said


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (
            sale(120.0, 30.0),
            "Revenue was €120 in October 2026, 75.0 % of it from returning customers: +20.0 % on "
            "September 2026.",
        ),
        (
            sale(80.0),
            "Revenue was €80 in October 2026, all of it from returning customers: -20.0 % on "
            "September 2026.",
        ),
        (
            sale(120.0, 120.0),
            "Revenue was €120 in October 2026, none of it from returning customers: +20.0 % on "
            "September 2026.",
        ),
        (sale(100.0, -5.0), "Revenue was €100 in October 2026: 0.0 % on September 2026."),
    ],
)
def test_revenue_and_from_whom_where_a_share_makes_sense(last, expected):
    assert said(say_sales(sales_of(sale(100.0), last))) == expected


def test_revenue_is_not_compared_with_none():
    frame = sales_of(sale(0.0), sale(100.0, -5.0))
    assert said(say_sales(frame)) == "Revenue was €100 in October 2026."
    returned = sales_of(sale(-20.0), sale(100.0, -5.0))
    assert said(say_sales(returned)) == "Revenue was €100 in October 2026."
    less = sales_of(sale(100.0), sale(-20.0))
    assert said(say_sales(less)) == "Revenue was -€20 in October 2026."


def test_revenue_is_held_against_the_period_and_the_year_before():
    months = sales_of(*[sale(50.0)] * 11, sale(80.0), sale(100.0))
    assert said(say_sales(months)).endswith(
        ": +25.0 % on September 2026, +100.0 % on October 2025."
    )
    quarters = sales_of(*[sale(50.0)] * 3, sale(80.0), sale(100.0), grain="quarter")
    assert said(say_sales(quarters)).endswith(
        ": +25.0 % on third quarter of 2026, +100.0 % on fourth quarter of 2025."
    )


@pytest.mark.parametrize(
    ("customers", "new", "expected"),
    [
        (120, 20, "120 customers bought in October 2026, 20 of them for the first time."),
        (120, 0, "120 customers bought in October 2026, none of them for the first time."),
        (120, 120, "120 customers bought in October 2026, all of them for the first time."),
        (1, 0, "1 customer bought in October 2026, not for the first time."),
        (1, 1, "1 customer bought in October 2026, for the first time."),
        (0, 0, "Nobody bought in October 2026."),
    ],
)
def test_how_many_bought(customers, new, expected):
    frame = sales_of(sale(100.0, customers=customers, new_customers=new))
    found = say_buyers(frame)
    assert (said(found), found.n) == (expected, customers)


def test_averages_of_purchases_need_enough_customers():
    frame = sales_of(sale(100.0, customers=30))
    assert said(say_revenue_per_purchase(frame)) == (
        "Who bought in October 2026 did so 1.25 times on average; revenue, returns deducted, was "
        "€38.87 a purchase."
    )
    few = say_revenue_per_purchase(frame.assign(customers=1))
    assert said(few) == "1 customer bought in October 2026: too few for averages."


def test_where_sales_stand_in_the_story():
    frame = sales_of(sale(100.0), sale(120.0))
    places = [say(frame).place for say in (say_sales, say_buyers, say_revenue_per_purchase)]
    assert places == ["result", "", ""]
    assert {say(frame).verdict for say in (say_sales, say_buyers)} == {"no signal"}


def test_that_nobody_bought_is_said_once_on_the_first_page():
    frame = sales_of(sale(100.0), sale(0.0, customers=0, new_customers=0))
    silent = say_revenue_per_purchase(frame)
    assert said(silent).startswith("Nobody bought in October 2026, so")
    assert (say_buyers(frame).place, silent.place) == ("", "")


# repeat purchases

COHORTS = repeat_cohorts(("2026-06", 0.4, 40, 40))


def test_repeat_purchases_within_windows_observed_for_enough():
    """12 of the 40 observed for a year bought again within 90 days, 14 within the year: whoever
    was observed for 90 days alone is in neither share.
    """
    rates = repeat_of((90, 0.3, 100), (365, 0.35, 40), ("ever", 0.5, 100))
    found = say_repeat_purchases(rates, COHORTS)
    assert said(found) == (
        "Of the 40 customers observed for 365 days after their first purchase, 30.0 % (18.1 to "
        "45.4 %) bought again within 90 days and 35.0 % (22.1 to 50.5 %) within 365 days."
    )
    assert (found.place, found.n) == ("", 40)
    assert (found.low, found.high) == pytest.approx((0.181, 0.454), abs=5e-4)
    alone = say_repeat_purchases(repeat_of((90, 0.3, 100)), COHORTS)
    assert said(alone).startswith("Of the 100 customers observed for 90 days after their first")
    ever = say_repeat_purchases(rates.tail(1), COHORTS)
    assert "not been observed for enough" in said(ever)


def test_windows_seen_for_too_few_are_no_rate():
    found = say_repeat_purchases(repeat_of((90, 0.3, 29), ("ever", 0.5, 100)), COHORTS)
    assert "not been observed for enough" in said(found)
    assert (found.n, found.low, found.high) == (None, None, None)


def test_other_windows_than_the_report_shows_are_told_without_its_key_figure():
    found = say_repeat_purchases(repeat_of((30, 0.3, 100), ("ever", 0.5, 100)), COHORTS)
    assert said(found).endswith("bought again within 30 days.")
    assert (found.key_figures, found.n) == ((), 100)
