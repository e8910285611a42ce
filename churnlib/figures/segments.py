"""Charts of segments against the others: over twelve months, and quarter by quarter."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import name_axes, period_axis
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.effects import DOT, named_rows
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends
from churnlib.figures.lines import draw_courses, ends_of, line
from churnlib.figures.periods import placed
from churnlib.figures.theme import colour

__all__ = ["plot_segments", "plot_segments_over_time"]


def _segments() -> pd.DataFrame:
    return example_frame(
        segment_column="channel",
        segment=["ads", "web", "partner"],
        ratio=[1.6, 1.0, 0.8],
        ratio_low=[1.4, 0.9, 0.6],
        ratio_high=[1.8, 1.1, 1.0],
        verdict=["act", "no signal", "watch"],
    )


@figure(
    "segments",
    title="where customers leave more than expected",
    subtitle="Leavers of twelve months ÷ those expected from the others of the same billing "
    "interval and renewal{split}",
    caption="Filled: beyond chance after all that was scanned (5 % false discoveries). Hollow: "
    "within chance. Range: 95 %, with the scatter of months. Relative to the others, who count as "
    "1.",
    example=_segments,
    draws_segments=True,
)
def plot_segments(segments: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How many times as often each value leaves as the others, with its range.

    Parameters
    ----------
    segments : DataFrame
        segment, ratio, ratio_low, ratio_high, verdict: one column of what `segments` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_segments(plot_segments.figure.example()).get_xlabel()
    'Times as often as the others'
    """
    return draw_ratios(segments, ax, bad="more")


def draw_ratios(segments: pd.DataFrame, ax: Axes | None, *, bad: str) -> Axes:
    """A dot with its range for each value, against the others at 1; `bad` is more or less."""
    rows = segments.dropna(subset=["ratio"]).sort_values("ratio", ascending=bad == "less")
    rows = rows.reset_index(drop=True)
    if rows.empty:
        return nothing(ax)
    ax, place = named_rows(ax, list(rows["segment"]))
    hues = [_hue(row, bad) for row in rows.itertuples()]
    ax.hlines(place, rows["ratio_low"], rows["ratio_high"], color=hues, linewidth=1.6)
    filled = (rows["verdict"] != "no signal").tolist()
    faces = [hue if full else colour("paper") for hue, full in zip(hues, filled, strict=True)]
    ax.scatter(rows["ratio"], place, s=DOT**2, facecolor=faces, edgecolor=hues, zorder=3)
    ax.axvline(1, color=colour("ink"), linewidth=0.8, zorder=1)
    ax.set_xlim(left=0)
    name_axes(ax, x="Times as often as the others")
    return ax


def _over_time() -> pd.DataFrame:
    return example_frame(
        segment_column="channel",
        segment=["ads"] * 3 + ["web"] * 3,
        period_start=[*pd.date_range("2025-01-01", periods=3, freq="QS")] * 2,
        ratio=[1.5, 1.6, 1.4, 0.8, 0.7, 0.9],
        ratio_low=[1.2, 1.3, 1.1, 0.6, 0.5, 0.7],
        ratio_high=[1.8, 1.9, 1.7, 1.0, 0.9, 1.1],
    )


@figure(
    "segments-over-time",
    title="the segments that differ, quarter by quarter",
    subtitle="Leavers of each quarter ÷ those expected from the others of the same billing "
    "interval and renewal{split}",
    caption="Of each column the four values that differ most over twelve months. Bars: 95 %, with "
    "the scatter of months. The others count as 1.",
    example=_over_time,
    draws_segments=True,
)
def plot_segments_over_time(course: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How many times as often each value left as the others, quarter by quarter.

    Parameters
    ----------
    course : DataFrame
        segment, period_start, ratio with its limits: one column of what `segments_over_time`
        gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_segments_over_time(plot_segments_over_time.figure.example()).get_ylabel()
    'Times as often as the others'
    """
    ax = new_axes(ax)
    shown = placed(course)
    last = shown.groupby("segment")["ratio"].last().sort_values(ascending=False)
    lines = []
    for name, ratio in last.items():
        hue = colour("loss" if ratio > 1 else "gain")
        rows = shown[shown["segment"] == name]
        limits = ("ratio_low", "ratio_high")
        lines.append(line(str(name), hue, rows, x="place", y="ratio", limits=limits))
    draw_courses(ax, lines)
    ax.axhline(1, color=colour("ink"), linewidth=0.8, zorder=1)
    ax.set_ylim(bottom=0)
    period_axis(ax, shown)
    label_ends(ax, ends_of(lines, lambda ratio: f"{ratio:.1f}"))
    name_axes(ax, y="Times as often as the others")
    return ax


def _hue(row: tuple, bad: str) -> str:
    """Loss or gain, grey within chance."""
    if row.verdict == "no signal":
        return colour("neutral")
    return colour("loss" if (row.ratio > 1) == (bad == "more") else "gain")
