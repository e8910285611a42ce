"""What forecasts of repeat buying ask of the data, by a shop anyone can check by eye."""

from datetime import date

import pandas as pd
import pytest

from churnlib.engine import collect
from churnlib.measures.forecasts import (
    customer_forecasts,
    first_purchases,
    rolling_origins,
    weekly_repeats,
)
from churnlib.measures.histories import buyers
from churnlib.measures.purchases import customer_purchases
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.gamma_gamma import MoneyFit
from churnlib.models.purchases.value import Money, discounted_value, history_forecasts, money_terms
from tests.business import frame_of, snapshot_of

FIT = PurchaseFit("BG/NBD", "fitted", "", 0.243, 4.414, 0.793, 2.426, (0, 0, 0, 0), 0, (), 0, 0)
GAMMA = MoneyFit("fitted", "", 6.25, 3.74, 15.44, (0, 0, 0), 0.0, (), 35.0, 946)
POOLED = MoneyFit("not fitted", "Too few.", *[float("nan")] * 3, (0, 0, 0), 0.0, (), 35.0, 9)
# As of 2026-04-01 the records hold 43 whole weeks, from Monday 2025-06-02 on; 31 March is day 302.
ORDERS = [
    ("ann", "2025-06-02", 10),
    ("ann", "2025-06-16", 20),
    ("ann", "2026-01-05", 40),  # in the ten weeks after each origin but the last
    ("bob", "2025-06-02", 99),
    ("bob", "2025-06-16", 30),
    ("bob", "2026-01-05", 50),
    ("cat", "2025-12-01", 7),
    ("cat", "2025-12-15", 0),  # free of charge: a purchase without money
    ("dan", "2026-03-30", 5),
]


@pytest.fixture(scope="module")
def shop():
    return snapshot_of(orders=ORDERS)


def test_buyers_of_one_history_share_a_row_with_their_mean_money(shop):
    """Ann and bob: 2 repeats, 31 weeks to the last, 302 days of age; money of repeats (20 + 40 +
    30 + 50) / 4.
    """
    assert frame_of(buyers(shop)) == [
        (0, 0.0, round(1 / 7, 6), 0, 0.0, 1),
        (1, 2.0, round(120 / 7, 6), 0, 0.0, 1),
        (2, 31.0, round(302 / 7, 6), 2, 35.0, 2),
    ]


def test_origins_lie_between_half_of_the_history_and_a_horizon_before_its_end(shop):
    """43 weeks: a horizon of 10; origins 22, 19, 16, 13 and 10 weeks before 2026-04-01."""
    table = rolling_origins(shop)
    assert set(table["horizon"]) == {10}
    days = sorted(table["origin"].dt.date.unique())
    assert days == [
        date(2025, 10, 29),
        date(2025, 11, 19),
        date(2025, 12, 10),
        date(2025, 12, 31),
        date(2026, 1, 21),
    ]


def test_each_origin_knows_what_was_known_then_and_what_came_after(shop):
    """On 10 December cat had bought once, 8 days seen; on the 15th again, ann and bob on 5
    January: 3 in ten weeks.
    """
    table = rolling_origins(shop)
    then = table[table["origin"] == pd.Timestamp("2025-12-10")]
    columns = ("frequency", "recency", "age", "customers", "actual", "previous")
    assert frame_of(then, *columns) == [
        (0, 0.0, round(8 / 7, 6), 1, 1, 0),
        (1, 2.0, round(190 / 7, 6), 2, 2, 0),
    ]
    assert then[["spent", "brought"]].astype(float).sum().tolist() == [20 + 30, 40 + 50 + 0]
    totals = table.groupby("origin")[["actual", "previous"]].sum()
    # The ten weeks from 29 October end on 6 January: cat is not known yet. Those before 21 January
    # begin on 12 November.
    assert frame_of(totals, "actual", "previous") == [(2, 0), (2, 0), (3, 0), (2, 1), (0, 3)]


def test_without_half_a_year_there_is_nothing_to_hold_out():
    young = snapshot_of(orders=[("ann", "2025-10-02", 5), ("ann", "2025-11-02", 5)])
    assert rolling_origins(young).empty
    old = snapshot_of(orders=[("ann", "2025-10-01", 5), ("ann", "2025-11-02", 5)])
    assert len(rolling_origins(old)["origin"].unique()) == 5, "182 days: 26 weeks"


def test_how_many_began_on_each_day_before_a_date(shop):
    assert frame_of(first_purchases(shop, before=date(2025, 12, 1))) == [("2025-06-02", 2)]
    assert frame_of(first_purchases(shop, before=date(2025, 12, 2))) == [
        ("2025-06-02", 2),
        ("2025-12-01", 1),
    ]


def test_weeks_of_repeats_of_those_who_began_before_a_date(shop):
    """Weeks end at as_of, 1 April: those of 11 June, 10 December and 31 December have
    purchases.
    """
    weeks = weekly_repeats(shop, before=date(2025, 12, 2))
    assert (len(weeks), weeks["week_start"].iloc[-1]) == (43, pd.Timestamp("2026-03-25"))
    bought = weeks[weeks["purchases"] > 0]
    assert frame_of(bought) == [("2025-06-11", 2), ("2025-12-10", 1), ("2025-12-31", 2)]
    assert weekly_repeats(shop, before=date(2025, 12, 1))["purchases"].sum() == 4, (
        "cat began on that day"
    )


@pytest.mark.parametrize("money_fit", [GAMMA, POOLED])
def test_the_forecast_of_every_customer_is_the_models(shop, money_fit):
    money = Money(money_fit, discount_rate=0.1, margin=0.3)
    each = collect(customer_purchases(shop)).sort_values("customer_id", ignore_index=True)
    modelled = discounted_value(
        FIT, money, each.assign(spend_frequency=each["value_days"], value=each["value"].fillna(0.0))
    )
    table = customer_forecasts(
        shop, history_forecasts(FIT, money, buyers(shop)), money=money_terms(money)
    )
    ours = collect(table).sort_values("customer_id", ignore_index=True)
    assert ours["customer_id"].tolist() == ["ann", "bob", "cat", "dan"]
    for name in ("probability_alive", "expected_purchases"):
        assert ours[name].to_numpy() == pytest.approx(modelled[name].to_numpy(), abs=1e-6)
    for name in ("expected_value", "discounted_value"):
        assert ours[name].to_numpy() == pytest.approx(modelled[name].to_numpy(), abs=1e-4)


def test_customers_stand_in_the_order_of_their_value(shop):
    money = Money(GAMMA, margin=0.3)
    rows = collect(
        customer_forecasts(
            shop, history_forecasts(FIT, money, buyers(shop)), money=money_terms(money)
        )
    )
    assert rows["discounted_value"].is_monotonic_decreasing
    assert rows["customer_id"].iloc[0] == "bob", "the same history as ann, and more money"


def test_the_value_of_a_group_is_the_sum_of_its_customers(shop):
    money = Money(GAMMA, discount_rate=0.1, margin=0.3)
    groups = discounted_value(FIT, money, buyers(shop))
    rows = collect(
        customer_forecasts(
            shop, history_forecasts(FIT, money, buyers(shop)), money=money_terms(money)
        )
    )
    assert (groups["discounted_value"] * groups["customers"]).sum() == pytest.approx(
        rows["discounted_value"].sum(), abs=1e-3
    )
