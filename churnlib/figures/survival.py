"""Charts of lifetimes: who is still there after how many months, and when leaving is most
likely.
"""

from collections.abc import Iterator, Sequence

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import (
    Label,
    label_ends,
    mark,
    name_axes,
    share,
    share_axis,
    shorten,
    split_line,
    tenure_axis,
)
from churnlib.figures.theme import (
    BAND,
    MAX_SERIES,
    SMALL,
    colour,
    new_axes,
    nothing,
    segment_colours,
    themed,
)

# Points below the axis: past the ticks and the name of the axis; then a line of figures a curve.
STRIP_TOP, STRIP_STEP, STRIP_MARGIN = 36, 12, 20
MAX_BANDS = 4


@themed
def plot_survival(
    curve: pd.DataFrame,
    *,
    by: str | None = None,
    segments: Sequence[object] | None = None,
    unit: str = "months",
    y: str = "Share still there",
    ax: Axes | None = None,
) -> Axes:
    """Kaplan-Meier curves with their bands, and the number at risk below.

    Steps, because customers are counted at whole months; a curve ends where the frame ends. Up to
    four curves have bands; of more than eight segments the eight with most at risk are drawn, and
    the axis says so.

    Parameters
    ----------
    curve : DataFrame
        [by], tenure, at_risk, events, estimate, low, high.
    by : str, optional
        The column that tells the curves apart.
    segments : sequence, optional
        All values of the column, so that each keeps its colour where some have no curve.
    unit : str
        Of tenure.
    y : str
        What the share is of: the axis's name.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_survival(curve, by="channel")  # doctest: +SKIP
    """
    if not curve["tenure"].any():
        return nothing(ax)
    ax = new_axes(ax, height=3.4 + 0.16 * min(curve[by].nunique() if by else 1, MAX_SERIES))
    parts = list(_largest(curve, by))
    hues = segment_colours(segments if segments is not None else curve[by]) if by else {}
    ends = []
    for value, part in parts:
        hue = hues.get(value, colour("accent"))
        _steps(ax, part, hue, band=len(parts) <= MAX_BANDS)
        end = part.iloc[-1]
        text = (
            f"{shorten(value, 18)} {share(round(end['estimate'], 2))}"
            if by
            else share(round(end["estimate"], 3))
        )
        ends.append(Label(end["tenure"], end["estimate"], text, hue))
    ax.set_xlim(left=0)
    _survival_axes(
        ax, f"Whole {unit} since the {'first purchase' if unit == 'days' else 'start'}", y
    )
    label_ends(ax, ends)
    _strip(ax, parts, hues, tenure_axis(ax, int(curve["tenure"].max())))
    if by and curve[by].nunique() > len(parts):
        _remark(ax, f"The {len(parts)} largest of {curve[by].nunique():,} segments")
    return ax


def _largest(curve: pd.DataFrame, by: str | None) -> Iterator[tuple[object, pd.DataFrame]]:
    if by is None:
        yield None, curve.sort_values("tenure")
        return
    sizes = curve.groupby(by, observed=True)["at_risk"].max()
    for value in sorted(sizes.nlargest(MAX_SERIES).index, key=str):
        yield value, curve[curve[by] == value].sort_values("tenure")


def _steps(ax: Axes, part: pd.DataFrame, hue: str, band: bool) -> None:
    months = part["tenure"].astype(float)
    if band and {"low", "high"} <= set(part.columns):
        low, high = part["low"].astype(float), part["high"].astype(float)
        ax.fill_between(months, low, high, step="post", color=hue, alpha=BAND, linewidth=0)
    ax.plot(months, part["estimate"].astype(float), drawstyle="steps-post", color=hue)


def _survival_axes(ax: Axes, x: str, y: str) -> None:
    ax.set_ylim(0, 1.02)
    share_axis(ax)
    name_axes(ax, x=x, y=y)


def _strip(
    ax: Axes, parts: list[tuple[object, pd.DataFrame]], hues: dict[object, str], ticks: list[int]
) -> None:
    """The number at risk under the axis, a line of figures a curve."""
    style = {
        "textcoords": "offset points",
        "fontsize": SMALL - 0.8,
        "annotation_clip": False,
        "va": "top",
    }
    heading = style | {"xycoords": "axes fraction", "ha": "right"}
    figures = style | {
        "xycoords": ("data", "axes fraction"),
        "ha": "center",
        "color": colour("muted"),
    }
    ax.annotate("At risk", (0, 0), (-STRIP_MARGIN, -STRIP_TOP), color=colour("muted"), **heading)
    for row, (value, part) in enumerate(parts, start=0 if parts[0][0] is None else 1):
        height = -STRIP_TOP - row * STRIP_STEP
        if value is not None:
            hue = colour("muted") if hues[value] == colour("neutral") else hues[value]
            ax.annotate(shorten(value, 14), (0, 0), (-STRIP_MARGIN, height), color=hue, **heading)
        known = part.set_index("tenure")["at_risk"]
        for month in ticks:
            if month in known.index:
                ax.annotate(f"{known[month]:,.0f}", (month, 0), (0, height), **figures)


