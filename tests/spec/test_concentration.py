"""How much of the revenue rests on how few customers: tables that anyone can check by eye."""

import pytest

from churnlib.findings.concentration import say_concentration
from churnlib.measures.concentration import SHARES, concentration
from tests.business import snapshot_of
from tests.reading import said


def at(frame, share):
    (row,) = frame[frame["share_of_customers"] == share].itertuples()
    return row


def test_the_fifth_of_ten_customers_that_pays_most():
    """90 + 80 of 10 + 20 + ... + 90 + 50 = 500."""
    paid = [10, 20, 30, 40, 50, 60, 70, 80, 90, 50]
    spans = [(f"c{n}", "2026-01-01", None, mrr) for n, mrr in enumerate(paid)]
    row = at(concentration(snapshot_of(subscriptions=spans)), 0.2)
    assert (row.customers, row.of_customers, row.revenue) == (2, 10, 170.0)
    assert row.share_of_revenue == pytest.approx(0.34)


def test_a_share_is_filled_with_whole_customers():
    spans = [(f"c{n}", "2026-01-01", None, 10) for n in range(11)]
    frame = concentration(snapshot_of(subscriptions=spans))
    assert [at(frame, share).customers for share in (0.01, 0.2, 0.5, 1.0)] == [1, 3, 6, 11]
    assert frame["share_of_customers"].tolist() == list(SHARES)
    assert frame["share_of_revenue"].iloc[-1] == 1.0


def test_several_subscriptions_of_a_customer_add_up_and_who_left_brings_nothing():
    spans = [
        ("a", "2026-01-01", None, 30),
        ("a", "2026-02-01", None, 30),
        ("b", "2026-01-01", None, 40),
        ("gone", "2026-01-01", "2026-02-15", 900),
    ]
    row = at(concentration(snapshot_of(subscriptions=spans)), 0.5)
    assert (row.customers, row.revenue, row.of_customers) == (1, 60.0, 2)


def test_a_shop_counts_twelve_months_with_returns_deducted():
    orders = [
        ("old", "2025-03-31", 500),
        ("a", "2025-04-01", 60),
        ("a", "2026-03-01", -20),
        ("b", "2026-03-31", 10),
        ("c", "2025-01-10", 80),
        ("c", "2026-01-10", -30),
    ]
    row = at(concentration(snapshot_of(orders=orders)), 0.5)
    assert (row.customers, row.revenue, row.of_customers) == (1, 40.0, 2)
    assert row.share_of_revenue == pytest.approx(0.8)


def test_each_segment_has_a_top_of_its_own():
    spans = [(f"{plan}{n}", "2026-01-01", None, 10 + n) for plan in "xyz" for n in range(10)]
    people = [{"customer_id": one[0], "plan": one[0][0]} for one in spans]
    frame = concentration(snapshot_of(subscriptions=spans, customers=people), by="plan")
    top = frame[frame["share_of_customers"] == 0.2]
    assert top["segment"].tolist() == ["x", "y", "z"]
    assert top["revenue"].tolist() == [37.0, 37.0, 37.0]


def test_what_is_said_of_it():
    spans = [(f"c{n}", "2026-01-01", None, 100 if n < 8 else 20) for n in range(40)]
    finding = say_concentration(concentration(snapshot_of(subscriptions=spans)))
    assert said(finding) == (
        "The 8 customers who bring most, a fifth of 40, bring 55.6 % of the MRR: €800."
    )
    assert (finding.verdict, finding.place, finding.at_stake) == ("no signal", "", None)
    few = say_concentration(concentration(snapshot_of(subscriptions=spans[:29])))
    assert said(few).startswith("Too few customers")


def test_a_shop_whose_returns_eat_all_revenue():
    orders = [(f"c{n}", "2026-03-01", 10) for n in range(30)]
    orders += [(f"c{n}", "2026-03-02", -10) for n in range(30)]
    assert said(say_concentration(concentration(snapshot_of(orders=orders)))).startswith(
        "All customers together bring no revenue"
    )
