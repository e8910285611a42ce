"""What holds for every business: identities, the definitions themselves, and what must change
nothing.
"""

import importlib
import pkgutil
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import ibis
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.config import Config

import churnlib.measures
from churnlib.measures import (
    active_base,
    churn,
    cohorts,
    forecasts,
    histories,
    ledger,
    lifetimes,
    movements,
    repurchase,
    retention_12m,
    returns,
    revenue,
    sales,
    unit_figures,
    waits,
)
from churnlib.periods import Period, period_range
from churnlib.snapshot.snapshot import Snapshot
from tests.business import snapshot_of

FAST = settings(max_examples=10, deadline=None, derandomize=True)
FEW = settings(max_examples=4, deadline=None, derandomize=True)
"""For tests that run many measures on several businesses: few examples, of many rows each."""
NAMES = "abcdefgh"
DAY_0 = date(2025, 1, 1)
LAST = Period.parse("2026-03")
PEOPLE = [{"customer_id": name, "channel": "ads" if name in "abc" else "web"} for name in NAMES]
MONEY = ["opening", *ledger.MOVEMENTS, "closing"]


class SparkOptions(Config):
    """What Ibis knows of Spark's options where pyspark is not installed."""

    treat_nan_as_null: bool = False


@st.composite
def spans(draw):
    """One span: month starts and ends are as frequent as days between, plans may be free, some
    never end.
    """
    start = DAY_0 + timedelta(days=draw(st.integers(0, 440)))
    end = start + timedelta(days=draw(st.integers(1, 200)))
    if draw(st.booleans()):
        start, end = start.replace(day=1), end.replace(day=1) + timedelta(days=31)
        end = end.replace(day=1)
    cents = draw(st.sampled_from([0, 1, 10, 20, 30, 999, 1000]))
    open_ended = draw(st.integers(0, 3)) == 0
    return draw(st.sampled_from(NAMES)), start, None if open_ended else end, Decimal(cents) / 100


businesses = st.lists(spans(), min_size=1, max_size=20)
large_businesses = st.lists(spans(), min_size=10, max_size=30)
orders = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.integers(0, 440).map(lambda n: DAY_0 + timedelta(days=n)),
        st.integers(-500, 2000).map(lambda cents: Decimal(cents) / 100),
    ),
    min_size=1,
    max_size=20,
)


def business(rows, period=LAST):
    return snapshot_of(subscriptions=list(rows), customers=PEOPLE, period=period.label)


def shop(rows, period=LAST):
    return snapshot_of(orders=list(rows), customers=PEOPLE, period=period.label)


def state(rows, day):
    """Each customer's MRR just before a day, by the definition."""
    totals = Counter()
    for customer, start, end, mrr in rows:
        if start < day and (end is None or end >= day) and mrr > 0:
            totals[customer] += mrr
    return totals


def all_measures(snapshot):
    return {
        "bridge": revenue.mrr_bridge(snapshot, by="channel"),
        "year": retention_12m.retention_12m(snapshot, months=3),
        "triangle": cohorts.customer_retention(snapshot),
        "lifetimes": lifetimes.lifetimes(snapshot),
        "base": active_base.active_base(snapshot, by="channel"),
    }


def shop_measures(snapshot):
    return {
        "sales": sales.sales(snapshot, by="channel"),
        "revenue": cohorts.revenue_retention(snapshot, by="channel"),
        "histories": histories.recency_frequency(snapshot),
        "spend": histories.spend(snapshot),
        "gaps": waits.gaps(snapshot, kind="between"),
        "repeat": repurchase.repeat_purchase_rate(snapshot),
    }


def assert_same(ours, theirs):
    for name, frame in ours.items():
        pd.testing.assert_frame_equal(frame, theirs[name], obj=name)


@FAST
@given(businesses)
def test_opening_and_movements_make_closing_in_total_and_in_every_segment(rows):
    snapshot = business(rows)
    total, parts = revenue.mrr_bridge(snapshot), revenue.mrr_bridge(snapshot, by="channel")
    assert revenue.check_identity(total).empty
    assert revenue.check_identity(parts).empty
    if len(total):
        summed = parts.groupby("period_start")[MONEY].sum().round(2)
        pd.testing.assert_frame_equal(summed, total.set_index("period_start")[MONEY])
        assert (total["opening"].iloc[1:].to_numpy() == total["closing"].iloc[:-1].to_numpy()).all()


