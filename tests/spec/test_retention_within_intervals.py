"""Projections within billing intervals: renewals as a clock, and what is taken for granted."""

import numpy as np
import pandas as pd
import pytest

from churnlib.findings.survival import say_assumed
from churnlib.models.retention.projection import project
from churnlib.models.retention.recent import recent_leaving
from churnlib.models.retention.remaining_value import remaining_value
from churnlib.models.retention.strata import curves_of, strata_of
from churnlib.models.retention.subscription_value import subscription_value
from churnlib.models.retention.value_range import ValueTerms
from churnlib.models.survival.intervals import INTERVAL
from tests.reading import said

COLUMNS = [INTERVAL, "duration", "event_observed", "customers"]


def lives(*rows: tuple) -> pd.DataFrame:
    """(interval, duration, left, customers) each."""
    return pd.DataFrame(rows, columns=COLUMNS).assign(entry=0)


YEARLY = lives((12, 12, True, 300), (12, 24, True, 140), (12, 24, False, 560))
"""Of 1,000 yearly contracts 30 % leave at the first renewal and 20 % at the second."""
MONTHLY = lives(
    *((1, month, True, round(1000 * 0.9 ** (month - 1) * 0.1)) for month in range(1, 25))
)
MONTHLY = pd.concat([MONTHLY, lives((1, 24, False, 80))], ignore_index=True)
BOTH = pd.concat([MONTHLY, YEARLY], ignore_index=True)


def survival(rows: pd.DataFrame, last: int, interval: int | None = None) -> np.ndarray:
    whole, each = curves_of(strata_of(rows), "sbg", last, spread=0.0, draws=2, seed=1)
    return (whole if interval is None else each[interval]).estimate


def test_a_contract_is_left_at_its_renewals_and_not_between_them():
    curve = survival(YEARLY, 60)
    assert curve[:12].tolist() == [1.0] * 12
    assert curve[[12, 23, 24, 35]] == pytest.approx([0.7, 0.7, 0.56, 0.56])
    steps = np.flatnonzero(np.diff(curve)) + 1
    assert steps.tolist() == [12, 24, 36, 48, 60], "projected as the steps that were seen"
    assert 0.8 < curve[36] / curve[35] < 0.9, "15 %: fewer again, as 30 and then 20 % left"


def test_one_renewal_seen_says_no_more_than_its_rate():
    once = lives((12, 12, True, 300), (12, 13, False, 700))
    (part,) = strata_of(once)
    assert part.fits["sbg"].constant
    curve = survival(once, 36)
    assert curve[[12, 24, 36]] == pytest.approx([0.7, 0.49, 0.343], rel=1e-3)


def test_intervals_are_projected_apart_and_mixed_as_those_who_began():
    whole = survival(BOTH, 60)
    parts = [survival(BOTH, 60, interval) for interval in (1, 12)]
    assert whole[:25] == pytest.approx((parts[0][:25] + parts[1][:25]) / 2, abs=2e-3)
    assert whole[60] == pytest.approx((parts[0][60] + parts[1][60]) / 2, abs=5e-3)


@pytest.mark.parametrize(
    "few",
    [
        lives((12, 12, True, 3), (12, 14, False, 10)),
        lives((12, 8, False, 300)),
        lives((12, 14, False, 300)),
    ],
    ids=["few", "no renewal yet", "nobody left"],
)
def test_an_interval_of_which_too_little_is_known_goes_with_the_rest(few):
    parts = strata_of(pd.concat([MONTHLY, few], ignore_index=True))
    assert [part.interval for part in parts] == [1, 0]
    assert parts[1].lifetimes["customers"].sum() == few["customers"].sum()


def test_unknown_intervals_are_one_group():
    (part,) = strata_of(BOTH.drop(columns=INTERVAL))
    assert (part.interval, part.cycle) == (0, 1)


def test_what_todays_base_will_bring_is_told_by_its_own_interval():
    """Ten a month: of a yearly customer of tenure 1 eleven payments are certain, and then 70 %."""
    base = pd.DataFrame({INTERVAL: [12], "tenure": [1], "customers": [1], "mrr": [10.0]})
    terms = ValueTerms(discount_rate=0.0, horizon=22)
    found = remaining_value(BOTH, base, project(BOTH), terms=terms).iloc[0]
    assert found["value"] == pytest.approx(10 * (10 + 12 * 0.7))
    monthly = base.assign(interval_months=1)
    assert remaining_value(BOTH, monthly, project(BOTH), terms=terms)["value"].item() < 100
    other = base.assign(interval_months=3)
    whole = remaining_value(BOTH, other, project(BOTH), terms=terms)["value"].item()
    assert 100 < whole < found["value"], "an interval never seen is taken for all customers"


def test_ranges_hold_that_later_renewals_lose_as_many_as_the_last():
    arpa = pd.DataFrame({"customers": [1], "mrr": [10.0]})
    terms = ValueTerms(discount_rate=0.0, horizon=60)
    value = subscription_value(YEARLY, arpa, project(YEARLY), terms=terms).iloc[0]
    alike = 120 * (1 + 0.7 + 0.56 + 0.56 * 0.8 + 0.56 * 0.64)
    assert value["value_low"] < alike < value["value"] < value["value_high"]


def test_leaving_of_late_is_compared_at_the_same_month_of_life():
    """Before, 100 of 1,000 left in month 1; lately 300 of 1,500 did, and of those in month 2 as
    many as before.
    """
    then = lives((1, 1, True, 100), (1, 2, True, 90), (1, 2, False, 810))
    now = lives((1, 1, True, 400), (1, 2, True, 180), (1, 2, False, 1920))
    row = recent_leaving(now, then, months=3).iloc[0]
    assert (row["events"], row["changed"]) == (390, True)
    assert row["low"] < row["ratio"] < row["high"]
    sentence = said(say_assumed(recent_leaving(now, then, months=3)))
    assert sentence.endswith("if that goes on, fewer will stay than projected.")
    same = lives((1, 1, True, 200), (1, 2, True, 180), (1, 2, False, 1620))
    unchanged = recent_leaving(same, then, months=3)
    assert unchanged["ratio"].item() == pytest.approx(1.0)
    assert said(say_assumed(unchanged)).endswith("as before, no clear difference.")
    assert recent_leaving(then, then, months=3).empty
    assert said(say_assumed(recent_leaving(then, then, months=3))).endswith("as they did.")


def test_a_change_of_the_mix_is_no_change_of_leaving():
    """Lately many monthly customers came; each interval leaves as often as ever."""
    then = pd.concat([YEARLY, lives((1, 1, True, 10), (1, 1, False, 90))])
    now = pd.concat([YEARLY, lives((1, 1, True, 500), (1, 1, False, 4500))])
    assert not recent_leaving(now, then, months=3)["changed"].item()
