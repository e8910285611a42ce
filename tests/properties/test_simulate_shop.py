"""The simulated shop is what docs/simulated_business.md says, and a report tells its truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnlib.errors import ChurnlibError
from churnlib.input.checked import check
from churnlib.measures.bought_again import bought_again
from churnlib.models.again.compare import again_segments
from churnlib.params.model import Params
from churnlib.simulate import shop_truth as t
from churnlib.simulate import simulate_shop
from churnlib.simulate.shop import N_DUPLICATES
from churnlib.snapshot.freeze import freeze

DOCS = Path(__file__).resolve().parents[2] / "docs" / "simulated_business.md"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return simulate_shop(tmp_path_factory.mktemp("shop"))


@pytest.fixture(scope="module")
def customers(folder):
    return pd.read_parquet(folder / "customers.parquet")


@pytest.fixture(scope="module")
def orders(folder):
    rows = pd.read_parquet(folder / "orders.parquet")
    return rows.assign(amount=rows["amount"].astype(float)).drop_duplicates()


@pytest.fixture(scope="module")
def snapshot(folder):
    settings = {
        "business": "shop",
        "model": "transactional",
        "currency": "EUR",
        "opened_on": "2023-11-01",
        "source": {
            "uri": str(folder),
            "tables": {
                "customers": {"from": "customers.parquet"},
                "orders": {"from": "orders.parquet"},
            },
        },
    }
    return freeze(check(Params.model_validate(settings)), "2026-10")


def near(share: float, truth: float, n: int) -> bool:
    """Within four standard errors."""
    return abs(share - truth) < 4 * np.sqrt(truth * (1 - truth) / n)


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    again = simulate_shop(tmp_path)
    for name in ("customers", "orders"):
        file = f"{name}.parquet"
        assert (again / file).read_bytes() == (folder / file).read_bytes()


def test_another_seed_gives_other_buyers(tmp_path):
    one = pd.read_parquet(simulate_shop(tmp_path / "a", customers=50, seed=1) / "orders.parquet")
    two = pd.read_parquet(simulate_shop(tmp_path / "b", customers=50, seed=2) / "orders.parquet")
    assert not one.equals(two)


@pytest.mark.parametrize("wrong", [{"customers": 0}, {"seed": -1}])
def test_what_cannot_be_is_refused(tmp_path, wrong):
    with pytest.raises(ChurnlibError, match="at least 1 and 0 are needed"):
        simulate_shop(tmp_path, **wrong)


def test_channels_have_their_shares_before_and_after_the_shift(customers):
    shifted = pd.to_datetime(customers["signed_up_on"]) >= pd.Timestamp(t.MIX_SHIFT)
    for name, channel in t.CHANNELS.items():
        is_it = customers["channel"] == name
        assert near(is_it[~shifted].mean(), channel.share, (~shifted).sum()), name
        assert near(is_it[shifted].mean(), channel.share_shifted, shifted.sum()), name


def test_returns_and_free_orders(orders):
    bought = orders[orders["amount"] >= 0]
    assert near((bought["amount"] == 0).mean(), t.FREE_SHARE, len(bought))
    returned = (orders["amount"] < 0).sum() / len(bought)
    assert near(returned, t.RETURN_SHARE * (1 - t.FREE_SHARE), len(bought))


def test_the_dirt_is_rows_that_are_there_twice(folder, orders):
    rows = pd.read_parquet(folder / "orders.parquet")
    assert len(rows) - len(orders) == N_DUPLICATES


def test_every_buyer_buys_on_the_day_of_signing_up(customers, orders):
    first = orders[orders["amount"] >= 0].groupby("customer_id")["ordered_at"].min()
    assert (customers.set_index("customer_id")["signed_up_on"] == first).all()


def test_a_channels_buyers_come_back_as_often_as_the_truth_says(snapshot):
    """The season averages out over two whole years of first purchases."""
    rows = bought_again(snapshot, by="channel")
    whole = rows[rows["period_start"].between("2024-01-01", "2025-12-01")]
    sums = whole.groupby("segment")[["first_buyers", "again"]].sum()
    for name, row in sums.iterrows():
        truth = t.true_repeat_share(90, str(name))
        share = row["again"] / row["first_buyers"]
        assert abs(share / truth - 1) < 0.12, name


def test_the_report_names_the_bad_channel_and_nothing_else(snapshot):
    columns = ("channel", "country", "first_category")
    found = again_segments({name: bought_again(snapshot, by=name) for name in columns})
    assert found[found["verdict"] == "act"]["segment"].tolist() == ["coupon site"]
    assert set(found[found["segment_column"] != "channel"]["verdict"]) == {"no signal"}


def test_the_page_says_what_the_constants_say():
    page = DOCS.read_text(encoding="utf-8")
    for name, channel in t.CHANNELS.items():
        row = (
            f"| {name} | {channel.share:.0%} | {channel.share_shifted:.0%} | "
            f"{channel.never_again:.0%} | {t.true_repeat_share(90, name):.1%} |"
        )
        assert row in page, row
    assert ", ".join(f"{one:.2f}" for one in t.SEASON) in page
    for name, category in t.CATEGORIES.items():
        assert f"{name} {category.amount:.0f}" in page
    for name, share in t.COUNTRIES.items():
        assert f"{name} {share:.0%}" in page
    assert f"{t.RETURN_SHARE:.0%} of purchases are sent back" in page
    assert f"{t.FREE_SHARE:.0%} are free" in page
    assert f"shape {t.RATE_SHAPE} and scale {t.RATE_SCALE_DAYS:.0f} days" in page
    assert f"grow by {t.MONTHLY_GROWTH:.1%} a month" in page
