"""How often customers pay, and who is in a first stay, by tables anyone can check by eye."""

import pandas as pd
import pytest

from churnlib.engine import collect
from churnlib.measures.billing_intervals import billing_intervals
from churnlib.measures.lifetimes import lifetimes
from churnlib.measures.still_staying import still_staying
from churnlib.models.survival.against_others import segments_against_others
from churnlib.models.survival.intervals import comparable, tells_interval
from churnlib.models.survival.logrank import compare_segments
from tests.business import frame_of, snapshot_of

YEAR, MONTH = ("Pro", 12), ("Pro", 1)
SPANS = [
    ("ann", "2025-01-05", "2026-01-05", 10, *YEAR),
    ("ann", "2026-01-05", None, 12, *MONTH),
    ("bob", "2026-01-20", "2026-02-20", 20, *MONTH),
    ("cat", "2026-01-31", None, 5),
    ("dan", "2026-02-01", None, 8, *MONTH),
    ("dan", "2026-02-01", None, 9, "Add-on", 12),
    ("eve", "2025-12-01", "2026-01-10", 7, *MONTH),
    ("eve", "2026-03-01", None, 7, *MONTH),
]


@pytest.fixture(scope="module")
def snapshot():
    return snapshot_of(subscriptions=SPANS)


def test_the_interval_of_the_first_paid_day_the_longest_of_several(snapshot):
    """Ann changed to monthly payments after a year; of cat it is not known."""
    rows = collect(billing_intervals(snapshot)).sort_values("customer_id")
    assert frame_of(rows, "customer_id", "interval_months") == [
        ("ann", 12),
        ("bob", 1),
        ("cat", 0),
        ("dan", 12),
        ("eve", 1),
    ]


def test_a_part_of_a_month_counts_as_one(snapshot):
    weekly = snapshot_of(subscriptions=[("ann", "2026-01-05", None, 10, "Pro", 12 / 52)])
    assert collect(billing_intervals(weekly))["interval_months"].tolist() == [1]


def test_lifetimes_keep_intervals_apart_only_where_asked(snapshot):
    assert "interval_months" not in lifetimes(snapshot)
    rows = lifetimes(snapshot, intervals=True)
    assert frame_of(rows, "interval_months", "duration", "event_observed", "customers") == [
        (0, 2, False, 1),  # cat
        (1, 1, True, 1),  # bob
        (1, 2, True, 1),  # eve
        (12, 1, False, 1),  # dan
        (12, 14, False, 1),  # ann
    ]
    assert rows["customers"].sum() == lifetimes(snapshot)["customers"].sum()


def test_who_came_back_is_in_no_first_stay(snapshot):
    """Eve is a customer today, and nothing of first stays is true of her."""
    assert frame_of(still_staying(snapshot)) == [
        (0, 2, 1, 5.0),
        (12, 1, 1, 17.0),
        (12, 14, 1, 12.0),
    ]


# within intervals


def rows_of(*rows):
    """(segment, interval, left in their second month, stayed three) each."""
    parts = []
    for segment, interval, left, stayed in rows:
        frame = pd.DataFrame({"duration": [2, 3], "event_observed": [True, False]})
        frame = frame.assign(segment=segment, interval_months=interval, entry=0)
        parts.append(frame.assign(customers=[left, stayed]))
    return pd.concat(parts)


MIXED = rows_of(("ads", 1, 40, 60), ("ads", 12, 0, 300), ("web", 1, 160, 240), ("web", 12, 0, 40))


def test_segments_that_leave_alike_within_intervals_do_not_differ():
    """40 of 100 and 160 of 400 who pay by the month leave, and nobody else; pooled, ads keep nine
    in ten.
    """
    within = compare_segments({"channel": MIXED})
    assert within["p_value"].item() == pytest.approx(1)
    assert within["within_intervals"].item()
    pooled = compare_segments({"channel": MIXED.drop(columns="interval_months")})
    assert pooled["p_value"].item() < 1e-6
    assert "within_intervals" not in pooled


def test_unknown_intervals_are_left_out_where_few_and_forbid_the_comparison_where_many():
    few = rows_of(("ads", 1, 40, 60), ("ads", 0, 0, 5), ("web", 1, 40, 60))
    known, rows = comparable(few)
    assert (known, rows["customers"].sum()) == (True, 200)
    many = rows_of(("ads", 1, 40, 60), ("ads", 0, 0, 20), ("web", 1, 40, 60))
    known, rows = comparable(many)
    assert (known, rows["customers"].sum()) == (False, 220)
    assert not compare_segments({"channel": many})["within_intervals"].item()


def test_a_column_that_tells_the_interval_is_not_tested():
    billing = rows_of(("monthly", 1, 40, 60), ("yearly", 12, 0, 100), ("yearly", 1, 1, 2))
    assert tells_interval(billing)
    assert not tells_interval(MIXED)
    assert not tells_interval(rows_of(("ads", 1, 40, 60), ("web", 1, 40, 60)))
    tests = compare_segments({"billing": billing, "channel": MIXED}).set_index("column")
    assert tests["tells_interval"].to_dict() == {"billing": True, "channel": False}
    assert tests.loc["billing", ["p_value", "p_adjusted"]].isna().all()
    assert (tests["n_scanned"] == 1).all()


def test_each_value_is_set_against_the_others_of_its_interval_with_what_it_loses():
    """Of 100 ads 40 left where 20 in 100 would as of the web. Somebody who has stayed a month and
    pays 10 stays the second with 0.6 and not 0.8; of what comes later nothing is known but that
    one rate: of all months of the web's, 100 of 900.
    """
    rows = rows_of(("ads", 1, 40, 60), ("web", 1, 100, 400))
    base = pd.DataFrame({"segment": ["ads"], "interval_months": 1, "tenure": 1})
    base = base.assign(customers=1, mrr=10.0)
    base.attrs = {"currency": "EUR", "by": "channel"}
    splits = {"channel": rows}
    found = segments_against_others(compare_segments(splits), splits, {"channel": base})
    assert found.attrs["currency"] == "EUR"
    ads, web = found.set_index("segment").loc["ads"], found.set_index("segment").loc["web"]
    assert (ads["left"], ads["expected"], ads["ratio"]) == (40, 20.0, 2.0)
    assert (web["left"], web["expected"], web["ratio"]) == (100, 200.0, 0.5)
    assert 1 < ads["low"] < 2 < ads["high"]
    assert ads["apart"]
    assert (ads["customers"], web["customers"], web["at_stake"]) == (1, 0, 0)
    assert 0 < ads["at_stake_low"] < ads["at_stake"] < ads["at_stake_high"]
    later = 100 / (500 + 500 + 400)
    kept = 0.8 * (1 - later) ** 10
    kept_here = 0.6 * (1 - 2 * later) ** 10
    assert ads["at_stake"] == pytest.approx(10 * (kept - kept_here), rel=1e-6)
