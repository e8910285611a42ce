"""What is said of a result: the number, its range, what it is compared with, and when nothing
may be said.
"""

import pandas as pd
import pytest

from churnlib.findings import cohorts, revenue
from churnlib.findings.wording import against, counted, listed, share_of, spell
from churnlib.statistics.intervals import wilson
from tests.reading import said

MONTHS = pd.to_datetime(["2025-10-01", "2026-09-01", "2026-10-01"])


def rated(rows, keys):
    """Rows of (*keys, numerator, denominator) as a frame with Wilson limits."""
    frame = pd.DataFrame(rows, columns=[*keys, "active", "size"])
    low, high = wilson(frame["active"], frame["size"])
    return frame.assign(rate=frame["active"] / frame["size"], low=low, high=high)


def churn_of(*pairs):
    """The last months of a churn table: (churned, opening) each, twelve months of them at least."""
    counts = [pairs[0]] * (13 - len(pairs)) + list(pairs)
    frame = pd.DataFrame(counts, columns=["churned_customers", "opening_customers"])
    low, high = wilson(frame["churned_customers"], frame["opening_customers"])
    rate = frame["churned_customers"] / frame["opening_customers"].where(
        frame["opening_customers"] > 0
    )
    starts = pd.date_range("2025-10-01", periods=13, freq="MS")
    return frame.assign(
        period_start=starts, churn_rate=rate, churn_rate_low=low, churn_rate_high=high
    )


# words


def test_words_count_in_singular_and_plural():
    assert (counted(1, "customer"), counted(2345, "customer")) == ("1 customer", "2,345 customers")
    assert (spell(1.0, "month"), spell(12, "month")) == ("1 month", "12 months")
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")
    assert said(share_of(0.0345, 0.0312, 0.0401)) == "3.5 % (3.1 to 4.0 %)"


def test_a_change_is_clear_only_where_the_range_of_the_difference_leaves_0_out():
    """Newcombe's example 56/70 against 48/80: 0.0524 to 0.3339; 56/70 against 52/70 is not
    clear.
    """
    assert said(against((56, 70), (48, 80), "May")) == "clearly above May (60.0 %, +20.0 points)"
    assert said(against((48, 80), (56, 70), "May")) == "clearly below May (80.0 %, -20.0 points)"
    assert said(against((56, 70), (52, 70), "May")) == "no clear change on May (74.3 %)"
    assert said(against((56, 70), (29, 29), "May")) == "May had too few customers to compare"


# revenue


def bridge_row(opening, new=0, expansion=0, churn=0):
    steps = {
        "new": new,
        "reactivation": 0,
        "expansion": expansion,
        "contraction": 0,
        "churn": churn,
    }
    closing = opening + sum(steps.values())
    gross = -churn / opening if opening else float("nan")
    rates = {
        "gross_churn_rate": gross,
        "net_churn_rate": gross - (expansion / opening if opening else 0),
    }
    return pd.DataFrame(
        [{"period_start": MONTHS[2], "opening": opening, **steps, "closing": closing, **rates}]
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            bridge_row(1000.0, 60.0, 0, -10.0),
            "MRR rose by €50 (+5.0 %) to €1,050 in October 2026: +€60 new customers and -€10 "
            "churn.",
        ),
        (
            bridge_row(1000.0, 0, 0, -10.0),
            "MRR fell by €10 (-1.0 %) to €990 in October 2026: -€10 churn.",
        ),
        (
            bridge_row(1000.0, 10.0, 0, -10.0),
            "MRR stayed at €1,000 in October 2026: +€10 new customers and -€10 churn.",
        ),
        (bridge_row(0.0, 60.0), "MRR rose by €60 to €60 in October 2026: +€60 new customers."),
        (bridge_row(1000.0), "MRR stood still at €1,000 in October 2026."),
    ],
)
def test_the_bridge_says_how_far_and_through_what(row, expected):
    assert said(revenue.bridge(row, currency="EUR", grain="month")) == expected


def test_the_last_bit_of_a_float_is_no_change():
    row = bridge_row(1000.0, 0.1, 0.2, -0.3)
    assert "MRR stayed at €1,000" in said(revenue.bridge(row, currency="EUR", grain="month"))


