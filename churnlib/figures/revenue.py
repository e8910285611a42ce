"""Charts of recurring revenue: where it came from, where it went, how much of it stays."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import (
    Label,
    amount,
    amount_axis,
    bars,
    label_ends,
    legend_above,
    mark,
    name_axes,
    period_axis,
    share_axis,
)
from churnlib.figures.theme import BAND, NOTHING, SMALL, colour, new_axes, nothing, themed

MONTHS_SHOWN = 24
# Losses hang below the gains; within each, the depth of the colour tells them apart.
MOVEMENTS = {
    "new": ("New", "gain", 1.0),
    "reactivation": ("Reactivation", "gain", 0.35),
    "expansion": ("Expansion", "gain", 0.65),
    "contraction": ("Contraction", "loss", 0.5),
    "churn": ("Churn", "loss", 1.0),
}
RATES = {
    "churn_rate": ("Customers", "accent"),
    "gross_churn_rate": ("Gross MRR", "loss"),
    "net_churn_rate": ("Net MRR", "gain"),
}


@themed
def plot_mrr_bridge(bridge: pd.DataFrame, *, currency: str = "", ax: Axes | None = None) -> Axes:
    """The last period's way from opening to closing, as a waterfall of what changed.

    The movements are a few per cent of the whole, so the scale is the change on the opening: bars
    start from zero and their lengths compare; opening and closing stand at their levels.

    Parameters
    ----------
    bridge : DataFrame
        period_start, opening, new, reactivation, expansion, contraction, churn, closing (signed
        money); its last row is drawn.
    currency : str
        Code for the axis: "EUR".
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_mrr_bridge(bridge, currency="EUR")  # doctest: +SKIP
    """
    last = bridge.iloc[-1]
    level, scale = 0.0, max(abs(float(last[movement])) for movement in MOVEMENTS)
    if not scale:
        return nothing(ax)
    ax = new_axes(ax)
    for position, (movement, (_, kind, _)) in enumerate(MOVEMENTS.items()):
        size = float(last[movement])
        ax.bar(position, size, bottom=level, width=0.58, color=colour(kind))
        ax.plot(
            [position + 0.29, position + 0.71],
            [level + size] * 2,
            color=colour("neutral"),
            linewidth=0.8,
        )
        top = max(level, level + size)
        mark(ax, position, top, amount(size, signed=True, scale=scale))
        level += size
    ax.bar(len(MOVEMENTS), level, width=0.58, color=colour("accent"))
    mark(ax, len(MOVEMENTS), max(level, 0), amount(level, signed=True, scale=scale))
    names = [name for name, _, _ in MOVEMENTS.values()]
    ax.set_xticks(range(len(names) + 1), [*names, "Net change"])
    _opening_and_closing(ax, last)
    amount_axis(ax, signed=True)
    name_axes(ax, y=f"Change on opening MRR{f', {currency}' if currency else ''}")
    return ax


def _opening_and_closing(ax: Axes, last: pd.Series) -> None:
    """Two levels, one at the start and one at the end, with what they are worth."""
    opening, closing = float(last["opening"]), float(last["closing"])
    right = len(MOVEMENTS) + 0.45
    ax.axhline(0, color=colour("ink"), linewidth=0.8, zorder=1)
    ax.set_xlim(-0.6, right)
    ax.margins(y=0.14)
    low, high = ax.get_ylim()
    ax.set_ylim(min(low, -0.04 * (high - low)), high)
    labels = [Label(right, 0, f"Opening {opening:,.0f}", colour("ink"))]
    labels.append(Label(right, closing - opening, f"Closing {closing:,.0f}", colour("accent")))
    label_ends(ax, labels)


@themed
def plot_movements(
    bridge: pd.DataFrame, *, currency: str = "", last: int = MONTHS_SHOWN, ax: Axes | None = None
) -> Axes:
    """What was gained and lost in each of the last periods, and the net of it.

    Parameters
    ----------
    bridge : DataFrame
        period_start, new, reactivation, expansion, contraction, churn (signed money).
    currency : str
    last : int
        Periods drawn.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_movements(bridge, currency="EUR")  # doctest: +SKIP
    """
    shown = bridge.tail(last).reset_index(drop=True)
    if not shown[list(MOVEMENTS)].any(axis=None):
        return nothing(ax)
    ax = new_axes(ax)
    base = {"gain": pd.Series(0.0, index=shown.index), "loss": pd.Series(0.0, index=shown.index)}
    for movement, (name, kind, depth) in MOVEMENTS.items():
        size = shown[movement].astype(float)
        bars(ax, shown.index, size, base=base[kind], hue=colour(kind), depth=depth, label=name)
        base[kind] = base[kind] + size
    net = base["gain"] + base["loss"]
    ax.plot(
        shown.index,
        net,
        color=colour("ink"),
        linewidth=1,
        marker="o",
        markersize=2.6,
        label="Net",
        zorder=3,
    )
    ax.axhline(0, color=colour("ink"), linewidth=0.8)
    legend_above(ax, columns=6)
    period_axis(ax, shown["period_start"])
    amount_axis(ax, signed=True)
    name_axes(ax, y=f"MRR gained and lost{f', {currency}' if currency else ''}")
    return ax


@themed
def plot_churn_rates(
    rates: pd.DataFrame, *, last: int = MONTHS_SHOWN, ax: Axes | None = None
) -> Axes:
    """Churn rates over time: of customers with its interval, of MRR gross and net, as far as they
    are at hand.

    Parameters
    ----------
    rates : DataFrame
        period_start and any of churn_rate (with churn_rate_low, churn_rate_high), gross_churn_rate,
        net_churn_rate (0 to 1): what `measures.churn`, `measures.revenue` or a join of both gives.
    last : int
        Periods drawn.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_churn_rates(churn)  # doctest: +SKIP
    """
    lines = {column: style for column, style in RATES.items() if column in rates.columns}
    return _rates(rates.tail(last), lines, "Churn in the period", ax)


@themed
def plot_retention_12m(retention: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Net and gross revenue retention over twelve months, by the period in which the twelve months
    end.

    Parameters
    ----------
    retention : DataFrame
        period_start, nrr, grr (1 = as much as a year before).
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_retention_12m(retention)  # doctest: +SKIP
    """
    lines = {"nrr": ("Net (NRR)", "accent"), "grr": ("Gross (GRR)", "neutral")}
    ax = _rates(
        retention, lines, "Revenue kept from the customers of a year before", ax, zero=False
    )
    if ax.get_gid() != NOTHING:
        ax.axhline(1, color=colour("ink"), linewidth=0.8, zorder=1)
    return ax


