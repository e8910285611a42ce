"""Charts of what the business's own changes did."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import amount, amount_axis, name_axes, period_axis
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.effects import named_rows
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends
from churnlib.figures.lines import MARK, draw_bands, draw_lines, ends_of, line
from churnlib.figures.periods import newest, periods_for, placed
from churnlib.figures.theme import colour
from churnlib.results.declared import currency_of

__all__ = ["plot_again_change", "plot_change", "plot_price_net"]

DOT = 6


def _estimates() -> pd.DataFrame:
    return example_frame(
        label="Price rise",
        method=["own past", "others of the same months", "both"],
        effect=[1.38, 1.3, 1.34],
        effect_low=[1.2, 1.1, 1.1],
        effect_high=[1.6, 1.5, 1.6],
        verdict=["", "", "leave more"],
    )


@figure(
    "change",
    title="the change of leaving",
    subtitle="How many times as often customers left as they would have without the change",
    caption="Own past: against what customers of the same billing interval and renewal did before "
    "it was announced. Others: against all others due in the same months. Both: a range that "
    "holds both of theirs; filled where both say the same. Ranges: 95 %, with the months' own "
    "scatter.",
    example=_estimates,
)
def plot_change(estimates: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Each estimate of what one change did, with its range.

    Parameters
    ----------
    estimates : DataFrame
        method, effect with its limits, verdict: the rows of one change of what `change_estimates`
        gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_change(plot_change.figure.example()).get_xlabel()
    'Times as often as without it'
    """
    return draw_estimates(estimates, ax)


def draw_estimates(estimates: pd.DataFrame, ax: Axes | None) -> Axes:
    """A dot with its range for each estimate, against 1."""
    rows = estimates.dropna(subset=["effect_low"]).reset_index(drop=True)
    if rows.empty:
        return nothing(ax)
    ax, place = named_rows(ax, list(rows["method"]))
    hues = [_hue(verdict) for verdict in rows["verdict"]]
    ax.hlines(place, rows["effect_low"], rows["effect_high"], color=hues, linewidth=1.6)
    faces = [colour("paper") if hue == colour("neutral") else hue for hue in hues]
    ax.scatter(rows["effect"], place, s=DOT**2, facecolor=faces, edgecolor=hues, zorder=3)
    ax.axvline(1, color=colour("ink"), linewidth=0.8, zorder=1)
    ax.set_xlim(left=min(0.9, ax.get_xlim()[0]))
    name_axes(ax, x="Times as often as without it")
    return ax


def _hue(verdict: str) -> str:
    bad, good = ("leave more", "come back less"), ("leave less", "come back more")
    return colour("loss" if verdict in bad else "gain" if verdict in good else "neutral")


def _again() -> pd.DataFrame:
    return _estimates().assign(verdict=["", "", "come back more"])


@figure(
    "again-change",
    title="the change of buying again",
    subtitle="How many times as often first buyers came back within ninety days as they would have "
    "without the change",
    caption="Own past: against those who first bought before it was announced. Those not reached: "
    "how these changed. Ranges: 95 %, with the months' own scatter.",
    example=_again,
)
def plot_again_change(estimates: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Each estimate of what one change did to buying again, with its range.

    Parameters
    ----------
    estimates : DataFrame
        method, effect with its limits, verdict: the rows of one change of what `again_changes`
        gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_again_change(plot_again_change.figure.example()).get_xlabel()
    'Times as often as without it'
    """
    return draw_estimates(estimates, ax)


def _net() -> pd.DataFrame:
    return example_frame(
        label="Price rise",
        period_start=pd.date_range("2025-01-01", periods=4, freq="MS"),
        mrr_gained=[900.0, 930, 960, 990],
        mrr_lost=[200.0, 260, 310, 350],
        net=[700.0, 670, 650, 640],
        net_low=[600.0, 560, 530, 510],
        net_high=[800.0, 790, 770, 760],
    )


@figure(
    "price-net",
    title="the MRR brought",
    subtitle="MRR by month since the change, {currency}",
    caption="Brings: the rise, on what customers from before it pay who have met it and are still "
    "here. Lost: of what those paid who left at meeting it, the part that the change brought, as "
    "far as they would still be here. Net: the difference; its range is that of the effect.",
    example=_net,
)
def plot_price_net(net: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """What a new price brings, what it lost, and the net, month by month.

    Parameters
    ----------
    net : DataFrame
        The rows of one change of what `price_net` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_price_net(plot_price_net.figure.example()).get_ylabel()
    'MRR, EUR'
    """
    if not net["mrr_gained"].notna().any():
        return nothing(ax)
    ax = new_axes(ax)
    shown = placed(newest(net, periods_for(ax)))
    lines = [
        line(name, colour(hue), shown, x="place", y=column, limits=limits)
        for name, hue, column, limits in (
            ("brings", "neutral", "mrr_gained", ("", "")),
            ("lost", "loss", "mrr_lost", ("", "")),
            ("net", "accent", "net", ("net_low", "net_high")),
        )
    ]
    known = [one for one in lines if one.points["y"].notna().any()]
    draw_bands(ax, [one for one in known if one.name == "net"])
    draw_lines(ax, known, marker="o", markersize=MARK)
    ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
    amount_axis(ax)
    period_axis(ax, shown)
    top = float(shown["mrr_gained"].max())
    label_ends(ax, ends_of(known, lambda value: amount(value, scale=top)))
    name_axes(ax, y="MRR", unit=currency_of(net))
    return ax
