"""Charts of whether leaving changed: by month, by quarter, and in money."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import amount, name_axes, period_axis, share_axis
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends, mark
from churnlib.figures.lines import (
    MARK,
    draw_bands,
    draw_courses,
    draw_lines,
    draw_points,
    ends_of,
    line,
)
from churnlib.figures.periods import newest, periods_for, placed
from churnlib.figures.theme import colour
from churnlib.results.declared import currency_of
from churnlib.statistics.rules import BEYOND

__all__ = ["plot_mrr_churn", "plot_trend", "plot_trend_by_quarter"]

DOT = 6
LARGE = 0.25
"""Part of the MRR lost from which on one customer is named."""


def _trend() -> pd.DataFrame:
    return example_frame(
        period_start=pd.date_range("2025-01-01", periods=5, freq="MS"),
        due=[1000] * 5,
        left=[30, 31, 70, 33, 12],
        expected=[31.0, 31, 31, 31, None],
        score=[None, 0.1, 3.2, 0.3, None],
        signal=["baseline", "quiet", "quiet", "up", "partial"],
        compared=[1000.0, 1000, 1000, 1000, None],
        compared_left=[30.0, 31, 70, 33, None],
        expected_low=[None, 20, 20, 20, None],
        expected_high=[None, 45, 45, 45, None],
    )


@figure(
    "leaving-trend",
    title="observed against expected leaving",
    subtitle="Customers who left, of those due, by month, %; and what was expected",
    caption="Expected: the hazards of a frozen baseline, by how often customers pay and which "
    "renewal it is, on those due whom the baseline knows, brought to all. Grey: where 95 % of "
    "unchanged months lie, with the months' own scatter. Named: months beyond chance.",
    example=_trend,
    numbers=newest,
)
def plot_trend(trend: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Leavers of those due against what was expected of them, month by month.

    Parameters
    ----------
    trend : DataFrame
        What `leaving_trend` gives. A partial month is hollow, and of all due.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_trend(plot_trend.figure.example()).get_ylabel()
    'Left, of those due'
    """
    return _draw_trend(trend, ax)


def _by_quarter() -> pd.DataFrame:
    frame = (
        _trend()
        .head(4)
        .assign(
            period_start=pd.date_range("2025-01-01", periods=4, freq="QS"),
            expected_low=20.0,
            expected_high=45.0,
        )
    )
    frame.attrs["grain"] = "quarter"
    return frame.drop(columns=["score", "signal"])


