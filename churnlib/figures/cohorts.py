"""Charts of cohorts: who stayed, by age."""

import math

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from churnlib.figures.axes import Label, label_ends, name_axes, share_axis, whole_axis
from churnlib.figures.theme import BAND, SMALL, WIDTH, colour, new_axes, nothing, themed

ROW_HEIGHT = 0.24


@themed
def plot_triangle(triangle: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The cohort triangle as a heat map of one hue; pages show `report.blocks.triangle_block`
    instead.

    Parameters
    ----------
    triangle : DataFrame
        cohort, age, rate (0 to 1); a missing rate is not yet observable and stays blank.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_triangle(triangle)  # doctest: +SKIP
    """
    wide = triangle.set_index(["cohort", "age"])["rate"].astype(float).unstack()  # noqa: PD010
    wide = wide.reindex(pd.unique(triangle["cohort"])).dropna(axis="columns", how="all") * 100
    ax = new_axes(ax, height=0.9 + ROW_HEIGHT * len(wide))
    crowded = wide.shape[1] > WIDTH / 0.4
    sns.heatmap(
        wide, ax=ax, cmap=sns.light_palette(colour("heat"), as_cmap=True), cbar=False, annot=not crowded,
        fmt=".0f", annot_kws={"fontsize": SMALL - 1.6, "color": colour("ink")}, linewidths=0.6,
        vmin=float(wide.iloc[:, 1:].min().min()) if wide.shape[1] > 1 else 0,
        vmax=float(wide.iloc[:, 1:].max().max()) if wide.shape[1] > 1 else 100,
    )  # fmt: skip
    ax.tick_params(left=False, bottom=False, labelrotation=0)
    ax.set(xlabel="Whole periods since the cohort's first", ylabel="")
    return ax


@themed
def plot_pooled(pooled: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Retention by age over all cohorts that can be observed that long, with its interval.

    Parameters
    ----------
    pooled : DataFrame
        age, rate, low, high (0 to 1).
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_pooled(pooled)  # doctest: +SKIP
    """
    shown = pooled.dropna(subset=["rate"])
    if not shown["age"].any():
        return nothing(ax)
    ax = new_axes(ax)
    hue = colour("accent")
    if {"low", "high"} <= set(shown.columns):
        low, high = shown["low"].astype(float), shown["high"].astype(float)
        ax.fill_between(shown["age"], low, high, color=hue, alpha=BAND, linewidth=0)
    ax.plot(shown["age"], shown["rate"], color=hue, marker="o", markersize=2.4)
    _retention_axes(ax, float(shown["rate"].max()))
    for age in (0, len(shown) - 1):
        row = shown.iloc[age]
        if age:
            label_ends(ax, [Label(row["age"], row["rate"], f"{row['rate'] * 100:.0f} %", hue)])
    return ax


@themed
def plot_newest_against_earlier(comparison: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Retention of the newest cohorts beside that of the earlier ones at the same age.

    Parameters
    ----------
    comparison : DataFrame
        age; newest_rate, newest_low, newest_high; earlier_rate, earlier_low, earlier_high (0 to 1).
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_newest_against_earlier(comparison)  # doctest: +SKIP
    """
    if not comparison.dropna(subset=["newest_rate"])["age"].any():
        return nothing(ax)
    ax = new_axes(ax)
    ends, highest, lowest = [], 0.0, 1.0
    for group, name, hue in (
        ("earlier", "Earlier cohorts", "neutral"),
        ("newest", "Newest cohorts", "accent"),
    ):
        shown = comparison.dropna(subset=[f"{group}_rate"])
        if shown.empty:
            continue
        rate = shown[f"{group}_rate"].astype(float)
        low, high = shown[f"{group}_low"].astype(float), shown[f"{group}_high"].astype(float)
        ax.fill_between(shown["age"], low, high, color=colour(hue), alpha=BAND, linewidth=0)
        ax.plot(shown["age"], rate, color=colour(hue), marker="o", markersize=2.6)
        ends.append(Label(shown["age"].iloc[-1], rate.iloc[-1], name, colour(hue)))
        highest, lowest = max(highest, high.max()), min(lowest, low.min())
    _retention_axes(ax, highest)
    # Lines, not bars: the axis may start near them, so that a few points of difference can be seen.
    ax.set_ylim(bottom=max(0.0, math.floor(lowest * 10 - 0.5) / 10))
    label_ends(ax, ends)
    return ax


def _retention_axes(ax: Axes, highest: float) -> None:
    ax.set_ylim(0, 1.05 * highest if highest > 1 else 1.0)
    share_axis(ax)
    whole_axis(ax)
    name_axes(ax, x="Whole periods since the cohort's first", y="Share of the cohort still active")
