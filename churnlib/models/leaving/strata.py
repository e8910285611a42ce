"""Who is like whom in leaving: customers due of one billing interval and about the same renewal.

What is expected of a month is what its customers due would bring at the hazards of other months,
stratum by stratum; so a younger or faster growing base is not taken for one that leaves more.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

BANDS = ((3, (1, 4, 7, 13)), (12, (1, 2, 4)), (np.inf, (1, 2)))
"""Billing intervals shorter than so many months, and the renewals that their strata begin with."""


@dataclass(frozen=True)
class Strata:
    """Customers due and leavers of a business, by stratum and month.

    labels : (billing interval in months, first renewal of the band) of each stratum
    months : first days, one a column
    due, left : arrays, a row a stratum and a column a month
    complete : of each month whether the data cover it to its end
    """

    labels: list[tuple[int, int]]
    months: pd.DatetimeIndex
    due: np.ndarray
    left: np.ndarray
    complete: np.ndarray

    @property
    def interval(self) -> np.ndarray:
        """The billing interval of each stratum."""
        return np.array([interval for interval, _ in self.labels])


def strata_of(due: pd.DataFrame) -> Strata:
    """The rows of a `due` frame by stratum and month; every month between the first and the last.

    Examples
    --------
    >>> start = pd.to_datetime(["2026-01-01", "2026-02-01"])
    >>> rows = pd.DataFrame({"period_start": start, "interval_months": 1, "renewal": [1, 4]})
    >>> strata = strata_of(rows.assign(due=[100, 80], left=[3, 2], complete=True))
    >>> strata.labels, strata.due.tolist()
    ([(1, 1), (1, 4)], [[100.0, 0.0], [0.0, 80.0]])
    """
    rows = due.assign(band=band_of(due["interval_months"], due["renewal"]))
    keys = ["interval_months", "band"]
    start = rows["period_start"]
    months = pd.date_range(start.min(), start.max(), freq="MS") if len(rows) else start
    wide = {
        name: rows.pivot_table(name, keys, "period_start", aggfunc="sum", fill_value=0)
        for name in ("due", "left")
    }
    wide = {name: one.reindex(columns=months, fill_value=0) for name, one in wide.items()}
    is_complete = rows.groupby("period_start")["complete"].all().reindex(months, fill_value=True)
    return Strata(
        labels=[(int(interval), int(band)) for interval, band in wide["due"].index],
        months=pd.DatetimeIndex(months),
        due=wide["due"].to_numpy(float),
        left=wide["left"].to_numpy(float),
        complete=is_complete.to_numpy(bool),
    )


def counts_of(rows: pd.DataFrame, strata: Strata) -> tuple[np.ndarray, np.ndarray]:
    """Due and left of some of the rows that strata were made of, in the same arrays."""
    band = band_of(rows["interval_months"], rows["renewal"])
    keys = zip(rows["interval_months"], band, strict=True)
    place = {label: n for n, label in enumerate(strata.labels)}
    row = np.array([place[int(interval), int(first)] for interval, first in keys], dtype=int)
    column = strata.months.get_indexer(rows["period_start"])
    due, left = np.zeros_like(strata.due), np.zeros_like(strata.left)
    np.add.at(due, (row, column), rows["due"].to_numpy(float))
    np.add.at(left, (row, column), rows["left"].to_numpy(float))
    return due, left


def band_of(interval: ArrayLike, renewal: ArrayLike) -> np.ndarray:
    """The first renewal of the band that each renewal lies in.

    Examples
    --------
    >>> band_of(pd.Series([1, 1, 12]), pd.Series([5, 40, 3])).tolist()
    [4, 13, 2]
    """
    interval, renewal = np.asarray(interval), np.asarray(renewal)
    out = np.ones(interval.size, dtype=int)
    shortest = 0.0
    for below, starts in BANDS:
        here = (interval >= shortest) & (interval < below)
        place = np.searchsorted(starts, renewal[here], side="right") - 1
        out[here] = np.array(starts)[np.maximum(place, 0)]
        shortest = below
    return out


def band_name(interval: int, band: int) -> str:
    """The renewals of a band, for readers: `1 to 3`, `13 and later`.

    Examples
    --------
    >>> band_name(1, 1), band_name(12, 1), band_name(12, 2)
    ('1 to 3', '1', '2 and later')
    """
    starts = next(starts for below, starts in BANDS if interval < below)
    later = [start for start in starts if start > band]
    if not later:
        return f"{band} and later"
    last = later[0] - 1
    return str(band) if last == band else f"{band} to {last}"


def hazards(due: np.ndarray, left: np.ndarray, interval: np.ndarray) -> np.ndarray:
    """The share that leaves of each stratum, drawn to that of its billing interval where few were
    seen: (left + p) / (due + 1), p the pooled share.
    """
    pooled = np.empty(due.size)
    everybody = left.sum() / max(due.sum(), 1.0)
    for months in np.unique(interval):
        own = interval == months
        pooled[own] = left[own].sum() / due[own].sum() if due[own].sum() else everybody
    return (left + pooled) / (due + 1)
