"""The alarm: whether leaving has changed for good, month by month, against a frozen baseline.

Observed leavers against those expected of the customers due; each month's score (see
`month_effects`) goes into a cumulative sum in both directions. Simulated: at most 5 % of unchanged
businesses have a false alarm in a year (docs/opinions.md).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from churnlib.models.leaving.month_effects import Sums, leavers_at, residuals
from churnlib.models.leaving.strata import Strata, counts_of, hazards
from churnlib.statistics.rules import LEVEL, MIN_N

SLACK, LIMIT = 0.75, 4.8
"""Of the cumulative sums: what a month may differ by, and where the alarm is raised."""
FIRST_MONTHS = 6
"""Months that the first baseline has, and that the new level is learnt from after an alarm."""
QUIET_MONTHS, MOST_MONTHS = 12, 24
"""After so many months without an alarm the baseline is frozen anew, from at most so many."""
ENDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
KNOWN = 3
"""A stratum is compared in a month where its baseline had so many times as many customers due."""
BASELINE, QUIET, UP, DOWN, LEARNING, PARTIAL = (
    "baseline",
    "quiet",
    "up",
    "down",
    "learning",
    "partial",
)


@dataclass
class Course:
    """What was expected, and what the alarm said, a value a month; NaN where there is none.

    compared, left : customers due and leavers of the strata that are compared
    expected, variance : of these leavers
    score, up, down, signal : of the months that are monitored
    low, high : leavers between which 95 % of such months lie where nothing changed
    """

    compared: np.ndarray
    left: np.ndarray
    expected: np.ndarray
    variance: np.ndarray
    score: np.ndarray
    up: np.ndarray
    down: np.ndarray
    signal: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class Baseline:
    """What months of a business bring by stratum: hazards, and customers due."""

    hazard: np.ndarray
    due: np.ndarray

    @classmethod
    def of(cls, due: np.ndarray, left: np.ndarray, interval: np.ndarray) -> "Baseline":
        """From arrays with a row a stratum and a column a month."""
        people, gone = due.sum(axis=1), left.sum(axis=1)
        return cls(hazards(people, gone, interval), people)

    @classmethod
    def of_some(cls, rows: pd.DataFrame, strata: Strata, before: np.ndarray) -> "Baseline":
        """From some of the rows that strata were made of, over some of their months."""
        due, left = counts_of(rows, strata)
        return cls.of(due[:, before], left[:, before], strata.interval)

    def expect(self, due: np.ndarray, left: np.ndarray) -> tuple[np.ndarray, ...]:
        """Of each month (columns): compared, left, expected and variance, of known strata."""
        known = self.due[:, None] >= KNOWN * due
        there = np.where(known, due, 0.0)
        hazard = self.hazard[:, None]
        expected, variance = there * hazard, there * hazard * (1 - hazard)
        return (
            there.sum(axis=0),
            np.where(known, left, 0.0).sum(axis=0),
            expected.sum(axis=0),
            variance.sum(axis=0),
        )


def months_of(baseline: Baseline, due: np.ndarray, left: np.ndarray) -> Sums:
    """What months say of the next one, judged by a baseline that knows all their strata."""
    hazard = baseline.hazard[:, None]
    expected, variance = due * hazard, due * hazard * (1 - hazard)
    found = residuals(left.sum(axis=0), expected.sum(axis=0), variance.sum(axis=0))
    return Sums().add_all(found)


def course(
    due: np.ndarray, left: np.ndarray, interval: np.ndarray, *, ranges: bool = True
) -> Course:
    """The alarm along the months of a business.

    Parameters
    ----------
    due, left : customers due and leavers, a row a stratum and a column a complete month
    interval : billing interval of each stratum
    ranges : whether to compute where each monitored month was to be expected (95 %)
    """
    watch = _Watch(due, left, interval, ranges)
    start = _beginning(due)
    frozen = start + FIRST_MONTHS
    while frozen < due.shape[1]:
        start, frozen = watch.monitor(start, frozen)
    return watch.course


def _beginning(due: np.ndarray) -> int:
    """The first month with enough customers due; after the last one where there is none."""
    enough = np.flatnonzero(due.sum(axis=0) >= MIN_N)
    return int(enough[0]) if enough.size else due.shape[1]


class _Watch:
    def __init__(
        self, due: np.ndarray, left: np.ndarray, interval: np.ndarray, ranges: bool
    ) -> None:
        self.due, self.left, self.interval, self.ranges = due, left, interval, ranges
        months = due.shape[1]
        numbers = {
            name: np.full(months, np.nan)
            for name in Course.__dataclass_fields__
            if name != "signal"
        }
        self.course = Course(**numbers, signal=np.full(months, "", dtype=object))

    def monitor(self, start: int, frozen: int) -> tuple[int, int]:
        """Months from `frozen` on against those from `start` to before it, up to an alarm or a new
        freezing; the start and the end of the next baseline.
        """
        out, base = self.course, slice(max(start, frozen - MOST_MONTHS), frozen)
        baseline = Baseline.of(self.due[:, base], self.left[:, base], self.interval)
        _, left, expected, variance = baseline.expect(self.due[:, base], self.left[:, base])
        blank = out.signal[base] == ""
        self._expect(baseline, base, blank)
        out.signal[base] = np.where(blank, BASELINE, out.signal[base])
        seen = Sums().add_all(residuals(left, expected, variance))
        up = down = 0.0
        for month in range(frozen, self.due.shape[1]):
            self._expect(baseline, slice(month, month + 1))
            new = residuals(out.left[month], out.expected[month], out.variance[month])
            if not np.isnan(new.r):
                score = self._scored(seen, new.r, new.v, month)
                up, down = max(0.0, up + score - SLACK), max(0.0, down - score - SLACK)
                seen.add(new.r, new.v)
            out.up[month], out.down[month] = up, down
            if max(up, down) >= LIMIT:
                return self._learn(baseline, month, UP if up > down else DOWN)
            out.signal[month] = QUIET
            if month + 1 - frozen >= QUIET_MONTHS and up == down == 0:
                return start, month + 1
        return start, self.due.shape[1]

    def _learn(self, baseline: Baseline, month: int, signal: str) -> tuple[int, int]:
        """After an alarm: the months from which the new level is learnt."""
        self.course.signal[month] = signal
        after = slice(month + 1, min(month + 1 + FIRST_MONTHS, self.due.shape[1]))
        self._expect(baseline, after)
        self.course.signal[after] = LEARNING
        return month + 1, month + 1 + FIRST_MONTHS

    def _expect(self, baseline: Baseline, months: slice, where: np.ndarray | None = None) -> None:
        found = baseline.expect(self.due[:, months], self.left[:, months])
        names = ("compared", "left", "expected", "variance")
        for name, values in zip(names, found, strict=True):
            whole = getattr(self.course, name)
            whole[months] = values if where is None else np.where(where, values, whole[months])

    def _scored(self, seen: Sums, r: float, v: float, month: int) -> float:
        belief = seen.belief()
        score = float(belief.score(r, v))
        self.course.score[month] = score
        if self.ranges:
            ends = leavers_at(belief.quantiles(ENDS, v), self.course.expected[month])
            self.course.low[month], self.course.high[month] = ends
        return score
