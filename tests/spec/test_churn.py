"""What a churned customer is, by tables anyone can check by eye."""

import pytest

from churnlib.errors import DataError
from churnlib.measures.churn import churn_by_quarter, churn_rates, customer_churn
from tests.business import frame_of, snapshot_of

COUNTS = (
    "period_start",
    "opening_customers",
    "new_customers",
    "reactivated_customers",
    "churned_customers",
    "closing_customers",
    "joined_and_left",
)


def counts(*spans, period="2026-03", **settings):
    return frame_of(
        customer_churn(snapshot_of(subscriptions=list(spans), period=period, **settings)), *COUNTS
    )


def test_a_customer_comes_stays_and_leaves():
    assert counts(("ann", "2026-01-10", "2026-03-05", 10)) == [
        ("2026-01-01", 0, 1, 0, 0, 1, 0),
        ("2026-02-01", 1, 0, 0, 0, 1, 0),
        ("2026-03-01", 1, 0, 0, 1, 0, 0),
    ]


def test_first_days_belong_to_the_month_that_they_begin():
    """A start on the first counts in that month's closing, an end on the first is churn of that
    month.
    """
    assert counts(("ann", "2026-01-01", "2026-03-01", 10)) == [
        ("2026-01-01", 0, 1, 0, 0, 1, 0),
        ("2026-02-01", 1, 0, 0, 0, 1, 0),
        ("2026-03-01", 1, 0, 0, 1, 0, 0),
    ]


def test_an_end_on_as_of_or_later_is_not_yet_known():
    assert counts(("ann", "2026-03-01", "2026-04-01", 10)) == [("2026-03-01", 0, 1, 0, 0, 1, 0)]


def test_an_end_on_29_february_is_churn_of_february():
    assert counts(("ann", "2024-01-31", "2024-02-29", 10), period="2024-02")[-1] == (
        "2024-02-01",
        1,
        0,
        0,
        1,
        0,
        0,
    )


def test_joining_and_leaving_within_a_period_is_counted_apart():
    rows = counts(("ann", "2026-02-01", None, 10), ("bob", "2026-03-03", "2026-03-20", 10))
    assert rows[-1] == ("2026-03-01", 1, 0, 0, 0, 1, 1)


def test_coming_back_is_reactivation_and_not_new():
    spans = ("ann", "2026-01-05", "2026-01-25", 10), ("ann", "2026-03-05", None, 10)
    assert counts(*spans) == [
        ("2026-01-01", 0, 0, 0, 0, 0, 1),
        ("2026-02-01", 0, 0, 0, 0, 0, 0),
        ("2026-03-01", 0, 0, 1, 0, 1, 0),
    ]


def test_leaving_and_coming_back_within_a_period_nets():
    spans = ("ann", "2026-02-05", "2026-03-05", 10), ("ann", "2026-03-25", None, 10)
    assert counts(*spans)[-1] == ("2026-03-01", 1, 0, 0, 0, 1, 0)


def test_a_free_plan_is_not_active():
    spans = (
        ("ann", "2026-01-05", "2026-03-05", 10),
        ("ann", "2026-03-05", None, 0),
        ("bob", "2026-01-01", None, 0),
    )
    assert counts(*spans)[-1] == ("2026-03-01", 1, 0, 0, 1, 0, 0)


def test_from_free_to_paid_is_new():
    assert counts(("ann", "2026-01-01", "2026-03-10", 0), ("ann", "2026-03-10", None, 5)) == [
        ("2026-03-01", 0, 1, 0, 0, 1, 0)
    ]


def test_one_of_two_subscriptions_ending_is_not_churn():
    spans = ("ann", "2026-02-01", None, 10), ("ann", "2026-02-15", "2026-03-05", 4)
    assert counts(*spans)[-1] == ("2026-03-01", 1, 0, 0, 0, 1, 0)


