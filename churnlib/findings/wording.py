"""What all sentences share: the finding itself, names of periods, and how two rates are compared
in words.
"""

from dataclasses import dataclass

import pandas as pd

from churnlib.formats import interval, points, text
from churnlib.periods import Grain, Period
from churnlib.statistics.comparisons import rate_difference

MIN_N = 30
"""The smallest denominator that a sentence is built on."""
SMALL = "too few to say"


@dataclass(frozen=True)
class Finding:
    """A sentence computed from the data, the section that shows it (`revenue.html#mrr-bridge`),
    and what that is called.
    """

    text: str
    href: str = ""
    label: str = ""


def period_name(start: pd.Timestamp, grain: Grain) -> str:
    """`October 2026` or `third quarter of 2026`."""
    return Period(start.date(), grain).name


def share_of(rate: float, low: float, high: float) -> str:
    """`3.1 % (2.9 to 3.4 %)`."""
    return f"{text(rate, 'percent')} ({interval(low, high, 'percent')})"


def against(now: tuple[float, float], before: tuple[float, float], name: str) -> str:
    """How a rate compares with an earlier one: `clearly above September 2026 (2.1 %, +1.0 points)`.

    Parameters
    ----------
    now, before : (numerator, denominator)
    name : what the earlier one is called
    """
    if min(now[1], before[1]) < MIN_N:
        return f"{name} had too few customers to compare"
    difference = rate_difference(now, before)
    then = text(before[0] / before[1], "percent")
    if not difference.clear:
        return f"no clear change on {name} ({then})"
    return f"clearly {'above' if difference.value > 0 else 'below'} {name} ({then}, {points(difference.value)})"


def spell(n: float, unit: str) -> str:
    """`12 months`, `1 month`: a length of time, without separators."""
    return f"{int(n)} {unit}{'' if n == 1 else 's'}"


def listed(items: list[str]) -> str:
    """`a, b and c`."""
    return (
        items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
    )


def counted(n: float, one: str, many: str | None = None) -> str:
    """`1 customer`, `2,345 customers`."""
    return f"{text(n, 'count')} {one if n == 1 else many or one + 's'}"
