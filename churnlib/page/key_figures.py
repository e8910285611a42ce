"""The first thing on the first page: three to five numbers, each with its direction and its
course.
"""

import math
from collections.abc import Sequence

from churnlib.formats import is_missing
from churnlib.page.markup import esc, link
from churnlib.results.told import Change, KeyFigure

SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 120, 26, 3
LONG = 11
"""Characters of a number that still stands large in a fifth of the page."""
UP, DOWN, EVEN = "\u25b2", "\u25bc", "\u2248"


def key_figures_html(figures: Sequence[tuple[KeyFigure, str]]) -> str:
    """Key figures side by side, each with the section that explains it
    (`revenue.html#churn-rates`).
    """
    items = "".join(_item(figure, href) for figure, href in figures)
    return f'<ul class="cl-keys">{items}</ul>'


def _item(figure: KeyFigure, href: str) -> str:
    """Five parts, always in the same order, so that they stand level in the figures side by
    side.
    """
    label = link(href, figure.label) if href else esc(figure.label)
    changes = "".join(_change(one, figure.good) for one in figure.changes)
    long = " cl-long" if len(figure.value) > LONG else ""
    return (
        f'<li><div class="cl-key-label">{label}</div>'
        f'<div class="cl-key-value{long}">{esc(figure.value)}</div>'
        f'<div class="cl-key-n">{esc(figure.n)}</div>'
        f'<div class="cl-key-course">{spark(figure.course, figure.label)}</div>'
        f'<div class="cl-changes">{changes}</div></li>'
    )


def _change(item: Change, good: str | None) -> str:
    """Arrow, sign and words: the colour only repeats what they say."""
    css, arrow, words = "cl-even", EVEN, "no clear change"
    if not item.noise and item.amount:
        rises = item.amount > 0
        arrow = UP if rises else DOWN
        words = "up" if rises else "down"
        if good:
            better = rises == (good == "up")
            css = "cl-good" if better else "cl-bad"
            words = "better" if better else "worse"
    return (
        f'<p class="cl-change"><span class="{css}"><span aria-hidden="true">{arrow}</span> '
        f'{esc(item.text)}</span> <span class="cl-since">on {esc(item.since)}, '
        f'<span class="{css}">{words}</span></span></p>'
    )


def spark(course: Sequence[float | None], name: str) -> str:
    """A sparkline: the course of a number over the last periods, a gap where one is missing.

    Examples
    --------
    >>> spark([1], "MRR"), spark([1, 2], "MRR").count("<path")
    ('', 1)
    """
    values = [math.nan if is_missing(value) else float(value) for value in course]
    known = [value for value in values if not math.isnan(value)]
    if len(known) < 2:
        return ""
    spots = _spots(values, min(known), (max(known) - min(known)) or 1.0)
    label = f"{name}: course over the last {len(values)} periods"
    return (
        f'<svg class="cl-spark" role="img" aria-label="{esc(label)}" '
        f'viewBox="0 0 {SPARK_WIDTH} {SPARK_HEIGHT}" width="{SPARK_WIDTH}" '
        f'height="{SPARK_HEIGHT}"><path d="{_path(spots)}" fill="none" '
        f'style="stroke:var(--c-neutral,#8b939c);stroke-width:1.5"/>{_dot(spots[-1])}</svg>'
    )


def _spots(values: list[float], low: float, span: float) -> list[tuple[float, float] | None]:
    step = (SPARK_WIDTH - 2 * SPARK_EDGE) / (len(values) - 1)
    height = SPARK_HEIGHT - 2 * SPARK_EDGE
    spots: list[tuple[float, float] | None] = []
    for place, value in enumerate(values):
        if math.isnan(value):
            spots.append(None)
        else:
            x, y = SPARK_EDGE + place * step, SPARK_EDGE + height * (1 - (value - low) / span)
            spots.append((x, y))
    return spots


def _path(spots: Sequence[tuple[float, float] | None]) -> str:
    """Lines through the known points; a gap where one is missing."""
    parts, draws = [], False
    for spot in spots:
        if spot is not None:
            parts.append(f"{'L' if draws else 'M'}{spot[0]:.1f} {spot[1]:.1f}")
        draws = spot is not None
    return "".join(parts)


def _dot(spot: tuple[float, float] | None) -> str:
    if spot is None:
        return ""
    return (
        f'<circle cx="{spot[0]:.1f}" cy="{spot[1]:.1f}" r="2.6" '
        'style="fill:var(--c-accent,#1d5a94)"/>'
    )
