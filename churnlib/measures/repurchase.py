"""Whether and when customers buy again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

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
)
from churnlib.measures.members import count_if, days_between
from churnlib.measures.purchases import purchases
from churnlib.periods import Grain
from churnlib.results.columns import Column, rate
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rates import with_rate
from churnlib.statistics.rules import MIN_N

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["repeat_by_cohort", "repeat_purchase_rate"]

WINDOWS = (90, 365)
"""Days after the first purchase within which a second one is looked for."""
EVER = "ever"
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
        Column(
            "of_longest",
            "count",
            "Of the longest window",
            "Of the customers observed through the longest window that 30 were, who bought again "
            "within this one: shares of one population.",
        ),
    ),
    shown=("window_days", "numerator", "denominator", "rate", "low", "high"),
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
        (observed that long); rate; low, high (Wilson); of_longest (of the customers observed
        through the longest window that 30 were, those with a second purchase within this one)

    Examples
    --------
    >>> repeat_purchase_rate(snapshot).window_days.tolist()
    [90, 365, 'ever']
    """
    pairs = first_and_second(snapshot)
    counts = {f"denominator_{EVER}": pairs.count(), f"numerator_{EVER}": pairs.second_on.count()}
    for window in days:
        observed, again = within(pairs, window)
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
    enough = [one for one in days if totals[f"denominator_{one}"] >= MIN_N]
    frame["of_longest"] = _of_longest(pairs, windows, max(enough, default=0))
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
    pairs = first_and_second(snapshot)
    pairs = pairs.mutate(period=period_number(pairs.first_on, grain))
    pairs = pairs.filter(pairs.period <= number_of(last_period(snapshot, grain)))
    parts = []
    for window in days:
        observed, again = within(pairs, window)
        counts = pairs.group_by("period").aggregate(
            size=pairs.count(), numerator=count_if(again), denominator=count_if(observed)
        )
        parts.append(collect(counts).assign(window_days=window))
    frame = pd.concat(parts)
    labels = [period_at(number, grain).label for number in frame["period"]]
    frame = frame.assign(cohort=labels).sort_values(["cohort", "window_days"], ignore_index=True)
    return as_declared(with_rate(frame, "numerator", "denominator"), REPEAT_BY_COHORT)


def first_and_second(snapshot: "Snapshot") -> ir.Table:
    """customer_id, first_on, second_on (or null), observed (days after the first purchase that
    were seen).
    """
    rows = purchases(snapshot)
    each = rows.group_by("customer_id").aggregate(
        first_on=rows.purchased_on.min(), second_on=rows.purchased_on.min(where=rows.number == 2)
    )
    each = first_seen(snapshot, each, "first_on")
    return each.mutate(observed=days_between(each.first_on, snapshot.as_of) - 1)


def first_seen(snapshot: "Snapshot", rows: ir.Table, first_on: str) -> ir.Table:
    """The rows of customers whose first purchase in the records is known to be their first."""
    edge = left_edge(snapshot, snapshot.grain)
    if edge is None:
        return rows
    return rows.filter(period_number(rows[first_on], snapshot.grain) != edge)


def _of_longest(pairs: ir.Table, windows: Sequence[object], longest: int) -> list[int]:
    """Who bought again within each window, of those observed through the longest."""
    observed = pairs.filter(pairs.observed >= longest)
    counts = {EVER: observed.second_on.count()}
    for window in windows:
        if window != EVER:
            counts[str(window)] = count_if(within(observed, int(str(window)))[1])
    totals = collect(observed.aggregate(**counts)).iloc[0]
    return [int(totals[str(one)]) for one in windows]


def within(pairs: ir.Table, window: int) -> tuple[ir.BooleanValue, ir.BooleanValue]:
    """Who was observed through the window, and who of them bought again within it."""
    observed = pairs.observed >= window
    again = (days_between(pairs.first_on, pairs.second_on) <= window).fill_null(False)
    return observed, observed & again
