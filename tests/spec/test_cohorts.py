"""Who is still there at the same age, by tables anyone can check by eye."""

import pandas as pd
import pytest

from churnlib.findings.cohorts import say_cohorts
from churnlib.measures.cohorts import (
    customer_retention,
    customer_retention_by,
    revenue_retention,
)
from churnlib.measures.cohorts_pooled import newest_against_earlier, pooled, pooled_revenue
from churnlib.results.declared import currency_of, grain_of, table_name
from tests.business import frame_of, snapshot_of
from tests.reading import told_of

CELL = ("cohort", "age", "size", "active")
SPANS = [
    ("ann", "2026-01-05", None, 10),
    ("bob", "2026-01-20", "2026-02-10", 20),
    ("cat", "2026-02-01", "2026-02-15", 5),
    ("dan", "2026-02-15", None, 8),
]


def test_observed_and_none_is_zero_and_not_yet_observable_is_empty():
    spans = [("ann", "2026-01-05", "2026-02-10", 10), ("bob", "2026-02-05", "2026-03-10", 10)]
    assert frame_of(customer_retention(snapshot_of(subscriptions=spans)), *CELL, "rate") == [
        ("2026-01", 0, 1, 1.0, 1.0),
        ("2026-01", 1, 1, 0.0, 0.0),
        ("2026-01", 2, 1, 0.0, 0.0),
        ("2026-02", 0, 1, 1.0, 1.0),
        ("2026-02", 1, 1, 0.0, 0.0),
        ("2026-02", 2, 1, None, None),
    ]


def test_who_joined_and_left_within_the_first_period_belongs_to_the_cohort():
    triangle = customer_retention(snapshot_of(subscriptions=SPANS))
    assert frame_of(triangle, *CELL) == [
        ("2026-01", 0, 2, 2.0),
        ("2026-01", 1, 2, 1.0),
        ("2026-01", 2, 2, 1.0),
        ("2026-02", 0, 2, 1.0),
        ("2026-02", 1, 2, 1.0),
        ("2026-02", 2, 2, None),
    ]


def test_a_comeback_counts_where_it_is():
    spans = [("ann", "2026-01-05", "2026-02-10", 10), ("ann", "2026-03-05", None, 3)]
    snapshot = snapshot_of(subscriptions=spans)
    assert frame_of(customer_retention(snapshot), "active") == [(1.0,), (0.0,), (1.0,)]
    assert frame_of(revenue_retention(snapshot), "amount", "retention") == [
        (10.0, 1.0),
        (0.0, 0.0),
        (3.0, 0.3),
    ]


def test_revenue_is_set_against_age_zero():
    spans = [*SPANS, ("ann", "2026-03-01", None, 15)]
    table = revenue_retention(snapshot_of(subscriptions=spans))
    assert frame_of(table, "cohort", "age", "opening_amount", "amount", "retention") == [
        ("2026-01", 0, 30.0, 30.0, 1.0),
        ("2026-01", 1, 30.0, 10.0, round(1 / 3, 6)),
        ("2026-01", 2, 30.0, 25.0, round(25 / 30, 6)),
        ("2026-02", 0, 8.0, 8.0, 1.0),
        ("2026-02", 1, 8.0, 8.0, 1.0),
        ("2026-02", 2, 8.0, None, None),
    ]


def test_an_opening_of_nothing_has_no_retention():
    table = revenue_retention(snapshot_of(subscriptions=[("ann", "2026-02-03", "2026-02-20", 10)]))
    assert frame_of(table, "opening_amount", "amount", "retention") == [
        (0.0, 0.0, None),
        (0.0, 0.0, None),
    ]


def test_pooled_is_a_sum_over_a_sum():
    line = pooled(customer_retention(snapshot_of(subscriptions=SPANS)))
    assert frame_of(line, "age", "size", "active", "rate") == [
        (0, 4, 3.0, 0.75),
        (1, 4, 2.0, 0.5),
        (2, 2, 1.0, 0.5),
    ]
    # Wilson for 1 of 2: 0.0945 to 0.9055.
    assert frame_of(line.tail(1).round(4), "low", "high") == [(0.0945, 0.9055)]


def test_pooled_revenue_is_a_sum_over_a_sum():
    """At age 1 the 10 of ann and the 8 of dan are left of 30 + 8, at age 2 ann's 10 of 30."""
    line = pooled_revenue(revenue_retention(snapshot_of(subscriptions=SPANS)))
    assert frame_of(line) == [
        (0, 4, 38.0, 38.0, 1.0),
        (1, 4, 38.0, 18.0, round(18 / 38, 6)),
        (2, 2, 30.0, 10.0, round(1 / 3, 6)),
    ]


