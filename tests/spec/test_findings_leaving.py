"""What is said of renewals, of whether leaving changed, of mix and of segments."""

import pandas as pd
import pytest

from churnlib.figures.segments import plot_segments_over_time
from churnlib.findings.mix import say_mix
from churnlib.findings.renewals import (
    say_due_next,
    say_known_terms,
    say_renewals,
    say_renewals_by_tenure,
)
from churnlib.findings.segments import (
    say_segments,
    say_segments_of_column,
    say_segments_over_time,
    say_segments_power,
)
from churnlib.findings.trend import (
    say_largest_losses,
    say_level,
    say_months_beyond,
    say_power,
    say_trend,
)
from churnlib.measures.losses import largest_losses
from churnlib.models.leaving.ahead import expected_leavers
from churnlib.models.leaving.mix import decomposition
from churnlib.models.leaving.power import leaving_power
from churnlib.models.leaving.segments import segments
from churnlib.models.leaving.segments_over_time import segments_over_time
from churnlib.models.leaving.trend import leaving_trend, new_levels
from churnlib.statistics.rules import BEYOND
from tests.business import snapshot_of
from tests.by_hand import churn_of
from tests.spec.test_leaving import STEADY, ahead_of, due_of, split


def renewals_of(*rows: tuple) -> pd.DataFrame:
    """(billing, due, left) of March 2026."""
    frame = pd.DataFrame(rows, columns=["billing", "due", "left"])
    frame = frame.assign(period_start=pd.Timestamp("2026-03-01"), renewed=frame.due - frame.left)
    rate = frame["renewed"] / frame["due"]
    return frame.assign(
        renewal_rate=rate, renewal_rate_low=rate - 0.02, renewal_rate_high=rate + 0.02
    )


def test_renewals_tell_due_renewed_and_left_by_billing():
    rows = renewals_of(("all", 400, 40), ("month", 300, 10), ("year", 100, 30))
    found = say_renewals(rows, early(0))
    assert found.sentence == (
        "Of 400 customers due for renewal in March 2026, 90.0\u00a0% (88.0 to 92.0\u00a0%) renewed "
        "and 40 left: 10 of the 300 who pay by the month and 30 of the 100 who pay by the year."
    )
    assert found.n == 400


def early(customers: int) -> pd.DataFrame:
    """So many who left in the middle of a term, in March 2026; and some before."""
    months = pd.to_datetime(["2026-02-01", "2026-03-01"])
    return pd.DataFrame({"period_start": months, "left_early": [5, customers]})


def test_who_left_in_the_middle_of_a_term_is_told_beside_the_rate():
    rows = renewals_of(("all", 400, 40), ("month", 400, 40))
    assert say_renewals(rows, early(3)).sentence.endswith(
        "40 left. 3 customers more left in the middle of a term."
    )


def test_no_rate_of_a_few_and_nothing_of_nobody():
    few = say_renewals(renewals_of(("all", 20, 3), ("month", 20, 3)), early(0))
    assert (
        few.sentence == "20 customers due for renewal in March 2026, 3 left: too few to say more."
    )
    assert "Nobody" in say_renewals(renewals_of().iloc[:0], early(0)).sentence


def test_the_renewal_that_is_least_made():
    rows = renewals_of(("month", 300, 10), ("year", 100, 30)).assign(renewals=["1 to 3", "1"])
    assert "renewal 1 of customers who pay by the year" in say_renewals_by_tenure(rows).sentence
    assert "Too few" in say_renewals_by_tenure(rows.head(1)).sentence
    alike = renewals_of(("month", 300, 10), ("year", 100, 4)).assign(renewals=["1 to 3", "1"])
    assert "No renewal is clearly" in say_renewals_by_tenure(alike).sentence


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("Pro", True, None, 9)], "How often each customer pays is given."),
        ([("Pro", False, 1, 9)], "taken to be due each month"),
        ([("Pro", False, 12, 9), ("Go", False, 1, 9)], "Pro by the year, other plans by the month"),
    ],
)
def test_what_is_taken_for_a_term_is_said(rows, told):
    frame = pd.DataFrame(rows, columns=["plan", "given", "term", "customers"])
    assert told in say_known_terms(frame).sentence


def test_who_is_due_next_and_contracts_that_end():
    ahead = ahead_of(("2025-09-01", 1, 6, 900, 90.0, 0), ("2025-09-01", 12, 1, 40, 400.0, 4))
    yearly = due_of(*[10] * 8, due=40).assign(interval_months=12, renewal=1)
    past = pd.concat([due_of(*[30] * 8), yearly])
    found = say_due_next(expected_leavers(ahead, past), ahead, leaving_trend(past))
    assert found.sentence.startswith("Of today's 940 customers due in September 2025")
    assert found.place == "next"
    (action,) = found.actions
    assert (
        "40 customers paying by the year whose contract ends in September 2025" in action.sentence
    )
    assert "4 have given notice" in action.sentence
    assert action.by == "2025-09-01"


