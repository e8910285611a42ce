"""Each value of a segment column against the others: how much oftener its customers leave than
others who pay as often and have stayed as long, and what that would cost over a year.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from scipy import stats

from churnlib.models.survival.intervals import INTERVAL, comparable, renewals, strata
from churnlib.models.survival.logrank import counts_of, scores
from churnlib.models.survival.splits import SEGMENT
from churnlib.periods import MONTHS_A_YEAR
from churnlib.results.columns import Column
from churnlib.results.declared import Result, tagged
from churnlib.statistics.intervals import holm
from churnlib.statistics.rules import CLEAR, LEVEL

__all__ = ["segments_against_others"]

SEGMENTS_AGAINST_OTHERS = Result(
    "segments_against_others",
    title="each segment against the others",
    grain="one row a value of a column that was compared within billing intervals",
    columns=(
        Column("left", "count", "Left", "Customers of the value who left."),
        Column(
            "expected",
            "number",
            "Expected",
            "How many would have left at the rates of the others of the same billing interval and "
            "month of life.",
        ),
        Column(
            "ratio",
            "number",
            "Times the others'",
            "Left ÷ expected: how many times as often they leave as the others.",
            low="low",
            high="high",
            decimals=2,
        ),
        Column("low", "number", "from", "The low end, adjusted for all values.", decimals=2),
        Column("high", "number", "to", "The high end, adjusted for all values.", decimals=2),
        Column(
            "p_adjusted",
            "number",
            "p, adjusted",
            "Of the log-rank test against the others, adjusted for all values and columns.",
            decimals=4,
        ),
        Column(
            "apart", "flag", "Apart", "Whether the value differs from the others beyond chance."
        ),
        Column("customers", "count", "Customers", "Customers who never left, active now."),
        Column(
            "at_stake",
            "money",
            "At stake",
            "MRR of these that goes within twelve months beyond what goes at the others' rate.",
            low="at_stake_low",
            high="at_stake_high",
        ),
        Column("at_stake_low", "money", "from", "At the low end of the ratio."),
        Column("at_stake_high", "money", "to", "At the high end of the ratio."),
    ),
)
SURE = 0.01
"""The chance of naming any value at all where none differs: work follows from it."""
COLUMNS = [column.name for column in SEGMENTS_AGAINST_OTHERS.columns]


def segments_against_others(
    tests: pd.DataFrame,
    lifetimes_by_column: Mapping[str, pd.DataFrame],
    bases: Mapping[str, pd.DataFrame],
) -> pd.DataFrame:
    """How many times as often the customers of each value leave as the others.

    Grain: one row a value with 20 customers or more, of the columns that were compared within
    billing intervals.

    Parameters
    ----------
    tests : frame
        What `compare_segments` gave of these columns.
    lifetimes_by_column : mapping of str to frame
        For each column its lifetimes frame, split by it, with interval_months.
    bases : mapping of str to frame
        For each column `still_staying`, split by it.

    Returns
    -------
    frame
        segment_column, segment · left (customers) · expected (customers, at the others' rates) ·
        ratio = left / expected · low, high (95 %, adjusted for the values of the column) ·
        p_adjusted · apart (bool) · customers (in their first stay now) · at_stake (currency a
        month: their MRR lost within twelve months at `ratio` times the others' rates, less that at
        the others' rates) · at_stake_low, at_stake_high (the same at low and high).

    Notes
    -----
    Indirect standardisation with the others as the standard, by billing interval and month of life:
    a segment that is part of its own standard is drawn to 1 (Breslow and Day 1987, 2.3). The range
    is that of the logarithm, from the counts of both sides. A value is apart where its column
    differs, its range leaves 1 out, and its log-rank test against the others holds at 1 % after
    Holm's adjustment over all values of all columns: advice follows from it, every month anew. For
    months of life not seen, the rate of the last twelve seen is taken.

    Examples
    --------
    >>> from churnlib.models.survival.logrank import compare_segments
    >>> rows = pd.DataFrame({"segment": ["a", "a", "b"], "entry": 0, "duration": [1, 2, 2]})
    >>> rows = rows.assign(event_observed=[True, False, False], customers=[30, 30, 60])
    >>> rows = rows.assign(interval_months=1)
    >>> base = pd.DataFrame({"segment": ["a"], "interval_months": 1, "tenure": 2})
    >>> splits, bases = {"plan": rows}, {"plan": base.assign(customers=30, mrr=300.0)}
    >>> found = segments_against_others(compare_segments(splits), splits, bases)
    >>> found.segment.tolist(), found.left.tolist()
    (['a', 'b'], [30, 0])
    """
    within = tests[tests["p_value"].notna() & tests.get("within_intervals", False)]
    context = next(iter(bases.values()), tests)
    parts = [
        _of_column(lifetimes_by_column[row.column], bases[row.column]).assign(
            segment_column=row.column, column_is_clear=row.p_adjusted <= CLEAR
        )
        for row in within.itertuples()
    ]
    head = ["segment_column", SEGMENT]
    if not parts:
        return tagged(pd.DataFrame(columns=[*head, *COLUMNS]), SEGMENTS_AGAINST_OTHERS, context)
    found = pd.concat(parts, ignore_index=True)
    found["p_adjusted"] = holm(found["p_value"])
    beyond = (found["low"] > 1) | (found["high"] < 1)
    found["apart"] = found["column_is_clear"] & (found["p_adjusted"] <= SURE) & beyond
    return tagged(found[[*head, *COLUMNS]], SEGMENTS_AGAINST_OTHERS, context)


segments_against_others.result = SEGMENTS_AGAINST_OTHERS


def _of_column(lifetimes: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    _, people = comparable(lifetimes)
    names, difference, covariance = scores(people)
    spread = np.diag(covariance)
    known = np.where(spread > 0, spread, np.nan)
    tables = [(interval, *counts_of(part, names)) for interval, part in strata(people)]
    counts = [_against_others(at_risk, events) for _, at_risk, events in tables]
    left, expected, variance = (sum(one[k] for one in counts) for k in range(3))
    ratio, low, high = _ratio(left, expected, variance, len(names))
    frame = pd.DataFrame({SEGMENT: names, "left": left.astype(np.int64), "expected": expected})
    frame = frame.assign(ratio=ratio, low=low, high=high)
    frame["p_value"] = stats.chi2.sf(difference**2 / known, 1)
    today = [base[base[SEGMENT].astype(str) == name] for name in names]
    frame["customers"] = [int(rows["customers"].sum()) for rows in today]
    others = [list(_others(tables, place)) for place in range(len(names))]
    ends = {"at_stake": ratio, "at_stake_low": low, "at_stake_high": high}
    for column, times in ends.items():
        frame[column] = [_at_stake(*one) for one in zip(today, others, times, strict=True)]
    return frame


def _against_others(
    at_risk: np.ndarray, events: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Each segment's leavers, those expected from the others, and the variance of these; months
    without others are in none of them.
    """
    people, left = at_risk.sum(axis=0) - at_risk, events.sum(axis=0) - events
    seen = people > 0
    rate = np.divide(left, people, out=np.zeros_like(people), where=seen)
    spread = np.divide(
        at_risk**2 * rate * (1 - rate), people, out=np.zeros_like(people), where=seen
    )
    return (events * seen).sum(axis=1), (at_risk * rate).sum(axis=1), spread.sum(axis=1)


def _ratio(
    left: np.ndarray, expected: np.ndarray, variance: np.ndarray, values: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Left over expected, with a range at the part of the level that each value has."""
    expected = np.where(expected > 0, expected, np.nan)
    ratio = left / expected
    z = stats.norm.ppf(1 - (1 - LEVEL) / (2 * max(values, 1)))
    # Half a leaver where there is none: the range of nought has an upper end.
    some = np.where(left > 0, left, 0.5)
    spread = np.exp(z * np.sqrt(1 / some + variance / expected**2))
    return ratio, np.where(left > 0, ratio / spread, 0.0), some / expected * spread


def _others(
    tables: list[tuple[int, np.ndarray, np.ndarray]], place: int
) -> Iterator[tuple[int, np.ndarray]]:
    """The others' hazard by month of life, of each billing interval."""
    for interval, at_risk, events in tables:
        people = np.delete(at_risk, place, axis=0).sum(axis=0)
        left = np.delete(events, place, axis=0).sum(axis=0)
        yield interval, _carried_on(interval, people, left)


def _carried_on(interval: int, people: np.ndarray, left: np.ndarray) -> np.ndarray:
    """A hazard for the months seen and for a year after them."""
    seen = people > 0
    hazard = np.divide(left, people, out=np.zeros_like(people), where=seen)
    month = np.arange(1, people.size + 2 * MONTHS_A_YEAR + 1)
    last_seen = int(np.flatnonzero(seen).max(initial=-1)) + 1
    late = np.arange(people.size) >= last_seen - MONTHS_A_YEAR
    late &= renewals(np.arange(1, people.size + 1), interval)
    rate = left[late].sum() / max(people[late].sum(), 1.0)
    ahead = np.where(renewals(month, interval), rate, 0.0)
    ahead[:last_seen] = hazard[:last_seen]
    return ahead


def _at_stake(today: pd.DataFrame, others: list[tuple[int, np.ndarray]], ratio: float) -> float:
    """MRR lost within a year at so many times the others' hazards, beyond what is lost at them."""
    total = 0.0
    for interval, hazard in others:
        rows = today[today[INTERVAL] == interval]
        for tenure, mrr in zip(rows["tenure"], rows["mrr"].astype(float), strict=True):
            ahead = hazard[max(int(tenure), 0) :][:MONTHS_A_YEAR]
            kept, kept_here = (1 - ahead).prod(), (1 - np.minimum(ratio * ahead, 1.0)).prod()
            total += mrr * (kept - kept_here)
    return float(total)
