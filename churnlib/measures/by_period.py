"""Periods and segments as every measure needs them: whole-number periods on the engine, a dense
axis after it.

On the engine a period is a whole number (periods since year 0), because months and quarters then
need no date functions beyond year and month, which every engine has. What is split travels as the
column `segment` from the customers to the result, never under the source's own name, which may be
one of ours.
"""

from datetime import date
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import pandas as pd

from churnlib.periods import MONTHS, Grain, Period
from churnlib.results.declared import Result
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

SEGMENT = "segment"
"""The column that holds what a result is split by."""
WORDS = (
    Term(
        "As of",
        "The end of the period, exclusive. Nothing that became known on this day or later is in "
        "the report.",
    ),
    Term("Period", "A month or a quarter: its first day belongs to it, the next one's does not."),
)


def period_number(day: ir.DateValue, grain: Grain) -> ir.IntegerValue:
    """The period that a day lies in, as a whole number: an expression on the engine."""
    return ((day.year() * 12 + day.month() - 1) // MONTHS[grain]).cast("int64")


def number_of(period: Period) -> int:
    """The same number of a `Period`."""
    return (period.start.year * 12 + period.start.month - 1) // MONTHS[period.grain]


def period_at(number: int, grain: Grain) -> Period:
    """The `Period` of a number."""
    year, within = divmod(int(number) * MONTHS[grain], 12)
    return Period(date(year, within + 1, 1), grain)


def last_period(snapshot: "Snapshot", grain: Grain | None = None) -> Period:
    """The last period of a grain that is complete by as_of (for the snapshot's own grain: the
    reported one).
    """
    return Period.containing(snapshot.as_of, grain or snapshot.period.grain).shift(-1)


def first_listed(snapshot: "Snapshot", first: int, grain: Grain) -> int:
    """The first period to list: the one of the first activity, or the first that the records cover
    wholly.

    Where `data_from` says that the records begin after the customers did, what happened before it
    was seen only of those who stayed: such periods would show no churn, and are not listed.
    """
    begin = snapshot.params.first_day
    if begin is None:
        return first
    period = Period.containing(begin, grain)
    if period.start != begin:
        period = period.shift(1)
    return max(first, number_of(period))


def left_edge(snapshot: "Snapshot", grain: Grain) -> int | None:
    """The number of the first period of a shop's records, where it is not known that the business
    began in it: its first purchases may be any purchases.
    """
    edge = snapshot.left_edge
    return None if edge is None else number_of(Period.containing(edge.start, grain))


def listed(snapshot: "Snapshot", frame: pd.DataFrame, grain: Grain) -> pd.DataFrame:
    """The rows of periods to list, see `first_listed`."""
    if frame.empty:
        return frame
    first = first_listed(snapshot, frame["period"].min(), grain)
    return frame[frame["period"] >= first]


def last_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last period listed."""
    last = frame["period_start"].max()
    return frame[frame["period_start"] == last].reset_index(drop=True)


def split_keys(by: "Split | None") -> list[str]:
    """What a split adds to the keys of a result: the column `segment`, or nothing."""
    return [] if by is None else [SEGMENT]


def dense(frame: pd.DataFrame, last: int) -> pd.DataFrame:
    """One row a period (column `period`) and segment, from the first period to `last`; 0 where
    nothing happened.
    """
    keys = [SEGMENT, "period"] if SEGMENT in frame else ["period"]
    if frame.empty:
        return frame.sort_values(keys, ignore_index=True)
    numbers = pd.RangeIndex(int(frame["period"].min()), last + 1, name="period")
    full: pd.Index = numbers
    if SEGMENT in frame:
        segments = sorted(frame[SEGMENT].unique())
        full = pd.MultiIndex.from_product([segments, numbers], names=keys)
    return frame.set_index(keys).reindex(full, fill_value=0).reset_index()


def dated(frame: pd.DataFrame, grain: Grain) -> pd.DataFrame:
    """`period` turned into `period_start`, the first column."""
    starts = pd.to_datetime([period_at(number, grain).start for number in frame["period"]])
    rest = frame.drop(columns="period")
    rest.insert(0, "period_start", starts.astype("datetime64[ns]"))
    return rest.reset_index(drop=True)


def add_up(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Running totals of columns along the periods, within each segment."""
    if SEGMENT in frame:
        return frame.groupby(SEGMENT, sort=False)[columns].cumsum()
    return frame[columns].cumsum()


def as_declared(frame: pd.DataFrame, result: Result) -> pd.DataFrame:
    """The columns of a result in their order; `segment`, where it is there, behind the period or
    first of all.
    """
    there = [one for one in result.columns if not one.optional or one.name in frame]
    names = [one.name for one in there]
    if SEGMENT in frame:
        names.insert(int(names[0] == "period_start"), SEGMENT)
    return frame[names]
