"""Whether segments stay for different lengths of time: the log-rank test on grouped lifetimes,
within billing intervals where these are known.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from churnlib.models.survival.intervals import INTERVAL, comparable, strata, tells_interval
from churnlib.models.survival.life_table import MIN_AT_RISK, life_table
from churnlib.models.survival.splits import SEGMENT, segments
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.intervals import benjamini_hochberg

__all__ = ["compare_segments"]

SEGMENT_TESTS = Result(
    "segment_tests",
    title="the tests of the segments",
    grain="one row a column of customers, the clearest difference first",
    columns=(
        Column("column", "text", "Split by", "The column of customers whose values differ or not."),
        Column("groups", "count", "Compared", "Values with enough customers to be compared."),
        Column("statistic", "number", "Chi-square", "Of the log-rank test.", decimals=2),
        Column("p_value", "number", "p", "Chance of such a difference by luck alone.", decimals=4),
        Column(
            "p_adjusted",
            "number",
            "p, adjusted",
            "Adjusted for all columns scanned (Benjamini-Hochberg).",
            decimals=4,
        ),
        Column("n_scanned", "count", "Scanned", "Columns that could be tested."),
        Column(
            "within_intervals",
            "flag",
            "Within intervals",
            "Whether customers were compared with those who pay as often as they do.",
            optional=True,
        ),
        Column(
            "tells_interval",
            "flag",
            "Tells the interval",
            "Whether the column tells how often customers pay; it is not tested then.",
            optional=True,
        ),
    ),
)

SINGULAR = 1e-10
"""One segment's difference follows from the others': its direction counts for none."""


@dataclass(frozen=True)
class LogRank:
    """Result of a log-rank test; statistic and p_value are NaN where there was nothing to
    compare.
    """

    groups: int
    statistic: float
    degrees_of_freedom: int
    p_value: float


UNTESTED = LogRank(0, np.nan, 0, np.nan)
"""Of a column that tells how often customers pay: there is nothing to compare within intervals."""


def survival_logrank(lifetimes: pd.DataFrame) -> LogRank:
    """Test whether the segments of a split frame share one survival curve.

    Parameters
    ----------
    lifetimes : frame
        segment, [interval_months], entry, duration (months), event_observed, customers. Segments
        with fewer than 20 customers are left out: the chi-square distribution is no guide for them,
        and they have no curve either.

    Returns
    -------
    LogRank
        groups (compared), statistic (chi-square), degrees_of_freedom, p_value.

    Notes
    -----
    Mantel (1966), for k samples, ties exact: in each month of life the observed events of a segment
    less the expected ones, with the hypergeometric covariance. Where the frame keeps
    interval_months apart these are summed over the intervals (stratified: Klein and Moeschberger
    2003, 7.5). Customers who enter late count at risk only while watched, which lifelines' test
    cannot say.

    Examples
    --------
    >>> rows = pd.DataFrame({"segment": ["a", "a", "b"], "entry": 0, "duration": [1, 2, 2]})
    >>> rows = rows.assign(event_observed=[True, False, False], customers=[30, 30, 60])
    >>> survival_logrank(rows).p_value < 0.001
    True
    """
    _, difference, covariance = scores(lifetimes)
    compared = np.diag(covariance) > 0
    groups = int(compared.sum())
    if groups < 2:
        return LogRank(groups, np.nan, 0, np.nan)
    difference = difference[compared]
    covariance = covariance[np.ix_(compared, compared)]
    solution, _, rank, _ = np.linalg.lstsq(covariance, difference, rcond=SINGULAR)
    statistic = float(difference @ solution)
    return LogRank(groups, statistic, int(rank), float(stats.chi2.sf(statistic, rank)))


@gives(SEGMENT_TESTS)
def compare_segments(lifetimes_by_column: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Log-rank test of every segment column, with the false discoveries of looking at many kept in
    check.

    Grain: one row a column, the clearest difference first.

    Parameters
    ----------
    lifetimes_by_column : mapping of str to frame
        For each column its lifetimes frame, split by that column (in `segment`).

    Returns
    -------
    frame
        column · groups (values compared) · statistic · p_value · p_adjusted (Benjamini-Hochberg
        over the columns) · n_scanned (columns that could be tested) · within_intervals (bool: whose
        interval is known are compared with those who pay as often) · tells_interval (bool: the
        column is the billing interval by another name, and not tested). Empty cells (NaN) where
        there was nothing to compare.

    Examples
    --------
    >>> rows = pd.DataFrame({"segment": ["a", "a", "b"], "entry": 0, "duration": [1, 2, 2]})
    >>> rows = rows.assign(event_observed=[True, False, False], customers=[30, 30, 60])
    >>> compare_segments({"plan": rows}).n_scanned.tolist()
    [1]
    """
    rows = []
    for column, lifetimes in lifetimes_by_column.items():
        within, people = comparable(lifetimes)
        telling = within and tells_interval(people)
        test = UNTESTED if telling else survival_logrank(people)
        rows.append((column, test.groups, test.statistic, test.p_value, within, telling))
    names = ["column", "groups", "statistic", "p_value", "within_intervals", "tells_interval"]
    compared = pd.DataFrame(rows, columns=names)
    compared["p_adjusted"] = benjamini_hochberg(compared["p_value"].astype(float))
    compared["n_scanned"] = int(compared["p_value"].notna().sum())
    ordered = compared.sort_values(["p_value", "column"], ignore_index=True)
    if not any(INTERVAL in lifetimes for lifetimes in lifetimes_by_column.values()):
        return ordered[[one.name for one in SEGMENT_TESTS.columns if not one.optional]]
    return ordered[[one.name for one in SEGMENT_TESTS.columns]]


def scores(lifetimes: pd.DataFrame) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Segments of enough customers, their observed less expected events, and the covariance: summed
    over billing intervals.
    """
    people = {name: part["customers"].sum() for name, part in segments(lifetimes)}
    large = [name for name, customers in people.items() if customers >= MIN_AT_RISK]
    difference, covariance = np.zeros(len(large)), np.zeros((len(large), len(large)))
    for _, part in strata(lifetimes):
        of_stratum = _scores(*counts_of(part, large))
        difference, covariance = difference + of_stratum[0], covariance + of_stratum[1]
    return large, difference, covariance


def counts_of(lifetimes: pd.DataFrame, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """At risk and events of each of these segments, by month of life."""
    value = lifetimes[SEGMENT].astype(str)
    tables = [life_table(lifetimes[value == name]) for name in names]
    months = max((table.months for table in tables), default=0)
    at_risk, events = np.zeros((len(names), months)), np.zeros((len(names), months))
    for row, table in enumerate(tables):
        at_risk[row, : table.months] = table.at_risk
        events[row, : table.months] = table.events
    return at_risk, events


def _scores(at_risk: np.ndarray, events: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Observed less expected events of each segment, and their covariance, summed over months."""
    n, d = at_risk.sum(axis=0), events.sum(axis=0)
    informative = (n > 1) & (d > 0)
    at_risk, events = at_risk[:, informative], events[:, informative]
    n, d = n[informative], d[informative]
    share = at_risk / n
    spread = d * (n - d) / (n - 1)
    covariance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return (events - share * d).sum(axis=1), covariance
