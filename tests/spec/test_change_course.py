"""A change renewal by renewal, its placebo a year before, and those whom it did not reach."""

import numpy as np
import pandas as pd
import pytest

from churnlib.figures.change_course import plot_change_fading, plot_change_pre_period
from churnlib.findings.change_course import (
    say_change_fading,
    say_change_placebos,
    say_change_pre_period,
)
from churnlib.measures.changes import changes_due, known_changes
from churnlib.measures.placebos import placebo_changes, placebo_due
from churnlib.models.leaving.change_course import change_drift, change_fading, change_pre_period
from churnlib.models.leaving.changes import change_estimates
from tests.business import snapshot_of
from tests.spec.test_changes import RISE, known, rows_of

STEADY = [31, 28, 30, 33, 29, 30, 31, 29, 30, 32, 28, 30]


def renewals(*left: int) -> pd.DataFrame:
    """1,000 customers at each renewal since: so many left at the first, the second, ..."""
    parts = [rows_of(STEADY, [0] * 12)]
    for n, one in enumerate(left):
        start = pd.Timestamp("2026-01-01") + pd.DateOffset(months=n)
        parts.append(rows_of([one], [n + 1], start=start))
    return pd.concat(parts, ignore_index=True)


def test_an_effect_that_fades_is_seen_renewal_by_renewal():
    found = change_fading(known(), renewals(60, 30, 31))
    assert found["since"].tolist() == [1, 2, 3]
    assert found["effect"].tolist() == pytest.approx([2.0, 1.0, 1.03], abs=0.05)
    assert found["due"].tolist() == [1000] * 3
    said = say_change_fading(found).sentence
    assert said.startswith("At the first renewal since “Rise” customers left 1.99 times as often")
    assert "none of the ranges of the 2 later ones leaves 1 out" in said


def test_an_effect_that_lasts_is_told_too():
    said = say_change_fading(change_fading(known(), renewals(60, 65, 63))).sentence
    assert "at 2 of 2 later ones the range leaves 1 out too (by chance" in said
    two = say_change_fading(change_fading(known(), renewals(60, 30))).sentence
    assert two.endswith("the range of the second one holds 1.")
    one = say_change_fading(change_fading(known(), renewals(60))).sentence
    assert "a second one has not come for enough of them" in one


def test_nothing_is_followed_without_a_past_or_of_what_came_at_once():
    rows = renewals(60, 30)
    assert change_fading(known(at_renewal=False), rows).empty
    assert change_fading(known(), rows[rows["period_start"] >= "2025-09-01"]).empty
    assert say_change_fading(change_fading(known(), rows).head(0)).sentence == ""
    assert plot_change_fading(change_fading(known(), rows).head(0)).get_gid() == "nothing"


def test_a_placebo_begins_a_year_earlier_and_ends_at_the_announcement():
    lives = [(f"c{n}", "2023-11-15", None, 9, "Pro", 1) for n in range(3)]
    rise = RISE | {"announced_on": "2025-12-05"}
    snapshot = snapshot_of(subscriptions=lives, changes=[rise])
    moved = placebo_changes(snapshot).iloc[0]
    assert (moved["starts_on"], moved["known_on"]) == (
        pd.Timestamp("2025-01-10"),
        pd.Timestamp("2024-12-05"),
    )
    rows = placebo_due(snapshot)
    assert rows["period_start"].max() == pd.Timestamp("2025-11-01")
    assert rows[rows["since"] == 1]["period_start"].unique().tolist() == [
        pd.Timestamp("2025-01-01")
    ]
    whole = changes_due(snapshot)
    before = whole[whole["period_start"] < "2025-12-01"]
    assert rows["due"].sum() == before["due"].sum(), "the same customers due"


def test_without_changes_there_are_no_placebos():
    snapshot = snapshot_of(subscriptions=[("ann", "2025-01-15", None, 9)])
    assert placebo_changes(snapshot).empty
    assert placebo_due(snapshot).empty
    assert known_changes(snapshot).empty


def placebo(left: int) -> pd.DataFrame:
    met = rows_of([*STEADY, left], [*[0] * 12, 1])
    return change_estimates(known(), pd.concat([met, rows_of([30] * 13, [0] * 13)]))


def test_a_placebo_that_finds_nothing_and_one_that_warns():
    assert say_change_placebos(placebo(30)).sentence.endswith("within chance, as it should be.")
    assert "leaving moved then without it" in say_change_placebos(placebo(60)).sentence
    early = change_estimates(known(), rows_of([30] * 4, [0] * 4, start="2025-09-01"))
    assert say_change_placebos(early).sentence == ""


def groups(reached: list[int], others: list[int]) -> pd.DataFrame:
    since = [0] * 12 + [1] * (len(reached) - 12)
    return pd.concat([rows_of(reached, since), rows_of(others, [0] * len(others), reached=False)])


def test_those_not_reached_are_shown_beside_before_and_after():
    found = change_pre_period(known(), groups([*STEADY, 60, 61, 59], [*STEADY, 30, 29, 31]))
    wide = found.pivot_table("effect", "months_since", "reach")
    assert wide.index.tolist() == [-12, -9, -6, -3, 0]
    assert wide.loc[0].to_dict() == pytest.approx({"reached": 2.0, "not reached": 1.0}, abs=0.05)
    assert np.allclose(wide.loc[:-1], 1.0, atol=0.06)
    drift = change_drift(known(), groups([*STEADY, 60, 61, 59], [*STEADY, 30, 29, 31]))
    assert drift[["drift", "months"]].iloc[0].tolist() == pytest.approx([0.0, 12], abs=1e-9)
    assert "did not drift apart beyond chance: 0.0" in say_change_pre_period(drift).sentence
    ax = plot_change_pre_period(found)
    assert {text.get_text().split()[0] for text in ax.texts} >= {"reached"}


def test_where_they_did_not_move_alike_it_says_so():
    rising = [round(20 * 2 ** (month / 12)) for month in range(12)]
    drift = change_drift(known(), groups([*rising, 60], [*rising[::-1], 30]))
    row = drift.iloc[0]
    assert row["drift"] == pytest.approx(3.0, abs=0.2), "doubled against halved"
    assert 0 < row["drift_low"] < row["drift"] < row["drift_high"]
    assert "drifted apart" in say_change_pre_period(drift).sentence


def test_where_everybody_is_reached_there_is_nothing_beside():
    found = change_pre_period(known(), rows_of([*STEADY, 60], [*[0] * 12, 1]))
    assert found.empty
    assert change_drift(known(), rows_of([*STEADY, 60], [*[0] * 12, 1])).empty
    assert plot_change_pre_period(found).get_gid() == "nothing"
    few = change_drift(known(), groups([*STEADY, 60], [0] * 13))
    assert say_change_pre_period(few).sentence.startswith("Too few")
