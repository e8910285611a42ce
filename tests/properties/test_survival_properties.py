"""What holds for every lifetimes frame."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.exceptions import StatError

from churnlib.models.retention.fits import fit_sbg
from churnlib.models.retention.projection import project
from churnlib.models.survival import curves
from churnlib.models.survival.curves import median_lifetime, survival_curve
from churnlib.models.survival.hazard import hazard_by_month
from churnlib.models.survival.kaplan_meier import kaplan_meier
from churnlib.models.survival.life_table import life_table, resampled_tables
from churnlib.models.survival.logrank import compare_segments, survival_logrank
from churnlib.models.survival.outlook import conditional_survival
from churnlib.models.survival.parametric import parametric_fits, parametric_parameters
from churnlib.models.survival.restricted_mean import restricted_mean
from churnlib.models.survival.splits import SplitError

COLUMNS = ["segment", "entry", "duration", "event_observed", "customers"]
few = settings(max_examples=25, deadline=None, derandomize=True)


@st.composite
def lifetimes(draw) -> pd.DataFrame:
    row = st.tuples(
        st.sampled_from("ab"),
        st.integers(0, 4),
        st.integers(0, 12),
        st.booleans(),
        st.integers(1, 200),
    )
    rows = draw(st.lists(row, min_size=2, max_size=30, unique_by=lambda r: r[:4]))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    # Enough who were there from the start, so that there is a curve to speak of.
    steady = pd.DataFrame(
        {"segment": ["a", "b"], "entry": 0, "duration": 13, "event_observed": False}
    ).assign(customers=100)
    return pd.concat([frame, steady], ignore_index=True)


@few
@given(lifetimes())
def test_survival_never_rises_and_lies_within_its_band(rows):
    for _, curve in survival_curve(rows).groupby("segment"):
        assert curve["tenure"].tolist() == list(range(len(curve)))
        assert curve["estimate"].is_monotonic_decreasing
        assert (curve["low"] <= curve["estimate"] + 1e-12).all()
        assert (curve["estimate"] <= curve["high"] + 1e-12).all()
        assert curve["low"].ge(0).all()
        assert curve["high"].le(1).all()
        assert (curve["at_risk"].iloc[1:] >= 20).all()


@few
@given(lifetimes(), st.integers(0, 2**31))
def test_neither_order_nor_splitting_of_rows_changes_anything(rows, seed):
    order = np.random.default_rng(seed).permutation(2 * len(rows))
    half = rows["customers"] // 2
    halves = [rows.assign(customers=half), rows.assign(customers=rows["customers"] - half)]
    split = pd.concat(halves).iloc[order]
    merged = split.groupby(COLUMNS[:-1], as_index=False)["customers"].sum()
    expected = _all_results(rows)
    for other in (split[split["customers"] > 0], rows.iloc[::-1], merged):
        curve, hazard, test, parameters = _all_results(other)
        pd.testing.assert_frame_equal(curve, expected[0])
        pd.testing.assert_frame_equal(hazard, expected[1])
        assert test == expected[2]
        assert parameters == pytest.approx(expected[3], nan_ok=True)


def _all_results(rows: pd.DataFrame) -> tuple:
    together = rows.drop(columns="segment")
    curve, hazard = survival_curve(rows), hazard_by_month(together)
    return curve, hazard, survival_logrank(rows), fit_sbg(together).parameters


@few
@given(lifetimes())
def test_the_chance_to_stay_on_multiplies_up_to_survival(rows):
    rows = rows.drop(columns="segment")
    curve = survival_curve(rows).set_index("tenure")["estimate"]
    steps = conditional_survival(rows, stayed=(0, 4, 8), further=4)
    assert steps["estimate"].product() == pytest.approx(curve[12])
    assert restricted_mean(rows, 12)["mean"].iloc[0] == pytest.approx(curve.loc[:11].sum())


@few
@given(lifetimes())
def test_two_like_segments_do_not_differ(rows):
    twins = pd.concat([rows.assign(segment="a"), rows.assign(segment="b")])
    found = survival_logrank(twins)
    if rows.query("event_observed and duration > entry").empty:
        assert np.isnan(found.statistic)
    else:
        assert found.statistic == pytest.approx(0, abs=1e-9)


def test_resamples_keep_the_number_of_customers_and_scatter_around_the_counts():
    rows = pd.DataFrame(
        {"entry": 0, "duration": [2, 5], "event_observed": [True, False], "customers": [300, 700]}
    )
    (drawn,) = resampled_tables([rows], draws=2000, seed=1)
    assert (drawn.at_risk[:, 0] == 1000).all()
    assert drawn.events[:, 1].mean() == pytest.approx(300, abs=1)
    assert drawn.events[:, 1].var() == pytest.approx(1000 * 0.3 * 0.7, rel=0.1)
    (again,) = resampled_tables([rows.iloc[::-1]], draws=2000, seed=1)
    np.testing.assert_array_equal(again.events, drawn.events)
    assert life_table(rows).events.tolist() == [0, 300, 0, 0, 0]


@pytest.mark.parametrize("bump", [1.0, 3.0])
def test_only_a_month_in_which_leaving_is_likelier_than_around_it_stands_out(bump):
    alive, rows = 20_000, []
    for month in range(1, 25):
        hazard = 0.06 / month**0.5 * (bump if month == 5 else 1.0)
        left = round(alive * hazard)
        rows.append((0, month, True, left))
        alive -= left
    rows.append((0, 24, False, alive))
    frame = pd.DataFrame(rows, columns=["entry", "duration", "event_observed", "customers"])
    found = hazard_by_month(frame).query("stands_out")["tenure"].tolist()
    assert found == ([5] if bump > 1 else [])


def test_columns_that_say_nothing_rarely_pass_when_many_are_scanned():
    draw = np.random.default_rng(5)
    raw = pd.DataFrame(
        {
            "entry": 0,
            "duration": draw.integers(1, 10, 4000),
            "event_observed": draw.random(4000) < 0.5,
        }
    )
    columns = {}
    for number in range(20):
        raw["segment"] = draw.choice(["x", "y", "z"], 4000)
        counts = raw.groupby(COLUMNS[:-1]).size().rename("customers").reset_index()
        columns[f"column {number}"] = counts
    found = compare_segments(columns)
    assert (found["n_scanned"] == 20).all()
    assert (found["p_adjusted"] > 0.05).all()
    assert found["p_value"].min() < 0.2
    assert (found["p_value"] < 0.5).mean() == pytest.approx(0.5, abs=0.35)


def test_a_segment_that_was_hardly_watched_has_a_row_and_no_curve():
    rows = pd.DataFrame(
        {"segment": ["a", "b", "b", "c"], "entry": [0, 0, 0, 3], "duration": [0, 1, 2, 3]}
    )
    rows = rows.assign(event_observed=[False, True, False, True], customers=[5, 30, 60, 40])
    curve = survival_curve(rows)
    assert curve.groupby("segment").size().to_dict() == {"a": 1, "b": 3, "c": 1}
    assert curve["at_risk"].tolist() == [5, 90, 90, 60, 0]
    assert hazard_by_month(rows)["segment"].unique().tolist() == ["b"]
    means = restricted_mean(rows, 2)["mean"]
    assert means.round(6).tolist()[1] == round(1 + 60 / 90, 6)
    assert means.isna().tolist() == [True, False, True]
    assert np.isnan(survival_logrank(rows).p_value)


@few
@given(lifetimes(), st.sampled_from([1, 20]))
def test_lifelines_and_our_own_arithmetic_give_the_same_curve(rows, min_at_risk):
    found = survival_curve(rows, min_at_risk=min_at_risk)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "_months_of_life", curves.own_arithmetic)
        ours = survival_curve(rows, min_at_risk=min_at_risk)
    pd.testing.assert_frame_equal(found, ours, rtol=1e-9, atol=1e-12)


def test_where_lifelines_refuses_the_curve_goes_on():
    """All who were there from the start leave in month 1, and others enter after it."""
    rows = pd.DataFrame(
        {"entry": [0, 1, 1, 1], "duration": [1, 2, 3, 4], "event_observed": [True] * 3 + [False]}
    ).assign(customers=[30, 10, 10, 50])
    with pytest.raises(StatError, match="too few early truncation"):
        kaplan_meier(rows)
    curve = survival_curve(rows)
    assert curve["at_risk"].tolist() == [30, 30, 70, 60, 50]
    assert curve["estimate"].tolist() == [1, 0, 0, 0, 0]
    censored = survival_curve(rows.assign(event_observed=[False, True, True, False]))
    assert censored["estimate"].tolist() == pytest.approx([1, 1, 6 / 7, 5 / 7, 5 / 7])


def test_a_half_that_is_one_exactly_is_the_median():
    """The sum of logarithms may pass it by the last bit."""
    for left in range(10, 300):
        rows = pd.DataFrame({"entry": 0, "duration": [3, 6], "event_observed": [True, False]})
        curve = survival_curve(rows.assign(customers=left))
        assert median_lifetime(curve)["median"].tolist() == [3], left


def test_a_fit_of_one_curve_refuses_several_segments():
    rows = pd.DataFrame(
        {"segment": ["a", "b"], "entry": 0, "duration": [1, 2], "event_observed": [True, False]}
    ).assign(customers=50)
    rows.attrs["by"] = "channel"
    for fit in (kaplan_meier, parametric_fits, project, fit_sbg):
        with pytest.raises(SplitError, match="split by channel"):
            fit(rows)
    fitters = {name: kaplan_meier(part, label=name) for name, part in rows.groupby("segment")}
    assert fitters["a"].survival_function_["a"].tolist() == [1, 0]


def test_lifelines_leaves_the_warnings_of_numpy_as_they_were():
    rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False]})
    before = np.geterr()
    kaplan_meier(rows.assign(customers=50))
    assert np.geterr() == before


def test_no_parametric_model_is_fitted_where_nobody_has_left():
    rows = pd.DataFrame({"entry": 0, "duration": [2], "event_observed": [False]})
    assert parametric_fits(rows.assign(customers=50)) == {}
    assert parametric_parameters({}).empty


def test_no_rows_give_empty_frames_with_their_columns():
    none = pd.DataFrame(columns=["entry", "duration", "event_observed", "customers"])
    assert survival_curve(none).columns.tolist() == [
        "tenure",
        "at_risk",
        "events",
        "estimate",
        "low",
        "high",
    ]
    assert all(
        found.empty
        for found in (hazard_by_month(none), restricted_mean(none, 12), conditional_survival(none))
    )
    assert fit_sbg(none).reason.startswith("No customer")
