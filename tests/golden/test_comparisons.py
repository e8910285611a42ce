"""The difference of two rates: Newcombe's published examples."""

import math

import pytest

from churnlib.statistics.comparisons import difference, rate_difference
from churnlib.statistics.intervals import wilson

# Newcombe (1998), Statistics in Medicine 17:873-890, table II, method 10, the eight contrasts (a)
# to (h).
PUBLISHED = [
    ((56, 70), (48, 80), (0.0524, 0.3339)),
    ((9, 10), (3, 10), (0.1705, 0.8090)),
    ((6, 7), (2, 7), (0.0582, 0.8062)),
    ((5, 56), (0, 29), (-0.0381, 0.1926)),
    ((0, 10), (0, 20), (-0.1611, 0.2775)),
    ((0, 10), (0, 10), (-0.2775, 0.2775)),
    ((10, 10), (0, 20), (0.6791, 1.0)),
    ((10, 10), (0, 10), (0.6075, 1.0)),
]


@pytest.mark.parametrize(("now", "before", "limits"), PUBLISHED)
def test_newcombes_method_10(now, before, limits):
    found = rate_difference(now, before)
    assert (round(found.low, 4), round(found.high, 4)) == limits
    assert found.value == pytest.approx(now[0] / now[1] - before[0] / before[1])
    assert found.clear == (limits[0] > 0)


@pytest.mark.parametrize(("now", "before", "limits"), PUBLISHED)
def test_the_other_way_round_it_is_the_same_difference_with_the_other_sign(now, before, limits):
    found = rate_difference(before, now)
    assert (round(-found.high, 4), round(-found.low, 4)) == limits


def test_a_higher_level_gives_a_wider_range():
    assert rate_difference((56, 70), (48, 80)).clear
    assert not rate_difference((56, 70), (48, 80), level=0.999).clear


def test_nothing_to_divide_by_is_no_difference():
    found = rate_difference((0, 0), (3, 10))
    assert math.isnan(found.value)
    assert not found.clear


def test_ranges_that_overlap_may_still_be_clearly_apart():
    now, before = ((x / 1000, *map(float, wilson(x, 1000))) for x in (540, 490))
    assert now[1] < before[2], "they overlap"
    assert difference(now, before).clear
    assert difference(now, before) == rate_difference((540, 1000), (490, 1000))
