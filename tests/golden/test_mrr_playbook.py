"""The MRR playbook: its months as dbt Labs' definitions give them, and as Carl Gold's "Fighting
Churn" does.

Data: the seed of dbt-labs/mrr-playbook. Expected: both published definitions run on it, see the
shared folder's README. The seed gives the customers still active an end in 2020-01 or 2020-02; as
of 2020-01-01 none of these is churn.
"""

from pathlib import Path

import pandas as pd
import pytest

from churnlib.engine import collect
from churnlib.measures.by_period import period_at
from churnlib.measures.churn import customer_churn
from churnlib.measures.ledger import ledger, movement_of
from churnlib.measures.members import members
from churnlib.measures.revenue import check_identity, mrr_bridge
from tests.business import snapshot_of

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
SEED = SHARED / "data" / "mrr_playbook" / "subscription_periods.csv"
CASES = SHARED / "cases" / "mrr_playbook"
pytestmark = pytest.mark.skipif(
    not SEED.exists(), reason=f"the MRR playbook is not at hand ({SHARED.name}/ is absent)"
)
DBT = {
    "active_customers": "n_closing",
    "mrr": "closing",
    "new_mrr": "new",
    "reactivation_mrr": "reactivation",
    "upgrade_mrr": "expansion",
    "downgrade_mrr": "contraction",
    "churn_mrr": "churn",
    "n_new": "n_new",
    "n_reactivation": "n_reactivation",
    "n_upgrade": "n_expansion",
    "n_downgrade": "n_contraction",
    "n_churn": "n_churn",
}
CATEGORIES = {"upgrade": "expansion", "downgrade": "contraction"}


@pytest.fixture(scope="module")
def snapshot():
    seed = pd.read_csv(SEED, dtype=str).sort_values(["customer_id", "start_date"])
    rows = seed[["customer_id", "start_date", "end_date", "monthly_amount"]].itertuples(
        index=False, name=None
    )
    return snapshot_of(subscriptions=list(rows), period="2019-12")


def test_monthly_bridge_as_dbt_labs_defines_it(snapshot):
    expected = pd.read_csv(CASES / "expected_monthly_dbt_labs.csv", parse_dates=["date_month"])
    expected = (
        expected[expected["date_month"] < "2020-01-01"]
        .set_index("date_month")[list(DBT)]
        .rename(columns=DBT)
    )
    bridge = mrr_bridge(snapshot)
    ours = bridge.set_index("period_start").loc["2018-01-01":, list(expected.columns)]
    pd.testing.assert_frame_equal(
        ours, expected, check_dtype=False, check_names=False, check_index_type=False
    )
    assert len(ours) == 24
    assert check_identity(bridge).empty


def test_each_customers_movement_as_dbt_labs_defines_it(snapshot):
    rows = ledger(snapshot).left_join(members(snapshot), "customer_id")
    rows = collect(rows.mutate(movement=movement_of(rows, "month")))
    rows = rows[rows["movement"] != "unchanged"]
    months = [period_at(number, "month").start.isoformat() for number in rows["period"]]
    ours = set(
        zip(
            months,
            rows["customer_id"],
            rows["movement"],
            rows["closing"] - rows["opening"],
            strict=True,
        )
    )
    expected = pd.read_csv(
        CASES / "expected_customer_month_dbt_labs.csv", dtype={"customer_id": str}
    )
    expected = expected[
        expected["change_category"].notna() & (expected["date_month"] < "2020-01-01")
    ]
    names = expected["change_category"].replace(CATEGORIES)
    theirs = set(
        zip(
            expected["date_month"],
            expected["customer_id"],
            names,
            expected["mrr_change"],
            strict=True,
        )
    )
    assert {row for row in ours if row[0] >= "2018"} == theirs
    assert len(theirs) > 100


def test_churn_and_retention_as_fighting_churn_defines_them(snapshot):
    """Its row from the first of one month to the first of the next is our next month: opening to
    closing.
    """
    expected = pd.read_csv(
        CASES / "expected_retention_fight_churn.csv", parse_dates=["start_date", "end_date"]
    )
    expected = expected[expected["end_date"] < "2020-01-01"].set_index("end_date")
    ours = mrr_bridge(snapshot).set_index("period_start").loc[expected.index]
    assert (ours["n_opening"] == expected["n_start"]).all()
    assert (ours["n_churn"] == expected["n_churn"]).all()
    assert (ours["opening"] == expected["start_mrr"]).all()
    assert (ours["gross_churn_rate"] - expected["mrr_churn_rate"]).abs().max() < 1e-6
    assert (ours["nrr"] - expected["net_retention_rate"]).abs().max() < 1e-6
    churn = customer_churn(snapshot).set_index("period_start").loc[expected.index]
    assert (churn["churn_rate"] - expected["churn_rate"]).abs().max() < 1e-6


def test_spot_values(snapshot):
    november, december = mrr_bridge(snapshot).tail(2).itertuples()
    assert (november.opening, november.new, november.expansion, november.contraction) == (
        1680,
        210,
        60,
        -110,
    )
    assert november.closing == 1840
    assert (december.n_opening, december.n_churn, december.n_closing) == (42, 17, 28)


def test_ends_of_those_still_active_are_no_churn(snapshot):
    """28 seed rows end on 2020-01-01: as of that day all 28 customers are there."""
    last = customer_churn(snapshot).iloc[-1]
    assert last["period_start"] == pd.Timestamp("2019-12-01")
    assert last["closing_customers"] == 28
