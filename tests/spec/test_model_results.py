"""What models give says what it is: declared columns, the names of its file and of its columns
there, its context.
"""

import ast
import importlib
from pathlib import Path

import pandas as pd
import pytest

import churnlib.models
from churnlib.models.purchases.cohort_value import CLV_SHOP
from churnlib.models.purchases.fits import fit_bg_nbd
from churnlib.models.purchases.parameters import purchase_parameters
from churnlib.models.purchases.tracking import frequency_calibration
from churnlib.models.retention.backtest import PROJECTION_BACKTEST
from churnlib.models.retention.parameters import RETENTION_PARAMETERS
from churnlib.models.retention.projection import project
from churnlib.models.survival.curves import survival_by_segment, survival_curve
from churnlib.models.survival.hazard import hazard_by_month
from churnlib.models.survival.logrank import compare_segments
from churnlib.models.survival.waits import time_to_second
from churnlib.results.columns import SPLIT, rate
from churnlib.results.declared import DECLARED, Result, declaration, table_name
from churnlib.results.registry import import_declarations, terms

MODELS = Path(churnlib.models.__path__[0])
NO_FRAME = {
    "ValueTerms", "Money", "kaplan_meier", "parametric_fits", "fit_sbg", "fit_bdw", "project",
    "value_terms", "fit_bg_nbd", "fit_mbg_nbd", "fit_gamma_gamma", "frequency_value_independence",
    "money_terms", "choose_purchase_model", "plain_purchase_value", "at_baseline", "cohort_stretch",
}  # fmt: skip
"""Public names of models that give a fit, a judgement or plain numbers."""
PUBLISHED = {
    "again_trend": (
        "period_start first_buyers again share share_low share_high expected expected_low "
        "expected_high score"
    ),
    "again_decomposition": (
        "against columns segment rate_effect mix_effect rate_effect_low rate_effect_high now before"
    ),
    "again_changes": (
        "label method first_buyers again expected effect effect_low effect_high verdict"
    ),
    "again_segments": (
        "first_buyers again expected ratio ratio_low ratio_high shrunken q_value verdict"
    ),
    "channels": (
        "channel age_days now_customers now_retention before_customers before_retention difference "
        "difference_low difference_high earliest_date verdict against needed cost_per_kept"
    ),
    "due_next": "period_start due mrr_due expected_left expected_left_low expected_left_high",
    "trend": (
        "period_start due left expected score cusum_up cusum_down signal compared compared_left "
        "expected_low expected_high"
    ),
    "decomposition": (
        "against columns segment rate_effect mix_effect rate_effect_low rate_effect_high now before"
    ),
    "changes": (
        "label method exposed met effect effect_low effect_high mrr_gained mrr_lost net net_low "
        "net_high break_even verdict"
    ),
    "incidence": "how tenure at_risk incidence incidence_low incidence_high",
    "segments": (
        "due left expected ratio ratio_low ratio_high shrunken q_value mrr_lost verdict customers "
        "mrr_lost_low mrr_lost_high"
    ),
    "nps": ("period_start asked answered promoters passives detractors nps nps_low nps_high"),
    "nps_churn": "group answers left share share_low share_high",
    "reasons": (
        "reason answers share share_low share_high reweighted_share bound_low bound_high "
        "of_answers of_leavers"
    ),
    "reasons_over_time": "period_start reason answers share share_low share_high of_answers",
    "reasons_before": (
        "compared value reason answers share share_low share_high of_answers other_share "
        "other_answers difference difference_low difference_high q_value verdict"
    ),
    "reasons_by": (
        "compared value reason answers share share_low share_high of_answers other_share "
        "other_answers difference difference_low difference_high q_value verdict"
    ),
    "change_fading": "label since due left expected effect effect_low effect_high",
    "change_pre_period": (
        "label reach months_since due left expected effect effect_low effect_high"
    ),
    "change_drift": "label months drift drift_low drift_high",
    "mrr_churn": "period_start opening lost rate rate_low rate_high customers largest",
    "trend_by_quarter": (
        "period_start due left expected compared compared_left expected_low expected_high"
    ),
    "survival": "tenure at_risk events survival survival_low survival_high",
    "hazard": (
        "interval_months tenure at_risk events hazard hazard_low hazard_high around stands_out"
    ),
    "conditional_survival": "stayed at_risk further estimate low high",
    "restricted_mean": "horizon mean standard_error low high",
    "segment_tests": (
        "column groups statistic p_value p_adjusted n_scanned within_intervals tells_interval"
    ),
    "segments_against_others": (
        "left expected ratio low high p_adjusted apart customers "
        "at_stake at_stake_low at_stake_high"
    ),
    "time_to_second": "tenure at_risk events estimate low high",
    "time_between": "tenure at_risk events estimate low high",
    "mean_wait": "horizon mean standard_error low high",
    "projection": "tenure part estimate low high fitted",
    "projection_backtest": (
        "model customer_months events predicted relative_error log_score months_ago"
    ),
    "retention_parameters": "model parameter estimate standard_error cycle_months",
    "clv_parameters": "model parameter estimate standard_error cycle_months",
    "clv": (
        "segment_column segment customers value value_low value_high observed_value "
        "projected_value arpa plain_value cac ltv_to_cac payback_months reason"
    ),
    "remaining_value": (
        "segment_column segment customers mrr value value_low value_high observed_value "
        "projected_value value_per_customer reason"
    ),
    "plain_value": (
        "segment_column segment customers plain_value from_horizon from_discount from_survival "
        "value why"
    ),
    "backtest": "origin model predicted low high actual error covered money_error log_likelihood",
    "tracking": "week_start predicted actual predicted_cumulative actual_cumulative held_out",
    "calibration": "frequency customers predicted actual",
    "totals": "quantity predicted low high widened",
    "clv_shop": (
        "segment_column segment customers value value_low value_high probability_alive "
        "expected_purchases"
    ),
    "clv_parameters_shop": "model parameter estimate standard_error",
}
"""The heads of the CSV files that spreadsheets and schedulers read: they stay."""


