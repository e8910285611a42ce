"""Paddle Billing: the entities of its API, flattened to tables by connectors.

Format read: API entities as of 2026-11, see docs/presets.md. Its CSV reports are not read: they
hold no subscriptions. Paddle Classic is another system.
"""

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.engine.moments import plus_months
from churnlib.errors import DataError
from churnlib.input.presets.declared import Export, Layout, Made, Preset
from churnlib.input.presets.endings import with_endings
from churnlib.input.presets.over_time import discounted, months_in, n_rows, spans_over_time
from churnlib.input.presets.reading import counted, flag, has, moment, number, text, word
from churnlib.params.source import TableSource

BILLED = ("completed", "paid", "billed")
ORIGINS = ("web", "api", "subscription_recurring")
CENTS = TableSource(columns={"mrr": {"cents": "mrr"}})


def _entities(export: Export) -> dict[str, Made]:
    """Today's items at the prices that were billed, net of discounts that recur."""
    _refuse_classic(export["subscription"])
    remarks: list[str] = []
    subscriptions = _subscriptions(export, remarks)
    prices = _prices(export["price"])
    items = _items(export["subscription_item"], prices)
    lines = export.get("transaction")
    if lines is None:
        remarks.append(
            "There is no table transaction: past prices are not known, and every item counts at "
            "today's price from its first day."
        )
    else:
        lines = _lines(lines, prices, export)
    _about_tax(prices, lines, remarks)
    spans = spans_over_time(subscriptions, items, lines)
    if export.get("discount") is not None and has(export["subscription"], "discount_id"):
        spans = discounted(spans, _discounts(export, items))
    spans = with_endings(spans, _endings(export["subscription"]))
    warnings = _survivors(export["subscription"])
    return {"subscriptions": Made(spans, remarks, CENTS, warnings)}


def _refuse_classic(rows: ir.Table) -> None:
    ids = text(rows, "id")
    if collect(rows.agg(other=(~ids.startswith("sub_")).any())).other.fillna(False).item():
        raise DataError(
            "subscription: ids of Paddle Billing begin with sub_; these are of Paddle Classic or "
            "another system. Map the columns under source.tables instead."
        )


def _subscriptions(export: Export, remarks: list[str]) -> ir.Table:
    rows, zone = export["subscription"], export.params.timezone
    status = word(rows, "status")
    at = {
        name: moment(rows, name, timezone=zone)
        for name in ("first_billed_at", "canceled_at", "paused_at", "scheduled_change_effective_at")
    }
    action = word(rows, "scheduled_change_action")
    coming = ibis.ifelse(
        action.isin(["cancel", "pause"]),
        at["scheduled_change_effective_at"],
        ibis.null("timestamp"),
    )
    paused = ibis.ifelse(status == "paused", at["paused_at"], ibis.null("timestamp"))
    known = rows.select(
        subscription_id=text(rows, "id"),
        customer_id=text(rows, "customer_id"),
        currency=text(rows, "currency_code").upper(),
        status=status,
        begins=at["first_billed_at"],
        ends=at["canceled_at"].coalesce(paused, coming),
    )
    if n := n_rows(known.filter(known.begins.isnull())):
        remarks.append(f"Left out: {counted(n, 'subscription')} never billed (trials).")
    if n := n_rows(known.filter((known.status == "paused").fill_null(False))):
        remarks.append(f"Paused, which counts as leaving: {counted(n, 'subscription')}.")
    return known.filter(known.begins.notnull()).drop("status")


def _endings(rows: ir.Table) -> ir.Table:
    """Paddle gives no reason, and of a cancellation no day but the one on which it takes effect:
    only pauses are told.
    """
    ends = word(rows, "status").substitute({"paused": "paused"}, else_=ibis.null("string"))
    coming = word(rows, "scheduled_change_action")
    pause = coming.substitute({"pause": "paused"}, else_=ibis.null("string"))
    return rows.select(subscription_id=text(rows, "id"), end_reason=ends.coalesce(pause))


def _prices(rows: ir.Table) -> ir.Table:
    unit, count = word(rows, "billing_cycle_interval"), number(rows, "billing_cycle_frequency")
    return rows.select(
        price_id=text(rows, "id"),
        unit=number(rows, "unit_price_amount"),
        plan=text(rows, "name").coalesce(text(rows, "id")),
        interval=unit,
        interval_count=count.fill_null(1.0),
        months=months_in(unit, count),
        tax_mode=word(rows, "tax_mode"),
    )


def _items(rows: ir.Table, prices: ir.Table) -> ir.Table:
    once = (word(rows, "recurring") == "false").fill_null(False)
    gone = (word(rows, "status") == "inactive").fill_null(False)
    rows = rows.filter(~once & ~gone)
    own = rows.select(
        subscription_id=text(rows, "subscription_id"),
        item_id=text(rows, "price_id"),
        quantity=number(rows, "quantity").fill_null(1.0),
    )
    known = own.inner_join(prices, own.item_id == prices.price_id)
    known = known.filter(known.months.notnull())
    return known.select(
        "subscription_id",
        "item_id",
        "plan",
        "interval",
        "interval_count",
        "quantity",
        since=ibis.null("timestamp"),
        mrr=known.unit * known.quantity / known.months,
    )


