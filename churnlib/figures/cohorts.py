"""Charts of cohorts: who stayed, by age."""

import math

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from churnlib.figures.axes import name_axes, share_axis, whole_axis
from churnlib.figures.canvas import new_axes, nothing, room
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends, remark
from churnlib.figures.lines import MARK, Line, draw_bands, draw_lines, ends_of, line, lines_of
from churnlib.figures.split import parts_of, remark_on
from churnlib.figures.theme import SMALL, colour

__all__ = ["plot_newest_against_earlier", "plot_pooled", "plot_triangle"]

ROW_HEIGHT = 0.24
CELL_WIDTH = 0.31
"""Inches that a share needs in a cell of the triangle."""
AGE = "Whole periods since the cohort's first"
SIDES = (("earlier", "Earlier cohorts", "neutral"), ("newest", "Newest cohorts", "accent"))


def _triangle() -> pd.DataFrame:
    return example_frame(
        cohort=["2025-01", "2025-01", "2025-02", "2025-02"],
        age=[0, 1, 0, 1],
        rate=[1.0, 0.8, 1.0, None],
    )


@figure(
    "cohort-triangle",
    title="the cohort triangle",
    subtitle="Retention of each cohort by age in {grain}s, %",
    caption="Active at that age ÷ size of the cohort. Blank: not observable yet.",
    example=_triangle,
)
def plot_triangle(triangle: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The cohort triangle as a heat map of one hue; pages show `triangle_block` instead.

    Parameters
    ----------
    triangle : DataFrame
        cohort, age, rate (0 to 1); a missing rate is not yet observable and stays blank. Of one
        segment.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_triangle(plot_triangle.figure.example()).get_xlabel()
    "Whole periods since the cohort's first"
    """
    wide = triangle.set_index(["cohort", "age"])["rate"].astype(float).unstack()  # noqa: PD010
    wide = wide.reindex(pd.unique(triangle["cohort"])).dropna(axis="columns", how="all") * 100
    ax = new_axes(ax, height=0.9 + ROW_HEIGHT * len(wide))
    fitting = int(room(ax) / CELL_WIDTH)
    # Everybody is there at age 0: the shades tell the others apart.
    later = triangle.loc[triangle["age"] > triangle["age"].min(), "rate"].astype(float) * 100
    sns.heatmap(
        wide,
        ax=ax,
        cmap=sns.light_palette(colour("heat"), as_cmap=True),
        cbar=False,
        annot=wide.shape[1] <= fitting,
        fmt=".0f",
        annot_kws={"fontsize": SMALL - 1.6, "color": colour("ink")},
        linewidths=0.6,
        xticklabels=-(-wide.shape[1] // fitting),
        vmin=0 if later.isna().all() else later.min(),
        vmax=100 if later.isna().all() else later.max(),
    )
    ax.grid(visible=False)
    ax.tick_params(left=False, bottom=False, labelrotation=0)
    ax.set(xlabel=AGE, ylabel="")
    return ax


def _pooled() -> pd.DataFrame:
    return example_frame(
        age=[0, 1, 2],
        size=[100, 90, 50],
        active=[100, 72, 35],
        rate=[1.0, 0.8, 0.7],
        low=[0.96, 0.71, 0.56],
        high=[1.0, 0.87, 0.81],
    )


@figure(
    "cohorts-pooled",
    title="retention by age",
    subtitle="Retention by age in {grain}s{and_by}, all cohorts observable at that age, %",
    caption="Sum of active ÷ sum of size, with 95 % range (Wilson). "
    "Each further age rests on fewer and older cohorts.",
    example=_pooled,
    draws_segments=True,
)
def plot_pooled(pooled: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Retention by age over all cohorts that can be observed that long, with its range.

    Parameters
    ----------
    pooled : DataFrame
        age, rate, low, high (0 to 1); [segment].
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_pooled(plot_pooled.figure.example()).get_ylabel()
    'Share of the cohort still active'
    """
    if not pooled.dropna(subset=["rate"])["age"].any():
        return nothing(ax)
    ax = new_axes(ax)
    parts = parts_of(pooled, "size")
    lines = lines_of(parts, x="age", y="rate")
    draw_bands(ax, lines)
    draw_lines(ax, lines, marker="o", markersize=MARK)
    _retention_axes(ax, float(pooled["rate"].max()))
    label_ends(ax, ends_of(lines, _percent))
    remark(ax, remark_on(pooled, parts))
    return ax


def _percent(rate: float) -> str:
    return f"{rate * 100:.0f} %"


def _sides() -> pd.DataFrame:
    one = _pooled().set_index("age")
    sides = one.add_prefix("newest_").join(one.add_prefix("earlier_") * 0.9).reset_index()
    return example_frame(**{name: sides[name] for name in sides})


@figure(
    "cohorts-newest",
    title="the newest cohorts and the earlier ones",
    subtitle="Retention by age in {grain}s: the three newest cohorts and all earlier ones, %",
    caption="Both at the same age, pooled, with 95 % ranges. "
    "A difference is called clear where its own range leaves 0 out.",
    example=_sides,
)
def plot_newest_against_earlier(comparison: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Retention of the newest cohorts beside that of the earlier ones at the same age.

    Parameters
    ----------
    comparison : DataFrame
        age; newest_rate, newest_low, newest_high; earlier_rate, earlier_low, earlier_high (0 to 1).
        Of one segment.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> ax = plot_newest_against_earlier(plot_newest_against_earlier.figure.example())
    >>> [text.get_text() for text in ax.texts]
    ['Earlier cohorts', 'Newest cohorts']
    """
    if not comparison.dropna(subset=["newest_rate"])["age"].any():
        return nothing(ax)
    ax = new_axes(ax)
    lines = [_side(comparison, *side) for side in SIDES]
    draw_bands(ax, lines)
    draw_lines(ax, lines, marker="o", markersize=MARK)
    known = pd.concat([one.points.dropna(subset="y") for one in lines])
    _retention_axes(ax, float(known["high"].max()))
    # Lines, not bars: the axis may start near them, so that a few points of difference can be seen.
    ax.set_ylim(bottom=max(0.0, math.floor(known["low"].min() * 10 - 0.5) / 10))
    label_ends(ax, ends_of(lines, lambda rate: ""))
    return ax


def _side(comparison: pd.DataFrame, side: str, name: str, hue: str) -> Line:
    known = comparison.dropna(subset=[f"{side}_rate"])
    limits = (f"{side}_low", f"{side}_high")
    return line(name, colour(hue), known, x="age", y=f"{side}_rate", limits=limits)


def _retention_axes(ax: Axes, highest: float) -> None:
    ax.set_ylim(0, 1.05 * highest if highest > 1 else 1.0)
    share_axis(ax)
    whole_axis(ax)
    name_axes(ax, x=AGE, y="Share of the cohort still active")
