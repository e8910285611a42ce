"""Charts of renewals: what share of those due stayed."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import name_axes, period_axis, share_axis
from churnlib.figures.canvas import new_axes
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends
from churnlib.figures.lines import MARK, draw_bands, draw_lines, ends_of, line
from churnlib.figures.periods import newest, periods_for, placed
from churnlib.figures.theme import colour
from churnlib.results.segments import ALL

__all__ = ["plot_renewals"]

HUES = ("accent", "gain", "neutral", "loss")
"""Of the billing intervals, those with the most due first."""


def _renewals() -> pd.DataFrame:
    return example_frame(
        period_start=[*pd.date_range("2025-01-01", periods=3, freq="MS")] * 2,
        billing=["month"] * 3 + ["year"] * 3,
        due=[400, 410, 420, 60, 62, 64],
        renewal_rate=[0.96, 0.95, 0.97, 0.7, 0.72, 0.75],
        renewal_rate_low=[0.94, 0.93, 0.95, 0.6, 0.62, 0.65],
        renewal_rate_high=[0.98, 0.97, 0.99, 0.8, 0.82, 0.85],
    )


@figure(
    "renewals",
    title="renewals",
    subtitle="Customers still there, of those whose paid term ended, by {grain} and how often they "
    "pay, %",
    caption="Due: customers at opening whose term ends in the {grain}. Renewed: still there at "
    "closing. Range: 95 % (Wilson).",
    example=_renewals,
    numbers=newest,
)
def plot_renewals(renewals: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The share of those due who renewed, by period, a line for each billing interval.

    Parameters
    ----------
    renewals : DataFrame
        period_start, billing, due, renewal_rate with its limits: what `renewals` gives. Of several
        intervals the four with the most due are drawn.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_renewals(plot_renewals.figure.example()).get_ylabel()
    'Renewed, of those due'
    """
    each = renewals[renewals["billing"] != ALL]
    ax = new_axes(ax)
    shown = placed(newest(each, periods_for(ax)))
    most = shown.groupby("billing")["due"].sum().nlargest(len(HUES)).index
    limits = ("renewal_rate_low", "renewal_rate_high")
    lines = [
        line(
            f"by the {name}",
            colour(hue),
            shown[shown["billing"] == name],
            x="place",
            y="renewal_rate",
            limits=limits,
        )
        for name, hue in zip(most, HUES, strict=False)
    ]
    draw_bands(ax, lines)
    draw_lines(ax, lines, marker="o", markersize=MARK)
    ax.set_ylim(bottom=0, top=1)
    share_axis(ax)
    period_axis(ax, shown)
    label_ends(ax, ends_of(lines, lambda rate: f"{rate * 100:.1f} %"))
    name_axes(ax, y="Renewed, of those due")
    return ax
