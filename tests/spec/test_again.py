"""First buyers who come back within ninety days: counted, against what was usual, why and where."""

import numpy as np
import pandas as pd
import pytest

from churnlib.figures.again import plot_again_mix, plot_again_segments, plot_again_trend
from churnlib.figures.changes import plot_again_change
from churnlib.figures.sales import plot_buyers
from churnlib.findings.again import (
    say_again_change,
    say_again_mix,
    say_again_of_column,
    say_again_segments,
    say_again_trend,
)
from churnlib.measures.bought_again import bought_again, first_buyers_by_change
from churnlib.measures.repurchase import repeat_by_cohort
from churnlib.models.again.changes import again_changes
from churnlib.models.again.compare import again_mix, again_segments
from churnlib.models.again.trend import again_trend
from tests.business import snapshot_of

ORDERS = [
    ("ann", "2025-10-05", 10),
    ("ann", "2026-01-03", 10),  # the ninetieth day
    ("bob", "2025-10-05", 10),
    ("bob", "2026-01-04", 10),  # the ninety-first
    ("cat", "2025-12-31", 10),  # observed for 90 days by the end of March
    ("dan", "2026-01-01", 10),  # observed for 89
    ("dan", "2026-01-02", 10),
]


def test_a_second_purchase_counts_within_ninety_days():
    rows = bought_again(snapshot_of(orders=ORDERS))
    assert rows["period_start"].dt.strftime("%Y-%m").tolist() == ["2025-10", "2025-12", "2026-01"]
    assert rows["first_buyers"].tolist() == [2, 1, 1]
    assert rows["again"].tolist() == [1, 0, 0]


def test_a_month_is_complete_once_all_have_been_observed_that_long():
    assert bought_again(snapshot_of(orders=ORDERS))["complete"].tolist() == [True, True, False]


def test_it_is_the_repeat_purchase_rate_of_ninety_days():
    snapshot = snapshot_of(orders=ORDERS)
    rates = repeat_by_cohort(snapshot, days=[90])
    rows = bought_again(snapshot)
    assert rates["numerator"].tolist() == rows["again"].tolist()


def test_values_of_a_column_add_up_to_everybody_and_are_complete_together():
    people = [{"customer_id": one, "channel": one[0]} for one in ("ann", "bob", "cat", "dan")]
    snapshot = snapshot_of(orders=ORDERS, customers=people)
    split = bought_again(snapshot, by="channel")
    whole = split.groupby("period_start")[["first_buyers", "again"]].sum().reset_index()
    assert whole.equals(bought_again(snapshot)[["period_start", "first_buyers", "again"]])


def rows_of(again: list[int], buyers: int = 1000, start: str = "2024-12-01", **more):
    months = pd.date_range(start, periods=len(again), freq="MS")
    frame = pd.DataFrame({"period_start": months, "first_buyers": buyers, "again": again})
    frame = frame.assign(complete=True, **more)
    frame.attrs = {"grain": "month", "currency": "EUR", "period": "2026-03"}
    return frame


STEADY = [300, 310, 295, 290, 305, 300, 302, 298, 307, 293, 300, 301, 299]


def sales() -> pd.DataFrame:
    frame = pd.DataFrame({"period_start": [pd.Timestamp("2026-03-01")], "customers": [4321]})
    frame.attrs = {"grain": "month", "currency": "EUR"}
    return frame


def test_a_month_within_what_is_usual_and_one_beyond():
    usual = again_trend(rows_of(STEADY))
    assert usual["score"].isna().sum() == 6
    assert usual["expected"].iloc[-1] == pytest.approx(300, rel=0.01)
    said = say_again_trend(usual, sales())
    assert said.sentence.startswith("4,321 customers bought in March 2026. Of the 1,000 who first")
    assert "within what its months do" in said.sentence
    assert said.verdict == "no signal"
    fewer = say_again_trend(again_trend(rows_of([*STEADY, 180])), sales())
    assert "beyond what its months do" in fewer.sentence
    assert fewer.verdict == "watch"


def test_first_buyers_of_long_ago_say_nothing_of_the_present():
    old = again_trend(rows_of(STEADY, start="2023-01-01"))
    said = say_again_trend(old, sales()).sentence
    assert said.endswith("no month since January 2024 had thirty first buyers.")


def test_what_is_not_known_is_not_said():
    assert (
        "not known yet"
        in say_again_trend(again_trend(rows_of([300] * 3, start="2025-10-01")), sales()).sentence
    )
    few = say_again_trend(again_trend(rows_of([3] * 3, buyers=9)), sales()).sentence
    assert "no month had thirty first buyers" in few


def split_of(ads: list[int], web: list[int], again=(0.1, 0.4)) -> dict[str, pd.DataFrame]:
    parts = [
        rows_of([round(n * share) for n in people], buyers=people, segment=name)
        for name, people, share in zip(("ads", "web"), (ads, web), again, strict=True)
    ]
    both = pd.concat(parts, ignore_index=True)
    both.attrs = parts[0].attrs
    return {"channel": both}


