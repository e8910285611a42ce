"""ChartMogul: the files of its structured CSV import, which hold the whole history.

Format read: import templates as of 2026-11, by the API's names, see docs/presets.md.
"""

from datetime import date

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.input.presets.declared import Export, Layout, Made, Preset
from churnlib.input.presets.endings import notice
from churnlib.input.presets.over_time import FOR_EVER, lasting, months_in, n_rows
from churnlib.input.presets.reading import counted, flag, has, moment, number, text, word
from churnlib.params.source import TableSource

ENDS = ("subscription_cancelled", "subscription_cancellation_scheduled")
CENTS = TableSource(columns={"mrr": {"cents": "mrr"}})


def _templates(export: Export) -> dict[str, Made]:
    """A line holds until the next one of its subscription, or until its cancellation."""
    lines = _lines(export)
    ends = _cancellations(export)
    one = ibis.window(group_by="subscription_id", order_by="starts_on")
    dated = lines.mutate(next_on=lines.starts_on.lead().over(one))
    hit = dated.left_join(
        ends, [dated.subscription_id == ends.ended_id, dated.starts_on < ends.effective]
    )
    first = hit.group_by("_line").agg(
        over=hit.effective.min(), noticed=hit.noticed.argmin(hit.effective)
    )
    joined = dated.left_join(first, "_line")
    last = (joined.over <= joined.next_on).fill_null(joined.over.notnull())
    spans = joined.mutate(
        ends_on=ibis.least(joined.next_on, joined.over),
        cancelled_on=ibis.ifelse(last, joined.noticed, ibis.null("timestamp")),
    )
    kept = lasting(spans).filter(ibis._.mrr > 0)
    columns = (
        *("subscription_id", "customer_id", "currency", "starts_on", "ends_on", "mrr", "plan"),
        *("interval", "interval_count", "cancelled_on"),
    )
    made = {
        "subscriptions": Made(kept.select(*columns), _remarks(spans, export.params.last_day), CENTS)
    }
    if (customers := export.get("customer")) is not None:
        made["customers"] = Made(_customers(customers, export))
    return made


def _lines(export: Export) -> ir.Table:
    """Lines of subscriptions for whole periods; prorated amounts only date a change."""
    rows, zone = export["line_item"], export.params.timezone
    plans = export["plan"]
    unit, count = word(plans, "interval_unit"), number(plans, "interval_count")
    terms = plans.select(
        plan_id=text(plans, "external_id"),
        plan=text(plans, "name").coalesce(text(plans, "external_id")),
        interval=unit,
        interval_count=count.fill_null(1.0),
        months=months_in(unit, count),
    )
    own = rows.select(
        subscription_id=text(rows, "subscription_external_id"),
        customer_id=text(rows, "customer_external_id"),
        currency=text(rows, "currency").upper(),
        plan_id=text(rows, "plan_external_id"),
        kind=word(rows, "type"),
        prorated=flag(rows, "prorated"),
        amount=number(rows, "amount_in_cents") - number(rows, "tax_amount_in_cents").fill_null(0),
        starts_on=moment(rows, "service_period_start", timezone=zone),
        until=moment(rows, "service_period_end", timezone=zone),
    )
    own = own.filter((own.kind == "subscription") & ~own.prorated)
    known = own.left_join(terms, "plan_id").drop("plan_id_right")
    known = known.mutate(mrr=known.amount / known.months)
    # Lines of one subscription and day are parts of one price.
    added = known.group_by("subscription_id", "starts_on").agg(
        mrr=known.mrr.sum(),
        until=known.until.max(),
        **{
            name: known[name].max()
            for name in ("customer_id", "currency", "plan", "interval", "interval_count")
        },
    )
    return added.mutate(_line=ibis.row_number())


def _cancellations(export: Export) -> ir.Table:
    """The days on which cancellations take effect, and on which notice was given ahead of them, of
    those that were not taken back.
    """
    rows, zone = export.get("event"), export.params.timezone
    if rows is None:
        none = ibis.memtable({"ended_id": [""], "effective": [FOR_EVER], "noticed": [FOR_EVER]})
        none = none.cast({"effective": "timestamp", "noticed": "timestamp"})
        return none.filter(ibis._.ended_id != "")
    events = rows
    if has(rows, "external_id") and has(rows, "retracted_event_id"):
        taken_back = rows.select(back=text(rows, "retracted_event_id"))
        taken_back = taken_back.filter(taken_back.back.notnull()).distinct()
        events = rows.mutate(_id=text(rows, "external_id")).anti_join(
            taken_back, ibis._._id == taken_back.back
        )
    noticed = moment(events, "event_date", timezone=zone)
    effective = moment(events, "effective_date", timezone=zone).coalesce(noticed)
    known = events.select(
        ended_id=text(events, "subscription_external_id"),
        kind=word(events, "event_type"),
        effective=effective,
        noticed=notice(noticed, effective, ibis.null("string")),
    )
    return known.filter(known.kind.isin(ENDS)).drop("kind").distinct()


def _customers(rows: ir.Table, export: Export) -> ir.Table:
    """Never who they are: the country alone."""
    return rows.select(
        customer_id=text(rows, "External ID").coalesce(text(rows, "external_id")),
        country=text(rows, "Country"),
    ).distinct(on="customer_id", keep="first")


def _remarks(spans: ir.Table, last_day: date | None) -> list[str]:
    """Subscriptions that go on though nothing was billed for longer than a period."""
    if not (newest := last_day or _newest(spans)):
        return []
    length = spans.until.delta(spans.starts_on, unit="day")
    overdue = ibis.literal(str(newest)).cast("timestamp").delta(spans.until, unit="day")
    late = spans.filter(spans.ends_on.isnull() & (overdue > length))
    if not (n := n_rows(late)):
        return []
    return [
        f"Taken to be active, though the last period has been over for longer than one period and "
        f"no cancellation is given: {counted(n, 'subscription')}."
    ]


def _newest(spans: ir.Table) -> date | None:
    newest = collect(spans.agg(day=spans.starts_on.max())).day.dropna()
    return newest.iloc[0].date() if len(newest) else None


PRESET = Preset(
    name="chartmogul",
    system="ChartMogul",
    model="subscription",
    layouts=(
        Layout(
            "import templates",
            needs={
                "line_item": "invoice_line_items|invoice_line_item",
                "plan": "plans|plan",
            },
            may_have={
                "event": "subscription_events|subscription_event",
                "customer": "customers|customer",
            },
            read=_templates,
        ),
    ),
)
