"""What ordinary exports hold: small inputs that failed, or were read wrongly, and what is right."""

import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml

import churnlib as cl
from churnlib.errors import DataError
from churnlib.input.checked import check
from churnlib.input.where import files_fingerprint
from churnlib.params.read import params_from_values
from churnlib.params.yaml_file import merged
from churnlib.snapshot.freeze import freeze

EXPORTS = Path(__file__).parents[3] / "shared" / "cases" / "exports"
pytestmark = pytest.mark.skipif(not EXPORTS.is_dir(), reason="needs ../shared/cases/exports")


def params_of(case: str, file: str = "params.yml", **more):
    """What a folder's user wrote, with what is added to it."""
    values = merged(yaml.safe_load((EXPORTS / case / file).read_text()), more)
    uri = EXPORTS / case / values["source"]["uri"]
    values["source"] = {**values["source"], "uri": str(uri)}
    return params_from_values(values)


def table(name: str, **settings) -> dict:
    return {"source": {"tables": {name: settings}}}


def remarks(checked) -> str:
    return " ".join(remark for account in checked.data_box for remark in account["remarks"])


def closing(params, period: str) -> float:
    bridge = cl.mrr_bridge(freeze(check(params), period))
    return bridge.set_index("period_start").loc[pd.Timestamp(f"{period}-01"), "closing"]


def test_two_expressions_on_one_table():
    params = params_of("25_two_expressions")
    assert closing(params, "2026-01") == 30
    assert closing(params_of("25_two_expressions", data_until="2026-02-28"), "2026-02") == 60


def test_the_advice_of_a_message_leads_to_the_next_and_then_runs():
    with pytest.raises(DataError) as error:
        check(params_of("26_own_advice_fails"))
    said = str(error.value)
    advised = yaml.safe_load(said.partition("Set expressions: ")[2].partition("}.")[0] + "}")
    read = check(params_of("26_own_advice_fails", **table("subscriptions", expressions=advised)))
    assert read.data_box[0]["kept"] == 20


def test_intervals_as_people_write_them():
    with pytest.raises(DataError) as error:
        check(params_of("17_interval_spelling"))
    said = str(error.value)
    assert "'annual (monthly)'" in said
    assert "monthly, quarterly, 6 months" in said
    params = params_of("17_interval_spelling", policies={"max_rejected_share": 1.0})
    rows = check(params).tables["subscriptions"].to_pandas().set_index("customer_id")
    assert rows.mrr[["a", "b", "c"]].astype(float).tolist() == [10, 10, 10]
    lengths = rows.interval_months.to_dict()
    assert lengths == {"a": 12, "b": 12, "c": 12, "e": 1, "f": 1, "g": 3, "h": 6}


@pytest.mark.parametrize(
    ("case", "file", "name", "column", "day"),
    [
        ("03b_naive_timestamp", "params.yml", "subscriptions", "starts_on", "2024-01-31"),
        ("j04_naive_utc", "params.yml", "orders", "ordered_at", "2024-02-29"),
    ],
)
def test_stamps_without_a_zone(case, file, name, column, day):
    silent = check(params_of(case, file))
    assert "set timestamps: UTC" in remarks(silent)
    said = check(params_of(case, file, **table(name, timestamps="UTC")))
    assert "timestamps" not in remarks(said)
    assert str(said.tables[name].to_pandas()[column].min())[:10] == day


def test_a_dashboard_export_in_utc():
    given = params_of("20_stripe_dashboard", **table("subscriptions", timestamps="UTC"))
    right = params_of("20_stripe_dashboard", "params_right.yml")
    by_key, by_hand = (check(one).tables["subscriptions"].to_pandas() for one in (given, right))
    assert by_key.starts_on.tolist() == by_hand.starts_on.tolist()
    assert by_key.ends_on.tolist() == by_hand.ends_on.tolist()


def test_utc_as_warehouses_write_it():
    sales = cl.sales(freeze(check(params_of("utc_suffix", "utc.yml")), "2026-01"))
    assert (sales.revenue.item(), sales.customers.item()) == (10, 1)


def test_a_header_in_double_quotes():
    assert check(params_of("quoted_header", "acme.yml")).data_box[0]["kept"] == 3


def test_repeats_that_are_real_are_kept():
    case = "j02_two_columns_duplicates"
    dropped = check(params_of(case)).data_box[0]
    assert (dropped["kept"], dropped["set_aside"]) == (380, 19)
    assert "duplicates: keep" in str(dropped)
    kept = check(params_of(case, policies={"duplicates": "keep"})).data_box[0]
    assert (kept["kept"], kept["set_aside"]) == (399, 0)


def test_attributes_called_like_columns_of_activity():
    assert check(params_of("attribute_names", "acme.yml")).data_box[0]["kept"] == 3


def test_capitals_in_a_suffix_change_the_fingerprint(tmp_path):
    shutil.copytree(EXPORTS / "upper_suffix", tmp_path, dirs_exist_ok=True)
    values = yaml.safe_load((tmp_path / "up.yml").read_text())
    params = params_from_values({**values, "source": {"uri": str(tmp_path)}})
    before = files_fingerprint(params)
    file = tmp_path / "SUBSCRIPTIONS.CSV"
    file.write_text(file.read_text() + "zz,2026-03-03,,99\n")
    assert files_fingerprint(params) != before


