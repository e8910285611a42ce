"""What results are split by: any column, however it is called, several, or an expression."""

import importlib
import inspect
import pkgutil

import ibis
import pandas as pd
import pytest

import churnlib.measures
from churnlib.errors import DataError
from churnlib.measures.active_base import active_base
from churnlib.measures.answers import answers
from churnlib.measures.churn import customer_churn
from churnlib.measures.cohorts import customer_retention, customer_retention_by, revenue_retention
from churnlib.measures.histories import recency_frequency
from churnlib.measures.lifetimes import lifetimes
from churnlib.measures.losses import mrr_lost
from churnlib.measures.revenue import mrr_bridge, mrr_by_segment
from churnlib.measures.sales import sales
from churnlib.measures.still_staying import still_staying
from churnlib.measures.waits import gaps
from churnlib.params.tables import TABLES
from churnlib.results.declared import DECLARED, table_name
from churnlib.results.registry import import_declarations
from tests.business import frame_of, snapshot_of

HOSTILE = [  # names of ours that a column of customers may have too
    *("segment", "segment_column", "age", "period", "period_start", "size", "customers"),
    *("value", "new", "churn", "tenure", "cohort", "entry", "duration", "event_observed"),
    *("movement", "amount", "opening", "closing", "change", "first", "n", "mrr", "arpa"),
    *("revenue", "orders", "frequency", "recency", "number", "next_on", "occasions"),
    *("is_late", "rate", "active", "stay", "until", "largest", "money", "gain"),
]
import_declarations()
DECLARED_NAMES = sorted(
    {column.name for result in DECLARED.values() for column in result.columns}
    - {*TABLES["customers"].names(), *HOSTILE}
)
"""Every column of every result, but those that have a meaning in the table of customers."""
NEUTRAL = "neutral"
CHANNELS = {"ann": "ads", "bob": "web", "cat": "ads"}
SPANS = [
    ("ann", "2025-01-05", "2025-11-10", 10),
    ("ann", "2025-11-10", None, 15),
    ("bob", "2025-03-20", "2026-02-10", 20),
    ("bob", "2026-03-20", None, 20),
    ("cat", "2026-01-31", None, 5),
    ("dan", "2026-02-15", "2026-02-20", 8),
]
ORDERS = [
    ("ann", "2025-10-05", 10),
    ("ann", "2026-01-09", 5),
    ("ann", "2026-02-01", -3),
    ("bob", "2026-01-31", 30),
    ("bob", "2026-02-02", 7),
    ("cat", "2026-03-10", 7),
    ("dan", "2026-03-11", 1),
]
BOTH = {"customer_retention", "customer_retention_by", "revenue_retention"}
SHOP = {"bought_again", "gaps", "recency_frequency", "sales", *BOTH}


def measures():
    """Every public measure that takes `by`, by its name."""
    found = {}
    for one in pkgutil.iter_modules(churnlib.measures.__path__, "churnlib.measures."):
        module = importlib.import_module(one.name)
        for name in getattr(module, "__all__", []):
            measure = getattr(module, name)
            if "by" in inspect.signature(measure).parameters:
                found[name] = measure
    return found


MEASURES = measures()
SPLIT_SUBSCRIPTIONS = sorted(set(MEASURES) - (SHOP - BOTH))
SPLIT_SHOPS = sorted(SHOP)


def people(**columns):
    """Ann and cat came by ads, bob by the web; of dan nothing is known."""
    return [
        {"customer_id": name, **{column: values[name] for column, values in columns.items()}}
        for name in CHANNELS
    ]


@pytest.fixture(scope="module")
def hostile():
    return people(**dict.fromkeys([NEUTRAL, *HOSTILE, *DECLARED_NAMES], CHANNELS))


@pytest.fixture(scope="module")
def subscribed(hostile):
    return snapshot_of(subscriptions=SPANS, customers=hostile)


@pytest.fixture(scope="module")
def shop(hostile):
    return snapshot_of(orders=ORDERS, customers=hostile)


def assert_split_alike(measure, snapshot, by, neutral):
    """Both splits give the same, and a split it is."""
    frame, expected = measure(snapshot, by=by), measure(snapshot, by=neutral)
    values = "cohort" if "cohort" in expected else "segment"
    known = {value.split(" · ")[0] for value in expected[values]}
    # Of those who came by the web nobody is in a first stay any more; of the others nobody left.
    alone = {still_staying: {"ads"}, mrr_lost: {"web"}, answers: {"web"}}
    there = alone.get(measure, {"ads", "web"})
    assert there <= known <= {"ads", "web", "(unknown)"}
    pd.testing.assert_frame_equal(frame, expected)
    assert {**frame.attrs, "by": ""} == {**expected.attrs, "by": ""}


def test_there_is_a_measure_to_split():
    assert len(SPLIT_SUBSCRIPTIONS) >= 12
    assert set(SHOP) <= set(MEASURES)


@pytest.mark.parametrize("name", SPLIT_SUBSCRIPTIONS)
def test_columns_of_any_name_split_a_subscription_business(name, subscribed):
    """All hostile names in one split, so that each measure meets each of them."""
    assert_split_alike(MEASURES[name], subscribed, HOSTILE, [NEUTRAL] * len(HOSTILE))
    assert_split_alike(MEASURES[name], subscribed, "segment", NEUTRAL)


@pytest.mark.parametrize("name", SPLIT_SHOPS)
def test_columns_of_any_name_split_a_shop(name, shop):
    assert_split_alike(MEASURES[name], shop, HOSTILE, [NEUTRAL] * len(HOSTILE))
    assert_split_alike(MEASURES[name], shop, "segment", NEUTRAL)


