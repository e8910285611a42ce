"""What is said of recurring revenue, of churn and of twelve-month retention."""

import pandas as pd
import pytest

from churnlib.findings.revenue import (
    say_churn,
    say_churn_of_mrr,
    say_identity,
    say_movements,
    say_mrr_bridge,
    say_mrr_course,
    say_retention_12m,
    say_returns,
    say_unit_figures,
)
from tests.by_hand import bridge_of, bridge_row, churn_of, kept_of, paid_of, returned_of
from tests.reading import said, told_of

# the bridge


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
    assert said(say_mrr_bridge(bridge_of(row))) == expected


def test_the_last_bit_of_a_float_is_no_change():
    found = say_mrr_bridge(bridge_of(bridge_row(1000.0, 0.1, 0.2, -0.3)))
    assert "MRR stayed at €1,000" in said(found)
    assert found.at_stake == 0


def test_the_bridge_opens_the_story_with_the_mrr_that_came_or_went():
    row = {**bridge_row(1000.0, 0, 0, -50.0), "n_closing": 33}
    found = say_mrr_bridge(bridge_of(row))
    assert (found.place, found.at_stake, found.n) == ("result", 50.0, 33)
    assert found.verdict == "no signal", "an amount is a fact and no sample"
    assert [figure.label for figure in found.key_figures] == ["MRR"]


def test_nobody_ever_paid():
    found = say_mrr_bridge(bridge_of(bridge_row(0.0)).head(0))
    assert said(found) == "Nobody had a paid subscription by the end of the period."
    assert (found.key_figures, found.actions, found.place) == ((), (), "result")


def test_amounts_are_told_in_the_currency_and_grain_of_the_frame():
    bridge = bridge_of(bridge_row(1000.0, 60.0), grain="quarter")
    bridge.attrs["currency"] = "USD"
    assert said(say_mrr_bridge(bridge)) == (
        "MRR rose by US$60 (+6.0 %) to US$1,060 in fourth quarter of 2026: +US$60 new customers."
    )


def test_movements_lead_from_opening_to_closing():
    bridge = bridge_of(bridge_row(1000.0), bridge_row(1000.0, 60.5, 0, -10.0))
    steps = told_of(pd.DataFrame({"movement": ["new", "churn"], "customers": [3, 1]}))
    found = say_movements(steps, bridge)
    assert said(found) == "From opening MRR €1,000.00 to closing MRR €1,050.50, October 2026."
    assert found.n == 4


def test_what_a_year_gained_for_each_unit_lost():
    months = [bridge_row(1000.0, 60.0, 15.0, -50.0)] * 14
    assert said(say_mrr_course(bridge_of(*months))) == (
        "Over the last 12 months, €900 of MRR was gained and €600 lost: "
        "€1.50 gained for each €1 lost."
    )
    assert said(say_mrr_course(bridge_of(bridge_row(1000.0, 60.0)))) == (
        "Over the last month, €60 of MRR was gained and none was lost."
    )
    assert said(say_mrr_course(bridge_of(bridge_row(1000.0, 0, 0, -60.0)))) == (
        "Over the last month, €60 of MRR was lost and none was gained."
    )
    assert said(say_mrr_course(bridge_of(bridge_row(1000.0)))) == (
        "Over the last month, no MRR was gained or lost."
    )


def test_a_year_of_quarters_are_four_and_yen_go_by_the_hundred():
    quarters = [bridge_row(1000.0, 60.0, 15.0, -50.0)] * 6
    bridge = bridge_of(*quarters, grain="quarter")
    bridge.attrs["currency"] = "JPY"
    assert said(say_mrr_course(bridge)) == (
        "Over the last 4 quarters, JP¥300 of MRR was gained and JP¥200 lost: "
        "JP¥150 gained for each JP¥100 lost."
    )


# churn


def test_churn_with_its_range_against_the_month_and_the_year_before():
    found = say_churn(churn_of((20, 1000), (48, 1000), (50, 1000)))
    assert said(found) == (
        "50 customers of 1,000 left in October 2026, 5.0 % (3.8 to 6.5 %): no clear change on "
        "September 2026 (4.8 %); "
        "clearly above October 2025 (2.0 %, +3.0 points)."
    )
    assert (found.place, found.n) == ("", 1000)
    assert (round(found.low, 3), round(found.high, 3)) == (0.038, 0.065)


@pytest.mark.parametrize(
    ("months", "verdict"),
    [
        ([(20, 1000), (48, 1000), (50, 1000)], "watch"),  # clear against the year before alone
        ([(50, 1000), (20, 1000), (50, 1000)], "watch"),  # against the month before alone
        ([(50, 1000), (20, 1000)], "watch"),  # clearly less is worth a look too
        ([(48, 1000), (48, 1000), (50, 1000)], "no signal"),
        ([(0, 1000), (0, 1000), (10, 29)], "no signal"),  # too few now
        ([(0, 29), (0, 29), (10, 1000)], "no signal"),  # too few then
    ],
)
def test_churn_is_worth_watching_where_it_changed_beyond_chance(months, verdict):
    assert say_churn(churn_of(*months)).verdict == verdict


