"""Rows that can be used, and the account of the others: set aside, counted by reason, an example
each.

Trials are no error: they are kept apart and do not count towards the share of rejected rows.
"""

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect, materialise
from churnlib.engine.moments import has_unzoned_times
from churnlib.errors import DataError
from churnlib.input.advice import advice, refined
from churnlib.input.mapping import MappedTable
from churnlib.input.money import is_known
from churnlib.input.rules import NO_CUSTOMER, TRIAL, Rule, rules_of
from churnlib.input.typed import converted, typed
from churnlib.params.model import Params
from churnlib.params.tables import TABLES

MAX_QUOTED = 100
TOLD_SHARE = 0.01
"""The share of revenue from which what is set aside stands on the first page."""


@dataclass(frozen=True)
class CheckedTable:
    """The valid rows of one table, typed, and the account of the others, for the data box.

    without_customer : rows that are valid but for the customer, who is missing
    """

    rows: ir.Table
    account: dict[str, Any]
    without_customer: ir.Table


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
    rows = typed(mapped, params)
    rules = rules_of(rows, mapped, params)
    broken = [(rule.when.fill_null(False), rule.reason) for rule in rules]
    reason = ibis.cases(*broken, else_=ibis.null("string"))
    # What is wrong besides the customer being missing, which is the first rule.
    further = ibis.cases(*broken[1:], else_=ibis.null("string"))
    spare = [name for name in rows.columns if name.startswith("_") and name != "_row"]
    judged = materialise(rows.mutate(_reason=reason, _further=further).drop(*spare))
    aside = _aside(mapped, judged, rules)
    valid = judged.filter(judged._reason.isnull()).drop("_reason", "_further")
    nobody = judged.filter((judged._reason == NO_CUSTOMER) & judged._further.isnull())
    account = _account(mapped, aside, valid, {rule.reason: rule.quote for rule in rules})
    account["remarks"] += [*mapped.remarks, *_unzoned(mapped, params)]
    account["warnings"] += mapped.warnings
    _enforce(account, params)
    usable, nobody = (converted(some, mapped, params) for some in (valid, nobody))
    _say_what_it_is_worth(account, usable, judged, mapped, params)
    return CheckedTable(usable, account, nobody)


def _aside(mapped: MappedTable, judged: ir.Table, rules: list[Rule]) -> ir.Table:
    """The rows set aside as they stand in the source, each with its reason."""
    rejected = judged.filter(judged._reason.notnull()).select("_row", "_reason")
    rows = mapped.rows.drop("_repeated").inner_join(rejected, "_row")
    return materialise(refined(rows, [rule.quote for rule in rules]))


def _account(
    mapped: MappedTable, aside: ir.Table, valid: ir.Table, quotes: dict[str, str]
) -> dict[str, Any]:
    reasons = _counted(aside, quotes, mapped)
    no_errors = [TRIAL, NO_CUSTOMER] if mapped.anonymous else [TRIAL]
    apart = sum(one["rows"] for one in reasons if one["reason"] in no_errors)
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
        "remarks": _remarks(mapped.name, valid),
        "warnings": [],
    }


def _counted(aside: ir.Table, quotes: dict[str, str], mapped: MappedTable) -> list[dict[str, Any]]:
    """The reasons, most rows first, each with the first row it holds of and how it is mended."""
    by_reason = aside.group_by(reason=aside._reason)
    counted = collect(by_reason.agg(rows=aside.count(), row=aside._row.min()))
    ordered = counted.sort_values(["rows", "reason"], ascending=[False, True])
    reasons = []
    for one in ordered.itertuples():
        # A refined reason begins with the column it is about.
        quote = quotes.get(one.reason, one.reason.partition(" ")[0])
        example = _example(aside, int(one.row), quote)
        reason = {"reason": one.reason, "rows": int(one.rows), "example": example}
        if mend := advice(one.reason, aside, mapped):
            reason["advice"] = mend
        reasons.append(reason)
    return reasons


def _remarks(name: str, valid: ir.Table) -> list[str]:
    """What a reader of the totals should know about valid rows."""
    said = []
    exact, folded = valid.customer_id.nunique(), valid.customer_id.lower().nunique()
    alike = int(collect(valid.agg(n=exact - folded)).n.item())
    if alike:
        said.append(
            f"{alike:,} customer ids differ from another in capitals only: they are customers of "
            "their own."
        )
    if name == "orders":
        n = int(collect(valid.agg(n=(valid.amount < 0).sum().fill_null(0))).n.item())
        rows = "1 row is a return" if n == 1 else f"{n:,} rows are returns"
        if n:
            said.append(f"{rows} (negative amount): money is reduced, and it is no purchase.")
    return said


def _unzoned(mapped: MappedTable, params: Params) -> list[str]:
    """Times without a zone are read on the business's clock: said where that may be wrong."""
    if params.timezone == "UTC" or mapped.settings.timestamps:
        return []
    form = mapped.settings.date_format
    schema = [one for one in TABLES[mapped.name].columns if one.type in ("date", "timestamp")]
    dates = [mapped.rows[one.name] for one in schema if one.name in mapped.rows.columns]
    asked = {one.get_name(): has_unzoned_times(one, form=form) for one in dates}
    found = collect(mapped.rows.agg(**asked)).iloc[0] if asked else {}
    columns = [name for name in asked if found[name]]
    if not columns:
        return []
    return [
        f"Times in {', '.join(columns)} name no zone and are read as {params.timezone}; where they "
        "are UTC, set timestamps: UTC."
    ]


def _say_what_it_is_worth(
    account: dict[str, Any],
    usable: ir.Table,
    judged: ir.Table,
    mapped: MappedTable,
    params: Params,
) -> None:
    """The money of rows set aside beside their number: a share of revenue that nobody sees."""
    if mapped.name != "orders" or not account["reasons"]:
        return
    aside = judged.filter(judged._reason.notnull() & is_known(judged.currency, params))
    worth = converted(aside, mapped, params)
    by_reason = collect(worth.group_by(reason=worth._reason).agg(money=worth.amount.sum()))
    money = by_reason.dropna().set_index("reason").money
    kept = float(collect(usable.agg(n=usable.amount.sum())).n.fillna(0).item())
    total = kept + money.sum()
    for one in account["reasons"]:
        amount = float(money.get(one["reason"], 0.0))
        if not amount:
            continue
        one["money"] = amount
        share = amount / total if total else 0.0
        if abs(share) >= TOLD_SHARE:
            account["warnings"].append(
                f"{share:.1%} of revenue ({amount:,.0f} {params.currency}) stands in "
                f"{_rows(one['rows'])} set aside: {one['reason']}."
            )


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n:,} rows"


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


def _enforce(account: dict[str, Any], params: Params) -> None:
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
        said = f"{_rows(one['rows'])}: {one['reason']} ({one['example']})."
        why.append(f"{said} {one.get('advice', '')}".strip())
    if nothing_left:
        told = " ".join(why) or "nothing stands below the first line"
        raise DataError(f"{account['file']}: no usable row: {told.removesuffix('.')}.")
    raise DataError(
        f"{account['file']}: {account['set_aside']:,} of {considered:,} rows ({share:.1%}) cannot "
        f"be used, more than policies.max_rejected_share = {limit:g} allows. {' '.join(why)} "
        "Mend the source, or raise the limit if this is as it should be."
    )
