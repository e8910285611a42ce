"""Which days the data cover, and how that was decided."""

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.errors import DataError
from churnlib.params.model import Params
from churnlib.periods import Period

MAX_GAP = 3 * 366  # days
FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)
BEFORE, MONTHS_BEFORE = 90, 3
"""Days, and months, before the last start from which the usual rate of ends is taken."""
USUAL = 0.5
"""Ends count as far as they come at so much of the usual rate: scheduled ones thin out."""
WEEK = 7
"""Days over which ends are counted, so that a weekend does not look like the end of the data."""
SPARSE = 4
"""Under so many ends in the `BEFORE` days, whole months are compared instead."""


@dataclass(frozen=True)
class Coverage:
    """First and last day that the data cover, both inclusive, and what was decided."""

    first: date
    last: date
    remark: str
    warning: str = ""


def covered(activity: ir.Table, params: Params, shape: str = "spans") -> Coverage:
    """First and last day that the data cover.

    The last day is `data_until` where it is given. Else a shop's is that of the last purchase:
    returns come later. Of subscriptions it is the last start, change or recording, or the last end
    as far as ends come at their usual rate; where every start is the first of a month the rows
    stand for whole months, and the last one is covered to its end.

    Raises
    ------
    DataError : data_from lies after the last row, data_until before the first, or a row years apart
        from all others
    """
    is_spans = "starts_on" in activity.columns
    rows = activity if is_spans else activity.filter(activity.amount >= 0)
    days = rows.starts_on if is_spans else rows.ordered_at
    seen = collect(
        rows.agg(
            first=days.min(),
            last=days.max(),
            recorded=rows.recorded_at.max().date(),
            monthly=(days.day() == 1).all(),
        )
    ).iloc[0]
    if pd.isna(seen["first"]):
        raise DataError(f"{params.activity_table}: no purchase among the rows, only returns.")
    _refuse_lonely_dates(rows, days, params)
    first = params.first_day or seen["first"].date()
    last, why, warning = _last(rows, seen, params, shape)
    if first > last:
        raise DataError(
            f"{params.activity_table}: the data would begin on {first} and end on {last}: "
            "see data_from, data_until."
        )
    remark = f"The data cover {first} to {last} ({why})."
    if not is_spans:
        warning = _late_returns(activity, last, params)
    return Coverage(first, last, remark, warning)


def _last(rows: ir.Table, seen: pd.Series, params: Params, shape: str) -> tuple[date, str, str]:
    """The last day, why it is that, and what a reader has to know of it."""
    if params.last_day:
        return params.last_day, "as data_until says", ""
    mend = "; set data_until where this is wrong"
    if "starts_on" not in rows.columns:
        days = [seen["last"], seen["recorded"]]
        return _latest(days), f"the last purchase{mend}", ""
    begun = _latest([seen["last"], seen["recorded"]])
    why = "the last row"
    if seen["monthly"] or shape == "months":
        begun, why = _last_of_month(seen["last"].date()), "rows stand for whole months"
    if shape != "spans":
        return begun, f"{why}{mend}", ""
    recorded = None if pd.isna(seen["recorded"]) else seen["recorded"].date()
    last = _last_usual_end(rows, begun, recorded)
    if last == begun:
        return begun, f"{'the last start' if why == 'the last row' else why}{mend}", ""
    if seen["monthly"] and last.day == 1:
        last = _last_of_month(last)
    told = (
        f"No subscription starts after {seen['last'].date()}, and ends go on: the data are taken "
        f"to reach {last}. Set data_until where this is wrong."
    )
    return last, f"as far as ends come at their usual rate{mend}", told


