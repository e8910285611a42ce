"""Periods, segments and rates as every measure needs them: whole-number periods on the engine, a
dense axis after it.

On the engine a period is a whole number (periods since year 0), because months and quarters then
need no date functions beyond year and month, which every engine has.
"""

from datetime import date
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import pandas as pd

from churnlib.periods import MONTHS, Grain, Period

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot


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
    return max(first, number_of(period if period.start == begin else period.shift(1)))


def dense(frame: pd.DataFrame, last: int, by: str | None = None) -> pd.DataFrame:
    """One row a period (column `period`) and segment, from the first period to `last`; 0 where
    nothing happened.
    """
    keys = [by, "period"] if by else ["period"]
    if frame.empty:
        return frame.sort_values(keys, ignore_index=True)
    numbers = range(int(frame["period"].min()), last + 1)
    full = (
        pd.MultiIndex.from_product([sorted(frame[by].unique()), numbers], names=keys)
        if by
        else numbers
    )
    filled = frame.set_index(keys).reindex(full, fill_value=0)
    return (filled if by else filled.rename_axis("period")).reset_index()


def dated(frame: pd.DataFrame, grain: Grain) -> pd.DataFrame:
    """`period` turned into `period_start`, the first column."""
    starts = pd.to_datetime([period_at(number, grain).start for number in frame["period"]])
    rest = frame.drop(columns="period")
    rest.insert(0, "period_start", starts.astype("datetime64[ns]"))
    return rest.reset_index(drop=True)


def add_up(frame: pd.DataFrame, columns: list[str], by: str | None = None) -> pd.DataFrame:
    """Running totals of columns along the periods, within each segment."""
    return frame.groupby(by, sort=False)[columns].cumsum() if by else frame[columns].cumsum()
