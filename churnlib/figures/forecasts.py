"""Charts of how far a model of purchases can be believed: what it expected, and what came."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import amount_axis, day, name_axes, tenure_axis
from churnlib.figures.canvas import is_narrow, new_axes, nothing
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends, legend_above, split_line
from churnlib.figures.lines import draw_lines, draw_points, draw_ranges, ends_of, line
from churnlib.figures.split import refuse_several
from churnlib.figures.theme import colour

__all__ = ["plot_calibration", "plot_origins", "plot_tracking"]

DASHED = (0, (3, 2))
DOT = 6
ORIGINS_HEIGHT = 3.0


def _weeks() -> pd.DataFrame:
    return example_frame(
        week_start=pd.date_range("2025-01-01", periods=4, freq="7D"),
        actual_cumulative=[1.0, 3, 5, 6],
        predicted_cumulative=[1.5, 3, 4, 6],
        held_out=[False, False, True, True],
    )


def _held_out(tracking: pd.DataFrame) -> pd.DataFrame:
    return tracking[tracking["held_out"].astype(bool)]


@figure(
    "tracking",
    title="repeat purchases week by week",
    subtitle="Repeat purchases added up by week",
    caption="The model learned from what lies before the line alone.",
    example=_weeks,
    numbers=_held_out,
)
def plot_tracking(tracking: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Repeat purchases of all customers added up week by week: what happened and what the model
    expected.

    Parameters
    ----------
    tracking : DataFrame
        week_start, actual_cumulative, predicted_cumulative (repeat purchases); held_out (bool): the
        model had not seen that week. Where no week was held out, or nothing was predicted, there is
        nothing to compare. Of one segment.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_tracking(plot_tracking.figure.example()).get_xlabel()
    'Weeks from 1 Jan 2025'
    """
    shown = tracking.sort_values("week_start", ignore_index=True)
    held_out = shown["held_out"].astype(bool)
    if not held_out.any() or shown["predicted_cumulative"].isna().all():
        return nothing(ax)
    ax = new_axes(ax)
    weeks = shown.assign(week=shown.index + 1)
    predicted = line("Predicted", colour("accent"), weeks, x="week", y="predicted_cumulative")
    actual = line("Actual", colour("ink"), weeks, x="week", y="actual_cumulative")
    draw_lines(ax, [predicted], linestyle=DASHED, linewidth=1.6)
    draw_lines(ax, [actual], linewidth=1.6)
    ax.set_xlim(left=0)
    ax.set_ylim(bottom=0)
    amount_axis(ax)
    tenure_axis(ax, len(weeks))
    if not held_out.all():
        split_line(ax, float(held_out.idxmax()), "Fitted", "Held out")
    label_ends(ax, ends_of([predicted, actual], lambda purchases: f"{purchases:,.0f}"))
    first = day(weeks["week_start"].iloc[0])
    name_axes(ax, x=f"Weeks from {first}", y="Repeat purchases, added up")
    return ax


def _bins() -> pd.DataFrame:
    return example_frame(
        frequency=["0", "1", "2+"],
        customers=[70, 20, 10],
        actual=[0.1, 0.5, 2],
        predicted=[0.2, 0.4, 2.2],
    )


@figure(
    "calibration",
    title="purchases expected and made, by purchases before",
    subtitle="Purchases a customer in the weeks held out, by repeat purchases before",
    caption="Mean of what the model expected of these customers, beside the mean of what they did.",
    example=_bins,
)
def plot_calibration(calibration: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Purchases per customer in the time held out, by purchases before: what happened beside what
    was expected.

    Parameters
    ----------
    calibration : DataFrame
        frequency (repeat purchases while fitting; numbers, or text such as "7+"), actual, predicted
        (mean purchases per customer). Of one segment.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_calibration(plot_calibration.figure.example()).get_xlabel()
    'Repeat purchases before'
    """
    if calibration["predicted"].isna().all():
        return nothing(ax)
    ax = new_axes(ax)
    rows = np.arange(len(calibration))
    actual = calibration["actual"].astype(float)
    predicted = calibration["predicted"].astype(float)
    ax.vlines(rows, actual, predicted, color=colour("neutral"), linewidth=1)
    hollow = {"facecolor": colour("paper"), "edgecolor": colour("accent"), "linewidth": 1}
    draw_points(ax, rows, actual, size=DOT, color=colour("ink"), label="Actual")
    draw_points(ax, rows, predicted, size=DOT - 1, label="Predicted", **hollow)
    ax.set_xticks(rows, [_whole(one) for one in calibration["frequency"]])
    ax.set_ylim(bottom=0)
    amount_axis(ax)
    legend_above(ax, columns=2)
    name_axes(ax, x="Repeat purchases before", y="Purchases per customer in the time held out")
    return ax


def _whole(frequency: object) -> str:
    return str(frequency) if isinstance(frequency, str) else f"{frequency:.0f}"


def _origins() -> pd.DataFrame:
    return example_frame(
        origin=pd.date_range("2025-01-01", periods=2, freq="MS"),
        model="BG/NBD",
        predicted=[10, 12],
        low=[8, 10],
        high=[12, 13],
        actual=[11, 15],
    )


@figure(
    "rolling-origins",
    title="earlier forecasts and what came of them",
    subtitle="Repeat purchases in the weeks after each date",
    caption="Each forecast was made of what was known on that date, and has a 95 % range.",
    example=_origins,
)
def plot_origins(origins: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Earlier forecasts and what came of them: predicted range and actual, from each rolling
    origin.

    Parameters
    ----------
    origins : DataFrame
        origin (date the forecast was made from), predicted, low, high, actual: of one model
        (`model`, optional) and one segment.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_origins(plot_origins.figure.example()).get_xlabel()
    'Forecast made on'
    """
    if "model" in origins:
        refuse_several(origins, "plot_origins", "model")
    if origins["predicted"].isna().all():
        return nothing(ax)
    ax = new_axes(ax, height=ORIGINS_HEIGHT)
    shown = origins.reset_index(drop=True)
    rows, accent = shown.index, colour("accent")
    range_style = {"linewidth": 7, "alpha": 0.3, "label": "Range"}
    draw_ranges(ax, rows, shown["low"], shown["high"], color=accent, **range_style)
    dash = {"marker": "_", "size": 13, "linewidth": 1}
    draw_points(ax, rows, shown["predicted"], color=accent, label="Predicted", **dash)
    inside = shown["actual"].between(shown["low"], shown["high"])
    _draw_actual(ax, shown[inside], "ink", "Actual")
    _draw_actual(ax, shown[~inside], "loss", "Actual, outside the range")
    ax.margins(y=0.1)
    _name_days(ax, shown["origin"])
    ax.set_xlim(-0.5, len(shown) - 0.5)
    ax.set_ylim(bottom=0)
    amount_axis(ax)
    legend_above(ax, columns=4)
    name_axes(ax, x="Forecast made on", y="Purchases in the time ahead")
    return ax


def _draw_actual(ax: Axes, rows: pd.DataFrame, hue: str, label: str) -> None:
    if len(rows):
        draw_points(ax, rows.index, rows["actual"], size=DOT, color=colour(hue), label=label)


def _name_days(ax: Axes, origins: pd.Series) -> None:
    """Each date; in a narrow chart over two lines."""
    words = [day(origin) for origin in origins]
    if is_narrow(ax):
        words = ["\n".join(one.rsplit(" ", 1)) for one in words]
    ax.set_xticks(range(len(words)), words)
