"""The demo's planted truths are told by the chapters on leaving, and nothing else is."""

import numpy as np
import pandas as pd
import pytest

from churnlib.findings.segments import say_segments
from churnlib.input.checked import check
from churnlib.measures.changes import changes_due, known_changes
from churnlib.measures.due import due
from churnlib.measures.early_lives import lives_around_changes
from churnlib.measures.kinds import churn_kinds
from churnlib.measures.losses import mrr_lost
from churnlib.measures.met_changes import met_changes
from churnlib.measures.recovery import recovery
from churnlib.models.leaving.changes import change_estimates
from churnlib.models.leaving.mix import decomposition
from churnlib.models.leaving.net import price_net
from churnlib.models.leaving.segments import segments
from churnlib.models.leaving.trend import leaving_trend
from churnlib.params.model import Params
from churnlib.simulate import simulate
from churnlib.simulate import truth as t
from churnlib.snapshot.freeze import freeze
from churnlib.statistics.rules import BEYOND

COLUMNS = ("channel", "industry", "country")
RISE = {"date": str(t.PRICE_RISE), "kind": "price", "label": "Rise"}
MORE_ADS = {"date": str(t.MIX_SHIFT), "kind": "campaign", "label": "More ads"}


@pytest.fixture(scope="module")
def checked(tmp_path_factory):
    folder = simulate(tmp_path_factory.mktemp("demo"))
    source = {
        "uri": str(folder),
        "tables": {
            "customers": {"from": "customers.parquet"},
            "subscriptions": {
                "from": "subscriptions.parquet",
                "columns": {"interval": "billing"},
            },
            "payments": {"from": "payments.parquet"},
        },
    }
    settings = {"business": "demo", "model": "subscription", "currency": "EUR", "source": source}
    told = {"segments": list(COLUMNS), "changes": [RISE, MORE_ADS]}
    return check(Params.model_validate(settings | told))


@pytest.fixture(scope="module")
def snapshot(checked):
    return freeze(checked, "2026-10")


def test_nobody_in_the_middle_of_a_term_is_due_or_leaves(snapshot):
    rows = due(snapshot)
    assert rows["left_early"].sum() == 0
    yearly = rows[rows["interval_months"] == 12]
    assert yearly["due"].sum() < 0.12 * yearly["customers"].sum()


@pytest.fixture(scope="module")
def estimates(snapshot):
    lives = lives_around_changes(snapshot)
    return change_estimates(known_changes(snapshot), changes_due(snapshot), lives)


def test_the_price_rise_is_found_at_its_size_by_both_ways_to_compare(estimates):
    own = estimates[estimates["label"] == "Rise"].set_index("method")
    assert own.loc["both", "verdict"] == "leave more"
    for way in ("own past", "others of the same months", "both"):
        low, high = own.loc[way, ["effect_low", "effect_high"]]
        assert low < t.PRICE_RISE_HAZARD_RATIO < high, way


def test_more_advertising_changed_nothing_for_who_was_there(estimates):
    own = estimates[estimates["label"] == "More ads"].set_index("method")
    assert own.loc["own past", "effect_low"] < 1 < own.loc["own past", "effect_high"]
    assert own.loc["own past", "verdict"] == "before and after"
    assert own.loc["new customers", "verdict"] == "cannot be separated"


def test_the_rise_is_that_of_the_price_list_and_brings_more_than_it_lost(snapshot, estimates):
    net = price_net(
        known_changes(snapshot), changes_due(snapshot), met_changes(snapshot), estimates
    )
    rises = [plan.price_raised / plan.price - 1 for plan in t.PLANS.values()]
    last = net.iloc[-1]
    assert min(rises) < last["rise"] < max(rises)
    assert 0 < last["mrr_lost"] < last["mrr_gained"] / 2
    assert last["net_low"] > 0
    assert last["met"] < last["exposed"]


def test_the_month_of_the_price_rise_stands_out_and_no_other(snapshot):
    trend = leaving_trend(due(snapshot))
    beyond = trend[trend["score"].abs() > BEYOND]
    assert beyond["period_start"].dt.strftime("%Y-%m").tolist() == ["2026-03"]
    assert not trend["signal"].isin(["up", "down"]).any()


def test_segments_are_those_that_truly_leave_more(snapshot):
    splits = {name: due(snapshot, by=name) for name in COLUMNS}
    found = segments(splits, {name: mrr_lost(snapshot, by=name) for name in COLUMNS})
    worse = set(found[found["verdict"] == "act"]["segment"])
    assert worse == {"paid social", "hospitality"}
    assert set(found[found["segment_column"] == "country"]["verdict"]) == {"no signal"}
    true = {name: one.hazard_ratio for name, one in t.INDUSTRIES.items()}
    others = np.average(
        [ratio for name, ratio in true.items() if name != "hospitality"],
        weights=[one.share for name, one in t.INDUSTRIES.items() if name != "hospitality"],
    )
    row = found[found["segment"] == "hospitality"].iloc[0]
    assert row.ratio_low < true["hospitality"] / others < row.ratio_high
    assert "paid social" in say_segments(found).sentence


def test_more_of_paid_social_is_mix_and_not_rate(snapshot):
    found = decomposition(due(snapshot), {"channel": due(snapshot, by="channel")})
    rows = found[(found["against"] == "year before") & found["columns"].str.endswith("channel")]
    rows = rows.set_index("segment")
    assert rows["mix_effect"].drop("all").idxmax() == "paid social"
    assert rows.loc["paid social", "mix_effect"] > 0.0015


def test_ways_of_leaving_have_the_shares_they_were_made_with(snapshot):
    kinds = churn_kinds(snapshot)
    final = kinds[kinds["period_start"] < "2026-10-01"].groupby("how")["customers"].sum()
    shares = final / final.sum()
    assert shares["payment_failed"] == pytest.approx(t.END_REASONS["payment_failed"], abs=0.02)
    assert shares["voluntary"] == pytest.approx(t.END_REASONS["voluntary"], abs=0.02)


def test_twelve_reports_agree_on_how_customers_left(checked):
    """But for what was pending when it was told first."""
    told = {}
    for month in pd.period_range("2025-11", "2026-10", freq="M"):
        rows = churn_kinds(freeze(checked, str(month)))
        sums = rows.groupby(["period_start", "how"])["customers"].sum()
        for start, own in sums.groupby(level="period_start"):
            ways = own.droplevel("period_start").to_dict()
            known = told.setdefault(start, ways)
            if "pending" in known:
                told[start] = ways
                assert {k: v for k, v in known.items() if k == "voluntary"} == {
                    k: v for k, v in ways.items() if k == "voluntary"
                }
            else:
                assert known == ways


def test_what_comes_back_of_failed_payments(snapshot):
    rows = recovery(snapshot).dropna(subset=["recovered_45"])
    failed = rows["failed"].sum()
    shares = [rows[f"recovered_{days}"].sum() / failed for days in (14, 30, 45)]
    assert shares == pytest.approx([0.55, 0.62, 0.64], abs=0.03)
    assert rows["open"].sum() == 0
    assert recovery(snapshot)["open"].iloc[-1] > 0