def public_functions() -> list:
    import_declarations()
    found = []
    for path in sorted(MODELS.rglob("*.py")):
        name = ".".join(["churnlib.models", *path.relative_to(MODELS).with_suffix("").parts])
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                module = importlib.import_module(name)
                found += [getattr(module, one) for one in ast.literal_eval(node.value)]
    return found


def lifetimes(**attrs: str) -> pd.DataFrame:
    rows = pd.DataFrame(
        {"entry": 0, "duration": [1, 2, 3, 3], "event_observed": [True, True, True, False]}
    ).assign(customers=[30, 20, 10, 140])
    rows.attrs = {"currency": "EUR", "grain": "month", "period": "2026-10", **attrs}
    return rows


def split(by: str) -> pd.DataFrame:
    rows = pd.concat([lifetimes().assign(segment=name) for name in ("ads", "web")])
    rows.attrs = lifetimes(by=by).attrs
    return rows


def test_every_public_model_says_what_it_gives():
    functions = public_functions()
    declared = {one.__name__ for one in functions if isinstance(vars(one).get("result"), Result)}
    assert {one.__name__ for one in functions} == declared | NO_FRAME
    assert not declared & NO_FRAME


@pytest.mark.parametrize(("name", "heads"), PUBLISHED.items())
def test_published_columns_stay(name, heads):
    import_declarations()
    assert [column.csv_name for column in DECLARED[name].columns] == heads.split()


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_a_declaration_names_is_among_its_columns(name):
    import_declarations()
    declared = DECLARED[name]
    names = {column.name for column in (*declared.columns, *SPLIT)}
    assert set(declared.shown) <= names
    for column in declared.columns:
        assert {column.low, column.high, column.denominator} - {""} <= names
        assert column.meaning.endswith(".")


