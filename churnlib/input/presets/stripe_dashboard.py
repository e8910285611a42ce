"""Stripe's dashboard: subscriptions.csv, with all columns."""

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.errors import DataError
from churnlib.input.presets.declared import Export, Made
from churnlib.input.presets.endings import notice
from churnlib.input.presets.over_time import lasting, n_rows
from churnlib.input.presets.reading import has, moment, number, text, word
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

_RESAVED = r"^\d{1,2}/\d{1,2}/\d{2,4}"
"""How a spreadsheet writes dates."""
_COMMA = r"^\d{1,3}(\.\d{3})*,\d{1,2}$|^\d+,\d{1,2}$"


def dashboard(export: Export) -> dict[str, Made]:
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
    interval, reason = word(rows, "Interval"), word(rows, "Cancellation Reason")
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
        cancelled_on=notice(at["Canceled At"], at["Ended At"], reason),
        end_reason=reason.coalesce(of_status(status)),
        interval=interval,
        interval_count=ibis.ifelse(quarterly.fill_null(False), paid, 1.0),
    )
    say_statuses(known, remarks)
    several = n_rows(known.filter((known.interval_count > 1).fill_null(False)))
    say(several, "Paid every few months, as the current period tells: {}.", remarks)
    unread = known.amount.isnull() | known.plan.isnull()
    say(n_rows(known.filter(unread)), "Left out: {} of several prices, or of none.", remarks)
    kept = known.filter(~unread & ~known.status.isin(NEVER).fill_null(False))
    return {
        "subscriptions": Made(lasting(kept).drop("status"), remarks, TableSource(), survivors(rows))
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
