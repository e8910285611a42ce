"""Charts of a change over time: renewal by renewal since, and those not reached beside."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from churnlib.figures.axes import name_axes
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends
from churnlib.figures.lines import draw_courses, ends_of, line
from churnlib.figures.theme import colour

__all__ = ["plot_change_fading", "plot_change_pre_period"]

EFFECT = {"y": "effect", "limits": ("effect_low", "effect_high")}
APART = 0.25
"""Months by which the two groups stand beside each other."""


def _fading() -> pd.DataFrame:
    return example_frame(
        label="Price rise",
        since=[1, 2, 3],
        effect=[1.35, 1.1, 1.0],
        effect_low=[1.2, 0.95, 0.85],
        effect_high=[1.5, 1.25, 1.15],
    )


@figure(
    "change-fading",
    title="leaving at each renewal since the change",
    subtitle="How many times as often customers left at the first renewal since it, the second ... "
    "as their like did before",
    caption="Against their own past alone. Bars: 95 %, with the scatter of months. 1 = as before.",
    example=_fading,
)
def plot_change_fading(fading: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How many times as often customers left, by renewal since one change.

    Parameters
    ----------
    fading : DataFrame
        since, effect with its limits: the rows of one change of what `change_fading` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_change_fading(plot_change_fading.figure.example()).get_xlabel()
    'Renewals since the change'
    """
    if fading.empty:
        return nothing(ax)
    ax = new_axes(ax)
    draw_courses(ax, [line("effect", colour("accent"), fading, x="since", **EFFECT)])
    ax.set_xticks(fading["since"])
    ax.set_xlim(0.5, fading["since"].max() + 0.5)
    _as_before(ax)
    name_axes(ax, x="Renewals since the change", y="Times as often")
    return ax


def _pre_period() -> pd.DataFrame:
    return example_frame(
        label="Price rise",
        reach=["reached"] * 4 + ["not reached"] * 4,
        months_since=[-6, -3, 0, 3] * 2,
        effect=[1.0, 1.02, 1.4, 1.3, 0.98, 1.01, 1.0, 1.05],
        effect_low=[0.9, 0.9, 1.2, 1.1, 0.85, 0.9, 0.9, 0.9],
        effect_high=[1.1, 1.15, 1.6, 1.5, 1.1, 1.15, 1.1, 1.2],
    )


@figure(
    "change-pre-period",
    title="those reached and those not reached",
    subtitle="Leavers ÷ those expected by the group's own past, by three months counted from the "
    "change",
    caption="The more alike the two moved before it, the more of the difference after it may be "
    "the change's. Bars: 95 %, with the months' own scatter. 1 = as before.",
    example=_pre_period,
)
def plot_change_pre_period(course: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How those whom one change reaches and those whom it does not left, before it and after.

    Parameters
    ----------
    course : DataFrame
        reach, months_since, effect with its limits: the rows of one change of what
        `change_pre_period` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_change_pre_period(plot_change_pre_period.figure.example()).get_xlabel()
    'Months since the change'
    """
    if course.empty:
        return nothing(ax)
    ax = new_axes(ax)
    lines = []
    for name, hue, shift in (("reached", "accent", -APART), ("not reached", "neutral", APART)):
        rows = course[course["reach"] == name].assign(place=lambda x, s=shift: x.months_since + s)
        lines.append(line(name, colour(hue), rows, x="place", **EFFECT))
    draw_courses(ax, lines)
    ax.axvline(-1, color=colour("ink"), linewidth=0.8, linestyle=":", zorder=1)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[3, 6]))
    _as_before(ax)
    label_ends(ax, ends_of(lines, lambda effect: f"{effect:.2f}"))
    name_axes(ax, x="Months since the change", y="Times as often")
    return ax


def _as_before(ax: Axes) -> None:
    """A line at 1; from 0, so that heights compare."""
    ax.axhline(1, color=colour("ink"), linewidth=0.8, zorder=1)
    ax.set_ylim(bottom=0)
