"""How long customers stay: counts by month of life, the sufficient statistics of every survival
model.

A lifetime is the first unbroken stay: from the first paid day until the customer first has no paid
subscription at all. Spans that touch or overlap are one stay; a comeback is a reactivation and not
survival.
"""

import calendar
from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import MONEY_DECIMALS, collect
from churnlib.measures.ledger import paid_spans
from churnlib.measures.members import count_if, days_between, joined, members
from churnlib.results.segments import UNKNOWN
from churnlib.statistics.rates import with_rate

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

NEVER = date(9999, 12, 31)
RETURN_DAYS = 90
MONTHS_OF_COST = 12
"""Months before as_of whose new customers tell what winning one costs."""


def lifetimes(
    snapshot: "Snapshot", *, by: str | None = None, as_of: date | None = None
) -> pd.DataFrame:
    """How many customers stayed how many months: the input of survival models.

    Grain: one row a distinct (entry, duration, event_observed) and segment. Month of life k runs
    from k-1 months after the start, exclusive, to k months after it, inclusive (one month after
    January 31 is February 28): leaving exactly k months after the start is leaving in month k. A
    month of life counts for a customer only if it was observed to its end: who left in a month of
    life not yet over is counted as seen until that month began, just as those are who stayed. The
    last day observed is the one before as_of.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by
    as_of : date, at most the snapshot's; what was known then (starts from then on are out, ends
    from then on are open)

    Returns
    -------
    DataFrame : [by]; entry (months of tenure at which observation began, 0 unless the customer was
    there before the
        records); duration (months: left in that month of life, or seen through that many);
        event_observed (left); customers. At risk in month k: entry < k <= duration. Late entrants
        not seen through any month are left out

    Examples
    --------
    >>> lifetimes(snapshot).columns.tolist()
    ['entry', 'duration', 'event_observed', 'customers']
    """
    known_by = min(as_of or snapshot.as_of, snapshot.as_of)
    stays = joined(first_stays(snapshot, known_by), members(snapshot, by))
    started = stays.filter(stays.first_active_on < known_by)
    seen = _months_through(started.first_active_on, known_by)
    left_in = _month_of_life(started.first_active_on, started.ended_on)
    event = ((started.ended_on < known_by) & (left_in <= seen)).fill_null(False)
    entry = ibis.ifelse(
        started.is_late, _month_of_life(started.first_active_on, started.observed_from), 0
    )
    counted = started.select(
        *([by] if by else []),
        entry=entry.cast("int64"),
        duration=ibis.ifelse(event, left_in, seen),
        event_observed=event,
    )
    counted = counted.filter((counted.entry == 0) | (counted.duration > counted.entry))
    keys = [*([by] if by else []), "entry", "duration", "event_observed"]
    groups = collect(counted.group_by(*keys).aggregate(customers=lambda t: t.count()))
    return groups.sort_values(keys, ignore_index=True)[[*keys, "customers"]]


def active_base(snapshot: "Snapshot", *, by: str | None = None) -> pd.DataFrame:
    """Today's customers by how long they have been customers.

    Grain: one row a tenure (and segment) of customers active just before as_of.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by

    Returns
    -------
    DataFrame : [by]; tenure (whole months since the first paid day, absences included); customers;
    mrr (currency a
        month)

    Examples
    --------
    >>> active_base(snapshot).columns.tolist()
    ['tenure', 'customers', 'mrr']
    """
    spans = paid_spans(snapshot)
    running = spans.filter((spans.ends_on >= snapshot.as_of).fill_null(True))
    paying = running.group_by("customer_id").aggregate(mrr=running.mrr.sum())
    rows = joined(paying, members(snapshot, by))
    rows = rows.mutate(tenure=_months_through(rows.first_active_on, snapshot.as_of))
    keys = [*([by] if by else []), "tenure"]
    groups = collect(rows.group_by(*keys).aggregate(customers=rows.count(), mrr=rows.mrr.sum()))
    return groups.sort_values(keys, ignore_index=True)[[*keys, "customers", "mrr"]]


def arpa(snapshot: "Snapshot", *, by: str | None = None) -> pd.DataFrame:
    """Average revenue per active customer just before as_of.

    Grain: one row (a segment); none where nobody is active.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by

    Returns
    -------
    DataFrame : [by]; customers; mrr (currency a month); arpa = mrr / customers; acquisition_cost
    (currency, mean over the
        customers won in the twelve months before as_of of whom it is known; the column is absent
        where of nobody)

    Examples
    --------
    >>> arpa(snapshot).columns.tolist()
    ['customers', 'mrr', 'arpa']
    """
    base = active_base(snapshot, by=by)
    sums = (
        base.groupby(by, as_index=False)[["customers", "mrr"]].sum()
        if by
        else base[["customers", "mrr"]].sum()
    )
    figures = sums if by else sums.to_frame().T.astype({"customers": "int64"})
    figures = figures[figures["customers"] > 0].round({"mrr": MONEY_DECIMALS})
    figures = figures.assign(arpa=figures["mrr"] / figures["customers"])
    costs = _acquisition_costs(snapshot, by)
    if costs["acquisition_cost"].isna().all():
        return figures
    return figures.merge(costs, on=by, how="left") if by else figures.assign(**costs.iloc[0])


