"""Stripe: the warehouse tables of connectors, and the dashboard's subscriptions.csv.

Format read: API and connector tables as of 2026-11, see docs/presets.md.
"""

import ibis
import ibis.expr.types as ir

from churnlib.engine.moments import plus_months
from churnlib.input.presets.declared import Export, Layout, Made, Preset
from churnlib.input.presets.endings import notice, with_endings
from churnlib.input.presets.over_time import (
    discounted,
    months_in,
    n_rows,
    spans_over_time,
)
from churnlib.input.presets.reading import flag, has, moment, number, text, word
from churnlib.input.presets.stripe_dashboard import dashboard
from churnlib.input.presets.stripe_statuses import (
    NEVER,
    STOPPED,
    of_status,
    say,
    say_statuses,
    survivors,
)
from churnlib.input.shapes import months_of_period
from churnlib.params.source import TableSource

CENTS = TableSource(columns={"mrr": {"cents": "mrr"}})


def _warehouse(export: Export) -> dict[str, Made]:
    """Every item's price over time, from invoice lines as far as there are any."""
    remarks: list[str] = []
    subscriptions = _subscriptions(export, remarks)
    prices = _prices(export["price"])
    items = _items(export, prices, remarks)
    lines = export.get("invoice_line_item")
    if lines is None:
        remarks.append(
            "There is no table invoice_line_item: past prices are not known, and every item counts "
            "at today's price from its first day."
        )
    else:
        lines = _lines(lines, prices, export)
    spans = spans_over_time(_with_items(subscriptions, items), items, lines)
    if export.get("discount") is not None and export.get("coupon") is not None:
        spans = discounted(spans, _discounts(export, spans))
    spans = with_endings(spans, _endings(export))
    made = {"subscriptions": Made(spans, remarks, CENTS, survivors(export["subscription"]))}
    if (customers := export.get("customer")) is not None:
        made["customers"] = Made(_customers(customers))
    return made


def _live(rows: ir.Table) -> ir.Table:
    """Current versions of real rows: not test data, not deleted."""
    if has(rows, "_fivetran_active"):
        rows = rows.filter(flag(rows, "_fivetran_active"))
    if has(rows, "livemode"):
        rows = rows.filter(~(word(rows, "livemode") == "false").fill_null(False))
    for name in ("_fivetran_deleted", "is_deleted"):
        if has(rows, name):
            rows = rows.filter(~flag(rows, name))
    return rows


def _subscriptions(export: Export, remarks: list[str]) -> ir.Table:
    rows, zone = _live(export["subscription"]), export.params.timezone
    status = word(rows, "status")
    at = {
        name: moment(rows, name, timezone=zone, form="epoch")
        for name in ("start_date", "created", "trial_end", "ended_at", "canceled_at")
    }
    period = moment(rows, "current_period_start", timezone=zone, form="epoch")
    gone = ibis.ifelse(status == "canceled", at["canceled_at"], ibis.null("timestamp"))
    stopped = ibis.ifelse(status.isin(STOPPED), period, ibis.null("timestamp"))
    known = rows.select(
        subscription_id=text(rows, "id"),
        customer_id=text(rows, "customer_id"),
        currency=ibis.null("string"),
        status=status,
        begins=at["trial_end"].coalesce(at["start_date"], at["created"]),
        ends=at["ended_at"].coalesce(gone, stopped),
    )
    say_statuses(known, remarks)
    known = known.filter(~known.status.isin(NEVER).fill_null(False))
    never_paid = known.filter((known.ends <= known.begins).fill_null(False))
    say(n_rows(never_paid), "Left out: {} that ended with the trial, never paid.", remarks)
    return known.drop("status")


def _endings(export: Export) -> ir.Table:
    """What Stripe keeps under cancellation_details; comments are not read."""
    rows, zone = _live(export["subscription"]), export.params.timezone
    names = ("canceled_at", "ended_at")
    at = {name: moment(rows, name, timezone=zone, form="epoch") for name in names}
    reason = word(rows, "cancellation_details_reason")
    return rows.select(
        subscription_id=text(rows, "id"),
        cancelled_on=notice(at["canceled_at"], at["ended_at"], reason),
        end_reason=reason.coalesce(of_status(word(rows, "status"))),
        cancel_feedback=word(rows, "cancellation_details_feedback"),
    )


def _prices(rows: ir.Table) -> ir.Table:
    """Of a price, or of an older plan: a unit's amount and how often it is paid."""
    unit = number(rows, "unit_amount").coalesce(
        number(rows, "unit_amount_decimal"), number(rows, "amount")
    )
    interval = word(rows, "recurring_interval").coalesce(word(rows, "interval"))
    count = number(rows, "recurring_interval_count").coalesce(number(rows, "interval_count"))
    usage = word(rows, "recurring_usage_type").coalesce(word(rows, "usage_type"))
    return rows.select(
        price_id=text(rows, "id"),
        unit=unit,
        price_currency=text(rows, "currency").upper(),
        plan=text(rows, "nickname").coalesce(text(rows, "id")),
        interval=interval,
        interval_count=count.fill_null(1.0),
        metered=(usage == "metered").fill_null(False),
        months=months_in(interval, count),
    )


