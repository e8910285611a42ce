"""Grouped lifetimes as a life table: who was at risk in each month of life, and who left in it.

Every survival model of the kit needs nothing else. Late entry is exact: a customer counts at risk
only in the months in which it was watched, entry < month of life <= duration.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from churnlib.results.terms import Term

MIN_AT_RISK = 20
"""A curve ends before the first month of life with fewer at risk than this."""

AT_RISK = Term(
    "At risk",
    "Customers who were there at the start of a month of life and whose month was observed to "
    "its end.",
)
CENSORED = Term(
    "Censored",
    "Of a lifetime whose end was not seen: it counts for as long as it was seen, and no longer.",
)


@dataclass(frozen=True)
class LifeTable:
    """Counts by month of life 1, 2, 3, ... along the last axis; resamples, if any, along the first.

    Parameters
    ----------
    started : array
        Customers watched from tenure 0 on.
    at_risk : array
        Customers watched through, or until they left in, each month of life.
    events : array
        Those of them who left in it.
    """

    started: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray

    @property
    def months(self) -> int:
        """The last month of life in which anybody was watched."""
        return self.at_risk.shape[-1]

    def hazard(self) -> np.ndarray:
        """Share of those at risk who left, by month of life; 0 where nobody was at risk."""
        return np.divide(
            self.events, self.at_risk, out=np.zeros_like(self.events), where=self.at_risk > 0
        )

    def survival(self) -> np.ndarray:
        """The Kaplan-Meier estimate at tenures 0, 1, ..., `months`."""
        start = np.ones((*self.at_risk.shape[:-1], 1))
        return np.concatenate([start, np.cumprod(1 - self.hazard(), axis=-1)], axis=-1)

    def reach(self, min_at_risk: int = MIN_AT_RISK) -> int:
        """The last tenure before fewer than `min_at_risk` are at risk."""
        short = np.flatnonzero(self.at_risk < max(min_at_risk, 1))
        return int(short[0]) if short.size else self.months

    def up_to(self, month: int) -> "LifeTable":
        """The same table, ending with this month of life."""
        return LifeTable(self.started, self.at_risk[..., :month], self.events[..., :month])


def life_table(lifetimes: pd.DataFrame) -> LifeTable:
    """Count those at risk and those who left in each month of life.

    Parameters
    ----------
    lifetimes : frame
        One row a distinct (entry, duration, event_observed), in months, with the count `customers`.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": [0, 0, 1], "duration": [1, 3, 3], "customers": [2, 8, 5]})
    >>> table = life_table(rows.assign(event_observed=[True, False, True]))
    >>> table.at_risk, table.events
    (array([10., 13., 13.]), array([2., 0., 5.]))
    """
    counts = lifetimes["customers"].to_numpy(dtype=float)
    tables = _count(lifetimes, counts[None, :])
    return LifeTable(tables.started[0], tables.at_risk[0], tables.events[0])


def resampled_tables(parts: Sequence[pd.DataFrame], *, draws: int, seed: int) -> list[LifeTable]:
    """Life tables of each of these groups in `draws` bootstrap samples of all their customers.

    Drawing counts of the grouped rows from a multinomial distribution is the same as drawing
    customers with replacement, at a cost that does not grow with their number.
    """
    # Sorted, so that the order of the rows given does not change the draws.
    rows = [part.sort_values(["entry", "duration", "event_observed"]) for part in parts]
    counts = np.concatenate([part["customers"].to_numpy(dtype=np.int64) for part in rows])
    if not counts.sum():
        return [_count(part, np.zeros((draws, len(part)))) for part in rows]
    generator = np.random.default_rng(seed)
    drawn = generator.multinomial(counts.sum(), counts / counts.sum(), size=draws).astype(float)
    ends = np.cumsum([len(part) for part in rows])[:-1]
    split = np.split(drawn, ends, axis=1)
    return [_count(part, own) for part, own in zip(rows, split, strict=True)]


def summed(tables: Sequence[LifeTable]) -> LifeTable:
    """The life table of several groups together."""
    months = max(table.months for table in tables)

    def total(counts: list[np.ndarray]) -> np.ndarray:
        padding = [[(0, 0)] * (one.ndim - 1) + [(0, months - one.shape[-1])] for one in counts]
        return sum(np.pad(one, wide) for one, wide in zip(counts, padding, strict=True))

    started = sum(table.started for table in tables)
    at_risk, events = [table.at_risk for table in tables], [table.events for table in tables]
    return LifeTable(started, total(at_risk), total(events))


def _count(lifetimes: pd.DataFrame, counts: np.ndarray) -> LifeTable:
    entry = lifetimes["entry"].to_numpy(dtype=np.int64)
    duration = lifetimes["duration"].to_numpy(dtype=np.int64)
    left = lifetimes["event_observed"].to_numpy(dtype=bool)
    # Whoever left no later than observation began was never watched at risk.
    watched = duration > entry
    months = int(duration[watched].max(initial=0))
    in_months = (counts[:, watched], months)
    joined = _tally(entry[watched], *in_months)
    gone = _tally(duration[watched], *in_months)
    events = _tally(duration[watched], counts[:, watched] * left[watched], months)
    at_risk = np.cumsum(joined - gone, axis=1)[:, :months]
    started = counts[:, entry == 0].sum(axis=1)
    return LifeTable(started, at_risk, events[:, 1:])


def _tally(month: np.ndarray, counts: np.ndarray, months: int) -> np.ndarray:
    """Sum the counts of each draw by month, 0 to `months`."""
    draws, width = counts.shape[0], months + 1
    cell = np.arange(draws)[:, None] * width + month[None, :]
    tally = np.bincount(cell.ravel(), counts.ravel(), minlength=draws * width)
    return tally.astype(float).reshape(draws, width)  # whole numbers where nobody was watched