@figure(
    "leaving-trend-by-quarter",
    title="observed against expected leaving, by quarter",
    subtitle="Customers who left, of those due, by quarter, %; and what was expected",
    caption="The months of each quarter taken together; the alarm runs on months. Grey: where 95 % "
    "of unchanged quarters lie.",
    example=_by_quarter,
    numbers=newest,
)
def plot_trend_by_quarter(quarters: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Leavers of those due against what was expected of them, quarter by quarter.

    Parameters
    ----------
    quarters : DataFrame
        What `trend_by_quarter` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_trend_by_quarter(plot_trend_by_quarter.figure.example()).get_ylabel()
    'Left, of those due'
    """
    return _draw_trend(quarters.assign(score=0.0, signal=""), ax)


def _draw_trend(trend: pd.DataFrame, ax: Axes | None) -> Axes:
    if not (trend["compared"] > 0).any():
        return nothing(ax)
    ax = new_axes(ax)
    shown = _as_shares(placed(newest(trend, periods_for(ax))))
    _mark_partial(ax, shown)
    draw_against_expected(ax, shown, "left")
    name_axes(ax, y="Left, of those due")
    return ax


def draw_against_expected(ax: Axes, shown: pd.DataFrame, name: str) -> None:
    """Shares by period against what was expected of them; those beyond chance are named.

    `shown` has place, period_start, observed, expected, low, high (shares) and score.
    """
    expected = line(
        "expected", colour("neutral"), shown, x="place", y="expected", limits=("low", "high")
    )
    observed = line(name, colour("accent"), shown, x="place", y="observed", limits=("", ""))
    known = expected._replace(points=expected.points.dropna(subset=["low", "high"]))
    draw_bands(ax, [known])
    draw_lines(ax, [expected], linewidth=1.2)
    draw_lines(ax, [observed], marker="o", markersize=MARK)
    _mark_beyond(ax, shown)
    ax.set_ylim(bottom=0)
    share_axis(ax)
    period_axis(ax, shown)
    label_ends(ax, ends_of([observed, expected], lambda rate: f"{rate * 100:.1f} %"))


def _as_shares(shown: pd.DataFrame) -> pd.DataFrame:
    """Of all due. What was expected is known of those compared, and brought to all by what these
    and all did.
    """
    observed = shown["left"] / shown["due"].where(shown["due"] > 0)
    compared = shown["compared"].where(shown["compared"] > 0).astype(float)
    own = (shown["compared_left"] / compared).where(shown["compared_left"] > 0)
    scale = (observed / own).fillna(1.0) / compared
    ends = {"expected": "expected", "low": "expected_low", "high": "expected_high"}
    return shown.assign(
        observed=observed.where(compared.notna()),
        **{name: shown[column] * scale for name, column in ends.items()},
    )


def _mark_beyond(ax: Axes, shown: pd.DataFrame) -> None:
    beyond = shown[shown["score"].abs() > BEYOND]
    if beyond.empty:
        return
    draw_points(ax, beyond["place"], beyond["observed"], size=DOT, color=colour("loss"), zorder=3)
    for row in beyond.itertuples():
        mark(ax, row.place, row.observed, f"{row.period_start:%B}")


def _mark_partial(ax: Axes, shown: pd.DataFrame) -> None:
    partial = shown[(shown["signal"] == "partial") & (shown["due"] > 0)]
    if partial.empty:
        return
    hollow = {"facecolor": colour("paper"), "edgecolor": colour("accent"), "linewidth": 1}
    draw_points(ax, partial["place"], partial["left"] / partial["due"], size=DOT, **hollow)


def _mrr_churn() -> pd.DataFrame:
    return example_frame(
        period_start=pd.date_range("2025-01-01", periods=4, freq="MS"),
        opening=[10_000.0, 10_100, 10_200, 10_300],
        lost=[300.0, 310, 900, 305],
        rate=[0.03, 0.031, 0.088, 0.03],
        rate_low=[0.02, 0.021, 0.01, 0.02],
        rate_high=[0.04, 0.041, 0.17, 0.04],
        customers=[30, 31, 30, 29],
        largest=[20.0, 22, 600, 20],
    )


@figure(
    "mrr-churn",
    title="MRR churn",
    subtitle="MRR of those who left ÷ MRR at opening, by month, %",
    caption="Bars: 95 %, who happened to leave, by what each paid. Named: the month in which "
    "one of several took most of it, a quarter or more. No alarm runs on money.",
    example=_mrr_churn,
    numbers=newest,
)
def plot_mrr_churn(churn: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The share of MRR that left with those who did, month by month, with its range.

    Parameters
    ----------
    churn : DataFrame
        What `mrr_churn` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_mrr_churn(plot_mrr_churn.figure.example()).get_ylabel()
    'MRR churn'
    """
    if churn.empty:
        return nothing(ax)
    ax = new_axes(ax)
    shown = placed(newest(churn, periods_for(ax)))
    hue = colour("accent")
    course = line("MRR", hue, shown, x="place", y="rate", limits=("rate_low", "rate_high"))
    draw_courses(ax, [course])
    part = shown["largest"] / shown["lost"].where(shown["customers"] > 1)
    if part.max() >= LARGE:
        row = shown.loc[part.idxmax()]
        mark(ax, row.place, row.rate_high, f"one: {amount(row.largest)} {currency_of(churn)}")
    ax.set_ylim(bottom=0)
    share_axis(ax)
    period_axis(ax, shown)
    label_ends(ax, ends_of([course], lambda rate: f"{rate * 100:.1f} %"))
    name_axes(ax, y="MRR churn")
    return ax
