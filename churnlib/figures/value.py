"""The chart of customer value: what a customer of each segment is worth."""

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from churnlib.figures.axes import amount_axis, name_axes
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import mark, shorten
from churnlib.figures.theme import SMALL, colour, segment_colours
from churnlib.results.declared import currency_of
from churnlib.results.segments import ALL

__all__ = ["plot_value_by_segment"]

ROW_HEIGHT = 0.36
HEAD_HEIGHT = 0.95
MOST_ROWS = 15
BAR = 0.56
PROJECTED_DEPTH = 0.4
CAPTIONS = -0.62
"""Where the parts are named: over the first bar."""
NEAREST = 0.16
"""Of the axis: a bar shorter than this leaves no room for the word before the next."""


def _value() -> pd.DataFrame:
    return example_frame(
        segment_column="channel",
        segment=["web", "ads", "none"],
        observed_value=[10.0, 5, None],
        projected_value=[4.0, 2, None],
        value=[14.0, 7, None],
        value_low=[12.0, 6, None],
        value_high=[16.0, 9, None],
    )


@figure(
    "value",
    undivided="value-by-all",
    title="customer value",
    subtitle="Value of a new customer, {currency}{split}",
    caption="Observed and projected part, with 95 % bootstrap range, widened to the projection's "
    "back-test error, which grows with distance.",
    example=_value,
    draws_segments=True,
)
def plot_value_by_segment(value: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Value per customer of each segment: the observed part solid, the projected part lighter, with
    the range of both.

    Parameters
    ----------
    value : DataFrame
        segment, observed_value, projected_value, value, value_low, value_high (money a customer);
        in the order to be drawn, at most the first 15; rows without a value are left out. Of one
        split, or of everybody.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_value_by_segment(plot_value_by_segment.figure.example()).get_xlabel()
    'Value per customer, EUR'
    """
    shown = value.dropna(subset=["value"]).head(MOST_ROWS).reset_index(drop=True)
    if shown.empty:
        return nothing(ax)
    ax = new_axes(ax, height=HEAD_HEIGHT + ROW_HEIGHT * len(shown))
    hues = segment_colours(value["segment"])
    _bars(ax, shown, [hues[segment] for segment in shown["segment"]])
    ax.hlines(
        shown.index, shown["value_low"], shown["value_high"], color=colour("ink"), linewidth=1
    )
    ends = shown[["value", "value_high"]].astype(float).max(axis="columns")
    for place, (total, end) in enumerate(zip(shown["value"], ends, strict=True)):
        mark(ax, end, place, f"{total:,.0f}", xytext=(5, 0), ha="left", va="center")
    ax.set_yticks(shown.index, [_name(segment) for segment in shown["segment"]])
    ax.set_ylim(len(shown) - 0.5, -0.9)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.tick_params(axis="y", labelcolor=colour("ink"))
    amount_axis(ax, "x")
    _name_parts(ax, shown.iloc[0])
    name_axes(ax, x="Value per customer", unit=currency_of(value))
    return ax


def _name(segment: object) -> str:
    return "All customers" if segment == ALL else shorten(segment)


def _bars(ax: Axes, shown: pd.DataFrame, hues: list[str]) -> None:
    """The whole lighter, on paper, so that no grid line shines through; the observed part on it."""
    observed = shown["observed_value"].astype(float).fillna(0)
    whole = observed + shown["projected_value"].astype(float).fillna(0)
    paper = [colour("paper")] * len(hues)
    for sizes, tints, depth in (
        (whole, paper, 1),
        (whole, hues, PROJECTED_DEPTH),
        (observed, hues, 1),
    ):
        sns.barplot(
            x=sizes.to_list(),
            y=shown.index.to_list(),
            hue=shown.index.to_list(),
            palette=tints,
            alpha=depth,
            orient="y",
            width=BAR,
            dodge=False,
            native_scale=True,
            errorbar=None,
            saturation=1,
            legend=False,
            ax=ax,
        )


def _name_parts(ax: Axes, first: pd.Series) -> None:
    """What solid and light mean, over the first bar."""
    style = {"xytext": (0, 0), "ha": "left", "va": "center", "fontsize": SMALL}
    grey = colour("muted")
    mark(ax, 0, CAPTIONS, "Observed", color=grey, **style)
    if first["projected_value"] > 0:
        observed = 0 if pd.isna(first["observed_value"]) else first["observed_value"]
        start = max(observed, NEAREST * ax.get_xlim()[1])
        mark(ax, start, CAPTIONS, "Projected", color=grey, **style)
