"""What measures give is as they declare it, and so are the files that users depend on."""

import importlib
import inspect
import pkgutil
from dataclasses import replace
from datetime import date

import ibis
import ibis.expr.types as ir
import pandas as pd
import pytest

import churnlib.measures
from churnlib.engine import collect
from churnlib.measures.purchases import customer_purchases
from churnlib.measures.revenue import mrr_bridge
from churnlib.results.declared import DECLARED, currency_of, declaration, grain_of
from churnlib.results.registry import import_declarations, terms
from tests.business import snapshot_of

FILES = {  # the heads of the files of a report, in their order
    "mrr": "period_start opening new reactivation expansion contraction churn closing "
    "gross_churn_rate net_churn_rate nrr grr n_new n_reactivation n_expansion n_contraction "
    "n_churn n_opening n_closing",
    "churn": "period_start opening_customers new_customers reactivated_customers "
    "churned_customers closing_customers churn_rate churn_rate_low churn_rate_high "
    "joined_and_left",
    "churn_by_quarter": "period_start opening_customers new_customers reactivated_customers "
    "churned_customers closing_customers joined_and_left churn_rate churn_rate_low "
    "churn_rate_high opening new reactivation expansion contraction churn closing "
    "gross_churn_rate net_churn_rate nrr grr n_new n_reactivation n_expansion n_contraction "
    "n_churn n_opening n_closing",
    "movements": "period_start movement customers amount",
    "retention_12m": "period_start opening nrr grr nrr_numerator grr_numerator n",
    "unit_figures": "period_start arpa quick_ratio customers mrr",
    "returns": "window_days left returned share low high",
    "renewals": "period_start billing due renewed left renewal_rate renewal_rate_low "
    "renewal_rate_high",
    "known_changes": "label kind starts_on known_on reaches at_renewal",
    "churn_kinds": "period_start how came_back customers amount",
    "recovery": "due_month failed recovered cancelled lost open recovered_14 recovered_30 "
    "recovered_45 amount_failed amount_recovered retries",
    "cohorts": "cohort age size active retention retention_low retention_high left_edge",
    "cohorts_by": "cohort age size active rate low high",
    "cohorts_pooled": "age size active rate low high",
    "cohorts_newest": "age newest_size newest_active newest_rate newest_low newest_high "
    "earlier_size earlier_active earlier_rate earlier_low earlier_high",
    "cohorts_revenue": "cohort age opening_amount amount retention size left_edge",
    "sales": "period_start revenue revenue_new revenue_returning revenue_unattributed customers "
    "new_customers returning_customers orders purchase_frequency average_order_value",
    "repeat_purchase_rate": "window_days numerator denominator rate low high of_longest",
    "repeat_by_cohort": "cohort window_days size numerator denominator rate low high",
    "clv_customers": "customer_id frequency recency_weeks age_weeks probability_alive "
    "expected_purchases expected_value discounted_value",
}
WORDS = [
    *("Customer", "MRR", "Opening and closing", "Customer churn rate", "Gross MRR churn"),
    *("NRR and GRR", "Lifetime", "Movement", "Joined and left", "Quick ratio", "ARPA", "Active"),
    *("Purchase", "Return", "New and returning", "Repeat purchase rate"),
    *("As of", "Cohort", "Age", "Range", "No clear change", "Small"),
]
SPANS = [
    (f"c{n:02}", f"2025-{1 + n % 12:02}-1{n % 3}", "2026-03-10" if n % 4 == 0 else None, 10 + n)
    for n in range(40)
]
ORDERS = [
    (f"c{n:02}", f"2025-{1 + (n + 2 * m) % 12:02}-0{1 + n % 9}", 10 + n)
    for n in range(40)
    for m in range(1 + n % 3)
]
PAYMENTS = {
    "invoice_id": ["i1", "i1"],
    "customer_id": ["c03", "c03"],
    "attempted_on": [date(2026, 1, 1), date(2026, 1, 9)],
    "due_on": [date(2026, 1, 1), date(2026, 1, 1)],
    "amount": [13.0, 13.0],
    "status": ["failed", "paid"],
    "failure_reason": ["expired_card", None],
}
CHANGES = [{"date": "2026-01-11", "kind": "price", "label": "Price rise"}]
SURVEYS = {
    "customer_id": ["c03"],
    "kind": ["nps"],
    "asked_on": [date(2025, 10, 1)],
    "answered_on": [date(2025, 10, 2)],
    "score": [9.0],
    "reason": ["unused"],
}
COSTS = [{"customer_id": "c03", "acquisition_cost": 120.0}]


@pytest.fixture(scope="module")
def world():
    """What measures may ask for, by the names of their parameters."""
    subscribed = snapshot_of(subscriptions=SPANS, customers=COSTS, changes=CHANGES)
    subscribed = replace(
        subscribed,
        payments=ibis.memtable(pd.DataFrame(PAYMENTS)),
        surveys=ibis.memtable(pd.DataFrame(SURVEYS)),
    )
    shop = snapshot_of(orders=ORDERS, changes=CHANGES)
    return {"subscribed": subscribed, "shop": shop}


def public():
    """Every public measure by its name."""
    found = {}
    for one in pkgutil.iter_modules(churnlib.measures.__path__, "churnlib.measures."):
        module = importlib.import_module(one.name)
        found |= {name: getattr(module, name) for name in getattr(module, "__all__", [])}
    return found


