"""What was known of the customers by a date: the cut that makes a snapshot."""

from collections.abc import Mapping
from datetime import date

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect, materialise
from churnlib.input.checked import DERIVED, FIRSTS, Checked, attributes
from churnlib.input.endings import canonical, known_feedback, known_reasons
from churnlib.input.shapes import superseded
from churnlib.params.model import Params
from churnlib.results.segments import OTHER, UNKNOWN
from churnlib.snapshot.netting import netted

MAX_SEGMENTS = 12
"""Values of a segment column that are told apart; smaller ones are pooled as (other)."""


def known_by(checked: Checked, as_of: date) -> dict[str, ir.Table]:
    """The canonical tables as they were known just before `as_of`.

    Returns
    -------
    {name: table} : `customers` always (see `Snapshot` for the columns), `subscriptions` or `orders`
        as present
    """
    params, tables = checked.params, checked.tables
    out: dict[str, ir.Table] = {}
    given = tables.get("customers")
    if "subscriptions" in tables:
        out["subscriptions"] = _subscriptions(checked, as_of)
    if "orders" in tables:
        out["orders"] = _orders(tables["orders"], as_of)
    out["customers"] = _customers(given, out, params, as_of)
    if "payments" in tables:
        out["payments"] = _payments(tables["payments"], as_of)
    if "surveys" in tables:
        out["surveys"] = _surveys(tables["surveys"], params, as_of)
    return out


def unattributed(checked: Checked, as_of: date) -> ir.Table | None:
    """Sales that name no customer, as they were known before `as_of`; None = there are none.

    A report on some customers alone has none of them.
    """
    rows = checked.without_customer
    if rows is None or checked.params.only:
        return None
    known = _known(rows.filter(rows.ordered_at < as_of), as_of)
    if not int(collect(known.agg(n=known.count())).n.item()):
        return None
    return known.select(ordered_on=known.ordered_at, amount=known.amount)


def pooled(customers: ir.Table, params: Params) -> ir.Table:
    """Of every column that is split by, the largest values under their own names, and those that
    a change reaches; the rest together.
    """
    names = set(params.segments)
    if params.cohort_by:
        names.add(params.cohort_by)
    for name in names:
        customers = _pooled(customers, name, told_apart=params.reached.get(name, []))
    return customers


def labelled(tables: Mapping[str, ir.Table], params: Params) -> dict[str, ir.Table]:
    """Every table with the values that `labels` names in the words that are to be shown."""
    return {name: _in_words(table, params) for name, table in tables.items()}


def _in_words(table: ir.Table, params: Params) -> ir.Table:
    shown = {}
    for name, words in params.labels.items():
        columns = {name, name.removeprefix("first_")} & set(table.columns)
        for one in columns:
            cases = [(table[one] == value, ibis.literal(word)) for value, word in words.items()]
            shown[one] = ibis.cases(*cases, else_=table[one])
    return table.mutate(**shown)


def _subscriptions(checked: Checked, as_of: date) -> ir.Table:
    rows = checked.tables["subscriptions"]
    known = _known(rows.filter(rows.starts_on < as_of), as_of)
    spans = checked.as_spans(known.filter(~superseded(known)))
    spans = _with_true_starts(spans, checked.tables.get("customers"), checked.params)
    spans = spans.select(
        "customer_id",
        "starts_on",
        ends_on=ibis.ifelse(spans.ends_on >= as_of, ibis.null("date"), spans.ends_on),
        mrr=spans.mrr,
        plan=spans.plan.fill_null(UNKNOWN),
        interval_months=spans.interval_months,
        subscription_id=spans.subscription_id,
        renews_on=spans.renews_on,
        cancelled_on=ibis.ifelse(spans.cancelled_on < as_of, spans.cancelled_on, ibis.null("date")),
        end_reason=canonical(spans.end_reason, known_reasons(checked.params.end_reasons)),
        cancel_feedback=canonical(spans.cancel_feedback, known_feedback(checked.params.feedback)),
    )
    return netted(spans) if checked.has_credits else spans


def _with_true_starts(spans: ir.Table, customers: ir.Table | None, params: Params) -> ir.Table:
    """A span cut off at the day the records begin goes back to the sign-up, where that is known."""
    if not params.first_day or customers is None:
        return spans
    signed_up = customers.select("customer_id", _signed_up_on=customers.signed_up_on)
    joined = spans.left_join(signed_up, "customer_id").drop("customer_id_right")
    cut_off = (joined.starts_on == params.first_day) & (joined._signed_up_on < params.first_day)
    return joined.mutate(starts_on=ibis.ifelse(cut_off, joined._signed_up_on, joined.starts_on))


def _orders(orders: ir.Table, as_of: date) -> ir.Table:
    known = _known(orders.filter(orders.ordered_at < as_of), as_of)
    return known.select(
        "customer_id",
        "order_id",
        ordered_on=known.ordered_at,
        amount=known.amount,
        category=known.category,
    )


