"""Who left, when, how it ended, and whether they came back: a row a customer and period, on the
engine.
"""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from churnlib.engine.moments import plus_days
from churnlib.measures.by_period import last_period, number_of, period_number
from churnlib.measures.ledger import ledger, paid_spans
from churnlib.measures.members import days_between
from churnlib.periods import Grain
from churnlib.results.segments import UNKNOWN_HOW
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

PENDING = "pending"
VOLUNTARY, PAYMENT_FAILED = "voluntary", "payment_failed"
YES, NO, TOO_EARLY = "yes", "no", "too early"
KEYS = ["customer_id", "left_on"]
PAST_DUE_DAYS = 45
"""Days before an end in which a failed charge explains it, where no reason is given."""
WORDS = (
    Term(
        "How it ended",
        "What the last subscription of a customer who left gives as the reason; where it gives "
        "none, a notice is voluntary and an invoice that failed is payment failed.",
    ),
    Term(
        "Pending",
        "An end that a payment may still undo: within the dunning window after it. From then on "
        "how it ended does not change any more.",
    ),
    Term(
        "Came back",
        "Active again within the return window after leaving; too early until it is over.",
    ),
)


def endings(snapshot: "Snapshot", grain: Grain) -> ir.Table:
    """Customers who left, by period.

    Grain: one row a churned customer and period, as the movements count them.

    Returns
    -------
    ir.Table
        customer_id; period (int); left_on; amount (MRR lost); and what `explained` adds
    """
    return snapshot.once(f"endings by {grain}", lambda: _endings(snapshot, grain))


def _endings(snapshot: "Snapshot", grain: Grain) -> ir.Table:
    rows = ledger(snapshot, grain=grain)
    gone = rows.filter((rows.opening > 0) & (rows.closing == 0))
    gone = gone.filter(gone.period <= number_of(last_period(snapshot, grain)))
    spans = _ended(snapshot)
    spans = spans.mutate(period=period_number(spans.ends_on, grain))
    last = spans.group_by("customer_id", "period").agg(left_on=spans.ends_on.max())
    both = gone.inner_join(last, ["customer_id", "period"])
    return explained(snapshot, both.select("customer_id", "period", "left_on", amount=both.opening))


def explained(snapshot: "Snapshot", gone: ir.Table) -> ir.Table:
    """Rows with customer_id and left_on, and beside them how it ended and whether they came back.

    Returns
    -------
    ir.Table
        the columns of `gone`; how (a kind of `END_REASONS`, pending or unknown); came_back (yes,
        no, too early); failed_before (an invoice due within 45 days before the end was never
        paid); plan, end_reason, cancelled_on, cancel_feedback (of the span that ended last)
    """
    parts = [_reasons(snapshot), _returns(snapshot, gone), _failures(snapshot, gone)]
    rows = gone
    for part in parts:
        rows = _beside(rows, part)
    rows = rows.mutate(failed_before=rows.failed.fill_null(0) > 0)
    return rows.mutate(how=_how(snapshot, rows), came_back=_came_back(snapshot, rows))


def _beside(rows: ir.Table, other: ir.Table) -> ir.Table:
    """Rows with what another table says of the same customer and day."""
    wanted = [name for name in other.columns if name not in KEYS]
    return rows.left_join(other, KEYS).select(*rows.columns, *wanted)


def _ended(snapshot: "Snapshot") -> ir.Table:
    spans = paid_spans(snapshot)
    return spans.filter(spans.ends_on < snapshot.as_of)


def _reasons(snapshot: "Snapshot") -> ir.Table:
    """What the span that ended on a day says, the largest of several."""
    ended = _ended(snapshot)
    ended = ended.mutate(left_on=ended.ends_on)
    order = [ibis.desc("mrr"), "starts_on", "plan"]
    placed = ended.mutate(place=ibis.row_number().over(ibis.window(group_by=KEYS, order_by=order)))
    last = placed.filter(placed.place == 0)
    return last.select(*KEYS, "end_reason", "cancelled_on", "cancel_feedback", "plan")


def _returns(snapshot: "Snapshot", gone: ir.Table) -> ir.Table:
    """`back_on`: the first paid day after leaving."""
    spans = paid_spans(snapshot).select("customer_id", "starts_on")
    later = gone.select(*KEYS).inner_join(spans, "customer_id")
    later = later.filter(later.starts_on > later.left_on)
    return later.group_by(*KEYS).agg(back_on=later.starts_on.min())


def _failures(snapshot: "Snapshot", gone: ir.Table) -> ir.Table:
    """`failed`: how many invoices due about the end were never paid."""
    if snapshot.payments is None:
        return gone.select(*KEYS).distinct().mutate(failed=ibis.literal(0))
    tried = snapshot.payments
    invoices = tried.group_by("customer_id", "invoice_id").agg(
        unpaid_on=tried.due_on.min(), paid=(tried.status == "paid").any()
    )
    unpaid = invoices.filter(~invoices.paid).select("customer_id", "unpaid_on")
    both = gone.select(*KEYS).inner_join(unpaid, "customer_id")
    since = days_between(both.unpaid_on, both.left_on)
    near = both.filter((since >= 0) & (since <= PAST_DUE_DAYS))
    return near.group_by(*KEYS).agg(failed=near.count())


def _how(snapshot: "Snapshot", rows: ir.Table) -> ir.StringValue:
    """How it ended. A notice counts as voluntary also where a payment had failed before it."""
    gave_notice = rows.cancelled_on.cast("string").fill_null("") != ""
    inferred = ibis.cases(
        (gave_notice, VOLUNTARY), (rows.failed_before, PAYMENT_FAILED), else_=UNKNOWN_HOW
    )
    how = rows.end_reason.fill_null(inferred)
    window = plus_days(rows.left_on, snapshot.params.policies.dunning_days)
    may_change = how.isin([PAYMENT_FAILED, UNKNOWN_HOW]) & (window > snapshot.as_of)
    return ibis.ifelse(may_change, PENDING, how)


def _came_back(snapshot: "Snapshot", rows: ir.Table) -> ir.StringValue:
    days = snapshot.params.policies.return_days
    back = (days_between(rows.left_on, rows.back_on) <= days).fill_null(False)
    early = days_between(rows.left_on, snapshot.as_of) <= days
    return ibis.cases((back, YES), (early, TOO_EARLY), else_=NO)
