"""Who has met a change of the business, when, what they paid before and after, and who left."""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import last_period, number_of, period_at, period_number
from churnlib.measures.changes import LABEL, LATER, month_begun, terms_of
from churnlib.measures.due import PAID_EVERY, RENEWAL
from churnlib.measures.ledger import ledger, paid_spans
from churnlib.measures.terms import OPEN
from churnlib.params.changes import Change
from churnlib.periods import MONTHS_A_YEAR
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["met_changes"]

WORDS = (
    Term(
        "Met a change",
        "Was due for the first time on the day of the change or later: only then can a customer "
        "pay a new price, or leave because of it.",
    ),
)
MET = Result(
    "met_changes",
    title="who has met a change, and what they paid",
    grain="one row a change, month of meeting it, billing interval, renewal and month of leaving",
    columns=(
        LABEL,
        Column("met_in", "period", "Met in", "Their first renewal since; empty: still to come."),
        PAID_EVERY,
        RENEWAL,
        Column("gone_in", "period", "Left in", "When they left then or later; empty: still here."),
        Column("in_base", "flag", "In NRR", "Whether they were customers a year before as-of."),
        Column("customers", "count", "Customers", "Customers who share these.", adds=True),
        Column("mrr", "money", "MRR before", "At the opening of the month of meeting it."),
        Column(
            "mrr_same_plan",
            "money",
            "Same plan",
            "Of those who stayed on their plan: MRR before. Without plans, of all who stayed.",
        ),
        Column("mrr_same_plan_after", "money", "After", "Of the same: MRR at closing."),
    ),
)


@gives(MET)
def met_changes(snapshot: "Snapshot") -> pd.DataFrame:
    """Customers whom a change reaches and who were there before it: when they met it, what they
    paid before and after, and when they left.

    Grain: one row a change, month of meeting it, billing interval, renewal, month of leaving and
    whether they were customers a year before as_of.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        label; met_in (month of the first renewal since; NaT: still in the middle of a term);
        interval_months; renewal (the one at which they met it); gone_in (the first month from then
        on at whose closing they paid nothing; NaT: still here); in_base; customers; mrr (at the
        opening of met_in; today's of those who have not met it); mrr_same_plan,
        mrr_same_plan_after (MRR at opening and closing of met_in, of those who stayed on their
        plan)

    Examples
    --------
    >>> met_changes(snapshot).columns.tolist()[:2]
    ['label', 'met_in']
    """
    names = [column.name for column in MET.columns]
    parts = [_met(snapshot, one)[names] for one in snapshot.known_changes]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    frame.attrs["grain"] = "month"
    return frame


def _met(snapshot: "Snapshot", change: Change) -> pd.DataFrame:
    last = number_of(last_period(snapshot, "month"))
    people = _meeting(snapshot, change, last)
    paid = _payments(snapshot, people, last)
    plans = _plans(snapshot, people)
    rows = people.left_join(paid, "customer_id").left_join(plans, "customer_id")
    rows = rows.select(
        "interval",
        "renewal",
        has_met=rows.met <= last,
        met=ibis.least(rows.met, OPEN),
        gone=rows.gone.fill_null(OPEN),
        in_base=rows.a_year_ago.fill_null(0) > 0,
        before=rows.before.fill_null(0),
        after=rows.after.fill_null(0),
        same=rows.same.fill_null(True),
    )
    stays = rows.has_met & (rows.gone > rows.met) & rows.same
    met = ibis.ifelse(rows.has_met, rows.met, OPEN)
    keyed = rows.mutate(met=met, stays=stays.cast("int64"))
    groups = keyed.group_by("met", "interval", "renewal", "gone", "in_base").agg(
        customers=keyed.count(),
        mrr=keyed.before.sum(),
        mrr_same_plan=(keyed.before * keyed.stays).sum(),
        mrr_same_plan_after=(keyed.after * keyed.stays).sum(),
    )
    money = ["mrr", "mrr_same_plan", "mrr_same_plan_after"]
    frame = collect(groups).astype(dict.fromkeys(money, float))
    frame = frame.sort_values(["met", "interval", "renewal", "gone", "in_base"], ignore_index=True)
    return frame.assign(
        label=change.label,
        met_in=_months(frame["met"]),
        gone_in=_months(frame["gone"]),
        interval_months=frame["interval"],
    )