def _payments(payments: ir.Table, as_of: date) -> ir.Table:
    """Attempts before as_of; what is due later than its first attempt was due then."""
    known = payments.filter(payments.attempted_at < as_of)
    first = known.attempted_at.min().over(ibis.window(group_by="invoice_id"))
    return known.select(
        "invoice_id",
        "customer_id",
        attempted_on=known.attempted_at,
        due_on=known.due_on.min().over(ibis.window(group_by="invoice_id")).coalesce(first),
        amount=known.amount,
        status=known.status,
        failure_reason=known.failure_reason,
    )


def _surveys(surveys: ir.Table, params: Params, as_of: date) -> ir.Table:
    """Who was asked before as_of; an answer from then on is not known yet."""
    asked = surveys.filter(surveys.asked_on < as_of)
    answered = (asked.answered_on < as_of).fill_null(False)
    reason = canonical(asked.reason, known_feedback(params.feedback))
    return asked.select(
        "customer_id",
        "kind",
        "asked_on",
        answered_on=ibis.ifelse(answered, asked.answered_on, ibis.null("date")),
        score=ibis.ifelse(answered, asked.score, ibis.null("float64")),
        reason=ibis.ifelse(answered, reason, ibis.null("string")),
    )


def _known(rows: ir.Table, as_of: date) -> ir.Table:
    return rows.filter(rows.recorded_at.isnull() | (rows.recorded_at < as_of))


def _customers(
    given: ir.Table | None, activity: Mapping[str, ir.Table], params: Params, as_of: date
) -> ir.Table:
    firsts = _first_activity(activity, params)
    if given is None:
        rows = firsts.mutate(
            signed_up_on=firsts.first_active_on, acquisition_cost=ibis.null("float64")
        )
    else:
        rows = _joined(given, firsts, as_of)
    names = [*attributes(rows), *(name for name in FIRSTS if name in rows.columns)]
    rows = rows.mutate(**{name: rows[name].fill_null(UNKNOWN) for name in names})
    if params.segments or params.cohort_by or params.only:
        return materialise(rows)
    return rows


def _joined(given: ir.Table, firsts: ir.Table, as_of: date) -> ir.Table:
    """Customers of the source, and those whom only their activity names."""
    known = given.filter(given.signed_up_on.isnull() | (given.signed_up_on < as_of))
    derived = [name for name in DERIVED if name in known.columns]
    rows = known.drop("_row", *derived).outer_join(firsts, "customer_id")
    rows = rows.mutate(customer_id=rows.customer_id.coalesce(rows.customer_id_right))
    rows = rows.drop("customer_id_right")
    return rows.mutate(signed_up_on=rows.signed_up_on.coalesce(rows.first_active_on))


def _first_activity(activity: Mapping[str, ir.Table], params: Params) -> ir.Table:
    """One row a customer: first day, entry into observation, and what came first."""
    if "subscriptions" in activity:
        rows = activity["subscriptions"]
        first = _first_span(rows)
    else:
        rows = activity["orders"]
        first = _first_order(rows)
    everyone = rows.select("customer_id").distinct()
    out = everyone.left_join(first, "customer_id").drop("customer_id_right")
    start = entry = out.first_active_on
    if params.first_day:
        entry = ibis.greatest(start, ibis.date(params.first_day))
    return out.mutate(observed_from=ibis.ifelse(start.isnull(), ibis.null("date"), entry))


def _first_span(spans: ir.Table) -> ir.Table:
    lasting = spans.ends_on.isnull() | (spans.ends_on > spans.starts_on)
    paid = spans.filter((spans.mrr > 0) & lasting)
    first = _first_row(paid, ["starts_on", ibis.desc("mrr"), "plan"])
    return first.select("customer_id", first_active_on=first.starts_on, first_plan=first.plan)


def _first_order(orders: ir.Table) -> ir.Table:
    bought = orders.filter(orders.amount >= 0)
    first = _first_row(bought, ["ordered_on", ibis.desc("amount"), "category", "order_id"])
    return first.select(
        "customer_id", first_active_on=first.ordered_on, first_category=first.category
    )


def _first_row(rows: ir.Table, order: list) -> ir.Table:
    place = ibis.row_number().over(ibis.window(group_by="customer_id", order_by=order))
    numbered = rows.mutate(_place=place)
    return numbered.filter(numbered._place == 0)


def _pooled(rows: ir.Table, name: str, told_apart: list[str]) -> ir.Table:
    sizes = rows.group_by(name).agg(_n=rows.count())
    ordered = sizes.order_by([ibis.desc("_n"), name]).limit(MAX_SEGMENTS + 1)
    largest = collect(ordered)[name].tolist()
    if len(largest) <= MAX_SEGMENTS:
        return rows
    kept = [*largest[: MAX_SEGMENTS - 1], *told_apart]
    return rows.mutate(**{name: ibis.ifelse(rows[name].isin(kept), rows[name], OTHER)})
