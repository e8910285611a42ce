"""What holds for every lifetimes frame."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlib.models.retention.fits import fit_sbg
from churnlib.models.survival.curves import conditional_survival, restricted_mean, survival_curve
from churnlib.models.survival.hazard import hazard_by_month
from churnlib.models.survival.life_table import life_table, resampled_tables
from churnlib.models.survival.logrank import compare_segments, survival_logrank

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
    frame = pd.DataFrame(rows, columns=["plan", "entry", "duration", "event_observed", "customers"])
    # Enough who were there from the start, so that there is a curve to speak of.
    steady = pd.DataFrame(
        {"plan": ["a", "b"], "entry": 0, "duration": 13, "event_observed": False, "customers": 100}
    )
    return pd.concat([frame, steady], ignore_index=True)


@few
@given(lifetimes())
def test_survival_never_rises_and_lies_within_its_band(rows):
    for _, curve in survival_curve(rows, by="plan").groupby("plan"):
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
    merged = split.groupby(["plan", "entry", "duration", "event_observed"], as_index=False)[
        "customers"
    ].sum()
    expected = _all_results(rows)
    for other in (split[split["customers"] > 0], rows.iloc[::-1], merged):
        curve, hazard, test, parameters = _all_results(other)
        pd.testing.assert_frame_equal(curve, expected[0])
        pd.testing.assert_frame_equal(hazard, expected[1])
        assert test == expected[2]
        assert parameters == pytest.approx(expected[3], nan_ok=True)


def _all_results(rows: pd.DataFrame) -> tuple:
    curve, hazard = survival_curve(rows, by="plan"), hazard_by_month(rows)
    return curve, hazard, survival_logrank(rows, "plan"), fit_sbg(rows).parameters


@few
@given(lifetimes())
def test_the_chance_to_stay_on_multiplies_up_to_survival(rows):
    curve = survival_curve(rows).set_index("tenure")["estimate"]
    steps = conditional_survival(rows, stayed=(0, 4, 8), further=4)
    assert steps["estimate"].product() == pytest.approx(curve[12])
    assert restricted_mean(rows, 12)["mean"].iloc[0] == pytest.approx(curve.loc[:11].sum())


@few
@given(lifetimes())
def test_two_like_segments_do_not_differ(rows):
    twins = pd.concat([rows.assign(plan="a"), rows.assign(plan="b")])
    found = survival_logrank(twins, "plan")
    if rows.query("event_observed and duration > entry").empty:
        assert np.isnan(found.statistic)
    else:
        assert found.statistic == pytest.approx(0, abs=1e-9)


def test_resamples_keep_the_number_of_customers_and_scatter_around_the_counts():
    rows = pd.DataFrame(
        {"entry": 0, "duration": [2, 5], "event_observed": [True, False], "customers": [300, 700]}
    )
    drawn = resampled_tables(rows, draws=2000, seed=1)
    assert (drawn.at_risk[:, 0] == 1000).all()
    assert drawn.events[:, 1].mean() == pytest.approx(300, abs=1)
    assert drawn.events[:, 1].var() == pytest.approx(1000 * 0.3 * 0.7, rel=0.1)
    again = resampled_tables(rows.iloc[::-1], draws=2000, seed=1)
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
        raw["plan"] = draw.choice(["x", "y", "z"], 4000)
        keys = ["plan", "entry", "duration", "event_observed"]
        counts = raw.groupby(keys).size().rename("customers").reset_index()
        columns[f"column {number}"] = counts.rename(columns={"plan": f"column {number}"})
    found = compare_segments(columns)
    assert (found["n_scanned"] == 20).all()
    assert (found["p_adjusted"] > 0.05).all()
    assert found["p_value"].min() < 0.2
    assert (found["p_value"] < 0.5).mean() == pytest.approx(0.5, abs=0.35)


def test_a_segment_that_was_hardly_watched_has_a_row_and_no_curve():
    rows = pd.DataFrame(
        {"plan": ["a", "b", "b", "c"], "entry": [0, 0, 0, 3], "duration": [0, 1, 2, 3]}
    )
    rows = rows.assign(event_observed=[False, True, False, True], customers=[5, 30, 60, 40])
    curve = survival_curve(rows, by="plan")
    assert curve.groupby("plan").size().to_dict() == {"a": 1, "b": 3, "c": 1}
    assert hazard_by_month(rows, by="plan")["plan"].unique().tolist() == ["b"]
    assert restricted_mean(rows, 2, by="plan")["mean"].round(6).tolist()[1] == round(1 + 60 / 90, 6)
    assert restricted_mean(rows, 2, by="plan")["mean"].isna().tolist() == [True, False, True]
    assert np.isnan(survival_logrank(rows, "plan").p_value)


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