def test_a_view_over_a_file_outside_is_refused_with_the_line_to_write(tmp_path):
    shutil.copytree(EXPORTS / "view_stale", tmp_path, dirs_exist_ok=True)
    with duckdb.connect(tmp_path / "w.duckdb") as database:
        database.execute(
            f"CREATE VIEW subscriptions AS SELECT * FROM read_csv('{tmp_path / 'ext.csv'}')"
        )
    values = yaml.safe_load((tmp_path / "vw.yml").read_text())
    params = params_from_values({**values, "source": {"uri": str(tmp_path / "w.duckdb")}})
    with pytest.raises(DataError, match='CREATE TABLE "subscriptions_rows" AS SELECT'):
        check(params)
    with duckdb.connect(tmp_path / "w.duckdb") as database:
        database.execute('CREATE TABLE "subscriptions_rows" AS SELECT * FROM "subscriptions"')
    tables = {"subscriptions": {"from": "subscriptions_rows"}}
    source = {"uri": str(tmp_path / "w.duckdb"), "tables": tables}
    assert check(params_from_values({**values, "source": source})).data_box[0]["kept"] == 4


def test_gaps_at_the_end_of_a_month_are_bridged():
    for case, period in (("01_eom_anniversary", "2023-07"), ("24_eom_population", "2024-05")):
        snapshot = freeze(check(params_of(case, policies={"bridge_days": 3})), period)
        curve = cl.survival_curve(cl.lifetimes(snapshot))
        assert (curve.estimate == 1).all()
        assert cl.returns(snapshot).left.sum() == 0


@pytest.mark.parametrize("case", ["23_stripe_items", "23b_items_synced"])
def test_items_of_one_subscription_add_up(case):
    """50 + 20 of A, 50 of B, 50 of C until 5 March: 180 at the end of February where all four are in
    force; of versions with a sync time those that are superseded are counted and named.
    """
    checked = check(params_of(case))
    bridge = cl.mrr_bridge(freeze(checked, "2024-02"))
    closing = float(bridge["closing"].iloc[-1])
    told = " ".join(reason["reason"] for reason in checked.data_box[0]["reasons"])
    assert closing == 180 or "version" in told


def test_a_gap_that_really_was_is_stated():
    with pytest.raises(DataError, match="gaps"):
        check(params_of("27_real_gap"))
    stated = check(params_of("27_real_gap", gaps=[["2018-04-01", "2022-05-31"]]))
    assert (stated.first_day.year, stated.last_day.isoformat()) == (2018, "2022-09-30")


def test_a_pause_is_a_churn_and_a_return_and_the_docs_say_so():
    checked = check(params_of("06_paused"))
    steps = cl.mrr_bridge(freeze(checked, "2026-05"))
    assert steps["churn"].sum() < 0
    assert steps["reactivation"].sum() > 0
    docs = Path(__file__).parents[2] / "docs" / "parameters.md"
    assert "**Pauses.**" in docs.read_text(encoding="utf-8")


def test_a_column_called_age_is_a_column_like_any_other(tmp_path):
    """98, 100 and 100 % of large, mid and small in their first month, as when it is called ageband."""
    (file,) = (EXPORTS / "cohort_age").glob("*.yml")
    shutil.copytree(EXPORTS / "cohort_age", tmp_path / "case")
    customers = tmp_path / "case" / "customers.csv"
    customers.write_text(customers.read_text().replace("customer_id,age", "customer_id,ageband"))
    tables = {}
    for name, folder in (("age", EXPORTS / "cohort_age"), ("ageband", tmp_path / "case")):
        more = {"source": {"uri": str(folder)}, "cohort_by": name, "segments": [name]}
        snapshot = freeze(check(params_of("cohort_age", file.name, **more)), None)
        tables[name] = cl.customer_retention_by(snapshot, name)
    pd.testing.assert_frame_equal(tables["age"], tables["ageband"])
    first = tables["age"][tables["age"]["age"] == 0].set_index("cohort")["rate"]
    assert first.to_dict() == {"large": 0.975, "mid": 1.0, "small": 1.0}


def test_a_late_return_ends_no_month():
    checked = check(params_of("j01_late_returns"))
    assert checked.latest_period().name.startswith("November")


@pytest.fixture(scope="module")
def shops():
    """Forecasts of the three shops: what is told of purchases and money, and the choice behind it."""

    def made(case: str):
        snapshot = freeze(check(params_of(case)), None)
        buyers, origins = cl.buyers(snapshot), cl.rolling_origins(snapshot)
        horizon = int(origins["horizon"].max())
        choice = cl.choose_purchase_model(
            cl.purchase_backtest(origins, horizon=horizon), horizon=horizon
        )
        fits = {"BG/NBD": cl.fit_bg_nbd, "MBG/NBD": cl.fit_mbg_nbd}
        money = cl.Money(cl.fit_gamma_gamma(cl.spend(snapshot)))
        model = cl.predict_totals(fits[choice.model](buyers), buyers, money=money)
        told = cl.widen_to_band(model, choice)
        return choice, model.set_index("quantity"), told.set_index("quantity")

    return made


def test_ranges_of_steady_buyers_do_not_collapse(shops):
    """Right is about 6,529 to 6,944; 477 to 6,892 was told."""
    _, model, told = shops("i05_loyal")
    assert 6_450 < model.loc["purchases", "low"] < 6_620
    assert 6_860 < model.loc["purchases", "high"] < 7_030
    assert told.loc["purchases", "low"] > 6_000


def test_the_luck_of_uneven_spending_is_in_the_range(shops):
    _, model, _ = shops("i06_heavy_tail")
    width = (model["high"] - model["low"]) / model["predicted"]
    assert width["discounted_value"] > 2 * width["purchases"]


def test_errors_on_one_side_are_named_and_widen_that_side(shops):
    choice, model, told = shops("i15_regular")
    assert (choice.one_sided, choice.biased) == ("high", "high")
    assert "every one too high" in cl.say_backtest(choice).sentence
    assert told.loc["purchases", "high"] == model.loc["purchases", "high"]
    assert told.loc["purchases", "low"] < 0.8 * model.loc["purchases", "low"]
