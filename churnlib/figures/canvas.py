"""The paper that a chart is drawn on: its size, and how JupyterLab shows it."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from churnlib.figures.svg import for_page, saved
from churnlib.figures.theme import NOTHING, jupyter_dark

PAGE = 712
"""Pixels that a page gives to a chart."""
WIDTH, HEIGHT = 7.2, 3.4
"""Inches of that; text of 8.6 points is then 11.8 pixels high, at any width."""
NARROW = 4.0
"""Inches of axes below which a drawing shows less at once: on a telephone, or as one of several."""
_width: ContextVar[float] = ContextVar("width", default=PAGE)


class Chart(Drawing):
    """A drawing that JupyterLab shows in its own colours, light or dark.

    A picture of pixels has one grey for both papers, and none reads at more than 4.3:1 on white and
    on JupyterLab's black; as SVG its text takes the colour of the text around it. Where HTML is not
    shown, the picture stands on white paper.
    """

    def _repr_html_(self) -> str:
        drawn = saved(self)
        # Ids hold in the whole notebook, not in one output: they are made of what is drawn.
        name = f"chart-{hashlib.sha256(drawn.encode()).hexdigest()[:10]}"
        size = f'<svg width="{PAGE * self.get_figwidth() / WIDTH:.0f}" '
        svg = for_page(drawn, name).replace("<svg ", size, 1)
        return f"<style>{jupyter_dark()}</style>{svg}"


@contextmanager
def drawn_for(width: float) -> Iterator[None]:
    """New charts are `width` pixels wide."""
    before = _width.set(width)
    try:
        yield
    finally:
        _width.reset(before)


def new_axes(ax: Axes | None, height: float = HEIGHT) -> Axes:
    """`ax`, or the axes of a new chart of `height` inches."""
    if ax is not None:
        return ax
    size = (WIDTH * (_width.get() / PAGE), height)
    return plt.subplots(figsize=size, FigureClass=Chart)[1]


def nothing(ax: Axes | None = None) -> Axes:
    """Axes without a drawing, switched off and marked `NOTHING`, of which a page makes a
    sentence: never an empty axis.
    """
    ax = new_axes(ax)
    ax.set_axis_off()
    ax.set_gid(NOTHING)
    return ax


def room(ax: Axes) -> float:
    """How wide the axes are, in inches: how many ticks and periods they have room for."""
    return ax.bbox.width / ax.figure.dpi


def is_narrow(ax: Axes) -> bool:
    """Whether less has to be shown at once."""
    return room(ax) < NARROW