def test_what_a_year_gained_for_each_unit_lost():
    row = bridge_row(1000.0, 60.0, 15.0, -50.0)
    year = said(revenue.movements(pd.concat([row] * 14), currency="EUR", grain="month"))
    assert (
        year
        == "Over the last 12 months, €900 of MRR was gained and €600 lost: €1.50 gained for each €1 lost."
    )
    one = said(revenue.movements(bridge_row(1000.0, 60.0), currency="EUR", grain="month"))
    assert one == "Over the last month, €60 of MRR was gained and none was lost."


def test_churn_with_its_range_against_the_month_and_the_year_before():
    sentence = said(revenue.churn(churn_of((20, 1000), (48, 1000), (50, 1000)), grain="month"))
    assert sentence == (
        "50 customers of 1,000 left in October 2026, 5.0 % (3.8 to 6.5 %): no clear change on "
        "September 2026 (4.8 %); "
        "clearly above October 2025 (2.0 %, +3.0 points)."
    )


def test_churn_of_too_few_is_no_rate_and_too_few_before_are_not_compared():
    sentence = said(revenue.churn(churn_of((0, 20), (1, 29)), grain="month"))
    assert sentence == "1 customer of 29 left in October 2026: too few for a rate."
    sentence = said(revenue.churn(churn_of((0, 20), (1, 29), (3, 30)), grain="month"))
    assert sentence == "3 customers of 30 left in October 2026, 10.0 % (3.5 to 25.6 %)."


def test_money_churn_net_of_expansion():
    told = [
        said(revenue.money_churn(bridge_row(1000.0, 0, more, -30.0), grain="month")).split("; ")
        for more in (10.0, 50.0)
    ]
    assert told[0] == [
        "3.0 % of opening MRR was lost in October 2026",
        "after expansion the net loss is 2.0 %.",
    ]
    assert told[1][1] == "expansion of those who stayed outweighed it, by 2.0 % of opening MRR."
    assert (
        revenue.money_churn(bridge_row(0.0, 5.0), grain="month")
        == "There was no MRR at opening to lose."
    )


def test_twelve_month_retention_needs_a_year_and_enough_customers():
    row = pd.DataFrame([{"opening": 1000.0, "nrr": 0.94, "grr": 0.76, "n": 40}])
    assert said(revenue.retention(row, currency="EUR")) == (
        "Of the €1,000 of MRR of 40 customers a year ago, 76.0 % is still paid (GRR); with the "
        "expansion of the same "
        "customers it is 94.0 % (NRR)."
    )
    assert revenue.retention(row.assign(n=1), currency="EUR").startswith(
        "1 customer a year ago: too few"
    )
    assert "do not reach back twelve months" in revenue.retention(row.head(0), currency="EUR")
    assert revenue.retention(row.assign(opening=0.0, n=0), currency="EUR").startswith(
        "Nobody was a customer a year ago"
    )


def test_revenue_per_account_now_and_a_year_ago():
    figures = pd.DataFrame({"arpa": [50.0] + [55.0] * 12})
    now = "The average customer pays €55.00 a month"
    assert (
        said(revenue.unit_figures(figures, currency="EUR", grain="month"))
        == f"{now}, +10.0 % on a year ago (€50.00)."
    )
    assert said(revenue.unit_figures(figures.tail(12), currency="EUR", grain="month")) == f"{now}."
    assert "Nobody" in revenue.unit_figures(
        pd.DataFrame({"arpa": [float("nan")]}), currency="EUR", grain="month"
    )


def test_whether_the_bridge_ties():
    assert revenue.identity(
        pd.DataFrame({"difference": []}), periods=3, columns=["channel", "plan"]
    ) == (
        "The bridge ties: opening plus movements equals closing to the cent in all 3 periods, in "
        "total and for channel and "
        "plan."
    )
    off = pd.DataFrame({"difference": [0.01, -2.5]})
    assert (
        revenue.identity(off, periods=3, columns=[])
        == "The bridge does not tie in 2 rows; the worst is off by -2.50."
    )
    assert "in 1 row;" in revenue.identity(off.head(1), periods=3, columns=[])


