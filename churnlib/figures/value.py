"""Charts of customer value: what a customer is worth, and how far the model can be believed."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import (
    Label,
    amount_axis,
    label_ends,
    legend_above,
    mark,
    name_axes,
    share_axis,
    shorten,
    split_line,
    tenure_axis,
)
from churnlib.figures.theme import BAND, SMALL, colour, new_axes, nothing, segment_colours, themed

ROW_HEIGHT = 0.36
MOST_ROWS = 15


@themed
def plot_value_by_segment(
    value: pd.DataFrame,
    *,
    by: str = "segment",
    segments: Sequence[object] | None = None,
    currency: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Value per customer of each segment: the observed part solid, the projected part lighter, with
    the range of both.

    Parameters
    ----------
    value : DataFrame
        `by`, observed_value, projected_value, value, value_low, value_high (money a customer); in
        the order to be drawn, at most the first 15; rows without a value are left out.
    by : str
        The column that names the segments.
    segments : sequence, optional
        All values of the column: each keeps its colour.
    currency : str
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_value_by_segment(value, by="segment", currency="EUR")  # doctest: +SKIP
    """
    shown = value.dropna(subset=["value"]).head(MOST_ROWS).reset_index(drop=True)
    if shown.empty:
        return nothing(ax)
    ax = new_axes(ax, height=0.95 + ROW_HEIGHT * len(shown))
    hues = segment_colours(segments if segments is not None else value[by])
    row = shown.index.to_numpy()
    tints = [hues.get(segment, colour("neutral")) for segment in shown[by]]
    observed, projected = (
        shown[f"{part}_value"].astype(float).fillna(0) for part in ("observed", "projected")
    )
    ax.barh(row, observed, height=0.56, color=tints)
    ax.barh(row, projected, left=observed, height=0.56, color=colour("paper"))
    ax.barh(row, projected, left=observed, height=0.56, color=tints, alpha=0.4)
    ax.hlines(row, shown["value_low"], shown["value_high"], color=colour("ink"), linewidth=1)
    for place, total, high in zip(row, shown["value"], shown["value_high"], strict=True):
        end = np.nanmax([float(high), float(total)])
        mark(ax, end, place, f"{total:,.0f}", offset=(5, 0), ha="left", va="center")
    ax.set_yticks(row, [shorten(segment) for segment in shown[by]])
    ax.set_ylim(len(shown) - 0.5, -0.9)
    ax.grid(visible=False, axis="y")
    ax.grid(visible=True, axis="x")
    ax.tick_params(axis="y", labelcolor=colour("ink"))
    amount_axis(ax, "x")
    _name_parts(ax, observed, projected)
    name_axes(ax, x=f"Value per customer{f', {currency}' if currency else ''}")
    return ax


def _name_parts(ax: Axes, observed: pd.Series, projected: pd.Series) -> None:
    """What solid and light mean, over the first bar."""
    style = {"offset": (0, 0), "va": "center", "color": colour("muted"), "fontsize": SMALL}
    mark(ax, 0, -0.62, "Observed", **style | {"ha": "left"})
    if projected.iloc[0] > 0:
        mark(
            ax,
            max(observed.iloc[0], 0.16 * ax.get_xlim()[1]),
            -0.62,
            "Projected",
            **style | {"ha": "left"},
        )


