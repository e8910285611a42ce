"""Charts of effects side by side: a dot with its range for each."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from churnlib.figures.axes import name_axes
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import legend_above, shorten
from churnlib.figures.lines import draw_points
from churnlib.figures.theme import colour
from churnlib.formats import MINUS
from churnlib.results.segments import ALL

__all__ = ["plot_mix"]

ROW = 0.34
"""Inches of height that a row takes."""
LEAST = 1.4
DOT = 6


def _mix() -> pd.DataFrame:
    return example_frame(
        against="year before",
        columns="renewal, billing, channel",
        segment=["all", "ads", "web"],
        rate_effect=[0.002, 0.001, 0.001],
        rate_effect_low=[-0.001, -0.001, 0.0],
        rate_effect_high=[0.005, 0.003, 0.002],
        mix_effect=[0.004, 0.005, -0.001],
    )


@figure(
    "mix",
    title="rate and mix",
    subtitle="Change of left ÷ due, in points, by who was due (mix) and by the same kinds leaving "
    "more or less (rate)",
    caption="Cells are billing interval, renewal and the column; the sum of all is the whole "
    "change. Mix is counted by how far a kind's rate is from everybody's. Range of the rate "
    "effect: 95 %, with the months' own scatter.",
    example=_mix,
    draws_segments=True,
)
def plot_mix(effects: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Rate and mix effect of each value, and of all.

    Parameters
    ----------
    effects : DataFrame
        against, segment, rate_effect, rate_effect_low, rate_effect_high, mix_effect (shares): one
        set of columns of what `decomposition` gives; drawn is the comparison with a year before,
        where there is one.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_mix(plot_mix.figure.example()).get_xlabel()
    'Points of left ÷ due'
    """
    return draw_effects(effects, ax, x="Points of left ÷ due", mix="Mix: who was due")


def draw_effects(effects: pd.DataFrame, ax: Axes | None, *, x: str, mix: str) -> Axes:
    """Rate and mix effect of each value side by side, all on top."""
    rows = _one_comparison(effects).sort_values(
        "mix_effect", key=abs, ascending=False, kind="stable"
    )
    rows = pd.concat([rows[rows["segment"] == ALL], rows[rows["segment"] != ALL]])
    rows = rows.reset_index(drop=True)
    if rows.empty:
        return nothing(ax)
    names = ["All" if one == ALL else one for one in rows["segment"]]
    ax, place = named_rows(ax, names, legend=True)
    rate = place + 0.14
    ax.hlines(
        rate,
        rows["rate_effect_low"],
        rows["rate_effect_high"],
        color=colour("accent"),
        linewidth=1.4,
        alpha=0.6,
    )
    draw_points(
        ax,
        rows["rate_effect"],
        rate,
        size=DOT,
        color=colour("accent"),
        label="Rate: the same kinds",
    )
    draw_points(
        ax,
        rows["mix_effect"],
        place - 0.14,
        size=DOT,
        color=colour("loss"),
        label=mix,
        marker="D",
    )
    ax.axvline(0, color=colour("ink"), linewidth=0.8, zorder=1)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _points(value)))
    legend_above(ax, columns=2)
    name_axes(ax, x=x)
    return ax


def _one_comparison(effects: pd.DataFrame) -> pd.DataFrame:
    year = effects[effects["against"] == "year before"]
    return year if len(year) else effects


def named_rows(
    ax: Axes | None, names: list[str], *, legend: bool = False
) -> tuple[Axes, pd.Series]:
    """Axes with a row for each name, the first on top, and the height at which each row stands."""
    room = ROW * len(names) + (1.0 if legend else 0.6)
    ax = new_axes(ax, height=max(LEAST, room))
    place = pd.Series(range(len(names) - 1, -1, -1), dtype=float)
    ax.set_yticks(place, [shorten(one) for one in names])
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.grid(visible=False, axis="y")
    ax.xaxis.set_major_locator(MaxNLocator(5))
    return ax, place


def _points(value: float) -> str:
    digits = f"{abs(value) * 100:.1f}"
    if float(digits) == 0:
        return "0"
    return f"{MINUS if value < 0 else '+'}{digits}"
