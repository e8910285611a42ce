"""Rows in their types: text read as dates, numbers and flags; money in the report's currency."""

import re
from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from churnlib.engine.moments import parse_date, parse_moment, plus_days
from churnlib.errors import DataError
from churnlib.input.intervals import says_two
from churnlib.input.mapping import MappedTable
from churnlib.input.money import in_currency, in_months, interval_names
from churnlib.input.shapes import end_of_interval, months_of_period
from churnlib.params.model import Params
from churnlib.params.tables import TABLES, Column

_TRUE = ("true", "t", "yes", "y", "1")


def typed(mapped: MappedTable, params: Params) -> ir.Table:
    """Canonical columns in their types (absent ones as NULL), attributes as text; `_given_*` says
    where a value stood.
    """
    rows, schema = mapped.rows, TABLES[mapped.name]
    out: dict[str, ir.Value] = {}
    for column in schema.columns:
        present = column.name in rows.columns
        raw = rows[column.name] if present else ibis.null("string")
        out[column.name] = _parsed(raw, column, mapped, params)
        out[f"_given_{column.name}"] = raw.notnull() if present else ibis.literal(False)
    attributes = [
        name for name in rows.columns if name not in schema.names() and not name.startswith("_")
    ]
    out |= {name: rows[name].cast("string") for name in attributes}
    rows = rows.select("_row", "_repeated", **out)
    return _with_terms(rows, mapped) if mapped.name == "subscriptions" else rows


def _parsed(raw: ir.Value, column: Column, mapped: MappedTable, params: Params) -> ir.Value:
    written = mapped.settings
    if column.type in ("date", "timestamp"):
        parse = parse_date if column.type == "date" else parse_moment
        return parse(
            raw, form=written.date_format, stamps=written.timestamps, timezone=params.timezone
        )
    if column.type in ("money", "number", "count"):
        if not _can_be_a_number(raw):
            raise DataError(
                f"{mapped.file}: {column.name} holds {_kind(raw)}, which is no {column.type}. "
                "Map another column, or turn it into a number with an expression."
            )
        return raw.try_cast("float64")
    if column.type == "flag":
        return raw.cast("string").lower().isin(_TRUE)
    return raw.cast("string")


def _can_be_a_number(raw: ir.Value) -> bool:
    kind = raw.type()
    return kind.is_string() or kind.is_null() or (kind.is_numeric() and not kind.is_boolean())


def _kind(raw: ir.Value) -> str:
    """What a type is called, also where only the engine knows it."""
    unknown = re.search(r"DType\.(\w+)", str(raw.type()))
    return unknown[1] if unknown else str(raw.type())


def _with_terms(t: ir.Table, mapped: MappedTable) -> ir.Table:
    """The end and the paid term of a row, as far as its shape lets them be known."""
    named = interval_names(t.interval)
    months = in_months(t.interval, named) * t.interval_count.fill_null(1.0)
    ends_on = t.ends_on
    if mapped.settings.ends == "inclusive":
        ends_on = plus_days(ends_on, 1)
    if mapped.settings.shape == "invoices":
        ends_on = ends_on.coalesce(end_of_interval(t.starts_on, months))
        months = months.coalesce(months_of_period(t.starts_on, ends_on))
    two = t.interval.isin([name for name in named if says_two(name)]).fill_null(False)
    return t.mutate(ends_on=ends_on, interval_months=months, _two_intervals=two)


def converted(t: ir.Table, mapped: MappedTable, params: Params) -> ir.Table:
    """Valid rows with money in the report's currency, a subscription's as MRR."""
    return _CONVERTED[mapped.name](t, mapped, params)


def _as_customers(t: ir.Table, mapped: MappedTable, params: Params) -> ir.Table:
    return t


def _as_subscriptions(t: ir.Table, mapped: MappedTable, params: Params) -> ir.Table:
    """Money in the report's currency, and a month's."""
    cents = mapped.settings.in_cents
    months = t.interval_months.fill_null(1.0)
    if mapped.settings.shape == "months":
        months = ibis.literal(1.0)
    given = in_currency(t.mrr, t.currency, params, in_cents="mrr" in cents)
    paid = in_currency(t.amount / months, t.currency, params, in_cents="amount" in cents)
    mrr = given.coalesce(paid).fill_null(0)
    return t.mutate(mrr=mrr).drop("amount", "interval", "interval_count", "currency", "is_trial")


def _as_payments(t: ir.Table, mapped: MappedTable, params: Params) -> ir.Table:
    return _as_orders(t, mapped, params).mutate(status=t.status.lower())


def _as_surveys(t: ir.Table, mapped: MappedTable, params: Params) -> ir.Table:
    return t.mutate(kind=t.kind.lower(), asked_on=t.asked_on.coalesce(t.answered_on))


def _as_orders(t: ir.Table, mapped: MappedTable, params: Params) -> ir.Table:
    in_cents = "amount" in mapped.settings.in_cents
    amount = in_currency(t.amount, t.currency, params, in_cents=in_cents)
    return t.mutate(amount=amount).drop("currency")


_CONVERTED: dict[str, Callable[[ir.Table, MappedTable, Params], ir.Table]] = {
    "customers": _as_customers,
    "subscriptions": _as_subscriptions,
    "orders": _as_orders,
    "payments": _as_payments,
    "surveys": _as_surveys,
}
