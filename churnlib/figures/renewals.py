"""Charts of renewals: what share of those due stayed, and whether leaving changed."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import name_axes, period_axis, share_axis
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends, mark
from churnlib.figures.lines import MARK, draw_bands, draw_lines, draw_points, ends_of, line
from churnlib.figures.periods import newest, periods_for, placed
from churnlib.figures.theme import colour
from churnlib.results.segments import ALL
from churnlib.statistics.rules import BEYOND

__all__ = ["plot_renewals", "plot_trend"]

HUES = ("accent", "gain", "neutral", "loss")
"""Of the billing intervals, those with the most due first."""
DOT = 6


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


def _trend() -> pd.DataFrame:
    return example_frame(
        period_start=pd.date_range("2025-01-01", periods=5, freq="MS"),
        due=[1000] * 5,
        left=[30, 31, 70, 33, 12],
        expected=[31.0, 31, 31, 31, None],
        score=[None, 0.1, 3.2, 0.3, None],
        signal=["baseline", "quiet", "quiet", "up", "partial"],
        compared=[1000.0, 1000, 1000, 1000, None],
        compared_left=[30.0, 31, 70, 33, None],
        expected_low=[None, 20, 20, 20, None],
        expected_high=[None, 45, 45, 45, None],
    )


@figure(
    "leaving-trend",
    title="observed against expected leaving",
    subtitle="Customers who left, of those due, by month, %; and what was expected",
    caption="Expected: the hazards of a frozen baseline, by how often customers pay and which "
    "renewal it is, on those due whom the baseline knows, brought to all. Grey: where 95 % of "
    "unchanged months lie, with the months' own scatter. Named: months beyond chance.",
    example=_trend,
    numbers=newest,
)
def plot_trend(trend: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Leavers of those due against what was expected of them, month by month.

    Parameters
    ----------
    trend : DataFrame
        What `leaving_trend` gives. A partial month is hollow, and of all due.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_trend(plot_trend.figure.example()).get_ylabel()
    'Left, of those due'
    """
    if not (trend["compared"] > 0).any():
        return nothing(ax)
    ax = new_axes(ax)
    shown = _as_shares(placed(newest(trend, periods_for(ax))))
    _mark_partial(ax, shown)
    draw_against_expected(ax, shown, "left")
    name_axes(ax, y="Left, of those due")
    return ax


def draw_against_expected(ax: Axes, shown: pd.DataFrame, name: str) -> None:
    """Shares by period against what was expected of them; those beyond chance are named.

    `shown` has place, period_start, observed, expected, low, high (shares) and score.
    """
    expected = line(
        "expected", colour("neutral"), shown, x="place", y="expected", limits=("low", "high")
    )
    observed = line(name, colour("accent"), shown, x="place", y="observed", limits=("", ""))
    known = expected._replace(points=expected.points.dropna(subset=["low", "high"]))
    draw_bands(ax, [known])
    draw_lines(ax, [expected], linewidth=1.2)
    draw_lines(ax, [observed], marker="o", markersize=MARK)
    _mark_beyond(ax, shown)
    ax.set_ylim(bottom=0)
    share_axis(ax)
    period_axis(ax, shown)
    label_ends(ax, ends_of([observed, expected], lambda rate: f"{rate * 100:.1f} %"))


def _as_shares(shown: pd.DataFrame) -> pd.DataFrame:
    """Of all due. What was expected is known of those compared, and brought to all by what these
    and all did.
    """
    observed = shown["left"] / shown["due"].where(shown["due"] > 0)
    compared = shown["compared"].where(shown["compared"] > 0).astype(float)
    own = (shown["compared_left"] / compared).where(shown["compared_left"] > 0)
    scale = (observed / own).fillna(1.0) / compared
    ends = {"expected": "expected", "low": "expected_low", "high": "expected_high"}
    return shown.assign(
        observed=observed.where(compared.notna()),
        **{name: shown[column] * scale for name, column in ends.items()},
    )


def _mark_beyond(ax: Axes, shown: pd.DataFrame) -> None:
    beyond = shown[shown["score"].abs() > BEYOND]
    if beyond.empty:
        return
    draw_points(ax, beyond["place"], beyond["observed"], size=DOT, color=colour("loss"), zorder=3)
    for row in beyond.itertuples():
        mark(ax, row.place, row.observed, f"{row.period_start:%B}")


def _mark_partial(ax: Axes, shown: pd.DataFrame) -> None:
    partial = shown[(shown["signal"] == "partial") & (shown["due"] > 0)]
    if partial.empty:
        return
    hollow = {"facecolor": colour("paper"), "edgecolor": colour("accent"), "linewidth": 1}
    draw_points(ax, partial["place"], partial["left"] / partial["due"], size=DOT, **hollow)
