"""The simulated shop is what docs/simulated_business.md says, and a report tells its truth."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnlib.__main__ import main
from churnlib.errors import ChurnlibError
from churnlib.input.checked import check
from churnlib.measures.bought_again import bought_again
from churnlib.models.again.compare import again_segments
from churnlib.params.model import Params
from churnlib.simulate import shop, simulate_shop
from churnlib.simulate import shop_truth as t
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


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """Buyers of a big shop without a season: channel, first day, days to the second purchase."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(t, "SEASON", (1.0,) * 12)
        folder = simulate_shop(tmp_path_factory.mktemp("flat"), customers=40_000)
    rows = pd.read_parquet(folder / "orders.parquet")
    bought = rows[rows["amount"] >= 0][["customer_id", "ordered_at"]].drop_duplicates()
    days = pd.to_datetime(bought["ordered_at"]).groupby(bought["customer_id"])
    first, second = days.nth(0), days.nth(1)
    buyers = pd.read_parquet(folder / "customers.parquet").set_index("customer_id")
    buyers["first"] = first.set_axis(bought.loc[first.index, "customer_id"])
    second = second.set_axis(bought.loc[second.index, "customer_id"])
    return buyers.assign(wait=(second.reindex(buyers.index) - buyers["first"]).dt.days)


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


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ChurnlibError, match=r"cannot write to .*file"):
        simulate_shop(tmp_path / "file", customers=1)


def test_a_run_that_fails_leaves_the_old_files_and_no_others(tmp_path, monkeypatch):
    simulate_shop(tmp_path, customers=50)
    old = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    write = shop.pq.write_table

    def full_disk(table, part, **options):
        if part.name.startswith(".orders"):
            part.write_bytes(b"half")
            raise OSError("no space left")
        write(table, part, **options)

    monkeypatch.setattr(shop.pq, "write_table", full_disk)
    with pytest.raises(ChurnlibError, match="no space left"):
        simulate_shop(tmp_path, customers=60)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == old


def test_the_command_writes_a_shop(tmp_path, monkeypatch, capsys):
    options = ["--model", "transactional", "--customers", "40", "--seed", "7"]
    monkeypatch.setattr("sys.argv", ["churnlib", "simulate", str(tmp_path / "a"), *options])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert capsys.readouterr().out.strip() == str(tmp_path / "a")
    simulate_shop(tmp_path / "b", customers=40, seed=7)
    for name in ("customers.parquet", "orders.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


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


@pytest.mark.parametrize("days", [30, 90, 365])
def test_without_a_season_the_truth_is_exact(flat, days):
    watched = flat[flat["first"] + pd.Timedelta(days=days) < pd.Timestamp(t.END)]
    for name, rows in watched.groupby("channel"):
        truth = t.true_repeat_share(days, str(name))
        assert near((rows["wait"] <= days).mean(), truth, len(rows)), name


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