@pytest.mark.parametrize("model", [survival_curve, hazard_by_month, time_to_second])
def test_a_frame_with_segments_is_split_and_one_without_is_not(model):
    whole, parts = model(lifetimes()), model(split("channel"))
    columns = [column.name for column in declaration(whole).columns if not column.optional]
    assert whole.columns.tolist() == columns
    assert parts.columns.tolist() == ["segment", *columns]
    for _, part in parts.groupby("segment"):
        same = part.drop(columns="segment").reset_index(drop=True)
        pd.testing.assert_frame_equal(same, whole)
    assert table_name(parts) == f"{table_name(whole)}_by_channel"
    assert whole.attrs == lifetimes(result=model.result.name).attrs


def test_stacked_splits_are_one_table():
    curves = {name: survival_curve(split(name)) for name in ("channel", "country")}
    stacked = survival_by_segment(survival_curve(lifetimes()), curves)
    assert stacked["segment_column"].unique().tolist() == ["all", "channel", "country"]
    assert table_name(stacked) == "survival"
    tests = compare_segments({name: split(name) for name in curves})
    assert table_name(tests) == "segment_tests"


def test_what_a_projection_holds_is_declared_too():
    projection = project(lifetimes(), {6: lifetimes()})
    assert table_name(projection.curve) == "projection"
    assert projection.curve.attrs["currency"] == "EUR"
    assert declaration(projection.backtest) is PROJECTION_BACKTEST
    assert projection.backtest.attrs["period"] == "2026-10"


def test_the_context_is_that_of_the_first_argument_that_has_one():
    known = pd.DataFrame({"frequency": [2], "recency": [3.0], "age": [9.0], "customers": [4]})
    known = known.assign(actual=1)
    known.attrs = {"currency": "USD", "grain": "quarter", "period": "2026-Q3"}
    calibration = frequency_calibration(fit_bg_nbd(known), known, horizon=9)
    assert calibration.attrs == known.attrs | {"result": "calibration"}


def test_both_kinds_of_business_have_a_clv_file():
    known = pd.DataFrame({"frequency": [2], "recency": [3.0], "age": [9.0], "customers": [4]})
    parameters = purchase_parameters([fit_bg_nbd(known)])
    assert parameters.attrs["result"] == "clv_parameters_shop"
    assert table_name(parameters) == "clv_parameters"
    assert CLV_SHOP.file == "clv"
    assert RETENTION_PARAMETERS.file == ""


def test_a_rate_called_as_in_the_frame_has_its_limits_so_too():
    plain = rate("estimate", "Chance", "Of staying.", "at_risk", frame="estimate")
    assert [column.csv_name for column in plain] == ["estimate", "low", "high"]
    renamed = rate("hazard", "Hazard", "Of leaving.", "at_risk", frame="estimate")
    assert [column.csv_name for column in renamed] == ["hazard", "hazard_low", "hazard_high"]
    own = rate("churn_rate", "Churn", "Of leaving.", "opening")
    assert [column.name for column in own] == ["churn_rate", "churn_rate_low", "churn_rate_high"]


def test_words_of_the_models_are_defined():
    words = ["Hazard", "Survival", "P(alive)", "Customer lifetime value", "Payback", "At risk"]
    assert [term.word for term in terms(words)] == words
    subscription, shop = terms(
        ["Customer lifetime value", "Customer lifetime value (twelve months)"]
    )
    assert subscription.meaning != shop.meaning


def test_the_parameters_of_the_money_model_stand_below_those_of_the_purchase_models():
    spend = pd.DataFrame({"frequency": [1, 2, 3], "value": [30.0, 20.0, 30.0]})
    fit = churnlib.fit_gamma_gamma(spend.assign(customers=[500, 400, 500]))
    table = churnlib.money_parameters(fit)
    assert table["model"].unique().tolist() == ["Gamma-Gamma"]
    assert table["parameter"].tolist() == ["p", "q", "gamma"]
    assert table.attrs["result"] == "clv_parameters_shop"
