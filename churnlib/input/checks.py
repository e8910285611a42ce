"""What a valid row is, and what happens to the others: set aside, counted by reason, an example
each.

A rule is a condition under which a row cannot be used; the first that holds is the row's reason.
Trials are no error: they are kept apart and do not count towards the share of rejected rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect, materialise, parse_date
from churnlib.errors import DataError
from churnlib.input.advice import advice, refined
from churnlib.input.mapping import MappedTable, seen_before
from churnlib.input.money import in_currency, monthly
from churnlib.params.model import Params
from churnlib.params.tables import INTERVALS, TABLES, Column

FIRST_DATE, LAST_DATE = "1900-01-01", "2199-12-31"
MAX_AMOUNT = 1e13
MAX_QUOTED = 100
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
    """The valid rows of one table, typed, and the account of the others, for the data box."""

    rows: ir.Table
    account: dict[str, Any]


def check_table(mapped: MappedTable, params: Params) -> CheckedTable:
    """Type every column, set invalid rows aside, count them by reason.

    Returns
    -------
    CheckedTable : rows with canonical types (ids and texts as string, dates, money as decimal in
        the report's currency); account with table, file, read, filtered, kept, apart, set_aside,
        reasons, a list of {reason, rows, example}, most rows first, and remarks.

    Raises
    ------
    DataError : more than `policies.max_rejected_share` of the rows are set aside; no subscription
        or order is left
    """
    typed = _typed(mapped, params)
    rules = _RULES[mapped.name](typed, params)
    broken = [(rule.when.fill_null(False), rule.reason) for rule in rules]
    reason = ibis.cases(*broken, else_=ibis.null("string"))
    given = [name for name in typed.columns if name.startswith("_given_")]
    judged = materialise(typed.mutate(_reason=reason).drop("_repeated", *given))
    aside = _aside(mapped, judged, rules)
    valid = judged.filter(judged._reason.isnull()).drop("_reason")
    account = _account(mapped, aside, valid, {rule.reason: rule.quote for rule in rules})
    _enforce(account, aside, mapped, params)
    return CheckedTable(_converted(valid, params), account)


def _typed(mapped: MappedTable, params: Params) -> ir.Table:
    """Canonical columns in their types (absent ones as NULL), attributes as text; `_given_*` says
    where a value stood.
    """
    rows, schema = mapped.rows, TABLES[mapped.name]
    out: dict[str, ir.Value] = {}
    for column in schema.columns:
        present = column.name in rows.columns
        raw = rows[column.name] if present else ibis.null("string")
        out[column.name] = _parsed(raw, column, mapped.date_format, params.timezone)
        out[f"_given_{column.name}"] = raw.notnull() if present else ibis.literal(False)
    attributes = [
        name for name in rows.columns if name not in schema.names() and not name.startswith("_")
    ]
    out |= {name: rows[name].cast("string") for name in attributes}
    return rows.select("_row", "_repeated", **out)


def _parsed(raw: ir.Value, column: Column, form: str | None, timezone: str) -> ir.Value:
    if column.type in ("date", "timestamp"):
        return parse_date(raw, form=form, timezone=timezone)
    if column.type in ("money", "number", "count"):
        return raw.try_cast("float64")
    if column.type == "flag":
        return raw.cast("string").lower().isin(_TRUE)
    return raw.cast("string")


def _customers(t: ir.Table, params: Params) -> list[Rule]:
    again = seen_before(t, "customer_id", ["customer_id"])
    return [
        Rule("customer_id is missing", t.customer_id.isnull(), "customer_id"),
        Rule("exact duplicate", t._repeated, "signed_up_on"),
        Rule("customer_id stands in an earlier row too", again, "signed_up_on"),
        *_dates(t, "signed_up_on"),
        *_numbers(t, "acquisition_cost", negative="acquisition_cost is negative"),
    ]


def _subscriptions(t: ir.Table, params: Params) -> list[Rule]:
    count_is_wrong = t._given_interval_count & ~(t.interval_count.fill_null(0) >= 1)
    needs_interval = t.mrr.isnull() & ~t._given_mrr
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
        Rule("amount is missing", ~t._given_amount, "amount"),
        *_numbers(t, "amount"),
        _currency(t, params),
    ]


_RULES: dict[str, Callable[[ir.Table, Params], list[Rule]]] = {
    "customers": _customers,
    "subscriptions": _subscriptions,
    "orders": _orders,
}


def _dates(t: ir.Table, name: str, *, required: bool = False) -> list[Rule]:
    given = t[f"_given_{name}"]
    # the far future is how warehouses write "open": 9999-12-31
    last = ibis.date(LAST_DATE) if name != "ends_on" else ibis.date("9999-12-31")
    impossible = ~t[name].between(ibis.date(FIRST_DATE), last)
    rules = [
        Rule(f"{name} is not a date", t[name].isnull() & given, name),
        Rule(f"{name} lies before 1900 or after 2199", impossible, name),
    ]
    return [Rule(f"{name} is missing", ~given, name), *rules] if required else rules


def _numbers(t: ir.Table, name: str, *, negative: str | None = None) -> list[Rule]:
    rules = [
        Rule(f"{name} is not a number", t[name].isnull() & t[f"_given_{name}"], name),
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


def _aside(mapped: MappedTable, judged: ir.Table, rules: list[Rule]) -> ir.Table:
    """The rows set aside as they stand in the source, each with its reason."""
    rejected = judged.filter(judged._reason.notnull()).select("_row", "_reason")
    rows = mapped.rows.drop("_repeated").inner_join(rejected, "_row")
    return materialise(refined(rows, [rule.quote for rule in rules]))


def _account(
    mapped: MappedTable, aside: ir.Table, valid: ir.Table, quotes: dict[str, str]
) -> dict[str, Any]:
    reasons = _counted(aside, quotes)
    apart = sum(one["rows"] for one in reasons if one["reason"] == TRIAL)
    n_aside = sum(one["rows"] for one in reasons) - apart
    return {
        "table": mapped.name,
        "file": mapped.file,
        "read": mapped.n_read,
        "filtered": mapped.n_filtered,
        "kept": mapped.n_read - mapped.n_filtered - apart - n_aside,
        "apart": apart,
        "set_aside": n_aside,
        "reasons": reasons,
        "remarks": _remarks(valid),
    }


def _counted(aside: ir.Table, quotes: dict[str, str]) -> list[dict[str, Any]]:
    """The reasons, most rows first, each with the first row it holds of."""
    by_reason = aside.group_by(reason=aside._reason)
    counted = collect(by_reason.agg(rows=aside.count(), row=aside._row.min()))
    ordered = counted.sort_values(["rows", "reason"], ascending=[False, True])
    reasons = []
    for one in ordered.itertuples():
        # A refined reason begins with the column it is about.
        quote = quotes.get(one.reason, one.reason.partition(" ")[0])
        example = _example(aside, int(one.row), quote)
        reasons.append({"reason": one.reason, "rows": int(one.rows), "example": example})
    return reasons


def _remarks(valid: ir.Table) -> list[str]:
    """What a reader of the totals should know about valid rows."""
    said = []
    exact, folded = valid.customer_id.nunique(), valid.customer_id.lower().nunique()
    alike = int(collect(valid.agg(n=exact - folded)).n.item())
    if alike:
        said.append(
            f"{alike:,} customer ids differ from another in capitals only: they are customers of "
            "their own."
        )
    if "ordered_at" in valid.columns:
        n = int(collect(valid.agg(n=(valid.amount < 0).sum().fill_null(0))).n.item())
        rows = "1 row is a return" if n == 1 else f"{n:,} rows are returns"
        if n:
            said.append(f"{rows} (negative amount): money is reduced, and it is no purchase.")
    return said


def _example(aside: ir.Table, row: int, quote: str) -> str:
    """`row 17: ends_on = '2026-13-01'`; a missing value is said to be so. Never who it is about."""
    if quote == "customer_id":
        return f"row {row:,}"
    if quote not in aside.columns:
        return f"row {row:,}: {quote} is absent"
    value = aside.filter(aside._row == row)[quote].cast("string").as_scalar().to_pandas()
    if not isinstance(value, str):
        return f"row {row:,}: {quote} is empty"
    more = "..." if len(value) > MAX_QUOTED else ""
    return f"row {row:,}: {quote} = {value[:MAX_QUOTED]!r}{more}"


def _enforce(account: dict[str, Any], aside: ir.Table, mapped: MappedTable, params: Params) -> None:
    considered = account["read"] - account["filtered"]
    share = account["set_aside"] / considered if considered else 0.0
    limit = params.policies.max_rejected_share
    nothing_left = account["table"] == params.activity_table and not account["kept"]
    if share <= limit and not nothing_left:
        return
    why = []
    if nothing_left and account["filtered"]:
        why.append(f"{account['filtered']:,} rows: left out by the filter.")
    for one in account["reasons"]:
        said = f"{one['rows']:,} rows: {one['reason']} ({one['example']})."
        why.append(said + advice(one["reason"], aside, mapped))
    if nothing_left:
        told = " ".join(why) or "nothing stands below the first line"
        raise DataError(f"{account['file']}: no usable row: {told.removesuffix('.')}.")
    raise DataError(
        f"{account['file']}: {account['set_aside']:,} of {considered:,} rows ({share:.1%}) cannot "
        f"be used, more than policies.max_rejected_share = {limit:g} allows. {' '.join(why)} "
        "Mend the source, or raise the limit if this is as it should be."
    )
