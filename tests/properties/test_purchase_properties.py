"""What has to hold for any customers and any parameters of the purchase and money models."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, expit, hyp2f1, log_expit

from churnlib.models.purchases import gamma_gamma, predictive
from churnlib.models.purchases.expectations import (
    expected_cumulative,
    expected_discounted_purchases,
    expected_purchases,
    probability_alive,
)
from churnlib.models.purchases.fits import PurchaseFit, fit_bg_nbd, fit_mbg_nbd
from churnlib.models.purchases.futures import Futures
from churnlib.models.purchases.gamma_gamma import MoneyFit, fit_gamma_gamma
from churnlib.models.purchases.likelihood import counts, log_likelihood, log_likelihood_staying
from churnlib.models.purchases.value import Money
from tests.golden.purchase_counts import probability_of_count

FEW = settings(max_examples=25, deadline=None, derandomize=True)
positive = st.floats(0.05, 20.0)
positions = st.lists(st.floats(-2.5, 2.5), min_size=4, max_size=4).map(np.array)
models = st.sampled_from(["BG/NBD", "MBG/NBD"])
FITTERS = {"BG/NBD": fit_bg_nbd, "MBG/NBD": fit_mbg_nbd}
MONEY = MoneyFit(
    "fitted",
    "",
    6.25,
    3.74,
    15.44,
    (0.0,) * 3,
    0.0,
    (),
    35.0,
    946,
)


def purchase_fit(model: str, r: float, alpha: float, a: float, b: float) -> PurchaseFit:
    return PurchaseFit(model, "fitted", "", r, alpha, a, b, (0.0,) * 4, 0.0, (), 1000, 400)


fits = st.builds(purchase_fit, models, positive, positive, positive, positive)


@st.composite
def groups(draw) -> pd.DataFrame:
    rows = draw(
        st.lists(
            st.tuples(st.integers(0, 30), st.floats(0, 1), st.integers(1, 700), st.integers(1, 9)),
            min_size=1,
            max_size=8,
        )
    )
    frame = pd.DataFrame(rows, columns=["frequency", "share", "days", "customers"])
    frame["age"] = frame["days"] / 7
    frame["recency"] = np.where(frame["frequency"] > 0, frame["share"] * frame["age"], 0.0)
    return frame[["frequency", "recency", "age", "customers"]]


@cache
def business() -> pd.DataFrame:
    """1,500 customers who really follow the BG/NBD (r .5, alpha 5, a .8, b 2.4), by (frequency,
    recency, age).
    """
    rng = np.random.default_rng(4)
    rows = []
    for rate, p, days in zip(
        rng.gamma(0.5, 1 / 5, 1500),
        rng.beta(0.8, 2.4, 1500),
        rng.integers(90, 365, 1500),
        strict=True,
    ):
        times = np.cumsum(rng.exponential(1 / rate, rng.geometric(p)))
        times = times[times <= days / 7]
        rows.append((len(times), round(times[-1] * 7) / 7 if len(times) else 0.0, days / 7))
    frame = pd.DataFrame(rows, columns=["frequency", "recency", "age"]).assign(customers=1)
    frame["recency"] = np.minimum(frame["recency"], frame["age"])
    return frame


@FEW
@given(groups(), positions, st.sampled_from([0, 1]))
def test_gradient_is_that_of_the_likelihood(frame, position, chance):
    data = counts(frame)
    check_gradient(lambda at: log_likelihood(at, data, chance), position)
    check_gradient(lambda at: log_likelihood_staying(at, data), position[:2])


@FEW
@given(groups(), positions)
def test_gradient_of_the_money_model(frame, position):
    x = frame["frequency"].to_numpy() + 1.0
    value, n = frame["age"].to_numpy(), frame["customers"].to_numpy() * 1.0
    check_gradient(lambda at: gamma_gamma.log_likelihood(at, x, value, n), position[:3])


def check_gradient(objective, position, step=1e-5):
    """Against differences on both sides: their error is that of the last bits of the value, not
    of its curvature.
    """
    value, gradient = objective(position)
    differences = [
        (objective(position + one)[0] - objective(position - one)[0]) / (2 * step)
        for one in np.eye(len(position)) * step
    ]
    assert gradient == pytest.approx(differences, rel=1e-6, abs=1e-7 * max(1.0, abs(value)))


@pytest.mark.parametrize("model", ["BG/NBD", "MBG/NBD"])
@settings(max_examples=5, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_order_and_grouping_of_the_rows_change_nothing(model, seed):
    rows = business()
    shuffled = rows.sample(frac=1, random_state=seed)
    keys = ["frequency", "recency", "age"]
    grouped = shuffled.groupby(keys, as_index=False, sort=False)["customers"].sum()
    # `repr` and not `==`: to the last digit, and NaN equal to NaN.
    fitted = [repr(FITTERS[model](frame)) for frame in (rows, grouped, shuffled)]
    assert fitted == fitted[:1] * 3


def test_fit_recovers_the_truth():
    fit = fit_bg_nbd(business())
    truth = np.array([0.5, 5.0, 0.8, 2.4])
    apart = (np.array([fit.r, fit.alpha, fit.a, fit.b]) - truth) / np.array(fit.standard_errors)
    assert fit.status == "fitted"
    assert np.abs(apart).max() < 3


@FEW
@given(fits, groups(), st.floats(0.5, 150))
def test_probabilities_and_expectations_stay_in_bounds(fit, frame, horizon):
    past = [frame[name].to_numpy(dtype=float) for name in ("frequency", "recency", "age")]
    alive = probability_alive(fit, *past)
    assert ((alive >= 0) & (alive <= 1)).all()
    if fit.model == "BG/NBD":
        assert (alive[past[0] == 0] == 1).all()
    purchases = expected_purchases(fit, *past, horizon)
    no_one_leaves = (fit.r + past[0]) / (fit.alpha + past[2]) * horizon
    assert ((purchases >= 0) & (purchases <= no_one_leaves * (1 + 1e-9))).all()
    assert (expected_purchases(fit, *past, horizon * 2) >= purchases).all()
    discounted = expected_discounted_purchases(fit, *past, horizon, 0.002)
    assert (discounted <= purchases * (1 + 1e-7)).all()
    assert (discounted >= purchases * np.exp(-0.002 * horizon) * (1 - 1e-7)).all()


@FEW
@given(fits, st.integers(0, 3000), st.floats(1, 150), st.floats(1, 104))
def test_expectation_equals_the_integral(fit, frequency, age, horizon):
    """Brute force over log(p / (1 - p)), on which the integrand is smooth and the plain sum
    exact.
    """
    logit = np.arange(-700, 700, 0.02)
    b = fit.b + frequency + fit.chance
    weight = np.exp(fit.a * log_expit(logit) + b * log_expit(-logit) - betaln(fit.a, b)) * 0.02
    p = np.maximum(expit(logit), 1e-300)
    given_p = -np.expm1(-(fit.r + frequency) * np.log1p(p * horizon / (fit.alpha + age))) / p
    recency = age / 2 if frequency else 0.0
    alive = float(probability_alive(fit, frequency, recency, age))
    ours = float(expected_purchases(fit, frequency, recency, age, horizon))
    assert ours == pytest.approx(alive * (weight * given_p).sum(), rel=1e-7, abs=1e-12)


@pytest.mark.parametrize("model", ["BG/NBD", "MBG/NBD"])
@pytest.mark.parametrize("frequency", [0, 2, 40])
def test_discounting_equals_week_by_week_sums(model, frequency):
    fit, discount = purchase_fit(model, 0.4, 5.0, 0.8, 2.0), 0.002
    edges = np.arange(0, 52.25, 0.25)
    upto = [
        float(expected_purchases(fit, frequency, 8.0 if frequency else 0.0, 10.0, h)) for h in edges
    ]
    by_hand = (np.diff(upto) * np.exp(-discount * (edges[1:] + edges[:-1]) / 2)).sum()
    ours = float(
        expected_discounted_purchases(
            fit, frequency, 8.0 if frequency else 0.0, 10.0, 52.0, discount
        )
    )
    assert ours == pytest.approx(by_hand, rel=1e-6)


@FEW
@given(st.floats(0.1, 3), st.floats(1, 20), st.floats(0.2, 0.9), st.floats(1, 5), st.floats(1, 100))
def test_cumulative_expectation_equals_the_hypergeometric_form(r, alpha, a, b, weeks):
    series = hyp2f1(r, b, a + b - 1, weeks / (alpha + weeks))
    paper = (a + b - 1) / (a - 1) * (1 - (alpha / (alpha + weeks)) ** r * series)
    assert float(
        expected_cumulative(purchase_fit("BG/NBD", r, alpha, a, b), weeks)
    ) == pytest.approx(paper, rel=1e-6)


@FEW
@given(
    models,
    st.floats(0.1, 2),
    st.floats(2, 20),
    st.floats(0.3, 5),
    st.floats(0.5, 5),
    st.floats(1, 30),
)
def test_counts_are_a_distribution_with_the_expected_mean(model, r, alpha, a, b, weeks):
    fit = purchase_fit(model, r, alpha, a, b)
    count = np.arange(2000)
    share = probability_of_count(fit, count, weeks)
    assert (share >= 0).all()
    assert share.sum() == pytest.approx(1, abs=1e-9)
    assert (share * count).sum() == pytest.approx(float(expected_cumulative(fit, weeks)), rel=1e-6)


@pytest.mark.parametrize("model", ["BG/NBD", "MBG/NBD"])
def test_simulated_futures_average_to_the_formula(model):
    fit = purchase_fit(model, 0.4, 5.0, 0.8, 2.0)
    customers = pd.DataFrame(
        {
            "frequency": [0.0, 1, 3, 9],
            "recency": [0.0, 10, 30, 44],
            "age": [50.0, 12, 40, 45],
            "value": [np.nan, 20, 40, 90],
        }
    )
    many = customers.loc[customers.index.repeat(2_500)]
    money = Money(MONEY)
    futures = Futures(fit, money, many, 52.0, np.random.default_rng(3))
    drawn = np.array([futures.simulate(fit, money).sum(axis=1) for _ in range(60)])
    expected = predictive._expected(fit, money, many.assign(customers=1), 52.0).sum(axis=1)
    assert futures.expect(fit, money).sum(axis=1) == pytest.approx(expected, rel=1e-9)
    error = drawn.std(axis=0, ddof=1) / np.sqrt(len(drawn))
    assert (np.abs(drawn.mean(axis=0) - expected) < 4 * error).all()
    assert (error / expected < 0.005).all()


def test_one_by_one_and_scaled_ranges_agree():
    fit, money = purchase_fit("BG/NBD", 0.4, 5.0, 0.8, 2.0), Money(MONEY)
    customers = business().assign(customers=2, value=30.0)
    assert customers["customers"].sum() <= predictive.MOST_SIMULATED
    simulated = predictive.predict_totals(fit, customers, money=money)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictive, "MOST_SIMULATED", 1_000)
        scaled = predictive.predict_totals(fit, customers, money=money)
    assert scaled["predicted"].tolist() == simulated["predicted"].tolist()
    width = simulated["high"] - simulated["low"]
    assert ((scaled["high"] - scaled["low"]) / width).between(0.8, 1.25).all()
    assert ((scaled["low"] - simulated["low"]).abs() < 0.15 * width).all()


def test_the_same_seed_gives_the_same_range():
    fit = purchase_fit("MBG/NBD", 0.4, 5.0, 0.8, 2.0)
    first, again = (predictive.predict_totals(fit, business(), seed=5) for _ in range(2))
    assert first.equals(again)
    assert not first.equals(predictive.predict_totals(fit, business(), seed=6))


@settings(max_examples=5, deadline=None, derandomize=True)
@given(st.integers(0, 2**32 - 1))
def test_money_fit_is_free_of_order_and_grouping(seed):
    rng = np.random.default_rng(9)
    frame = pd.DataFrame(
        {
            "frequency": rng.integers(1, 5, 80),
            "value": rng.integers(1, 12, 80) * 5.0,
            "customers": 1,
        }
    )
    shuffled = frame.sample(frac=1, random_state=seed)
    keys = ["frequency", "value"]
    grouped = shuffled.groupby(keys, as_index=False, sort=False)["customers"].sum()
    assert repr(fit_gamma_gamma(grouped)) == repr(fit_gamma_gamma(frame))
