"""Charts of orders: who buys, how often, for how much."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import amount, amount_axis, name_axes, period_axis
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends, legend_above, remark
from churnlib.figures.lines import MARK, draw_bands, draw_lines, draw_stack, ends_of, lines_of
from churnlib.figures.periods import newest, periods_for, placed
from churnlib.figures.split import parts_of, remark_on
from churnlib.figures.theme import colour
from churnlib.results.declared import currency_of

__all__ = ["plot_buyers", "plot_order_value", "plot_sales"]

PERIODS_FOLDED = 13
ORDER_VALUE_HEIGHT = 2.6
PARTS = {
    "revenue": ("revenue_new", "revenue_returning"),
    "customers": ("new_customers", "returning_customers"),
}


def _folded(sales: pd.DataFrame) -> pd.DataFrame:
    return newest(sales, PERIODS_FOLDED)


def _sales() -> pd.DataFrame:
    return example_frame(
        period_start=pd.date_range("2025-01-01", periods=6, freq="MS"),
        revenue_returning=5.0,
        revenue_new=[3.0, -1, 3, 3, 3, 3],
        revenue=[8.0, 4, 8, 8, 8, 8],
        new_customers=[3, 1, 2, 2, 2, 2],
        returning_customers=[5, 4, 4, 5, 5, 5],
        customers=[8, 5, 6, 7, 7, 7],
        orders=[2, 2, 3, 3, 4, 4],
        average_order_value=[4.0, 2, 2.7, 2.7, 2, 2],
    )


@figure(
    "sales",
    title="revenue of new and returning customers",
    subtitle="Revenue by {grain}, {currency}, returns deducted",
    caption="Returning: the first purchase lay in an earlier period. New: it lies in this one.",
    example=_sales,
    numbers=_folded,
)
def plot_sales(sales: pd.DataFrame, *, last: int | None = None, ax: Axes | None = None) -> Axes:
    """Revenue of each period from returning customers and from new ones.

    Parameters
    ----------
    sales : DataFrame
        period_start, revenue, revenue_returning, revenue_new (money; these empty where it is not
        known who is new). Of one segment.
    last : int, optional
        Periods drawn; otherwise as many as there is room for: 24, or 13 in a narrow chart.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_sales(plot_sales.figure.example()).get_ylabel()
    'Revenue in the period, EUR'
    """
    if not sales["revenue"].any():
        return nothing(ax)
    ax = new_axes(ax)
    shown = placed(newest(sales, last or periods_for(ax)))
    draw_new_and_returning(ax, shown, "revenue")
    amount_axis(ax)
    period_axis(ax, shown)
    name_axes(ax, y="Revenue in the period", unit=currency_of(sales))
    return ax


def draw_new_and_returning(ax: Axes, shown: pd.DataFrame, what: str) -> None:
    """Bars of a quantity, of returning customers and of new ones."""
    new, returning = (shown[name].astype(float) for name in PARTS[what])
    # Returns may exceed what new customers bought: such a bar hangs below zero instead of hiding in
    # the other.
    base = returning.where((new >= 0) & (returning >= 0), 0)
    hue = colour("accent")
    old = {"base": 0 * returning, "depth": 1, "label": "Returning customers"}
    draw_stack(ax, shown["place"], returning, hue=hue, **old)
    draw_stack(ax, shown["place"], new, base=base, hue=hue, depth=0.4, label="New customers")
    unknown = shown[what].astype(float).where(new.isna(), 0.0)
    if unknown.any():
        either = {"base": 0 * unknown, "depth": 1, "label": "New or returning: not known"}
        draw_stack(ax, shown["place"], unknown, hue=colour("neutral"), **either)
    ax.axhline(0, color=colour("ink"), linewidth=0.8)
    legend_above(ax, columns=2)


@figure(
    "buyers",
    title="new and returning customers",
    subtitle="Customers who bought, by {grain}",
    caption="Returning: the first purchase lay in an earlier period. New: it lies in this one.",
    example=_sales,
    numbers=_folded,
)
def plot_buyers(sales: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How many customers bought in each period, returning and new ones.

    Parameters
    ----------
    sales : DataFrame
        period_start, customers, returning_customers, new_customers (these empty where it is not
        known who is new). Of one segment.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_buyers(plot_buyers.figure.example()).get_ylabel()
    'Customers who bought'
    """
    if not sales["customers"].any():
        return nothing(ax)
    ax = new_axes(ax)
    shown = placed(newest(sales, periods_for(ax)))
    draw_new_and_returning(ax, shown, "customers")
    amount_axis(ax)
    period_axis(ax, shown)
    name_axes(ax, y="Customers who bought")
    return ax


@figure(
    "orders",
    title="revenue per purchase",
    subtitle="Revenue per purchase by {grain}{and_by}, {currency}",
    caption="Revenue, returns deducted, ÷ purchases of the period. "
    "Purchase frequency: purchases ÷ customers who bought.",
    example=_sales,
    numbers=_folded,
    draws_segments=True,
)
def plot_order_value(
    sales: pd.DataFrame, *, last: int | None = None, ax: Axes | None = None
) -> Axes:
    """Revenue per purchase over time, from zero.

    Parameters
    ----------
    sales : DataFrame
        period_start, average_order_value (money); [segment].
    last : int, optional
        Periods drawn; otherwise as many as there is room for: 24, or 13 in a narrow chart.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_order_value(plot_order_value.figure.example()).get_ylabel()
    'Revenue per purchase, EUR'
    """
    if sales["average_order_value"].isna().all():
        return nothing(ax)
    ax = new_axes(ax, height=ORDER_VALUE_HEIGHT)
    shown = placed(newest(sales, last or periods_for(ax)))
    parts = parts_of(shown, "orders")
    lines = lines_of(parts, x="place", y="average_order_value")
    draw_bands(ax, lines)
    draw_lines(ax, lines, marker="o", markersize=MARK)
    lowest = float(shown["average_order_value"].min())
    ax.set_ylim(bottom=1.1 * lowest if lowest < 0 else 0)
    amount_axis(ax)
    period_axis(ax, shown)
    label_ends(ax, ends_of(lines, amount))
    remark(ax, remark_on(shown, parts))
    name_axes(ax, y="Revenue per purchase", unit=currency_of(sales))
    return ax
