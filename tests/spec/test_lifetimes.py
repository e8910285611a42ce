"""How long a customer stayed, by tables anyone can check by eye."""

from datetime import date

import pytest

from churnlib.measures.active_base import active_base, arpa
from churnlib.measures.lifetimes import lifetimes
from churnlib.measures.returns import returns
from tests.business import day_after, frame_of, snapshot_of


def stays(*spans, period="2026-03", by=None, as_of=None, **settings):
    return frame_of(
        lifetimes(
            snapshot_of(subscriptions=list(spans), period=period, **settings), by=by, as_of=as_of
        )
    )


@pytest.mark.parametrize(
    ("start", "end", "month_of_life"),
    [
        ("2025-01-15", "2025-01-16", 1),
        ("2025-01-15", "2025-02-15", 1),
        ("2025-01-15", "2025-02-16", 2),
        ("2025-01-31", "2025-02-28", 1),  # one month after January 31 is February 28
        ("2025-01-31", "2025-03-01", 2),
        ("2025-01-31", "2025-03-31", 2),
        ("2025-01-31", "2025-04-30", 3),
        ("2024-01-31", "2024-02-29", 1),
        ("2024-01-30", "2024-03-01", 2),
        ("2024-02-29", "2024-03-29", 1),
        ("2024-02-29", "2024-03-30", 2),
        ("2024-02-29", "2025-02-28", 12),  # a year after 29 February is 28 February
        ("2024-02-29", "2025-03-01", 13),
        ("2024-12-01", "2025-12-01", 12),
    ],
)
def test_the_month_of_life_in_which_a_customer_left(start, end, month_of_life):
    assert stays(("ann", start, end, 10)) == [(0, month_of_life, True, 1)]


@pytest.mark.parametrize(
    ("start", "whole_months"),
    [
        ("2026-03-31", 0),
        ("2026-03-01", 0),  # its first month ends with April 1, which is not observed by April 1
        ("2026-02-28", 1),
        ("2026-01-31", 2),
        ("2026-01-01", 2),
        ("2025-12-31", 3),
        ("2025-03-31", 12),
    ],
)
def test_who_is_still_there_was_seen_through_whole_months(start, whole_months):
    assert stays(("ann", start, None, 10)) == [(0, whole_months, False, 1)]


@pytest.mark.parametrize(
    ("start", "whole_months"), [("2026-01-28", 1), ("2026-01-31", 1), ("2026-01-27", 1)]
)
def test_as_of_the_end_of_a_short_month(start, whole_months):
    """By 1 March (exclusive) one month of life from any day of late January is over, its last
    day 28 February.
    """
    assert stays(("ann", start, None, 10), period="2026-02") == [(0, whole_months, False, 1)]


def test_a_month_of_life_not_yet_over_does_not_count_for_those_who_left_in_it():
    """Both began on 10 March; the leaver of 20 March is known, but not who else will leave by 10
    April.
    """
    spans = ("ann", "2026-03-10", "2026-03-20", 10), ("bob", "2026-03-10", None, 10)
    assert stays(*spans) == [(0, 0, False, 2)]


def test_month_aligned_billing_has_no_month_without_leavers():
    """One of two leaves after each first month; ends on as_of are unknown, so e's and f's first
    month is not over.
    """
    spans = [
        ("a", "2026-01-01", "2026-02-01", 1),
        ("b", "2026-01-01", None, 1),
        ("c", "2026-02-01", "2026-03-01", 1),
        ("d", "2026-02-01", None, 1),
        ("e", "2026-03-01", "2026-04-01", 1),
        ("f", "2026-03-01", None, 1),
    ]
    assert stays(*spans) == [(0, 0, False, 2), (0, 1, False, 1), (0, 1, True, 2), (0, 2, False, 1)]


def test_touching_and_overlapping_spans_are_one_stay():
    spans = [
        ("ann", "2025-01-10", "2025-06-10", 10),
        ("ann", "2025-02-10", "2025-03-10", 4),
        ("ann", "2025-06-10", "2025-08-10", 12),
    ]
    assert stays(*spans) == [(0, 7, True, 1)]


def test_a_gap_ends_the_lifetime_and_a_comeback_is_no_survival():
    spans = ("ann", "2025-01-10", "2025-03-10", 10), ("ann", "2025-03-11", None, 10)
    assert stays(*spans) == [(0, 2, True, 1)]


