"""What was known of the customers by a date: the cut that makes a snapshot."""

from datetime import date

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect, materialise
from churnlib.input.checked import DERIVED, attributes
from churnlib.params.model import Params
from churnlib.results.segments import OTHER, UNKNOWN

MAX_SEGMENTS = 12
"""Values of a segment column that are told apart; smaller ones are pooled as (other)."""


def known_by(tables: dict[str, ir.Table], params: Params, as_of: date) -> dict[str, ir.Table]:
    """The canonical tables as they were known just before `as_of`.

    Returns
    -------
    {name: table} : `customers` always (see `Snapshot` for the columns), `subscriptions` or `orders`
    as present
    """
    out: dict[str, ir.Table] = {}
    if "subscriptions" in tables:
        out["subscriptions"] = _subscriptions(
            tables["subscriptions"], tables.get("customers"), params, as_of
        )
    if "orders" in tables:
        out["orders"] = _orders(tables["orders"], as_of)
    out["customers"] = _customers(tables.get("customers"), out, params, as_of)
    return out


def _subscriptions(
    spans: ir.Table, customers: ir.Table | None, params: Params, as_of: date
) -> ir.Table:
    known = _known(spans.filter(spans.starts_on < as_of), as_of)
    version = ibis.window(
        group_by=[known.subscription_id, known.customer_id, known.starts_on],
        order_by=[known.recorded_at.desc(), known._row.desc()],
    )
    # rows of one subscription and start are versions of one span: the last one recorded holds
    versioned = known.subscription_id.notnull() & known.recorded_at.notnull()
    known = known.mutate(_version=ibis.row_number().over(version)).filter(
        ~versioned | (ibis._._version == 0)
    )
    known = _with_true_starts(known, customers, params)
    return known.select(
        "customer_id",
        "starts_on",
        ends_on=ibis.ifelse(known.ends_on >= as_of, ibis.null("date"), known.ends_on),
        mrr=known.mrr,
        plan=known.plan.fill_null(UNKNOWN),
    )


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


def _known(rows: ir.Table, as_of: date) -> ir.Table:
    return rows.filter(rows.recorded_at.isnull() | (rows.recorded_at < as_of))


def _customers(
    given: ir.Table | None, activity: dict[str, ir.Table], params: Params, as_of: date
) -> ir.Table:
    firsts = _first_activity(activity, params)
    if given is None:
        rows = firsts.mutate(
            signed_up_on=firsts.first_active_on, acquisition_cost=ibis.null("float64")
        )
    else:
        given = given.filter(given.signed_up_on.isnull() | (given.signed_up_on < as_of)).drop(
            "_row"
        )
        joined = given.drop(*(name for name in DERIVED if name in given.columns)).outer_join(
            firsts, "customer_id"
        )
        joined = joined.mutate(customer_id=joined.customer_id.coalesce(joined.customer_id_right))
        rows = joined.drop("customer_id_right")
        rows = rows.mutate(signed_up_on=rows.signed_up_on.coalesce(rows.first_active_on))
    names = [
        name for name in (*attributes(rows), "first_plan", "first_category") if name in rows.columns
    ]
    rows = rows.mutate(**{name: rows[name].fill_null(UNKNOWN) for name in names})
    rows = materialise(rows) if params.segments or params.cohort_by else rows
    for name in {*params.segments, *([params.cohort_by] if params.cohort_by else [])}:
        rows = _pooled(rows, name)
    return rows


def _first_activity(activity: dict[str, ir.Table], params: Params) -> ir.Table:
    """One row a customer: first day, entry into observation, and what came first."""
    if "subscriptions" in activity:
        spans = activity["subscriptions"]
        lasting = spans.ends_on.isnull() | (spans.ends_on > spans.starts_on)
        paid = spans.filter((spans.mrr > 0) & lasting)
        first = _first_row(paid, ["starts_on", ibis.desc("mrr"), "plan"])
        out = first.select("customer_id", first_active_on=first.starts_on, first_plan=first.plan)
        everyone = spans.select("customer_id").distinct()
    else:
        orders = activity["orders"]
        bought = orders.filter(orders.amount >= 0)
        first = _first_row(bought, ["ordered_on", ibis.desc("amount"), "category", "order_id"])
        out = first.select(
            "customer_id", first_active_on=first.ordered_on, first_category=first.category
        )
        everyone = orders.select("customer_id").distinct()
    out = everyone.left_join(out, "customer_id").drop("customer_id_right")
    start = out.first_active_on
    entry = ibis.greatest(start, ibis.date(params.first_day)) if params.first_day else start
    return out.mutate(observed_from=ibis.ifelse(start.isnull(), ibis.null("date"), entry))


def _first_row(rows: ir.Table, order: list) -> ir.Table:
    place = ibis.row_number().over(ibis.window(group_by="customer_id", order_by=order))
    numbered = rows.mutate(_place=place)
    return numbered.filter(numbered._place == 0)


def _pooled(rows: ir.Table, name: str) -> ir.Table:
    """The largest values of a segment column under their own names, the rest together."""
    sizes = rows.group_by(name).agg(_n=rows.count())
    largest = collect(sizes.order_by([ibis.desc("_n"), name]).limit(MAX_SEGMENTS + 1))[
        name
    ].tolist()
    if len(largest) <= MAX_SEGMENTS:
        return rows
    kept = largest[: MAX_SEGMENTS - 1]
    return rows.mutate(**{name: ibis.ifelse(rows[name].isin(kept), rows[name], OTHER)})
