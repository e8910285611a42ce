"""Whether and when customers buy again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import last_period, number_of, period_at, period_number
from churnlib.measures.members import count_if, days_between, joined, members
from churnlib.measures.purchases import purchases
from churnlib.periods import Grain
from churnlib.statistics.rates import with_rate

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

WINDOWS = (90, 365)
"""Days after the first purchase within which a second one is looked for."""
EVER = "ever"


def repeat_purchase_rate(snapshot: "Snapshot", *, days: Sequence[int] = WINDOWS) -> pd.DataFrame:
    """The share of customers who bought a second time, within so many days of the first.

    Grain: one row a window, then one for "ever". A window counts only the customers who were
    observed through all of it; "ever" counts all, however short they were observed, and therefore
    grows with time.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    days : windows in days after the first purchase, the last day included

    Returns
    -------
    DataFrame : window_days (int, or "ever"); numerator (with a second purchase within it);
    denominator (observed that
        long); rate; low, high (Wilson)

    Examples
    --------
    >>> repeat_purchase_rate(snapshot).window_days.tolist()
    [90, 365, 'ever']
    """
    pairs = _first_and_second(snapshot)
    counts = {}
    for window in days:
        counts |= _window_counts(pairs, window)
    totals = collect(
        pairs.aggregate(
            **counts, denominator_ever=pairs.count(), numerator_ever=pairs.second_on.count()
        )
    )
    rows = [
        {name: int(totals[f"{name}_{window}"].iloc[0]) for name in ("numerator", "denominator")}
        for window in (*days, EVER)
    ]
    windows = pd.DataFrame({"window_days": pd.Series([*days, EVER], dtype=object)})
    return with_rate(windows.join(pd.DataFrame(rows)), "numerator", "denominator")


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
    DataFrame : cohort (label); window_days; size (customers); numerator, denominator (of those
    observed that long);
        rate; low, high (Wilson), empty where nobody was observed that long

    Examples
    --------
    >>> repeat_by_cohort(snapshot).columns.tolist()[:4]
    ['cohort', 'window_days', 'size', 'numerator']
    """
    grain = grain or snapshot.period.grain
    pairs = _first_and_second(snapshot)
    pairs = pairs.mutate(period=period_number(pairs.first_on, grain))
    pairs = pairs.filter(pairs.period <= number_of(last_period(snapshot, grain)))
    names = ["cohort", "window_days", "size", "numerator", "denominator"]
    parts = []
    for window in days:
        counts = {
            key.removesuffix(f"_{window}"): value
            for key, value in _window_counts(pairs, window).items()
        }
        counted = collect(pairs.group_by("period").aggregate(size=pairs.count(), **counts))
        labels = [period_at(number, grain).label for number in counted["period"]]
        parts.append(counted.assign(cohort=labels, window_days=window)[names])
    frame = pd.concat(parts).sort_values(["cohort", "window_days"], ignore_index=True)
    return with_rate(frame, "numerator", "denominator")


def gaps(
    snapshot: "Snapshot", *, kind: Literal["second", "between"] = "second", by: str | None = None
) -> pd.DataFrame:
    """Days until the next purchase, the wait that is still open included: the input of survival
    models.

    Grain: one row a distinct (duration, event_observed) and segment. kind "second": one wait a
    customer, from the first purchase to the second. kind "between": one wait a purchase, to the
    customer's next one. The last wait is open: seen through the day before as_of and no longer,
    which is known about it and not left out.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    kind : {"second", "between"}
    by : a column of customers to split by

    Returns
    -------
    DataFrame : [by]; entry (0); duration (whole days: bought again on that day, or seen through
    that many);
        event_observed (bought again); customers (with kind "between": waits)

    Examples
    --------
    >>> gaps(snapshot, kind="between").columns.tolist()
    ['entry', 'duration', 'event_observed', 'customers']
    """
    rows = purchases(snapshot)
    order = ibis.window(group_by="customer_id", order_by="number")
    waits = rows.mutate(next_on=rows.purchased_on.lead().over(order))
    if kind == "second":
        waits = waits.filter(waits.number == 1)
    if by:
        waits = joined(waits, members(snapshot, by))
    event = (waits.next_on > waits.purchased_on).fill_null(False)
    open_days = days_between(waits.purchased_on, snapshot.as_of) - 1
    duration = ibis.ifelse(event, days_between(waits.purchased_on, waits.next_on), open_days)
    counted = waits.mutate(duration=duration, event_observed=event)
    keys = [*([by] if by else []), "duration", "event_observed"]
    groups = collect(counted.group_by(*keys).aggregate(customers=counted.count()))
    groups = groups.sort_values(keys, ignore_index=True).assign(entry=0)
    return groups[[*([by] if by else []), "entry", "duration", "event_observed", "customers"]]


def _first_and_second(snapshot: "Snapshot") -> ir.Table:
    """customer_id, first_on, second_on (or null), observed (days after the first purchase that
    were seen).
    """
    rows = purchases(snapshot)
    each = rows.group_by("customer_id").aggregate(
        first_on=rows.purchased_on.min(), second_on=rows.purchased_on.min(where=rows.number == 2)
    )
    return each.mutate(observed=days_between(each.first_on, snapshot.as_of) - 1)


def _window_counts(pairs: ir.Table, window: int) -> dict[str, ir.IntegerValue]:
    observed = pairs.observed >= window
    again = (days_between(pairs.first_on, pairs.second_on) <= window).fill_null(False)
    return {
        f"denominator_{window}": count_if(observed),
        f"numerator_{window}": count_if(observed & again),
    }
