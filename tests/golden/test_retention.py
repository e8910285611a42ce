"""The retention models on the numbers of their papers.

sBG: Fader and Hardie (2007), How to project customer retention, table 1 and appendix (7 years,
1,000 customers). BdW: Fader, Hardie, Liu, Davin and Steenburgh (2018); the figures for four years
are those that the R package foretell and its port retenmod print.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize
from scipy.special import betaln

from churnlib.models.retention.fits import (
    fit_bdw,
    fit_sbg,
    nested_test,
    predict_survival,
)
from churnlib.models.retention.parameters import retention_parameters
from churnlib.models.retention.projection import backtest, project
from churnlib.models.survival.life_table import life_table

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases" / "clv"
PAPER = CASES / "sbg_fader_hardie_2007.csv"
needs_cases = pytest.mark.skipif(
    not PAPER.exists(), reason="the published cases are not at hand (shared/ is absent)"
)


def lifetimes_of(alive: list[float], scale: float = 10.0) -> pd.DataFrame:
    """Lifetimes of customers of whom these percentages are left after 0, 1, 2, ... periods
    (1,000 in all).
    """
    counts = np.rint(np.asarray(alive) * scale).astype(int)
    years = len(counts) - 1
    left = pd.DataFrame(
        {"duration": range(1, years + 1), "event_observed": True, "customers": -np.diff(counts)}
    )
    stayed = pd.DataFrame(
        {"duration": [years], "event_observed": [False], "customers": [counts[-1]]}
    )
    return pd.concat([left, stayed], ignore_index=True).assign(entry=0)


def paper(segment: str, years: int) -> pd.DataFrame:
    return lifetimes_of(pd.read_csv(PAPER)[f"{segment}_pct"].iloc[: years + 1].tolist())


@needs_cases
@pytest.mark.parametrize(
    ("segment", "alpha", "beta", "log_likelihood", "ahead"),
    [
        ("high_end", 0.668, 3.806, -1611.16, [46.0, 43.6, 41.4, 39.5, 37.8]),
        ("regular", 0.704, 1.182, -1680.27, [22.0, 20.4, 19.1, 18.0, 17.0]),
    ],
)
def test_sbg_2007(segment, alpha, beta, log_likelihood, ahead):
    fit = fit_sbg(paper(segment, 7))
    assert fit.parameters == pytest.approx({"alpha": alpha, "beta": beta}, abs=6e-4)
    assert fit.log_likelihood == pytest.approx(log_likelihood, abs=0.01)
    np.testing.assert_allclose(100 * predict_survival(fit, range(8, 13)), ahead, atol=0.06)
    assert fit.mean_is_infinite


@needs_cases
@pytest.mark.parametrize(
    ("segment", "years", "parameters"),
    [
        ("high_end", 4, [0.2593, 1.7227, 1.5843]),
        ("high_end", 7, [0.2143, 1.4266, 1.7236]),
        ("regular", 4, [0.5230, 0.8943, 1.1964]),
        ("regular", 7, [0.4556, 0.7793, 1.2835]),
    ],
)
def test_bdw_2018(segment, years, parameters):
    np.testing.assert_allclose(fit_bdw(paper(segment, years)).estimates, parameters, atol=2e-4)


@needs_cases
def test_bdw_projection_of_four_years():
    published = [
        100,
        86.915,
        74.193,
        65.478,
        59.293,
        54.661,
        51.037,
        48.104,
        45.669,
        43.604,
        41.823,
    ]
    found = 100 * predict_survival(fit_bdw(paper("high_end", 4)), range(11))
    np.testing.assert_allclose(found, published, atol=2e-3)


@needs_cases
def test_the_nested_test_and_the_backtest_choose_the_model_that_the_later_years_bear_out():
    seven, four = paper("high_end", 7), paper("high_end", 4)
    test = nested_test(fit_sbg(seven), fit_bdw(seven))
    assert test.statistic == pytest.approx(2 * (1611.158 - 1605.314), abs=0.01)
    scores = backtest(seven, {3: four}).set_index("model")
    assert scores["events"].tolist() == [102, 102]  # 593 left after year 4, 491 after year 7
    assert scores.loc["bdw", "log_score"] > scores.loc["sbg", "log_score"]
    found = project(seven, {3: four}, horizon=5)
    assert found.model == "bdw"
    ahead = found.curve.query("part == 'projected'")
    actual = pd.read_csv(PAPER)["high_end_pct"].iloc[8:13].to_numpy() / 100
    assert ((ahead["low"] <= actual) & (actual <= ahead["high"])).all()


def test_the_simpler_model_stays_where_the_other_fits_no_better():
    rows = lifetimes_of([100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1])
    found = project(rows, horizon=12)
    assert found.model == "sbg"
    assert "p = 0.250" in found.reason
    assert found.curve["part"].value_counts().to_dict() == {"projected": 12, "observed": 8}


def test_late_entry_and_censoring_are_those_of_the_likelihood_written_out():
    draw = np.random.default_rng(3)
    life, seen = draw.geometric(draw.beta(1.0, 4.0, 1500)), draw.integers(1, 15, 1500)
    raw = pd.DataFrame({"entry": draw.integers(0, 5, 1500), "duration": np.minimum(life, seen)})
    raw["event_observed"] = life <= seen
    raw = raw[raw["duration"] > raw["entry"]]

    def negative(log_parameters):
        alpha, beta = np.exp(log_parameters)

        def log_s(t):
            return betaln(alpha, beta + t) - betaln(alpha, beta)

        left = np.log(np.exp(log_s(raw["duration"] - 1)) - np.exp(log_s(raw["duration"])))
        each = np.where(raw["event_observed"], left, log_s(raw["duration"])) - log_s(raw["entry"])
        return -each.sum()

    direct = optimize.minimize(
        negative, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10}
    )
    fit = fit_sbg(
        raw.groupby(["entry", "duration", "event_observed"])
        .size()
        .rename("customers")
        .reset_index()
    )
    assert fit.log_likelihood == pytest.approx(-direct.fun, abs=1e-6)
    np.testing.assert_allclose(np.log(fit.estimates[:2]), direct.x, atol=1e-3)


def test_standard_errors_are_the_spread_of_estimates_over_samples():
    draw = np.random.default_rng(11)
    found = []
    for _ in range(150):
        churn = draw.beta(1.5, 6.0, 2000)
        life = draw.geometric(churn)
        rows = pd.DataFrame(
            {"entry": 0, "duration": life.clip(max=18), "event_observed": life <= 18}
        )
        fit = fit_sbg(
            rows.groupby(["entry", "duration", "event_observed"])
            .size()
            .rename("customers")
            .reset_index()
        )
        found.append([np.log(fit.estimates[0]), np.sqrt(fit.covariance[0, 0])])
    estimates, errors = np.array(found).T
    assert estimates.mean() == pytest.approx(np.log(1.5), abs=3 * estimates.std() / np.sqrt(150))
    assert errors.mean() == pytest.approx(estimates.std(), rel=0.2)


@pytest.mark.parametrize(
    ("alive", "words"),
    [
        ([100, 100, 100, 100], "Nobody has left"),
        ([100, 0], "Everybody left"),
        ([100, 60], "too few for the 2 parameters"),
    ],
)
def test_no_finite_maximum_is_a_result_with_a_reason(alive, words):
    fit = fit_sbg(lifetimes_of(alive))
    assert not fit.fitted
    assert words in fit.reason
    assert np.isnan(predict_survival(fit, [1, 2])).all()
    assert retention_parameters([(12, fit)])["estimate"].isna().all()
    found = project(lifetimes_of(alive))
    assert found.model is None
    assert words in found.reason


def test_one_even_churn_rate_is_found_at_the_limit_and_said():
    alive = [100 * 0.9**k for k in range(13)]
    fit = fit_sbg(lifetimes_of(alive, scale=10_000))
    assert "do not differ" in fit.reason
    np.testing.assert_allclose(predict_survival(fit, [12, 24]), [0.9**12, 0.9**24], rtol=0.01)
    assert np.isnan(list(fit.standard_errors.values())).any()


def test_an_earlier_frame_can_be_the_present_one():
    rows = lifetimes_of([100, 80, 70])
    assert backtest(rows, {3: rows}).empty
    assert life_table(rows).at_risk.tolist() == [1000, 800]
