"""What a purchase is, and when the next one comes, by tables anyone can check by eye."""

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from churnlib.engine import collect
from churnlib.measures.forecasts import weekly_repeats
from churnlib.measures.histories import holdout, recency_frequency, spend
from churnlib.measures.purchases import customer_purchases, purchases
from churnlib.measures.repurchase import repeat_by_cohort, repeat_purchase_rate
from churnlib.measures.sales import sales
from churnlib.measures.waits import gaps
from tests.business import day_after, frame_of, snapshot_of

CDNOW = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "cdnow"
ORDERS = [
    ("ann", "2026-01-05", 10),
    ("ann", "2026-01-05", 4),  # the same occasion
    ("ann", "2026-01-12", 20),
    ("ann", "2026-02-09", -5),  # a return: less money, no purchase
    ("bob", "2026-02-02", 30),
    ("bob", "2026-03-30", 0),  # free of charge, still a purchase
]


def bought(*orders):
    rows = collect(purchases(snapshot_of(orders=list(orders))))
    return sorted(frame_of(rows, "customer_id", "number", "purchased_on", "amount"))


def test_rows_of_a_day_are_one_occasion_and_returns_reduce_the_one_before():
    assert bought(*ORDERS) == [
        ("ann", 1, "2026-01-05", 14.0),
        ("ann", 2, "2026-01-12", 15.0),
        ("bob", 1, "2026-02-02", 30.0),
        ("bob", 2, "2026-03-30", 0.0),
    ]


def test_a_return_on_the_day_of_a_purchase_is_netted_with_it():
    assert bought(("ann", "2026-01-05", 10), ("ann", "2026-01-05", -4)) == [
        ("ann", 1, "2026-01-05", 6.0)
    ]
    assert bought(("ann", "2026-01-05", 10), ("ann", "2026-01-05", -14)) == [
        ("ann", 1, "2026-01-05", -4.0)
    ]


def test_a_return_before_any_purchase_is_nothing_bought():
    assert bought(("ann", "2026-01-05", -10), ("ann", "2026-01-08", 3)) == [
        ("ann", 1, "2026-01-08", 3.0)
    ]


def test_sales_new_against_returning():
    frame = sales(snapshot_of(orders=ORDERS))
    money = ("period_start", "revenue", "revenue_new", "revenue_returning")
    assert frame_of(frame, *money) == [
        ("2026-01-01", 34.0, 34.0, 0.0),
        ("2026-02-01", 25.0, 30.0, -5.0),
        ("2026-03-01", 0.0, 0.0, 0.0),
    ]
    people = ("customers", "new_customers", "returning_customers", "orders")
    assert frame_of(frame, *people) == [(1, 1, 0, 2), (1, 1, 0, 1), (1, 0, 1, 1)]
    assert frame_of(frame, "purchase_frequency", "average_order_value") == [
        (2.0, 17.0),
        (1.0, 25.0),
        (1.0, 0.0),
    ]


def test_a_month_without_a_sale_is_listed_without_averages():
    frame = sales(snapshot_of(orders=[("ann", "2026-02-05", 10)]))
    assert frame_of(frame.tail(1), "revenue", "customers", "average_order_value") == [
        (0.0, 0, None)
    ]


def test_sales_by_segment_add_up():
    snapshot = snapshot_of(orders=ORDERS, customers=[{"customer_id": "ann", "channel": "ads"}])
    frame = sales(snapshot, by="channel")
    assert frame_of(
        frame.groupby("period_start", as_index=False)[["revenue"]].sum(), "revenue"
    ) == [(34,), (25,), (0,)]


@pytest.mark.parametrize(("days", "again"), [(1, 1), (90, 1), (91, 0)])
def test_a_second_purchase_within_ninety_days(days, again):
    orders = [("ann", "2025-01-10", 5), ("ann", day_after("2025-01-10", days), 5)]
    table = repeat_purchase_rate(snapshot_of(orders=orders), days=(90,))
    assert frame_of(table, "window_days", "numerator", "denominator") == [
        (90, again, 1),
        ("ever", 1, 1),
    ]


def test_only_customers_observed_that_long_count():
    """By 31 March 90 days have passed since 31 December but not since 1 January; "ever" counts
    both.
    """
    orders = [("ann", "2025-12-31", 5), ("bob", "2026-01-01", 5), ("bob", "2026-01-02", 5)]
    table = repeat_purchase_rate(snapshot_of(orders=orders))
    columns = ("window_days", "numerator", "denominator", "rate")
    assert frame_of(table, *columns) == [(90, 0, 1, 0.0), (365, 0, 0, None), ("ever", 1, 2, 0.5)]


