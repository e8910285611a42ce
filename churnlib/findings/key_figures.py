"""The numbers of the first screen, each made of the result that a chapter shows."""

import pandas as pd

from churnlib.findings.wording import SMALL, level_of
from churnlib.formats import Format, is_missing, parse_format, points, text
from churnlib.periods import Period
from churnlib.results.declared import grain_of
from churnlib.results.told import Change, KeyFigure
from churnlib.statistics.comparisons import rate_difference
from churnlib.statistics.rules import MIN_N

NEUTRAL = 0.005
"""Amounts that changed by less than this share are called unchanged; so are shares of money that
changed by less than these points.
"""
COURSE = 13
"""Periods in a sparkline: the reported one and a year before it."""


def amount(frame: pd.DataFrame, column: str, label: str, how: str) -> KeyFigure:
    """A fact and no sample, of which more is better: unchanged within a neutral band."""
    values = frame[column].astype(float)
    now = values.iloc[-1] if len(values) else float("nan")
    changes = []
    for back, since in _earlier(frame):
        before = values.iloc[-1 - back]
        noise = bool(before) and abs(now / before - 1) < NEUTRAL
        changes.append(change(now, before, how, since=since, noise=noise))
    return KeyFigure(
        label=label,
        value=text(now, how),
        unit=parse_format(how).unit,
        changes=_known(changes),
        good="up",
        course=_course(values),
    )


def rate(frame: pd.DataFrame, numerator: str, denominator: str, label: str) -> KeyFigure:
    """A share of customers, of which less is better: grey where chance could have done it."""
    left, there = frame[numerator].astype(float), frame[denominator].astype(float)
    rates = left / there.where(there > 0)
    changes, level = [], level_of(len(_earlier(frame)))
    for back, since in _earlier(frame):
        pairs = [(left.iloc[at], there.iloc[at]) for at in (-1, -1 - back)]
        if min(people for _, people in pairs) >= MIN_N:
            noise = not rate_difference(*pairs, level).clear
            known = rates.iloc[-1], rates.iloc[-1 - back]
            changes.append(change(*known, "percent", since=since, noise=noise))
    return KeyFigure(
        label=label,
        value=text(rates.iloc[-1] if len(rates) else float("nan"), "percent"),
        unit="%",
        changes=_known(changes),
        good="down",
        course=_course(rates[there >= MIN_N]),
        n=_population(left, there),
    )


def share_of_money(frame: pd.DataFrame, column: str, people: str, label: str) -> KeyFigure:
    """A share of money over twelve months, of which more is better."""
    rates, there = frame[column].astype(float), frame[people].astype(float)
    changes = []
    for back, since in _earlier(frame):
        if min(there.iloc[-1], there.iloc[-1 - back]) >= MIN_N:
            now, before = rates.iloc[-1], rates.iloc[-1 - back]
            noise = abs(now - before) < NEUTRAL
            changes.append(change(now, before, "percent", since=since, noise=noise))
    return KeyFigure(
        label=label,
        value=text(rates.iloc[-1] if len(rates) else float("nan"), "percent"),
        unit="%",
        changes=_known(changes),
        good="up",
        course=_course(rates[there >= MIN_N]),
        n=_over_a_year(there),
    )


def change(
    now: float, before: float, how: str | Format, *, since: str, noise: bool = False
) -> Change | None:
    """The difference as readers say it: points between two shares, per cent between two amounts.

    Returns
    -------
    Change or None
        None where either is missing, and between amounts of which one is negative, or the earlier
        one nought: the share would say nothing.

    Examples
    --------
    >>> change(110, 100, "EUR", since="May").text
    '+10.0\\xa0%'
    >>> change(0.034, 0.030, "percent", since="May").amount > 0
    True
    """
    form = parse_format(how) if isinstance(how, str) else how
    if is_missing(now) or is_missing(before):
        return None
    now, before = float(now), float(before)
    if form.kind == "percent":
        difference = now - before
        told = points(difference, form.decimals)
        return Change(since=since, amount=difference, text=told, noise=noise)
    if before <= 0 or now < 0:
        return None
    relative = now / before - 1
    return Change(since=since, amount=relative, text=text(relative, "+percent"), noise=noise)


def small_marked(n: str, people: float) -> str:
    """The population of a key figure, saying so where it is too small."""
    return f"{n}: {SMALL}" if 0 < people < MIN_N else n


def _earlier(frame: pd.DataFrame) -> list[tuple[int, str]]:
    """How many rows back the period before and the year before stand, and what they are called."""
    if frame.empty:
        return []
    last = Period(frame["period_start"].iloc[-1].date(), grain_of(frame))
    backs = [back for back in (1, last.periods_per_year()) if len(frame) > back]
    return [(back, last.shift(-back).name) for back in backs]


def _known(changes: list[Change | None]) -> tuple[Change, ...]:
    return tuple(one for one in changes if one is not None)


def _course(values: pd.Series) -> tuple[float | None, ...]:
    return tuple(None if is_missing(value) else float(value) for value in values.tail(COURSE))


def _population(left: pd.Series, there: pd.Series) -> str:
    people = there.iloc[-1] if len(there) else 0
    if not people:
        return "nobody at opening"
    return small_marked(f"{text(left.iloc[-1], 'count')} of {text(people, 'count')}", people)


def _over_a_year(there: pd.Series) -> str:
    people = there.iloc[-1] if len(there) else 0
    if not people:
        return "nobody observed for twelve months"
    return small_marked("over twelve months", people)
