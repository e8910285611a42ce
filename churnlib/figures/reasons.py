"""Charts of what those who left gave as the reason: over twelve months, and by quarter."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from churnlib.figures.axes import name_axes, period_axis, share, share_axis
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.effects import DOT, named_rows
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends, legend_above
from churnlib.figures.lines import draw_courses, draw_points, ends_of, line
from churnlib.figures.periods import placed
from churnlib.figures.theme import SEGMENTS, colour
from churnlib.formats import cell

__all__ = ["plot_reasons", "plot_reasons_over_time"]

FOLLOWED = 3
"""Reasons that a chart over time follows: those that most gave."""


def _reasons() -> pd.DataFrame:
    return example_frame(
        reason=["too_expensive", "unused"],
        answers=[40, 20],
        share=[0.4, 0.2],
        share_low=[0.3, 0.12],
        share_high=[0.5, 0.3],
        reweighted_share=[0.38, 0.22],
    )


@figure(
    "reasons",
    title="the reasons given",
    subtitle="Share of the answers of those who left in twelve months, %",
    caption="Dot: of the answers, with 95 % range (Wilson). Ring: brought to all who left by "
    "tenure, plan and way of leaving. Those who said nothing may think otherwise.",
    example=_reasons,
)
def plot_reasons(reasons: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The share of each reason, with its range, and brought to all who left.

    Parameters
    ----------
    reasons : DataFrame
        reason, share with its limits, reweighted_share: what `reasons` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_reasons(plot_reasons.figure.example()).get_xlabel()
    'Share of the answers'
    """
    rows = reasons.sort_values("share", ascending=False).reset_index(drop=True)
    ax, place = named_rows(ax, [cell(one, "word") for one in rows["reason"]], legend=True)
    accent = colour("accent")
    ax.hlines(place, rows["share_low"], rows["share_high"], color=accent, alpha=0.6)
    draw_points(ax, rows["share"], place, size=DOT, color=accent, label="Of the answers")
    hollow = {"facecolor": colour("paper"), "edgecolor": colour("ink"), "linewidth": 1}
    label = "Brought to all who left"
    draw_points(ax, rows["reweighted_share"], place, size=DOT, label=label, **hollow)
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: share(value)))
    legend_above(ax, columns=2)
    name_axes(ax, x="Share of the answers")
    return ax


def _over_time() -> pd.DataFrame:
    frame = example_frame(
        period_start=[*pd.date_range("2025-01-01", periods=3, freq="QS")] * 2,
        reason=["too_expensive"] * 3 + ["unused"] * 3,
        answers=[30, 32, 45, 20, 19, 18],
        share=[0.3, 0.32, 0.45, 0.2, 0.19, 0.18],
        share_low=[0.22, 0.24, 0.36, 0.13, 0.12, 0.12],
        share_high=[0.4, 0.42, 0.55, 0.29, 0.28, 0.27],
    )
    frame.attrs["grain"] = "quarter"
    return frame


@figure(
    "reasons-over-time",
    title="the reasons given most, quarter by quarter",
    subtitle="Share of the answers of those who left in each quarter, %",
    caption="The three reasons that most gave over these quarters. Bars: 95 % (Wilson). Quarters "
    "with fewer than twenty answers are left out.",
    example=_over_time,
)
def plot_reasons_over_time(course: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The share of the reasons that most gave, by quarter, with its range.

    Parameters
    ----------
    course : DataFrame
        period_start, reason, answers, share with its limits: what `reasons_over_time` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_reasons_over_time(plot_reasons_over_time.figure.example()).get_ylabel()
    'Share of the answers'
    """
    if course.empty:
        return nothing(ax)
    ax = new_axes(ax)
    shown = placed(course)
    most = shown.groupby("reason")["answers"].sum().nlargest(FOLLOWED).index
    lines = []
    for reason, name in zip(most, SEGMENTS, strict=False):
        hue, rows = colour(name), shown[shown["reason"] == reason]
        limits = ("share_low", "share_high")
        lines.append(line(cell(reason, "word"), hue, rows, x="place", y="share", limits=limits))
    draw_courses(ax, lines)
    ax.set_ylim(bottom=0)
    share_axis(ax)
    period_axis(ax, shown)
    label_ends(ax, ends_of(lines, lambda value: f"{value * 100:.0f}\u00a0%"))
    name_axes(ax, y="Share of the answers")
    return ax
