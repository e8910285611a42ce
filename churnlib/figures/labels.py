"""Words on a drawing: names at the ends of lines, values on bars, a legend where it must be."""

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.canvas import is_narrow
from churnlib.figures.svg import HALO
from churnlib.figures.theme import BASE, SMALL, colour
from churnlib.formats import visible

MAX_LABEL = 26
MAX_LEADERS = 4
"""Lines up to this many get a hairline from their end to their name."""
GAP = 0.068
"""Of the axis, between two names."""
_UNWRITABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Label(NamedTuple):
    """Text beside the end of a line: where, what (in one row or two), in which colour."""

    x: float
    y: float
    text: str
    colour: str


def shorten(text: object, width: int = MAX_LABEL) -> str:
    """Data as a label: one line of at most `width` characters, without those that XML forbids.

    Examples
    --------
    >>> shorten("a label much too long for a chart", 12)
    'a label muc…'
    """
    plain = " ".join(_UNWRITABLE.sub("", visible(text)).split())
    return plain if len(plain) <= width else plain[: width - 1] + "…"


def label_ends(ax: Axes, labels: Sequence[Label], gap: float = GAP) -> None:
    """Name lines at the right edge instead of in a legend; labels that would touch move apart.

    A line that ends earlier than the others gets a hairline from its end to its name.
    """
    if not labels:
        return
    edge = max(label.x for label in labels)
    heights = _apart(ax, [label.y for label in labels], gap)
    for label, height in zip(labels, heights, strict=True):
        hue = as_text(label.colour)
        if label.x < edge and len(labels) <= MAX_LEADERS:
            ends = [label.x, edge], [label.y, height]
            ax.plot(*ends, color=hue, linewidth=0.6, alpha=0.55, zorder=1.5)
        ax.annotate(
            "\n".join(shorten(row) for row in label.text.split("\n")),
            (edge, height),
            xytext=(6, 0),
            textcoords="offset points",
            color=hue,
            fontsize=SMALL,
            va="center",
            annotation_clip=False,
        )


def as_text(hue: str) -> str:
    """A line's colour for its name: the neutral grey is too light to be read."""
    return colour("muted") if hue == colour("neutral") else hue


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
    shown = {
        "xytext": (0, 4),
        "textcoords": "offset points",
        "fontsize": SMALL,
        "color": colour("ink"),
        "ha": "center",
        "va": "bottom",
        "gid": HALO,
    }
    ax.annotate(text, (x, y), **shown | style)


def remark(ax: Axes, text: str) -> None:
    """A word about the whole drawing, above its right corner; none where there is none."""
    if not text:
        return
    ax.annotate(
        text,
        (1, 1),
        xytext=(0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right",
        va="bottom",
        fontsize=SMALL,
        color=colour("muted"),
        annotation_clip=False,
    )


def legend_above(ax: Axes, columns: int) -> None:
    """A legend in one row above the chart, a long one in two where it is narrow: only where there
    are too many series to name at their ends.
    """
    if is_narrow(ax) and columns > 2:
        columns = -(-columns // 2)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.09),
        ncols=columns,
        handlelength=1,
        handleheight=0.9,
        columnspacing=1.4,
        handletextpad=0.5,
        borderpad=0,
        fontsize=BASE - 0.8,
    )


def mark_changes(ax: Axes, starts: pd.DatetimeIndex, changes: Sequence[tuple[str, str]]) -> None:
    """A hairline with its name where each change began: left of the period that it began in."""
    named: dict[int, list[str]] = {}
    for day, name in changes:
        place = int(starts.searchsorted(pd.Timestamp(day), side="right")) - 1
        if place > 0 or pd.Timestamp(day) == starts[0]:
            named.setdefault(place, []).append(shorten(name))
    for place, names in named.items():
        x = place - 0.5
        ax.axvline(x, color=colour("neutral"), linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
        mark(
            ax,
            x,
            1,
            ", ".join(names),
            xycoords=("data", "axes fraction"),
            xytext=(-2, -2),
            ha="right",
            va="top",
            rotation=90,
            color=colour("muted"),
        )


def split_line(ax: Axes, x: float, before: str, after: str) -> None:
    """A hairline where something changes in kind, such as from observed to projected, named on
    both sides.
    """
    ax.axvline(x, color=colour("neutral"), linewidth=0.8, linestyle=(0, (2, 2)), zorder=1)
    for text, side, shift in ((before, "right", -5), (after, "left", 5)):
        mark(
            ax,
            x,
            1,
            text,
            xycoords=("data", "axes fraction"),
            xytext=(shift, -2),
            ha=side,
            va="top",
            color=colour("muted"),
        )
