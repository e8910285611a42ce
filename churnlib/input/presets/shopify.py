"""Shopify: the orders export of the admin, and the warehouse tables of connectors.

Format read: orders_export CSV and REST connector tables as of 2026-11, see docs/presets.md.
"""

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.errors import DataError
from churnlib.input.presets.declared import Export, Layout, Made, Preset
from churnlib.input.presets.over_time import n_rows
from churnlib.input.presets.reading import counted, flag, has, moment, number, text, word

COUNTED = ("paid", "partially_paid", "partially_refunded", "refunded")
COLUMNS = ("order_id", "customer_id", "ordered_at", "amount", "currency")
_RESAVED = r"^\d{1,2}/\d{1,2}/\d{2,4}"


def _export(export: Export) -> dict[str, Made]:
    """One row a line of an order; the first row of an order carries what it is worth."""
    rows, zone = export["orders"], export.params.timezone
    _refuse_resaved(rows)
    first = rows.filter(text(rows, "Financial Status").notnull())
    # An order that stands in two numbered files counts once.
    key = text(first, "Id").coalesce(text(first, "Name"))
    first = first.mutate(_key=key).distinct(on="_key", keep="first")
    if export.option("basis") == "subtotal":
        gross = number(first, "Subtotal")
    else:
        gross = number(first, "Total")
    known = first.select(
        order_id=ibis._._key,
        customer_id=_person(text(first, "Email")),
        ordered_at=moment(first, "Created at", timezone=zone),
        amount=gross - number(first, "Refunded Amount").fill_null(0),
        gross=gross,
        currency=text(first, "Currency").upper(),
        status=word(first, "Financial Status"),
    )
    paid = known.filter(known.status.isin(COUNTED))
    emptied = paid.filter((paid.amount <= 0) & (paid.gross > 0))
    remarks = _left_out(known)
    if n := n_rows(emptied):
        remarks.append(f"Refunded in full, and no purchase: {counted(n, 'order')}.")
    remarks.append(
        "Refunds have no day of their own in this export: they lower the order they belong to, so "
        "that an earlier month changes when a later refund comes. A customer is an e-mail address."
    )
    kept = paid.filter((paid.amount > 0) | (paid.gross == 0))
    return {"orders": Made(kept.select(*COLUMNS), remarks, anonymous=True)}


def _person(email: ir.StringValue) -> ir.StringValue:
    """A customer known by an address alone, without the address."""
    return email.lower().strip().hexdigest("md5").left(16)


def _refuse_resaved(rows: ir.Table) -> None:
    written = text(rows, "Created at")
    if collect(rows.agg(found=written.re_search(_RESAVED).any())).found.fillna(False).item():
        raise DataError(
            "orders_export: dates such as 1/31/26: the file was saved again by a spreadsheet, and "
            "its times are lost. Export it again and leave it as it is."
        )


def _left_out(known: ir.Table) -> list[str]:
    n = n_rows(known.filter(~known.status.isin(COUNTED).fill_null(False)))
    if not n:
        return []
    return [f"Left out: {counted(n, 'order')} neither paid nor refunded (pending, voided, ...)."]


def _warehouse(export: Export) -> dict[str, Made]:
    """An order at its day, each refund as a negative amount at its own."""
    rows, zone = export["order"], export.params.timezone
    for name in ("test", "_fivetran_deleted"):
        if has(rows, name):
            rows = rows.filter(~flag(rows, name))
    created = moment(rows, "created_at", timezone=zone, form="epoch")
    processed = moment(rows, "processed_at", timezone=zone, form="epoch")
    status = word(rows, "financial_status").coalesce(word(rows, "display_financial_status"))
    total, subtotal = number(rows, "total_price"), number(rows, "subtotal_price")
    tax = ibis.ifelse(flag(rows, "taxes_included"), number(rows, "total_tax").fill_null(0), 0.0)
    net = export.option("basis") == "subtotal"
    known = rows.select(
        order_id=text(rows, "id"),
        customer_id=text(rows, "customer_id").coalesce(_person(text(rows, "email"))),
        ordered_at=ibis.least(created, processed),
        amount=subtotal - tax
        if net
        else total.coalesce(number(rows, "total_price_set_shop_amount")),
        currency=text(rows, "currency").coalesce(text(rows, "currency_code")).upper(),
        status=status,
    )
    orders = known.filter(known.status.isin(COUNTED))
    remarks = _left_out(known)
    made = orders.select(*COLUMNS)
    refunds = _refunds(export, net)
    if refunds is None:
        remarks.append("There is no table of refunds: none is taken off.")
    else:
        owner = orders.select("order_id", "customer_id", "currency")
        joined = refunds.inner_join(owner, "order_id")
        made = made.union(joined.select(*COLUMNS))
    return {"orders": Made(made, remarks, anonymous=True)}


def _refunds(export: Export, net: bool) -> ir.Table | None:
    """Refunds by their lines and adjustments; by transactions where there are no lines."""
    refunds, lines = export.get("refund"), export.get("order_line_refund")
    if refunds is not None and lines is not None:
        return _by_lines(export, refunds, lines, net)
    rows = export.get("transaction")
    if rows is None:
        return None
    paid_back = (word(rows, "kind") == "refund") & (word(rows, "status") == "success")
    real = rows.filter(paid_back.fill_null(False) & ~flag(rows, "test"))
    zone = export.params.timezone
    return real.select(
        order_id=text(real, "order_id"),
        ordered_at=moment(real, "created_at", timezone=zone, form="epoch"),
        amount=-number(real, "amount"),
    )


def _by_lines(export: Export, refunds: ir.Table, lines: ir.Table, net: bool) -> ir.Table:
    zone = export.params.timezone
    tax = 0.0 if net else 1.0
    parts = lines.select(
        refund_id=text(lines, "refund_id"),
        money=number(lines, "subtotal").fill_null(0)
        + tax * number(lines, "total_tax").fill_null(0),
    )
    adjusted = export.get("order_adjustment")
    if adjusted is not None and not net:
        # Adjustments are negative for money that goes back: shipping, rounding.
        back = number(adjusted, "amount").fill_null(0) + number(adjusted, "tax_amount").fill_null(0)
        parts = parts.union(adjusted.select(refund_id=text(adjusted, "refund_id"), money=-back))
    each = parts.group_by("refund_id").agg(money=parts.money.sum())
    known = refunds.select(
        own_id=text(refunds, "id"),
        order_id=text(refunds, "order_id"),
        ordered_at=moment(refunds, "created_at", timezone=zone, form="epoch"),
    )
    joined = known.inner_join(each, known.own_id == each.refund_id)
    return joined.select("order_id", "ordered_at", amount=-joined.money)


PRESET = Preset(
    name="shopify",
    system="Shopify",
    model="transactional",
    layouts=(
        Layout("orders_export CSV", needs={"orders": r"orders_export(_\d+)?"}, read=_export),
        Layout(
            "warehouse tables",
            needs={"order": "order|orders"},
            may_have={
                "refund": "refund|order_refund",
                "order_line_refund": "order_line_refund",
                "order_adjustment": "order_adjustment",
                "transaction": "transaction",
            },
            read=_warehouse,
        ),
    ),
    options={"basis": ("total", "subtotal")},
)
