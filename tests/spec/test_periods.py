"""Months and quarters."""

from datetime import date

import pytest

from churnlib.errors import ParamsError
from churnlib.periods import Period, period_range


def test_a_period_is_half_open_and_its_end_is_the_as_of_date():
    february = Period.parse("2024-02")
    assert (february.start, february.end) == (date(2024, 2, 1), date(2024, 3, 1))
    assert Period.parse("2026-Q4").end == date(2027, 1, 1)


def test_labels_go_there_and_back():
    for label in ("2026-01", "2026-12", "2026-Q1", "2026-Q4"):
        assert Period.parse(label).label == label


def test_shifting_crosses_years():
    assert Period.parse("2026-01").shift(-1).label == "2025-12"
    assert Period.parse("2026-Q4").shift(5).label == "2028-Q1"
    assert Period.parse("2026-03") - Period.parse("2025-01") == 14


@pytest.mark.parametrize(
    "text", ["2026", "2026-13", "2026-00", "2026-Q5", "26-01", "2026-1", "", "now", "0001-01"]
)
def test_other_texts_are_refused_with_the_right_form(text):
    with pytest.raises(ParamsError, match="Write a month as 2026-09 or a quarter as 2026-Q3"):
        Period.parse(text)


def test_a_range_holds_both_ends_and_one_grain():
    assert [p.label for p in period_range(Period.parse("2025-11"), Period.parse("2026-01"))] == [
        "2025-11",
        "2025-12",
        "2026-01",
    ]
    with pytest.raises(ParamsError, match=r"ends .* before it begins"):
        period_range(Period.parse("2026-02"), Period.parse("2026-01"))
    with pytest.raises(ParamsError, match="different grains"):
        period_range(Period.parse("2026-02"), Period.parse("2026-Q4"))
