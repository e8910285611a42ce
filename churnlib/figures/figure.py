"""A chart is declared where it is drawn: its name, what it shows, how it is computed, and an
example of its result.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import wraps
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.canvas import PAGE, drawn_for, nothing
from churnlib.figures.split import refuse_other_splits, segments_in
from churnlib.figures.theme import worn
from churnlib.periods import Period
from churnlib.results.declared import currency_of, grain_of
from churnlib.results.segments import ALL, in_words

Plot = Callable[..., Axes]
Frame = pd.DataFrame
Text = str | Callable[[Frame], str]
"""Words, or a function of the result that gives them."""


def all_rows(result: Frame) -> Frame:
    """Every row folds under the chart."""
    return result


def no_rows(result: Frame) -> Frame:
    """None does: the numbers stand on the page anyway."""
    return result.head(0)


@dataclass(frozen=True)
class Figure:
    """What a page says around a chart.

    Parameters
    ----------
    name : unique: its id on a page, and what links lead to; see `block_name`
    title : in words that fit into a sentence: "churn rates"
    subtitle : metric, unit and population, in one line
    caption : the definition: how the number is computed, what the range is
    example : a function that gives a small result to draw, for tests and documentation
    numbers : which rows fold under the chart
    draws_segments : whether it draws a split result, a line or bar for each segment; otherwise it
    refuses one
    undivided : its id where the result is not split, if that is another than `name`

    `subtitle` and `caption` may say {grain}, {currency}, {period}, {who}, {by}, {and_by} and
    {split}: see `filled`.
    """

    name: str
    _: KW_ONLY
    title: str
    subtitle: Text
    caption: Text
    example: Callable[[], Frame]
    numbers: Callable[[Frame], Frame] = all_rows
    draws_segments: bool = False
    undivided: str = ""

    def filled(self, text: Text, result: Frame) -> str:
        """A subtitle or caption, in the words of this result.

        Placeholders
        ------------
        {grain} : month or quarter
        {currency} : its code; "money" where the result does not say
        {period} : "October 2026"
        {who} : the segment, where the result holds one alone; else "all customers"
        {by} : what the result is split by, in words: "first plan"; empty where it is not split
        {and_by}, {split} : the same as " and first plan" and ", by first plan"
        """
        if callable(text):
            text = text(result)
        by = in_words(split_column(result))
        return text.format(
            grain=grain_of(result),
            currency=currency_of(result) or "money",
            period=_period(result),
            who=_who(result),
            by=by,
            and_by=f" and {by}" if by else "",
            split=f", by {by}" if by else "",
        )

    def block_name(self, result: Frame) -> str:
        """The id of the chart on a page: `<name>-by-<column>` where the result is split."""
        by = split_column(result)
        if by:
            return f"{self.name}-by-{by}"
        return self.undivided or self.name


def split_column(result: Frame) -> str:
    """What a result is split by; empty where it is not, or holds several splits."""
    if result.attrs.get("by"):
        return str(result.attrs["by"])
    columns = result["segment_column"].unique() if "segment_column" in result else []
    if len(columns) == 1 and columns[0] != ALL:
        return str(columns[0])
    return ""


def _period(result: Frame) -> str:
    label = result.attrs.get("period")
    return Period.parse(label).name if label else "the last period"


def _who(result: Frame) -> str:
    segments = segments_in(result)
    return segments[0] if len(segments) == 1 else "all customers"


def figure(name: str, **declared: Any) -> Callable[[Plot], Plot]:
    """Decorator of `plot_x(result, *, ax=None) -> Axes`: declares the chart (see `Figure`) and
    draws it in our theme.

    A result without rows gives axes that say so (`canvas.nothing`). A result split into several
    segments is refused, unless the chart is declared with `draws_segments=True`.

    Raises
    ------
    SplitError : the result holds more than the chart can draw
    """
    declaration = Figure(name, **declared)

    def decorate(plot: Plot) -> Plot:
        @wraps(plot)
        def plotted(result: Frame, *, ax: Axes | None = None, **options: Any) -> Axes:
            refuse_other_splits(result, plot.__name__, draws_segments=declaration.draws_segments)
            with worn():
                if result.empty:
                    return nothing(ax)
                return plot(result, ax=ax, **options)

        plotted.figure = declaration
        return plotted

    return decorate


def drawn(plot: Plot, result: Frame, *, width: float = PAGE) -> Axes:
    """The chart of a result for `width` pixels: a page (712), a telephone (358), paper.

    Text has the same size in pixels at each width; a narrow chart has fewer ticks and periods.
    """
    with drawn_for(width):
        return plot(result)


def example_frame(**columns: Any) -> Frame:
    """A small result for a chart's example, of euros and months."""
    frame = pd.DataFrame(columns)
    frame.attrs = {"currency": "EUR", "grain": "month", "period": "2025-06"}
    return frame
