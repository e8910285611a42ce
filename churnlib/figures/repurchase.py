"""Charts of the wait for the next purchase: how many have bought again after how many days."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import name_axes, share_axis, tenure_axis
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.curves import draw_curves, draw_steps, example_curve
from churnlib.figures.figure import figure
from churnlib.figures.labels import label_ends, remark
from churnlib.figures.lines import ends_of, lines_of
from churnlib.figures.split import parts_of, remark_on

__all__ = ["plot_time_between", "plot_time_to_second", "plot_waits_by_segment"]

FOLDED_EVERY = 30
"""Days between the rows that fold under a curve of everybody."""
FOLDED_DAYS = (30, 60, 90, 180, 365)
"""Days that fold under curves of segments."""


def _folded(curve: pd.DataFrame) -> pd.DataFrame:
    return curve[curve["tenure"] % FOLDED_EVERY == 0]


@figure(
    "time-to-second",
    title="the time to the second purchase",
    subtitle="Share of customers who bought a second time, by days{and_by}, %",
    caption="1 − Kaplan-Meier of the wait, with 95 % band. "
    "The curve ends where fewer than 20 are still observed.",
    example=example_curve,
    numbers=_folded,
    draws_segments=True,
)
def plot_time_to_second(curve: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share of customers who have bought a second time so many days after the first.

    Parameters
    ----------
    curve : DataFrame
        Of the wait for the second purchase: tenure (days), estimate (share without it yet), low,
        high; [segment].
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_time_to_second(plot_time_to_second.figure.example()).get_xlabel()
    'Days since the first purchase'
    """
    return _bought_again(curve, ax, "Days since the first purchase", "Share who have bought again")


@figure(
    "time-between",
    title="the time between purchases",
    subtitle="Share of purchases followed by another, by days{and_by}, %",
    caption="Every wait between two purchases, and the open one after the last. "
    "95 % band between groups of customers, as waits of one customer are alike.",
    example=example_curve,
    numbers=_folded,
    draws_segments=True,
)
def plot_time_between(curve: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share of purchases that have been followed by another after so many days; the open last wait
    is censored.

    Parameters
    ----------
    curve : DataFrame
        Of all waits: tenure (days), estimate (share without another purchase yet), low, high;
        [segment].
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_time_between(plot_time_between.figure.example()).get_xlabel()
    'Days since the purchase'
    """
    return _bought_again(curve, ax, "Days since the purchase", "Share followed by another")


@figure(
    "second",
    undivided="second-curve",
    title="the wait for the second purchase",
    subtitle="Share who have not bought again, by days{and_by}, %",
    caption="Kaplan-Meier of the wait; log-rank test, adjusted for the number of columns scanned.",
    example=example_curve,
    numbers=lambda curve: curve[curve["tenure"].isin(FOLDED_DAYS)],
    draws_segments=True,
)
def plot_waits_by_segment(curve: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share of customers who have not bought a second time, one curve for each segment, and the
    number at risk below.

    Parameters
    ----------
    curve : DataFrame
        Of the wait for the second purchase: tenure (days), at_risk, events, estimate, low, high;
        [segment].
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_waits_by_segment(plot_waits_by_segment.figure.example()).get_ylabel()
    'Not bought again yet'
    """
    return draw_curves(curve, ax, x="Whole days since the first purchase", y="Not bought again yet")


def _bought_again(curve: pd.DataFrame, ax: Axes | None, x: str, y: str) -> Axes:
    """The curve turned round: the share with another purchase grows from 0."""
    if not curve["tenure"].any():
        return nothing(ax)
    ax = new_axes(ax)
    back = curve.assign(
        back=1 - curve["estimate"].astype(float),
        back_low=1 - curve["high"].astype(float),
        back_high=1 - curve["low"].astype(float),
    )
    parts = parts_of(back, "at_risk")
    lines = lines_of(parts, x="tenure", y="back", limits=("back_low", "back_high"))
    draw_steps(ax, lines)
    ax.set_xlim(left=0)
    ax.set_ylim(0, min(1.02, 1.25 * back["back"].max() + 0.02))
    share_axis(ax)
    tenure_axis(ax, int(curve["tenure"].max()))
    label_ends(ax, ends_of(lines, lambda share: f"{share * 100:.0f} %"))
    remark(ax, remark_on(back, parts))
    name_axes(ax, x=x, y=y)
    return ax
