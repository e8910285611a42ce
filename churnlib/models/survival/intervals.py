"""Billing intervals as strata: customers are compared with those who could leave as often.

A lifetimes frame may keep `interval_months` apart (0: not known). Who pays by the year stays at
least a year, whatever else is true of it, so pooled curves compare contracts and not customers.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from churnlib.models.survival.splits import SEGMENT
from churnlib.results.columns import Column

INTERVAL = "interval_months"
UNKNOWN_INTERVAL = 0
MOST_UNKNOWN = 0.05
"""Share of customers whose interval may be unknown in a comparison within intervals; they are left
out of it."""
TELLING = 0.8
"""From this association (Cramer's V) on, a column is the billing interval by another name."""
PAID_EVERY = Column(
    INTERVAL,
    "count",
    "Paid every",
    "Months that a payment covers; 0 where it is not known.",
    unit="months",
    optional=True,
)


def strata(lifetimes: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """Each billing interval (`UNKNOWN_INTERVAL` where it is not known) and its rows.

    Examples
    --------
    >>> rows = pd.DataFrame({"interval_months": [12, 1], "customers": [2, 3]})
    >>> [(months, int(part["customers"].sum())) for months, part in strata(rows)]
    [(1, 3), (12, 2)]
    """
    if INTERVAL not in lifetimes:
        yield UNKNOWN_INTERVAL, lifetimes
        return
    for months, part in lifetimes.groupby(INTERVAL, sort=True):
        yield int(months), part


def comparable(lifetimes: pd.DataFrame) -> tuple[bool, pd.DataFrame]:
    """Whether intervals are known well enough to compare within them, and the rows to compare."""
    if INTERVAL not in lifetimes or lifetimes.empty:
        return False, lifetimes
    known = lifetimes[INTERVAL] != UNKNOWN_INTERVAL
    people = lifetimes["customers"]
    if people[~known].sum() > MOST_UNKNOWN * people.sum():
        return False, lifetimes.drop(columns=INTERVAL)
    return True, lifetimes[known]


def tells_interval(lifetimes: pd.DataFrame) -> bool:
    """Whether the segments tell how often customers pay, or nearly so.

    Examples
    --------
    >>> rows = pd.DataFrame({"segment": ["year", "month"], "interval_months": [12, 1]})
    >>> tells_interval(rows.assign(customers=50))
    True
    """
    table = lifetimes.pivot_table("customers", SEGMENT, INTERVAL, aggfunc="sum", fill_value=0)
    if min(table.shape) < 2:
        return False
    return float(stats.contingency.association(table.to_numpy(), method="cramer")) >= TELLING


def renewals(months: np.ndarray, interval: int) -> np.ndarray:
    """Which months of life end with a renewal: all of them on monthly billing, and where the
    interval is not known.
    """
    return months % max(interval, 1) == 0
