"""A snapshot as JupyterLab shows it: six lines, and no query but counting rows."""

from html import escape
from typing import TYPE_CHECKING

from churnlib.engine import collect
from churnlib.formats import day
from churnlib.params.only import in_a_title
from churnlib.snapshot.restriction import split_columns

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

NEXT = {
    "subscription": "cl.customer_churn(snapshot), cl.survival_curve(cl.lifetimes(snapshot))",
    "transactional": "cl.sales(snapshot), cl.repeat_purchase_rate(snapshot)",
}


def as_text(snapshot: "Snapshot") -> str:
    """The six lines."""
    return "\n".join(f"{label}: {said}" for label, said in _lines(snapshot))


def as_html(snapshot: "Snapshot") -> str:
    """The same for a notebook, in the colours of the reader's theme."""
    rows = "".join(
        f'<tr><th style="text-align:left">{escape(label)}</th>'
        f'<td style="text-align:left">{escape(said)}</td></tr>'
        for label, said in _lines(snapshot)
    )
    return f"<table><tbody>{rows}</tbody></table>"


def _lines(snapshot: "Snapshot") -> list[tuple[str, str]]:
    params, period = snapshot.params, snapshot.period
    when = f"{period.name}, as known before {day(snapshot.as_of)}"
    if snapshot.partial:
        when += "; the period is not over in the data"
    only = in_a_title(snapshot.restricted) if snapshot.restricted else "no, everybody is in here"
    return [
        ("Snapshot", f"{params.title or params.business}, {when}"),
        (
            "Business",
            f"{params.business}, {params.model}, in {snapshot.currency}, by {snapshot.grain}",
        ),
        ("Rows", _rows(snapshot)),
        ("Split by", ", ".join(split_columns(snapshot.customers)) or "nothing that is known"),
        ("Restricted", only),
        ("Next", _next(snapshot)),
    ]


def _rows(snapshot: "Snapshot") -> str:
    counts = {
        name: int(collect(table.agg(n=table.count())).n.item())
        for name, table in snapshot.tables.items()
    }
    customers = snapshot.customers
    ever = int(collect(customers.agg(n=customers.first_active_on.count())).n.item())
    told = [f"{n:,} {name}" for name, n in counts.items()]
    did = "paid" if snapshot.orders is None else "bought"
    told[0] += f" ({ever:,} ever {did})"
    aside = sum(account["set_aside"] for account in snapshot.data_box)
    return f"{', '.join(told)}; {aside:,} set aside"


def _next(snapshot: "Snapshot") -> str:
    """What to ask first, and of whom."""
    columns = split_columns(snapshot.customers)
    told = NEXT[snapshot.params.model]
    return f"{told}, snapshot.where({columns[0]}=...)" if columns else told
