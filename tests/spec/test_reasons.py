"""What those who left gave as the reason: counted, weighted, and compared."""

import pandas as pd
import pytest

from churnlib.figures.reasons import plot_reasons_over_time
from churnlib.findings.reasons import (
    say_reasons,
    say_reasons_by,
    say_reasons_over_time,
    say_satisfied,
)
from churnlib.measures.answers import answers
from churnlib.models.feedback.reasons import reasons, reasons_over_time
from churnlib.models.feedback.reasons_compared import reasons_before, reasons_by
from churnlib.snapshot.open import from_frames
from tests.business import frame_of
from tests.spec.test_kinds import business


def test_answers_by_year_tenure_plan_and_way():
    rows = answers(business("2026-03"))
    keys = ("years_ago", "reason", "tenure", "plan", "how", "satisfied", "customers")
    assert sorted(frame_of(rows, *keys)) == [
        (0, "", "up to 12", "Pro", "payment_failed", False, 1),
        (0, "", "up to 12", "Pro", "unknown", False, 1),
        (0, "too_expensive", "up to 12", "Pro", "voluntary", False, 1),
        (0, "too_expensive", "up to 3", "Pro", "voluntary", False, 1),
        (0, "unused", "up to 12", "Pro", "voluntary", True, 1),
    ]
    later = answers(business("2026-09", data_until="2026-10-31"))
    assert frame_of(later.query("reason == 'unused'"), "years_ago", "customers") == [(1, 1)]
    assert frame_of(later.query("how == 'unknown'"), "years_ago", "customers") == [(0, 1)]


def test_a_quarter_that_the_data_do_not_cover_wholly_is_not_complete():
    rows = answers(business("2025-11", data_until="2025-11-30"))
    assert dict(zip(rows["period_start"].dt.month, rows["complete"], strict=True)) == {9: True}
    december = answers(business("2025-12"))
    whole = dict(zip(december["period_start"].dt.month, december["complete"], strict=True))
    assert whole == {9: True, 12: True}


def left(customer: str, ends: str, feedback: str | None, back: str | None = None) -> pd.DataFrame:
    """Who paid from June 2025 on, left by the own decision, and perhaps came back."""
    first = {"starts_on": "2025-06-01", "ends_on": ends, "end_reason": "voluntary"}
    spans = [first | {"cancel_feedback": feedback}]
    if back:
        spans.append({"starts_on": back, "ends_on": None})
    return pd.DataFrame(spans).assign(customer_id=customer, mrr=10.0)


def test_who_left_satisfied_came_back_having_paid_or_says_that_the_need_ended():
    spans = pd.concat(
        [
            left("back", "2025-09-10", None, "2025-10-01"),
            left("failed before", "2025-09-10", None, "2025-10-01"),
            left("late", "2025-09-10", None, "2026-02-01"),
            left("project", "2025-09-10", "Project ended"),
            left("dear", "2025-09-10", "too_expensive"),
        ]
    )
    unpaid = {"invoice_id": ["1"], "customer_id": ["failed before"], "amount": [10.0]}
    unpaid |= {"attempted_at": ["2025-09-01"], "due_on": ["2025-09-01"], "status": ["failed"]}
    snapshot = from_frames(
        {"subscriptions": spans, "payments": pd.DataFrame(unpaid)},
        currency="EUR",
        model="subscription",
        period="2026-03",
        data_until="2026-06-30",
    )
    rows = answers(snapshot)
    satisfied = rows[rows["satisfied"]]
    assert satisfied["customers"].sum() == 2
    assert sorted(satisfied["reason"]) == ["", "need_ended"]
    many = rows.assign(customers=rows["customers"] * 20)
    assert say_satisfied(many).sentence.startswith(
        "Of 100 who left by their own decision in twelve months 40.0"
    )
    assert say_satisfied(rows).sentence == "", "of five nothing is said"


def said_by(*rows: tuple) -> pd.DataFrame:
    """(reason, tenure, customers) of those who left."""
    frame = pd.DataFrame(rows, columns=["reason", "tenure", "customers"])
    return frame.assign(years_ago=0, plan="Pro", how="voluntary", satisfied=False)


