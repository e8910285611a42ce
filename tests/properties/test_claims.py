"""What is claimed is true about as often as it says: small versions of benchmarks/claims.py."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.claims import (
    column_named,
    monthly,
    months_marked,
    waits_of_buyers,
    watched_a_year,
    yearly,
)
from churnlib.findings.revenue import say_churn
from churnlib.models.survival.clusters import log_survival_influence
from churnlib.models.survival.curves import survival_curve
from churnlib.models.survival.hazard import hazard_by_month
from churnlib.models.survival.life_table import life_table
from churnlib.models.survival.restricted_mean import restricted_mean
from churnlib.models.survival.waits import mean_wait, time_between
from churnlib.statistics.comparisons import alike, extremes_apart
from churnlib.statistics.intervals import holm, wilson
from tests.by_hand import churn_of

FALLING = monthly(decay=0.05)


def marked(*groups, customers=6_000, runs=30):
    """Months marked in each run: with the rule of one side, and with that of both."""
    rng = np.random.default_rng(11)
    found = [months_marked(rng, customers, list(groups)) for _ in range(runs)]
    return [[set(one[k]) for one in found] for k in (0, 1)]


@pytest.mark.parametrize("hazard", [FALLING, monthly(step=3.0)])
def test_no_month_is_marked_where_there_is_no_peak(hazard):
    """At the foot of the step one side alone would mark it in more than half of the runs."""
    before, now = marked((1.0, 1, hazard))
    assert sum(map(bool, now)) <= 2
    if hazard is not FALLING:
        assert sum(map(bool, before)) >= 15


def test_months_of_yearly_renewal_are_no_peaks_among_renewals():
    before, now = marked((0.7, 1, FALLING), (0.3, 12, yearly()))
    assert all(months >= {12, 24} for months in before)
    assert sum(map(bool, now)) <= 2


def test_a_true_peak_is_found():
    _, now = marked((0.7, 1, monthly(peak=2.0, decay=0.03)), (0.3, 12, yearly()))
    assert sum(months == {5} for months in now) >= 27


def test_of_who_pays_by_the_year_only_renewals_have_rows():
    rows = pd.DataFrame(
        {"entry": 0, "duration": [12, 24, 30], "event_observed": [True, True, False]}
    )
    rows = rows.assign(customers=[30, 30, 100], interval_months=12)
    assert hazard_by_month(rows)["tenure"].tolist() == [12, 24]
    both = pd.concat([rows, rows.assign(interval_months=1)])
    assert hazard_by_month(both).groupby("interval_months").size().to_dict() == {1: 30, 12: 2}


def test_a_longer_term_in_one_segment_is_no_difference_of_segments():
    """Values pay by the year in shares of 10 to 60 %, and leave alike: pooled they differ in every
    run, compared within intervals in about one of twenty.
    """
    rng = np.random.default_rng(12)
    found = [column_named(rng, 5, 500, 1.0) for _ in range(30)]
    before, now, wrong, _ = (sum(one[k] for one in found) for k in range(4))
    assert before >= 27
    assert now <= 5
    assert wrong <= 2
    worse = [column_named(rng, 5, 500, 1.5) for _ in range(10)]
    assert sum(one[3] for one in worse) >= 8
    assert sum(one[2] for one in worse) == 0


def test_ranges_of_waits_hold_the_truth_though_waits_of_a_customer_are_alike():
    """61 % for the mean as if they were independent."""
    rng = np.random.default_rng(13)
    everybody = waits_of_buyers(rng, 20_000)
    truth = mean_wait(everybody, 90)["mean"].item()
    covered, as_if = [], []
    for _ in range(40):
        rows = waits_of_buyers(rng, 150)
        for hits, frame in ((covered, rows), (as_if, rows.drop(columns="customer_group"))):
            row = mean_wait(frame, 90).iloc[0]
            hits.append(row.low <= truth <= row.high)
    assert np.mean(covered) >= 0.85
    assert np.mean(as_if) <= 0.8


def test_groups_of_customers_change_ranges_and_nothing_else():
    rows = waits_of_buyers(np.random.default_rng(14), 300)
    alone = rows.drop(columns="customer_group")
    grouped, plain = time_between(rows), time_between(alone)
    same = ["tenure", "at_risk", "events", "estimate"]
    pd.testing.assert_frame_equal(grouped[same], plain[same])
    inside = plain["estimate"].between(0.05, 0.95)
    wider = (grouped["high"] - grouped["low"]) / (plain["high"] - plain["low"])
    assert wider[inside].min() > 1
    assert mean_wait(rows, 90)["mean"].item() == pytest.approx(mean_wait(alone, 90)["mean"].item())


def test_influences_of_all_groups_add_up_to_nought_and_agree_with_leaving_one_out():
    rows = waits_of_buyers(np.random.default_rng(15), 300)
    influence = log_survival_influence(rows, 60)
    assert np.abs(influence.sum(axis=0)).max() < 1e-9
    whole = np.log(life_table(rows).survival()[60])
    without = rows[rows["customer_group"] != rows["customer_group"].min()]
    left_out = whole - np.log(life_table(without).survival()[60])
    assert left_out == pytest.approx(influence[0, -1], rel=0.1, abs=1e-3)


def test_the_mean_stay_has_a_range_also_where_nobody_or_hardly_anybody_left():
    """Of 40 customers nobody left in a year: 12.00 months, and beside it a curve of 91 to 100 %."""
    nobody = pd.DataFrame({"entry": 0, "duration": [12], "event_observed": [False]})
    row = restricted_mean(nobody.assign(customers=40), 12).iloc[0]
    assert (row["mean"], row["high"]) == (12, 12)
    assert 10.5 < row["low"] < 11.5
    curve = survival_curve(nobody.assign(customers=40))
    assert curve["low"].iloc[-1] < 0.95
    rng = np.random.default_rng(16)
    truth = (0.995 ** np.arange(12)).sum()
    rows = [restricted_mean(watched_a_year(rng, 40, 0.005), 12).iloc[0] for _ in range(80)]
    assert np.mean([one.low <= truth <= one.high for one in rows]) >= 0.95
    assert all(one.high > one.low for one in rows)


@pytest.mark.parametrize("values", [2, 12, 132])
def test_extremes_of_equal_values_are_rarely_called_different(values):
    rng = np.random.default_rng(17)
    clear = []
    for _ in range(200):
        left = rng.binomial(200, 0.3, values)
        low, high = wilson(left, np.full(values, 200))
        rates = pd.DataFrame({"rate": left / 200, "low": low, "high": high})
        clear.append(extremes_apart(rates, "rate").clear)
    assert np.mean(clear) <= 0.1
    rates.loc[0, ["rate", "low", "high"]] = 0.6, 0.53, 0.67
    assert extremes_apart(rates, "rate").clear


def test_extremes_need_two_values():
    rates = pd.DataFrame({"rate": [0.3, None], "low": [0.2, None], "high": [0.4, None]})
    assert not extremes_apart(rates, "rate").clear


def test_equal_rates_are_alike_and_different_ones_are_not():
    rng = np.random.default_rng(18)
    p_values = [alike(rng.binomial(100, 0.4, 30), np.full(30, 100)) for _ in range(200)]
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.05)
    assert alike([30, 60], [100, 100]) < 0.001
    assert np.isnan(alike([100, 100], [100, 100]))


def test_holm_as_in_its_paper():
    """Each p-value by the number still compared, never below the one before it."""
    assert holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.6, 0.7]).tolist() == [1.0, 1.0]


def test_a_constant_churn_rate_is_called_changed_in_one_of_twenty_reports():
    """Compared with the month before and with a year before: one of ten, if each had 5 %."""
    rng = np.random.default_rng(19)
    found = []
    for _ in range(400):
        left = rng.binomial(2_000, 0.03, 13)
        found.append(say_churn(churn_of(*((one, 2_000) for one in left), rows=13)))
    assert np.mean([one.verdict == "watch" for one in found]) == pytest.approx(0.045, abs=0.03)
    for one in found:
        figure = next(f for f in one.key_figures if f.label == "Customer churn")
        assert (one.verdict == "watch") is any(not change.noise for change in figure.changes)
