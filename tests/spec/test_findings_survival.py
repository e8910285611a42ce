"""What is said of how long customers stay, and of those who have stayed."""

import re

import pandas as pd
import pytest

from churnlib.findings.survival import (
    say_conditional,
    say_mean_lifetime,
    say_median,
    say_projection,
    say_survival,
)
from churnlib.models.retention.projection import project
from tests.by_hand import curve_of, medians_of, outlook, point
from tests.reading import said

MISSING = float("nan")

# all customers


def test_survival_is_staying_longer_than_a_tenure():
    curve = curve_of(point(1, 0.9), point(12, 0.6), point(24, 0.3, at_risk=29))
    found = say_survival(curve)
    assert said(found) == "60.0 % (55.0 to 65.0 %) of customers stay longer than 12 months."
    ends = pytest.approx((0.55, 0.65))
    assert (found.n, (found.low, found.high)) == (100, ends)
    assert said(say_survival(curve.head(1))).endswith("longer than 1 month.")
    assert said(say_survival(curve.tail(1))).startswith("Too few")


def test_the_median_or_why_there_is_none():
    curve = pd.DataFrame({"tenure": [0, 9], "at_risk": [40, 30]})
    found = say_median(medians_of(), curve)
    assert said(found) == "Half have left by the end of month of life 7 (6 to 9)."
    assert (found.low, found.high) == (6, 9)
    open_ended = say_median(medians_of(high=MISSING), curve)
    assert said(open_ended) == "Half have left by the end of month of life 7 (6 or later)."
    not_yet = medians_of(median=MISSING, low=MISSING)
    assert said(say_median(not_yet, curve)) == (
        "More than half are still there after 9 months, so no median can be told."
    )
    soon = say_median(medians_of(median=MISSING, high=MISSING), curve)
    assert said(soon).endswith("half may have left by the end of month of life 6 at the earliest.")
    assert said(say_median(medians_of(), curve.assign(at_risk=29))).startswith("Too few")
    sure = say_median(medians_of(low=7.0, high=7.0), curve)
    assert said(sure).endswith("month of life 7.")


# what staying means for staying on


def conditional(*rows):
    return say_conditional(pd.DataFrame(list(rows)))


def test_the_outlook_is_better_only_where_the_difference_leaves_0_out():
    better = conditional(outlook(0, 0.6), outlook(12, 0.68), outlook(24, 0.9, at_risk=29))
    assert said(better) == (
        "60.0 % (55.0 to 65.0 %) of new customers stay longer than 12 months; of those still "
        "there after 12 months, 68.0 % "
        "(63.0 to 73.0 %) stay 12 months more: a better outlook."
    )
    assert 0 < better.low < 0.08 < better.high, "the range of the difference"
    same = conditional(outlook(0, 0.6), outlook(12, 0.66))
    assert said(same).endswith("no clear difference.")
    worse = conditional(outlook(12, 0.6), outlook(24, 0.4))
    assert said(worse).endswith("a worse outlook.")
    verdicts = [found.verdict for found in (better, same, worse)]
    assert verdicts == ["watch", "no signal", "watch"]
    alone = conditional(outlook(0, 0.6))
    assert said(alone).endswith("stay longer than 12 months.")
    later = conditional(outlook(3, 0.6))
    assert said(later).startswith("Of those still there after 3 months")
    assert said(conditional(outlook(0, 0.6, at_risk=29))).startswith("Nobody")


# beyond the data


@pytest.fixture(scope="module")
def stays():
    left = [True, True, True, False]
    people = [369, 163, 86, 382]
    rows = {"entry": 0, "duration": [1, 2, 3, 3], "event_observed": left, "customers": people}
    return pd.DataFrame(rows)


def test_a_projection_says_how_far_and_that_a_mean_has_no_bound(stays):
    found = project(stays, horizon=9)
    assert re.fullmatch(
        r"Carried on .*, \d+\.\d % of .* longer than 12 months \(.* to .* %\)\.",
        said(say_projection(found)),
    )
    assert say_projection(found).low < say_projection(found).high
    unbound = said(say_mean_lifetime(found))
    assert unbound.startswith(found.reason)
    assert "no bound (alpha is 1 or less)" in unbound


def test_where_nothing_is_carried_on_the_reason_is_said(stays):
    none = project(stays.assign(customers=1), horizon=9)
    expected = f"The curve is not carried on beyond the data. {none.reason}"
    assert said(say_projection(none)) == expected
    assert said(say_mean_lifetime(none)) == none.reason != ""
