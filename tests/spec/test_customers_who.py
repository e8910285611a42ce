"""The customers behind a movement, by tables anyone can check by eye."""

import pytest

from churnlib.errors import ParamsError
from churnlib.measures.customers_who import customers_who
from churnlib.measures.ledger import MOVEMENTS
from churnlib.measures.movements import movements
from churnlib.measures.sales import sales
from tests.business import frame_of, snapshot_of

PEOPLE = [
    {"customer_id": "gone", "channel": "ads", "opening": "shop"},
    {"customer_id": "left", "channel": "web", "opening": "street"},
]
SPANS = [  # in March: gone and left churn, up grows, down shrinks, new comes, back returns
    ("gone", "2025-03-01", "2026-03-10", 10),
    ("left", "2026-01-31", "2026-03-02", 40),
    ("up", "2026-01-01", "2026-03-10", 10),
    ("up", "2026-03-10", None, 15),
    ("down", "2026-01-01", "2026-03-10", 10),
    ("down", "2026-03-10", None, 7),
    ("new", "2026-03-31", None, 7),
    ("back", "2026-01-05", "2026-01-25", 9),
    ("back", "2026-03-01", None, 4),
    ("within", "2026-03-03", "2026-03-20", 99),
]


@pytest.fixture(scope="module")
def snapshot():
    return snapshot_of(subscriptions=SPANS, customers=PEOPLE, segments=["channel", "opening"])


def test_those_who_left_with_what_they_paid_the_largest_first(snapshot):
    """Left stayed from 31 January: February is its first month, March its second."""
    frame = customers_who(snapshot, "churn")
    assert frame.columns.tolist() == [
        *("customer_id", "opening", "closing", "tenure"),
        *("by_channel", "by_opening"),
    ]
    assert frame_of(frame) == [
        ("left", 40.0, 0.0, 2, "web", "street"),
        ("gone", 10.0, 0.0, 12, "ads", "shop"),
    ]


@pytest.mark.parametrize(
    ("movement", "row"),
    [
        ("new", ("new", 0.0, 7.0, 0, "(unknown)", "(unknown)")),
        ("reactivation", ("back", 0.0, 4.0, 2, "(unknown)", "(unknown)")),
        ("expansion", ("up", 10.0, 15.0, 2, "(unknown)", "(unknown)")),
        ("contraction", ("down", 10.0, 7.0, 2, "(unknown)", "(unknown)")),
    ],
)
def test_those_behind_each_other_movement(snapshot, movement, row):
    assert frame_of(customers_who(snapshot, movement)) == [row]


def test_of_equal_change_the_first_id_stands_first():
    spans = [(name, "2026-02-01", "2026-03-05", 10) for name in ("bob", "ann", "cat")]
    frame = customers_who(snapshot_of(subscriptions=spans), "churn")
    assert frame["customer_id"].tolist() == ["ann", "bob", "cat"]


def test_an_earlier_period_and_a_quarter(snapshot):
    """Back came and went within January, and joined in the first quarter; so did left, and gone of
    last year is churn of the quarter.
    """
    january = customers_who(snapshot, "new", period="2026-01")
    assert frame_of(january, "customer_id", "closing", "tenure") == [
        ("left", 40.0, 0),
        ("down", 10.0, 0),
        ("up", 10.0, 0),
    ]
    assert january.attrs["period"] == "2026-01"
    quarter = customers_who(snapshot, "churn", period="2026-Q1")
    assert frame_of(quarter, "customer_id", "opening") == [("gone", 10.0)]
    assert (quarter.attrs["grain"], quarter.attrs["period"]) == ("quarter", "2026-Q1")


@pytest.mark.parametrize("movement", MOVEMENTS)
def test_they_are_as_many_as_the_movements_count_and_bring_as_much(snapshot, movement):
    for row in movements(snapshot).query("movement == @movement").itertuples():
        period = f"{row.period_start:%Y-%m}"
        frame = customers_who(snapshot, movement, period=period)
        change = (frame["closing"] - frame["opening"]).sum()
        assert (len(frame), change) == (row.customers, row.amount), period


def test_what_is_no_movement_or_not_over_is_said_so(snapshot):
    with pytest.raises(ParamsError, match=r"'churned' is no movement.*did you mean 'churn'"):
        customers_who(snapshot, "churned")
    with pytest.raises(ParamsError, match="there are new, reactivation, expansion"):
        customers_who(snapshot, "??")
    with pytest.raises(ParamsError, match="2026-04 is not over by 2026-04-01"):
        customers_who(snapshot, "churn", period="2026-04")
    with pytest.raises(ParamsError, match="2026-Q2 is not over"):
        customers_who(snapshot, "churn", period="2026-Q2")


ORDERS = [
    ("ann", "2025-12-05", 10),
    ("ann", "2026-03-05", 20),
    ("ann", "2026-03-20", 4),
    ("bob", "2026-01-31", 10),
    ("bob", "2026-03-01", 90),
    ("bob", "2026-03-02", -30),
    ("cat", "2026-03-02", 5),
    ("dan", "2026-02-02", 5),
    ("dan", "2026-03-02", -5),
]


def test_of_a_shop_those_who_bought_with_their_revenue():
    """Dan only brought something back in March, which is no purchase."""
    people = [{"customer_id": "ann", "channel": "ads"}]
    shop = snapshot_of(orders=ORDERS, customers=people, segments=["channel"])
    frame = customers_who(shop, "returning")
    names = ["customer_id", "revenue", "orders", "tenure", "by_channel"]
    assert frame.columns.tolist() == names
    assert frame_of(frame) == [
        ("bob", 60.0, 1, 2, "(unknown)"),
        ("ann", 24.0, 2, 3, "ads"),
    ]
    assert frame_of(customers_who(shop, "new")) == [("cat", 5.0, 1, 0, "(unknown)")]
    march = sales(shop).iloc[-1]
    assert (march["new_customers"], march["returning_customers"]) == (1, 2)
    with pytest.raises(ParamsError, match="'churn' is no movement of this business"):
        customers_who(shop, "churn")


def test_nobody_is_an_empty_frame_with_its_columns():
    frame = customers_who(snapshot_of(subscriptions=[("ann", "2026-02-01", None, 5)]), "churn")
    assert frame.empty
    assert frame.columns.tolist() == ["customer_id", "opening", "closing", "tenure"]


def test_who_is_new_in_the_first_period_of_a_shops_records_is_not_known():
    orders = [("ann", "2026-02-05", 5), ("bob", "2026-03-01", 5)]
    snapshot = snapshot_of(orders=orders, opened_on=None)
    with pytest.raises(ParamsError, match="2026-02 is the first of the records"):
        customers_who(snapshot, "new", period="2026-02")
    assert customers_who(snapshot, "new")["customer_id"].tolist() == ["bob"]
    assert customers_who(snapshot, "returning", period="2026-02").empty
    opened = snapshot_of(orders=orders, opened_on="2026-02-01")
    assert len(customers_who(opened, "new", period="2026-02")) == 1
