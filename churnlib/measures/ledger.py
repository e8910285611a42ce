"""The customer ledger: what each customer paid before and after every period in which something
changed.

It is sparse. A customer without a change in a period has no row there, so its size grows with the
number of changes and not with customers times periods; every measure of revenue and churn is a
cumulative sum over small totals of it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import last_period, number_of, period_number, split_keys
from churnlib.measures.members import joined, members
from churnlib.periods import Grain
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

MOVEMENTS = ("new", "reactivation", "expansion", "contraction", "churn")
JOINED_AND_LEFT = "joined_and_left"
UNCHANGED = "unchanged"
WORDS = (
    Term(
        "Subscription",
        "A span of constant price: its first day belongs to it, its end is the day after the last; "
        "without an end it is open. A customer may hold several at once; they add up.",
    ),
    Term(
        "MRR",
        "What all subscriptions bring a month; other intervals are brought to a month, rounded to "
        "the cent.",
    ),
    Term(
        "Active",
        "A customer whose MRR of all subscriptions together is above 0; in a business without "
        "contracts, who bought in the period.",
    ),
    Term(
        "Opening and closing",
        "The state just before the period starts, and just before it ends.",
    ),
    Term(
        "Movement",
        "The change of one customer's MRR from opening to closing: new (first time), reactivation "
        "(back after an absence), expansion, contraction or churn.",
    ),
    Term(
        "Joined and left",
        "Became a customer and stopped being one within the same period: counted apart, in no "
        "rate.",
    ),
)


def paid_spans(snapshot: "Snapshot") -> ir.Table:
    """Subscription spans that somebody pays for (mrr > 0) and that last at least a day."""
    spans = snapshot.subscriptions
    lasting = (spans.ends_on > spans.starts_on).fill_null(True)
    return spans.filter((spans.mrr > 0) & lasting & (spans.starts_on < snapshot.as_of))


def span_changes(snapshot: "Snapshot", grain: Grain | None = None) -> ir.Table:
    """Every start (+mrr) and end (-mrr) of a paid span: customer_id, period (int), change
    (decimal).

    Only of periods complete by as_of. The state just before a date E holds the spans with starts_on
    < E <= ends_on, hence both a start and an end on the first day of a month are changes of that
    month.
    """
    grain = grain or snapshot.period.grain
    return snapshot.once(f"span changes by {grain}", lambda: _span_changes(snapshot, grain))


def _span_changes(snapshot: "Snapshot", grain: Grain) -> ir.Table:
    spans = paid_spans(snapshot)
    starts = spans.select(
        spans.customer_id, period=period_number(spans.starts_on, grain), change=spans.mrr
    )
    ended = spans.filter(spans.ends_on < snapshot.as_of)
    ends = ended.select(
        ended.customer_id, period=period_number(ended.ends_on, grain), change=-ended.mrr
    )
    changes = starts.union(ends)
    return changes.filter(changes.period <= number_of(last_period(snapshot, grain)))


def ledger(snapshot: "Snapshot", *, grain: Grain | None = None) -> ir.Table:
    """The customer ledger, as a table on the engine (not collected).

    Grain: one row a customer and period in which at least one paid span started or ended.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    grain : {"month", "quarter"}, default the snapshot's own

    Returns
    -------
    ir.Table
        customer_id; period (int, see `by_period.period_number`); opening, closing (MRR, decimal:
        sums are exact and `closing > 0` is an exact test)

    Examples
    --------
    >>> ledger(snapshot).columns
    ('customer_id', 'period', 'opening', 'closing')
    """
    grain = grain or snapshot.period.grain
    return snapshot.once(f"ledger by {grain}", lambda: _ledger(span_changes(snapshot, grain)))


def _ledger(changes: ir.Table) -> ir.Table:
    by_period = changes.group_by("customer_id", "period").aggregate(change=changes.change.sum())
    so_far = ibis.cumulative_window(group_by="customer_id", order_by="period")
    closed = by_period.mutate(closing=by_period.change.sum().over(so_far))
    return closed.select(
        "customer_id", "period", opening=closed.closing - closed.change, closing="closing"
    )


def movement_of(rows: ir.Table, grain: Grain) -> ir.StringValue:
    """What a ledger row with `first_active_on` beside it is: a movement, joined_and_left, or
    unchanged.

    A row that was empty before and is empty after is of somebody who came and went within the
    period: joined and left where it was the first time, else a comeback of some days, which no
    count holds.
    """
    gained = (rows.opening == 0) & (rows.closing > 0)
    is_first = (period_number(rows.first_active_on, grain) == rows.period).fill_null(False)
    return ibis.cases(
        (gained & is_first, "new"),
        (gained, "reactivation"),
        ((rows.opening > 0) & (rows.closing == 0), "churn"),
        (rows.closing > rows.opening, "expansion"),
        (rows.closing < rows.opening, "contraction"),
        ((rows.opening == 0) & is_first, JOINED_AND_LEFT),
        else_=UNCHANGED,
    )


def movement_totals(snapshot: "Snapshot", by: "Split | None", grain: Grain | None) -> pd.DataFrame:
    """Customers and amount by period, [segment] and movement (joined_and_left among them): only
    what happened.
    """
    grain = grain or snapshot.period.grain
    return once_by(snapshot, "movements", by, grain, lambda: _movement_totals(snapshot, by, grain))


def _movement_totals(snapshot: "Snapshot", by: "Split | None", grain: Grain) -> pd.DataFrame:
    rows = joined(ledger(snapshot, grain=grain), members(snapshot, by))
    rows = rows.mutate(movement=movement_of(rows, grain))
    moved = rows.filter(rows.movement != UNCHANGED)
    totals = moved.group_by("period", *split_keys(by), "movement").aggregate(
        customers=moved.count(), amount=(moved.closing - moved.opening).sum()
    )
    return collect(totals)


def span_flows(snapshot: "Snapshot", by: "Split | None", grain: Grain | None) -> pd.DataFrame:
    """The change of total MRR straight from the spans: period, [segment], change.

    It knows nothing of customers' movements, which is what makes the identity of the bridge a
    check.
    """
    grain = grain or snapshot.period.grain
    return once_by(snapshot, "flows", by, grain, lambda: _span_flows(snapshot, by, grain))


def _span_flows(snapshot: "Snapshot", by: "Split | None", grain: Grain) -> pd.DataFrame:
    changes = span_changes(snapshot, grain)
    if by is not None:
        changes = joined(changes, members(snapshot, by))
    keys = ["period", *split_keys(by)]
    return collect(changes.group_by(*keys).aggregate(change=changes.change.sum()))


def once_by(
    snapshot: "Snapshot",
    what: str,
    by: "Split | None",
    grain: Grain,
    make: Callable[[], pd.DataFrame],
) -> pd.DataFrame:
    """What is computed once for all measures that ask; a split by an expression has no name to
    keep it by.
    """
    names = by if isinstance(by, list | tuple) else [by]
    if not all(name is None or isinstance(name, str) for name in names):
        return make()
    return snapshot.once(f"{what} by {grain} and {names!r}", make)