@FAST
@given(businesses)
def test_churn_and_mrr_are_what_the_definition_says_of_every_customer(rows):
    snapshot = business(rows)
    merged = churn.customer_churn(snapshot).merge(revenue.mrr_bridge(snapshot), on="period_start")
    for row in merged.itertuples():
        period = Period.containing(row.period_start.date(), "month")
        before, after = state(rows, period.start), state(rows, period.end)
        assert (row.opening_customers, row.closing_customers) == (len(before), len(after))
        assert row.churned_customers == len(set(before) - set(after))
        assert row.new_customers + row.reactivated_customers == len(set(after) - set(before))
        assert row.closing == float(sum(after.values()))
        assert row.contraction == float(
            sum(min(after[c] - before[c], 0) for c in set(after) & set(before))
        )


@FAST
@given(businesses, st.integers(1, 12))
def test_retention_is_what_the_definition_says_of_every_customer(rows, months):
    for row in retention_12m.retention_12m(business(rows), months=months, last=99).itertuples():
        period = Period.containing(row.period_start.date(), "month")
        then, now = state(rows, period.shift(-months).end), state(rows, period.end)
        assert (row.n, row.opening) == (len(then), float(sum(then.values())))
        assert row.nrr_numerator == float(sum(now[c] for c in then))
        assert row.grr_numerator == float(sum(min(now[c], then[c]) for c in then))


@FAST
@given(businesses)
def test_cohort_cells_are_what_the_definition_says_of_every_customer(rows):
    firsts = {}
    for customer, start, _, mrr in rows:
        if mrr > 0 and start < LAST.end:
            firsts[customer] = min(firsts.get(customer, start), start)
    triangle = cohorts.customer_retention(business(rows))
    assert triangle.drop_duplicates("cohort")["size"].sum() == len(firsts)
    for cell in triangle.itertuples():
        cohort = Period.parse(cell.cohort)
        period = cohort.shift(cell.age)
        members = {c for c, first in firsts.items() if Period.containing(first, "month") == cohort}
        there = members & set(state(rows, period.end))
        assert cell.size == len(members)
        assert pd.isna(cell.active) if period > LAST else cell.active == len(there)


@FAST
@given(businesses)
def test_lifetimes_are_what_the_definition_says_of_every_customer(rows):
    expected = Counter()
    for customer in NAMES:
        paid = sorted((s, e) for c, s, e, mrr in rows if c == customer and mrr > 0 and s < LAST.end)
        if paid:
            expected[_stay(paid)] += 1
    found = lifetimes.lifetimes(business(rows))
    assert (found["entry"] == 0).all()
    assert {(r.duration, r.event_observed): r.customers for r in found.itertuples()} == expected


def _stay(paid):
    """(duration, event_observed) by walking from month of life to month of life."""
    start, end = paid[0][0], date.min
    for begins, ends in paid:
        if begins > end and end != date.min:
            break
        end = max(end, ends if ends and ends < LAST.end else date.max)
    month = 0
    while (
        anniversary := (pd.Timestamp(start) + pd.DateOffset(months=month + 1)).date()
    ) < LAST.end:
        month += 1
        if end <= anniversary:
            return month, True
    return month, False


@FEW
@given(large_businesses, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows, random):
    shuffled = random.sample(rows, len(rows))
    assert_same(all_measures(business(shuffled)), all_measures(business(rows)))


@FEW
@given(large_businesses, st.integers(0, 9), st.integers(1, 100))
def test_splitting_a_subscription_changes_nothing(rows, which, days):
    customer, start, end, mrr = chosen = rows[which % len(rows)]
    rest = [row for n, row in enumerate(rows) if n != which % len(rows)]
    middle = min(start + timedelta(days=days), end or date.max)
    one_after_the_other = [
        (customer, start, middle, mrr),
        *([(customer, middle, end, mrr)] if middle != end else []),
    ]
    whole = all_measures(business([*rest, chosen]))
    assert_same(all_measures(business([*rest, *one_after_the_other])), whole)
    if mrr > Decimal("0.01"):
        at_once = [
            (customer, start, end, Decimal("0.01")),
            (customer, start, end, mrr - Decimal("0.01")),
        ]
        assert_same(all_measures(business([*rest, *at_once])), whole)


@FEW
@given(large_businesses, large_businesses)
def test_an_old_period_does_not_change_by_later_rows(rows, later):
    old = LAST.shift(-5)
    known = [(c, s, None if e and e >= old.end else e, mrr) for c, s, e, mrr in rows if s < old.end]
    added = [
        (c, max(s, old.end), e if e and e > max(s, old.end) else None, mrr)
        for c, s, e, mrr in later
    ]
    assert_same(all_measures(business([*rows, *added], old)), all_measures(business(known, old)))
    late = lifetimes.lifetimes(business([*rows, *added]), as_of=old.end)
    pd.testing.assert_frame_equal(late, lifetimes.lifetimes(business(known, old)))


