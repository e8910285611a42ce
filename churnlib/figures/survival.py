"""Charts of lifetimes: who is still there after how many months, and when leaving is most
likely.
"""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import name_axes, share_axis, tenure_axis
from churnlib.figures.canvas import new_axes
from churnlib.figures.curves import (
    draw_curves,
    example_curve,
    share_told,
)
from churnlib.figures.figure import example_frame, figure, split_column
from churnlib.figures.labels import label_ends, mark, remark
from churnlib.figures.lines import (
    MARK,
    draw_bands,
    draw_lines,
    draw_points,
    draw_ranges,
    ends_of,
    lines_of,
)
from churnlib.figures.split import parts_of, remark_on, segments_in
from churnlib.figures.theme import colour

__all__ = ["plot_hazard", "plot_survival"]

FOLDED_TENURES = (1, 3, 6, 12, 24, 36)
"""Months of life that fold under a chart of segments."""
DOT, MARKED_DOT = 5, 6.5
PAID = {0: "interval not known", 1: "monthly", 3: "quarterly", 6: "half-yearly", 12: "yearly"}
"""What the lines of billing intervals are called."""


def _survival_subtitle(curve: pd.DataFrame) -> str:
    told = "Share of customers still there, by months of life{and_by}, %"
    if split_column(curve) or curve.empty:
        return told
    return f"{told} · {curve['at_risk'].iloc[0]:,} customers at the start"


def _survival_caption(curve: pd.DataFrame) -> str:
    if split_column(curve):
        return (
            "Kaplan-Meier, to 20 at risk; log-rank test, adjusted for the number of columns "
            "scanned."
        )
    return (
        "Kaplan-Meier with 95 % band (Greenwood, log-log). The curve ends where fewer than 20 are "
        "at risk."
    )


def _survival_numbers(curve: pd.DataFrame) -> pd.DataFrame:
    if not split_column(curve):
        return curve
    return curve[curve["tenure"].isin(FOLDED_TENURES)]


@figure(
    "survival",
    undivided="survival-curve",
    title="the survival curve",
    subtitle=_survival_subtitle,
    caption=_survival_caption,
    example=example_curve,
    numbers=_survival_numbers,
    draws_segments=True,
)
def plot_survival(curve: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Kaplan-Meier curves with their bands, and the number at risk below.

    Up to four curves have bands; of more than eight segments the eight with most at risk are drawn,
    and the chart says so.

    Parameters
    ----------
    curve : DataFrame
        tenure (months), at_risk, events, estimate, low, high; [segment].
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_survival(plot_survival.figure.example()).get_ylabel()
    'Share still there'
    """
    return draw_curves(curve, ax, x="Whole months since the start", y="Share still there")


def _hazard() -> pd.DataFrame:
    return example_frame(
        tenure=[1, 2, 3],
        at_risk=[100, 80, 60],
        events=[20, 8, 6],
        estimate=[0.2, 0.1, 0.1],
        low=[0.13, 0.05, 0.05],
        high=[0.29, 0.18, 0.2],
        stands_out=[True, False, False],
    )


@figure(
    "hazard",
    title="leaving by month of life",
    subtitle="Share leaving in each month of life{split}, % of those at risk",
    caption="With 95 % ranges (Wilson). "
    "At risk: there at the start of the month, and the month observed to its end. Of who pays for "
    "several months at once only months of renewal are drawn.",
    example=_hazard,
    draws_segments=True,
)
def plot_hazard(hazard: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share of those at risk who leave in each month of life, with ranges; months that stand out
    are named. Split by segment or by billing interval, a line each.

    Parameters
    ----------
    hazard : DataFrame
        tenure (month of life), estimate, low, high; stands_out (bool), optional; [segment];
        [interval_months].
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> [text.get_text() for text in plot_hazard(plot_hazard.figure.example()).texts]
    ['Month 1: 20.0 %']
    """
    ax = new_axes(ax)
    hazard = _named_by_interval(hazard)
    if segments_in(hazard):
        _hazard_of_segments(ax, hazard)
    else:
        _hazard_of_all(ax, hazard)
    share_axis(ax)
    ax.set_xlim(left=0)
    tenure_axis(ax, int(hazard["tenure"].max()))
    name_axes(ax, x="Month of life", y="Share of those at risk who leave")
    return ax


def _named_by_interval(hazard: pd.DataFrame) -> pd.DataFrame:
    """Where customers pay in different intervals, a line each: as if split by it."""
    if "segment" in hazard or hazard.get("interval_months", pd.Series(0)).nunique() < 2:
        return hazard
    every = hazard["interval_months"].astype(int)
    names = every.map(lambda months: PAID.get(months, f"every {months} months"))
    return hazard.assign(segment=names)


def _marked(hazard: pd.DataFrame) -> pd.Series:
    if "stands_out" in hazard:
        return hazard["stands_out"].astype(bool)
    return pd.Series(False, index=hazard.index)


def _name_marked(ax: Axes, hazard: pd.DataFrame) -> None:
    for row in hazard[_marked(hazard)].itertuples():
        text = f"Month {row.tenure:.0f}: {row.estimate * 100:.1f} %"
        mark(ax, row.tenure, row.high, text, color=colour("accent"))


def _hazard_of_all(ax: Axes, hazard: pd.DataFrame) -> None:
    marked = _marked(hazard)
    for rows, hue, size in ((~marked, "neutral", DOT), (marked, "accent", MARKED_DOT)):
        part = hazard[rows]
        draw_ranges(ax, part["tenure"], part["low"], part["high"], color=colour(hue))
        draw_points(ax, part["tenure"], part["estimate"], size=size, color=colour(hue))
    _name_marked(ax, hazard)
    ax.set_ylim(0, 1.12 * float(hazard["high"].max() or 1))


def _hazard_of_segments(ax: Axes, hazard: pd.DataFrame) -> None:
    parts = parts_of(hazard, "at_risk")
    lines = lines_of(parts, x="tenure", y="estimate")
    draw_bands(ax, lines)
    draw_lines(ax, lines, marker="o", markersize=MARK)
    _name_marked(ax, hazard)
    ax.set_ylim(0, 1.12 * float(hazard[["estimate", "high"]].max(axis=None) or 1))
    label_ends(ax, ends_of(lines, share_told(len(parts))))
    remark(ax, remark_on(hazard, parts))
