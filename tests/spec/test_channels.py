"""New customers against those before them, at equal age, by hand."""

import pandas as pd
import pytest

from churnlib.findings.channels import say_new_customers
from churnlib.measures.early_lives import early_lives
from churnlib.models.leaving.channels import new_customers
from tests.business import frame_of, snapshot_of

DAY = pd.Timestamp("2026-01-05")


def test_cohorts_are_quarters_and_days_are_counted_from_the_own_start():
    """As of 1 August the last quarter that ended a month ago is the second of 2026."""
    spans = [
        ("ann", "2026-04-10", "2026-05-10", 9),
        ("bob", "2026-06-30", None, 9),
        ("cat", "2026-02-01", None, 9),
        ("dan", "2025-05-01", "2026-01-01", 9),
        ("eve", "2026-07-05", None, 9),
    ]
    people = [{"customer_id": "ann", "channel": "ads", "acquisition_cost": 20.0}]
    snapshot = snapshot_of(
        subscriptions=spans, customers=people, period="2026-07", segments=["channel"]
    )
    rows = early_lives(snapshot)
    shown = ("segment", "cohort", "started_on", "duration", "event_observed", "cost")
    assert frame_of(rows, *shown) == [
        ("(unknown)", "a year before", "2025-05-01", 91, False, 0),
        ("(unknown)", "before", "2026-02-01", 91, False, 0),
        ("(unknown)", "now", "2026-06-30", 31, False, 0),
        ("ads", "now", "2026-04-10", 30, True, 20),
    ]


def lives(*rows: tuple, segment: str = "all") -> pd.DataFrame:
    """(cohort, duration, left, customers) each, all begun on one day."""
    frame = pd.DataFrame(rows, columns=["cohort", "duration", "event_observed", "customers"])
    return frame.assign(segment=segment, started_on=DAY, cost=10.0 * frame["customers"])


def cohort(name: str, left: int, stayed: int, until: int = 91) -> list[tuple]:
    return [(name, 30, True, left), (name, until, False, stayed)]


def last(frame: pd.DataFrame) -> pd.Series:
    return frame[(frame["channel"] == "all") & (frame["against"] == "before")].iloc[-1]


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [(60, 10, "worse"), (10, 60, "better"), (12, 10, "no signal"), (40, 45, "too few")],
)
def test_a_verdict_comes_once_at_ninety_days(now, before, verdict):
    rows = lives(*cohort("now", now, 300 - now), *cohort("before", before, 300 - before))
    found = new_customers(rows)
    assert found["verdict"].tolist() == ["", "", verdict]
    assert last(found).now_retention == pytest.approx(1 - now / 300)
    assert last(found).cost_per_kept == pytest.approx(3000 / (300 - now))


def test_not_before_all_have_reached_it():
    rows = lives(*cohort("now", 60, 240, until=75), *cohort("before", 10, 290))
    row = last(new_customers(rows))
    assert row.verdict == "too early"
    assert pd.isna(row.difference)
    assert "Not all of the 300" in say_new_customers(new_customers(rows)).sentence


def test_so_few_can_never_tell():
    rows = lives(*cohort("now", 6, 24), *cohort("before", 5, 25))
    found = new_customers(rows)
    assert last(found).verdict == "too few"
    assert pd.isna(last(found).earliest_date)
    said = say_new_customers(found).sentence
    assert f"about {last(found).needed} in each quarter are needed" in said


def test_an_age_that_few_have_reached_is_not_read():
    rows = lives(*cohort("now", 5, 10, until=91), *cohort("before", 50, 250))
    assert new_customers(rows)["difference"].isna().all()


def test_channels_are_compared_each_with_itself():
    ads = lives(*cohort("now", 90, 210), *cohort("before", 10, 290), segment="ads")
    web = lives(*cohort("now", 10, 290), *cohort("before", 10, 290), segment="web")
    found = new_customers(pd.concat([ads, web]))
    at_90 = found[found["age_days"] == 90].set_index("channel")["verdict"].to_dict()
    assert at_90 == {"ads": "worse", "all": "worse", "web": "no signal"}
    said = say_new_customers(found)
    assert "By channel it is worse of “ads”." in said.sentence
    assert said.verdict == "watch"


def test_one_quarter_is_compared_with_nothing():
    found = new_customers(lives(*cohort("now", 5, 50)))
    assert found.empty
    assert "no two quarters" in say_new_customers(found).sentence
