"""The first thing on the first page: three to five numbers, each with its direction and its
course.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from churnlib.formats import Format, is_missing, parse_format, points, text
from churnlib.page.markup import Block, esc, link

SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 120, 26, 3
LONG = 11  # characters of a number that still stands large in a fifth of the page


@dataclass(frozen=True)
class Change:
    """How far a number is from an earlier one.

    `amount` gives the direction, `text` is what stands on the page, and `noise` says that the
    difference lies within what chance alone brings about: then it is grey and called no clear
    change.
    """

    amount: float
    text: str
    noise: bool = False


@dataclass(frozen=True)
class KeyFigure:
    """One number of the first screen.

    Parameters
    ----------
    label, value : str
        What it is; the number with its unit, as it is to be read.
    change_previous, change_year : Change, optional
        Against the previous period and the same period a year before.
    good : {"up", "down"}, optional
        Which direction is good; None where neither is.
    spark : sequence of float
        The last values, oldest first; the reported one last. Missing ones are gaps.
    n : str
        The population: "of 12,345 customers".
    href : str
        The section where it is explained.
    """

    label: str
    value: str
    change_previous: Change | None = None
    change_year: Change | None = None
    good: Literal["up", "down"] | None = None
    spark: Sequence[float] = ()
    n: str = ""
    href: str = ""


def change(now: float, before: float, how: str | Format, *, noise: bool = False) -> Change | None:
    """The difference as readers say it: points between two shares, per cent between two amounts.

    Returns
    -------
    Change or None
        None where either is missing, and between amounts of which one is negative, or the earlier
        one nought: the share would say nothing.

    Examples
    --------
    >>> change(110, 100, "EUR").text, change(0.034, 0.030, "percent").amount > 0
    ('+10.0\\xa0%', True)
    """
    form = parse_format(how) if isinstance(how, str) else how
    if is_missing(now) or is_missing(before):
        return None
    now, before = float(now), float(before)
    if form.kind == "percent":
        return Change(now - before, points(now - before, form.decimals), noise)
    if before <= 0 or now < 0:
        return None
    relative = now / before - 1
    return Change(relative, text(relative, "+percent"), noise)


def key_figures_block(
    figures: Sequence[KeyFigure],
    *,
    previous: str = "the previous period",
    year: str = "a year before",
) -> Block:
    """Key figures side by side.

    Parameters
    ----------
    figures : sequence of KeyFigure
    previous, year : str
        What the two changes compare with: "September 2026", "October 2025".

    Returns
    -------
    Block

    Examples
    --------
    >>> key_figures_block([KeyFigure("Churn rate", "3.4 %", good="down", spark=[0.03, 0.034])])
    Churn rate: 3.4 %
    """
    items = "".join(_item(figure, previous, year) for figure in figures)
    lines = "\n".join(f"{figure.label}: {figure.value}" for figure in figures)
    return Block(f'<ul class="cl-keys">{items}</ul>', lines)


def _item(figure: KeyFigure, previous: str, year: str) -> str:
    """Five parts, always in the same order, so that they stand level in the figures side by
    side.
    """
    label = link(figure.href, figure.label) if figure.href else esc(figure.label)
    changes = "".join(
        _change(item, figure.good, since)
        for item, since in ((figure.change_previous, previous), (figure.change_year, year))
        if item is not None
    )
    long = " cl-long" if len(figure.value) > LONG else ""
    return (
        f'<li><div class="cl-key-label">{label}</div><div '
        f'class="cl-key-value{long}">{esc(figure.value)}</div>'
        f'<div class="cl-key-n">{esc(figure.n)}</div><div '
        f'class="cl-key-course">{spark(figure.spark, figure.label)}</div>'
        f'<div class="cl-changes">{changes}</div></li>'
    )


def _change(item: Change, good: str | None, since: str) -> str:
    """Arrow, sign and words: the colour only repeats what they say."""
    rises = item.amount > 0
    if item.noise or item.amount == 0:
        css, arrow, words = "cl-even", "\u2248", "no clear change"
    else:
        arrow = "\u25b2" if rises else "\u25bc"
        css, words = "cl-even", "up" if rises else "down"
        if good:
            css, words = ("cl-good", "better") if rises == (good == "up") else ("cl-bad", "worse")
    return (
        f'<p class="cl-change"><span class="{css}"><span aria-hidden="true">{arrow}</span> '
        f"{esc(item.text)}</span> "
        f'<span class="cl-since">on {esc(since)}, <span class="{css}">{words}</span></span></p>'
    )


def spark(course: Sequence[float], name: str) -> str:
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
    low, span = min(known), (max(known) - min(known)) or 1.0
    step = (SPARK_WIDTH - 2 * SPARK_EDGE) / (len(values) - 1)
    height = SPARK_HEIGHT - 2 * SPARK_EDGE
    spots = [
        None
        if math.isnan(value)
        else (SPARK_EDGE + i * step, SPARK_EDGE + height * (1 - (value - low) / span))
        for i, value in enumerate(values)
    ]
    label = f"{name}: course over the last {len(values)} periods"
    return (
        f'<svg class="cl-spark" role="img" aria-label="{esc(label)}" viewBox="0 0 {SPARK_WIDTH} '
        f'{SPARK_HEIGHT}" '
        f'width="{SPARK_WIDTH}" height="{SPARK_HEIGHT}"><path d="{_path(spots)}" fill="none" '
        f'style="stroke:var(--c-neutral,#8b939c);stroke-width:1.5"/>{_dot(spots[-1])}</svg>'
    )


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
    return f'<circle cx="{spot[0]:.1f}" cy="{spot[1]:.1f}" r="2.6" style="fill:var(--c-accent,#1d5a94)"/>'
