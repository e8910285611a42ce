"""Charts of concentration: how much of the revenue rests on how few customers."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from churnlib.figures.axes import name_axes, share, share_axis
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends, remark
from churnlib.figures.lines import MARK, draw_lines, draw_points, ends_of, line, lines_of
from churnlib.figures.split import parts_of, remark_on
from churnlib.figures.theme import colour

__all__ = ["plot_concentration"]

TOLD = 0.2
"""The share of customers whose part is marked."""
MARKED = 6.5
TICKS = (0, 0.2, 0.4, 0.6, 0.8, 1)


def _example() -> pd.DataFrame:
    return example_frame(
        share_of_customers=[0.1, 0.2, 0.5, 1.0],
        share_of_revenue=[0.3, 0.45, 0.8, 1.0],
        customers=[10, 20, 50, 100],
        revenue=[300.0, 450.0, 800.0, 1000.0],
        of_customers=[100, 100, 100, 100],
    )


@figure(
    "concentration",
    title="the concentration of revenue",
    subtitle="Share of revenue, by share of customers, those who bring most first{split}, %",
    caption="Customers stand in the order of what they bring. Straight line: all bring the same.",
    example=_example,
    draws_segments=True,
)
def plot_concentration(concentration: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Which share of the revenue the customers bring who bring most; a fifth of them is marked.

    Parameters
    ----------
    concentration : DataFrame
        share_of_customers, share_of_revenue (0 to 1); [segment].
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_concentration(plot_concentration.figure.example()).get_ylabel()
    'Share of the revenue'
    """
    known = concentration.dropna(subset=["share_of_revenue"])
    if known.empty:
        return nothing(ax)
    ax = new_axes(ax)
    parts = parts_of(known, "of_customers")
    lines = lines_of(parts, x="share_of_customers", y="share_of_revenue")
    equal = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]})
    draw_lines(ax, [line("equal", colour("neutral"), equal, x="x", y="y")], linewidth=1)
    draw_lines(ax, lines, marker="o", markersize=MARK)
    told = known[known["share_of_customers"] == TOLD]
    if len(parts) == 1:
        places = told["share_of_customers"], told["share_of_revenue"]
        draw_points(ax, *places, size=MARKED, color=colour("accent"))
    _axes(ax, float(known["share_of_revenue"].max()))
    at_a_fifth = [one._replace(points=one.points[one.points["x"] == TOLD]) for one in lines]
    label_ends(ax, ends_of(at_a_fifth, lambda value: share(round(value, 3))))
    remark(ax, remark_on(known, parts))
    return ax


def _axes(ax: Axes, highest: float) -> None:
    ax.set_xlim(0, 1)
    ax.set_ylim(0, max(1.0, 1.05 * highest))
    share_axis(ax)
    ax.set_xticks(TICKS)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: share(value)))
    name_axes(ax, x="Share of customers, those who bring most first", y="Share of the revenue")
