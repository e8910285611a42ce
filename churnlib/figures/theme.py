"""The one palette and the one style of every chart.

Charts are drawn in the light colours. Each of these is unique, so that `svg` can replace it by a
CSS variable and one drawing serves light, dark and print. Nothing happens on import: `@themed` puts
the style on for one function.
"""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, NamedTuple

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes


class Colour(NamedTuple):
    """One named colour: its value on light paper and on dark."""

    light: str
    dark: str


PALETTE: dict[str, Colour] = {
    "ink": Colour("#1b1f24", "#e7e5e0"),
    "muted": Colour("#5b636c", "#a3abb4"),
    "hairline": Colour("#d9dcdf", "#363c43"),
    "paper": Colour("#ffffff", "#15181c"),
    "neutral": Colour("#8b939c", "#828b95"),
    "accent": Colour("#1d5a94", "#86b8ea"),
    "heat": Colour("#5f97cd", "#2c6cae"),
    # Losses are darker than gains on light paper and on dark, so that grey print and any eye tells
    # them apart.
    "gain": Colour("#12827a", "#74d3c4"),
    "loss": Colour("#8e1b34", "#e0685a"),
    # After Okabe and Ito (2008), moved in lightness until each can also be read as text (4.5:1) on
    # its paper.
    "segment-1": Colour("#1a69ad", "#62a8e8"),
    "segment-2": Colour("#b94d08", "#f08a4b"),
    "segment-3": Colour("#0a7d60", "#43c59e"),
    "segment-4": Colour("#a04c86", "#d990bf"),
    "segment-5": Colour("#8a6800", "#e3c04d"),
    "segment-6": Colour("#1c7f96", "#9bd8f7"),
    "segment-7": Colour("#332f63", "#aaa5e0"),
    "segment-8": Colour("#5c3317", "#c69d7d"),
}
SEGMENTS = tuple(name for name in PALETTE if name.startswith("segment-"))
UNKNOWN = "(unknown)"
NOTHING = "nothing"
MAX_SERIES = len(SEGMENTS)
WIDTH, HEIGHT = 7.2, 3.4
BAND = 0.16
SMALL, BASE = 8.6, 9.4

STYLE: dict[str, object] = {
    "figure.figsize": (WIDTH, HEIGHT),
    "figure.constrained_layout.use": True,
    # Room for the name of the y axis, which stands above it and is not counted in full when a
    # figure is laid out.
    "figure.constrained_layout.h_pad": 0.09,
    "figure.constrained_layout.w_pad": 0.05,
    # The font that comes with matplotlib measures the same everywhere; pages show the reader's
    # system font.
    "font.family": "DejaVu Sans",
    "font.size": BASE,
    "axes.labelsize": SMALL,
    "axes.titlesize": BASE,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "axes.edgecolor": PALETTE["hairline"].light,
    "axes.facecolor": "none",
    "figure.facecolor": PALETTE["paper"].light,
    "axes.labelcolor": PALETTE["muted"].light,
    "xtick.color": PALETTE["muted"].light,
    "ytick.color": PALETTE["muted"].light,
    "text.color": PALETTE["ink"].light,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": PALETTE["hairline"].light,
    "grid.linewidth": 0.6,
    "xtick.major.size": 3,
    "xtick.major.width": 0.8,
    "ytick.major.size": 0,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "axes.prop_cycle": mpl.cycler(color=[PALETTE[name].light for name in SEGMENTS]),
    # A segment named "$a$" is a name, not mathematics.
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "churnlib",
}


def colour(name: str) -> str:
    """The light value of a palette colour: what charts are drawn with.

    Examples
    --------
    >>> colour("ink")
    '#1b1f24'
    """
    return PALETTE[name].light


def segment_colours(values: Iterable[object]) -> dict[object, str]:
    """One colour for each value of a segment column, by sorted value.

    Give it all values of the column, and a segment keeps its colour through the whole report.
    `(unknown)` and every value after the eighth are neutral grey.

    Examples
    --------
    >>> list(segment_colours(["b", "a", "(unknown)"]).items())
    [('(unknown)', '#8b939c'), ('a', '#1a69ad'), ('b', '#b94d08')]
    """
    assigned: dict[object, str] = {}
    free = iter(SEGMENTS)
    for value in sorted(set(values), key=str):
        name = "neutral" if value == UNKNOWN else next(free, "neutral")
        assigned[value] = colour(name)
    return assigned


def apply() -> None:
    """Put the style on for all that follows: what a notebook does once, at its start."""
    mpl.rcParams.update(STYLE)


def themed(plot: Callable[..., Axes]) -> Callable[..., Axes]:
    """Decorator: the function draws in the style of the report, and leaves the caller's settings as
    they were.

    A result without rows gives axes that say so (`nothing`).
    """

    @wraps(plot)
    def styled(result: pd.DataFrame, *args: Any, **kwargs: Any) -> Axes:
        with mpl.rc_context(STYLE):
            if result.empty:
                return nothing(kwargs.get("ax"))
            return plot(result, *args, **kwargs)

    return styled


def nothing(ax: Axes | None = None) -> Axes:
    """Axes without a drawing, switched off and marked `NOTHING`, of which a page makes a
    sentence: never an empty axis.
    """
    ax = new_axes(ax)
    ax.set_axis_off()
    ax.set_gid(NOTHING)
    return ax


def new_axes(ax: Axes | None, height: float = HEIGHT) -> Axes:
    """`ax`, or the axes of a new figure of the report's width and `height` inches."""
    return ax if ax is not None else plt.subplots(figsize=(WIDTH, height))[1]
