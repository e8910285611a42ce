"""Survival on published data, and lifelines on raw rows against ours on grouped rows.

Anderson: the 6-MP remission trial (Freireich 1963) as Kleinbaum and Klein print it. Waltons:
survRM2's restricted mean and Greenwood error, quoted in lifelines' issue 1682. Wilson: Newcombe
(1998), table I. Benjamini and Hochberg (1995): their example.
"""

import json
from pathlib import Path

import lifelines
import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_waltons
from lifelines.statistics import multivariate_logrank_test

from churnlib.models.retention.fits import fit_sbg
from churnlib.models.survival.curves import median_lifetime, survival_curve
from churnlib.models.survival.kaplan_meier import kaplan_meier
from churnlib.models.survival.life_table import life_table
from churnlib.models.survival.logrank import survival_logrank
from churnlib.models.survival.parametric import parametric_fits, parametric_parameters
from churnlib.models.survival.restricted_mean import restricted_mean
from churnlib.statistics.intervals import benjamini_hochberg, wilson

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases"
needs_cases = pytest.mark.skipif(
    not CASES.exists(), reason="the published cases are not at hand (shared/ is absent)"
)


def group(raw: pd.DataFrame, by: str | None = None) -> pd.DataFrame:
    """Grouped rows; split by a column, they say its values in `segment`."""
    keys = ["entry", "duration", "event_observed"]
    if by:
        raw, keys = raw.rename(columns={by: "segment"}), ["segment", *keys]
    return raw.groupby(keys).size().rename("customers").reset_index()


@pytest.fixture
def waltons() -> pd.DataFrame:
    raw = load_waltons().rename(columns={"T": "duration"})
    return raw.assign(entry=0, event_observed=raw["E"] == 1, duration=raw["duration"].astype(int))


@pytest.fixture
def anderson() -> pd.DataFrame:
    raw = pd.read_csv(CASES / "clv" / "anderson_6mp.csv").rename(columns={"t": "duration"})
    return raw.assign(entry=0, event_observed=raw["status"] == 1)


@pytest.fixture
def late() -> pd.DataFrame:
    """Customers of whom a third is watched only from some month of life on."""
    draw = np.random.default_rng(7)
    duration = draw.geometric(0.06, 3000).clip(max=30)
    entry = np.where(draw.random(3000) < 0.35, draw.integers(0, 24, 3000), 0)
    raw = pd.DataFrame(
        {"plan": draw.choice(["a", "b", "c"], 3000), "entry": entry, "duration": duration}
    )
    raw["event_observed"] = (draw.random(3000) < 0.7) & (duration < 30)
    return raw[raw["duration"] > raw["entry"]]


@needs_cases
def test_anderson_curve_band_and_logrank(anderson):
    treated = survival_curve(group(anderson[anderson["Rx"] == 0]), min_at_risk=1).set_index(
        "tenure"
    )
    published = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    np.testing.assert_allclose(
        treated.loc[[6, 7, 10, 13, 16, 22, 23], "estimate"], published, atol=6e-4
    )
    np.testing.assert_allclose(
        treated.loc[[6, 23], ["low", "high"]], [[0.6197, 0.9516], [0.1881, 0.6801]], atol=1e-4
    )
    test = survival_logrank(group(anderson, "Rx"))
    assert test.statistic == pytest.approx(16.792941, abs=1e-6)
    assert (test.groups, test.degrees_of_freedom) == (2, 1)


def test_waltons_restricted_mean_with_greenwood_error(waltons):
    found = restricted_mean(group(waltons, "group"), 10).set_index("segment").loc["miR-137"]
    assert found["mean"] == pytest.approx(9.794118, abs=1e-6)
    assert found["standard_error"] ** 2 == pytest.approx(0.0151893, abs=1e-7)


def test_waltons_medians_and_logrank(waltons):
    rows = group(waltons, "group")
    curve = survival_curve(rows, min_at_risk=1)
    medians = median_lifetime(curve).set_index("segment")["median"]
    assert medians.to_dict() == {"control": 58, "miR-137": 26}
    assert median_lifetime(survival_curve(group(waltons)))["median"].tolist() == [56]
    assert survival_logrank(rows).statistic == pytest.approx(122.2491, abs=1e-4)


def test_a_curve_ends_where_fewer_than_20_are_at_risk(waltons):
    rows = group(waltons, "group")
    curve = survival_curve(rows)
    assert curve["at_risk"].min() >= 20
    assert np.isnan(median_lifetime(curve).set_index("segment").loc["miR-137", "median"])
    assert restricted_mean(rows, 60)["mean"].isna().tolist() == [False, True]