def test_shares_are_brought_to_those_who_said_nothing():
    """The young answer seldom, and say price: half of all who left are young."""
    rows = said_by(
        ("price", "young", 10),
        ("", "young", 90),
        ("price", "old", 10),
        ("unused", "old", 40),
        ("", "old", 50),
    )
    found = reasons(rows).set_index("reason")
    assert found["share"].round(3).to_dict() == {"unused": 0.667, "price": 0.333}
    assert found["reweighted_share"].round(3).to_dict() == {"unused": 0.4, "price": 0.6}
    assert found.loc["price", ["bound_low", "bound_high"]].tolist() == [0.1, 0.8]


def test_reasons_are_told_with_how_many_answered_and_what_would_change_it():
    rows = said_by(("too_expensive", "x", 40), ("unused", "x", 20), ("", "x", 140))
    said = say_reasons(reasons(rows)).sentence
    assert said.startswith("60 of 200 customers who left gave a reason (30.0\u00a0%).")
    assert "“Too expensive” leads with 66.7" in said
    assert "unless “unused” leads by more than 14.3 points" in said


def test_no_or_few_answers_are_not_ranked():
    assert "Nobody" in say_reasons(reasons(said_by(("", "x", 50)))).sentence
    few = say_reasons(reasons(said_by(("price", "x", 5), ("", "x", 50)))).sentence
    assert "too few to say" in few


def given(counts: dict[str, int], month: str = "2026-01-01", **more) -> pd.DataFrame:
    """How many who left in a month gave each reason."""
    rows = pd.DataFrame({"reason": list(counts), "customers": list(counts.values())})
    usual = {"years_ago": 0, "tenure": "more", "plan": "Pro", "how": "voluntary", "complete": True}
    return rows.assign(**{**usual, "period_start": pd.Timestamp(month), **more})


def year(counts: dict[str, int], first: str, **more) -> pd.DataFrame:
    """The same in each of twelve months."""
    months = pd.date_range(first, periods=12, freq="MS")
    return pd.concat([given(counts, start, **more) for start in months])


def with_context(*parts: pd.DataFrame) -> pd.DataFrame:
    rows = pd.concat(parts, ignore_index=True)
    rows.attrs = {"currency": "EUR", "grain": "month", "period": "2026-10"}
    return rows


def price(day: str, label: str = "Rise", announced: str = "", kind: str = "price") -> pd.DataFrame:
    """What `known_changes` gives."""
    row = {"label": label, "kind": kind, "starts_on": day, "known_on": announced or day}
    return pd.DataFrame([row]).astype(dict.fromkeys(["starts_on", "known_on"], "datetime64[ns]"))


NOTHING_CHANGED = price("2026-01-01").head(0)
USUAL = {"too_expensive": 6, "unused": 4, "other": 10}
DEARER = {"too_expensive": 10, "unused": 4, "other": 6}
BEFORE = year(USUAL, "2024-11-01", years_ago=1)
NOW = year(DEARER, "2025-11-01")


def test_a_reason_given_more_than_a_year_before_is_named():
    found = reasons_before(with_context(NOW, BEFORE), NOTHING_CHANGED)
    rows = found.set_index("reason")
    assert set(found["compared"]) == {"a year before"}
    first = rows.loc["too_expensive"]
    assert (first["share"], first["other_share"], first["verdict"]) == (0.5, 0.3, "more often")
    assert first["difference_low"] < 0.2 < first["difference_high"]
    assert rows.loc[["unused", "other"], "verdict"].tolist() == ["no signal", "less often"]
    said = say_reasons_over_time(found).sentence
    assert "“too expensive” is given more often (50.0\u00a0% of 240 against 30.0" in said


def test_since_a_price_it_is_asked_of_one_reason_against_the_year_before_the_announcement():
    rows = with_context(NOW, BEFORE)
    rise = price("2026-03-15", announced="2025-11-10")
    launch = price("2026-05-01", "Launch", kind="launch")
    found = reasons_before(rows, pd.concat([rise, launch]))
    since = found[found["compared"] == "before a price"]
    assert since["reason"].tolist() == ["too_expensive"]
    assert since["value"].tolist() == ["Rise"], "a launch asks nothing of the price"
    assert since["of_answers"].tolist() == [20 * 2], "March and April: then came the launch"
    assert since["other_answers"].tolist() == [20 * 12]
    alone = reasons_before(rows, rise)
    said = say_reasons_over_time(alone).sentence
    assert said.startswith("Since “Rise” “too expensive” is given more often (50.0")
    assert "after it, not because of it. Compared with a year before" in said
    same = with_context(BEFORE, BEFORE.assign(years_ago=0))
    calm = reasons_before(same, price("2025-05-01"))
    assert "as often as before" in say_reasons_over_time(calm).sentence


