"""Observed and expected leaving, the alarm, the mix and who leaves next, by hand."""

import numpy as np
import pandas as pd
import pytest

from churnlib.models.leaving.ahead import expected_leavers
from churnlib.models.leaving.alarm import course
from churnlib.models.leaving.mix import decomposition
from churnlib.models.leaving.power import leaving_power
from churnlib.models.leaving.renewal_rates import renewals_by_tenure
from churnlib.models.leaving.strata import band_name, band_of, strata_of
from churnlib.models.leaving.trend import leaving_trend, new_levels


def due_of(*left: float, due: int = 1000, start: str = "2025-01-01", **more) -> pd.DataFrame:
    """Customers who pay by the month, a month each, past their fourth renewal."""
    months = pd.date_range(start, periods=len(left), freq="MS")
    rows = pd.DataFrame({"period_start": months, "interval_months": 1, "renewal": 5})
    rows = rows.assign(due=due, left=list(left), complete=True, **more)
    rows.attrs = {"grain": "month", "currency": "EUR"}
    return rows


STEADY = [31, 28, 30, 33, 29, 30, 31, 29]


def test_bands_of_renewals():
    assert band_of(pd.Series([1] * 5), pd.Series([1, 3, 4, 12, 13])).tolist() == [1, 1, 4, 7, 13]
    assert band_of(pd.Series([12, 12, 3, 3]), pd.Series([1, 9, 3, 4])).tolist() == [1, 2, 2, 4]
    assert [band_name(1, 4), band_name(3, 4), band_name(24, 1)] == ["4 to 6", "4 and later", "1"]


def test_strata_have_every_month_between():
    rows = pd.concat([due_of(3, 2), due_of(4, start="2025-04-01")])
    assert strata_of(rows).left.tolist() == [[3, 2, 0, 4]]


def test_the_first_six_months_are_the_baseline_and_nothing_is_judged_in_them():
    trend = leaving_trend(due_of(*STEADY))
    assert trend["signal"].tolist() == ["baseline"] * 6 + ["quiet"] * 2
    assert trend["score"].notna().tolist() == [False] * 6 + [True] * 2


def test_expected_is_the_baselines_share_of_those_due():
    """181 of 6,000 left in the baseline, so that 30.2 of 1,000 are expected, within a hair."""
    trend = leaving_trend(due_of(*STEADY))
    assert trend["expected"].round(1).tolist() == [30.2] * 8


def test_a_stratum_that_the_baseline_hardly_knows_is_not_compared():
    """From the seventh month on there are yearly renewals, which the baseline never saw."""
    yearly = due_of(90, 90, due=300, start="2025-07-01").assign(interval_months=12, renewal=1)
    trend = leaving_trend(pd.concat([due_of(*STEADY), yearly]))
    assert trend["left"].tolist()[-2:] == [121, 119]
    assert trend["compared_left"].tolist()[-2:] == [31, 29]
    assert trend["signal"].tolist()[-1] == "quiet"


def test_growth_is_no_alarm():
    due = [int(1000 * 1.2**n) for n in range(14)]
    rows = due_of(*[round(0.03 * n) for n in due]).assign(due=due)
    assert not leaving_trend(rows)["signal"].isin(["up", "down"]).any()


@pytest.mark.parametrize(("later", "signal"), [(70, "up"), (5, "down")])
def test_a_lasting_change_is_found_dated_and_learnt(later, signal):
    trend = leaving_trend(due_of(*STEADY, *[later] * 9))
    levels = new_levels(trend)
    assert trend["signal"].tolist().count(signal) == 1
    assert levels["signal"].tolist() == [signal]
    assert levels["changed_in"].iloc[0] == pd.Timestamp("2025-09-01")
    assert levels["months"].iloc[0] == 6
    assert levels["ratio"].iloc[0] == pytest.approx(later / 30.2, rel=0.02)
    assert levels["low"].iloc[0] < levels["ratio"].iloc[0] < levels["high"].iloc[0]


