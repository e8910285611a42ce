"""What a row of subscriptions stands for, and how rows become spans of constant price.

spans: a row is one · months: a row a customer and month · invoices: a row an invoice, with the
period that it pays for · changes: a log of new prices, of which each holds until the next.
"""

import ibis
import ibis.expr.types as ir

from churnlib.engine.moments import plus_days, plus_months
from churnlib.input.intervals import MONTHS

BRIDGED = {"spans": 0, "months": 3, "invoices": 3, "changes": 0}
"""Days without a span that are no absence, where `policies.bridge_days` does not say so."""
NEAR = 3
"""Days by which a period may differ from whole months and still be as many: 31 January to 28
February is one."""
DAYS = 365 / 12
"""Days of a month, of periods that are no whole number of them."""
ENDINGS = (
    r"(^|[ _.-])(cancel(l?ed|lation)?|churn(ed)?|expir(ed|y)|terminat(ed|ion)|end(ed)?|"
    r"deactivat(ed|ion)|unsubscribed?|deleted|stopped)$"
)
"""How the event of a change ends where it says that the customer is gone, in small letters."""


def is_ending(event: ir.StringValue) -> ir.BooleanValue:
    """Whether an event of a log of changes ends what came before."""
    return event.lower().re_search(ENDINGS).fill_null(False)


def months_of_period(starts_on: ir.DateValue, ends_on: ir.DateValue) -> ir.FloatingValue:
    """How many months a paid period is long: whole ones where it is nearly so."""
    days = ends_on.delta(starts_on, unit="day").cast("float64")
    whole = (days / DAYS).round(0)
    end = plus_months(starts_on, whole)
    is_whole = (whole >= 1) & (ends_on.delta(end, unit="day").abs() <= NEAR)
    return ibis.ifelse(is_whole, whole.cast("float64"), days / DAYS)


def end_of_interval(starts_on: ir.DateValue, months: ir.FloatingValue) -> ir.DateValue:
    """The day after a period of so many months, or of days where these are no whole month."""
    by_days = plus_days(starts_on, (months / MONTHS["day"]).round(0))
    is_whole = months == months.round(0)
    return ibis.ifelse(is_whole, plus_months(starts_on, months), by_days)


def superseded(rows: ir.Table) -> ir.BooleanValue:
    """Of each row whether a later recording replaces it.

    Rows of one subscription, item and start are versions of one span. Rows of one recording are
    not: they add up.
    """
    versions = ibis.window(group_by=["subscription_id", "customer_id", "starts_on", "item_id"])
    last = rows.recorded_at.max().over(versions)
    return (rows.subscription_id.notnull() & (rows.recorded_at < last)).fill_null(False)


def spans_of(rows: ir.Table, shape: str, bridge_days: int | None) -> ir.Table:
    """Checked rows of subscriptions as spans.

    Parameters
    ----------
    rows : customer_id, subscription_id, item_id, starts_on, ends_on, mrr, event, _row, ...
    shape : spans, months, invoices or changes
    bridge_days : a gap of up to so many days within one customer is no absence; None = as
        `BRIDGED` has it
    """
    spans = _SHAPED[shape](rows)
    days = BRIDGED[shape] if bridge_days is None else bridge_days
    return bridged(spans, days) if days else spans


def bridged(spans: ir.Table, days: int) -> ir.Table:
    """Spans that end up to so many days before the same customer's next one go on until then."""
    gaps = gaps_between(spans)
    gaps = gaps.filter(gaps.days.between(1, days))
    joined = spans.left_join(gaps, ["customer_id", spans.ends_on == gaps.gap_from])
    ends_on = joined.gap_until.coalesce(joined.ends_on)
    return joined.mutate(ends_on=ends_on).select(*spans.columns)


def gaps_between(spans: ir.Table) -> ir.Table:
    """The stretches between paid spans in which a customer has none.

    Grain: one row a customer and stretch: customer_id, gap_from, gap_until, days.
    """
    open_end = ibis.date("9999-12-31")
    lasting = spans.ends_on.isnull() | (spans.starts_on < spans.ends_on)
    paid = spans.filter((spans.mrr > 0) & lasting)
    ends = paid.mutate(_end=paid.ends_on.fill_null(open_end))
    before = ibis.window(
        group_by="customer_id", order_by=["starts_on", "_row"], preceding=(None, 1)
    )
    so_far = ends.mutate(gap_from=ends._end.max().over(before))
    late = so_far.filter(so_far.starts_on > so_far.gap_from)
    return late.select(
        "customer_id",
        "gap_from",
        gap_until=late.starts_on,
        days=late.starts_on.delta(late.gap_from, unit="day"),
    ).distinct()


def _as_they_are(rows: ir.Table) -> ir.Table:
    return rows


def _months(rows: ir.Table) -> ir.Table:
    rows = rows.filter(rows.mrr != 0)
    starts_on = ibis.date(rows.starts_on.year(), rows.starts_on.month(), 1)
    return rows.mutate(starts_on=starts_on, ends_on=plus_months(starts_on, 1))


def _invoices(rows: ir.Table) -> ir.Table:
    return rows.filter((rows.mrr != 0) & (rows.ends_on > rows.starts_on))


def _changes(rows: ir.Table) -> ir.Table:
    """A price holds until the next change of the same subscription; of one day the last counts."""
    one = ibis.window(
        group_by=["customer_id", "subscription_id", "item_id"], order_by=["starts_on", "_row"]
    )
    dated = rows.mutate(ends_on=rows.starts_on.lead().over(one))
    lasting = dated.ends_on.isnull() | (dated.ends_on > dated.starts_on)
    return dated.filter(lasting & ~is_ending(dated.event) & (dated.mrr != 0))


_SHAPED = {
    "spans": _as_they_are,
    "months": _months,
    "invoices": _invoices,
    "changes": _changes,
}
