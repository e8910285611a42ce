"""What all sentences share: names of periods, counts in words, and how two rates compare."""

from typing import NamedTuple

import pandas as pd

from churnlib.formats import interval, points, text
from churnlib.periods import Period
from churnlib.results.declared import grain_of
from churnlib.results.segments import INTERVALS, billing_name
from churnlib.results.told import Verdict
from churnlib.statistics.comparisons import rate_difference
from churnlib.statistics.rules import LEVEL, MIN_N

SMALL = "too few to say"


def level_of(comparisons: int) -> float:
    """The level of each of several ranges that together miss in 5 % at most.

    Examples
    --------
    >>> level_of(2)
    0.975
    """
    return 1 - (1 - LEVEL) / max(comparisons, 1)


class Compared(NamedTuple):
    """How a rate compares with an earlier one: in words, and whether it is beyond chance."""

    words: str
    clear: bool


def verdict_of(clear: bool) -> Verdict:
    """What is clear is worth watching; nothing says "act" on a difference alone."""
    return "watch" if clear else "no signal"


def period_name(start: pd.Timestamp, grain: str) -> str:
    """`October 2026` or `third quarter of 2026`."""
    return Period(start.date(), grain).name


def earlier_rows(frame: pd.DataFrame) -> list[tuple[pd.Series, str]]:
    """The row before the last one and the row of a year before it, each with its period's name."""
    grain = grain_of(frame)
    per_year = Period(frame["period_start"].iloc[-1].date(), grain).periods_per_year()
    found = []
    for back in (1, per_year):
        if len(frame) > back:
            row = frame.iloc[-1 - back]
            found.append((row, period_name(row.period_start, grain)))
    return found


def earned(margin: float | None) -> str:
    """What a value counts: `margin`, or `revenue` where no margin is given."""
    if margin is None:
        return "revenue"
    return "margin"


def value_under(margin: float | None, discount_rate: float) -> str:
    """The terms of a value: `Value counts a margin of 30.0 %, discounted at 10.0 % a year.`"""
    discount = f"discounted at {text(discount_rate, 'percent')} a year"
    if margin is None:
        return f"No margin is given, so value is revenue, {discount}."
    return f"Value counts a margin of {text(margin, 'percent')}, {discount}."


def share_of(rate: float, low: float, high: float) -> str:
    """`3.1 % (2.9 to 3.4 %)`."""
    return f"{text(rate, 'percent')} ({interval(low, high, 'percent')})"


def against(
    now: tuple[float, float], before: tuple[float, float], name: str, *, of: int = 1
) -> Compared:
    """How a rate compares: `clearly above September 2026 (2.1 %, +1.0 points)`.

    Parameters
    ----------
    now, before : (numerator, denominator)
    name : what the earlier one is called
    of : earlier ones that it is compared with at once: each has its part of the 5 %
    """
    if min(now[1], before[1]) < MIN_N:
        return Compared(f"{name} had too few customers to compare", clear=False)
    difference = rate_difference(now, before, level_of(of))
    then = text(before[0] / before[1], "percent")
    if not difference.clear:
        return Compared(f"no clear change on {name} ({then})", clear=False)
    side = "above" if difference.value > 0 else "below"
    return Compared(f"clearly {side} {name} ({then}, {points(difference.value)})", clear=True)


def spell(n: float, unit: str) -> str:
    """`12 months`, `1 month`: a length of time, without separators."""
    return f"{int(n)} {unit}{'' if n == 1 else 's'}"


def listed(items: list[str]) -> str:
    """`a, b and c`."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def counted(n: float, one: str, many: str | None = None) -> str:
    """`1 customer`, `2,345 customers`."""
    word = one if n == 1 else many or one + "s"
    return f"{text(n, 'count')} {word}"


def paying(interval_months: float) -> str:
    """` paying by the year`, to be put behind the customers it is said of; nothing where it is not
    known.

    Examples
    --------
    >>> paying(12), paying(2), paying(0)
    (' paying by the year', ' paying every 2 months', '')
    """
    months = int(interval_months)
    if not months:
        return ""
    how = "by the" if months in INTERVALS else "every"
    return f" paying {how} {billing_name(months)}"
