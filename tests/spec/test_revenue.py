"""What moves recurring revenue, by tables anyone can check by eye."""

import pytest

from churnlib.errors import ParamsError
from churnlib.measures.movements import last_movements, movements
from churnlib.measures.retention_12m import retention_12m
from churnlib.measures.revenue import check_identity, mrr_bridge, mrr_by_segment
from churnlib.measures.unit_figures import unit_figures
from tests.business import frame_of, snapshot_of

BRIDGE = ("opening", "new", "reactivation", "expansion", "contraction", "churn", "closing")
RATES = ("gross_churn_rate", "net_churn_rate", "nrr", "grr")
FIVE = [  # in March: up 5, down 3, gone 20, new 7, back 4; opening 10 + 10 + 20 = 40
    ("up", "2026-01-01", "2026-03-10", 10),
    ("up", "2026-03-10", None, 15),
    ("down", "2026-01-01", "2026-03-10", 10),
    ("down", "2026-03-10", None, 7),
    ("gone", "2026-01-01", "2026-03-31", 20),
    ("new", "2026-03-31", None, 7),
    ("back", "2026-01-01", "2026-02-01", 9),
    ("back", "2026-03-01", None, 4),
]


def bridge(*spans, **settings):
    return mrr_bridge(snapshot_of(subscriptions=list(spans), **settings))


def test_each_movement_once():
    march = bridge(*FIVE).tail(1)
    assert frame_of(march, *BRIDGE) == [(40.0, 7.0, 4.0, 5.0, -3.0, -20.0, 33.0)]
    assert frame_of(
        march, "n_new", "n_reactivation", "n_expansion", "n_contraction", "n_churn"
    ) == [(1, 1, 1, 1, 1)]
    assert frame_of(march, "n_opening", "n_closing") == [(3, 4)]


def test_rates_are_of_the_opening_and_reactivation_is_not_in_them():
    """Gross (20 + 3) / 40; net less 5 / 40; NRR (15 + 7) / 40; GRR (10 + 7) / 40."""
    assert frame_of(bridge(*FIVE).tail(1), *RATES) == [(0.575, 0.45, 0.55, 0.425)]


def test_rates_are_empty_without_an_opening_and_zero_without_a_loss():
    assert frame_of(bridge(("ann", "2026-02-01", None, 10)), *RATES) == [
        (None,) * 4,
        (0.0, 0.0, 1.0, 1.0),
    ]


def test_movements_net_within_a_customer_and_period():
    """Twice up and once down in March, on two subscriptions: one expansion of 1."""
    spans = [
        ("ann", "2026-02-01", "2026-03-05", 10),
        ("ann", "2026-03-05", "2026-03-20", 30),
        ("ann", "2026-03-20", None, 9),
        ("ann", "2026-03-25", None, 2),
    ]
    assert frame_of(bridge(*spans).tail(1), *BRIDGE) == [(10.0, 0.0, 0.0, 1.0, 0.0, 0.0, 11.0)]


def test_going_free_is_churn_and_not_contraction():
    spans = ("ann", "2026-02-01", "2026-03-05", 10), ("ann", "2026-03-05", None, 0)
    assert frame_of(bridge(*spans).tail(1), "contraction", "churn", "closing") == [
        (0.0, -10.0, 0.0)
    ]


def test_cents_add_up_exactly():
    """0.1 + 0.2 - 0.3 is 5.6e-17 in floats: such a customer would stay active for ever."""
    spans = [("ann", "2026-01-01", "2026-03-05", mrr) for mrr in (0.1, 0.2)]
    frame = bridge(*spans)
    assert frame_of(frame.tail(1), "opening", "churn", "closing", "n_churn", "n_closing") == [
        (0.3, -0.3, 0.0, 1, 0)
    ]


def test_joining_and_leaving_within_a_period_moves_nothing():
    rows = bridge(("ann", "2026-02-01", None, 1), ("bob", "2026-03-03", "2026-03-20", 10))
    assert frame_of(rows.tail(1), *BRIDGE) == [(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0)]


def test_the_identity_holds_and_its_failure_is_shown():
    sound = bridge(*FIVE)
    assert check_identity(sound).empty
    sound.loc[2, "churn"] -= 0.01
    broken = check_identity(sound)
    assert frame_of(broken, "period_start", "difference") == [("2026-03-01", -0.01)]


def test_segments_add_up_to_the_total():
    people = [
        {"customer_id": name, "channel": "ads" if name in ("up", "gone") else "web"}
        for name in ("up", "gone", "new")
    ]
    snapshot = snapshot_of(subscriptions=FIVE, customers=people)
    parts = mrr_bridge(snapshot, by="channel")
    assert check_identity(parts).empty
    assert sorted(parts["segment"].unique()) == ["(unknown)", "ads", "web"]
    summed = parts.groupby("period_start", as_index=False)[list(BRIDGE)].sum()
    assert frame_of(summed, *BRIDGE) == frame_of(mrr_bridge(snapshot), *BRIDGE)


def test_several_bridges_are_checked_at_once_and_a_failure_says_whose_it_is():
    snapshot = snapshot_of(
        subscriptions=FIVE, customers=[{"customer_id": "up", "channel": "ads", "plan": "Team"}]
    )
    total = mrr_bridge(snapshot)
    by_channel, by_plan = (mrr_bridge(snapshot, by=name) for name in ("channel", "plan"))
    assert check_identity(total, by_channel, by_plan).empty
    total.loc[0, "new"] += 1
    by_plan.loc[by_plan["segment"] == "Team", "closing"] += 0.01
    broken = check_identity(total, by_channel, by_plan)
    assert frame_of(broken, "segment_column", "segment", "period_start", "difference") == [
        ("all", "all", "2026-01-01", 1.0),
        ("plan", "Team", "2026-01-01", -0.01),
        ("plan", "Team", "2026-02-01", -0.01),
        ("plan", "Team", "2026-03-01", -0.01),
    ]