def test_after_the_new_level_is_learnt_there_is_no_second_alarm():
    trend = leaving_trend(due_of(*STEADY, *[70] * 16))
    assert trend["signal"].isin(["up", "down"]).sum() == 1
    assert trend["signal"].tolist()[-1] == "quiet"


def test_one_odd_month_stands_out_and_raises_no_alarm():
    trend = leaving_trend(due_of(*STEADY, 45, 30, 29, 31))
    assert abs(trend["score"].iloc[8]) > 2
    assert not trend["signal"].isin(["up", "down"]).any()


def test_a_partial_month_is_in_no_statistic():
    rows = due_of(*STEADY, 2)
    rows.loc[rows.index[-1], "complete"] = False
    trend = leaving_trend(rows)
    assert trend["signal"].iloc[-1] == "partial"
    assert trend["left"].iloc[-1] == 2
    assert trend[["expected", "score"]].iloc[-1].isna().all()


def test_a_business_that_is_too_small_or_too_young_is_not_judged():
    assert set(leaving_trend(due_of(*STEADY, due=20))["signal"]) == {""}
    assert set(leaving_trend(due_of(3, 2, 4))["signal"]) == {""}
    assert new_levels(leaving_trend(due_of(3, 2, 4))).empty
    assert leaving_power(due_of(3, 2, 4)).empty


def test_after_a_quiet_year_the_baseline_is_frozen_anew():
    """Yearly renewals, unknown to the first baseline, are compared from then on."""
    yearly = due_of(*[90] * 24, due=300).assign(interval_months=12, renewal=2)
    yearly = yearly[yearly["period_start"] >= "2025-07-01"]
    trend = leaving_trend(pd.concat([due_of(*STEADY * 3), yearly]))
    assert trend["compared"].iloc[12] == 1000
    assert trend["compared"].iloc[-1] == 1300


def test_larger_changes_are_found_more_often():
    found = leaving_power(due_of(*STEADY * 2))["found"]
    assert found.is_monotonic_increasing
    assert found.iloc[-1] > 0.95


def test_no_stratum_at_all():
    nothing = course(np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0))
    assert nothing.signal.size == 0


# Who leaves next.


def ahead_of(*rows: tuple) -> pd.DataFrame:
    names = ["period_start", "interval_months", "renewal", "due", "mrr", "given_notice"]
    frame = pd.DataFrame(rows, columns=names)
    frame["period_start"] = pd.to_datetime(frame["period_start"])
    frame.attrs = {"grain": "month", "currency": "EUR"}
    return frame


def test_expected_leavers_are_those_still_there_at_the_hazard_of_their_renewal():
    """3 % leave in the first month, 3 % of the 97 % in the second."""
    coming = ahead_of(
        ("2025-09-01", 1, 6, 1000, 50.0, 0),
        ("2025-10-01", 1, 7, 1000, 50.0, 0),
    )
    found = expected_leavers(coming, due_of(*[30] * 8))
    assert found["due"].tolist() == [1000, 1000]
    assert found["expected_left"].round(1).tolist() == [30.0, 29.1]
    assert (found["expected_left_low"] < 25).all()


def test_who_gave_notice_leaves_for_sure_and_once():
    coming = ahead_of(
        ("2025-09-01", 1, 6, 110, 50.0, 10),
        ("2025-10-01", 1, 7, 110, 50.0, 10),
    )
    found = expected_leavers(coming, due_of(*[30] * 8))
    assert found["expected_left"].iloc[0] == pytest.approx(10 + 3, abs=0.05)
    assert found["expected_left"].iloc[1] == pytest.approx(100 * 0.97 * 0.03, abs=0.3)


def test_yearly_customers_are_due_once_in_three_months():
    yearly = due_of(*[30] * 8, due=100).assign(interval_months=12, renewal=1)
    coming = ahead_of(
        ("2025-09-01", 12, 1, 100, 50.0, 0),
        ("2025-10-01", 12, 1, 100, 50.0, 0),
    )
    found = expected_leavers(coming, yearly)
    assert found["expected_left"].round(0).tolist() == [30, 30]


