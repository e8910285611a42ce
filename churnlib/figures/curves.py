"""How a curve of those who are still there is drawn: steps, bands, the number at risk below."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import name_axes, share, share_axis, tenure_axis
from churnlib.figures.canvas import HEIGHT, new_axes, nothing
from churnlib.figures.figure import example_frame
from churnlib.figures.labels import as_text, label_ends, remark, shorten
from churnlib.figures.lines import Line, draw_bands, draw_lines, ends_of, lines_of
from churnlib.figures.split import Part, parts_of, remark_on
from churnlib.figures.theme import SMALL, colour

# Points below the axis: past the ticks and the name of the axis; then a line of figures a curve.
STRIP_TOP, STRIP_STEP, STRIP_MARGIN = 36, 12, 20
STRIP_HEIGHT = 0.16
"""Inches of such a line."""
STRIP_NAME = 14
STEPS = "steps-post"
"""Customers are counted at whole months: the share holds until the next one."""


def example_curve() -> pd.DataFrame:
    """The curve of a hundred customers over three months."""
    return example_frame(
        tenure=[0, 1, 2, 3],
        at_risk=[100, 100, 80, 60],
        events=[0, 20, 20, 10],
        estimate=[1, 0.8, 0.6, 0.5],
        low=[1, 0.7, 0.5, 0.4],
        high=[1, 0.9, 0.7, 0.6],
    )


def draw_curves(curve: pd.DataFrame, ax: Axes | None, *, x: str, y: str) -> Axes:
    """One curve of steps, or one for each segment, with the number at risk below.

    Up to four curves have bands; of more than eight segments those eight with most at risk are
    drawn, and the chart says so.

    Parameters
    ----------
    curve : DataFrame
        tenure, at_risk, estimate, low, high; [segment].
    ax : Axes, optional
    x, y : names of the axes
    """
    if not curve["tenure"].any():
        return nothing(ax)
    parts = parts_of(curve, "at_risk")
    ax = new_axes(ax, height=HEIGHT + STRIP_HEIGHT * len(parts))
    lines = lines_of(parts, x="tenure", y="estimate")
    draw_steps(ax, lines)
    name_survival_axes(ax, x, y)
    label_ends(ax, ends_of(lines, share_told(len(parts))))
    _number_at_risk(ax, parts, tenure_axis(ax, int(curve["tenure"].max())))
    remark(ax, remark_on(curve, parts))
    return ax


def draw_steps(ax: Axes, lines: Sequence[Line]) -> None:
    """Curves of steps with their bands."""
    draw_bands(ax, lines, step="post")
    draw_lines(ax, lines, drawstyle=STEPS)


def share_told(curves: int):
    """How a share stands at the end of a curve: finer where it stands alone."""
    digits = 3 if curves == 1 else 2
    return lambda value: share(round(value, digits))


def name_survival_axes(ax: Axes, x: str, y: str) -> None:
    """From the customer's start, and the whole of the share."""
    ax.set_xlim(left=0)
    share_of_all_axis(ax)
    name_axes(ax, x=x, y=y)


def share_of_all_axis(ax: Axes) -> None:
    """From 0 to 100 %."""
    ax.set_ylim(0, 1.02)
    share_axis(ax)


def _number_at_risk(ax: Axes, parts: Sequence[Part], ticks: Sequence[int]) -> None:
    """The number at risk under the axis, a line of figures a curve."""
    grey = colour("muted")
    _head(ax, 0, "At risk", grey)
    for row, part in enumerate(parts, start=1 if parts[0].name else 0):
        if part.name:
            _head(ax, row, shorten(part.name, STRIP_NAME), as_text(part.colour))
        known = part.rows.set_index("tenure")["at_risk"]
        for tick in ticks:
            if tick in known.index:
                _below(ax, (tick, 0), (0, row), f"{known[tick]:,.0f}", ha="center", color=grey)


def _head(ax: Axes, row: int, text: str, hue: str) -> None:
    start = (-STRIP_MARGIN, row)
    _below(ax, (0, 0), start, text, xycoords="axes fraction", ha="right", color=hue)


def _below(
    ax: Axes, xy: tuple[float, float], place: tuple[int, int], text: str, **style: object
) -> None:
    """A word in a row below the axis; `place` is points to the right, and the row."""
    right, row = place
    shown = {
        "xycoords": ("data", "axes fraction"),
        "textcoords": "offset points",
        "fontsize": SMALL - 0.8,
        "annotation_clip": False,
        "va": "top",
    }
    ax.annotate(text, xy, (right, -STRIP_TOP - row * STRIP_STEP), **shown | style)
