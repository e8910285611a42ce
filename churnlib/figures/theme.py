"""The one palette and the one theme of every chart, as parameters of `seaborn.set_theme`.

Charts are drawn in the light colours. Each of these is unique, so that `svg` can replace it by a
CSS variable and one drawing serves light, dark and print. Nothing happens on import: `worn` puts
the theme on for one drawing, `apply` for a notebook.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import matplotlib as mpl
import seaborn as sns

from churnlib.results.segments import UNKNOWN


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
MAX_SERIES = len(SEGMENTS)
SMALL, BASE = 8.6, 9.4
"""Points of text: what stands on axes and beside lines, and all else."""
HOST: dict[str, str] = {
    "ink": "--jp-content-font-color1",
    "muted": "--jp-content-font-color2",
    "paper": "--jp-layout-color0",
    "hairline": "--jp-border-color2",
    "accent": "--jp-content-link-color",
}
"""What must agree with the paper that it stands on is JupyterLab's own where no page sets it."""
NOTHING = "nothing"
"""The gid of axes that have nothing to show."""
JUPYTER_DARK = '[data-jp-theme-light="false"]'
"""How JupyterLab marks its body when its theme is dark."""

THEME: dict[str, object] = {
    "context": "notebook",
    "style": "ticks",
    "palette": [PALETTE[name].light for name in SEGMENTS],
    # The font that comes with matplotlib measures the same everywhere; pages show the reader's
    # system font.
    "font": "DejaVu Sans",
    "color_codes": False,
    "rc": {
        "figure.constrained_layout.use": True,
        # Room for the name of the y axis, which stands above it and is not counted in full when a
        # figure is laid out.
        "figure.constrained_layout.h_pad": 0.09,
        "figure.constrained_layout.w_pad": 0.05,
        "figure.facecolor": PALETTE["paper"].light,
        "font.size": BASE,
        "text.color": PALETTE["ink"].light,
        # A segment named "$a$" is a name, not mathematics.
        "text.parse_math": False,
        "axes.facecolor": "none",
        "axes.edgecolor": PALETTE["hairline"].light,
        "axes.labelcolor": PALETTE["muted"].light,
        "axes.labelsize": SMALL,
        "axes.titlesize": BASE,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.spines.left": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "grid.color": PALETTE["hairline"].light,
        "grid.linewidth": 0.6,
        "xtick.color": PALETTE["muted"].light,
        "xtick.labelsize": SMALL,
        "xtick.major.size": 3,
        "xtick.major.width": 0.8,
        "ytick.color": PALETTE["muted"].light,
        "ytick.labelsize": SMALL,
        "ytick.major.size": 0,
        "legend.fontsize": SMALL,
        "legend.frameon": False,
        "lines.linewidth": 1.8,
        "patch.force_edgecolor": False,
        "svg.fonttype": "none",
        "svg.hashsalt": "churnlib",
    },
}
"""What `seaborn.set_theme` takes: every setting of every chart."""


def apply() -> None:
    """Put the theme on for all that follows: what a notebook does once, at its start."""
    sns.set_theme(**THEME)


@contextmanager
def worn() -> Iterator[None]:
    """The theme for one drawing; the caller's settings are as they were afterwards."""
    with mpl.rc_context():
        apply()
        yield


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


def jupyter_dark() -> str:
    """The dark palette as a CSS rule for JupyterLab, except the colours that are JupyterLab's own.

    Examples
    --------
    >>> jupyter_dark().splitlines()[1]
    '  --c-neutral: #828b95;'
    """
    own = [name for name in PALETTE if name not in HOST]
    lines = (f"  --c-{name}: {PALETTE[name].dark};" for name in own)
    return "\n".join([f"{JUPYTER_DARK} {{", *lines, "}"])