def test_repeat_purchases_by_cohort():
    orders = [
        ("ann", "2025-12-30", 5),
        ("ann", "2026-01-30", 5),
        ("bob", "2025-12-31", 5),
        ("cat", "2026-01-01", 5),
    ]
    table = repeat_by_cohort(snapshot_of(orders=orders), days=(90,))
    columns = ("cohort", "window_days", "size", "numerator", "denominator", "rate")
    assert frame_of(table, *columns) == [
        ("2025-12", 90, 2, 1, 2, 0.5),
        ("2026-01", 90, 1, 0, 0, None),
    ]


def test_time_to_the_second_purchase_with_those_still_waiting():
    """Seen through 31 March: bob bought again after 56 days, cat has waited for 30."""
    orders = [*ORDERS, ("cat", "2026-03-01", 8)]
    assert frame_of(gaps(snapshot_of(orders=orders))) == [
        (0, 7, True, 1),
        (0, 30, False, 1),
        (0, 56, True, 1),
    ]


def test_time_between_purchases_has_one_open_wait_a_customer():
    """Ann and bob are a group each."""
    assert frame_of(gaps(snapshot_of(orders=ORDERS), kind="between")) == [
        (0, 0, 7, True, 1),
        (0, 0, 78, False, 1),
        (1, 0, 1, False, 1),
        (1, 0, 56, True, 1),
    ]


def test_gaps_by_segment():
    snapshot = snapshot_of(orders=ORDERS, customers=[{"customer_id": "ann", "channel": "ads"}])
    assert frame_of(gaps(snapshot, by="channel")) == [
        ("(unknown)", 0, 56, True, 1),
        ("ads", 0, 7, True, 1),
    ]


def test_recency_and_frequency_in_weeks_to_the_last_day_observed():
    """Ann: 5 to 12 January is a week, to 31 March 85 days. Bob: 2 February to 30 March 8 weeks,
    to 31 March 57 days.
    """
    frame = recency_frequency(snapshot_of(orders=ORDERS))
    assert frame_of(frame) == [(1, 1.0, round(85 / 7, 6), 1), (1, 8.0, round(57 / 7, 6), 1)]


def test_customers_of_one_history_are_one_row():
    orders = [(name, "2026-03-01", 5) for name in ("ann", "bob", "cat")]
    assert frame_of(recency_frequency(snapshot_of(orders=orders))) == [
        (0, 0.0, round(30 / 7, 6), 3)
    ]


def test_an_earlier_as_of_knows_what_was_known_then():
    frame = recency_frequency(snapshot_of(orders=ORDERS), as_of=date(2026, 1, 12))
    assert frame_of(frame) == [(0, 0.0, round(6 / 7, 6), 1)]


def test_recency_and_frequency_by_segment():
    snapshot = snapshot_of(orders=ORDERS, customers=[{"customer_id": "ann", "channel": "ads"}])
    assert frame_of(recency_frequency(snapshot, by="channel"), "segment", "recency") == [
        ("(unknown)", 8.0),
        ("ads", 1.0),
    ]


def test_spend_is_of_repeat_purchases_with_money():
    """Ann's one repeat purchase is 20 less a return of 5; bob's was free; dan's three are 6, 6
    and 9, and a fourth was returned and 2 more with it.
    """
    dan = [("dan", f"2026-03-0{day}", mrr) for day, mrr in ((1, 99), (2, 6), (3, 6), (4, 9))]
    dan += [("dan", "2026-03-05", 5), ("dan", "2026-03-06", -7)]
    snapshot = snapshot_of(orders=[*ORDERS, *dan])
    assert frame_of(spend(snapshot)) == [
        (0, 0.0, 1, 1, 0.0),
        (1, 15.0, 1, 1, 0.0),
        (3, 7.0, 1, 4, -2.0),
    ]


def test_each_customers_history_stays_on_the_engine():
    rows = collect(customer_purchases(snapshot_of(orders=ORDERS))).sort_values("customer_id")
    assert frame_of(rows, "customer_id", "frequency", "recency", "value", "value_days") == [
        ("ann", 1, 1.0, 15.0, 1),
        ("bob", 1, 8.0, None, 0),
    ]


def test_the_holdout_counts_later_purchases_of_customers_known_at_the_origin():
    orders = [*ORDERS, ("ann", "2026-03-01", 5), ("ann", "2026-03-01", 5), ("cat", "2026-03-10", 5)]
    table = holdout(snapshot_of(orders=orders), origin=date(2026, 3, 1), until=date(2026, 3, 30))
    assert frame_of(table, "frequency", "recency", "customers", "purchases") == [
        (0, 0.0, 1, 0),
        (1, 1.0, 1, 1),
    ]