@pytest.mark.parametrize("day", ["2026-03-01", "2026-03-17"])
def test_a_plan_change_is_not_churn(day):
    spans = ("ann", "2026-02-01", day, 10), ("ann", day, None, 4)
    assert counts(*spans)[-1] == ("2026-03-01", 1, 0, 0, 0, 1, 0)


def test_a_span_of_no_length_is_nobody():
    assert counts(("ann", "2026-03-01", None, 1), ("bob", "2026-03-05", "2026-03-05", 10)) == [
        ("2026-03-01", 0, 1, 0, 0, 1, 0)
    ]


def test_months_in_which_nothing_happened_are_listed_to_the_reported_one():
    rows = counts(("ann", "2025-12-05", "2025-12-20", 10))
    assert [row[0] for row in rows] == ["2025-12-01", "2026-01-01", "2026-02-01", "2026-03-01"]
    assert rows[-1] == ("2026-03-01", 0, 0, 0, 0, 0, 0)


def test_the_rate_is_of_the_opening_with_its_wilson_limits():
    spans = [
        (name, "2026-02-01", "2026-03-05" if name < "d" else None, 10) for name in "abcdefghij"
    ]
    spans.append(("new", "2026-03-01", None, 10))
    march = customer_churn(snapshot_of(subscriptions=spans)).iloc[-1]
    # Wilson for 3 of 10: 0.1078 to 0.6032.
    limits = [round(march[name], 4) for name in ("churn_rate", "churn_rate_low", "churn_rate_high")]
    assert limits == [0.3, 0.1078, 0.6032]


def test_no_rate_where_nobody_was_there_and_zero_where_nobody_left():
    frame = customer_churn(snapshot_of(subscriptions=[("ann", "2026-02-01", None, 10)]))
    assert frame_of(frame, "churn_rate", "churn_rate_low") == [(None, None), (0.0, 0.0)]


def test_everybody_left():
    frame = customer_churn(snapshot_of(subscriptions=[("ann", "2026-02-01", "2026-03-02", 10)]))
    assert frame_of(frame.tail(1), "churn_rate", "churn_rate_high") == [(1.0, 1.0)]


def test_by_segment_every_segment_has_every_period():
    snapshot = snapshot_of(
        subscriptions=[("ann", "2026-02-01", None, 10), ("bob", "2026-03-01", None, 10)],
        customers=[{"customer_id": "ann", "channel": "ads"}],
    )
    frame = customer_churn(snapshot, by="channel")
    assert frame_of(frame, "period_start", "segment", "closing_customers") == [
        ("2026-02-01", "(unknown)", 0),
        ("2026-03-01", "(unknown)", 1),
        ("2026-02-01", "ads", 1),
        ("2026-03-01", "ads", 1),
    ]


def test_a_column_that_customers_do_not_have_is_named_with_the_nearest():
    snapshot = snapshot_of(
        subscriptions=[("ann", "2026-02-01", None, 10)],
        customers=[{"customer_id": "ann", "channel": "ads"}],
    )
    with pytest.raises(DataError, match=r"'chanel'.*'channel'"):
        customer_churn(snapshot, by="chanel")


def test_a_quarter_compares_its_own_ends_and_an_incomplete_one_is_not_listed():
    spans = [
        ("ann", "2025-11-01", "2026-02-10", 10),
        ("bob", "2026-01-10", "2026-03-10", 10),
        ("cat", "2026-04-05", None, 10),
    ]
    frame = customer_churn(snapshot_of(subscriptions=spans, period="2026-05"), grain="quarter")
    assert frame_of(frame, *COUNTS) == [
        ("2025-10-01", 0, 1, 0, 0, 1, 0),
        ("2026-01-01", 1, 0, 0, 1, 0, 1),
    ]


def test_a_quarterly_business_has_quarters():
    snapshot = snapshot_of(
        subscriptions=[("ann", "2025-11-01", "2026-02-10", 10)], period="2026-Q1", grain="quarter"
    )
    assert frame_of(customer_churn(snapshot), *COUNTS) == [
        ("2025-10-01", 0, 1, 0, 0, 1, 0),
        ("2026-01-01", 1, 0, 0, 1, 0, 0),
    ]


