"""Ticks, axis names and direct labels: what every chart shares beside its colours."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, MaxNLocator

from churnlib.figures.theme import BASE, SMALL, colour
from churnlib.formats import visible

MINUS = "\u2212"
MAX_LABEL = 26
QUARTER_DAYS = 80
MAX_TICKS = 9
STEPS = (1, 2, 3, 6, 12, 24, 30, 60, 90, 180, 360)
BAR = 0.72
MAX_LEADERS = 4
HALO = "halo"


class Label(NamedTuple):
    """Text beside the end of a line: where, what, in which colour."""

    x: float
    y: float
    text: str
    colour: str


def shorten(text: object, width: int = MAX_LABEL) -> str:
    """Data as a label: one line of at most `width` characters.

    Examples
    --------
    >>> shorten("a label much too long for a chart", 12)
    'a label muc…'
    """
    plain = " ".join(visible(text).split())
    return plain if len(plain) <= width else plain[: width - 1] + "…"


def amount(value: float, signed: bool = False, scale: float | None = None) -> str:
    """A quantity for a chart: three digits, in the unit of `scale` (a like quantity), with a true
    minus sign.

    Examples
    --------
    >>> amount(1_250_000), amount(-12_500), amount(4_744, scale=20_000, signed=True), amount(35.8)
    ('1.25m', '\u221212.5k', '+4.7k', '35.8')
    """
    largest = max(abs(value), abs(scale or 0))
    size, unit = next(
        ((s, u) for s, u in ((1e9, "bn"), (1e6, "m"), (1e4, "k")) if largest >= s), (1, "")
    )
    size = 1e3 if unit == "k" else size
    scaled = abs(value) / size
    decimals = 0 if scaled >= 100 else 1 if scaled >= 10 or scale else 2
    digits = f"{scaled:,.{decimals}f}"
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    sign = MINUS if value < 0 else "+" if signed else ""
    return f"{sign if digits != '0' else ''}{digits}{unit if digits != '0' else ''}"


def share(value: float) -> str:
    """A share for an axis, in percent without needless decimals.

    Examples
    --------
    >>> share(0.25), share(0.025), share(-0.01)
    ('25 %', '2.5 %', '\u22121 %')
    """
    digits = f"{abs(value) * 100:.2f}".rstrip("0").rstrip(".")
    return f"{MINUS if value < 0 and digits != '0' else ''}{digits} %"


def name_axes(ax: Axes, *, x: str = "", y: str = "") -> None:
    """Name the axes: x below, y level above its axis, where it reads without turning the head."""
    ax.set_xlabel(x)
    ax.set_ylabel(y, rotation=0, ha="left", va="bottom")
    ax.yaxis.set_label_coords(0, 1.03)


def share_axis(ax: Axes, axis: str = "y") -> None:
    """Ticks in percent."""
    which = ax.yaxis if axis == "y" else ax.xaxis
    which.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    which.set_major_formatter(FuncFormatter(lambda value, _: share(value)))


def amount_axis(ax: Axes, axis: str = "y", signed: bool = False) -> None:
    """Ticks in thousands or millions."""
    which = ax.yaxis if axis == "y" else ax.xaxis
    which.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    which.set_major_formatter(FuncFormatter(lambda value, _: amount(value, signed, _reach(which))))


def _reach(axis: Axis) -> float:
    """The largest tick, whose unit all ticks share."""
    return max(abs(end) for end in axis.get_view_interval())


def whole_axis(ax: Axes, most: int = 12) -> None:
    """An x axis of whole numbers: months of life, ages, counts."""
    ax.xaxis.set_major_locator(MaxNLocator(most, integer=True, steps=[1, 2, 3, 6, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def period_axis(ax: Axes, starts: pd.Series) -> None:
    """Label positions 0, 1, 2, ... with their periods: the last one always, a year where it
    begins.
    """
    days = pd.DatetimeIndex(pd.to_datetime(starts))
    quarterly = len(days) > 1 and (days[1] - days[0]).days > QUARTER_DAYS
    step = next(
        s for s in (1, 2, 3, 4, 6, 12, 24, 1 + len(days) // MAX_TICKS) if len(days) / s <= MAX_TICKS
    )
    ticks = list(range(len(days) - 1, -1, -step))[::-1]
    labels, year = [], None
    for tick in ticks:
        day = days[tick]
        name = f"Q{day.quarter}" if quarterly else f"{day:%b}"
        labels.append(name if day.year == year else f"{name}\n{day.year}")
        year = day.year
    ax.set_xticks(ticks, labels)


def label_ends(ax: Axes, labels: Sequence[Label], gap: float = 0.068) -> None:
    """Name lines at the right edge instead of in a legend; labels that would touch move apart.

    A line that ends earlier than the others gets a hairline from its end to its name.
    """
    if not labels:
        return
    edge = max(label.x for label in labels)
    for label, height in zip(labels, _apart(ax, [label.y for label in labels], gap), strict=True):
        hue = colour("muted") if label.colour == colour("neutral") else label.colour
        if label.x < edge and len(labels) <= MAX_LEADERS:
            ax.plot(
                [label.x, edge], [label.y, height], color=hue, linewidth=0.6, alpha=0.55, zorder=1.5
            )
        ax.annotate(
            shorten(label.text), (edge, height), xytext=(6, 0), textcoords="offset points", color=hue,
            fontsize=SMALL, va="center", annotation_clip=False,
        )  # fmt: skip


def _apart(ax: Axes, heights: Sequence[float], gap: float) -> list[float]:
    """The heights, moved as little as needed to be `gap` of the axis apart and not above it."""
    low, high = ax.get_ylim()
    spacing = gap * (high - low)
    order = sorted(range(len(heights)), key=heights.__getitem__)
    placed = list(heights)
    for below, here in pairwise(order):
        placed[here] = max(placed[here], placed[below] + spacing)
    ceiling = high
    for here in reversed(order):
        placed[here] = min(placed[here], ceiling)
        ceiling = placed[here] - spacing
    return placed


def mark(ax: Axes, x: float, y: float, text: str, **style: object) -> None:
    """A label on the drawing itself, with a halo of paper, so that lines behind it do not cross
    it.
    """
    defaults = {
        "fontsize": SMALL,
        "color": colour("ink"),
        "ha": "center",
        "va": "bottom",
        "gid": HALO,
    }
    ax.annotate(
        text,
        (x, y),
        xytext=style.pop("offset", (0, 4)),
        textcoords="offset points",
        **(defaults | style),
    )


def tenure_axis(ax: Axes, last: int) -> list[int]:
    """Ticks at whole months (or days) up to `last`, in steps that divide a year (or follow
    months); returns them.
    """
    step = next((one for one in STEPS if last / one <= MAX_TICKS), -(-last // MAX_TICKS))
    ticks = list(range(0, last + 1, step))
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    return ticks


def bars(
    ax: Axes,
    place: pd.Series,
    size: pd.Series,
    *,
    base: pd.Series,
    hue: str,
    depth: float,
    label: str,
) -> None:
    """Stacked bars; a lighter shade lies on paper, so that no grid line shines through it."""
    if depth < 1:
        ax.bar(place, size, bottom=base, width=BAR, color=colour("paper"))
    ax.bar(place, size, bottom=base, width=BAR, color=hue, alpha=depth, label=label)


def legend_above(ax: Axes, columns: int) -> None:
    """A legend in one row above the chart: only where there are too many series to name at their
    ends.
    """
    ax.legend(
        loc="lower left", bbox_to_anchor=(-0.01, 1.09), ncols=columns, handlelength=1, handleheight=0.9,
        columnspacing=1.4, handletextpad=0.5, borderpad=0, fontsize=BASE - 0.8,
    )  # fmt: skip


def split_line(ax: Axes, x: float, before: str, after: str) -> None:
    """A hairline where something changes in kind, such as from observed to projected, named on
    both sides.
    """
    ax.axvline(x, color=colour("neutral"), linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
    style = {
        "xycoords": ("data", "axes fraction"),
        "textcoords": "offset points",
        "fontsize": SMALL,
    }
    for text, side, shift in ((before, "right", -5), (after, "left", 5)):
        ax.annotate(
            text,
            (x, 1),
            xytext=(shift, -2),
            ha=side,
            va="top",
            color=colour("muted"),
            gid=HALO,
            **style,
        )
