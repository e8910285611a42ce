"""WooCommerce: the tables of its database, and the download of Analytics > Orders.

Format read: WooCommerce Analytics as of 2026-11, see docs/presets.md.
"""

import ibis.expr.types as ir

from churnlib.input.presets.declared import Export, Layout, Made, Preset
from churnlib.input.presets.over_time import n_rows
from churnlib.input.presets.reading import counted, moment, number, text, word

COUNTED = ("processing", "completed", "refunded")
BASES = {"net": "net_total", "total": "total_sales"}


def _database(export: Export) -> dict[str, Made]:
    """Orders that count, and refunds as rows of their own on their own day."""
    rows, zone = export["order_stats"], export.params.timezone
    written = "date_paid" if export.option("date") == "paid" else "date_created"
    # Dates are the shop's own time: nothing is moved.
    day = moment(rows, written, timezone=zone, stamps=zone)
    created = moment(rows, "date_created", timezone=zone, stamps=zone)
    known = rows.select(
        order_id=text(rows, "order_id"),
        parent=text(rows, "parent_id").nullif("0"),
        status=word(rows, "status").re_replace("^wc-", ""),
        customer_id=text(rows, "customer_id").nullif("0"),
        ordered_at=day.coalesce(created),
        amount=number(rows, BASES[export.option("basis")]),
    )
    statuses = _counted(export)
    orders = known.filter(known.parent.isnull() & known.status.isin(statuses))
    parents = orders.select(parent_id="order_id", payer="customer_id")
    refunds = known.filter(known.parent.notnull())
    refunds = refunds.inner_join(parents, refunds.parent == parents.parent_id)
    refunds = refunds.mutate(
        customer_id=refunds.payer.coalesce(refunds.customer_id), order_id=refunds.parent
    )
    columns = ("order_id", "customer_id", "ordered_at", "amount")
    made = orders.select(*columns).union(refunds.select(*columns))
    remarks = _left_out(known, statuses)
    remarks.append(f"Amounts are {_basis(export)}; dates are the shop's own time.")
    return {"orders": Made(made, remarks, anonymous=True)}


def _counted(export: Export) -> list[str]:
    more = ["on-hold"] if export.option("on_hold") == "count" else []
    return [*COUNTED, *more]


def _left_out(known: ir.Table, statuses: list[str]) -> list[str]:
    n = n_rows(known.filter(known.parent.isnull() & ~known.status.isin(statuses)))
    if not n:
        return []
    return [f"Left out: {counted(n, 'order')} of another status than {', '.join(statuses)}."]


def _basis(export: Export) -> str:
    if export.option("basis") == "total":
        return "total sales, tax and shipping included"
    return "net sales, after coupons, without tax and shipping"


def _analytics(export: Export) -> dict[str, Made]:
    """The download for eyes: it names customers, and has no number for them."""
    rows, zone = export["report"], export.params.timezone
    known = rows.select(
        order_id=text(rows, "Order #"),
        status=word(rows, "Status"),
        name=text(rows, "Customer").lower(),
        ordered_at=moment(rows, "Date", timezone=zone, stamps=zone),
        amount=number(rows, "Net Sales"),
    )
    statuses = _counted(export)
    kept = known.filter(known.status.isin(statuses) | (known.amount < 0))
    made = kept.select(
        *("order_id", "ordered_at", "amount"), customer_id=kept.name.hexdigest("md5").left(16)
    )
    remarks = [
        "This download has no number for a customer, only a name: two people of one name are "
        "counted as one, and guests without a name are set aside. The database's tables "
        "(wc_order_stats) are safe.",
        "Amounts are net sales; an order's day is the one that the shop's reports use.",
    ]
    return {"orders": Made(made, remarks, anonymous=True)}


PRESET = Preset(
    name="woocommerce",
    system="WooCommerce",
    model="transactional",
    layouts=(
        Layout(
            "database tables",
            needs={"order_stats": r"(\w+_)?wc_order_stats"},
            read=_database,
        ),
        Layout(
            "Analytics > Orders > Download",
            needs={"report": r"wc-orders-report-export.*"},
            read=_analytics,
        ),
    ),
    options={
        "basis": ("net", "total"),
        "date": ("created", "paid"),
        "on_hold": ("leave_out", "count"),
    },
)
