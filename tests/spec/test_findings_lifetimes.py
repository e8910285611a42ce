"""What is said of lifetimes, of sales and of value: the number, its range, and when nothing may
be said.
"""

import re

import pandas as pd
import pytest

from churnlib.findings import sales, survival
from churnlib.models.retention.projection import project
from tests.reading import said

OCTOBER = pd.Timestamp("2026-10-01")

# survival


def curve_of(tenure, estimate, at_risk=100, **labels):
    one = {
        "tenure": tenure,
        "estimate": estimate,
        "low": estimate - 0.05,
        "high": estimate + 0.05,
        "at_risk": at_risk,
    }
    return {**one, **labels}


def test_survival_is_staying_longer_than_a_tenure():
    curve = pd.DataFrame([curve_of(1, 0.9), curve_of(12, 0.6), curve_of(24, 0.3, at_risk=29)])
    assert (
        said(survival.curve(curve))
        == "60.0 % (55.0 to 65.0 %) of customers stay longer than 12 months."
    )
    assert said(survival.curve(curve.head(1))).endswith("longer than 1 month.")
    assert survival.curve(curve.tail(1)).startswith("Too few")


def test_the_median_or_why_there_is_none():
    curve = pd.DataFrame({"tenure": [0, 9], "at_risk": [40, 30]})
    medians = pd.DataFrame([{"median": 7.0, "low": 6.0, "high": 9.0}])
    assert (
        survival.median(medians, curve) == "Half have left by the end of month of life 7 (6 to 9)."
    )
    assert (
        survival.median(medians.assign(high=float("nan")), curve)
        == "Half have left by the end of month of life 7."
    )
    assert "still there after 9 months" in survival.median(
        medians.assign(median=float("nan")), curve
    )
    assert survival.median(medians, curve.assign(at_risk=29)).startswith("Too few")
    assert survival.median(medians.assign(low=7.0, high=7.0), curve).endswith("month of life 7.")


def test_segments_differ_only_where_the_adjusted_test_says_so():
    curve = pd.DataFrame(
        [
            curve_of(12, 0.6, plan="gold"),
            curve_of(12, 0.4, plan="iron"),
            curve_of(12, 0.1, 29, plan="tin"),
        ]
    )
    tests = pd.DataFrame([{"column": "plan", "p_adjusted": p} for p in (0.049,)])
    assert said(survival.segments(tests, "plan", curve)) == (
        "How long customers stay differs by plan: after 12 months 60.0 % (55.0 to 65.0 %) of gold "
        "are still there, and "
        "40.0 % (35.0 to 45.0 %) of iron."
    )
    assert "no clear difference" in survival.segments(tests.assign(p_adjusted=0.05), "plan", curve)
    assert survival.segments(tests.assign(p_adjusted=float("nan")), "plan", curve).startswith(
        "Too few"
    )
    assert survival.worst(curve, "plan") == "iron"
    assert survival.worst(curve.tail(2), "plan") is None


def test_months_that_stand_out_with_what_is_around_them():
    hazard = pd.DataFrame(
        {
            "tenure": [4, 5],
            "estimate": [0.03, 0.09],
            "around": [0.06, 0.03],
            "stands_out": [False, True],
            "at_risk": 30,
        }
    )
    assert (
        said(survival.hazard(hazard))
        == "Leaving is clearly more likely in month 5 (9.0 % leave, against 3.0 % around it)."
    )
    assert survival.hazard(hazard.head(1)).startswith("No month of life stands out")
    assert survival.hazard(hazard.assign(at_risk=29, stands_out=False)).startswith(
        "Too few customers"
    )
    assert survival.hazard(hazard.head(0)).startswith("Too few customers")


def outlook_of(stayed, estimate, width=0.05, at_risk=100):
    ranges = {"low": estimate - width, "high": estimate + width}
    return {"stayed": stayed, "further": 12, "estimate": estimate, **ranges, "at_risk": at_risk}