@pytest.mark.parametrize("name", HOSTILE)
def test_each_of_these_names_alone(name, subscribed, shop):
    assert_split_alike(active_base, subscribed, name, NEUTRAL)
    assert_split_alike(recency_frequency, shop, name, NEUTRAL)


@pytest.mark.parametrize("start", range(0, len(DECLARED_NAMES), 25))
def test_every_name_of_a_column_of_ours(start, subscribed, shop):
    """A hundred and more, some at a time."""
    assert len(DECLARED_NAMES) > 100
    some = DECLARED_NAMES[start : start + 25]
    for measure, snapshot in (
        (active_base, subscribed),
        (MEASURES["customer_churn"], subscribed),
        (MEASURES["customer_retention_by"], shop),
        (recency_frequency, shop),
    ):
        if measure is not MEASURES["customer_retention_by"]:
            assert_split_alike(measure, snapshot, some, [NEUTRAL] * len(some))
        else:
            assert_split_alike(measure, snapshot, some[0], NEUTRAL)


PLANS = {"ann": "annual", "bob": "monthly", "cat": "monthly"}
BILLED = people(channel=CHANNELS, billing=PLANS)
TIER = ibis._.billing.upper().name("tier")


@pytest.fixture(scope="module")
def billed():
    return snapshot_of(subscriptions=SPANS, customers=BILLED)


@pytest.fixture(scope="module")
def billed_shop():
    return snapshot_of(orders=ORDERS, customers=BILLED)


def test_several_columns_split_at_once(billed):
    frame = customer_churn(billed, by=["channel", "billing"])
    assert frame_of(frame.tail(1), "segment", "closing_customers") == [("web · monthly", 1)]
    assert frame["segment"].unique().tolist() == [
        "(unknown) · (unknown)",
        "ads · annual",
        "ads · monthly",
        "web · monthly",
    ]
    base = active_base(billed, by=("channel", "billing"))
    assert frame_of(base) == [
        ("ads · annual", 14, 1, 15.0),
        ("ads · monthly", 2, 1, 5.0),
        ("web · monthly", 0, 1, 20.0),
    ]


def test_several_columns_split_a_shop_and_its_cohorts(billed_shop):
    frame = gaps(billed_shop, by=["channel", "billing"])
    assert frame_of(frame, "segment", "duration", "event_observed") == [
        ("(unknown) · (unknown)", 20, False),
        ("ads · annual", 96, True),
        ("ads · monthly", 21, False),
        ("web · monthly", 2, True),
    ]
    triangle = customer_retention_by(billed_shop, ["channel", "billing"])
    assert "ads · annual" in set(triangle["cohort"])


def test_an_expression_splits(billed, billed_shop):
    tiers = ["(UNKNOWN)", "ANNUAL", "MONTHLY"]
    assert mrr_bridge(billed, by=TIER)["segment"].unique().tolist() == tiers
    assert sales(billed_shop, by=TIER)["segment"].unique().tolist() == tiers
    assert revenue_retention(billed, by=TIER)["cohort"].unique().tolist() == tiers
    counted = lifetimes(billed, by=TIER).groupby("segment")["customers"].sum()
    assert counted.to_dict() == {"(UNKNOWN)": 1, "ANNUAL": 1, "MONTHLY": 2}


def test_an_expression_may_be_of_the_tables_own_columns(billed):
    customers = billed.customers
    late = (customers.first_active_on >= "2026-01-01").ifelse("since 2026", "before").name("began")
    frame = mrr_by_segment(billed, by=late)
    assert frame_of(frame, "segment", "closing") == [("before", 35.0), ("since 2026", 5.0)]


def test_a_split_names_its_table(billed, billed_shop):
    assert table_name(mrr_bridge(billed)) == "mrr"
    assert table_name(mrr_bridge(billed, by="channel")) == "mrr_by_channel"
    assert table_name(mrr_by_segment(billed, by="channel")) == "mrr_by_channel"
    assert table_name(mrr_by_segment(billed, "channel")) == "mrr_by_channel"
    assert table_name(customer_churn(billed, by=["channel", "billing"])) == (
        "churn_by_channel_billing"
    )
    assert table_name(recency_frequency(billed_shop, by=TIER)) == "recency_frequency_by_tier"
    assert table_name(customer_retention(billed)) == "cohorts"
    assert table_name(customer_retention(billed, by="channel")) == "cohorts_by_channel"
    assert table_name(customer_retention_by(billed, "channel")) == "cohorts_by"
    assert table_name(customer_retention_by(billed, by=TIER)) == "cohorts_by"


def test_a_column_that_is_not_there_is_said_so(billed):
    with pytest.raises(DataError, match=r"'chanel'.*'channel'"):
        mrr_bridge(billed, by=["billing", "chanel"])


@pytest.mark.parametrize("name", SPLIT_SUBSCRIPTIONS)
def test_a_split_of_nobody_is_empty(name):
    nobody = snapshot_of(subscriptions=[], customers=BILLED)
    frame = MEASURES[name](nobody, by="channel")
    assert frame.empty
    assert {"segment", "cohort"} & set(frame.columns)


@pytest.mark.parametrize("name", SPLIT_SHOPS)
def test_a_split_of_a_shop_without_buyers_is_empty(name):
    frame = MEASURES[name](snapshot_of(orders=[], customers=BILLED), by="channel")
    assert frame.empty
    assert {"segment", "cohort"} & set(frame.columns)
