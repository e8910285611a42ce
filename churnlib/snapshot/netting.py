"""Negative spans (credits, discounts) net within the customer: MRR is what is left, never below 0.

Customers without one are left as they are.
"""

import ibis
import ibis.expr.types as ir

from churnlib.engine import materialise

OF_THE_STRETCH = ("customer_id", "starts_on", "ends_on", "mrr")
"""What a net span does not take over from the largest of the spans that it is made of."""


def netted(spans: ir.Table) -> ir.Table:
    """Spans of which none is negative, with the same sum at every moment at which it is above 0.

    A customer who holds a negative span gets a timeline: a new span at every day on which one
    starts or ends, of the sum of those that run. Its plan and term are those of the largest.
    """
    negative = spans.filter(spans.mrr < 0).select("customer_id").distinct()
    others = spans.anti_join(negative, "customer_id")
    theirs = materialise(spans.semi_join(negative, "customer_id"))
    return others.union(_timeline(theirs).select(*others.columns))


def _timeline(spans: ir.Table) -> ir.Table:
    stretches = _stretches(spans)
    lasts = [
        stretches.customer_id == spans.customer_id,
        spans.starts_on <= stretches.begins,
        spans.ends_on.isnull() | (spans.ends_on > stretches.begins),
    ]
    running = stretches.inner_join(spans, lasts)
    of_the_largest = [name for name in spans.columns if name not in OF_THE_STRETCH]
    net = running.group_by("customer_id", "begins", "until").agg(
        mrr=running.mrr.sum(),
        **{name: running[name].argmax(running.mrr) for name in of_the_largest},
    )
    kept = net.filter(net.mrr > 0)
    return kept.mutate(mrr=kept.mrr.cast(spans.mrr.type())).rename(
        starts_on="begins", ends_on="until"
    )


def _stretches(spans: ir.Table) -> ir.Table:
    """The times between two days on which a span of a customer starts or ends: begins, until."""
    starts = spans.select("customer_id", begins=spans.starts_on)
    ends = spans.filter(spans.ends_on.notnull()).select("customer_id", begins=spans.ends_on)
    days = starts.union(ends, distinct=True)
    own = ibis.window(group_by="customer_id", order_by="begins")
    return days.mutate(until=days.begins.lead().over(own))