def _remark(ax: Axes, text: str) -> None:
    ax.annotate(
        text, (1, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", ha="right", va="bottom",
        fontsize=SMALL, color=colour("muted"), annotation_clip=False,
    )  # fmt: skip


@themed
def plot_hazard(hazard: pd.DataFrame, *, unit: str = "month", ax: Axes | None = None) -> Axes:
    """Share of those at risk who leave in each month of life, with intervals; months that stand out
    are named.

    Parameters
    ----------
    hazard : DataFrame
        tenure (month of life), estimate, low, high; stands_out (bool), optional.
    unit : str
        Of tenure.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_hazard(hazard)  # doctest: +SKIP
    """
    ax = new_axes(ax)
    marked = (
        hazard["stands_out"].astype(bool)
        if "stands_out" in hazard
        else pd.Series(False, index=hazard.index)
    )
    for rows, hue, size in ((~marked, "neutral", 4), (marked, "accent", 5.5)):
        part = hazard[rows]
        ax.vlines(
            part["tenure"], part["low"], part["high"], color=colour(hue), linewidth=1.4, alpha=0.6
        )
        ax.plot(
            part["tenure"],
            part["estimate"],
            "o",
            color=colour(hue),
            markersize=size,
            linestyle="none",
        )
    for _, row in hazard[marked].iterrows():
        text = f"{unit.capitalize()} {row['tenure']:.0f}: {row['estimate'] * 100:.1f} %"
        mark(ax, row["tenure"], row["high"], text, color=colour("accent"))
    ax.set_ylim(0, 1.12 * float(hazard["high"].max() or 1))
    share_axis(ax)
    ax.set_xlim(left=0)
    tenure_axis(ax, int(hazard["tenure"].max()))
    name_axes(ax, x=f"{unit.capitalize()} of life", y="Share of those at risk who leave")
    return ax


@themed
def plot_projection(
    curve: pd.DataFrame,
    projection: pd.DataFrame | None = None,
    *,
    unit: str = "months",
    ax: Axes | None = None,
) -> Axes:
    """What was observed, solid, and what the model expects beyond it, dashed, with its range.

    Parameters
    ----------
    curve : DataFrame
        tenure, estimate, low, high: observed; with a column part ("observed", "projected") both in
        one.
    projection : DataFrame, optional
        tenure, estimate, low, high: months within the observed time are left out of the drawing.
    unit : str
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_projection(curve, projection)  # doctest: +SKIP
    """
    if projection is None:
        curve, projection = (curve[curve["part"] == part] for part in ("observed", "projected"))
    if not curve["tenure"].any():
        return nothing(ax)
    ax = new_axes(ax)
    hue, observed = colour("accent"), curve.sort_values("tenure")
    split = observed.iloc[-1]
    _steps(ax, observed, hue, band=True)
    ahead = projection[projection["tenure"] > split["tenure"]].sort_values("tenure")
    months = [split["tenure"], *ahead["tenure"]]
    ax.plot(months, [split["estimate"], *ahead["estimate"]], color=hue, linestyle=(0, (3, 2)))
    if {"low", "high"} <= set(ahead.columns):
        low, high = ahead["low"].astype(float), ahead["high"].astype(float)
        ax.fill_between(
            ahead["tenure"].astype(float), low, high, color=hue, alpha=BAND, linewidth=0
        )
    ax.set_xlim(left=0)
    _survival_axes(ax, f"Whole {unit} since the customer's start", "Share still there")
    tenure_axis(ax, int(max(months)))
    split_line(ax, float(split["tenure"]), "Observed", "Projected")
    if len(ahead):
        end = ahead.iloc[-1]
        label_ends(
            ax, [Label(end["tenure"], end["estimate"], share(round(end["estimate"], 3)), hue)]
        )
    return ax


@themed
def plot_conditional(
    conditional: pd.DataFrame, *, unit: str = "months", ax: Axes | None = None
) -> Axes:
    """How likely a customer who has stayed so long is to stay so much longer.

    Parameters
    ----------
    conditional : DataFrame
        stayed, further (whole months), estimate, low, high; rows without an estimate are left out.
    unit : str
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_conditional(conditional)  # doctest: +SKIP
    """
    known = conditional.dropna(subset=["estimate"])
    if known.empty:
        return nothing(ax)
    ax = new_axes(ax)
    hues, ends = segment_colours(known["further"]), []
    for further, part in known.groupby("further"):
        hue = hues[further] if len(hues) > 1 else colour("accent")
        ax.vlines(part["stayed"], part["low"], part["high"], color=hue, linewidth=1.4, alpha=0.6)
        ax.plot(
            part["stayed"], part["estimate"], color=hue, marker="o", markersize=4.5, linewidth=1
        )
        end = part.iloc[-1]
        ends.append(Label(end["stayed"], end["estimate"], f"{further:.0f} more {unit}", hue))
        for _, row in part.iterrows() if len(hues) == 1 else ():
            mark(ax, row["stayed"], row["high"], f"{row['estimate'] * 100:.0f} %")
    _survival_axes(ax, f"{unit.capitalize()} already stayed", "Share who stay on")
    ax.set_xticks(
        sorted(known["stayed"].unique()),
        [f"{value:.0f}" for value in sorted(known["stayed"].unique())],
    )
    label_ends(ax, ends)
    return ax
