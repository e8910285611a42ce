"""Lines, bands, points and bars: seaborn draws, one call each, with what it must be told.

Left alone, seaborn's lineplot averages rows that share an x (with bootstrapped ranges that differ
each time) and draws across missing values. So nothing is estimated here, each line has a name, and
a line is broken into runs where a value is missing.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from churnlib.figures.labels import Label, shorten
from churnlib.figures.split import Part
from churnlib.figures.theme import colour

BAND = 0.16
"""Opacity of a range."""
MAX_BANDS = 4
"""More ranges than these hide one another."""
MAX_NAME = 18
BAR = 0.72
MARK = 3.4
"""Points across a dot on a line."""


class Line(NamedTuple):
    """One line of a chart: `points` has x and y, and low and high where it has a range."""

    name: str
    colour: str
    points: pd.DataFrame


def line(
    name: str,
    hue: str,
    rows: pd.DataFrame,
    *,
    x: str,
    y: str,
    limits: tuple[str, str] = ("low", "high"),
) -> Line:
    """A line of a result's columns; its range is `limits`, as far as these are there."""
    columns = {"x": x, "y": y}
    if set(limits) <= set(rows.columns):
        columns |= {"low": limits[0], "high": limits[1]}
    points = pd.DataFrame({name: rows[column].astype(float) for name, column in columns.items()})
    return Line(name, hue, points.sort_values("x", ignore_index=True))


def lines_of(
    parts: Sequence[Part], *, x: str, y: str, limits: tuple[str, str] = ("low", "high")
) -> list[Line]:
    """One line for each part of a split result."""
    return [line(one.name, one.colour, one.rows, x=x, y=y, limits=limits) for one in parts]


def draw_lines(ax: Axes, lines: Sequence[Line], **style: object) -> None:
    """Each line in its colour, broken where a value is missing."""
    runs = pd.concat([_runs(one.points).assign(line=one.name) for one in lines])
    if runs.empty:
        return
    sns.lineplot(
        runs,
        x="x",
        y="y",
        hue="line",
        units="run",
        estimator=None,
        errorbar=None,
        hue_order=[one.name for one in lines],
        palette=[one.colour for one in lines],
        legend=False,
        markeredgewidth=0,
        ax=ax,
        **style,
    )


def _runs(points: pd.DataFrame) -> pd.DataFrame:
    """The known points, numbered by the run of neighbours that they belong to."""
    missing = points["y"].isna()
    return points.assign(run=missing.cumsum())[~missing]


def draw_courses(ax: Axes, lines: Sequence[Line]) -> None:
    """Each line with a dot at every value, and an upright line for the range of each."""
    for one in lines:
        draw_ranges(ax, *(one.points[end] for end in ("x", "low", "high")), color=one.colour)
    draw_lines(ax, lines, marker="o", markersize=MARK)


def draw_bands(ax: Axes, lines: Sequence[Line], step: str | None = None) -> None:
    """The given range around each line; none where they would hide one another."""
    if len(lines) > MAX_BANDS:
        return
    for one in lines:
        if "low" in one.points:
            limits = one.points[["x", "low", "high"]].to_numpy().T
            ax.fill_between(*limits, step=step, color=one.colour, alpha=BAND, linewidth=0)


def ends_of(lines: Sequence[Line], tell: Callable[[float], str]) -> list[Label]:
    """The name and last known value of each line, to stand at its end."""
    labels = []
    for one in lines:
        known = one.points.dropna(subset="y")
        if len(known):
            end = known.iloc[-1]
            text = f"{shorten(one.name, MAX_NAME)} {tell(end['y'])}".strip()
            labels.append(Label(end["x"], end["y"], text, one.colour))
    return labels


def draw_points(
    ax: Axes, x: Sequence[float], y: Sequence[float], *, size: float, **style: object
) -> None:
    """Dots `size` points across."""
    sns.scatterplot(
        x=list(x),
        y=list(y),
        s=size**2,
        legend=False,
        ax=ax,
        **{"linewidth": 0, **style},
    )


def draw_ranges(ax: Axes, x: pd.Series, low: pd.Series, high: pd.Series, **style: object) -> None:
    """A thin upright line from the low to the high end of each range."""
    ax.vlines(x, low, high, **{"linewidth": 1.4, "alpha": 0.6, **style})


def draw_stack(
    ax: Axes,
    place: pd.Series,
    size: pd.Series,
    *,
    base: pd.Series,
    hue: str,
    depth: float,
    label: str,
) -> None:
    """One layer of stacked bars, which seaborn has not; a lighter shade lies on paper, so that no
    grid line shines through it.
    """
    if depth < 1:
        ax.bar(place, size, bottom=base, width=BAR, color=colour("paper"))
    ax.bar(place, size, bottom=base, width=BAR, color=hue, alpha=depth, label=label)
