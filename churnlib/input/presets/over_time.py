"""What a billing system's records say of prices over time: spans, terms and discounts.

Tables here are what presets bring the exports of their systems to:

subscriptions : subscription_id, customer_id, currency, begins, ends (NULL = running)
items : what a subscription holds today: subscription_id, item_id, since (NULL = from the
    beginning), mrr, plan, interval, interval_count
lines : what was billed for an item: subscription_id, item_id, at, until, mrr, plan, interval,
    interval_count
discounts : subscription_id, begins, ends (NULL = goes on), share (0 to 1), off (a month)
"""

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect, materialise
from churnlib.input.intervals import MONTHS

SPAN = {
    "subscription_id": "string",
    "customer_id": "string",
    "currency": "string",
    "item_id": "string",
    "starts_on": "timestamp",
    "ends_on": "timestamp",
    "mrr": "float64",
    "plan": "string",
    "interval": "string",
    "interval_count": "float64",
}
"""The columns of spans, and their types."""
FOR_EVER = "9999-12-31"


def n_rows(rows: ir.Table) -> int:
    """How many rows there are."""
    return int(collect(rows.agg(n=rows.count())).n.item())


def latest(rows: ir.Table, key: str, order: ir.Value) -> ir.Table:
    """Of every key the last version."""
    place = ibis.row_number().over(ibis.window(group_by=key, order_by=order.desc()))
    return rows.mutate(_version=place).filter(ibis._._version == 0).drop("_version")


def months_in(unit: ir.StringValue, count: ir.NumericValue) -> ir.FloatingValue:
    """The length of `count` units (day, week, month, year; plurals too) in months."""
    one = unit.lower().re_replace("s$", "")
    cases = [(one == name, ibis.literal(length)) for name, length in MONTHS.items()]
    return ibis.cases(*cases, else_=ibis.null("float64")) * count.cast("float64").fill_null(1.0)


def lasting(rows: ir.Table) -> ir.Table:
    """Spans that last: what ends when it begins was never paid."""
    return rows.filter(rows.ends_on.isnull() | (rows.ends_on > rows.starts_on))


def spans_over_time(
    subscriptions: ir.Table, items: ir.Table, lines: ir.Table | None = None
) -> ir.Table:
    """Spans of constant price: those of the lines as far as there are any, else today's price.

    A line holds until the next one of its item; the last until the subscription's end or, of an
    item that the subscription holds no more, until what was billed is over. The first line of a
    subscription is carried back to its beginning.
    """
    if lines is None:
        return _of_items(subscriptions, items)
    lines = materialise(_within(lines, subscriptions))
    billed = _of_lines(lines, items)
    done = lines.select("subscription_id", "item_id").distinct()
    others = items.anti_join(done, ["subscription_id", "item_id"])
    gone = lines.anti_join(items, ["subscription_id", "item_id"])
    replaced = gone.group_by("subscription_id").agg(over=gone.until.max())
    joined = others.left_join(replaced, "subscription_id").drop("subscription_id_right")
    late = joined.mutate(since=ibis.greatest(joined.since, joined.over)).drop("over")
    return lasting(billed.union(_of_items(subscriptions, late)))


def discounted(spans: ir.Table, discounts: ir.Table) -> ir.Table:
    """Spans net of the discounts in force: split where one begins or ends, never below 0."""
    spans = spans.mutate(_span=ibis.row_number())
    spans = materialise(spans)
    end = ibis.literal(FOR_EVER).cast("timestamp")
    given = discounts.mutate(ends=discounts.ends.fill_null(end))
    until = spans.ends_on.fill_null(end)
    hit = spans.mutate(_until=until).inner_join(given, "subscription_id")
    hit = hit.filter((hit.begins < hit._until) & (hit.ends > hit.starts_on))
    hit = materialise(hit.select("_span", "starts_on", "_until", "begins", "ends", "share", "off"))
    days = ibis.union(
        hit.select("_span", at=hit.starts_on),
        hit.select("_span", at=ibis.greatest(hit.begins, hit.starts_on)),
        hit.filter(hit.ends < hit._until).select("_span", at="ends"),
        distinct=True,
    )
    own = ibis.window(group_by="_span", order_by="at")
    parts = days.mutate(_next=days.at.lead().over(own))
    running = parts.inner_join(
        hit, [parts._span == hit._span, hit.begins <= parts.at, hit.ends > parts.at]
    )
    off = running.group_by("_span", "at").agg(
        share=running.share.fill_null(0).sum(), off=running.off.fill_null(0).sum()
    )
    net = parts.left_join(off, ["_span", "at"]).drop("_span_right", "at_right")
    split = spans.inner_join(net, "_span")
    price = split.mrr * (1 - ibis.least(split.share.fill_null(0.0), 1.0)) - split.off.fill_null(0.0)
    split = split.mutate(
        mrr=ibis.greatest(price, 0.0),
        starts_on=split["at"],
        ends_on=split._next.coalesce(split.ends_on),
    )
    whole = spans.anti_join(hit, "_span")
    return _spans(whole).union(_spans(split))


def _spans(rows: ir.Table) -> ir.Table:
    return rows.select(**{name: rows[name].cast(kind) for name, kind in SPAN.items()})


def _within(lines: ir.Table, subscriptions: ir.Table) -> ir.Table:
    """Lines of money within the life of their subscription, each with its beginning and end."""
    paid = lines.filter(lines.mrr > 0)
    joined = paid.inner_join(subscriptions, "subscription_id")
    alive = joined.ends.isnull() | (joined["at"] < joined.ends)
    overlapping = joined.until.isnull() | (joined.until > joined.begins)
    kept = joined.filter(alive & overlapping)
    kept = kept.mutate(at=ibis.greatest(kept["at"], kept.begins))
    return kept.distinct(on=["subscription_id", "item_id", "at"], keep="last")


def _of_lines(lines: ir.Table, items: ir.Table) -> ir.Table:
    item = ibis.window(group_by=["subscription_id", "item_id"], order_by="at")
    whole = ibis.window(group_by="subscription_id")
    held = items.select("subscription_id", held_id="item_id").distinct()
    rows = lines.mutate(_next=lines["at"].lead().over(item), _first=lines["at"].min().over(whole))
    same = [rows.subscription_id == held.subscription_id, rows.item_id == held.held_id]
    rows = rows.left_join(held, same).drop("subscription_id_right")
    over = ibis.ifelse(rows.held_id.notnull(), rows.ends, ibis.least(rows.until, rows.ends))
    rows = rows.mutate(
        starts_on=ibis.ifelse(rows["at"] == rows._first, rows.begins, rows["at"]),
        ends_on=rows._next.coalesce(over),
    )
    return _spans(rows)


def _of_items(subscriptions: ir.Table, items: ir.Table) -> ir.Table:
    rows = subscriptions.inner_join(items, "subscription_id")
    rows = rows.mutate(starts_on=ibis.greatest(rows.begins, rows.since), ends_on=rows.ends)
    return lasting(_spans(rows))
