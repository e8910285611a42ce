"""Whether and when customers buy again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import (
    as_declared,
    last_period,
    left_edge,
    number_of,
    period_at,
    period_number,
    split_keys,
)
from churnlib.measures.members import count_if, days_between, joined, members
from churnlib.measures.purchases import purchases
from churnlib.periods import Grain
from churnlib.results.columns import Column, rate
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rates import with_rate

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["gaps", "repeat_by_cohort", "repeat_purchase_rate"]

WINDOWS = (90, 365)
"""Days after the first purchase within which a second one is looked for."""
EVER = "ever"
GROUPS = 64
"""Groups of whole customers: enough to know a variance by, few enough to be fetched."""
WORDS = (
    Term(
        "Repeat purchase rate",
        "Customers with a second purchase within so many days ÷ customers observed that long.",
    ),
)
_COUNTS = (
    Column(
        "numerator", "count", "Bought again", "Customers with a second purchase within the window."
    ),
    Column(
        "denominator",
        "count",
        "Observed that long",
        "Customers observed through the whole window; of “ever”, all.",
    ),
)
_RATE = rate("rate", "Rate", "Bought again ÷ observed that long.", "denominator", frame="rate")
REPEAT_PURCHASE_RATE = Result(
    "repeat_purchase_rate",
    "the repeat purchase rate",
    "one row a window",
    (
        Column(
            "window_days",
            "text",
            "Days after the first purchase",
            "The window, its last day included; “ever” ends with what was observed.",
        ),
        *_COUNTS,
        *_RATE,
    ),
    note=(
        "With 95 % range (Wilson). “Ever” counts everybody, however short they were "
        "observed, and grows with time. Who bought first in the first period of the records is "
        "left out, unless opened_on says that the business began then: it may have been any "
        "purchase."
    ),
)
REPEAT_BY_COHORT = Result(
    "repeat_by_cohort",
    "the repeat purchase rate by cohort",
    "one row a cohort and window",
    (
        Column("cohort", "text", "Cohort", "The period of the first purchase."),
        Column(
            "window_days",
            "count",
            "Window days",
            "Days after the first purchase, the last one included.",
            unit="days",
        ),
        Column("size", "count", "Size", "Customers of the cohort."),
        *_COUNTS,
        *_RATE,
    ),
    shown=("cohort", "window_days", "denominator", "rate", "low", "high"),
    caption="Repeat purchase rate by first {grain}",
)
GAPS = Result(
    "gaps",
    "waits for the next purchase",
    "one row a distinct (duration, event_observed), segment and group of customers",
    (
        Column(
            "customer_group",
            "count",
            "Group",
            "One of 64 groups of whole customers: waits of one customer are alike.",
            optional=True,
        ),
        Column("entry", "count", "Entry", "0: every wait is observed from its start.", unit="days"),
        Column(
            "duration",
            "count",
            "Duration",
            "Days after which the customer bought again, or which it was seen to wait.",
            unit="days",
        ),
        Column("event_observed", "flag", "Bought again", "Whether the wait was seen to end."),
        Column("customers", "count", "Customers", "Customers, or waits, who share these."),
    ),
)


@gives(REPEAT_PURCHASE_RATE)
def repeat_purchase_rate(snapshot: "Snapshot", *, days: Sequence[int] = WINDOWS) -> pd.DataFrame:
    """The share of customers who bought a second time, within so many days of the first.

    Grain: one row a window, then one for "ever". A window counts only the customers who were
    observed through all of it; "ever" counts all, however short they were observed, and therefore
    grows with time. Customers of the first period of the records are left out, unless `opened_on`
    says that the business began then: the first purchase seen of them may be any.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    days : windows in days after the first purchase, the last day included

    Returns
    -------
    DataFrame
        window_days (int, or "ever"); numerator (with a second purchase within it); denominator
        (observed that long); rate; low, high (Wilson)

    Examples
    --------
    >>> repeat_purchase_rate(snapshot).window_days.tolist()
    [90, 365, 'ever']
    """
    pairs = _first_and_second(snapshot)
    counts = {f"denominator_{EVER}": pairs.count(), f"numerator_{EVER}": pairs.second_on.count()}
    for window in days:
        observed, again = _within(pairs, window)
        counts[f"denominator_{window}"] = count_if(observed)
        counts[f"numerator_{window}"] = count_if(again)
    totals = collect(pairs.aggregate(**counts)).iloc[0]
    windows = [*days, EVER]
    frame = pd.DataFrame(
        {
            "window_days": pd.Series(windows, dtype=object),
            "numerator": [int(totals[f"numerator_{one}"]) for one in windows],
            "denominator": [int(totals[f"denominator_{one}"]) for one in windows],
        }
    )
    return as_declared(with_rate(frame, "numerator", "denominator"), REPEAT_PURCHASE_RATE)


@gives(REPEAT_BY_COHORT)
def repeat_by_cohort(
    snapshot: "Snapshot", *, days: Sequence[int] = WINDOWS, grain: Grain | None = None
) -> pd.DataFrame:
    """The repeat purchase rate by the period of the first purchase.

    Grain: one row a cohort and window.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    days : windows in days after the first purchase, the last day included
    grain : {"month", "quarter"}, default the snapshot's own

    Returns
    -------
    DataFrame
        cohort (label); window_days; size (customers); numerator, denominator (of those observed
        that long); rate; low, high (Wilson), empty where nobody was observed that long

    Examples
    --------
    >>> repeat_by_cohort(snapshot).columns.tolist()[:4]
    ['cohort', 'window_days', 'size', 'numerator']
    """
    grain = grain or snapshot.period.grain
    pairs = _first_and_second(snapshot)
    pairs = pairs.mutate(period=period_number(pairs.first_on, grain))
    pairs = pairs.filter(pairs.period <= number_of(last_period(snapshot, grain)))
    parts = []
    for window in days:
        observed, again = _within(pairs, window)
        counts = pairs.group_by("period").aggregate(
            size=pairs.count(), numerator=count_if(again), denominator=count_if(observed)
        )
        parts.append(collect(counts).assign(window_days=window))
    frame = pd.concat(parts)
    labels = [period_at(number, grain).label for number in frame["period"]]
    frame = frame.assign(cohort=labels).sort_values(["cohort", "window_days"], ignore_index=True)
    return as_declared(with_rate(frame, "numerator", "denominator"), REPEAT_BY_COHORT)


@gives(GAPS)
def gaps(
    snapshot: "Snapshot",
    *,
    kind: Literal["second", "between"] = "second",
    by: "Split | None" = None,
) -> pd.DataFrame:
    """Days until the next purchase, the wait that is still open included: the input of survival
    models.

    Grain: one row a distinct (duration, event_observed) and segment; with kind "between", of each
    group of customers. kind "second": one wait a customer, from the first purchase to the second.
    kind "between": one wait a purchase, to the customer's next one. The last wait is open: seen
    through the day before as_of and no longer, which is known about it and not left out. With kind
    "second", customers of the first period of the records are left out, as their first purchase may
    lie before it (see `repeat_purchase_rate`).

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    kind : {"second", "between"}
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers

    Returns
    -------
    DataFrame
        [segment]; customer_group (kind "between": 0 to 63; customers in the order of their ids go
        into groups in turn, by which models know what may be of one customer); entry (0); duration
        (whole days: bought again on that day, or seen through that many); event_observed (bought
        again); customers (with kind "between": waits)

    Examples
    --------
    >>> gaps(snapshot, kind="between").columns.tolist()
    ['customer_group', 'entry', 'duration', 'event_observed', 'customers']
    """
    rows = purchases(snapshot)
    order = ibis.window(group_by="customer_id", order_by="number")
    waits = rows.mutate(next_on=rows.purchased_on.lead().over(order))
    if kind == "second":
        waits = _first_seen(snapshot, waits.filter(waits.number == 1), "purchased_on")
    if by is not None:
        waits = joined(waits, members(snapshot, by))
    event = (waits.next_on > waits.purchased_on).fill_null(False)
    open_days = days_between(waits.purchased_on, snapshot.as_of) - 1
    duration = ibis.ifelse(event, days_between(waits.purchased_on, waits.next_on), open_days)
    counted = waits.mutate(duration=duration, event_observed=event)
    kept = []
    if kind == "between":
        kept = ["customer_group"]
        counted = joined(counted, _groups(counted))
    keys = [*split_keys(by), *kept, "duration", "event_observed"]
    groups = collect(counted.group_by(*keys).aggregate(customers=counted.count()))
    return as_declared(groups.sort_values(keys, ignore_index=True).assign(entry=0), GAPS)


def _groups(rows: ir.Table) -> ir.Table:
    """customer_id, customer_group: whole customers, in turn; each its own group where they are
    few.
    """
    people = rows.select("customer_id").distinct()
    place = ibis.row_number().over(ibis.window(order_by=people.customer_id))
    return people.mutate(customer_group=(place % GROUPS).cast("int64"))


def _first_and_second(snapshot: "Snapshot") -> ir.Table:
    """customer_id, first_on, second_on (or null), observed (days after the first purchase that
    were seen).
    """
    rows = purchases(snapshot)
    each = rows.group_by("customer_id").aggregate(
        first_on=rows.purchased_on.min(), second_on=rows.purchased_on.min(where=rows.number == 2)
    )
    each = _first_seen(snapshot, each, "first_on")
    return each.mutate(observed=days_between(each.first_on, snapshot.as_of) - 1)


def _first_seen(snapshot: "Snapshot", rows: ir.Table, first_on: str) -> ir.Table:
    """The rows of customers whose first purchase in the records is known to be their first."""
    edge = left_edge(snapshot, snapshot.grain)
    if edge is None:
        return rows
    return rows.filter(period_number(rows[first_on], snapshot.grain) != edge)


def _within(pairs: ir.Table, window: int) -> tuple[ir.BooleanValue, ir.BooleanValue]:
    """Who was observed through the window, and who of them bought again within it."""
    observed = pairs.observed >= window
    again = (days_between(pairs.first_on, pairs.second_on) <= window).fill_null(False)
    return observed, observed & again
