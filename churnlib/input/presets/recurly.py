"""Recurly: the warehouse tables of connectors, in which every edit is a version.

Format read: connector tables as of 2026-11, see docs/presets.md. The CSV exports of the app are not
read: their header is not confirmed.
"""

import ibis
import ibis.expr.types as ir

from churnlib.engine import materialise
from churnlib.input.presets.declared import Export, Layout, Made, Preset
from churnlib.input.presets.endings import notice, with_endings
from churnlib.input.presets.over_time import discounted, lasting, latest, months_in, n_rows
from churnlib.input.presets.reading import counted, moment, number, text, word

NEVER = ("future", "failed")
CHARGED = ("plan", "add_on")


def _warehouse(export: Export) -> dict[str, Made]:
    """The versions of a subscription, each at its price until the next."""
    versions = _versions(export)
    remarks = _remarks(versions)
    spans = lasting(_spans(versions))
    if export.get("redemption") is not None and export.get("discount") is not None:
        spans = discounted(spans, _discounts(export, spans))
    spans = _told(spans, versions)
    warnings = _survivors(versions)
    return {"subscriptions": Made(spans, remarks, warnings=warnings)}


def _versions(export: Export) -> ir.Table:
    rows, zone = export["subscription"], export.params.timezone
    at = {
        name: moment(rows, name, timezone=zone, form="epoch")
        for name in (
            *("updated_at", "activated_at", "trial_ends_at", "expires_at", "paused_at"),
            "canceled_at",
        )
    }
    known = rows.select(
        subscription_id=text(rows, "id"),
        customer_id=text(rows, "account_id"),
        item_id=text(rows, "id"),
        currency=text(rows, "currency").upper(),
        plan_id=text(rows, "plan_id"),
        state=word(rows, "state"),
        reason=word(rows, "expiration_reason"),
        each=number(rows, "unit_amount").fill_null(0) * number(rows, "quantity").fill_null(1),
        add_ons=number(rows, "add_ons_total").fill_null(0),
        **at,
    )
    joined = known.left_join(_plans(export), "plan_id").drop("plan_id_right")
    mine = ibis.window(group_by="subscription_id")
    ordered = ibis.window(group_by="subscription_id", order_by="updated_at")
    begins = joined.trial_ends_at.max().over(mine).coalesce(joined.activated_at.min().over(mine))
    last = joined.updated_at == joined.updated_at.max().over(mine)
    return materialise(
        joined.mutate(
            mrr=(joined.each + joined.add_ons) / joined.months,
            begins=begins,
            is_last=last,
            is_first=joined.updated_at == joined.updated_at.min().over(mine),
            next_at=joined.updated_at.lead().over(ordered),
        )
    )


def _plans(export: Export) -> ir.Table:
    rows = export["plan"]
    unit, length = word(rows, "interval_unit"), number(rows, "interval_length")
    known = rows.select(
        plan_id=text(rows, "id"),
        plan=text(rows, "name").coalesce(text(rows, "code")),
        interval=unit.re_replace("s$", ""),
        interval_count=length.fill_null(1.0),
        months=months_in(unit, length),
        updated=moment(rows, "updated_at", timezone=export.params.timezone, form="epoch"),
    )
    return latest(known, "plan_id", known.updated).drop("updated")


def _spans(versions: ir.Table) -> ir.Table:
    """A version holds from its own moment, the first one from the beginning, to the next one's.

    A pause set ahead begins at `paused_at`; until then the price holds.
    """
    alive = versions.filter(~versions.state.isin([*NEVER, "expired"]))
    gone = versions.filter(versions.state == "expired")
    gone = gone.group_by("subscription_id").agg(
        over=gone.expires_at.coalesce(gone.updated_at).min()
    )
    rows = alive.mutate(starts_on=_starts(alive)).left_join(gone, "subscription_id")
    rows = rows.drop("subscription_id_right")
    until = ibis.least(rows.next_at, rows.over)
    paused = ibis.ifelse(
        rows.state == "paused", ibis.least(rows.paused_at, until), ibis.null("timestamp")
    )
    ends_on = ibis.ifelse(rows.state == "paused", paused.coalesce(rows.starts_on), until)
    columns = ("subscription_id", "customer_id", "currency", "item_id", "starts_on")
    kept = rows.mutate(ends_on=ends_on)
    kept = kept.filter(kept.begins.notnull())
    return kept.select(*columns, "ends_on", "mrr", "plan", "interval", "interval_count")


def _starts(rows: ir.Table) -> ir.TimestampValue:
    return ibis.ifelse(rows.is_first, rows.begins, ibis.greatest(rows.updated_at, rows.begins))


