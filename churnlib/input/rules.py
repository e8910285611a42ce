"""When a row cannot be used, and why: the rules that valid rows pass, in order.

A rule is a condition under which a row cannot be used; the first that holds is the row's reason.
"""

from collections.abc import Callable
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from churnlib.input.mapping import MappedTable, seen_before
from churnlib.input.money import factor, is_known
from churnlib.input.shapes import is_ending
from churnlib.params.model import Params

FIRST_DATE, LAST_DATE = "1900-01-01", "2199-12-31"
MAX_AMOUNT = 1e13
TRIAL = "trial, kept apart"
DUPLICATE = "exact duplicate"
NO_CUSTOMER = "customer_id is missing"
STATUSES = ("paid", "failed", "refunded")
SURVEYS = ("exit", "nps", "csat")
NPS_SCALE = (0, 10)
UNKNOWN_INTERVAL = "interval is unknown"
TWO_INTERVALS = "interval names a term and how it is billed"


@dataclass(frozen=True)
class Rule:
    """Why a row is set aside, when, and the column to quote as the example."""

    reason: str
    when: ir.BooleanValue
    quote: str


def rules_of(t: ir.Table, mapped: MappedTable, params: Params) -> list[Rule]:
    """What rules a table's rows out, in the order in which it is looked at.

    Parameters
    ----------
    t : the rows as `typed` gives them
    """
    rules, quote = _RULES[mapped.name]
    first = [Rule(NO_CUSTOMER, t.customer_id.isnull(), "customer_id")]
    if params.policies.duplicates == "drop":
        first.append(Rule(DUPLICATE, t._repeated, quote))
    return [*first, *rules(t, mapped, params)]


def _customers(t: ir.Table, mapped: MappedTable, params: Params) -> list[Rule]:
    again = seen_before(t, "customer_id", ["customer_id"])
    return [
        Rule("customer_id stands in an earlier row too", again, "signed_up_on"),
        *_dates(t, "signed_up_on"),
        *_numbers(t, "acquisition_cost", negative="acquisition_cost is negative"),
    ]


def _subscriptions(t: ir.Table, mapped: MappedTable, params: Params) -> list[Rule]:
    return [
        Rule(TRIAL, t.is_trial, "starts_on"),
        *_dates(t, "starts_on", required=True),
        *_dates(t, "ends_on"),
        *_dates(t, "renews_on"),
        *_dates(t, "cancelled_on"),
        *_dates(t, "recorded_at"),
        Rule("ends_on is before starts_on", t.ends_on < t.starts_on, "ends_on"),
        *_money(t, "mrr", mapped, params),
        *_money(t, "amount", mapped, params),
        *_terms(t, mapped.settings.shape),
        _currency(t, params),
    ]


def _terms(t: ir.Table, shape: str) -> list[Rule]:
    """Whether what is paid a month can be known, and until when."""
    no_money = t.mrr.isnull() & ~t._given_mrr & t.amount.isnull()
    if shape == "changes":
        no_money &= ~is_ending(t.event)
    rules = [Rule("neither mrr nor amount is given", no_money, "amount")]
    if shape == "months":
        return rules
    if shape == "invoices":
        rules.append(Rule("neither ends_on nor interval is given", t.ends_on.isnull(), "ends_on"))
    unclear = t.mrr.isnull() & t.amount.notnull() & t.interval_months.isnull()
    miscounted = t._given_interval_count & ~(t.interval_count.fill_null(0) >= 1)
    return [
        *rules,
        Rule("interval_count is not a number from 1", miscounted, "interval_count"),
        Rule(TWO_INTERVALS, unclear & t._two_intervals, "interval"),
        Rule(UNKNOWN_INTERVAL, unclear, "interval"),
    ]


def _orders(t: ir.Table, mapped: MappedTable, params: Params) -> list[Rule]:
    return [
        *_dates(t, "ordered_at", required=True),
        *_dates(t, "recorded_at"),
        Rule("amount is missing", ~t._given_amount, "amount"),
        *_money(t, "amount", mapped, params),
        _currency(t, params),
    ]


def _payments(t: ir.Table, mapped: MappedTable, params: Params) -> list[Rule]:
    unknown = ~t.status.lower().isin(STATUSES).fill_null(False)
    return [
        *_dates(t, "attempted_at", required=True),
        *_dates(t, "due_on"),
        Rule("invoice_id is missing", t.invoice_id.isnull(), "invoice_id"),
        Rule(f"status is none of {', '.join(STATUSES)}", unknown, "status"),
        Rule("amount is missing", ~t._given_amount, "amount"),
        *_money(t, "amount", mapped, params),
        _currency(t, params),
    ]


def _surveys(t: ir.Table, mapped: MappedTable, params: Params) -> list[Rule]:
    unknown = ~t.kind.lower().isin(SURVEYS).fill_null(False)
    is_nps = t.kind.lower() == "nps"
    on_scale = t.score.between(*NPS_SCALE) & (t.score == t.score.round())
    neither = t.asked_on.isnull() & t.answered_on.isnull()
    return [
        *_dates(t, "asked_on"),
        *_dates(t, "answered_on"),
        Rule("neither asked_on nor answered_on is given", neither, "asked_on"),
        Rule("answered_on is before asked_on", t.answered_on < t.asked_on, "answered_on"),
        Rule(f"kind is none of {', '.join(SURVEYS)}", unknown, "kind"),
        *_numbers(t, "score"),
        Rule("score of nps is no whole number from 0 to 10", is_nps & ~on_scale, "score"),
    ]


_RULES: dict[str, tuple[Callable[[ir.Table, MappedTable, Params], list[Rule]], str]] = {
    "customers": (_customers, "signed_up_on"),
    "subscriptions": (_subscriptions, "starts_on"),
    "orders": (_orders, "ordered_at"),
    "payments": (_payments, "attempted_at"),
    "surveys": (_surveys, "asked_on"),
}
"""The rules of each table, and the column that an example of a duplicate quotes."""


def _dates(t: ir.Table, name: str, *, required: bool = False) -> list[Rule]:
    given = t[f"_given_{name}"]
    # the far future is how warehouses write "open": 9999-12-31
    last = ibis.date(LAST_DATE) if name != "ends_on" else ibis.date("9999-12-31")
    impossible = ~t[name].cast("date").between(ibis.date(FIRST_DATE), last)
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


def _money(t: ir.Table, name: str, mapped: MappedTable, params: Params) -> list[Rule]:
    """A number, and not too large once it is in the report's currency."""
    in_cents = name in mapped.settings.in_cents
    own = t[name].abs() * factor(t.currency, params, in_cents=in_cents)
    too_large = Rule(f"{name} is larger than an amount can be", own > MAX_AMOUNT, name)
    return [*_numbers(t, name), too_large]


def _currency(t: ir.Table, params: Params) -> Rule:
    foreign = ~is_known(t.currency, params)
    return Rule("currency has no rate in exchange_rates", foreign, "currency")