def test_the_outlook_is_better_only_where_the_difference_leaves_0_out():
    better = said(
        survival.conditional(
            pd.DataFrame(
                [outlook_of(0, 0.6), outlook_of(12, 0.68), outlook_of(24, 0.9, at_risk=29)]
            )
        )
    )
    assert better == (
        "60.0 % (55.0 to 65.0 %) of new customers stay longer than 12 months; of those still "
        "there after 12 months, 68.0 % "
        "(63.0 to 73.0 %) stay 12 months more: a better outlook."
    )
    same = survival.conditional(pd.DataFrame([outlook_of(0, 0.6), outlook_of(12, 0.66)]))
    assert same.endswith("no clear difference.")
    assert survival.conditional(pd.DataFrame([outlook_of(12, 0.6), outlook_of(24, 0.4)])).endswith(
        "a worse outlook."
    )
    assert said(survival.conditional(pd.DataFrame([outlook_of(0, 0.6)]))).endswith(
        "stay longer than 12 months."
    )
    assert survival.conditional(pd.DataFrame([outlook_of(3, 0.6)])).startswith(
        "Of those still there after 3 months"
    )
    assert survival.conditional(pd.DataFrame([outlook_of(0, 0.6, at_risk=29)])).startswith("Nobody")


def test_a_projection_says_how_far_and_that_a_mean_has_no_bound():
    rows = pd.DataFrame(
        {
            "entry": 0,
            "duration": [1, 2, 3, 3],
            "event_observed": [True] * 3 + [False],
            "customers": [369, 163, 86, 382],
        }
    )
    found = project(rows, horizon=9)
    assert re.fullmatch(
        r"Carried on .*, \d+\.\d % of .* longer than 12 months \(.* to .* %\)\.",
        said(survival.projection(found)),
    )
    assert "no bound" in survival.mean_lifetime(found)
    none = project(rows.assign(customers=1), horizon=9)
    assert survival.projection(none).startswith("The curve is not carried on beyond the data.")


def test_where_to_act_in_the_life_of_a_customer():
    months = pd.DataFrame(
        [{"tenure": 5, "estimate": 0.09, "around": 0.03, "customers": 100, "mrr": 5000.0}]
    )
    assert said(survival.risky_month(next(months.itertuples()), currency="EUR")) == (
        "Speak to customers before their month of life 5 ends: 9.0 % leave in it, against 3.0 % "
        "in the months around. 100 "
        "customers with €5,000 of MRR are in it now: about 9 of them leave at the one rate, 3 at "
        "the other."
    )
    curve = pd.DataFrame([curve_of(12, 0.6, plan="gold"), curve_of(12, 0.4, plan="iron")])
    here = pd.DataFrame([{"customers": 1, "mrr": 50.0}])
    sentence = said(survival.weak_segment(here, "plan", "iron", curve, currency="EUR"))
    assert sentence.startswith(
        "Look into plan “iron” (1 customer, €50 of MRR): after 12 months 60.0 %"
    )


# sales


def sold(revenue, new=0.0, customers=100, new_customers=20):
    money = {"revenue": revenue, "revenue_new": new, "revenue_returning": revenue - new}
    return {
        "period_start": OCTOBER,
        **money,
        "customers": customers,
        "new_customers": new_customers,
    }


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        (
            sold(120.0, 30.0),
            "Revenue was €120 in October 2026, 75.0 % of it from returning customers: +20.0 % on "
            "October 2026.",
        ),
        (
            sold(80.0),
            "Revenue was €80 in October 2026, all of it from returning customers: -20.0 % on "
            "October 2026.",
        ),
        (
            sold(120.0, 120.0),
            "Revenue was €120 in October 2026, none of it from returning customers: +20.0 % on "
            "October 2026.",
        ),
        (sold(100.0, -5.0), "Revenue was €100 in October 2026: 0.0 % on October 2026."),
    ],
)
def test_revenue_and_from_whom_where_a_share_makes_sense(last, expected):
    assert (
        said(sales.revenue(pd.DataFrame([sold(100.0), last]), currency="EUR", grain="month"))
        == expected
    )


def test_revenue_is_not_compared_with_none():
    frame = pd.DataFrame([sold(0.0), sold(100.0, -5.0)])
    assert (
        said(sales.revenue(frame, currency="EUR", grain="month"))
        == "Revenue was €100 in October 2026."
    )


