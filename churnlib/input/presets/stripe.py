"""Stripe: the warehouse tables of connectors, and the dashboard's subscriptions.csv.

Format read: API and connector tables as of 2026-11, see docs/presets.md.
"""

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.engine.moments import plus_months
from churnlib.errors import DataError
from churnlib.input.presets.declared import Export, Layout, Made, Preset
from churnlib.input.presets.over_time import (
    discounted,
    lasting,
    months_in,
    n_rows,
    spans_over_time,
)
from churnlib.input.presets.reading import counted, flag, has, moment, number, text, word
from churnlib.input.shapes import months_of_period
from churnlib.params.source import TableSource

NEVER = ("incomplete", "incomplete_expired", "trialing")
"""Statuses of which nothing was paid, or not yet."""
STOPPED = ("unpaid", "paused")
CENTS = TableSource(columns={"mrr": {"cents": "mrr"}})
_RESAVED = r"^\d{1,2}/\d{1,2}/\d{2,4}"
_COMMA = r"^\d{1,3}(\.\d{3})*,\d{1,2}$|^\d+,\d{1,2}$"


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
    made = {"subscriptions": Made(spans, remarks, CENTS, _survivors(export["subscription"]))}
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
    _say_statuses(known, remarks)
    known = known.filter(~known.status.isin(NEVER).fill_null(False))
    never_paid = known.filter((known.ends <= known.begins).fill_null(False))
    _say(n_rows(never_paid), "Left out: {} that ended with the trial, never paid.", remarks)
    return known.drop("status")


def _say(n: int, sentence: str, remarks: list[str], what: str = "subscription") -> None:
    if n:
        remarks.append(sentence.format(counted(n, what)))


def _say_statuses(known: ir.Table, remarks: list[str]) -> None:
    by_status = collect(known.group_by("status").agg(n=known.count())).set_index("status").n
    for status in NEVER:
        _say(int(by_status.get(status, 0)), f"Left out: {{}} with status {status}.", remarks)
    _say(
        int(sum(by_status.get(status, 0) for status in STOPPED)),
        "Unpaid or paused: {}. The day is not in the data; they are taken to have ended with the "
        "last period that was paid.",
        remarks,
    )


def _survivors(rows: ir.Table) -> list[str]:
    """A file of those who are left shows no churn."""
    if n_rows(rows.filter(word(rows, "status").isin(["canceled"]).fill_null(False))):
        return []
    return [
        "No subscription of the export is canceled: it may hold only those who are left (lists of "
        "the API leave the others out unless status is all). Every rate of churn would be wrong."
    ]


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
    _say(n_rows(priced.filter(priced.metered)), "Left out: {} paid by use.", remarks, "item")
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


def _dashboard(export: Export) -> dict[str, Made]:
    """One row a subscription, as it stood on the day of the download."""
    rows, zone = export["subscriptions"], export.params.timezone
    _refuse_resaved(rows)
    status = word(rows, "Status")
    n_canceled = n_rows(rows.filter((status == "canceled").fill_null(False)))
    if n_canceled and not has(rows, "Ended At (UTC)"):
        raise DataError(
            f"subscriptions: {n_canceled:,} rows are canceled and the export has no column Ended "
            "At (UTC): its default columns leave the end out. Export again with all columns."
        )
    remarks = [
        "A dashboard export shows each subscription at today's price from its first day: changes "
        "of price and discounts are not in it. Amounts are taken for one unit and multiplied by "
        "Quantity.",
    ]
    at = {
        name: moment(rows, f"{name} (UTC)", timezone=zone)
        for name in ("Start Date", "Created", "Trial End", "Ended At", "Canceled At")
    }
    period = {
        name: moment(rows, f"Current Period {name} (UTC)", timezone=zone)
        for name in ("Start", "End")
    }
    stopped = ibis.ifelse(status.isin(STOPPED), period["Start"], ibis.null("timestamp"))
    gone = ibis.ifelse(status == "canceled", at["Canceled At"], ibis.null("timestamp"))
    paid = months_of_period(period["Start"].date(), period["End"].date()).round(0)
    interval = word(rows, "Interval")
    quarterly = (interval == "month") & paid.between(2, 11)
    amount = text(rows, "Amount")
    european = amount.re_search(_COMMA)
    plain = ibis.ifelse(european, amount.replace(".", "").replace(",", "."), amount)
    known = rows.select(
        subscription_id=text(rows, "id"),
        customer_id=text(rows, "Customer ID"),
        item_id=text(rows, "id"),
        currency=text(rows, "Currency").upper(),
        status=status,
        plan=text(rows, "Plan"),
        starts_on=at["Trial End"].coalesce(at["Start Date"], at["Created"]),
        ends_on=at["Ended At"].coalesce(gone, stopped),
        amount=plain.try_cast("float64") * number(rows, "Quantity").fill_null(1.0),
        interval=interval,
        interval_count=ibis.ifelse(quarterly.fill_null(False), paid, 1.0),
    )
    _say_statuses(known, remarks)
    several = n_rows(known.filter((known.interval_count > 1).fill_null(False)))
    _say(several, "Paid every few months, as the current period tells: {}.", remarks)
    unread = known.amount.isnull() | known.plan.isnull()
    _say(n_rows(known.filter(unread)), "Left out: {} of several prices, or of none.", remarks)
    kept = known.filter(~unread & ~known.status.isin(NEVER).fill_null(False))
    return {
        "subscriptions": Made(
            lasting(kept).drop("status"), remarks, TableSource(), _survivors(rows)
        )
    }


def _refuse_resaved(rows: ir.Table) -> None:
    dates = [name for name in rows.columns if name.endswith("(UTC)")]
    if not dates:
        return
    asked = {f"d{n}": text(rows, one).re_search(_RESAVED).any() for n, one in enumerate(dates)}
    found = collect(rows.agg(**asked))
    if found.iloc[0].fillna(False).any():
        raise DataError(
            "subscriptions: dates such as 1/31/26: the file was saved again by a spreadsheet, and "
            "its times are lost. Export it again and leave it as it is."
        )


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
            read=_dashboard,
        ),
    ),
)