@themed
def plot_tracking(tracking: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Repeat purchases of all customers added up week by week: what happened and what the model
    expected.

    Parameters
    ----------
    tracking : DataFrame
        week_start, actual_cumulative, predicted_cumulative (repeat purchases); held_out (bool): the
        model had not seen that week. Where no week was held out, or nothing was predicted, there is
        nothing to compare.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_tracking(tracking)  # doctest: +SKIP
    """
    shown = tracking.sort_values("week_start", ignore_index=True)
    held_out = shown["held_out"].astype(bool)
    if not held_out.any() or shown["predicted_cumulative"].isna().all():
        return nothing(ax)
    ax = new_axes(ax)
    weeks, ends = shown.index + 1, []
    for part, hue, style in (("predicted", "accent", (0, (3, 2))), ("actual", "ink", "solid")):
        values = shown[f"{part}_cumulative"].astype(float)
        ax.plot(weeks, values, color=colour(hue), linestyle=style, linewidth=1.6)
        if values.notna().any():
            end = values.last_valid_index()
            ends.append(
                Label(end + 1, values[end], f"{part.capitalize()} {values[end]:,.0f}", colour(hue))
            )
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    amount_axis(ax)
    tenure_axis(ax, len(shown))
    if not held_out.all():
        split_line(ax, float(held_out.idxmax()), "Fitted", "Held out")
    label_ends(ax, ends)
    name_axes(
        ax, x=f"Weeks from {_day(shown['week_start'].iloc[0])}", y="Repeat purchases, added up"
    )
    return ax


def _day(value: object) -> str:
    day = pd.Timestamp(value)
    return f"{day.day} {day:%b %Y}"


@themed
def plot_calibration(calibration: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Purchases per customer in the time held out, by purchases before: what happened beside what
    was expected.

    Parameters
    ----------
    calibration : DataFrame
        frequency (repeat purchases while fitting; numbers, or text such as "7+"), actual, predicted
        (mean purchases per customer).
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_calibration(calibration)  # doctest: +SKIP
    """
    if calibration["predicted"].isna().all():
        return nothing(ax)
    ax = new_axes(ax)
    rows = np.arange(len(calibration))
    actual, predicted = calibration["actual"].astype(float), calibration["predicted"].astype(float)
    ax.vlines(rows, actual, predicted, color=colour("neutral"), linewidth=1)
    ax.plot(rows, actual, "o", color=colour("ink"), markersize=5, label="Actual")
    ax.plot(
        rows, predicted, "o", color=colour("accent"), markersize=5, markerfacecolor=colour("paper"), label="Predicted"
    )  # fmt: skip
    ax.set_xticks(
        rows,
        [
            f"{one:.0f}" if isinstance(one, int | float) else str(one)
            for one in calibration["frequency"]
        ],
    )
    ax.set_ylim(bottom=0)
    amount_axis(ax)
    legend_above(ax, columns=2)
    name_axes(ax, x="Repeat purchases before", y="Purchases per customer in the time held out")
    return ax


@themed
def plot_origins(origins: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Earlier forecasts and what came of them: predicted range and actual, from each rolling
    origin.

    Parameters
    ----------
    origins : DataFrame
        origin (date the forecast was made from), predicted, low, high, actual: of one model.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_origins(origins)  # doctest: +SKIP
    """
    if origins["predicted"].isna().all():
        return nothing(ax)
    ax = new_axes(ax, height=3.0)
    rows = np.arange(len(origins))
    ax.vlines(
        rows,
        origins["low"],
        origins["high"],
        color=colour("accent"),
        linewidth=7,
        alpha=0.3,
        label="Range",
    )
    ax.plot(
        rows, origins["predicted"], "_", color=colour("accent"), markersize=13, label="Predicted"
    )
    actual = origins["actual"].astype(float).to_numpy()
    inside = (actual >= origins["low"].to_numpy()) & (actual <= origins["high"].to_numpy())
    for chosen, hue, name in (
        (inside, "ink", "Actual"),
        (~inside, "loss", "Actual, outside the range"),
    ):
        if chosen.any():
            ax.plot(rows[chosen], actual[chosen], "o", color=colour(hue), markersize=5, label=name)
    ax.margins(y=0.1)
    ax.set_xticks(rows, [_day(origin) for origin in origins["origin"]])
    ax.set_xlim(-0.5, len(origins) - 0.5)
    ax.set_ylim(bottom=0)
    amount_axis(ax)
    legend_above(ax, columns=4)
    name_axes(ax, x="Forecast made on", y="Purchases in the time ahead")
    return ax


@themed
def plot_gaps(gaps: pd.DataFrame, *, unit: str = "days", ax: Axes | None = None) -> Axes:
    """Share of purchases that have been followed by another after so much time; the open last gap
    is censored.

    Parameters
    ----------
    gaps : DataFrame
        A curve: tenure, estimate (share without another purchase yet), low, high.
    unit : str
        Of tenure.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_gaps(gaps)  # doctest: +SKIP
    """
    shown, hue = gaps.sort_values("tenure"), colour("accent")
    if not shown["tenure"].any():
        return nothing(ax)
    ax = new_axes(ax)
    time, back = shown["tenure"].astype(float), 1 - shown["estimate"].astype(float)
    if {"low", "high"} <= set(shown.columns):
        low, high = 1 - shown["high"].astype(float), 1 - shown["low"].astype(float)
        ax.fill_between(time, low, high, step="post", color=hue, alpha=BAND, linewidth=0)
    ax.plot(time, back, drawstyle="steps-post", color=hue)
    ax.set_xlim(left=0)
    ax.set_ylim(0, min(1.02, 1.25 * float(back.max()) + 0.02))
    share_axis(ax)
    tenure_axis(ax, int(time.max()))
    label_ends(ax, [Label(time.iloc[-1], back.iloc[-1], f"{back.iloc[-1] * 100:.0f} %", hue)])
    name_axes(ax, x=f"{unit.capitalize()} since the purchase", y="Share who have bought again")
    return ax
