"""How long customers stay: counts by month of life, the sufficient statistics of every survival
model.

A lifetime is the first unbroken stay: from the first paid day until the customer first has no paid
subscription at all. Spans that touch or overlap are one stay; a comeback is a reactivation and not
survival.
"""

from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.billing_intervals import INTERVAL_MONTHS, billing_intervals
from churnlib.measures.by_period import as_declared, split_keys
from churnlib.measures.ledger import paid_spans
from churnlib.measures.members import joined, members
from churnlib.measures.tenure import month_of_life, months_through
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["lifetimes"]

NEVER = date(9999, 12, 31)
WORDS = (
    Term(
        "Lifetime",
        "From the first paid day to the first day without any subscription; a comeback is no part "
        "of it.",
    ),
    Term(
        "Event observed",
        "Whether the end of a lifetime or wait was seen; otherwise it is censored: it counts as "
        "far as it was seen.",
    ),
    Term(
        "Late entry",
        "A customer who started before the records begin: watched only from then on.",
    ),
)
LIFETIMES = Result(
    "lifetimes",
    "how long customers stayed",
    "one row a distinct (entry, duration, event_observed) and segment",
    (
        INTERVAL_MONTHS,
        Column(
            "entry",
            "count",
            "Entry",
            "Months of tenure at which observation began; 0 unless the customer was there before "
            "the records.",
            unit="months",
        ),
        Column(
            "duration",
            "count",
            "Duration",
            "The month of life in which the customer left, or how many were seen through.",
            unit="months",
        ),
        Column("event_observed", "flag", "Left", "Whether the customer was seen to leave."),
        Column("customers", "count", "Customers", "Customers who share these."),
    ),
)


@gives(LIFETIMES)
def lifetimes(
    snapshot: "Snapshot",
    *,
    by: "Split | None" = None,
    as_of: date | None = None,
    intervals: bool = False,
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
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers
    as_of : date, at most the snapshot's; what was known then (starts from then on are out, ends
        from then on are open)
    intervals : whether to keep apart how often customers pay, see `billing_intervals`: models then
        compare within billing intervals

    Returns
    -------
    DataFrame
        [segment]; [interval_months] (0: not known); entry (months of tenure at which observation
        began, 0 unless the customer was there before the records); duration (months: left in that
        month of life, or seen through that many); event_observed (left); customers. At risk in
        month k: entry < k <= duration. Late entrants not seen through any month are left out.

    Examples
    --------
    >>> lifetimes(snapshot).columns.tolist()
    ['entry', 'duration', 'event_observed', 'customers']
    """
    known_by = min(as_of or snapshot.as_of, snapshot.as_of)
    stays = joined(first_stays(snapshot, known_by), members(snapshot, by))
    started = stays.filter(stays.first_active_on < known_by)
    seen = months_through(started.first_active_on, known_by)
    left_in = month_of_life(started.first_active_on, started.ended_on)
    late_by = month_of_life(started.first_active_on, started.observed_from)
    event = ((started.ended_on < known_by) & (left_in <= seen)).fill_null(False)
    kept = [INTERVAL_MONTHS.name] if intervals else []
    if intervals:
        started = started.left_join(billing_intervals(snapshot), "customer_id")
        started = started.mutate(interval_months=started.interval_months.fill_null(0))
    counted = started.select(
        *split_keys(by),
        *kept,
        entry=ibis.ifelse(started.is_late, late_by, 0).cast("int64"),
        duration=ibis.ifelse(event, left_in, seen),
        event_observed=event,
    )
    counted = counted.filter((counted.entry == 0) | (counted.duration > counted.entry))
    keys = [*split_keys(by), *kept, "entry", "duration", "event_observed"]
    groups = collect(counted.group_by(*keys).aggregate(customers=counted.count()))
    return as_declared(groups.sort_values(keys, ignore_index=True), LIFETIMES)


def returns(snapshot: "Snapshot") -> ir.Table:
    """When customers last came back: customer_id, returned_on (the first paid day after the last
    absence); nobody who never left.
    """
    spans = paid_spans(snapshot)
    never = ibis.literal(NEVER, type="date")
    dated = spans.select("customer_id", "starts_on", until=spans.ends_on.fill_null(never))
    order = [dated.starts_on, dated.until]
    so_far = dated.until.max().over(ibis.cumulative_window(group_by="customer_id", order_by=order))
    walked = dated.mutate(so_far=so_far)
    before = walked.so_far.lag().over(
        ibis.window(group_by="customer_id", order_by=[walked.starts_on, walked.until])
    )
    following = walked.mutate(before=before)
    back = following.filter(following.starts_on > following.before)
    return back.group_by("customer_id").aggregate(returned_on=back.starts_on.max())


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
    place = ibis.row_number().over(ibis.window(group_by="customer_id", order_by=broken.starts_on))
    numbered = broken.mutate(stay=place)
    return numbered.filter(numbered.stay == 0).select("customer_id", "ended_on", "next_on")
