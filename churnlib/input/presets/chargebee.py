"""Chargebee: the records of its API, as connectors copy them to tables.

Format read: API records as of 2026-11, see docs/presets.md. The CSV files of its own export are not
read: their header is not confirmed.
"""

import ibis
import ibis.expr.types as ir

from churnlib.input.presets.declared import Export, Layout, Made, Preset
from churnlib.input.presets.endings import with_endings
from churnlib.input.presets.over_time import discounted, months_in, n_rows, spans_over_time
from churnlib.input.presets.reading import counted, flag, has, moment, number, text, word
from churnlib.input.shapes import months_of_period
from churnlib.params.source import TableSource

NEVER = ("future", "in_trial")
RECURRING = ("plan", "addon")
BILLED = ("plan_item_price", "addon_item_price", "plan", "addon")
NEAR_A_MONTH = 0.11
"""How far, in months, a billed period may be from the whole one: shorter ones are prorated."""
CENTS = TableSource(columns={"mrr": {"cents": "mrr"}})


def _records(export: Export) -> dict[str, Made]:
    """Today's items at the prices that were billed, net of discounts that go on."""
    remarks: list[str] = []
    subscriptions = _subscriptions(export, remarks)
    terms = _terms(export)
    items = _items(export, terms)
    lines = export.get("invoice_line_item")
    if lines is None:
        remarks.append(
            "There are no invoice lines: past prices are not known, and every item counts at "
            "today's price from its first day."
        )
    else:
        lines = _lines(lines, terms, export)
    spans = spans_over_time(subscriptions, items, lines)
    if export.get("discount") is not None:
        spans = discounted(spans, _discounts(export, terms))
    spans = with_endings(spans, _endings(export))
    warnings = _survivors(export["subscription"])
    return {"subscriptions": Made(spans, remarks, CENTS, warnings)}


def _real(rows: ir.Table) -> ir.Table:
    return rows.filter(~flag(rows, "deleted")) if has(rows, "deleted") else rows


def _subscriptions(export: Export, remarks: list[str]) -> ir.Table:
    rows, zone = _real(export["subscription"]), export.params.timezone
    status = word(rows, "status")
    at = {
        name: moment(rows, name, timezone=zone, form="epoch")
        for name in (
            *("activated_at", "trial_end", "started_at", "start_date", "cancelled_at"),
            *("pause_date", "current_term_end", "created_at"),
        )
    }
    paused = ibis.ifelse(status == "paused", at["pause_date"], ibis.null("timestamp"))
    moved = ibis.ifelse(status == "transferred", at["current_term_end"], ibis.null("timestamp"))
    known = rows.select(
        subscription_id=text(rows, "id"),
        customer_id=text(rows, "customer_id"),
        currency=text(rows, "currency_code").upper(),
        status=status,
        begins=at["activated_at"].coalesce(
            at["trial_end"], at["started_at"], at["start_date"], at["created_at"]
        ),
        ends=at["cancelled_at"].coalesce(paused, moved),
        started=at["started_at"],
        trial=at["trial_end"],
    )
    left_out = known.filter(known.status.isin(NEVER).fill_null(False))
    if n := n_rows(left_out):
        remarks.append(f"Left out: {counted(n, 'subscription')} in the future or on trial.")
    known = known.filter(~known.status.isin(NEVER).fill_null(False))
    again = (known.begins.date() > known.started.date()) & (
        known.trial.isnull() | (known.trial.date() != known.begins.date())
    )
    if n := n_rows(known.filter(again.fill_null(False))):
        remarks.append(
            f"Reactivated, with an earlier life that is not in this export: "
            f"{counted(n, 'subscription')}."
        )
    if n := n_rows(known.filter((known.status == "paused").fill_null(False))):
        remarks.append(f"Paused, which counts as leaving: {counted(n, 'subscription')}.")
    return known.drop("status", "started", "trial")


def _endings(export: Export) -> ir.Table:
    """Chargebee gives a reason where it cancelled by itself; without one the customer did."""
    rows, zone = _real(export["subscription"]), export.params.timezone
    ways = {"cancelled": "voluntary", "paused": "paused"}
    own = word(rows, "status").substitute(ways, else_=ibis.null("string"))
    return rows.select(
        subscription_id=text(rows, "id"),
        cancelled_on=moment(rows, "cancel_schedule_created_at", timezone=zone, form="epoch"),
        end_reason=word(rows, "cancel_reason").coalesce(own),
        cancel_feedback=word(rows, "cancel_reason_code"),
    )


def _terms(export: Export) -> ir.Table:
    """How often each subscription is billed."""
    rows = export["subscription"]
    unit, count = word(rows, "billing_period_unit"), number(rows, "billing_period")
    return rows.select(
        subscription_id=text(rows, "id"),
        interval=unit,
        interval_count=count.fill_null(1.0),
        months=months_in(unit, count),
    )