def test_quarters_are_held_against_the_quarter_and_the_year_before():
    found = say_churn(churn_of((20, 1000), (48, 1000), (50, 1000), rows=5, grain="quarter"))
    assert said(found).endswith(
        "no clear change on third quarter of 2026 (4.8 %); "
        "clearly above fourth quarter of 2025 (2.0 %, +3.0 points)."
    )


def test_churn_of_too_few_is_no_rate_and_too_few_before_are_not_compared():
    few = say_churn(churn_of((0, 20), (1, 29)))
    assert said(few) == "1 customer of 29 left in October 2026: too few for a rate."
    assert (few.n, few.low, few.high) == (29, None, None)
    alone = say_churn(churn_of((0, 20), (1, 29), (3, 30)))
    assert said(alone) == "3 customers of 30 left in October 2026, 10.0 % (3.5 to 25.6 %)."
    assert (round(alone.low, 3), round(alone.high, 3)) == (0.035, 0.256)


def test_where_nobody_was_a_customer_nobody_could_leave():
    found = say_churn(churn_of((0, 0)))
    assert said(found) == (
        "Nobody was a customer at the opening of October 2026, so nobody could leave."
    )
    assert (found.n, found.low, found.verdict) == (0, None, "no signal")


def test_money_churn_net_of_expansion():
    told = [
        said(say_churn_of_mrr(bridge_of(bridge_row(1000.0, 0, more, -30.0)))).split("; ")
        for more in (10.0, 50.0)
    ]
    assert told[0] == [
        "3.0 % of opening MRR was lost in October 2026",
        "after expansion the net loss is 2.0 %.",
    ]
    assert told[1][1] == "expansion of those who stayed outweighed it, by 2.0 % of opening MRR."
    nothing = say_churn_of_mrr(bridge_of(bridge_row(0.0, 5.0)))
    assert said(nothing) == "There was no MRR at opening to lose."


def test_who_came_back_of_those_observed_that_long():
    found = say_returns(returned_of())
    assert said(found) == (
        "10.0 % (5.5 to 17.4 %) of the 100 who left more than 90 days ago came back within 90 days."
    )
    assert (found.n, found.low, found.high) == (100, 0.055, 0.174)
    few = say_returns(returned_of(left=29))
    assert said(few).startswith("Too few customers left more than 90 days ago")
    assert (few.n, few.low, few.high) == (29, None, None)


# what stays


def test_twelve_month_retention_needs_a_year_and_enough_customers():
    found = say_retention_12m(kept_of(0.94))
    assert said(found) == (
        "Of the €1,000 of MRR of 40 customers a year ago, 76.0 % is still paid (GRR); with the "
        "expansion of the same "
        "customers it is 94.0 % (NRR)."
    )
    assert (found.place, found.n) == ("", 40)
    one = say_retention_12m(kept_of(0.94, n=1))
    assert said(one).startswith("1 customer a year ago: too few")
    few = say_retention_12m(kept_of(0.94, n=29))
    assert said(few).startswith("29 customers a year ago: too few")
    none = say_retention_12m(kept_of(0.94).head(0))
    assert "do not reach back twelve months" in said(none)
    assert (none.place, none.n) == ("", None)
    nobody = say_retention_12m(kept_of(0.94, opening=0.0, n=0))
    assert said(nobody).startswith("Nobody was a customer a year ago")


def test_revenue_per_account_now_and_a_year_ago():
    figures = paid_of(50.0, *[55.0] * 12)
    now = "The average customer pays €55.00 a month"
    assert said(say_unit_figures(figures)) == f"{now}, +10.0 % on a year ago (€50.00)."
    assert said(say_unit_figures(figures.tail(12))) == f"{now}."
    assert "Nobody" in said(say_unit_figures(paid_of(float("nan"))))
    assert "Nobody" in said(say_unit_figures(paid_of(55.0).head(0)))


# whether the sums are right


def test_whether_the_bridge_ties():
    ties = pd.DataFrame({"difference": []})
    assert said(say_identity(ties, periods=3, columns=["channel", "first_plan"])) == (
        "The bridge ties: opening plus movements equals closing to the cent in all 3 periods, in "
        "total and for channel and "
        "first plan."
    )
    assert said(say_identity(ties, periods=1, columns=[])).endswith("in the one period, in total.")
    off = pd.DataFrame({"difference": [0.01, -2.5]})
    assert said(say_identity(off, periods=3, columns=[])) == (
        "The bridge does not tie in 2 rows; the worst is off by -2.50."
    )
    assert "in 1 row;" in said(say_identity(off.head(1), periods=3, columns=[]))