def test_who_came_back_of_those_observed_that_long():
    row = pd.DataFrame(
        [
            {
                "window_days": 90,
                "left": 100,
                "returned": 10,
                "share": 0.1,
                "low": 0.055,
                "high": 0.174,
            }
        ]
    )
    assert said(revenue.returns(row)) == (
        "10.0 % (5.5 to 17.4 %) of the 100 who left more than 90 days ago came back within 90 days."
    )
    assert revenue.returns(row.assign(left=29)).startswith(
        "Too few customers left more than 90 days ago"
    )


# cohorts


def test_retention_at_the_greatest_telling_age_with_enough_customers():
    pooled = rated([(0, 100, 100), (1, 90, 100), (6, 50, 60), (12, 20, 29)], ["age"])
    sentence = said(cohorts.retention(pooled, grain="month"))
    assert (
        sentence
        == "83.3 % (72.0 to 90.7 %) are customers 6 months after the month they began in, of the 60 observed that long."
    )
    assert "are customers 1 month after" in said(cohorts.retention(pooled.head(2), grain="month"))
    assert "bought 1 quarter after the quarter" in said(
        cohorts.retention(pooled.head(2), grain="quarter", verb="bought")
    )
    assert cohorts.retention(pooled.head(1), grain="month").startswith(
        "No cohort with enough customers"
    )


def test_revenue_of_cohorts_against_what_they_began_with():
    table = pd.DataFrame(
        {
            "age": [0, 1, 1],
            "size": [40, 40, 5],
            "opening_amount": [100.0, 100.0, 50.0],
            "amount": [100, 90, None],
        }
    )
    assert said(cohorts.revenue(table, grain="month")) == (
        "1 month after the month they began in, cohorts bring 90.0 % of what they brought in it."
    )
    assert cohorts.revenue(table.assign(size=10), grain="month").startswith(
        "No cohort with enough customers"
    )


def newest_of(new, old):
    sides = {
        f"{name}_{k}": v
        for name, (x, n) in (("newest", new), ("earlier", old))
        for k, v in (("active", x), ("size", n))
    }
    rates = {"newest_rate": new[0] / new[1], "earlier_rate": old[0] / old[1]}
    return pd.DataFrame([{"age": 2, **sides, **rates}])


def test_new_cohorts_against_earlier_ones_with_the_numbers_of_customers():
    worse = said(cohorts.newest(newest_of((48, 80), (560, 700)), grain="month"))
    assert worse == (
        "Retention of the newest cohorts is below that of earlier ones: 60.0 % of 80 customers "
        "after 2 months, against "
        "80.0 % of 700 (-20.0 points)."
    )
    same = said(cohorts.newest(newest_of((62, 80), (560, 700)), grain="month"))
    assert same.startswith(
        "No clear difference between the newest cohorts and earlier ones: 77.5 % of 80 customers"
    )
    assert cohorts.newest(newest_of((20, 29), (560, 700)), grain="month").endswith(
        "too small to compare with earlier ones."
    )


def test_the_extremes_of_a_column_were_picked_and_must_differ_by_more_than_one_pair_would():
    """20 of 40 against 30 of 40 would be clear as one pair; as the extremes of six values it is
    not.
    """
    pair = [("ads", 12, 20, 40), ("fairs", 12, 30, 40)]
    six = [*pair, *((name, 12, 25, 40) for name in "wxyz"), ("tiny", 12, 1, 29)]
    told = [
        said(cohorts.by_value(rated(rows, ["cohort", "age"]), column="first_plan", grain="month"))
        for rows in (pair, six)
    ]
    assert (
        told[0]
        == "By first plan, retention after 12 months runs from 50.0 % of ads to 75.0 % of fairs."
    )
    assert (
        told[1]
        == "By first plan, retention after 12 months runs from 50.0 % of ads to 75.0 % of fairs: no clear difference."
    )
    few = rated([("ads", 12, 20, 29), ("fairs", 12, 30, 40)], ["cohort", "age"])
    assert (
        cohorts.by_value(few, column="first_plan", grain="month")
        == "Too few customers to compare the values of first plan."
    )
