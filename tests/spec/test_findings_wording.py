"""What all sentences share: counts in words, names of periods, and how two rates compare."""

import pandas as pd

from churnlib.findings.wording import (
    against,
    counted,
    earlier_rows,
    listed,
    period_name,
    share_of,
    spell,
    verdict_of,
)
from tests.by_hand import dated
from tests.reading import said


def test_words_count_in_singular_and_plural():
    assert (counted(1, "customer"), counted(2345, "customer")) == ("1 customer", "2,345 customers")
    assert (spell(1.0, "month"), spell(12, "month")) == ("1 month", "12 months")
    assert (listed([]), listed(["a"]), listed(["a", "b", "c"])) == ("", "a", "a, b and c")
    assert said(share_of(0.0345, 0.0312, 0.0401)) == "3.5 % (3.1 to 4.0 %)"


def test_periods_have_the_name_that_people_say():
    july = pd.Timestamp("2026-07-01")
    assert period_name(july, "month") == "July 2026"
    assert period_name(july, "quarter") == "third quarter of 2026"


def compared(now, before):
    return against(now, before, "May")


def test_a_change_is_clear_only_where_the_range_of_the_difference_leaves_0_out():
    """Newcombe's example 56/70 against 48/80: 0.0524 to 0.3339; 56/70 against 52/70 is not
    clear.
    """
    more = compared((56, 70), (48, 80))
    assert (said(more.words), more.clear) == ("clearly above May (60.0 %, +20.0 points)", True)
    less = compared((48, 80), (56, 70))
    assert (said(less.words), less.clear) == ("clearly below May (80.0 %, -20.0 points)", True)
    same = compared((56, 70), (52, 70))
    assert (said(same.words), same.clear) == ("no clear change on May (74.3 %)", False)
    few = compared((56, 70), (1, 29))
    assert (said(few.words), few.clear) == ("May had too few customers to compare", False)


def test_what_is_clear_is_worth_watching_and_nothing_else_is():
    assert (verdict_of(True), verdict_of(False)) == ("watch", "no signal")


def names_of_earlier(rows, grain):
    frame = dated(pd.DataFrame({"n": range(rows)}), grain)
    return [(int(row.n), name) for row, name in earlier_rows(frame)]


def test_earlier_rows_are_the_period_before_and_the_one_of_a_year_before():
    assert names_of_earlier(13, "month") == [(11, "September 2026"), (0, "October 2025")]
    assert names_of_earlier(12, "month") == [(10, "September 2026")]
    assert names_of_earlier(5, "quarter") == [
        (3, "third quarter of 2026"),
        (0, "fourth quarter of 2025"),
    ]
    assert names_of_earlier(1, "month") == []
