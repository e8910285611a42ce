"""Charts of orders: who buys, how often, for how much."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import (
    Label,
    amount,
    amount_axis,
    bars,
    label_ends,
    legend_above,
    name_axes,
    period_axis,
    share_axis,
)
from churnlib.figures.theme import BAND, colour, new_axes, nothing, themed

PERIODS_SHOWN = 24


@themed
def plot_sales(
    sales: pd.DataFrame, *, currency: str = "", last: int = PERIODS_SHOWN, ax: Axes | None = None
) -> Axes:
    """Revenue of each period from returning customers and from new ones.

    Parameters
    ----------
    sales : DataFrame
        period_start, revenue_returning, revenue_new (money).
    currency : str
        Code for the axis.
    last : int
        Periods drawn.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_sales(sales, currency="USD")  # doctest: +SKIP
    """
    shown = sales.tail(last).reset_index(drop=True)
    if not shown[["revenue_returning", "revenue_new"]].any(axis=None):
        return nothing(ax)
    ax = new_axes(ax)
    returning, new = shown["revenue_returning"].astype(float), shown["revenue_new"].astype(float)
    hue = colour("accent")
    bars(
        ax,
        shown.index,
        returning,
        base=0 * returning,
        hue=hue,
        depth=1,
        label="Returning customers",
    )
    # Returns may exceed what new customers bought: such a bar hangs below zero instead of hiding in
    # the other.
    base = returning.where((new >= 0) & (returning >= 0), 0)
    bars(ax, shown.index, new, base=base, hue=hue, depth=0.4, label="New customers")
    ax.axhline(0, color=colour("ink"), linewidth=0.8)
    legend_above(ax, columns=2)
    amount_axis(ax)
    period_axis(ax, shown["period_start"])
    name_axes(ax, y=f"Revenue in the period{f', {currency}' if currency else ''}")
    return ax


@themed
def plot_order_figures(
    sales: pd.DataFrame,
    *,
    column: str = "average_order_value",
    name: str = "",
    currency: str = "",
    last: int = PERIODS_SHOWN,
    ax: Axes | None = None,
) -> Axes:
    """One figure per order or per customer over time, from zero.

    Parameters
    ----------
    sales : DataFrame
        period_start and `column`; `<column>_low` and `<column>_high` where it has a range.
    column : str
        Such as average_order_value, purchase_frequency; columns that end in `_rate` read in
        percent.
    name : str
        Of the axis; otherwise the column in plain words.
    currency : str
        Code for the axis, where the column is money.
    last : int
        Periods drawn.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_order_figures(sales, column="average_order_value", currency="EUR")  # doctest: +SKIP
    """
    shown = sales.tail(last).reset_index(drop=True)
    if shown[column].isna().all():
        return nothing(ax)
    ax = new_axes(ax, height=2.6)
    values, hue = shown[column].astype(float), colour("accent")
    rate = column.endswith("_rate")
    ax.plot(shown.index, values, color=hue, marker="o", markersize=2.6)
    if {f"{column}_low", f"{column}_high"} <= set(shown.columns):
        low, high = shown[f"{column}_low"].astype(float), shown[f"{column}_high"].astype(float)
        ax.fill_between(shown.index, low, high, color=hue, alpha=BAND, linewidth=0)
    ax.set_ylim(bottom=min(0.0, float(values.min()) * 1.1) if values.notna().any() else 0)
    (share_axis if rate else amount_axis)(ax)
    period_axis(ax, shown["period_start"])
    if values.notna().any():
        end = values.last_valid_index()
        text = f"{values[end] * 100:.1f} %" if rate else amount(values[end])
        label_ends(ax, [Label(end, values[end], text, hue)])
    name = name or column.replace("_", " ").capitalize()
    name_axes(ax, y=f"{name}, {currency}" if currency else name)
    return ax
