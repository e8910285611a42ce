"""Charts of what customers answer when asked how likely a recommendation is."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import name_axes, period_axis, share_axis
from churnlib.figures.canvas import new_axes
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends
from churnlib.figures.lines import draw_courses, ends_of, line
from churnlib.figures.periods import newest, periods_for, placed
from churnlib.figures.theme import colour

__all__ = ["plot_nps"]


def _nps() -> pd.DataFrame:
    return example_frame(
        period_start=pd.date_range("2025-01-01", periods=3, freq="QS"),
        answered=[100, 110, 120],
        nps=[0.2, 0.3, 0.25],
        nps_low=[0.05, 0.15, 0.1],
        nps_high=[0.35, 0.45, 0.4],
    )


@figure(
    "nps",
    title="the net promoter score",
    subtitle="Promoters less detractors, % of the answers of each quarter",
    caption="Promoters answer 9 or 10, detractors 0 to 6. Bars: 95 % (adjusted Wald).",
    example=_nps,
)
def plot_nps(nps: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The net promoter score by quarter, with its range.

    Parameters
    ----------
    nps : DataFrame
        period_start, nps with its limits: what `net_promoter_score` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_nps(plot_nps.figure.example()).get_ylabel()
    'Promoters less detractors'
    """
    ax = new_axes(ax)
    shown = placed(newest(nps, periods_for(ax)))
    hue = colour("accent")
    course = line("nps", hue, shown, x="place", y="nps", limits=("nps_low", "nps_high"))
    draw_courses(ax, [course])
    ax.axhline(0, color=colour("ink"), linewidth=0.8, zorder=1)
    share_axis(ax)
    period_axis(ax, shown)
    label_ends(ax, ends_of([course], lambda value: f"{value * 100:+.0f} %"))
    name_axes(ax, y="Promoters less detractors")
    return ax
