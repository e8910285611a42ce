"""Charts of the MRR bridge: where recurring revenue came from, and where it went."""

import math

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import amount, amount_axis, name_axes, period_axis
from churnlib.figures.canvas import is_narrow, new_axes, nothing
from churnlib.figures.figure import example_frame, figure, no_rows
from churnlib.figures.labels import Label, label_ends, legend_above, mark
from churnlib.figures.lines import MARK, draw_lines, draw_stack, line
from churnlib.figures.periods import newest, periods_for, placed
from churnlib.figures.theme import colour
from churnlib.results.declared import currency_of

__all__ = ["plot_movements", "plot_mrr_bridge"]

# Losses hang below the gains; within each, the depth of the colour tells them apart.
MOVEMENTS = {
    "new": ("New", "gain", 1.0),
    "reactivation": ("Reactivation", "gain", 0.35),
    "expansion": ("Expansion", "gain", 0.65),
    "contraction": ("Contraction", "loss", 0.5),
    "churn": ("Churn", "loss", 1.0),
}
STEP = 0.58
"""Width of a bar of the waterfall."""
NARROW_NAMES = {"Reactivation": "Back", "Expansion": "Up", "Contraction": "Down"}
"""Six names do not fit under six narrow bars."""


def _bridge() -> pd.DataFrame:
    return example_frame(
        period_start=pd.date_range("2025-01-01", periods=6, freq="MS"),
        opening=[100.0, 110, 120, 130, 140, 150],
        new=20.0,
        reactivation=0.0,
        expansion=2.0,
        contraction=-1.0,
        churn=-11.0,
        closing=[110.0, 120, 130, 140, 150, 160],
    )


@figure(
    "mrr-bridge",
    title="the MRR bridge",
    subtitle="MRR in {currency}, {who}, {period}",
    caption="New: first time a customer. Reactivation: back after an absence. "
    "Churn: nothing left at closing.",
    example=_bridge,
    numbers=no_rows,
)
def plot_mrr_bridge(bridge: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The last period's way from opening to closing, as a waterfall of what changed.

    The movements are a few per cent of the whole, so the scale is the change on the opening: bars
    start from zero and their lengths compare; opening and closing stand at their levels.

    Parameters
    ----------
    bridge : DataFrame
        period_start, opening, new, reactivation, expansion, contraction, churn, closing (signed
        money); its newest period is drawn. Of one segment.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_mrr_bridge(plot_mrr_bridge.figure.example()).get_ylabel()
    'Change on opening MRR, EUR'
    """
    last = placed(bridge).iloc[-1]
    sizes = {movement: float(last[movement]) for movement in MOVEMENTS}
    scale = max(abs(size) for size in sizes.values())
    if not scale:
        return nothing(ax)
    ax = new_axes(ax)
    level = 0.0
    for position, (movement, size) in enumerate(sizes.items()):
        _, kind, _ = MOVEMENTS[movement]
        ax.bar(position, size, bottom=level, width=STEP, color=colour(kind))
        _connect(ax, position, level + size)
        mark(ax, position, max(level, level + size), _told(ax, size, scale))
        level += size
    end = len(MOVEMENTS)
    ax.bar(end, level, width=STEP, color=colour("accent"))
    mark(ax, end, max(level, 0), _told(ax, level, scale))
    _name_bars(ax)
    _opening_and_closing(ax, float(last["opening"]), float(last["closing"]))
    amount_axis(ax, signed=True)
    name_axes(ax, y="Change on opening MRR", unit=currency_of(bridge))
    return ax


def _told(ax: Axes, size: float, scale: float) -> str:
    """A bar's worth: three digits of the largest, two where bars are narrow."""
    if is_narrow(ax):
        size = round(size, 2 - math.floor(math.log10(scale)))
    return amount(size, signed=True, scale=scale)


def _connect(ax: Axes, position: int, level: float) -> None:
    """A hairline from one bar to the next, at the level where the next begins."""
    ends = [position + STEP / 2, position + 1 - STEP / 2]
    ax.plot(ends, [level, level], color=colour("neutral"), linewidth=0.8)


def _name_bars(ax: Axes) -> None:
    names = [name for name, _, _ in MOVEMENTS.values()] + ["Net change"]
    if is_narrow(ax):
        names = [NARROW_NAMES.get(name, name).split()[0] for name in names]
    ax.set_xticks(range(len(names)), names)


def _opening_and_closing(ax: Axes, opening: float, closing: float) -> None:
    """Two levels, one at the start and one at the end, with what they are worth."""
    right = len(MOVEMENTS) + 0.45
    ax.axhline(0, color=colour("ink"), linewidth=0.8, zorder=1)
    ax.set_xlim(-0.6, right)
    low, high = ax.dataLim.intervaly
    # Room for the number on the highest bar, below the name of the axis.
    ax.set_ylim(low - 0.04 * (high - low), high + 0.12 * (high - low))
    gap = "\n" if is_narrow(ax) else " "
    first = Label(right, 0, f"Opening{gap}{opening:,.0f}", colour("ink"))
    last = Label(right, closing - opening, f"Closing{gap}{closing:,.0f}", colour("accent"))
    label_ends(ax, [first, last])


@figure(
    "mrr-movements",
    title="MRR movements",
    subtitle="MRR movements in {currency} by {grain}, {who}",
    caption="Gains stand above zero, losses below; the line is their sum. "
    "Gains ÷ losses is the quick ratio.",
    example=_bridge,
    numbers=newest,
)
def plot_movements(
    bridge: pd.DataFrame, *, last: int | None = None, ax: Axes | None = None
) -> Axes:
    """What was gained and lost in each of the last periods, and the net of it.

    Parameters
    ----------
    bridge : DataFrame
        period_start, new, reactivation, expansion, contraction, churn (signed money). Of one
        segment.
    last : int, optional
        Periods drawn; otherwise as many as there is room for: 24, or 13 in a narrow chart.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_movements(plot_movements.figure.example(), last=3).get_ylabel()
    'MRR gained and lost, EUR'
    """
    if not bridge[list(MOVEMENTS)].any(axis=None):
        return nothing(ax)
    ax = new_axes(ax)
    shown = placed(newest(bridge, last or periods_for(ax)))
    total = pd.Series(0.0, index=shown.index)
    levels = {"gain": total, "loss": total}
    for movement, (name, kind, depth) in MOVEMENTS.items():
        size = shown[movement].astype(float)
        look = {"hue": colour(kind), "depth": depth, "label": name}
        draw_stack(ax, shown["place"], size, base=levels[kind], **look)
        levels[kind] = levels[kind] + size
    net = line("Net", colour("ink"), shown.assign(net=sum(levels.values())), x="place", y="net")
    draw_lines(ax, [net], linewidth=1, marker="o", markersize=MARK, zorder=3, label="Net")
    ax.axhline(0, color=colour("ink"), linewidth=0.8)
    legend_above(ax, columns=6)
    period_axis(ax, shown)
    amount_axis(ax, signed=True)
    name_axes(ax, y="MRR gained and lost", unit=currency_of(bridge))
    return ax