def test_going_free_ends_the_lifetime():
    spans = ("ann", "2025-01-10", "2025-03-10", 10), ("ann", "2025-03-10", None, 0)
    assert stays(*spans) == [(0, 2, True, 1)]


def test_by_segment():
    snapshot = snapshot_of(
        subscriptions=[("ann", "2025-01-10", "2025-03-10", 10), ("bob", "2026-02-10", None, 10)],
        customers=[
            {"customer_id": "ann", "channel": "ads"},
            {"customer_id": "bob", "channel": "web"},
        ],
    )
    assert frame_of(lifetimes(snapshot, by="channel")) == [
        ("ads", 0, 2, True, 1),
        ("web", 0, 1, False, 1),
    ]


def test_an_earlier_as_of_knows_what_was_known_then():
    spans = [
        ("ann", "2025-01-10", "2025-10-10", 10),
        ("bob", "2025-01-10", "2025-03-10", 10),
        ("cat", "2025-11-10", None, 10),
        ("dan", "2025-08-05", "2025-10-01", 10),
    ]
    assert stays(*spans, as_of=date(2025, 10, 1)) == [
        (0, 1, False, 1),
        (0, 2, True, 1),
        (0, 8, False, 1),
    ]


def test_who_was_there_before_the_records_enters_late():
    """Began on 10 June, seen from 1 January: in the seventh month of life, which was not seen
    whole, hence entry 7.
    """
    spans = (
        ("ann", "2025-06-10", None, 10),
        ("bob", "2025-06-01", "2026-03-01", 10),
        ("cat", "2026-01-15", None, 10),
    )
    assert stays(*spans, data_from="2026-01-01") == [
        (0, 2, False, 1),
        (7, 9, False, 1),
        (7, 9, True, 1),
    ]


def test_late_entrants_not_seen_through_a_month_are_left_out():
    assert stays(("ann", "2025-06-10", "2026-01-05", 10), data_from="2026-01-01") == []


def test_active_base_counts_tenure_from_the_first_day_of_the_current_stay():
    """Ann came back on 1 January: two whole months of life are over by April, not twelve."""
    spans = [
        ("ann", "2025-03-31", "2025-06-01", 10),
        ("ann", "2026-01-01", None, 10),
        ("ann", "2026-02-01", None, 2.5),
        ("bob", "2025-03-31", None, 20),
        ("cat", "2026-03-31", None, 5),
        ("dan", "2025-03-31", "2026-03-31", 20),
    ]
    snapshot = snapshot_of(subscriptions=spans)
    assert frame_of(active_base(snapshot)) == [(0, 1, 5.0), (2, 1, 12.5), (12, 1, 20.0)]
    assert frame_of(arpa(snapshot)) == [(3, 37.5, 12.5)]


def test_arpa_by_segment():
    spans = [
        ("ann", "2026-01-01", None, 10),
        ("bob", "2026-01-01", None, 5),
        ("cat", "2025-01-01", "2026-01-01", 5),
    ]
    people = [{"customer_id": "ann", "channel": "ads"}, {"customer_id": "cat", "channel": "gone"}]
    snapshot = snapshot_of(subscriptions=spans, customers=people)
    assert frame_of(arpa(snapshot, by="channel")) == [
        ("(unknown)", 1, 5.0, 5.0),
        ("ads", 1, 10.0, 10.0),
    ]


@pytest.mark.parametrize(("days", "returned"), [(1, 1), (90, 1), (91, 0)])
def test_a_return_within_ninety_days_of_leaving(days, returned):
    spans = (
        ("ann", "2025-01-10", "2025-03-10", 10),
        ("ann", day_after("2025-03-10", days), None, 10),
    )
    snapshot = snapshot_of(subscriptions=list(spans))
    assert frame_of(returns(snapshot), "left", "returned", "share") == [
        (1, returned, float(returned))
    ]


def test_only_leavers_observed_that_long_count():
    """By 31 March (the last day observed) 90 days have passed since 31 December but not since 1
    January.
    """
    spans = [
        ("ann", "2025-01-10", "2025-12-31", 10),
        ("bob", "2025-01-10", "2026-01-01", 10),
        ("bob", "2026-01-02", None, 1),
    ]
    assert frame_of(returns(snapshot_of(subscriptions=spans)), "left", "returned") == [(1, 0)]


def test_nobody_yet():
    snapshot = snapshot_of(subscriptions=[])
    assert lifetimes(snapshot).empty
    assert active_base(snapshot).empty
    assert arpa(snapshot).empty
    assert frame_of(returns(snapshot), "left", "share") == [(0, None)]