def test_the_bridge_of_the_reported_period_by_segment():
    snapshot = snapshot_of(
        subscriptions=FIVE,
        customers=[{"customer_id": name, "channel": "ads"} for name in ("up", "gone")],
    )
    frame = mrr_by_segment(snapshot, "channel")
    assert frame_of(frame, "period_start", "segment", *BRIDGE) == [
        ("2026-03-01", "(unknown)", 10.0, 7.0, 4.0, 0.0, -3.0, 0.0, 18.0),
        ("2026-03-01", "ads", 30.0, 0.0, 0.0, 5.0, 0.0, -20.0, 15.0),
    ]


def test_the_movements_of_the_reported_period():
    frame = last_movements(snapshot_of(subscriptions=FIVE))
    assert frame_of(frame) == [
        ("2026-03-01", "new", 1, 7.0),
        ("2026-03-01", "reactivation", 1, 4.0),
        ("2026-03-01", "expansion", 1, 5.0),
        ("2026-03-01", "contraction", 1, -3.0),
        ("2026-03-01", "churn", 1, -20.0),
    ]
    assert last_movements(snapshot_of(subscriptions=[])).empty


def test_movements_are_listed_one_a_row_with_zeros():
    frame = movements(snapshot_of(subscriptions=[("ann", "2026-02-01", "2026-03-05", 10)]))
    assert frame_of(frame) == [
        ("2026-02-01", "new", 1, 10.0),
        ("2026-02-01", "reactivation", 0, 0.0),
        ("2026-02-01", "expansion", 0, 0.0),
        ("2026-02-01", "contraction", 0, 0.0),
        ("2026-02-01", "churn", 0, 0.0),
        ("2026-03-01", "new", 0, 0.0),
        ("2026-03-01", "reactivation", 0, 0.0),
        ("2026-03-01", "expansion", 0, 0.0),
        ("2026-03-01", "contraction", 0, 0.0),
        ("2026-03-01", "churn", 1, -10.0),
    ]


def test_a_quarter_compares_its_own_ends():
    """Up 5 and then gone within a quarter is churn of the 10 that were there before it."""
    spans = [("ann", "2025-12-01", "2026-01-10", 10), ("ann", "2026-01-10", "2026-03-10", 15)]
    frame = mrr_bridge(snapshot_of(subscriptions=spans), grain="quarter")
    assert frame_of(frame, *BRIDGE) == [
        (0.0, 10.0, 0, 0, 0, 0, 10.0),
        (10.0, 0, 0, 0, 0, -10.0, 0.0),
    ]


def test_unit_figures():
    """March of FIVE: 33 over 4 customers; 16 gained against 23 lost."""
    frame = unit_figures(snapshot_of(subscriptions=FIVE))
    assert frame_of(frame.tail(1), "arpa", "quick_ratio", "customers", "mrr") == [
        (8.25, round(16 / 23, 6), 4, 33.0)
    ]
    assert frame_of(frame.head(1), "quick_ratio") == [(None,)]


def test_retention_follows_the_customers_of_the_opening():
    """Of 40 a year before: 25 by one who grew from 10, 20 lost, 10 that left and came back; no
    newer ones.
    """
    spans = [
        ("grew", "2025-01-01", "2025-08-01", 10),
        ("grew", "2025-08-01", None, 25),
        ("left", "2025-01-01", "2025-06-15", 20),
        ("back", "2025-01-01", "2025-06-15", 10),
        ("back", "2026-03-01", None, 10),
        ("newer", "2025-04-01", None, 100),
    ]
    frame = retention_12m(snapshot_of(subscriptions=spans))
    assert frame_of(frame, "period_start", "opening", "nrr_numerator", "grr_numerator", "n") == [
        ("2026-01-01", 40.0, 25.0, 10.0, 3),
        ("2026-02-01", 40.0, 25.0, 10.0, 3),
        ("2026-03-01", 40.0, 35.0, 20.0, 3),
    ]
    assert frame_of(frame.tail(1), "nrr", "grr") == [(0.875, 0.5)]


def test_retention_lists_the_last_periods_only_and_none_without_a_year():
    spans = [("ann", "2023-01-01", None, 10)]
    assert len(retention_12m(snapshot_of(subscriptions=spans), last=4)) == 4
    assert retention_12m(snapshot_of(subscriptions=[("ann", "2025-06-01", None, 10)])).empty


def test_retention_of_an_empty_opening_is_empty_and_not_zero():
    spans = [("ann", "2024-12-01", "2025-02-10", 10), ("bob", "2025-06-01", None, 5)]
    frame = retention_12m(snapshot_of(subscriptions=spans))
    assert frame_of(frame.tail(2), "opening", "nrr", "n") == [(0.0, None, 0), (0.0, None, 0)]


def test_retention_by_segment_and_over_quarters():
    snapshot = snapshot_of(
        subscriptions=[("ann", "2025-01-01", None, 10), ("bob", "2025-01-01", "2025-05-01", 10)],
        customers=[
            {"customer_id": "ann", "channel": "ads"},
            {"customer_id": "bob", "channel": "web"},
        ],
        period="2026-Q1",
        grain="quarter",
    )
    frame = retention_12m(snapshot, by="channel")
    assert frame_of(frame, "period_start", "segment", "nrr") == [
        ("2026-01-01", "ads", 1.0),
        ("2026-01-01", "web", 0.0),
    ]
    with pytest.raises(ParamsError, match="multiple of 3"):
        retention_12m(snapshot, months=4)
