"""Checks across a customer's rows of subscriptions: what no single row can show.

A row without an end is open for ever. Where that is plainly not what the source means, the run
stops with the line to write; what is legal but often wrong is said.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.errors import DataError
from churnlib.input.shapes import BRIDGED, gaps_between, superseded
from churnlib.params.model import Params

MANY = 0.5
"""The share of customers from which several open spans at once are no business but a mistake."""
DENSE = 0.9
"""Rows a month of a customer's time from which a row is taken to stand for a month."""
NEAR = 3
"""Days of a gap that is more likely billing than an absence."""
TOLD = 0.01
"""The share of customers from which what is said of them stands on the first page."""
AT_ONCE, AT_LEAST = 3, 30
"""The first day's customers are said to have been there before where they are so many times as
many as any later month's, and at least so many."""
LIKE_AN_END = re.compile(r"end|until|cancel|expir|stop|clos|termin|valid_to|to_date|churn", re.I)
SUPERSEDED = "earlier version, replaced by a later recording"


@dataclass
class Said:
    """What is said of a table: remarks in the data box, warnings on the first page too."""

    remarks: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check_spans(
    rows: ir.Table, spans: ir.Table, params: Params, shape: str, unmapped: Sequence[str]
) -> Said:
    """Look at all rows of each customer together.

    Parameters
    ----------
    rows, spans : the valid rows, and the spans that `shape` makes of them
    unmapped : columns of the source that are not used, among which an end may be

    Raises
    ------
    DataError : no row ends though most customers hold several at once, or a price of 0 follows an
        open span; says what to write
    """
    current = rows.filter(~superseded(rows))
    each = _each_customer(current)
    n = int(each["customers"])
    said = Said()
    if shape == "spans":
        _refuse_open_for_ever(current, each, params, unmapped)
        _about_open(each, n, said)
        _about_migrations(current, said)
    else:
        _about_shape(rows, spans, shape, said)
    _about_gaps(current, params, shape, n, said)
    _about_the_beginning(spans, params, said)
    return said


def superseded_rows(rows: ir.Table) -> dict[str, Any] | None:
    """Rows that a later recording replaces, as a reason of the account; None = there is none."""
    old = rows.filter(superseded(rows))
    found = collect(old.agg(rows=old.count(), row=old._row.min())).iloc[0]
    if not found["rows"]:
        return None
    example = f"row {int(found['row']):,}"
    return {"reason": SUPERSEDED, "rows": int(found["rows"]), "example": example}


def _each_customer(rows: ir.Table) -> dict[str, float]:
    """How many customers, and how many of them hold several open spans or have no end at all."""
    is_open = rows.ends_on.isnull() & (rows.mrr > 0)
    by_customer = rows.group_by("customer_id").agg(
        n_open=is_open.ifelse(1, 0).sum(),
        n_ended=rows.ends_on.notnull().ifelse(1, 0).sum(),
    )
    told = by_customer.agg(
        customers=by_customer.count(),
        ended=(by_customer.n_ended > 0).ifelse(1, 0).sum(),
        several=(by_customer.n_open > 1).ifelse(1, 0).sum(),
        most=by_customer.n_open.max(),
    )
    return collect(told).iloc[0].fillna(0).to_dict()


def _refuse_open_for_ever(
    rows: ir.Table, each: dict[str, float], params: Params, unmapped: Sequence[str]
) -> None:
    followed = _followed_by_nothing(rows)
    if followed:
        raise DataError(
            f"subscriptions: an mrr of 0 follows an open span, such as row {followed:,}: the span "
            f"would go on for ever. {_advice(rows, unmapped)} In spans, give the one before its "
            "end."
        )
    if each["ended"] or each["several"] <= MANY * each["customers"]:
        return
    raise DataError(
        f"subscriptions: no row ends, and {int(each['several']):,} of {int(each['customers']):,} "
        f"customers hold several open spans at once, up to {int(each['most']):,}: each would count "
        f"for ever. {_advice(rows, unmapped)}"
    )


def _followed_by_nothing(rows: ir.Table) -> int | None:
    """The first row with an mrr of 0 after an open span of the same subscription."""
    begun = rows.filter(rows.ends_on.isnull() & (rows.mrr > 0))
    first = begun.group_by("customer_id", "subscription_id").agg(begun_on=begun.starts_on.min())
    nothing = rows.filter((rows.mrr == 0) & rows.ends_on.isnull())
    same = [
        nothing.customer_id == first.customer_id,
        nothing.subscription_id.identical_to(first.subscription_id),
        nothing.starts_on > first.begun_on,
    ]
    after = nothing.inner_join(first, same)
    row = collect(after.agg(row=after._row.min())).row.item()
    return None if row != row or row is None else int(row)


