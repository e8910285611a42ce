"""What a valid row is, and what happens to the others: set aside, counted by reason, one example each.

A rule is a condition under which a row cannot be used; the first that holds is the row's reason. Trials are no error:
they are kept apart and do not count towards the share of rejected rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlib.errors import DataError
from churnlib.mapping import MappedTable
from churnlib.money import in_currency, monthly
from churnlib.params import Params
from churnlib.schemas import INTERVALS, TABLES, Column
from churnlib.sources import collect, materialise, parse_date

FIRST_DATE, LAST_DATE = "1900-01-01", "2199-12-31"
MAX_AMOUNT = 1e13
TRIAL = "trial, kept apart"
_TRUE = ("true", "t", "yes", "y", "1")


@dataclass(frozen=True)
class Rule:
    """Why a row is set aside, when, and the column to quote as the example."""

    reason: str
    when: ir.BooleanValue
    quote: str


@dataclass(frozen=True)
class CheckedTable:
    """The valid rows of one table, typed, and the account of the others (an entry of the data box)."""

    rows: ir.Table
    account: dict[str, Any]


def check_table(mapped: MappedTable, params: Params) -> CheckedTable:
    """Type every column, set invalid rows aside, count them by reason.

    Returns
    -------
    CheckedTable : rows with canonical types (ids and texts as string, dates, money as decimal in the report's
        currency); account with table, file, read, filtered, kept, apart, set_aside and reasons, a list of
        {reason, rows, example}.

    Raises
    ------
    DataError : more than `policies.max_rejected_share` of the rows are set aside; no subscription or order is left
    """
    typed = _typed(mapped, params)
    rules = _RULES[mapped.name](typed, params)
    reason = ibis.cases(*((rule.when.fill_null(False), rule.reason) for rule in rules), else_=ibis.null("string"))
    judged = materialise(typed.mutate(_reason=reason))
    account = _account(mapped, judged, rules)
    _enforce(account, params)
    valid = judged.filter(judged._reason.isnull())
    raw = [name for name in judged.columns if name.startswith("_raw_")]
    return CheckedTable(_converted(valid.drop("_repeated", "_reason", *raw), params), account)


def _typed(mapped: MappedTable, params: Params) -> ir.Table:
    """Canonical columns in their types (absent ones as NULL), attributes as text; raw values kept as `_raw_*`."""
    rows, schema = mapped.rows, TABLES[mapped.name]
    out: dict[str, ir.Value] = {}
    for column in schema.columns:
        present = column.name in rows.columns
        raw = rows[column.name] if present else ibis.null("string")
        out[column.name] = _parsed(raw, column, mapped.date_format, params.timezone)
        out[f"_raw_{column.name}"] = _text(raw)
    attributes = [name for name in rows.columns if name not in schema.names() and not name.startswith("_")]
    out |= {name: _text(rows[name]) for name in attributes}
    return rows.select("_row", "_repeated", **out)


def _parsed(raw: ir.Value, column: Column, form: str | None, timezone: str) -> ir.Value:
    if column.type in ("date", "timestamp"):
        return parse_date(raw, form=form, timezone=timezone)
    if column.type in ("money", "number", "count"):
        return _text(raw).try_cast("float64")
    if column.type == "flag":
        return _text(raw).lower().isin(_TRUE)
    return _text(raw)


def _text(raw: ir.Value) -> ir.Value:
    """Trimmed text, empty as NULL; a whole number that is stored as a float (12345.0) without its fraction."""
    if raw.type().is_floating():
        whole = (raw == raw.round(0)) & (raw.abs() < 2**53)
        raw = ibis.ifelse(whole, raw.cast("int64").cast("string"), raw.cast("string"))
    return raw.cast("string").strip().nullif("")


def _customers(t: ir.Table, params: Params) -> list[Rule]:
    first = ibis.row_number().over(ibis.window(group_by=t.customer_id, order_by=t._row)) == 0
    return [
        Rule("customer_id is missing", t.customer_id.isnull(), "customer_id"),
        Rule("exact duplicate", t._repeated, "signed_up_on"),
        Rule("customer_id stands in an earlier row too", ~first, "signed_up_on"),
        *_dates(t, "signed_up_on"),
        *_numbers(t, "acquisition_cost", negative="acquisition_cost is negative"),
    ]


def _subscriptions(t: ir.Table, params: Params) -> list[Rule]:
    count_is_wrong = t._raw_interval_count.notnull() & ~(t.interval_count.fill_null(0) >= 1)
    needs_interval = t.mrr.isnull() & t._raw_mrr.isnull()
    known_interval = t.interval.lower().isin(list(INTERVALS)).fill_null(False)
    return [
        Rule("customer_id is missing", t.customer_id.isnull(), "customer_id"),
        Rule("exact duplicate", t._repeated, "starts_on"),
        Rule(TRIAL, t.is_trial, "starts_on"),
        *_dates(t, "starts_on", required=True),
        *_dates(t, "ends_on"),
        *_dates(t, "recorded_at"),
        Rule("ends_on is before starts_on", t.ends_on < t.starts_on, "ends_on"),
        *_numbers(t, "mrr", negative="mrr is negative"),
        *_numbers(t, "amount", negative="amount is negative"),
        Rule("neither mrr nor amount is given", needs_interval & t.amount.isnull(), "amount"),
        Rule("interval is unknown", needs_interval & ~known_interval, "interval"),
        Rule("interval_count is not a number from 1", count_is_wrong, "interval_count"),
        _currency(t, params),
    ]


def _orders(t: ir.Table, params: Params) -> list[Rule]:
    return [
        Rule("customer_id is missing", t.customer_id.isnull(), "customer_id"),
        Rule("exact duplicate", t._repeated, "ordered_at"),
        *_dates(t, "ordered_at", required=True),
        *_dates(t, "recorded_at"),
        Rule("amount is missing", t._raw_amount.isnull(), "amount"),
        *_numbers(t, "amount"),
        _currency(t, params),
    ]


_RULES: dict[str, Callable[[ir.Table, Params], list[Rule]]] = {
    "customers": _customers,
    "subscriptions": _subscriptions,
    "orders": _orders,
}


def _dates(t: ir.Table, name: str, *, required: bool = False) -> list[Rule]:
    unread = t[name].isnull() & t[f"_raw_{name}"].notnull()
    impossible = ~t[name].between(ibis.date(FIRST_DATE), ibis.date(LAST_DATE))
    rules = [
        Rule(f"{name} is not a date", unread, name),
        Rule(f"{name} lies before 1900 or after 2199", impossible, name),
    ]
    return [Rule(f"{name} is missing", t[f"_raw_{name}"].isnull(), name), *rules] if required else rules


def _numbers(t: ir.Table, name: str, *, negative: str | None = None) -> list[Rule]:
    unread = t[name].isnull() & t[f"_raw_{name}"].notnull()
    rules = [
        Rule(f"{name} is not a number", unread, name),
        Rule(f"{name} is not finite", t[name].isinf() | t[name].isnan(), name),
        Rule(f"{name} is larger than an amount can be", t[name].abs() > MAX_AMOUNT, name),
    ]
    return [*rules, Rule(negative, t[name] < 0, name)] if negative else rules


def _currency(t: ir.Table, params: Params) -> Rule:
    known = [params.currency, *params.exchange_rates]
    foreign = t.currency.notnull() & ~t.currency.upper().isin(known)
    return Rule("currency has no rate in exchange_rates", foreign, "currency")


def _converted(t: ir.Table, params: Params) -> ir.Table:
    """Money in the report's currency; a subscription's as MRR."""
    if "interval" in t.columns:
        mrr = t.mrr.coalesce(monthly(t.amount, t.interval, t.interval_count))
        spare = ("amount", "interval", "interval_count", "currency", "is_trial")
        return t.mutate(mrr=in_currency(mrr, t.currency, params)).drop(*spare)
    if "amount" in t.columns:
        return t.mutate(amount=in_currency(t.amount, t.currency, params)).drop("currency")
    return t


def _account(mapped: MappedTable, judged: ir.Table, rules: list[Rule]) -> dict[str, Any]:
    counted = collect(judged.group_by(reason=judged._reason).agg(rows=judged.count(), row=judged._row.min()))
    found = {row.reason: row for row in counted.itertuples() if isinstance(row.reason, str)}
    reasons = [
        {"reason": rule.reason, "rows": int(found[rule.reason].rows), "example": _example(judged, rule, found)}
        for rule in rules
        if rule.reason in found
    ]
    apart = sum(one["rows"] for one in reasons if one["reason"] == TRIAL)
    aside = sum(one["rows"] for one in reasons) - apart
    return {
        "table": mapped.name,
        "file": mapped.file,
        "read": mapped.n_read,
        "filtered": mapped.n_filtered,
        "kept": mapped.n_read - mapped.n_filtered - apart - aside,
        "apart": apart,
        "set_aside": aside,
        "reasons": reasons,
        "remarks": _remarks(judged),
    }


def _remarks(judged: ir.Table) -> list[str]:
    """What a reader of the totals should know about valid rows."""
    if "ordered_at" not in judged.columns:
        return []
    returns = judged.filter(judged._reason.isnull() & (judged.amount < 0))
    n = int(collect(returns.agg(n=returns.count())).n.item())
    return [f"{n:,} rows are returns (negative amounts): they reduce the money and are no purchase."] if n else []


def _example(judged: ir.Table, rule: Rule, found: dict[str, Any]) -> str:
    """`row 17: ends_on = '2026-13-01'`; a missing value is said to be so. Never who the customer is."""
    row = int(found[rule.reason].row)
    if rule.quote == "customer_id":
        return f"row {row:,}"
    value = judged.filter(judged._row == row)[f"_raw_{rule.quote}"].as_scalar().to_pandas()
    return f"row {row:,}: {rule.quote} = {value!r}" if isinstance(value, str) else f"row {row:,}: {rule.quote} is empty"


def _enforce(account: dict[str, Any], params: Params) -> None:
    considered = account["read"] - account["filtered"]
    share = account["set_aside"] / considered if considered else 0.0
    limit = params.policies.max_rejected_share
    reasons = "; ".join(f"{one['rows']:,} rows: {one['reason']} ({one['example']})" for one in account["reasons"])
    if account["table"] == params.activity_table and not account["kept"]:
        filtered = [f"{account['filtered']:,} rows: left out by the filter"] if account["filtered"] else []
        why = "; ".join([*filtered, *([reasons] if reasons else [])]) or "the file holds none"
        raise DataError(f"{account['file']}: no usable row: {why}.")
    if share <= limit:
        return
    raise DataError(
        f"{account['file']}: {account['set_aside']:,} of {considered:,} rows ({share:.1%}) cannot be used, more than "
        f"policies.max_rejected_share = {limit:g} allows. {reasons}. "
        "Mend the source, or raise the limit if this is as it should be."
    )
