"""Charts of rates by period: what was lost in each, and what is left of a year before."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import name_axes, period_axis, share_axis
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends, remark
from churnlib.figures.lines import (
    MARK,
    Line,
    draw_bands,
    draw_lines,
    ends_of,
    line,
    lines_of,
)
from churnlib.figures.periods import newest, periods_for, placed
from churnlib.figures.split import parts_of, remark_on, segments_in
from churnlib.figures.theme import NOTHING, colour

__all__ = ["plot_churn_rates", "plot_retention_12m"]

CHURN_RATES = {
    "churn_rate": ("Customers", "accent"),
    "gross_churn_rate": ("Gross MRR", "loss"),
    "net_churn_rate": ("Net MRR", "gain"),
}
RETENTION_RATES = {"nrr": ("Net (NRR)", "accent"), "grr": ("Gross (GRR)", "neutral")}
SPLIT_NAMES = {
    "churn_rate": "Customers lost in the period",
    "gross_churn_rate": "Gross MRR lost in the period",
    "net_churn_rate": "Net MRR lost in the period",
    "nrr": "Revenue kept, with expansion (NRR)",
    "grr": "Revenue kept, without expansion (GRR)",
}
"""Of the axis, where there is a line for each segment."""


def _churn_rates() -> pd.DataFrame:
    return example_frame(
        period_start=pd.date_range("2025-01-01", periods=6, freq="MS"),
        opening_customers=[400, 410, 420, 430, 440, 450],
        churn_rate=0.04,
        churn_rate_low=0.03,
        churn_rate_high=0.05,
        gross_churn_rate=0.1,
        net_churn_rate=[0.08, -0.02, 0.08, None, 0.08, 0.08],
    )


@figure(
    "churn-rates",
    title="churn rates",
    subtitle="Churn rates by {grain}{and_by}, % of opening",
    caption="Customers: those active at opening and not at closing, with 95 % range (Wilson). "
    "Gross MRR: lost by churn and contraction. Net MRR: the same less expansion.",
    example=_churn_rates,
    numbers=newest,
    draws_segments=True,
)
def plot_churn_rates(
    rates: pd.DataFrame, *, last: int | None = None, ax: Axes | None = None
) -> Axes:
    """Churn rates over time: of customers with its range, of MRR gross and net, as far as they are
    at hand.

    Parameters
    ----------
    rates : DataFrame
        period_start and any of churn_rate (with churn_rate_low, churn_rate_high), gross_churn_rate,
        net_churn_rate (0 to 1): what `customer_churn`, `mrr_bridge` or `churn_rates` gives. Split
        by segment, the first of these is drawn, one line for each segment.
    last : int, optional
        Periods drawn; otherwise as many as there is room for: 24, or 13 in a narrow chart.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_churn_rates(plot_churn_rates.figure.example()).get_ylabel()
    'Churn in the period'
    """
    return _rates(rates, CHURN_RATES, "Churn in the period", ax=ax, last=last, from_zero=True)


def _retention() -> pd.DataFrame:
    return example_frame(
        period_start=pd.date_range("2025-01-01", periods=6, freq="MS"),
        nrr=1.02,
        grr=0.9,
        n=[300, 310, 320, 330, 340, 350],
    )


@figure(
    "retention-12m",
    title="revenue retention over twelve months",
    subtitle="NRR and GRR over twelve months{split}, %",
    caption="By the period in which the twelve months end. "
    "Both follow the customers active twelve months before.",
    example=_retention,
    draws_segments=True,
)
def plot_retention_12m(retention: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Net and gross revenue retention over twelve months, by the period in which the twelve months
    end.

    Parameters
    ----------
    retention : DataFrame
        period_start, nrr, grr (1 = as much as a year before). Split by segment, NRR is drawn, one
        line for each segment.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_retention_12m(plot_retention_12m.figure.example()).get_ylabel()
    'Revenue kept from the customers of a year before'
    """
    title = "Revenue kept from the customers of a year before"
    ax = _rates(retention, RETENTION_RATES, title, ax=ax, last=len(retention))
    if ax.get_gid() != NOTHING:
        ax.axhline(1, color=colour("ink"), linewidth=0.8, zorder=1)
    return ax


def _rates(
    result: pd.DataFrame,
    rates: dict[str, tuple[str, str]],
    title: str,
    *,
    ax: Axes | None,
    last: int | None,
    from_zero: bool = False,
) -> Axes:
    """One line for each rate or, in a split result, for each segment."""
    columns = [column for column in rates if column in result]
    split = segments_in(result)
    if split:
        columns = columns[:1]
        title = SPLIT_NAMES[columns[0]]
    if result[columns].isna().all(axis=None):
        return nothing(ax)
    ax = new_axes(ax)
    shown = placed(newest(result, last or periods_for(ax)))
    if split:
        parts = parts_of(shown, _population(shown))
        lines = lines_of(parts, x="place", y=columns[0], limits=_limits(columns[0]))
        remark(ax, remark_on(shown, parts))
    else:
        lines = [_named(shown, column, *rates[column]) for column in columns]
    draw_bands(ax, lines)
    draw_lines(ax, lines, marker="o", markersize=MARK)
    if from_zero:
        _start_at_zero(ax, lines)
    share_axis(ax)
    period_axis(ax, shown)
    label_ends(ax, ends_of(lines, lambda rate: f"{rate * 100:.1f} %"))
    name_axes(ax, y=title)
    return ax


def _start_at_zero(ax: Axes, lines: list[Line]) -> None:
    """The axis begins at zero, or below where a rate is negative: expansion outweighed losses."""
    if min(one.points["y"].min() for one in lines) >= 0:
        ax.set_ylim(bottom=0)
    else:
        ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]))
    ax.axhline(0, color=colour("hairline"), linewidth=0.8, zorder=1)


def _named(shown: pd.DataFrame, column: str, name: str, hue: str) -> Line:
    return line(name, colour(hue), shown, x="place", y=column, limits=_limits(column))


def _limits(column: str) -> tuple[str, str]:
    return f"{column}_low", f"{column}_high"


def _population(result: pd.DataFrame) -> str:
    """The column that says how large a segment is."""
    return next((name for name in ("opening_customers", "n_opening", "n") if name in result), "")
