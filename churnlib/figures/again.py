"""Charts of buying again: whether it changed, why, and where it is worse."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import name_axes
from churnlib.figures.canvas import new_axes
from churnlib.figures.effects import draw_effects
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.periods import newest, periods_for, placed
from churnlib.figures.segments import draw_ratios
from churnlib.figures.trend import draw_against_expected

__all__ = ["plot_again_mix", "plot_again_segments", "plot_again_trend"]


def _trend() -> pd.DataFrame:
    return example_frame(
        period_start=pd.date_range("2025-01-01", periods=4, freq="MS"),
        first_buyers=[1000] * 4,
        again=[300, 310, 290, 180],
        share=[0.3, 0.31, 0.29, 0.18],
        expected=[300.0] * 4,
        expected_low=[None, 260, 260, 260],
        expected_high=[None, 340, 340, 340],
        score=[None, 0.3, -0.4, -5.0],
    )


@figure(
    "again-trend",
    title="buying again, against what was usual",
    subtitle="First buyers who bought again within ninety days, by the month of their first "
    "purchase, %",
    caption="Expected: the share of the months of a frozen baseline. Grey: where 95 % of usual "
    "months lie, with the months' own scatter; a season is not in it. Named: months beyond chance.",
    example=_trend,
    numbers=newest,
)
def plot_again_trend(trend: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The share of each month's first buyers who bought again, and what was usual.

    Parameters
    ----------
    trend : DataFrame
        What `again_trend` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_again_trend(plot_again_trend.figure.example()).get_ylabel()
    'Bought again'
    """
    ax = new_axes(ax)
    shown = placed(newest(trend, periods_for(ax)))
    people = shown["first_buyers"]
    usual = shown.assign(
        observed=shown["share"],
        expected=shown["expected"] / people,
        low=shown["expected_low"] / people,
        high=shown["expected_high"] / people,
    )
    draw_against_expected(ax, usual, "again")
    name_axes(ax, y="Bought again")
    return ax


def _mix() -> pd.DataFrame:
    return example_frame(
        against="year before",
        columns="channel",
        segment=["all", "ads", "web"],
        rate_effect=[0.002, 0.001, 0.001],
        rate_effect_low=[-0.01, -0.01, -0.01],
        rate_effect_high=[0.015, 0.013, 0.012],
        mix_effect=[-0.03, -0.02, -0.01],
    )


@figure(
    "again-mix",
    title="rate and mix of buying again",
    subtitle="Change of the share that bought again within ninety days, in points, by who the "
    "first buyers were (mix) and by the same kinds coming back more or less (rate)",
    caption="The sum of all is the whole change. Mix is counted by how far a value's share is from "
    "everybody's. Range of the rate effect: 95 %, with the months' own scatter.",
    example=_mix,
    draws_segments=True,
)
def plot_again_mix(effects: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Rate and mix effect of each value, and of all.

    Parameters
    ----------
    effects : DataFrame
        One column of what `again_mix` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_again_mix(plot_again_mix.figure.example()).get_xlabel()
    'Points of the share that bought again'
    """
    axis = "Points of the share that bought again"
    return draw_effects(effects, ax, x=axis, mix="Mix: who they were")


def _segments() -> pd.DataFrame:
    return example_frame(
        segment_column="channel",
        segment=["ads", "web", "partner"],
        ratio=[0.6, 1.0, 1.2],
        ratio_low=[0.5, 0.9, 1.1],
        ratio_high=[0.7, 1.1, 1.3],
        verdict=["act", "no signal", "watch"],
    )


@figure(
    "again-segments",
    title="where first buyers come back less often",
    subtitle="Bought again within ninety days ÷ expected from the others of the same months{split}",
    caption="First buyers of twelve months. Filled: beyond chance after all that was scanned (5 % "
    "false discoveries). Hollow: within chance. Range: 95 %, with the scatter of months. Relative "
    "to the others, who count as 1.",
    example=_segments,
    draws_segments=True,
)
def plot_again_segments(segments: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How many times as often the first buyers of each value come back as the others.

    Parameters
    ----------
    segments : DataFrame
        One column of what `again_segments` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_again_segments(plot_again_segments.figure.example()).get_xlabel()
    'Times as often as the others'
    """
    return draw_ratios(segments, ax, bad="less")
