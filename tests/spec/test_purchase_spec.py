"""Purchase and money models on inputs that anyone can check by eye, most of them too few or too
plain to learn from.
"""

import math

import numpy as np
import pandas as pd
import pytest

from churnlib.models.purchases.backtest import purchase_backtest
from churnlib.models.purchases.choice import at_baseline, choose_purchase_model, widen_to_band
from churnlib.models.purchases.cohort_backtest import cohort_backtest, cohort_stretch
from churnlib.models.purchases.expectations import (
    expected_cumulative,
    expected_purchases,
    probability_alive,
)
from churnlib.models.purchases.fits import fit_bg_nbd, fit_mbg_nbd
from churnlib.models.purchases.gamma_gamma import expected_value, fit_gamma_gamma
from churnlib.models.purchases.independence import frequency_value_independence
from churnlib.models.purchases.parameters import purchase_parameters
from churnlib.models.purchases.predictive import predict_totals
from churnlib.models.purchases.tracking import frequency_calibration, weekly_tracking
from churnlib.models.purchases.value import Money, discounted_value

BOTH = pytest.mark.parametrize("fit_model", [fit_bg_nbd, fit_mbg_nbd])


def grouped(*rows: tuple[int, float, float, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["frequency", "recency", "age", "customers"])


def steady() -> pd.DataFrame:
    """Customers who buy every fourth, second or single week and never stop."""
    return grouped(
        (10, 39.0, 40.0, 100), (20, 39.0, 40.0, 100), (40, 39.5, 40.0, 100), (5, 38.0, 40.0, 100)
    )


def ordinary(customers: int = 1) -> pd.DataFrame:
    """Some never return, some stopped, some are still there."""
    rows = [
        (0, 0.0, 30.0, 60),
        (1, 5.0, 30.0, 20),
        (2, 20.0, 30.0, 10),
        (6, 29.0, 30.0, 8),
        (4, 12.0, 30.0, 6),
    ]
    return grouped(*((x, recency, age, n * customers) for x, recency, age, n in rows))


@BOTH
@pytest.mark.parametrize(
    "frame",
    [
        grouped(),
        grouped((3, 20.0, 39.0, 1)),
        grouped((0, 0.0, 39.0, 5000)),
        grouped((0, 0.0, 0.0, 10)),
    ],
)
def test_too_few_repeat_customers_is_a_result(fit_model, frame):
    fit = fit_model(frame)
    assert fit.status == "not fitted"
    assert not fit.usable
    assert fit.reason.startswith("Too few repeat customers: ")
    assert purchase_parameters([fit])["estimate"].isna().all()
    assert predict_totals(fit, frame)[["predicted", "low", "high"]].isna().all(axis=None)
    assert (
        discounted_value(fit, Money(fit_gamma_gamma(spend())), frame)["discounted_value"]
        .isna()
        .all()
    )


@BOTH
def test_customers_who_never_leave(fit_model):
    fit = fit_model(steady())
    assert fit.status == "no drop-out identified"
    assert "everybody stays" in fit.reason
    assert fit.a == 0
    assert math.isnan(fit.b)
    assert probability_alive(fit, [0, 10], [0, 1], [40, 40]).tolist() == [1, 1]
    assert float(expected_purchases(fit, 20, 39, 40, 10)) == pytest.approx(
        (fit.r + 20) / (fit.alpha + 40) * 10
    )
    assert float(expected_cumulative(fit, 40)) == pytest.approx((10 + 20 + 40 + 5) / 4, rel=1e-6)
    total = predict_totals(fit, steady(), horizon=40).iloc[0]
    assert total["predicted"] == pytest.approx(7500, rel=0.05)
    assert total["low"] < 7500 < total["high"]


@BOTH
def test_customers_who_are_all_the_same(fit_model):
    fit = fit_model(grouped((3, 20.0, 39.0, 500)))
    assert fit.status in ("not identified", "no drop-out identified")
    assert fit.reason
    assert np.isnan(fit.standard_errors).any()
    total = predict_totals(fit, grouped((3, 20.0, 39.0, 500)), horizon=10).iloc[0]
    assert 0 <= total["low"] <= total["predicted"] <= total["high"] < 10_000


@BOTH
def test_an_ordinary_small_business_is_fitted(fit_model):
    fit = fit_model(ordinary(3))
    assert fit.usable
    assert (fit.customers, fit.repeat_customers) == (312, 132)
    gone, there = probability_alive(fit, 4, [12.0, 29.0], 30.0)
    assert gone < there


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (grouped((1, 50.0, 39.0, 1)), "recency <= age"),
        (grouped((-1, 0.0, 39.0, 1)), "frequency >= 0"),
        (grouped((1, np.nan, 39.0, 1)), "missing or infinite"),
        (pd.DataFrame({"frequency": [1]}), "missing: recency, age, customers"),
    ],
)
def test_impossible_input_is_refused_in_words(frame, message):
    with pytest.raises(ValueError, match=message):
        fit_bg_nbd(frame)


