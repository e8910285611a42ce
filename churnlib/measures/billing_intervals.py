"""How often customers pay: who pays by the year cannot leave before the year is over, so leaving is
compared within billing intervals.
"""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from churnlib.measures.ledger import paid_spans
from churnlib.results.columns import Column
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

WORDS = (
    Term(
        "Billing interval",
        "How many months a payment covers: the customer cannot leave in between.",
    ),
)
INTERVAL_MONTHS = Column(
    "interval_months",
    "count",
    "Paid every",
    "Months that a payment covers, as of the first paid day; 0 where it is not known.",
    unit="months",
    optional=True,
)


def billing_intervals(snapshot: "Snapshot") -> ir.Table:
    """How often each customer pays: customer_id, interval_months (whole, at least 1; 0 = unknown).

    The interval of the first paid day, the longest of several: what a customer chose later it
    could only choose by staying so long, and a comparison by it would favour whom it is true of.
    """
    return snapshot.once("billing intervals", lambda: _billing_intervals(snapshot))


def _billing_intervals(snapshot: "Snapshot") -> ir.Table:
    spans = paid_spans(snapshot)
    months = ibis.null("int64")
    if "interval_months" in spans.columns:
        whole = spans.interval_months.round().cast("int64")
        months = ibis.ifelse(whole < 1, 1, whole)
    dated = spans.select("customer_id", "starts_on", months=months)
    starts = dated.group_by("customer_id").aggregate(first_on=dated.starts_on.min())
    both = dated.inner_join(starts, "customer_id")
    firsts = both.filter(both.starts_on == both.first_on)
    longest = firsts.group_by("customer_id").aggregate(interval_months=firsts.months.max())
    return longest.mutate(interval_months=longest.interval_months.fill_null(0).cast("int64"))
