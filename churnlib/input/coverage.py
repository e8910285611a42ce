"""Which days the data cover."""

from datetime import date

import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.errors import DataError
from churnlib.params.model import Params
from churnlib.periods import Period

MAX_GAP = 3 * 366  # days
FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)


def covered(activity: ir.Table, params: Params) -> tuple[date, date]:
    """First and last day that the data cover, both inclusive.

    The last day is `data_until` where it is given, else the last start, order or recording. Where
    every start is the first of a month the rows stand for whole months, so the last one is covered
    to its end.

    Raises
    ------
    DataError : data_from lies after the last row, data_until before the first, or a row years apart
        from all others
    """
    spans = "starts_on" in activity.columns
    days = activity.starts_on if spans else activity.ordered_at
    seen = collect(
        activity.agg(
            first=days.min(),
            last=days.max(),
            recorded=activity.recorded_at.max().date(),
            monthly=(days.day() == 1).all(),
        )
    ).iloc[0]
    _refuse_lonely_dates(activity, days, params)
    first = params.first_day or seen["first"].date()
    last = params.last_day
    if not last and spans and seen["monthly"]:
        last = _last_of_month(seen["last"].date())
    if not last:
        last = max(day.date() for day in (seen["last"], seen["recorded"]) if not pd.isna(day))
    if first > last:
        raise DataError(
            f"{params.activity_table}: the data would begin on {first} and end on {last}: "
            "see data_from, data_until."
        )
    return first, last


def _refuse_lonely_dates(activity: ir.Table, days: ir.DateColumn, params: Params) -> None:
    """One order dated 2062 would make that the latest month, one of 1970 decades of cohorts."""
    kept = activity.filter(days.between(params.first_day or FIRST, params.last_day or LAST))
    by_month = kept.group_by(month=days.truncate("M")).agg(row=kept._row.min())
    months = collect(by_month).sort_values("month")
    gaps = months.assign(before=months.month.shift())[months.month.diff().dt.days > MAX_GAP]
    if len(gaps):
        gap = gaps.iloc[0]
        raise DataError(
            f"{params.activity_table}, {days.get_name()}: no row between {gap.before:%Y-%m} and "
            f"{gap.month:%Y-%m} (the next is row {gap.row:,}). A date is wrong on one side: mend "
            "it, or say with data_from or data_until what the data cover."
        )


def _last_of_month(day: date) -> date:
    end = Period.containing(day, "month").end
    return date.fromordinal(end.toordinal() - 1)