def test_by_quarter_customers_stand_beside_their_money():
    """At the opening of 2026 ann with 10 and bob with 30; bob leaves, cat comes and goes. The
    quarter of May is not over.
    """
    spans = [
        ("ann", "2025-11-01", None, 10),
        ("bob", "2025-12-10", "2026-03-10", 30),
        ("cat", "2026-01-10", "2026-03-10", 5),
        ("dan", "2026-04-05", None, 10),
    ]
    snapshot = snapshot_of(subscriptions=spans, period="2026-05")
    frame = churn_by_quarter(snapshot)
    counts = ("period_start", "opening_customers", "churned_customers", "joined_and_left")
    assert frame_of(frame, *counts) == [("2025-10-01", 0, 0, 0), ("2026-01-01", 2, 1, 1)]
    money = ("churn_rate", "opening", "churn", "gross_churn_rate", "n_opening")
    assert frame_of(frame.tail(1), *money) == [(0.5, 40.0, -30.0, 0.75, 2)]
    assert frame.attrs["grain"] == "quarter"
    assert churn_by_quarter(snapshot_of(subscriptions=spans, period="2025-11")).empty


def test_churn_of_customers_stands_beside_that_of_money():
    """In March bob's 30 of 40 leave, and ann pays 2 more: net 28 of 40."""
    spans = [
        ("ann", "2026-02-01", "2026-03-10", 10),
        ("ann", "2026-03-10", None, 12),
        ("bob", "2026-02-01", "2026-03-10", 30),
    ]
    snapshot = snapshot_of(
        subscriptions=spans, customers=[{"customer_id": "ann", "channel": "ads"}]
    )
    frame = churn_rates(snapshot)
    columns = ("period_start", "churn_rate", "gross_churn_rate", "net_churn_rate")
    assert frame_of(frame, *columns) == [
        ("2026-02-01", None, None, None),
        ("2026-03-01", 0.5, 0.75, 0.7),
    ]
    # Wilson for 1 of 2: 0.0945 to 0.9055.
    limits = frame_of(frame.tail(1).round(4), "churn_rate_low", "churn_rate_high")
    assert limits == [(0.0945, 0.9055)]
    parts = churn_rates(snapshot, by="channel")
    assert frame_of(parts, "period_start", "segment", "churned_customers", "opening") == [
        ("2026-02-01", "(unknown)", 0, 0.0),
        ("2026-03-01", "(unknown)", 1, 30.0),
        ("2026-02-01", "ads", 0, 0.0),
        ("2026-03-01", "ads", 0, 10.0),
    ]


@pytest.mark.parametrize("data_from", ["2026-01-15", "2026-02-01"])
def test_time_before_the_records_begin_is_not_listed(data_from):
    """Of the customers of before only those who stayed are known: 0 churn there would be untrue."""
    spans = ("ann", "2025-06-01", None, 10), ("bob", "2025-09-01", "2026-02-10", 10)
    assert counts(*spans, data_from=data_from) == [
        ("2026-02-01", 2, 0, 0, 1, 1, 0),
        ("2026-03-01", 1, 0, 0, 0, 1, 0),
    ]


def test_no_paid_subscription_at_all_is_an_empty_frame():
    frame = customer_churn(snapshot_of(subscriptions=[("ann", "2026-02-01", None, 0)]))
    assert frame.empty
    assert frame.columns.tolist()[:2] == ["period_start", "opening_customers"]


def test_who_comes_back_and_leaves_again_within_a_month_did_not_join_in_it():
    """Ann comes back for a week in March; bob comes for the first time and goes, twice."""
    spans = [
        ("ann", "2026-01-05", "2026-02-10", 10),
        ("ann", "2026-03-05", "2026-03-12", 10),
        ("bob", "2026-03-02", "2026-03-09", 10),
        ("bob", "2026-03-20", "2026-03-25", 10),
    ]
    assert counts(*spans)[-1] == ("2026-03-01", 0, 0, 0, 0, 0, 1)