def test_months_that_differ_among_themselves_hide_a_difference_between_years():
    """Shares of 10 to 90 % from month to month: 50 against 30 % is nothing beside them."""
    wild = [
        given({"unused": 2 + 16 * (n % 2), "other": 18 - 16 * (n % 2)}, start)
        for n, start in enumerate(pd.date_range("2025-11-01", periods=12, freq="MS"))
    ]
    calm = year({"unused": 6, "other": 14}, "2024-11-01", years_ago=1)
    steady = year({"unused": 10, "other": 10}, "2025-11-01")
    for now, verdict in ((pd.concat(wild), "no signal"), (steady, "more often")):
        found = reasons_before(with_context(now, calm), NOTHING_CHANGED)
        row = found.set_index("reason").loc["unused"]
        assert row["verdict"] == verdict
        assert row["difference"] == pytest.approx(0.2)


def test_where_nothing_differs_nothing_is_named():
    same = with_context(BEFORE.assign(years_ago=0), BEFORE)
    found = reasons_before(same, NOTHING_CHANGED)
    assert set(found["verdict"]) == {"no signal"}
    assert "no reason is beyond chance" in say_reasons_over_time(found).sentence
    few = reasons_before(with_context(given({"unused": 9}), BEFORE), NOTHING_CHANGED)
    assert "Too few" in say_reasons_over_time(few).sentence
    by = reasons_by(same, {"country": same.assign(segment="DE")})
    assert by.empty, "one country, one plan: nobody else"
    assert "Too few answers" in say_reasons_by(by).sentence
    silent = reasons_before(with_context(given({"": 500})), NOTHING_CHANGED)
    assert silent.empty
    assert "Too few" in say_reasons_over_time(silent).sentence


def test_who_gives_a_reason_more_often_than_the_others():
    rows = with_context(
        given({"unused": 40, "other": 60}, segment="hotels"),
        given({"unused": 40, "other": 260}, segment="shops"),
        given({"unused": 27, "other": 173}, segment="banks"),
    )
    found = reasons_by(rows, {"industry": rows})
    clear = found[found["verdict"] == "more often"]
    assert frame_of(clear, "compared", "value", "reason")[0] == ("industry", "hotels", "unused")
    assert "“Hotels” says “unused” more often (40.0" in say_reasons_by(found).sentence
    assert set(found["compared"]) == {"industry"}, "one plan, one tenure, one way: nobody else"


def test_of_two_values_one_is_compared_the_other_mirrors_it():
    rows = with_context(
        given({"unused": 40, "other": 60}, plan="Pro"), given({"unused": 30, "other": 90}, plan="S")
    )
    found = reasons_by(rows, {})
    assert found["value"].unique().tolist() == ["Pro"]
    assert "none lies beyond chance; with so few" in say_reasons_by(found.head(1)).sentence


def test_reasons_by_quarter_need_twenty_answers_and_a_whole_quarter():
    rows = with_context(
        given(DEARER),
        given(DEARER, "2026-03-01"),
        given({"unused": 12, "other": 7}, "2026-04-01"),
        given(DEARER, "2026-07-01", complete=False),
    )
    course = reasons_over_time(rows)
    assert course["period_start"].unique().tolist() == [pd.Timestamp("2026-01-01")]
    shares = course.set_index("reason")["share"].to_dict()
    assert shares == {"other": 0.3, "too_expensive": 0.5, "unused": 0.2}
    assert len(reasons_over_time(with_context(given({"": 100})))) == 0


def test_the_chart_over_time_follows_the_three_reasons_that_most_gave():
    quarters = pd.date_range("2025-01-01", periods=3, freq="QS")
    counts = {"too_expensive": 50, "unused": 30, "other": 20, "low_quality": 5}
    rows = with_context(*(given(counts, start) for start in quarters))
    ax = plot_reasons_over_time(reasons_over_time(rows))
    told = " ".join(text.get_text() for text in ax.texts)
    assert "Too expensive" in told
    assert "Low quality" not in told
    assert plot_reasons_over_time(reasons_over_time(rows).head(0)).get_gid() == "nothing"