def _acquisition_costs(snapshot: "Snapshot", by: str | None) -> pd.DataFrame:
    """Mean cost of the customers won within a year before as_of: [by], acquisition_cost."""
    customers = snapshot.customers
    won = customers.filter(customers.first_active_on >= snapshot.months_before(MONTHS_OF_COST))
    if by:
        won = won.mutate(**{by: won[by].cast("string").fill_null(UNKNOWN)})
    return collect(
        (won.group_by(by) if by else won).aggregate(acquisition_cost=won.acquisition_cost.mean())
    )


def returns(snapshot: "Snapshot", *, days: int = RETURN_DAYS) -> pd.DataFrame:
    """How many of those who left came back soon.

    Grain: one row. Counts the end of the first stay, and only leavers whose `days` after it were
    all observed.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    days : window in days, the last one included

    Returns
    -------
    DataFrame : window_days; left (customers); returned (of them, within the window); share =
    returned / left; low, high
        (Wilson)

    Examples
    --------
    >>> returns(snapshot).columns.tolist()
    ['window_days', 'left', 'returned', 'share', 'low', 'high']
    """
    stays = first_stays(snapshot, snapshot.as_of)
    stays = stays.filter(stays.ended_on < snapshot.as_of)
    observed = stays.filter(days_between(stays.ended_on, snapshot.as_of) > days)
    back = (days_between(observed.ended_on, observed.next_on) <= days).fill_null(False)
    counts = collect(observed.aggregate(left=observed.count(), returned=count_if(back)))
    rated = with_rate(counts.assign(window_days=days), "returned", "left").rename(
        columns={"rate": "share"}
    )
    return rated[["window_days", "left", "returned", "share", "low", "high"]]


def first_stays(snapshot: "Snapshot", as_of: date) -> ir.Table:
    """Each customer's first unbroken stay as known by as_of: customer_id, ended_on (far ahead:
    open), next_on.

    next_on is the start of the next paid span after it, empty where there is none.
    """
    spans = paid_spans(snapshot)
    known = spans.filter(spans.starts_on < as_of)
    never = ibis.literal(NEVER, type="date")
    until = ibis.ifelse((known.ends_on < as_of).fill_null(False), known.ends_on, never)
    dated = known.select("customer_id", "starts_on", until=until)
    order = [dated.starts_on, dated.until]
    so_far = dated.until.max().over(ibis.cumulative_window(group_by="customer_id", order_by=order))
    following = dated.starts_on.lead().over(ibis.window(group_by="customer_id", order_by=order))
    walked = dated.mutate(ended_on=so_far, next_on=following)
    broken = walked.filter((walked.next_on > walked.ended_on).fill_null(True))
    first = ibis.row_number().over(ibis.window(group_by="customer_id", order_by=broken.starts_on))
    return (
        broken.mutate(stay=first)
        .filter(lambda t: t.stay == 0)
        .select("customer_id", "ended_on", "next_on")
    )


def _month_of_life(start: ir.DateValue, end: ir.DateValue) -> ir.IntegerValue:
    """The month of life that `end` lies in: months from start to end, rounded up.

    The end is not past the anniversary in its calendar month where its day is at most the start's
    day; that a short month clamps the anniversary to its last day changes nothing, as no end lies
    behind that day.
    """
    return _calendar_months(start, end) + (end.day() > start.day()).cast("int64")


def _months_through(start: ir.DateValue, as_of: date) -> ir.IntegerValue:
    """Whole months of life observed by as_of: those that ended, their last day included, before it.

    The day as_of itself is not observed (an end on it is not yet known): a month of life that ends
    on it is not over. If it counted, billing by calendar month would show a last month of life in
    which nobody leaves.
    """
    length = calendar.monthrange(as_of.year, as_of.month)[1]
    anniversary = ibis.least(start.day().cast("int64"), ibis.literal(length))
    not_over = (anniversary >= as_of.day).cast("int64")
    return _calendar_months(start, ibis.literal(as_of, type="date")) - not_over


def _calendar_months(start: ir.DateValue, end: ir.DateValue) -> ir.IntegerValue:
    return ((end.year() - start.year()) * 12 + end.month() - start.month()).cast("int64")
