"""What customers said when asked: read, checked, cut at as-of, counted."""

import pandas as pd
import pytest

import churnlib as cl
from churnlib.errors import DataError
from churnlib.figures.nps import plot_nps
from churnlib.findings.nps import say_nps, say_nps_and_leaving
from churnlib.measures.answers import answers
from churnlib.measures.surveys import left_after_score, scores
from churnlib.models.feedback.nps import net_promoter_score, score_and_leaving

SPANS = pd.DataFrame(
    {
        "customer_id": ["ann", "bob", "cat", "dan"],
        "starts_on": ["2025-01-01"] * 4,
        "ends_on": [None, "2025-09-01", "2025-12-20", None],
        "mrr": [10, 20, 30, 40],
    }
)
LAST = "2025-12-31"
ASKED = {
    "customer_id": ["ann", "bob", "cat", "dan"],
    "kind": ["NPS", "nps", "nps", "nps"],
    "asked_on": ["2025-08-01", "2025-08-01", "2025-08-02", "2025-11-30"],
    "answered_on": ["2025-08-03", "2025-08-10", "2025-08-10", "2025-12-01"],
    "score": [9, 3, 7, 10],
    "comment": ["call me on 0123", "b", "c", "d"],
}


def snapshot_of(asked: dict, period: str = "2025-12", **settings):
    frames = {"subscriptions": SPANS, "surveys": pd.DataFrame(asked)}
    return cl.from_frames(frames, currency="EUR", period=period, data_until=LAST, **settings)


def test_scores_are_counted_by_the_quarter_of_the_answer():
    rows = scores(snapshot_of(ASKED))
    assert rows["period_start"].dt.strftime("%Y-%m").tolist() == ["2025-07", "2025-10"]
    names = ["asked", "answered", "promoters", "passives", "detractors"]
    assert rows[names].to_numpy().tolist() == [[3, 3, 1, 1, 1], [1, 1, 1, 0, 0]]


def test_an_answer_of_later_is_not_known_yet():
    """Dan was asked in November and answered in December."""
    known = cl.engine.collect(snapshot_of(ASKED, "2025-11").surveys)
    dan = known[known["customer_id"] == "dan"].iloc[0]
    assert pd.isna(dan["answered_on"])
    assert pd.isna(dan["score"])
    early = cl.engine.collect(snapshot_of(ASKED, "2025-07").surveys)
    assert early.empty


def test_what_customers_wrote_is_not_read():
    assert "comment" not in snapshot_of(ASKED).surveys.columns


def test_leaving_counts_from_the_answer_on_within_ninety_days():
    """Bob leaves 22 days after it, cat 132 days; dan's answer is too young."""
    rows = left_after_score(snapshot_of(ASKED)).set_index("group")
    assert rows["answers"].to_dict() == {"promoter": 1, "passive": 1, "detractor": 1}
    assert rows["left"].to_dict() == {"promoter": 0, "passive": 0, "detractor": 1}


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"kind": "poll"}, "kind is none of exit, nps, csat"),
        ({"score": 11}, "score of nps is no whole number from 0 to 10"),
        ({"score": 7.5}, "score of nps is no whole number from 0 to 10"),
        ({"answered_on": "2025-07-01"}, "answered_on is before asked_on"),
        ({"asked_on": None, "answered_on": None}, "neither asked_on nor answered_on is given"),
        ({"asked_on": "yesterday"}, "asked_on is not a date"),
    ],
)
def test_a_row_that_cannot_be_used_is_set_aside_with_its_reason(wrong, reason):
    asked = {name: list(values) for name, values in ASKED.items()}
    for name, value in wrong.items():
        asked[name][0] = value
    snapshot = snapshot_of(asked, policies={"max_rejected_share": 1.0})
    account = next(one for one in snapshot.data_box if one["table"] == "surveys")
    assert [one["reason"] for one in account["reasons"]] == [reason]


def test_without_the_day_of_asking_it_is_that_of_the_answer():
    asked = {name: values for name, values in ASKED.items() if name != "asked_on"}
    assert scores(snapshot_of(asked))["asked"].tolist() == [3, 1]


def test_an_exit_survey_about_the_end_leads():
    spans = SPANS.assign(cancel_feedback=[None, "unused", "unused", None])
    asked = {
        "customer_id": ["bob", "cat"],
        "kind": ["exit", "exit"],
        "answered_on": ["2025-09-10", "2025-06-01"],  # cat's is about nothing of December
        "reason": ["Zu teuer", "Zu teuer"],
    }
    frames = {"subscriptions": spans, "surveys": pd.DataFrame(asked)}
    snapshot = cl.from_frames(
        frames,
        currency="EUR",
        period="2025-12",
        data_until=LAST,
        feedback={"zu teuer": "too_expensive"},
    )
    rows = answers(snapshot)
    assert rows["reason"].tolist() == ["too_expensive", "unused"]


def test_without_the_table_it_says_what_is_missing():
    with pytest.raises(DataError, match="no table surveys"):
        scores(cl.from_frames(SPANS, currency="EUR", period="2025-12", data_until=LAST))


def test_the_range_is_the_adjusted_wald():
    """(P, D) = (50.75, 20.75) / 103 and 1.96 sqrt((P + D - (P - D)^2) / 103), by hand."""
    rows = quarter(50, 20, 100)
    assert rows["nps_low"].iloc[0] == pytest.approx(0.140511, abs=1e-6)
    assert rows["nps_high"].iloc[0] == pytest.approx(0.442013, abs=1e-6)


def quarter(promoters: int, detractors: int, n: int) -> pd.DataFrame:
    rows = pd.DataFrame({"promoters": [promoters], "detractors": [detractors], "answered": [n]})
    rows = rows.assign(period_start=pd.Timestamp("2025-10-01"), asked=4 * n)
    return net_promoter_score(rows.assign(passives=n - promoters - detractors))


def test_what_is_said_of_the_score():
    said = say_nps(quarter(50, 20, 100)).sentence
    assert said.startswith("The net promoter score of the fourth quarter of 2025 is +30")
    assert "100 of 400 customers asked answered" in said
    assert "too few for a score" in say_nps(quarter(5, 2, 10)).sentence
    assert "Nobody has answered" in say_nps(quarter(5, 2, 10).head(0)).sentence


def groups(*left: int, n: int = 400) -> pd.DataFrame:
    names = ["promoter", "passive", "detractor"]
    return score_and_leaving(pd.DataFrame({"group": names, "answers": n, "left": list(left)}))


def test_who_left_after_it_is_claimed_beyond_chance_alone():
    clear = say_nps_and_leaving(groups(20, 30, 80))
    assert clear.verdict == "watch"
    assert "20.0" in clear.sentence
    chance = say_nps_and_leaving(groups(30, 30, 34))
    assert chance.verdict == "no signal"
    assert chance.sentence.endswith("no clear difference.")
    assert "Too few answers" in say_nps_and_leaving(groups(1, 1, 2, n=20)).sentence


def test_the_chart_has_the_score_of_each_quarter():
    ax = plot_nps(plot_nps.figure.example())
    assert [text.get_text() for text in ax.texts] == ["nps +25 %"]