def _rates(
    frame: pd.DataFrame,
    lines: dict[str, tuple[str, str]],
    title: str,
    ax: Axes | None,
    zero: bool = True,
) -> Axes:
    shown = frame.reset_index(drop=True)
    if shown[list(lines)].isna().all(axis=None):
        return nothing(ax)
    ax = new_axes(ax)
    ends = []
    for column, (name, hue) in lines.items():
        values = shown[column].astype(float)
        ax.plot(shown.index, values, color=colour(hue), marker="o", markersize=2.4)
        if f"{column}_low" in shown.columns:
            low, high = shown[f"{column}_low"].astype(float), shown[f"{column}_high"].astype(float)
            ax.fill_between(shown.index, low, high, color=colour(hue), alpha=BAND, linewidth=0)
        if values.notna().any():
            end = values.last_valid_index()
            ends.append(Label(end, values[end], f"{name} {values[end] * 100:.1f} %", colour(hue)))
    if zero:
        ax.set_ylim(bottom=min(0.0, ax.get_ylim()[0]) if shown[list(lines)].min().min() < 0 else 0)
        ax.axhline(0, color=colour("hairline"), linewidth=0.8, zorder=1)
    share_axis(ax)
    period_axis(ax, shown["period_start"])
    label_ends(ax, ends)
    name_axes(ax, y=title)
    ax.tick_params(labelsize=SMALL)
    return ax
