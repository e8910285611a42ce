"""MRR that left by month, and leaving by quarter: beside the alarm, which runs on neither."""

import pandas as pd
import pytest

from churnlib.figures.trend import plot_mrr_churn, plot_trend_by_quarter
from churnlib.findings.trend import say_mrr_churn, say_trend_by_quarter
from churnlib.measures.losses import mrr_lost
from churnlib.models.leaving.mrr_churn import mrr_churn
from churnlib.models.leaving.trend import leaving_trend
from churnlib.models.leaving.trend_by_quarter import trend_by_quarter
from tests.business import snapshot_of

LIVES = [
    ("ann", "2025-11-01", None, 60),
    ("bob", "2025-11-01", "2026-01-10", 30),
    ("cat", "2025-11-01", "2026-01-20", 10),
    ("dan", "2025-11-01", "2026-03-20", 40),
]


def churn_of(**more) -> pd.DataFrame:
    snapshot = snapshot_of(subscriptions=LIVES, **more)
    return mrr_churn(mrr_lost(snapshot))


@pytest.mark.parametrize("period", ["2026-03", "2026-Q1"])
def test_the_mrr_that_left_is_that_of_the_bridge_month_by_month(period):
    rows = churn_of(period=period)
    assert rows["opening"].tolist() == [140, 140, 100, 100]
    assert rows["lost"].tolist() == [0, 40, 0, 40]
    assert rows["rate"].tolist() == pytest.approx([0, 40 / 140, 0, 0.4])
    assert rows["customers"].tolist() == [0, 2, 0, 1]
    assert rows["largest"].tolist() == [0, 30, 0, 40]


def test_the_range_is_that_of_a_weighted_sum_and_has_a_width_where_nobody_left():
    """Two leavers of 30 and 10, and one more of 30 at most, of 140; then none, of 100."""
    rows = churn_of()
    january, february = rows.iloc[1], rows.iloc[2]
    assert (january["rate_low"], january["rate_high"]) == pytest.approx(
        (3.27645 / 140, 1.0), rel=1e-4
    )
    assert (february["rate_low"], february["rate_high"]) == (0.0, 1.0), "of 100 at most 100"
    many = pd.DataFrame({"period_start": pd.to_datetime(["2026-01-01"]), "opening": 1000.0})
    many = many.assign(customers=10, lost=10.0, largest=1.0, lost_squared=10.0)
    poisson = mrr_churn(many).iloc[0]
    assert poisson["rate_low"] == pytest.approx(4.7954 / 1000, rel=1e-4), "ten alike: exact"
    assert poisson["rate_high"] == pytest.approx(18.3904 / 1000, rel=1e-4)
    assert poisson["rate_low"] < poisson["rate"] < poisson["rate_high"]


def test_the_newest_month_is_told_beside_the_year_before_it():
    frame = plot_mrr_churn.figure.example()
    said = say_mrr_churn(frame).sentence
    assert said.startswith(
        "In April 2025 3.0\u00a0% (2.0 to 4.0\u00a0%) of the MRR at opening left"
    )
    assert said.endswith("in the 3 months before it between 3.0\u00a0% and 8.8\u00a0%.")
    assert say_mrr_churn(frame.head(1)).sentence.endswith("€300.")
    assert "No month" in say_mrr_churn(frame.head(0)).sentence


def test_a_month_in_which_one_took_much_is_named():
    ax = plot_mrr_churn(plot_mrr_churn.figure.example())
    named = [text.get_text() for text in ax.texts if text.get_text().startswith("one:")]
    assert named == ["one: 600 EUR"]
    assert plot_mrr_churn(plot_mrr_churn.figure.example().head(0)).get_gid() == "nothing"


def trend(months: int, start: str = "2024-01-01") -> pd.DataFrame:
    rows = pd.DataFrame({"period_start": pd.date_range(start, periods=months, freq="MS")})
    rows = rows.assign(interval_months=1, renewal=5, due=1000, left=[30, 28, 32] * (months // 3))
    return leaving_trend(rows.assign(complete=True))


def test_a_quarter_is_its_three_months_and_the_range_is_of_their_sum():
    months = trend(15)
    quarters = trend_by_quarter(months)
    assert quarters["period_start"].min() == pd.Timestamp("2024-07-01"), "six months of baseline"
    assert set(quarters["due"]) == {3000}
    assert set(quarters["left"]) == {90}
    width = quarters["expected_high"] - quarters["expected_low"]
    one = (months["expected_high"] - months["expected_low"]).dropna()
    assert (width > one.max()).all()
    assert (width < 3 * one.max()).all()
    assert "third quarter" not in say_trend_by_quarter(quarters).sentence
    assert say_trend_by_quarter(quarters).sentence.startswith("Of 3,000 due in the first quarter")


def test_part_of_a_quarter_is_none():
    assert trend_by_quarter(trend(9, "2024-02-01"))["due"].tolist() == []
    assert "No whole quarter" in say_trend_by_quarter(trend_by_quarter(trend(6))).sentence
    empty = trend_by_quarter(trend(6))
    assert plot_trend_by_quarter(empty).get_gid() == "nothing"