@pytest.mark.parametrize(
    ("customers", "new", "expected"),
    [
        (120, 20, "120 customers bought in October 2026, 20 of them for the first time."),
        (1, 0, "1 customer bought in October 2026, not for the first time."),
        (0, 0, "Nobody bought in October 2026."),
    ],
)
def test_how_many_bought(customers, new, expected):
    frame = pd.DataFrame([sold(100.0, customers=customers, new_customers=new)])
    assert sales.customers(frame, grain="month") == expected


def test_averages_of_purchases_need_enough_customers():
    frame = pd.DataFrame(
        [{**sold(100.0, customers=30), "purchase_frequency": 1.25, "average_order_value": 38.871}]
    )
    assert said(sales.orders(frame, currency="EUR", grain="month")) == (
        "Who bought in October 2026 did so 1.25 times on average; revenue, returns deducted, was "
        "€38.87 a purchase."
    )
    assert sales.orders(frame.assign(customers=1), currency="EUR", grain="month") == (
        "1 customer bought in October 2026: too few for averages."
    )


def test_repeat_purchases_within_windows_observed_for_enough():
    ranges = {"low": 0.2, "high": 0.4}
    rows = [(90, 0.3, 100), (365, 0.35, 40), ("ever", 0.5, 100)]
    rates = pd.DataFrame(
        [{"window_days": w, "rate": r, "denominator": n, **ranges} for w, r, n in rows]
    )
    first = "Of the customers observed that long, 30.0 % (20.0 to 40.0 %) bought again within 90 days of their first purchase"
    assert said(sales.repeat(rates)) == f"{first} and 35.0 % (20.0 to 40.0 %) within 365 days."
    rates.loc[1, "denominator"] = 29
    assert said(sales.repeat(rates)) == f"{first}."
    assert "not been observed for enough" in sales.repeat(rates.tail(1))


def test_waits_by_when_half_have_bought_or_how_many_have():
    curve = pd.DataFrame([curve_of(30, 0.7), curve_of(60, 0.5), curve_of(90, 0.4, at_risk=29)])
    assert sales.waiting(curve, what="purchases") == (
        "Half of purchases are followed by another within 60 days, the open waits counted as open."
    )
    assert said(sales.waiting(curve.head(1), what="purchases")) == (
        "Within 30 days, 30.0 % (25.0 to 35.0 %) of purchases are followed by another."
    )
    assert sales.waiting(curve.tail(1), what="purchases").startswith("Too few")


def test_the_mean_wait_says_how_long_waits_count():
    mean = pd.DataFrame([{"horizon": 90, "mean": 59.52, "low": 59.26, "high": 59.79}])
    assert sales.mean_wait(mean) == (
        "With waits of more than 90 days counted as 90, the average wait for the next purchase is "
        "59.5 days (59.3 to 59.8)."
    )
    assert sales.mean_wait(mean.assign(mean=float("nan"))).startswith(
        "The average wait cannot be told"
    )


def test_who_buys_again_sooner():
    curve = pd.DataFrame([curve_of(90, 0.6, category="cds"), curve_of(90, 0.4, category="books")])
    tests = pd.DataFrame([{"column": "category", "p_adjusted": 0.01}])
    assert said(sales.segments(tests, "category", curve)) == (
        "How soon customers buy again differs by category: within 90 days 60.0 % (55.0 to 65.0 %) "
        "of books did, and 40.0 % "
        "(35.0 to 45.0 %) of cds."
    )
    assert "no clear difference" in sales.segments(tests.assign(p_adjusted=0.06), "category", curve)
    assert sales.segments(tests.assign(p_adjusted=float("nan")), "category", curve).startswith(
        "Too few"
    )


def test_where_a_shop_can_act():
    assert said(sales.within_reach(1, 0.292, days=90)) == (
        "Win the second purchase: 1 customer bought first within the last 90 days and not again "
        "yet; of the customers before "
        "them 29.2 % bought again within 90 days."
    )
    assert said(sales.slipping(1166, 265566.2, repeats=3, currency="EUR")).startswith(
        "Win back: 1,166 customers with 3 or more repeat purchases, which brought €265,566, have "
        "more likely stopped than not"
    )