def _lines(rows: ir.Table, prices: ir.Table, export: Export) -> ir.Table:
    """What was billed for whole periods, before discounts and tax; what is prorated is no price."""
    zone = export.params.timezone
    own = rows.select(
        transaction_id=text(rows, "id"),
        subscription_id=text(rows, "subscription_id"),
        item_id=text(rows, "price_id"),
        quantity=number(rows, "quantity").fill_null(1.0),
        subtotal=number(rows, "details_totals_subtotal"),
        counts=word(rows, "status").isin(BILLED) & word(rows, "origin").isin(ORIGINS),
        prorated=text(rows, "proration_rate").notnull() & (number(rows, "proration_rate") != 1),
        at=moment(rows, "billing_period_starts_at", timezone=zone),
        until=moment(rows, "billing_period_ends_at", timezone=zone),
    )
    own = own.filter(
        own.counts.fill_null(False) & ~own.prorated.fill_null(False) & own.subscription_id.notnull()
    )
    several = ibis.window(group_by="transaction_id")
    own = own.mutate(n_lines=own.item_id.count().over(several))
    known = own.inner_join(prices, own.item_id == prices.price_id)
    known = known.filter(known.months.notnull())
    billed = ibis.ifelse(known.n_lines == 1, known.subtotal, ibis.null("float64"))
    return known.select(
        *("subscription_id", "item_id", "at", "until", "plan", "interval", "interval_count"),
        mrr=billed.coalesce(known.unit * known.quantity) / known.months,
    )


def _about_tax(prices: ir.Table, lines: ir.Table | None, remarks: list[str]) -> None:
    internal = n_rows(prices.filter((prices.tax_mode == "internal").fill_null(False)))
    if internal and lines is None:
        remarks.append(
            f"{counted(internal, 'price')} with tax inside, and no transactions: so has MRR."
        )
    unsure = prices.filter(prices.tax_mode.isin(["account_setting", "location"]).fill_null(False))
    if n_rows(unsure):
        remarks.append(
            "Whether prices contain tax depends on the account or the place (tax_mode): amounts "
            "are those of transactions where there are any."
        )


def _discounts(export: Export, items: ir.Table) -> ir.Table:
    """Discounts that recur: a share, an amount a bill, or one a seat."""
    rows, zone = export["subscription"], export.params.timezone
    entities = export["discount"]
    terms = entities.select(
        discount_id=text(entities, "id"),
        kind=word(entities, "type"),
        amount=number(entities, "amount"),
        recurs=flag(entities, "recur"),
        most=number(entities, "maximum_recurring_intervals"),
    )
    given = rows.select(
        subscription_id=text(rows, "id"),
        discount_id=text(rows, "discount_id"),
        begins=moment(rows, "discount_starts_at", timezone=zone).coalesce(
            moment(rows, "first_billed_at", timezone=zone)
        ),
        stated=moment(rows, "discount_ends_at", timezone=zone),
        months=months_in(
            word(rows, "billing_cycle_interval"), number(rows, "billing_cycle_frequency")
        ),
    ).inner_join(terms, "discount_id")
    given = given.filter(given.recurs & given.begins.notnull())
    limited = plus_months(given.begins.date(), given.most.fill_null(0) * given.months)
    over = ibis.ifelse(given.most.notnull(), limited.cast("timestamp"), ibis.null("timestamp"))
    seats = items.group_by("subscription_id").agg(seats=items.quantity.sum())
    known = given.mutate(ends=given.stated.coalesce(over)).left_join(seats, "subscription_id")
    per_bill = known.amount * ibis.ifelse(known.kind == "flat_per_seat", known.seats, 1.0)
    is_share = known.kind == "percentage"
    return known.select(
        "subscription_id",
        "begins",
        "ends",
        share=ibis.ifelse(is_share, known.amount / 100, 0.0),
        off=ibis.ifelse(is_share, 0.0, per_bill / known.months),
    )


def _survivors(rows: ir.Table) -> list[str]:
    if n_rows(rows.filter(word(rows, "status").isin(["canceled"]).fill_null(False))):
        return []
    return [
        "No subscription of the export is canceled: it may hold only those who are left. Every "
        "rate of churn would be wrong."
    ]


PRESET = Preset(
    name="paddle",
    system="Paddle",
    model="subscription",
    layouts=(
        Layout(
            "entities",
            needs={
                "subscription": "subscription|subscriptions",
                "subscription_item": "subscription_item|subscription_items",
                "price": "price|prices",
            },
            may_have={
                "transaction": "transaction|transactions",
                "discount": "discount|discounts",
            },
            read=_entities,
        ),
    ),
)