PUBLIC = public()
BY_QUARTER = {"churn_by_quarter", "scores"}
ON_THE_ENGINE = {"customer_forecasts", "customer_purchases"}
OF_A_FRAME = {  # measures of another measure's frame
    "check_identity": "mrr_bridge",
    "newest_against_earlier": "customer_retention",
    "pooled": "customer_retention",
    "pooled_revenue": "revenue_retention",
}
OF_A_SHOP = {
    *(
        "bought_again",
        "first_buyers_by_change",
        "buyers",
        "first_purchases",
        "gaps",
        "holdout",
        "recency_frequency",
        "repeat_by_cohort",
    ),
    *("repeat_purchase_rate", "rolling_origins", "sales", "spend", "weekly_repeats"),
}
GIVEN = {
    "by": "acquisition_cost",
    "movement": "churn",
    "origin": pd.Timestamp("2025-10-01").date(),
    "until": pd.Timestamp("2026-02-01").date(),
    "before": pd.Timestamp("2026-01-01").date(),
}


def result_of(name, world):
    """What the measure gives of a small business, with what it requires."""
    measure = PUBLIC[name]
    if name in OF_A_FRAME:
        return measure(result_of(OF_A_FRAME[name], world))
    required = [
        one.name
        for one in inspect.signature(measure).parameters.values()
        if one.default is one.empty and one.name in GIVEN
    ]
    business = world["shop" if name in OF_A_SHOP else "subscribed"]
    return measure(business, **{one: GIVEN[one] for one in required})


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_public_measure_declares_what_it_gives(name):
    declared = PUBLIC[name].result
    assert DECLARED[declared.name] is declared
    assert declared.title
    assert declared.grain.startswith("one row")
    names = [one.name for one in declared.columns]
    assert len(set(names)) == len(names)
    for one in declared.columns:
        assert one.label, one.name
        assert one.meaning.endswith("."), one.name
        for other in (one.denominator, one.low, one.high):
            assert not other or other in names, f"{one.name}: {other}"
    assert set(declared.shown) <= {*names, "segment", "segment_column"}


@pytest.mark.parametrize("name", sorted(set(PUBLIC) - ON_THE_ENGINE))
def test_every_frame_is_as_declared(name, world):
    frame = result_of(name, world)
    assert len(frame) or name in {"check_identity", "few_customers", "interval_switches"}
    assert declaration(frame) is PUBLIC[name].result
    assert (currency_of(frame), frame.attrs["period"]) == ("EUR", "2026-03")
    assert grain_of(frame) == ("quarter" if name in BY_QUARTER else "month")
    columns = {one.name: one for one in declaration(frame).columns}
    needed = [one.name for one in columns.values() if not one.optional]
    split = {"segment"} if frame.attrs.get("by") and "cohort" not in frame else set()
    assert set(needed) <= set(frame.columns) <= {*columns, *split}
    assert [one for one in frame if one in columns] == [one for one in columns if one in frame]
    for one in frame.columns.difference(["segment"]):
        assert_kind(frame[one], columns[one].kind)


def assert_kind(values, kind):
    """Values are what their kind says."""
    if kind in ("day", "period"):
        assert pd.api.types.is_datetime64_any_dtype(values), values.name
    elif kind in ("text", "word"):
        assert values.dtype == object, values.name
    elif kind == "flag":
        assert pd.api.types.is_bool_dtype(values), values.name
    else:
        assert pd.api.types.is_numeric_dtype(values), values.name
    if kind == "count":
        assert (values.dropna() % 1 == 0).all(), values.name


def test_what_stays_on_the_engine_is_as_declared(world):
    rows = customer_purchases(world["shop"])
    assert isinstance(rows, ir.Table)
    assert list(rows.columns) == [one.name for one in customer_purchases.result.columns]
    assert len(collect(rows)) == 40


@pytest.mark.parametrize("name", FILES)
def test_the_files_of_a_report_have_these_columns(name):
    import_declarations()
    assert [one.csv_name for one in DECLARED[name].columns] == FILES[name].split()


def test_the_columns_that_pages_show_read_as_they_are():
    import_declarations()
    movement = DECLARED["movements"].column("amount").format("EUR")
    assert (movement.kind, movement.decimals, movement.signed) == ("money", 2, True)
    assert [DECLARED["unit_figures"].column(one).label for one in ("mrr", "arpa")] == [
        "MRR",
        "ARPA",
    ]
    assert DECLARED["mrr"].column("opening").format("EUR").decimals == 0


def test_words_of_measures_are_defined_once():
    found = terms(WORDS)
    assert [one.word for one in found] == WORDS
    assert all(one.meaning.endswith(".") for one in found)


def test_a_filter_keeps_what_a_frame_says_of_itself(world):
    bridge = mrr_bridge(world["subscribed"])
    last = bridge[bridge["period_start"] == bridge["period_start"].max()].head(1)
    assert (
        last.attrs
        == bridge.attrs
        == {
            "result": "mrr",
            "currency": "EUR",
            "grain": "month",
            "period": "2026-03",
            "model": "subscription",
            "changes": [("2026-01-11", "Price rise")],
        }
    )