def _told(spans: ir.Table, versions: ir.Table) -> ir.Table:
    """Spans with why and when they ended: a pause, or what the last version of all says."""
    last = versions.filter(versions.is_last)
    asked = notice(last.canceled_at, last.expires_at, last.reason)
    known = last.select("subscription_id", cancelled_on=asked, end_reason=last.reason)
    paused = versions.filter(versions.state == "paused")
    starts = _starts(paused)
    at = ibis.greatest(starts, paused.paused_at.coalesce(starts))
    pauses = paused.select("subscription_id", ends_on=at, pause=ibis.literal("paused")).distinct()
    told = with_endings(spans, known)
    both = told.left_join(pauses, ["subscription_id", "ends_on"]).select(*told.columns, "pause")
    return both.mutate(end_reason=both.pause.coalesce(both.end_reason)).drop("pause")


def _discounts(export: Export, spans: ir.Table) -> ir.Table:
    """Coupons of an account: a percentage of all that it has, an amount once.

    A coupon for one bill shows on one line alone: it is over with the first later line that has no
    discount.
    """
    zone = export.params.timezone
    rows, coupons = export["redemption"], export["discount"]
    terms = coupons.select(
        coupon_id=text(coupons, "coupon_id"),
        is_percent=word(coupons, "type") == "percent",
        percentage=number(coupons, "percentage"),
        amount=number(coupons, "amount"),
    )
    versions = rows.select(
        redemption_id=text(rows, "id"),
        account=text(rows, "account_id"),
        coupon_id=text(rows, "coupon_id"),
        begins=moment(rows, "created_at", timezone=zone, form="epoch"),
        ends=moment(rows, "removed_at", timezone=zone, form="epoch"),
        updated=moment(rows, "updated_at", timezone=zone, form="epoch"),
    )
    given = latest(versions, "redemption_id", versions.updated).inner_join(terms, "coupon_id")
    if (lines := export.get("line_item")) is not None:
        given = _until_undiscounted(given, lines, zone)
    months = months_in(spans.interval, spans.interval_count)
    own = ibis.window(group_by="customer_id", order_by=["first", "subscription_id"])
    whose = (
        spans.mutate(_months=months)
        .group_by("subscription_id", "customer_id")
        .agg(months=ibis._._months.min(), first=ibis._.starts_on.min())
    )
    whose = whose.mutate(place=ibis.row_number().over(own))
    pairs = given.inner_join(whose, given.account == whose.customer_id)
    pairs = pairs.filter(pairs.is_percent | (pairs.place == 0))
    return pairs.select(
        "subscription_id",
        "begins",
        "ends",
        share=ibis.ifelse(pairs.is_percent, pairs.percentage / 100, 0.0),
        off=ibis.ifelse(pairs.is_percent, 0.0, pairs.amount / pairs.months),
    )


def _until_undiscounted(given: ir.Table, lines: ir.Table, zone: str) -> ir.Table:
    plain = lines.select(
        payer=text(lines, "account_id"),
        billed=moment(lines, "start_date", timezone=zone, form="epoch"),
        kind=word(lines, "type"),
        origin=word(lines, "origin"),
        discount=number(lines, "discount").fill_null(0),
    )
    plain = plain.filter((plain.kind == "charge") & plain.origin.isin(CHARGED))
    plain = plain.filter(plain.discount == 0)
    later = given.inner_join(plain, [given.account == plain.payer, plain.billed > given.begins])
    over = later.group_by("redemption_id").agg(over=later.billed.min())
    joined = given.left_join(over, "redemption_id").drop("redemption_id_right")
    return joined.mutate(ends=ibis.least(joined.ends, joined.over)).drop("over")


def _remarks(versions: ir.Table) -> list[str]:
    """What of the records a reader should know."""
    said = []
    first = versions.filter(versions.is_first)
    late = n_rows(first.filter((first.updated_at.date() > first.begins.date()).fill_null(False)))
    if late:
        said.append(
            f"First version later than the beginning: {counted(late, 'subscription')}. Its price "
            "is taken to have held from the first day."
        )
    left_out = n_rows(versions.filter(versions.is_last & versions.state.isin(NEVER)))
    if left_out:
        said.append(f"Left out: {counted(left_out, 'subscription')} in the future or failed.")
    paused = n_rows(versions.filter(versions.is_last & (versions.state == "paused")))
    if paused:
        said.append(f"Paused, which counts as leaving: {counted(paused, 'subscription')}.")
    return said


def _survivors(versions: ir.Table) -> list[str]:
    if n_rows(versions.filter(versions.state == "expired")):
        return []
    return [
        "No subscription of the export is expired: it may hold only those who are left. Every rate "
        "of churn would be wrong."
    ]


PRESET = Preset(
    name="recurly",
    system="Recurly",
    model="subscription",
    layouts=(
        Layout(
            "warehouse tables",
            needs={
                "subscription": "subscription_history|subscription",
                "plan": "plan_history|plan",
            },
            may_have={
                "redemption": "coupon_redemption_history|coupon_redemption",
                "discount": "coupon_discount",
                "line_item": "line_item_history|line_item",
            },
            read=_warehouse,
        ),
    ),
)