@FEW
@given(orders, st.randoms(use_true_random=False))
def test_orders_may_come_in_any_order_and_later_ones_change_no_old_period(rows, random):
    old = LAST.shift(-5)
    known = [row for row in rows if row[1] < old.end]
    shuffled = random.sample(rows, len(rows))
    assert_same(shop_measures(shop(shuffled, old)), shop_measures(shop(known, old)))
    then = histories.recency_frequency(shop(shuffled), as_of=old.end)
    pd.testing.assert_frame_equal(then, histories.recency_frequency(shop(known, old)))


@FAST
@given(orders)
def test_every_cent_and_every_purchase_day_is_counted_once(rows):
    snapshot = shop(rows)
    frame = sales.sales(snapshot)
    days = {(customer, day) for customer, day, amount in rows if amount >= 0}
    assert frame["revenue"].sum().round(2) == float(sum(row[2] for row in rows))
    assert frame["orders"].sum() == len(days)
    assert frame["new_customers"].sum() == len({customer for customer, _ in days})
    known = histories.recency_frequency(snapshot)
    assert ((known["frequency"] + 1) * known["customers"]).sum() == len(days)
    open_waits = waits.gaps(snapshot, kind="between")
    assert open_waits.loc[~open_waits["event_observed"], "customers"].sum() == len(
        {customer for customer, _ in days}
    )


def test_every_measure_runs_on_another_engine_and_fetches_few_rows(monkeypatch):
    """Each expression compiles for Spark as it stands; what comes back does not grow with the
    customers.
    """
    n_rows = []

    def watched(expression):
        assert PySparkCompiler().to_sqlglot(expression.as_table()).sql("databricks")
        assert ibis.to_sql(expression, dialect="duckdb")
        frame = collect(expression)
        n_rows.append(len(frame))
        return frame

    # What Ibis asks for wherever a column holds floats; the option comes with pyspark itself.
    monkeypatch.setattr(ibis.options, "pyspark", SparkOptions())
    collect = ledger.collect
    monkeypatch.setattr(
        Snapshot, "once", lambda _snapshot, _name, make: make()
    )  # so that the whole is compiled
    # `customers_who` alone gives customers, to the analyst who asks for them by name.
    for found in pkgutil.iter_modules(churnlib.measures.__path__, "churnlib.measures."):
        module = importlib.import_module(found.name)
        if hasattr(module, "collect") and not found.name.endswith("customers_who"):
            monkeypatch.setattr(module, "collect", watched)
    names = [f"customer {n}" for n in range(500)]
    contracts = [
        (name, "2025-01-15", "2025-12-10" if n % 3 else None, 10) for n, name in enumerate(names)
    ]
    baskets = [
        (name, day, 10) for name in names for day in ("2025-01-15", "2025-02-15", "2026-01-15")
    ]
    subscribed = snapshot_of(
        subscriptions=contracts, customers=[{"customer_id": "x", "channel": "ads"}]
    )
    all_measures(subscribed)
    for measure in (
        active_base.arpa,
        churn.churn_rates,
        churn.customer_churn,
        cohorts.revenue_retention,
        movements.movements,
        returns.returns,
        unit_figures.unit_figures,
    ):
        measure(subscribed)
    bought = snapshot_of(orders=baskets, customers=[{"customer_id": "x", "channel": "ads"}])
    shop_measures(bought)
    for measure in (
        cohorts.customer_retention,
        forecasts.rolling_origins,
        histories.buyers,
        repurchase.repeat_by_cohort,
    ):
        measure(bought)
    forecasts.first_purchases(bought, before=bought.as_of)
    forecasts.weekly_repeats(bought, before=bought.as_of)
    assert len(n_rows) >= 40
    # Waits are fetched by 64 groups of customers: 192 rows of three waits each, however many there
    # are.
    assert max(n_rows) <= 192
    assert sorted(n_rows)[-2] <= 20


@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_every_listed_period_is_there_once(grain):
    rows = [("a", date(2025, 2, 3), date(2025, 3, 3), 5), ("c", date(2025, 12, 1), None, 5)]
    frame = churn.customer_churn(business(rows), by="channel", grain=grain)
    first, last = (
        Period.containing(date(2025, 2, 3), grain),
        Period.containing(date(2026, 3, 1), grain),
    )
    expected = [pd.Timestamp(period.start) for period in period_range(first, last)]
    for _, part in frame.groupby("segment"):
        assert part["period_start"].tolist() == expected