def _items(export: Export, terms: ir.Table) -> ir.Table:
    """What a subscription holds today: of plans with items, or of older ones on the row itself."""
    if (rows := export.get("item")) is None:
        return _older_plans(export["subscription"], terms)
    rows = rows.filter(word(rows, "item_type").isin(RECURRING).fill_null(False))
    billed = number(rows, "unit_price") * number(rows, "quantity").fill_null(1.0)
    own = rows.select(
        subscription_id=text(rows, "subscription_id"),
        item_id=text(rows, "item_price_id"),
        amount=number(rows, "amount").coalesce(billed),
        own_months=months_in(word(rows, "billing_period_unit"), number(rows, "billing_period")),
    )
    known = own.inner_join(terms, "subscription_id")
    return known.select(
        "subscription_id",
        "item_id",
        since=ibis.null("timestamp"),
        mrr=known.amount / known.own_months.coalesce(known.months),
        plan=known.item_id,
        interval=known.interval,
        interval_count=known.interval_count,
    )


def _older_plans(rows: ir.Table, terms: ir.Table) -> ir.Table:
    billed = number(rows, "plan_quantity").fill_null(1.0) - number(
        rows, "plan_free_quantity"
    ).fill_null(0)
    own = rows.select(
        subscription_id=text(rows, "id"),
        item_id=text(rows, "plan_id"),
        amount=number(rows, "plan_amount").coalesce(number(rows, "plan_unit_price") * billed),
    )
    known = own.inner_join(terms, "subscription_id")
    return known.select(
        "subscription_id",
        "item_id",
        since=ibis.null("timestamp"),
        mrr=known.amount / known.months,
        plan=known.item_id,
        interval=known.interval,
        interval_count=known.interval_count,
    )


def _lines(rows: ir.Table, terms: ir.Table, export: Export) -> ir.Table:
    """Lines of plans and add-ons for a whole period; shorter ones are prorated."""
    zone = export.params.timezone
    lines = rows.select(
        subscription_id=text(rows, "subscription_id"),
        item_id=text(rows, "entity_id"),
        kind=word(rows, "entity_type"),
        amount=number(rows, "amount"),
        status=word(rows, "invoice_status"),
        at=moment(rows, "date_from", timezone=zone, form="epoch"),
        until=moment(rows, "date_to", timezone=zone, form="epoch"),
    )
    lines = lines.filter(lines.kind.isin(BILLED) & ~(lines.status == "voided").fill_null(False))
    known = lines.inner_join(terms, "subscription_id")
    months = months_of_period(known["at"].date(), known.until.date())
    whole = (months - known.months).abs() <= NEAR_A_MONTH * known.months
    known = known.filter(whole.fill_null(False))
    return known.select(
        *("subscription_id", "item_id", "at", "until"),
        mrr=known.amount / known.months,
        plan=known.item_id,
        interval=known.interval,
        interval_count=known.interval_count,
    )


def _discounts(export: Export, terms: ir.Table) -> ir.Table:
    """Discounts that go on and are part of MRR: a share, or an amount a bill."""
    rows, zone = export["discount"], export.params.timezone
    given = rows.select(
        subscription_id=text(rows, "subscription_id"),
        kind=word(rows, "type"),
        percentage=number(rows, "percentage"),
        amount=number(rows, "amount"),
        duration=word(rows, "duration_type"),
        counts=~(word(rows, "included_in_mrr") == "false").fill_null(False),
        begins=moment(rows, "created_at", timezone=zone, form="epoch"),
        ends=moment(rows, "apply_till", timezone=zone, form="epoch"),
    )
    given = given.filter(given.counts & (given.duration != "one_time"))
    known = given.inner_join(terms, "subscription_id")
    is_share = known.kind == "percentage"
    epoch = ibis.literal("1970-01-01").cast("timestamp")
    return known.select(
        "subscription_id",
        "ends",
        begins=known.begins.fill_null(epoch),
        share=ibis.ifelse(is_share, known.percentage / 100, 0.0),
        off=ibis.ifelse(known.kind == "fixed_amount", known.amount / known.months, 0.0),
    )


def _survivors(rows: ir.Table) -> list[str]:
    if n_rows(rows.filter(word(rows, "status").isin(["cancelled"]).fill_null(False))):
        return []
    return [
        "No subscription of the export is cancelled: it may hold only those who are left. Every "
        "rate of churn would be wrong."
    ]


PRESET = Preset(
    name="chargebee",
    system="Chargebee",
    model="subscription",
    layouts=(
        Layout(
            "API records",
            needs={"subscription": "subscriptions|subscription"},
            may_have={
                "item": "subscription_items|subscription_item",
                "invoice_line_item": "invoice_line_items|invoice_line_item",
                "discount": "subscription_discounts|subscription_discount",
            },
            read=_records,
        ),
    ),
)
