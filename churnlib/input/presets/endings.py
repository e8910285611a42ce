"""How subscriptions ended, beside the spans that a preset makes of them."""

import ibis
import ibis.expr.types as ir

COLUMNS = ("cancelled_on", "end_reason", "cancel_feedback")
ASKED = ("cancellation_requested", "canceled")
"""Reasons that are the customer's wish: of Stripe, of Recurly."""


def with_endings(spans: ir.Table, endings: ir.Table) -> ir.Table:
    """Spans with what their subscription says of its end.

    Parameters
    ----------
    spans : one row a span: subscription_id, ...
    endings : one row a subscription or more: subscription_id, and of cancelled_on, end_reason and
        cancel_feedback those that are there
    """
    there = [name for name in COLUMNS if name in endings.columns]
    last = {name: endings[name].max() for name in there}
    known = endings.group_by("subscription_id").agg(**last)
    joined = spans.left_join(known, "subscription_id")
    return joined.select(*spans.columns, *there)


def notice(
    cancelled: ir.TimestampValue, ended: ir.TimestampValue, reason: ir.StringValue
) -> ir.TimestampValue:
    """When notice was given. A system that writes the moment of cancelling also where a payment
    failed means a notice only by the customer's wish, or ahead of the end.
    """
    ahead = (cancelled.date() < ended.date()).fill_null(True)
    asked = reason.isin(ASKED).fill_null(ahead & reason.isnull())
    return ibis.ifelse(asked, cancelled, ibis.null("timestamp"))