def _likely_shape(rows: ir.Table) -> str:
    """months where each customer has about one row a month, on its first day; changes where a 0
    ends what came before; invoices otherwise.
    """
    each = rows.group_by("customer_id").agg(
        days=rows.starts_on.nunique(), first=rows.starts_on.min(), last=rows.starts_on.max()
    )
    years = each.last.year() - each.first.year()
    months = each.mutate(months=years * 12 + each.last.month() - each.first.month() + 1)
    dense = months.agg(days=months.days.sum(), months=months.months.sum())
    found = collect(dense.mutate(dense=dense.days / dense.months)).iloc[0]
    seen = rows.agg(firsts=(rows.starts_on.day() == 1).all(), zeros=(rows.mrr == 0).any())
    told = collect(seen).iloc[0]
    if told["firsts"] and found["dense"] >= DENSE:
        return "months"
    return "changes" if told["zeros"] else "invoices"


def _advice(rows: ir.Table, unmapped: Sequence[str]) -> str:
    """The line to write, from what the rows look like."""
    shape = _likely_shape(rows)
    candidates = [name for name in unmapped if LIKE_AN_END.search(name)]
    line = f"Set shape: {shape} under source.tables.subscriptions"
    if shape == "invoices":
        line += ", which needs ends_on or interval"
    if candidates:
        end = candidates[0]
        line += f"; the source has a column {end!r}: columns: {{ends_on: {end}}}"
    return (
        f"{line}. (A row a customer and month is shape: months, a row an invoice is shape: "
        "invoices, a log of new prices is shape: changes.)"
    )


def _about_open(each: dict[str, float], n: int, said: Said) -> None:
    if n and not each["ended"]:
        said.warnings.append(
            "No row of subscriptions has an end: nobody ever leaves. Right for a young business; "
            "where the source leaves out customers who left, or calls their end otherwise, every "
            "rate of churn is wrong."
        )
    if each["several"]:
        several = int(each["several"])
        customers = "1 customer holds" if several == 1 else f"{several:,} customers hold"
        said.remarks.append(
            f"{customers} several open spans at once, up to {int(each['most']):,}: they add up."
        )


def _about_shape(rows: ir.Table, spans: ir.Table, shape: str, said: Said) -> None:
    n_rows, n_spans = (int(collect(t.agg(n=t.count())).n.item()) for t in (rows, spans))
    said.remarks.append(f"Shape {shape}: {n_rows:,} rows are {n_spans:,} spans of constant price.")


def _about_gaps(rows: ir.Table, params: Params, shape: str, n: int, said: Said) -> None:
    """Short gaps within a customer: bridged, or counted as leaving and coming back."""
    if shape in ("months", "changes"):
        return
    days = params.policies.bridge_days
    bridged = BRIDGED[shape] if days is None else days
    gaps = gaps_between(rows)
    gaps = gaps.filter(gaps.days.between(1, max(NEAR, bridged)))
    seen = collect(
        gaps.agg(
            customers=gaps.customer_id.nunique(),
            longest=gaps.days.max(),
            bridged=gaps.customer_id.nunique(where=gaps.days <= bridged),
        )
    ).iloc[0]
    if seen["bridged"]:
        said.remarks.append(
            f"{_customers(seen['bridged'])} a gap of up to {bridged} days between two spans, which "
            "is bridged (policies.bridge_days)."
        )
    left = int(seen["customers"]) if not bridged else 0
    if not left:
        return
    told = (
        f"{_customers(left)} a gap of 1 to {int(seen['longest'])} days between two spans, which "
        "counts as leaving and coming back: where ends_on is the last day that is paid, set ends: "
        "inclusive; where billing leaves such gaps, set policies: {bridge_days: 3}."
    )
    (said.warnings if left >= TOLD * n else said.remarks).append(told)


def _about_migrations(rows: ir.Table, said: Said) -> None:
    """A subscription that ends the day another one of the same customer starts."""
    ended = rows.filter(rows.ends_on.notnull() & rows.subscription_id.notnull())
    begun = rows.filter(rows.subscription_id.notnull()).select(
        "customer_id", next_on="starts_on", next_id="subscription_id"
    )
    same = [
        ended.customer_id == begun.customer_id,
        ended.ends_on == begun.next_on,
        ended.subscription_id != begun.next_id,
    ]
    moved = ended.inner_join(begun, same)
    n = int(collect(moved.agg(n=moved.customer_id.nunique())).n.item())
    if n:
        said.remarks.append(
            f"{_customers(n)} a subscription that ends on the day another one starts: they stay "
            "(a move between billing systems looks like this)."
        )


def _about_the_beginning(spans: ir.Table, params: Params, said: Said) -> None:
    """Customers who were there before the records begin look like new ones."""
    if params.first_day or params.opening_day:
        return
    firsts = spans.group_by("customer_id").agg(first=spans.starts_on.min())
    month = firsts.first.truncate("M").cast("date")
    by_month = collect(firsts.group_by(month=month).agg(n=firsts.count())).sort_values("month")
    if len(by_month) < 2:
        return
    at_first, later = int(by_month.n.iloc[0]), int(by_month.n.iloc[1:].max())
    if at_first < AT_LEAST or at_first <= AT_ONCE * later:
        return
    day = f"{by_month.month.iloc[0]:%Y-%m-%d}"
    said.warnings.append(
        f"The records begin with {at_first:,} customers at once and never more than {later:,} in a "
        f'later month: where they were there before, set data_from: "{day}", or all of them count '
        "as new."
    )


def _customers(n: float) -> str:
    return "1 customer has" if int(n) == 1 else f"{int(n):,} customers have"