def test_what_is_pooled_is_split_by_nothing_any_more():
    people = [{"customer_id": "ann", "channel": "ads"}]
    snapshot = snapshot_of(subscriptions=SPANS, customers=people, grain="month")
    line = pooled(customer_retention(snapshot, by="channel"))
    assert table_name(line) == "cohorts_pooled"
    assert (currency_of(line), grain_of(line)) == ("EUR", "month")
    pd.testing.assert_frame_equal(line, pooled(customer_retention(snapshot)))


def test_by_a_column_age_counts_from_each_customers_own_start():
    """At age 2 only ann and bob are observable: their February and March are over, dan's age 2
    is April.
    """
    people = [{"customer_id": name, "channel": "ads"} for name in ("ann", "bob", "dan")]
    snapshot = snapshot_of(subscriptions=SPANS, customers=people)
    assert frame_of(customer_retention(snapshot, by="channel"), *CELL) == [
        ("(unknown)", 0, 1, 0.0),
        ("(unknown)", 1, 1, 0.0),
        ("(unknown)", 2, 0, None),
        ("ads", 0, 3, 3.0),
        ("ads", 1, 3, 2.0),
        ("ads", 2, 2, 1.0),
    ]
    named = customer_retention_by(snapshot, "channel")
    pd.testing.assert_frame_equal(named, customer_retention(snapshot, by="channel"))
    assert (named.attrs["result"], named.attrs["by"]) == ("cohorts_by", "channel")
    revenue = revenue_retention(snapshot, by="channel")
    assert frame_of(revenue.tail(2), "opening_amount", "amount", "size") == [
        (38.0, 18.0, 3),
        (30.0, 10.0, 2),
    ]


def test_quarters_hold_whole_quarters_only():
    spans = [
        ("ann", "2025-11-05", None, 10),
        ("bob", "2026-01-20", "2026-05-10", 10),
        ("cat", "2026-04-02", None, 1),
    ]
    triangle = customer_retention(
        snapshot_of(subscriptions=spans, period="2026-05"), grain="quarter"
    )
    assert frame_of(triangle, *CELL) == [
        ("2025-Q4", 0, 1, 1.0),
        ("2025-Q4", 1, 1, 1.0),
        ("2026-Q1", 0, 1, 1.0),
        ("2026-Q1", 1, 1, None),
    ]


def test_customers_of_before_the_records_are_in_no_cohort():
    """Of the cohort of 2025-06 only those who stayed until the records begin are known."""
    spans = [("ann", "2025-06-01", None, 10), ("bob", "2026-02-10", None, 10)]
    triangle = customer_retention(snapshot_of(subscriptions=spans, data_from="2026-01-01"))
    assert frame_of(triangle, *CELL) == [("2026-02", 0, 1, 1.0), ("2026-02", 1, 1, 1.0)]


def test_a_free_customer_is_in_no_cohort():
    spans = [("ann", "2026-02-01", "2026-03-05", 0), ("ann", "2026-03-05", None, 10)]
    assert frame_of(customer_retention(snapshot_of(subscriptions=spans)), *CELL) == [
        ("2026-03", 0, 1, 1.0)
    ]


def test_the_newest_cohorts_are_set_against_earlier_ones_at_the_same_age():
    spans = [
        ("ann", "2025-12-05", None, 10),
        ("bob", "2026-01-05", "2026-02-10", 10),
        ("cat", "2026-02-05", "2026-03-10", 10),
        ("dan", "2026-03-05", None, 10),
    ]
    table = newest_against_earlier(customer_retention(snapshot_of(subscriptions=spans)), newest=2)
    columns = ("age", "newest_size", "newest_rate", "earlier_size", "earlier_rate")
    assert frame_of(table, *columns) == [(0, 2, 1.0, 2, 1.0), (1, 1, 0.0, 2, 0.5)]


ORDERS = [
    ("ann", "2026-01-05", 10),
    ("ann", "2026-01-09", 5),
    ("ann", "2026-03-01", 20),
    ("bob", "2026-01-31", 30),
    ("bob", "2026-02-02", -30),
    ("cat", "2026-02-10", 7),
]