def test_nothing_is_forecast_without_a_past():
    nothing = expected_leavers(ahead_of(("2025-09-01", 1, 1, 9, 1.0, 0)), due_of(1))
    assert "Too few months" in say_due_next(nothing, ahead_of(), leaving_trend(due_of(1))).sentence


def trend_of(*left: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    trend = leaving_trend(due_of(*left))
    return trend, new_levels(trend)


def test_within_what_the_months_do_is_no_signal():
    trend, levels = trend_of(*STEADY)
    found = say_trend(trend, churn_of((40, 1000)), levels)
    assert found.sentence.startswith("40 of 1,000 customers left in ")
    assert found.sentence.endswith("within what this business's months do.")
    assert (found.verdict, found.place) == ("no signal", "real")
    assert "No alarm" in say_level(levels).sentence


def test_an_alarm_is_dated_and_its_level_told_once_known():
    trend, levels = trend_of(*STEADY, *[70] * 3)
    found = say_trend(trend, churn_of((40, 1000)), levels)
    assert found.verdict == "watch"
    assert (
        "Since September 2025 customers of the same kind have been leaving more" in found.sentence
    )
    assert "how much is known in" in found.sentence
    trend, levels = trend_of(*STEADY, *[70] * 9)
    assert " the level of before" in say_trend(trend, churn_of((40, 1000)), levels).sentence
    assert "September 2025 (up, 2.3" in say_level(levels).sentence


def test_an_old_alarm_is_no_news():
    trend, levels = trend_of(*STEADY, *[70] * 30)
    assert say_trend(trend, churn_of((40, 1000)), levels).verdict == "no signal"


def test_a_month_beyond_is_named():
    trend, _ = trend_of(*STEADY, *STEADY, 70, 30, 31)
    found = say_months_beyond(trend)
    assert found.sentence.startswith("May 2026 (70 left where 30 were expected")
    assert found.verdict == "watch"
    assert "none stands out" in say_months_beyond(trend_of(*STEADY)[0]).sentence
    assert "No month can be judged" in say_months_beyond(trend_of(3, 2)[0]).sentence


def test_what_the_alarm_can_see_is_said():
    assert "of 100 cases would be found" in say_power(leaving_power(due_of(*STEADY * 2))).sentence
    assert "not known before seven months" in say_power(leaving_power(due_of(1, 2))).sentence


def test_the_trend_of_a_young_business_says_how_long_it_takes():
    trend, levels = trend_of(3, 2)
    assert "seven months" in say_trend(trend, churn_of((3, 100)), levels).sentence


def mixed(web: tuple, ads: tuple) -> pd.DataFrame:
    parts = [split("web", due_of(*web[0], due=1).assign(due=list(web[1])))]
    parts.append(split("ads", due_of(*ads[0], due=1).assign(due=list(ads[1]))))
    both = pd.concat(parts)
    both.attrs = parts[0].attrs
    found = decomposition(both.drop(columns="segment"), {"channel": both})
    return found[found["columns"].str.contains("channel")]


def test_a_mix_that_moved_the_rate_is_named():
    found = say_mix(mixed(((10, 6), (500, 300)), ((30, 42), (500, 700))), trend_of(*STEADY)[0])
    assert "+0.8\u00a0points by who was due" in found.sentence
    assert "channel “web” (+0.5" in found.sentence
    assert "within chance" in found.sentence
    assert (found.verdict, found.place) == ("no signal", "why")


def test_a_whole_that_moves_against_all_its_parts_is_flagged():
    found = say_mix(mixed(((100, 70), (1000, 900)), ((60, 70), (100, 150))), trend_of(*STEADY)[0])
    assert "opposite" not in found.sentence
    against = mixed(((20, 5), (1000, 300)), ((50, 170), (100, 400)))
    assert "Within every value the rate fell" in say_mix(against, trend_of(*STEADY)[0]).sentence


def test_without_an_earlier_period_there_is_no_mix():
    assert (
        "no earlier period" in say_mix(mixed(((1,), (50,)), ((2,), (50,))), pd.DataFrame()).sentence
    )


def where(*rates: float, due: int = 500) -> pd.DataFrame:
    """Twelve months of values a, b, c, ... that leave at these rates."""
    rows = [
        split(name, due_of(*[rate * due] * 12, due=due))
        for name, rate in zip("abcdefghijkl", rates, strict=False)
    ]
    both = pd.concat(rows)
    both.attrs = rows[0].attrs
    lost = both.assign(customers=both["left"], lost=10 * both["left"])
    lost = lost.assign(lost_squared=104 * both["left"])
    return segments({"channel": both}, {"channel": lost})


def test_the_money_of_a_segment_is_that_of_the_leavers_beyond_the_expected():
    row = where(0.09, *[0.03] * 11).iloc[0]
    assert row["mrr_lost"] == pytest.approx(10 * (row["left"] - row["expected"]))
    # leavers between the ends of the ratio's range; each paid 10, give or take 2
    low, high = (10 * row["expected"] * (row[end] - 1) for end in ("ratio_low", "ratio_high"))
    assert row["mrr_lost_low"] < low
    assert row["mrr_lost_high"] > high
    assert row["mrr_lost_high"] == pytest.approx(high, rel=0.01)


def test_a_segment_that_differs_is_followed_by_quarters():
    found = where(0.09, *[0.03] * 11).head(1)
    rows = split("a", due_of(*[45] * 15, due=500)), split("b", due_of(*[15] * 15, due=500))
    both = pd.concat(rows)
    course = segments_over_time({"channel": both}, found)
    assert course["segment"].unique().tolist() == ["a"]
    assert course["ratio"].tolist() == pytest.approx([3.0] * 5)
    assert (course["ratio_low"] < 3).all()
    nothing = segments_over_time({"channel": both}, found.assign(verdict="no signal"))
    assert nothing.empty
    ax = plot_segments_over_time(plot_segments_over_time.figure.example())
    assert {text.get_text().split()[0] for text in ax.texts} == {"ads", "web"}
    assert "“a”" in say_segments_over_time(course).sentence


def test_a_value_that_leaves_more_is_named_with_its_range():
    found = where(0.09, *[0.03] * 11)
    said = say_segments(found)
    assert said.sentence.startswith("1 of 12 segments leave more than tenure and billing explain.")
    assert "channel “a”: 540 in twelve months, 180 expected (3.00 times" in said.sentence
    assert (said.verdict, said.place) == ("act", "where")
    row = found.iloc[0]
    assert row.ratio == pytest.approx(3.0)
    assert row.mrr_lost == pytest.approx(5400 * (1 - 1 / 3))


def test_none_of_equals_is_named():
    found = where(*[0.03] * 6)
    assert set(found["verdict"]) == {"no signal"}
    assert "None of 6 segments" in say_segments(found).sentence
    assert "No channel leaves" in say_segments_of_column(found).sentence
    assert "expected leavers on" in say_segments_power(found).sentence


def test_one_value_is_not_compared():
    assert where(0.03).empty
    assert "No segment column" in say_segments(where(0.03)).sentence
    assert say_segments_power(where(0.03)).sentence == ""


def test_ends_of_a_column():
    assert "“a” 3.00 times" in say_segments_of_column(where(0.09, *[0.03] * 11)).sentence


def test_a_value_of_nobody_who_left():
    found = where(0.0, *[0.03] * 11)
    row = found[found["segment"] == "a"].iloc[0]
    assert (row.left, row.ratio, row.ratio_low) == (0, 0, 0)
    assert pd.isna(row.mrr_lost)
    assert row.ratio_high < 0.1


def test_a_quarters_sentence_names_the_month_that_is_judged():
    trend, levels = trend_of(*STEADY)
    quarter = churn_of((90, 1000), grain="quarter")
    assert "due and comparable in August 2025 " in say_trend(trend, quarter, levels).sentence


def test_a_month_is_named_in_words_where_it_is_marked_in_the_chart():
    """One rule for both: a score of 3 is in neither."""
    trend, _ = trend_of(*STEADY)
    assert "none stands out" in say_months_beyond(trend.assign(score=BEYOND - 0.1)).sentence
    assert "stand out" in say_months_beyond(trend.assign(score=BEYOND + 0.1)).sentence


def losses_of(*mrr: float, customers: int, lost: float) -> pd.DataFrame:
    frame = pd.DataFrame({"place": range(1, len(mrr) + 1), "mrr": list(mrr)})
    frame = frame.assign(share=frame["mrr"] / lost, customers=customers, lost=lost)
    frame.attrs = {"grain": "month", "currency": "EUR"}
    return frame


def test_how_much_of_what_was_lost_is_that_of_a_few():
    many = say_largest_losses(losses_of(*[100.0] * 10, customers=50, lost=2000.0))
    assert "Of the €2,000 of MRR that 50 customers took with them the 10 largest" in many.sentence
    few = say_largest_losses(losses_of(70.0, 30.0, customers=2, lost=100.0)).sentence
    assert few == "2 customers left with €100 of MRR, the largest with €70."
    assert say_largest_losses(losses_of(customers=0, lost=1.0)).sentence.startswith("Nobody left")


def test_the_largest_losses_are_those_of_the_period():
    spans = [(f"c{n:02}", "2025-01-01", "2026-03-10", n + 1) for n in range(12)]
    spans.append(("old", "2025-01-01", "2026-02-10", 999))
    rows = largest_losses(snapshot_of(subscriptions=spans))
    assert rows["mrr"].tolist() == [12.0, 11, 10, 9, 8, 7, 6, 5, 4, 3]
    assert rows["lost"].iloc[0] == sum(range(1, 13))
    assert rows["customers"].iloc[0] == 12


def test_a_month_beyond_names_what_was_changed_in_it():
    trend = leaving_trend(due_of(*STEADY, 70))
    trend.attrs["changes"] = [("2025-09-11", "Rise")]
    assert "September 2025 (“Rise” began; 70 left where" in say_months_beyond(trend).sentence