def test_nobody_yet():
    snapshot = snapshot_of(orders=[])
    empty = [
        sales(snapshot),
        gaps(snapshot),
        recency_frequency(snapshot),
        spend(snapshot),
    ]
    assert all(frame.empty for frame in empty)
    assert frame_of(repeat_purchase_rate(snapshot, days=()), "window_days", "denominator") == [
        ("ever", 0)
    ]


@pytest.fixture(scope="module")
def cdnow():
    if not CDNOW.exists():
        pytest.skip("CDNOW is not at hand (shared/ is absent)")
    names = ["master_id", "customer", "day", "n_cds", "dollars"]
    raw = pd.read_csv(CDNOW / "CDNOW_sample.txt", sep=r"\s+", header=None, names=names, dtype=str)
    days = raw["day"].str.replace(r"(\d{4})(\d\d)(\d\d)", r"\1-\2-\3", regex=True)
    rows = zip(raw["customer"], days, raw["dollars"], strict=True)
    return snapshot_of(orders=list(rows), period="1998-06")


def test_cdnow_histories_are_the_published_ones(cdnow):
    """All 2,357 of Fader, Hardie and Lee's (2005) calibration sample, which ends with
    1997-09-30.
    """
    published = pd.read_csv(CDNOW / "cdnow_customers_summary.csv")[["frequency", "recency", "T"]]
    frame = recency_frequency(cdnow, as_of=date(1997, 10, 1))
    ours = frame.loc[frame.index.repeat(frame["customers"]), ["frequency", "recency", "age"]].round(
        2
    )
    assert sorted(frame_of(ours)) == sorted(frame_of(published.astype({"frequency": int})))


def test_cdnow_repeat_buyers_and_their_spend(cdnow):
    """Fader and Hardie (2013): 946 repeat buyers, mean 35.08, largest 299.63."""
    frame = spend(cdnow, as_of=date(1997, 10, 1))
    mean = (frame["value"] * frame["customers"]).sum() / frame["customers"].sum()
    assert (frame["customers"].sum(), round(mean, 2), round(frame["value"].max(), 2)) == (
        946,
        35.08,
        299.63,
    )


def test_cdnow_holdout_and_weekly_tracking(cdnow):
    """BTYD's cumulative repeat transactions, and the 1,882 of weeks 40 to 78."""
    assert (
        holdout(cdnow, origin=date(1997, 10, 1), until=date(1998, 7, 1))["purchases"].sum() == 1882
    )
    total = weekly_repeats(cdnow, before=cdnow.as_of)["purchases"].cumsum()
    assert [total[week - 1] for week in (13, 26, 39, 52, 65, 78)] == [
        828,
        1746,
        2457,
        3183,
        3844,
        4339,
    ]


def test_who_is_first_seen_in_the_first_period_of_the_records_need_not_be_new():
    """Of January's buyers nobody knows whether it was their first purchase; cat's and dan's was."""
    orders = [
        ("ann", "2026-01-05", 5),
        ("bob", "2026-01-30", 5),
        ("bob", "2026-02-02", 5),
        ("cat", "2026-02-10", 5),
        ("cat", "2026-03-01", 5),
        ("dan", "2026-03-20", 5),
    ]
    snapshot = snapshot_of(orders=orders, opened_on=None)
    months = sales(snapshot)
    assert frame_of(months, "customers", "new_customers", "revenue", "revenue_new") == [
        (2, None, 10.0, None),
        (2, 1.0, 10.0, 5.0),
        (2, 1.0, 10.0, 5.0),
    ]
    assert frame_of(months.tail(2), "returning_customers") == [(1.0,), (1.0,)]
    assert frame_of(repeat_purchase_rate(snapshot), "numerator", "denominator") == [
        (0, 0),
        (0, 0),
        (1, 2),
    ]
    assert frame_of(gaps(snapshot)) == [(0, 11, False, 1), (0, 19, True, 1)]
    assert repeat_by_cohort(snapshot)["cohort"].unique().tolist() == ["2026-02", "2026-03"]
    waits = gaps(snapshot, kind="between")
    assert waits["customers"].sum() == len(orders), "any wait is one, whatever came before"
    opened = snapshot_of(orders=orders, opened_on="2026-01-01")
    assert sales(opened)["new_customers"].tolist() == [2, 1, 1]
    assert gaps(opened)["customers"].sum() == 4