def test_transactional_customers_are_there_where_they_bought():
    triangle = customer_retention(snapshot_of(orders=ORDERS))
    assert frame_of(triangle, *CELL) == [
        ("2026-01", 0, 2, 2.0),
        ("2026-01", 1, 2, 0.0),
        ("2026-01", 2, 2, 1.0),
        ("2026-02", 0, 1, 1.0),
        ("2026-02", 1, 1, 0.0),
        ("2026-02", 2, 1, None),
    ]


def test_transactional_revenue_is_less_returns():
    table = revenue_retention(snapshot_of(orders=ORDERS))
    assert frame_of(table.head(3), "opening_amount", "amount") == [
        (45.0, 45.0),
        (45.0, -30.0),
        (45.0, 20.0),
    ]


def test_a_return_before_any_purchase_makes_no_cohort():
    table = revenue_retention(
        snapshot_of(orders=[("ann", "2026-01-05", -10), ("ann", "2026-02-05", 30)])
    )
    assert frame_of(table, "cohort", "age", "amount") == [("2026-02", 0, 30.0), ("2026-02", 1, 0.0)]


@pytest.mark.parametrize("business", [{"subscriptions": []}, {"orders": []}])
def test_nobody_yet_is_an_empty_triangle(business):
    triangle = customer_retention(snapshot_of(**business))
    assert triangle.empty
    assert pooled(triangle).empty
    assert newest_against_earlier(triangle).empty


def test_the_triangle_says_how_far_cohorts_of_enough_customers_lie_apart():
    triangle = pd.DataFrame(
        [
            ("a", 6, 40, 0.5),
            ("b", 6, 40, 0.25),
            ("small", 6, 29, 0.9),
            ("a", 12, 40, 0.1),
            ("b", 12, 40, None),
        ],
        columns=["cohort", "age", "size", "rate"],
    )
    told = told_of(triangle, model="transactional")
    said = say_cohorts(told).sentence
    assert said == (
        "From cohort to cohort, 25.0 to 50.0\u00a0% bought 6 months after the month they began in "
        "(2 cohorts of 30 or more)."
    )
    alone = say_cohorts(told_of(triangle[triangle["cohort"] == "a"]))
    assert "Fewer than two cohorts" in alone.sentence


# the left edge of a shop's records


def test_the_first_cohort_of_a_shops_records_is_flagged_and_in_no_pooled_row():
    """Who bought in January may have bought before: only cat is known to be new."""
    snapshot = snapshot_of(orders=ORDERS, opened_on=None)
    assert snapshot.left_edge.label == "2026-01"
    triangle = customer_retention(snapshot)
    assert frame_of(triangle, "cohort", "left_edge") == [
        *[("2026-01", True)] * 3,
        *[("2026-02", False)] * 3,
    ]
    assert frame_of(pooled(triangle), "age", "size", "active") == [(0, 1, 1.0), (1, 1, 0.0)]
    revenue = revenue_retention(snapshot)
    assert frame_of(pooled_revenue(revenue), "age", "opening_amount") == [(0, 7.0), (1, 7.0)]
    newest = newest_against_earlier(triangle, newest=1)
    assert newest.empty, "there is no earlier cohort of new customers"


@pytest.mark.parametrize(
    ("opened_on", "new"),
    [
        ("2026-01-05", True),
        ("2025-12-20", True),  # the first order came some days later
        ("2025-11-30", False),  # of the first month nothing is in the records
        ("2018-01-01", False),
        (None, False),
    ],
)
def test_opened_on_says_that_the_first_cohort_is_new(opened_on, new):
    snapshot = snapshot_of(orders=ORDERS, opened_on=opened_on)
    assert (snapshot.left_edge is None) is new
    assert customer_retention(snapshot)["left_edge"].any() != new


def test_customers_of_the_left_edge_are_in_no_cohort_by_a_column():
    people = [{"customer_id": name, "channel": "ads"} for name in ("ann", "bob", "cat")]
    snapshot = snapshot_of(orders=ORDERS, customers=people, opened_on=None)
    triangle = customer_retention_by(snapshot, "channel")
    assert frame_of(triangle, *CELL) == [("ads", 0, 1, 1.0), ("ads", 1, 1, 0.0)]
    quarters = customer_retention(snapshot, grain="quarter")
    assert quarters["left_edge"].all()


def test_starts_of_subscriptions_are_true():
    snapshot = snapshot_of(subscriptions=SPANS)
    assert snapshot.left_edge is None
    assert "left_edge" not in customer_retention(snapshot)