@pytest.mark.parametrize("with_late_entry", [False, True])
def test_grouped_rows_give_what_lifelines_gives_on_raw_rows(late, with_late_entry):
    raw = late if with_late_entry else late.assign(entry=0)
    # lifelines counts an entry at month k as at risk in month k; a tenth of a month later says what
    # is meant.
    entry = np.where(raw["entry"] > 0, raw["entry"] + 0.1, 0.0) if with_late_entry else None
    fitted = lifelines.KaplanMeierFitter().fit(raw["duration"], raw["event_observed"], entry=entry)
    curve = survival_curve(group(raw)).set_index("tenure")
    events = curve.index[curve["events"] > 0]
    expected = fitted.survival_function_.loc[events].iloc[:, 0]
    np.testing.assert_allclose(curve.loc[events, "estimate"], expected, rtol=1e-12)
    np.testing.assert_allclose(
        curve.loc[events, ["low", "high"]], fitted.confidence_interval_.loc[events], rtol=1e-9
    )
    np.testing.assert_allclose(kaplan_meier(group(raw)).predict(events), expected, rtol=1e-12)


def test_logrank_of_grouped_rows_is_lifelines_on_raw_rows(late):
    raw = late.assign(entry=0, duration=late["duration"] + (late["plan"] == "a"))
    expected = multivariate_logrank_test(raw["duration"], raw["plan"], raw["event_observed"])
    found = survival_logrank(group(raw, "plan"))
    assert found.statistic == pytest.approx(expected.test_statistic, rel=1e-9)
    assert found.p_value == pytest.approx(expected.p_value, rel=1e-9)


def test_logrank_with_late_entry_is_the_textbook_sum_over_raw_rows(late):
    raw = late[late["plan"] != "c"]
    observed_less_expected, variance = 0.0, 0.0
    for month in range(1, 31):
        watched = raw[(raw["entry"] < month) & (raw["duration"] >= month)]
        left = watched[watched["event_observed"] & (watched["duration"] == month)]
        n, d, n_a = len(watched), len(left), (watched["plan"] == "a").sum()
        if n < 2:
            continue
        observed_less_expected += (left["plan"] == "a").sum() - d * n_a / n
        variance += d * (n - d) * n_a * (n - n_a) / (n**2 * (n - 1))
    found = survival_logrank(group(raw, "plan"))
    assert found.statistic == pytest.approx(observed_less_expected**2 / variance, rel=1e-9)


def test_the_exponential_model_in_whole_months_is_one_churn_rate_for_all(late):
    """Its most likely rate is those who left ÷ customer-months at risk, late entry included."""
    table = life_table(group(late))
    churn = table.events.sum() / table.at_risk.sum()
    stayed = (table.at_risk - table.events).sum()
    log_likelihood = table.events.sum() * np.log(churn) + stayed * np.log1p(-churn)
    fit = parametric_fits(group(late))["exponential"]
    assert fit.predict(1) == pytest.approx(1 - churn, rel=1e-5)
    assert fit.log_likelihood_ == pytest.approx(log_likelihood, rel=1e-9)


def test_parametric_models_side_by_side(late):
    rows = group(late)
    fits = parametric_fits(rows)
    table = parametric_parameters(fits)
    assert set(fits) == {"exponential", "Weibull", "log-normal", "log-logistic"}
    assert table["aic"].is_monotonic_increasing
    assert len(table) == 7
    # The durations are geometric: a Weibull may bend and finds nothing to bend for.
    weibull = table[table["model"] == "Weibull"].set_index("parameter")
    rho = weibull.loc["rho", "estimate"]
    assert abs(rho - 1) < 3 * weibull.loc["rho", "standard_error"]
    assert fits["Weibull"].log_likelihood_ >= fits["exponential"].log_likelihood_ - 1e-6
    # In whole months all of them are on one scale with the models of retention.
    assert fit_sbg(rows).log_likelihood == pytest.approx(fits["Weibull"].log_likelihood_, abs=3)


@pytest.mark.filterwarnings("ignore:The maximum number of subdivisions")
def test_restricted_mean_is_the_area_that_lifelines_finds(late):
    rows = group(late)
    area = lifelines.utils.restricted_mean_survival_time(kaplan_meier(rows), t=12)
    found = restricted_mean(rows, 12).iloc[0]
    assert found["mean"] == pytest.approx(area, rel=1e-12)
    # lifelines gives the variance of the time stayed beside it, hundreds of times that of its mean.
    _, variance = lifelines.utils.restricted_mean_survival_time(
        kaplan_meier(rows), t=12, return_variance=True
    )
    assert variance > 100 * found["standard_error"] ** 2


@needs_cases
def test_wilson_limits_of_newcombe():
    published = json.loads((CASES / "statistics" / "proportion_intervals.json").read_text())[
        "wilson95"
    ]
    numerator, denominator = np.array([key.split("/") for key in published], dtype=float).T
    np.testing.assert_allclose(
        np.transpose(wilson(numerator, denominator)), list(published.values()), atol=5e-5
    )


def test_wilson_has_no_limits_without_a_denominator_and_stays_within_0_and_1():
    low, high = wilson([0, 0, 50], [0, 50, 50])
    assert np.isnan([low[0], high[0]]).all()
    assert (low[1], high[2]) == (0.0, 1.0)


@needs_cases
def test_benjamini_and_hochberg_1995():
    case = json.loads((CASES / "statistics" / "bh_1995.json").read_text())
    adjusted = benjamini_hochberg([*case["p"], np.nan])
    assert (adjusted <= case["q"]).sum() == case["bh_rejections"]
    assert np.isnan(adjusted[-1])