def _items(export: Export, prices: ir.Table, remarks: list[str]) -> ir.Table:
    rows = export["subscription_item"]
    if has(rows, "_fivetran_deleted"):
        rows = rows.filter(~flag(rows, "_fivetran_deleted"))
    priced = rows.select(
        subscription_id=text(rows, "subscription_id"),
        item_id=text(rows, "id"),
        price_id=text(rows, "plan_id").coalesce(text(rows, "price_id")),
        quantity=number(rows, "quantity").fill_null(1.0),
        since=moment(rows, "created", timezone=export.params.timezone, form="epoch"),
    ).left_join(prices, "price_id")
    say(n_rows(priced.filter(priced.metered)), "Left out: {} paid by use.", remarks, "item")
    priced = priced.filter(~priced.metered.fill_null(False))
    known = priced.mutate(mrr=priced.unit * priced.quantity / priced.months)
    return known.select(
        *("subscription_id", "item_id", "since", "mrr", "plan", "interval", "interval_count"),
        "price_currency",
    )


def _with_items(subscriptions: ir.Table, items: ir.Table) -> ir.Table:
    """The currency of a subscription is that of its prices."""
    currency = items.group_by("subscription_id").agg(_currency=items.price_currency.max())
    joined = subscriptions.left_join(currency, "subscription_id").drop("subscription_id_right")
    return joined.mutate(currency=joined._currency).drop("_currency")


def _lines(rows: ir.Table, prices: ir.Table, export: Export) -> ir.Table:
    """Lines of whole periods: proration is the difference of a change, not a price."""
    zone = export.params.timezone
    quantity = number(rows, "quantity").fill_null(1.0)
    untaxed = number(rows, "unit_amount_excluding_tax") * quantity
    lines = rows.select(
        subscription_id=text(rows, "subscription_id"),
        item_id=text(rows, "subscription_item_id"),
        price_id=text(rows, "price_id"),
        proration=flag(rows, "proration"),
        amount=untaxed.coalesce(number(rows, "amount")),
        free=(number(rows, "amount") == 0).fill_null(False),
        at=moment(rows, "period_start", timezone=zone, form="epoch"),
        until=moment(rows, "period_end", timezone=zone, form="epoch"),
    )
    lines = lines.filter(~lines.proration & ~lines.free & lines.item_id.notnull())
    priced = lines.left_join(prices, "price_id")
    priced = priced.filter(~priced.metered.fill_null(False))
    months = priced.months.coalesce(months_of_period(priced["at"].date(), priced.until.date()))
    return priced.mutate(mrr=priced.amount / months).select(
        *("subscription_id", "item_id", "at", "until", "mrr", "plan", "interval"),
        "interval_count",
    )


def _discounts(export: Export, spans: ir.Table) -> ir.Table:
    """Coupons that last, of a subscription or of all that a customer has; an amount once each."""
    rows, zone = export["discount"], export.params.timezone
    coupons = export["coupon"]
    terms = coupons.select(
        coupon_id=text(coupons, "id"),
        share=number(coupons, "percent_off") / 100,
        amount_off=number(coupons, "amount_off"),
        duration=word(coupons, "duration"),
        lasts=number(coupons, "duration_in_months"),
    )
    given = rows.select(
        own_id=text(rows, "subscription_id"),
        payer=text(rows, "customer_id"),
        coupon_id=text(rows, "coupon_id"),
        begins=moment(rows, "start", timezone=zone, form="epoch"),
        stated=moment(rows, "end", timezone=zone, form="epoch"),
    ).inner_join(terms, "coupon_id")
    given = given.filter(given.duration != "once")
    limited = plus_months(given.begins.date(), given.lasts.fill_null(0)).cast("timestamp")
    over = ibis.ifelse(given.duration == "repeating", limited, ibis.null("timestamp"))
    given = given.mutate(ends=given.stated.coalesce(over))
    months = months_in(spans.interval, spans.interval_count)
    whose = (
        spans.mutate(_months=months)
        .group_by("subscription_id", "customer_id")
        .agg(months=ibis._._months.min())
    )
    own = given.own_id.isnull() & (given.payer == whose.customer_id)
    pairs = given.inner_join(whose, (given.own_id == whose.subscription_id) | own)
    return pairs.select(
        "subscription_id", "begins", "ends", "share", off=pairs.amount_off / pairs.months
    )


def _customers(rows: ir.Table) -> ir.Table:
    """Never who they are: the country alone."""
    return rows.select(
        customer_id=text(rows, "id"), country=text(rows, "address_country")
    ).distinct(on="customer_id", keep="first")


PRESET = Preset(
    name="stripe",
    system="Stripe",
    model="subscription",
    layouts=(
        Layout(
            "warehouse tables",
            needs={
                "subscription": "subscription_history|subscription",
                "subscription_item": "subscription_item",
                "price": "price|plan",
            },
            may_have={
                "customer": "customer",
                "invoice_line_item": "invoice_line_item",
                "coupon": "coupon",
                "discount": "subscription_discount|discount",
            },
            read=_warehouse,
        ),
        Layout(
            "the dashboard's subscriptions.csv",
            needs={"subscriptions": r"subscriptions"},
            read=dashboard,
        ),
    ),
)