def _months(numbers: pd.Series) -> pd.Series:
    starts = [pd.NaT if n >= OPEN else pd.Timestamp(period_at(n, "month").start) for n in numbers]
    return pd.Series(pd.DatetimeIndex(starts), index=numbers.index).astype("datetime64[ns]")


def _meeting(snapshot: "Snapshot", change: Change, last: int) -> ir.Table:
    """Customers whom the change reaches: customer_id, interval, met (month of the first renewal
    since, later than `last` where it is to come), renewal.
    """
    terms = terms_of(snapshot, change)
    if not change.at_renewal:
        return _there_at(terms.filter(terms.reached), month_begun(change))
    begin = month_begun(change) + ibis.ifelse(terms[LATER], 0, 1)
    ends = terms.mutate(begin=begin, start=terms["first"] + terms["shift"])
    least = ibis.ifelse(ends["shift"] == 0, 1, 0)
    steps = ibis.greatest((ends.begin - ends.start + ends.interval - 1) // ends.interval, least)
    dated_ends = ends.mutate(met=ends.start + ends.interval * steps)
    meets = (dated_ends.after < dated_ends.met) & (dated_ends.until >= dated_ends.met)
    chosen = dated_ends.filter(
        dated_ends.reached & dated_ends.together & (dated_ends["first"] < dated_ends.begin) & meets
        & ((dated_ends.met <= last) | (dated_ends.until == OPEN))
    )  # fmt: skip
    renewal = (chosen.met - chosen["first"] + chosen.interval - 1) // chosen.interval
    return chosen.group_by("customer_id").agg(
        interval=chosen.interval.max(), met=chosen.met.min(), renewal=renewal.min()
    )


def _there_at(terms: ir.Table, begin: int) -> ir.Table:
    """Who was there when a change reached all at once, and which renewal comes next."""
    is_there = (terms["first"] < begin) & (terms.after < begin) & (terms.until >= begin)
    there = terms.filter(is_there).mutate(met=ibis.literal(begin))
    renewal = (begin - there["first"] + there.interval - 1) // there.interval
    return there.group_by("customer_id").agg(
        interval=there.interval.max(), met=there.met.min(), renewal=renewal.min()
    )


def _payments(snapshot: "Snapshot", people: ir.Table, last: int) -> ir.Table:
    """What each paid before and after meeting it, and a year ago, and when it first paid nothing
    from then on.
    """
    rows = ledger(snapshot, grain="month").inner_join(people, "customer_id")
    is_gone = (rows.period >= rows.met) & (rows.closing == 0)
    return rows.group_by("customer_id").agg(
        before=_mrr_at(rows, ibis.least(rows.met, last + 1) - 1),
        after=_mrr_at(rows, rows.met),
        a_year_ago=_mrr_at(rows, ibis.literal(last - MONTHS_A_YEAR)),
        gone=ibis.ifelse(is_gone, rows.period, ibis.null("int64")).min(),
    )


def _mrr_at(rows: ir.Table, month: ir.Value) -> ir.Value:
    """MRR at the closing of a month: what it changed by until then."""
    change = rows.closing - rows.opening
    return ibis.ifelse(rows.period <= month, change, 0).sum()


def _plans(snapshot: "Snapshot", people: ir.Table) -> ir.Table:
    """Whether each was on the same plans before and after meeting it."""
    spans = paid_spans(snapshot)
    rows = spans.inner_join(people, "customer_id")
    starts = period_number(rows.starts_on, "month")
    ends = period_number(rows.ends_on, "month").fill_null(OPEN)
    before = ibis.ifelse((starts < rows.met) & (ends >= rows.met), rows.plan, None)
    after = ibis.ifelse((starts <= rows.met) & (ends > rows.met), rows.plan, None)
    both = rows.group_by("customer_id").agg(
        low=before.min(), high=before.max(), low_after=after.min(), high_after=after.max()
    )
    return both.select(
        "customer_id", same=(both.low == both.low_after) & (both.high == both.high_after)
    )
