"""Months and quarters, and what has been observed by the end of one.

A period is half open: it starts on `start` (inclusive) and ends on `end` (exclusive), which is also
the as-of date of the report on it. Ages count whole periods since a cohort's first one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from churnlib.errors import ParamsError

__all__ = ["Period", "period_range"]

Grain = Literal["month", "quarter"]
MONTHS: dict[str, int] = {"month": 1, "quarter": 3}
MONTHS_A_YEAR = 12
DAYS_A_WEEK = 7
WEEKS_A_YEAR = 365.25 / DAYS_A_WEEK
FIRST_YEAR, LAST_YEAR = 1900, 2200
_LABEL = re.compile(r"(?P<year>\d{4})-(?:(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4]))")


@dataclass(frozen=True, order=True)
class Period:
    """One month or one quarter.

    Parameters
    ----------
    start : date
        First day, inclusive.
    grain : {"month", "quarter"}

    Examples
    --------
    >>> march = Period.parse("2026-03")
    >>> march.end, march.shift(-12).label
    (datetime.date(2026, 4, 1), '2025-03')
    >>> Period.parse("2026-Q3").start
    datetime.date(2026, 7, 1)
    """

    start: date
    grain: Grain = "month"

    @classmethod
    def parse(cls, text: str) -> "Period":
        """Read `2026-09` or `2026-Q3`; anything else is a `ParamsError`."""
        found = _LABEL.fullmatch(str(text).strip())
        if not found or not FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
            raise ParamsError(
                f"period: {text!r} is not a period. Write a month as 2026-09 or a quarter as "
                "2026-Q3."
            )
        year = int(found["year"])
        if found["month"]:
            return cls(date(year, int(found["month"]), 1), "month")
        return cls(date(year, 3 * int(found["quarter"]) - 2, 1), "quarter")

    @classmethod
    def containing(cls, day: date, grain: Grain) -> "Period":
        """The period of this grain that `day` lies in."""
        size = MONTHS[grain]
        return cls(date(day.year, (day.month - 1) // size * size + 1, 1), grain)

    @property
    def end(self) -> date:
        """The day after the last one: exclusive, and the as-of date of a report on this period."""
        return self.shift(1).start

    @property
    def label(self) -> str:
        """`2026-09` or `2026-Q3`: also the folder name of the report."""
        if self.grain == "month":
            return f"{self.start:%Y-%m}"
        return f"{self.start.year}-Q{(self.start.month + 2) // 3}"

    @property
    def name(self) -> str:
        """For readers: `September 2026` or `third quarter of 2026`."""
        if self.grain == "month":
            return f"{self.start:%B %Y}"
        ordinal = ("first", "second", "third", "fourth")[(self.start.month - 1) // 3]
        return f"{ordinal} quarter of {self.start.year}"

    def shift(self, n: int) -> "Period":
        """The period `n` periods later (earlier where `n` is negative)."""
        months = self.start.year * MONTHS_A_YEAR + self.start.month - 1 + n * MONTHS[self.grain]
        year, month = divmod(months, MONTHS_A_YEAR)
        return Period(date(year, month + 1, 1), self.grain)

    def periods_per_year(self) -> int:
        """12 or 4."""
        return MONTHS_A_YEAR // MONTHS[self.grain]

    def __sub__(self, other: "Period") -> int:
        """Whole periods from `other` to this one: the age of cohort `other` in this period."""
        years = self.start.year - other.start.year
        months = years * MONTHS_A_YEAR + self.start.month - other.start.month
        return months // MONTHS[self.grain]


def period_range(first: Period, last: Period) -> Iterator[Period]:
    """Every period from `first` to `last`, both included.

    Raises
    ------
    ParamsError : they are of different grains, or `last` lies before `first`

    Examples
    --------
    >>> [one.label for one in period_range(Period.parse("2026-02"), Period.parse("2026-04"))]
    ['2026-02', '2026-03', '2026-04']
    """
    if first.grain != last.grain:
        raise ParamsError(f"period: {first.label} and {last.label} are of different grains.")
    if last < first:
        raise ParamsError(
            f"period: the range ends ({last.label}) before it begins ({first.label})."
        )
    return (first.shift(n) for n in range(last - first + 1))