def test_nothing_is_expected_without_a_past():
    assert expected_leavers(ahead_of(("2025-09-01", 1, 1, 9, 1.0, 0)), due_of(1, 2)).empty


# Rate and mix.


def split(segment: str, rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(segment=segment, customers=rows["due"])


def test_the_same_kinds_leaving_more_is_all_rate():
    found = decomposition(due_of(20, 30), {})
    whole = found[found["segment"] == "all"].iloc[0]
    assert (whole.rate_effect, whole.mix_effect) == (pytest.approx(0.01), 0)
    assert whole.rate_effect_low < 0.01 < whole.rate_effect_high


def test_other_customers_at_the_same_rates_is_all_mix():
    """One in 50 of web leaves and three in 50 of ads, in both months; ads grows."""
    web = split("web", due_of(10, 6, due=1).assign(due=[500, 300]))
    ads = split("ads", due_of(30, 42, due=1).assign(due=[500, 700]))
    whole = pd.concat([web, ads]).drop(columns="segment")
    whole = whole.groupby(["period_start", "interval_months", "renewal"], as_index=False).sum()
    whole.attrs = web.attrs
    found = decomposition(whole, {"channel": pd.concat([web, ads])})
    rows = found[found["columns"] == "renewal, billing, channel"].set_index("segment")
    assert rows["rate_effect"].abs().max() < 1e-12
    assert rows.loc["all", "mix_effect"] == pytest.approx(0.008)
    alone = found[(found["columns"] == "renewal, billing") & (found["segment"] == "all")]
    assert alone["rate_effect"].iloc[0] == pytest.approx(0.008)  # it cannot know


def test_effects_add_up_to_the_change_without_a_rest():
    rng = np.random.default_rng(3)
    parts = []
    for segment in "abc":
        for renewal in (1, 5, 9):
            rows = due_of(*rng.integers(1, 20, 2), due=int(rng.integers(50, 400)))
            parts.append(split(segment, rows.assign(renewal=renewal)))
    cells = pd.concat(parts)
    cells.attrs = parts[0].attrs
    found = decomposition(cells.drop(columns="segment"), {"x": cells})
    for _, rows in found.groupby(["against", "columns"]):
        whole, each = rows[rows["segment"] == "all"].iloc[0], rows[rows["segment"] != "all"]
        assert whole.rate_effect + whole.mix_effect == pytest.approx(whole.now - whole.before)
        assert each[["rate_effect", "mix_effect"]].sum().tolist() == pytest.approx(
            [whole.rate_effect, whole.mix_effect]
        )


def test_small_values_are_merged_until_few_cells_are_empty():
    big = split("big", due_of(20, 30))
    tiny = split("tiny", due_of(1, due=5))
    other = split("little", due_of(1, start="2025-02-01", due=6))
    found = decomposition(due_of(21, 31), {"x": pd.concat([big, tiny, other])})
    rows = found[found["columns"] == "renewal, billing, x"]
    assert set(rows["segment"]) == {"all", "big", "(other)"}


def test_a_column_that_only_tells_the_interval_is_no_column():
    month = split("m", due_of(20, 30))
    year = split("y", due_of(20, 30, due=100).assign(interval_months=12))
    both = pd.concat([month, year])
    both.attrs = month.attrs
    found = decomposition(both.drop(columns="segment"), {"billing": both})
    assert set(found["columns"]) == {"renewal, billing"}


def test_the_first_period_has_nothing_to_be_compared_with():
    assert decomposition(due_of(20), {}).empty


def test_renewals_by_tenure_are_of_the_last_twelve_complete_months():
    rows = due_of(*[30] * 14)
    rows.loc[rows.index[-1], "complete"] = False
    found = renewals_by_tenure(rows)
    assert found[["billing", "renewals", "due", "left"]].to_numpy().tolist() == [
        ["month", "4 to 6", 12_000, 360]
    ]