def test_a_horizon_has_to_be_positive():
    with pytest.raises(ValueError, match="positive number of weeks"):
        predict_totals(fit_bg_nbd(ordinary()), ordinary(), horizon=0)


def spend(*rows: tuple[int, float, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["frequency", "value", "customers"])


def test_money_of_too_few_customers_is_the_pooled_mean():
    fit = fit_gamma_gamma(spend((1, 10.0, 1), (3, 30.0, 1), (0, 0.0, 100)))
    assert fit.status == "not fitted"
    assert fit.reason.startswith("Only 2 customers")
    assert expected_value(fit, [0, 3], [np.nan, 30.0]).tolist() == [25.0, 25.0]  # (10 + 3 x 30) / 4


def test_money_that_is_all_the_same():
    fit = fit_gamma_gamma(spend((1, 20.0, 100), (2, 20.0, 100)))
    assert fit.status == "not identified"
    assert expected_value(fit, [0, 2], [np.nan, 20.0]) == pytest.approx([20.0, 20.0], rel=1e-3)


def test_independence_is_told_from_relation():
    assert frequency_value_independence(spend()).verdict == "unclear"
    assert frequency_value_independence(spend((2, 20.0, 50))).verdict == "unclear"
    related = frequency_value_independence(spend((1, 10.0, 500), (2, 20.0, 500), (3, 29.0, 500)))
    assert related.verdict == "related"
    assert related.correlation > 0.99
    assert "spend more per purchase" in related.sentence
    square = [(x, value, 500) for x in (1, 2) for value in (10.0, 20.0)]
    assert frequency_value_independence(spend(*square)).verdict == "negligible"
    lean = [(1, 10.0, 560), (1, 20.0, 440), (2, 10.0, 440), (2, 20.0, 560)]
    weak = frequency_value_independence(spend(*lean))
    assert (weak.verdict, round(weak.correlation, 2)) == ("negligible", 0.12)
    fewer = [(x, value, n // 5) for x, value, n in lean]
    assert frequency_value_independence(spend(*fewer)).verdict == "weak"
    few = [(x, value, 5) for x in (1, 2) for value in (10.0, 20.0)]
    assert frequency_value_independence(spend(*few)).verdict == "unclear"


def test_value_is_discounted_purchases_times_money_times_margin():
    fit, money = fit_bg_nbd(ordinary(3)), fit_gamma_gamma(spend((1, 10.0, 1)))
    customers = ordinary().assign(value=10.0)
    plain = discounted_value(fit, Money(money, discount_rate=0.0, margin=0.5), customers)
    assert plain["discounted_value"].to_numpy() == pytest.approx(
        plain["expected_purchases"] * 10.0 * 0.5, rel=1e-9
    )
    dear = discounted_value(fit, Money(money, discount_rate=1.0, margin=0.5), customers)
    share = dear["discounted_value"] / plain["discounted_value"]
    assert share.between(0.5, 1.0).all()


def origins(n: int, actual: float, months: int = 1) -> pd.DataFrame:
    """The same known past at each origin; `actual` purchases later, of each group's customers in
    equal parts.
    """
    dates = pd.date_range("2026-01-01", periods=n, freq=f"{months}MS")
    known = ordinary(3).assign(actual=actual / 5, previous=10.0)
    return pd.concat([known.assign(origin=date) for date in dates], ignore_index=True)


def test_backtest_has_a_row_an_origin_and_model_and_baseline():
    scored = purchase_backtest(origins(2, 100.0), horizon=30)
    assert list(scored) == [
        "origin",
        "model",
        "predicted",
        "low",
        "high",
        "actual",
        "error",
        "covered",
        "log_likelihood",
    ]
    assert scored["model"].tolist() == ["BG/NBD", "MBG/NBD", "naive rate", "last period"] * 2
    # Naive: frequency / 30 weeks x 30 weeks = as many as before: 3 x (20 x 1 + 10 x 2 + 8 x 6 + 6 x
    # 4) = 336.
    assert scored["predicted"].iloc[2:4].tolist() == pytest.approx([336.0, 50.0])
    assert scored["error"].iloc[3] == -0.5
    assert scored["covered"].isna().tolist() == [False, False, True, True] * 2
    assert (scored["covered"] == scored["actual"].between(scored["low"], scored["high"]))[:2].all()


def scored_as(n: int, actual: float, months: int = 4):
    """The back-test of n past dates after each of which so many purchases came, and the choice."""
    scored = purchase_backtest(origins(n, actual, months), horizon=30)
    return scored, choose_purchase_model(scored, horizon=30)


def test_the_range_is_the_larger_of_the_models_and_the_error_band():
    scored, choice = scored_as(4, 3000.0)
    ours = scored[scored["model"] == choice.model]
    others = scored[scored["model"].isin({"BG/NBD", "MBG/NBD"} - {choice.model})]
    assert ours["log_likelihood"].iloc[-1] >= others["log_likelihood"].iloc[-1]
    assert (choice.origins, choice.coverage, choice.one_sided) == (4, 0.0, "low")
    totals = ours[["predicted", "low", "high"]].head(1).assign(quantity="purchases")
    wide = widen_to_band(totals, choice, horizon=30).iloc[0]
    assert wide["widened"]
    assert wide["low"] <= totals["low"].iloc[0]
    assert wide["high"] > 3000
    # The band is t(3) times the root mean square of the logarithms, and grows with the square
    # root of the horizon.
    assert math.log(choice.band(30)) == pytest.approx(3.182 * choice.spread, rel=1e-3)
    assert math.log(choice.band(120)) == pytest.approx(2 * math.log(choice.band(30)))


def test_the_model_that_describes_the_customers_better_is_chosen_whatever_the_windows_say():
    """The larger likelihood at the last date, also where the other model erred less."""
    scored, _ = scored_as(2, 100.0)
    ours = scored["model"].isin(["BG/NBD", "MBG/NBD"])
    last = scored["origin"] == scored["origin"].max()
    for better, other in (("BG/NBD", "MBG/NBD"), ("MBG/NBD", "BG/NBD")):
        rows = scored.assign(log_likelihood=np.where(ours, -200.0, np.nan))
        rows.loc[last & (rows["model"] == better), "log_likelihood"] = -190.0
        rows.loc[rows["model"] == other, "error"] = 0.0
        assert choose_purchase_model(rows, horizon=30).model == better


def test_money_is_tried_at_what_a_purchase_had_brought_by_then():
    """Each of 300 repeat purchases had brought 10; those that came brought 20."""
    known = origins(4, 3000.0)
    repeats = (known["frequency"] * known["customers"]).astype(float)
    priced = known.assign(spent=10 * repeats, brought=20 * known["actual"])
    scored = purchase_backtest(priced, horizon=30)
    assert scored["money_error"].dropna().tolist() == pytest.approx(
        ((1 + scored["error"]) / 2 - 1).dropna().tolist()
    )
    choice = choose_purchase_model(scored, horizon=30)
    assert choice.money_spread > choice.spread
    totals = pd.DataFrame(
        {"quantity": ["purchases", "discounted_value"], "predicted": 9.0, "low": 8.0, "high": 10.0}
    )
    told = widen_to_band(totals, choice, horizon=30).set_index("quantity")
    assert told.loc["discounted_value", "high"] == pytest.approx(9 * choice.band(30, money=True))
    assert told.loc["purchases", "high"] == pytest.approx(9 * choice.band(30))
    nothing = known.assign(spent=0.0, brought=0.0)
    unknown = choose_purchase_model(purchase_backtest(nothing, horizon=30), horizon=30)
    assert (unknown.money_spread, unknown.band(30, money=True)) == (0.0, unknown.band(30))


def test_a_biased_forecast_is_widened_on_its_side_alone():
    """Four forecasts, all far too low: over a year and more no season explains it."""
    _, choice = scored_as(4, 3000.0, months=12)
    assert choice.biased == "low"
    totals = pd.DataFrame(
        {"quantity": ["purchases"], "predicted": [9.0], "low": [8.0], "high": [10.0]}
    )
    one = widen_to_band(totals, choice).iloc[0]
    assert (one["low"], one["high"] > 20) == (8.0, True)
    _, season = scored_as(4, 3000.0, months=1)
    assert (season.one_sided, season.biased) == ("low", "")
    assert widen_to_band(totals, season).iloc[0]["low"] < 8


def test_a_range_that_no_error_exceeds_stays():
    one, choice = scored_as(1, 100.0)
    predicted = one.set_index("model")["predicted"][choice.model]
    _, choice = scored_as(4, predicted)
    assert (choice.forecast, choice.coverage) == (choice.model, 1.0)
    totals = pd.DataFrame(
        {"quantity": ["purchases"], "predicted": [9.0], "low": [8.0], "high": [10.0]}
    )
    kept = widen_to_band(totals, choice)
    assert kept[["low", "high"]].to_numpy().tolist() == [[8.0, 10.0]]
    assert not kept["widened"].any()


@pytest.mark.parametrize(("previous", "forecast"), [(52, "last period"), (300, "BG/NBD")])
def test_a_baseline_that_erred_clearly_less_gives_the_level(previous, forecast):
    """Each time 52 purchases come, fewer than either model expects: "as many as last time" is right
    where last time brought 52, and worse than the models where it brought 300.
    """
    known = origins(4, 52.0).assign(previous=previous / 5)
    choice = choose_purchase_model(purchase_backtest(known, horizon=30), horizon=30)
    assert choice.forecast in (forecast, choice.model)
    assert (choice.forecast == "last period") == (forecast == "last period")
    fit = fit_bg_nbd(ordinary(3))
    level = at_baseline(choice, fit, ordinary(3), previous=52).level
    modelled = predict_totals(fit, ordinary(3), horizon=30)["predicted"].item()
    expected = 52 / modelled if forecast == "last period" else 1.0
    assert level == pytest.approx(expected)


@pytest.mark.parametrize("frame", [origins(1, 100.0).iloc[:0], origins(4, 0.0)])
def test_backtest_without_anything_to_score(frame):
    choice = choose_purchase_model(purchase_backtest(frame, horizon=30), horizon=30)
    assert (choice.model, choice.origins, choice.band(52)) == ("", 0, 1.0)
    assert choice.reason


def test_cohorts_are_scored_each():
    """All of one age: one cohort a past date, 312 customers. 20 purchases come, fewer than any
    range holds.
    """
    table = cohort_backtest(origins(20, 20.0), "BG/NBD", horizon=30, grain="month")
    assert table["customers"].unique().tolist() == [312]
    assert (len(table), table["covered"].any()) == (20, False)
    first = table.iloc[0]
    needed = (first.predicted - 20) / (first.predicted - first.low)
    assert cohort_stretch(table, horizon=30, weeks=30) == pytest.approx(needed, rel=1e-6)
    longer = cohort_stretch(table, horizon=30, weeks=60)
    assert longer == pytest.approx(math.sqrt(1 + 4 * (needed**2 - 1)), rel=1e-6)
    assert math.isnan(cohort_stretch(table.head(19), horizon=30))
    assert cohort_stretch(table.assign(actual=table["predicted"]), horizon=30) == 1.0
    assert cohort_backtest(origins(2, 20.0).head(0), "BG/NBD", horizon=30, grain="month").empty


def test_tracking_and_calibration_without_a_model_show_what_happened():
    fit = fit_bg_nbd(grouped())
    firsts = pd.DataFrame({"first_on": pd.to_datetime(["2026-01-01"]), "customers": [9]})
    weeks = pd.DataFrame(
        {"week_start": pd.to_datetime(["2026-01-08", "2026-01-01"]), "purchases": [3, 2]}
    )
    tracked = weekly_tracking(fit, firsts, weeks, split=pd.Timestamp("2026-01-08"))
    assert tracked["actual_cumulative"].tolist() == [2, 5]
    assert tracked["held_out"].tolist() == [False, True]
    assert tracked["predicted"].isna().all()
    table = frequency_calibration(
        fit, grouped((0, 0.0, 9.0, 4), (8, 5.0, 9.0, 2)).assign(actual=[2, 3]), horizon=9
    )
    assert table[["frequency", "customers", "actual"]].to_numpy().tolist() == [
        ["0", 4, 0.5],
        ["7+", 2, 1.5],
    ]
