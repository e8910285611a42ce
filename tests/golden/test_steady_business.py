"""A business of 300 that is constant by construction: 3 % leave a month, segments drawn at random.

Nothing about it is news: no cause, no advice, no colour on noise.
"""

from pathlib import Path

import numpy as np
import pytest

import churnlib as cl

STEADY = Path(__file__).resolve().parents[2].parent / "shared" / "cases" / "exports" / "steady"
pytestmark = pytest.mark.skipif(
    not STEADY.exists(), reason="the small exports are not at hand (shared/ is absent)"
)


@pytest.fixture(scope="module")
def snapshot():
    return cl.open(str(STEADY / "params.yml"))


def findings(snapshot):
    """What is said of when customers leave, of segments, and of cohorts."""
    hazard = cl.hazard_by_month(cl.lifetimes(snapshot, intervals=True))
    yield cl.say_hazard(hazard, cl.still_staying(snapshot))
    columns = list(snapshot.params.segments)
    splits = {name: cl.lifetimes(snapshot, by=name, intervals=True) for name in columns}
    bases = {name: cl.still_staying(snapshot, by=name) for name in columns}
    tests = cl.compare_segments(splits)
    others = cl.segments_against_others(tests, splits, bases)
    for rows in splits.values():
        yield cl.say_survival_by_segment(tests, cl.survival_curve(rows), others)
    triangle = cl.customer_retention(snapshot)
    yield cl.say_cohorts(triangle)
    yield cl.say_cohorts_newest(cl.newest_against_earlier(triangle))
    yield from (cl.say_cohorts_by(cl.customer_retention_by(snapshot, name)) for name in columns)
    yield cl.say_churn(cl.customer_churn(snapshot))


def test_a_constant_business_gives_no_cause_and_no_advice(snapshot):
    for found in findings(snapshot):
        assert found.actions == ()
        assert found.verdict == "no signal", found.sentence


def test_its_mean_stay_has_a_range(snapshot):
    row = cl.restricted_mean(cl.lifetimes(snapshot), 12).iloc[0]
    assert row["low"] < ((1 - 0.03) ** np.arange(12)).sum() < row["high"]