def _last_usual_end(rows: ir.Table, begun: date, recorded: date | None) -> date:
    """The last day to which ends come at their usual rate; `begun` where none do.

    Ends count only where most spans that run on the last start have none: else they are terms of
    contracts, known beforehand.
    """
    running = rows.filter((rows.starts_on <= begun) & (rows.mrr > 0))
    running = running.mutate(until=running.ends_on.fill_null(ibis.date(str(LAST))))
    running = running.filter(running.until > begun)
    still = collect(running.agg(n=running.count(), ended=running.ends_on.count())).iloc[0]
    if still["ended"] >= still["n"] / 2:
        return begun
    ended = rows.filter(rows.ends_on.between(begun - timedelta(days=BEFORE), LAST))
    counted = collect(ended.group_by(day=ended.ends_on).agg(n=ended.count()))
    if counted.empty:
        return begun
    by_day = counted.set_index("day").n.sort_index()
    before = by_day[by_day.index <= pd.Timestamp(begun)]
    after = by_day[by_day.index > pd.Timestamp(begun)]
    if recorded:
        after = after[after.index <= pd.Timestamp(recorded)]
    if after.empty:
        return begun
    if before.sum() < SPARSE or (after.index.day == 1).all():
        return max(_by_month(before, after), begun)
    return _by_week(before, after, begun)


def _by_week(before: pd.Series, after: pd.Series, begun: date) -> date:
    every = pd.date_range(pd.Timestamp(begun) - pd.Timedelta(days=BEFORE), after.index.max())
    weekly = pd.concat([before, after]).reindex(every, fill_value=0).rolling(WEEK).sum()
    usual = weekly[: pd.Timestamp(begun)].median()
    later = weekly[pd.Timestamp(begun) + pd.Timedelta(days=1) :]
    enough = later >= max(USUAL * usual, 1)
    until = later.index[enough.cummin()]
    seen = after[after.index <= until.max()] if len(until) else after.iloc[:0]
    return seen.index.max().date() if len(seen) else begun


def _by_month(before: pd.Series, after: pd.Series) -> date:
    """Few ends before, or all on the first of a month: month by month, as long as at least half as
    many come as usual; as in the first of them, where there were none before.
    """
    months = after.groupby(after.index.to_period("M")).sum()
    usual = before.sum() / MONTHS_BEFORE or months.iloc[0]
    every = pd.period_range(months.index.min(), months.index.max(), freq="M")
    enough = months.reindex(every, fill_value=0) >= USUAL * usual
    until = every[enough.cummin().to_numpy()]
    seen = after[after.index.to_period("M").isin(until)]
    return seen.index.max().date() if len(seen) else after.index.min().date() - timedelta(days=1)


def _late_returns(orders: ir.Table, last: date, params: Params) -> str:
    """Returns after the last purchase do not make its month complete."""
    found = collect(orders.agg(last=orders.ordered_at.max())).iloc[0]["last"]
    if pd.isna(found) or found.date() <= last or params.last_day:
        return ""
    return (
        f"The last purchase is of {last}; returns go on to {found.date()}. The data are taken to "
        f"reach {last}: set data_until where nothing was bought later."
    )


def _latest(days: list[pd.Timestamp]) -> date:
    return max(day.date() for day in days if not pd.isna(day))


def _refuse_lonely_dates(activity: ir.Table, days: ir.DateColumn, params: Params) -> None:
    """One order dated 2062 would make that the latest month, one of 1970 decades of cohorts."""
    kept = activity.filter(days.between(params.first_day or FIRST, params.last_day or LAST))
    by_month = kept.group_by(month=days.truncate("M")).agg(
        row=kept._row.min(), first=days.min(), last=days.max()
    )
    months = collect(by_month).sort_values("month")
    months = months.assign(before=months["last"].shift())
    for gap in months[months.month.diff().dt.days > MAX_GAP].itertuples():
        begins = (gap.before + pd.Timedelta(days=1)).date()
        ends = (gap.first - pd.Timedelta(days=1)).date()
        if _is_known(begins, ends, params):
            continue
        raise DataError(
            f"{params.activity_table}, {days.get_name()}: no row between {begins} and {ends} (the "
            f"next is row {gap.row:,}). Where there really was nothing, set gaps: "
            f'[["{begins}", "{ends}"]]; where a date is wrong, mend it, or leave it out with '
            f'data_from: "{gap.first:%Y-%m-%d}" or data_until: "{gap.before:%Y-%m-%d}".'
        )


def _is_known(begins: date, ends: date, params: Params) -> bool:
    """A gap that is stated, if only by its months."""
    return any(
        first <= Period.containing(begins, "month").end
        and last >= Period.containing(ends, "month").start
        for first, last in params.known_gaps
    )


def _last_of_month(day: date) -> date:
    end = Period.containing(day, "month").end
    return date.fromordinal(end.toordinal() - 1)