def whole_of(splits: dict[str, pd.DataFrame]) -> pd.DataFrame:
    split = splits["channel"]
    whole = split.groupby("period_start", as_index=False)[["first_buyers", "again"]].sum()
    whole = whole.assign(complete=True)
    whole.attrs = split.attrs
    return whole


def test_a_shift_of_the_mix_is_mix():
    splits = split_of([500] * 12 + [800], [500] * 12 + [200])
    effects = again_mix(whole_of(splits), splits)
    year = effects[effects["against"] == "year before"].set_index("segment")
    assert year.loc["all", "mix_effect"] == pytest.approx(-0.09)
    assert year.loc["all", "rate_effect"] == pytest.approx(0.0, abs=1e-9)
    assert year["columns"].unique().tolist() == ["channel"]
    said = say_again_mix(effects, again_trend(whole_of(splits)), sales())
    assert "\u22129.0\xa0points by who they were" in said.sentence
    assert "Most by channel" in said.sentence
    assert said.verdict == "no signal"


def test_without_an_earlier_cohort_there_is_no_mix():
    splits = split_of([500], [500])
    effects = again_mix(whole_of(splits), splits)
    assert effects.empty
    assert (
        "no earlier first buyers"
        in say_again_mix(effects, again_trend(rows_of([3])), sales()).sentence
    )


def test_the_value_that_comes_back_less_is_named_first():
    found = again_segments(split_of([500] * 12, [500] * 12))
    assert found["segment"].tolist() == ["ads", "web"]
    assert found["verdict"].tolist() == ["act", "watch"]
    assert found["ratio"].iloc[0] == pytest.approx(0.25)
    said = say_again_segments(found)
    assert said.verdict == "act"
    assert "First buyers of 1 of 2 segments come back less often" in said.sentence
    assert "“ads” 0.25 times" in say_again_of_column(found).sentence


def test_equals_are_not_named():
    found = again_segments(split_of([500] * 12, [500] * 12, again=(0.3, 0.3)))
    assert set(found["verdict"]) == {"no signal"}
    assert "none of 2 segments" in say_again_segments(found).sentence
    assert "No channel comes back" in say_again_of_column(found).sentence
    nothing = again_segments({})
    assert nothing.empty
    assert "enough first buyers" in say_again_segments(nothing).sentence


def test_charts():
    ax = plot_again_trend(plot_again_trend.figure.example())
    assert "April" in {text.get_text() for text in ax.texts}
    assert len(plot_again_mix(plot_again_mix.figure.example()).get_yticklabels()) == 3
    ax = plot_again_segments(plot_again_segments.figure.example())
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[0] == "ads"  # the lowest on top
    assert np.isfinite(ax.get_xlim()).all()


def test_buyers_are_drawn_new_and_returning():
    ax = plot_buyers(plot_buyers.figure.example())
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "Returning customers",
        "New customers",
    ]


def change_of(**more) -> pd.DataFrame:
    day = pd.Timestamp("2025-12-01")
    row = {"label": "Ads", "kind": "campaign", "starts_on": day, "known_on": day}
    return pd.DataFrame([row | {"reaches": "everybody", "at_renewal": False} | more])


def by_change(again: list[int], *, reached: bool = True) -> pd.DataFrame:
    return rows_of(again, label="Ads", reached=reached)


def test_a_change_that_reaches_everybody_has_its_past_alone():
    found = again_changes(change_of(), by_change([*STEADY[:12], 150, 155]))
    assert found["method"].tolist() == ["own past"]
    assert found["effect"].iloc[0] == pytest.approx(0.51, abs=0.02)
    said = say_again_change(found)
    assert "before and after, not because of it" in said.sentence
    assert said.verdict == "no signal"
    assert said.place == "changed"


def test_those_not_reached_are_a_second_way_to_compare():
    rows = [by_change([*STEADY[:12], 150, 155]), by_change([*STEADY, 300], reached=False)]
    both = pd.concat(rows, ignore_index=True)
    both.attrs = rows[0].attrs
    found = again_changes(change_of(), both).set_index("method")
    assert found.loc["both", "verdict"] == "come back less"
    said = say_again_change(found.reset_index())
    assert "by both ways to compare" in said.sentence
    assert said.verdict == "watch"
    ax = plot_again_change(found.reset_index())
    assert len(ax.get_yticklabels()) == 3


def test_it_may_be_too_early_for_a_change():
    found = again_changes(change_of(), by_change(STEADY[:12]))
    assert "too early" in say_again_change(found).sentence
    assert "Nobody has bought for the first time" in say_again_change(found.head(0)).sentence


def test_first_buyers_by_change_and_reach():
    people = [{"customer_id": one, "channel": one[0]} for one in ("ann", "bob", "cat", "dan")]
    change = {"date": "2025-12-01", "kind": "campaign", "label": "Ads"}
    some = change | {"reach": {"channel": ["a", "c"]}, "label": "Some"}
    snapshot = snapshot_of(orders=ORDERS, customers=people, changes=[change, some])
    rows = first_buyers_by_change(snapshot)
    assert rows[rows["label"] == "Ads"]["first_buyers"].sum() == 4
    assert rows[(rows["label"] == "Some") & rows["reached"]]["first_buyers"].sum() == 2
    assert first_buyers_by_change(snapshot_of(orders=ORDERS)).empty
