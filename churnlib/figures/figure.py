"""A chart is declared where it is drawn: its name, what it shows, how it is computed, and an
example of its result.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures import theme


def _all_rows(result: pd.DataFrame) -> pd.DataFrame:
    return result


@dataclass(frozen=True)
class Figure:
    """What a page says around a chart.

    Parameters
    ----------
    name : unique: its id on a page, and what links lead to
    title : in words that fit into a sentence: "churn rates"
    subtitle : metric, unit and population, in one line
    caption : the definition: how the number is computed, what the range is
    example : a function that gives a small result to draw, for tests and documentation
    numbers : which rows fold under the chart

    `subtitle` and `caption` may name {grain}, {currency}, {period} and {by}: see `fill`.
    """

    name: str
    title: str
    subtitle: str
    caption: str
    example: Callable[[], pd.DataFrame]
    numbers: Callable[[pd.DataFrame], pd.DataFrame] = field(default=_all_rows)


def figure(
    name: str,
    *,
    title: str,
    subtitle: str,
    caption: str,
    example: Callable[[], pd.DataFrame],
    **options: Any,
) -> Callable[[Callable[..., Axes]], Callable[..., Axes]]:
    """Decorator of `plot_x(result, *, ax=None) -> Axes`: declares the chart (see `Figure`) and
    draws it in our style.

    A result without rows gives axes that say so (`theme.nothing`).
    """
    declared = Figure(name, title, subtitle, caption, example, **options)

    def decorate(plot: Callable[..., Axes]) -> Callable[..., Axes]:
        drawn = theme.themed(plot)

        @wraps(plot)
        def plotted(result: pd.DataFrame, *args: Any, **kwargs: Any) -> Axes:
            return drawn(result, *args, **kwargs)

        plotted.figure = declared
        return plotted

    return decorate
