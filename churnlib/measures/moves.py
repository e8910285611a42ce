"""What looks like leaving, or like a smaller price, and is a move: customers who go on under
another id, and switches of how often they pay.
"""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from scipy import stats

from churnlib.engine import collect
from churnlib.engine.moments import plus_months
from churnlib.measures.by_period import (
    as_declared,
    dated,
    dense,
    last_period,
    listed,
    number_of,
    period_number,
)
from churnlib.measures.endings import endings
from churnlib.measures.ledger import paid_spans
from churnlib.measures.members import days_between, joined, members
from churnlib.periods import MONTHS_A_YEAR
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives
from churnlib.results.segments import billing_name

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["interval_switches", "migrations"]

NEAR, BACK = 3, 3
"""Days on either side, and weeks and months back, that same-day pairs are compared with."""
ALARM = 0.001
"""How often chance alone may be taken for a move."""
TIMES = 1.5
"""At least so many times what chance brings: growth, and what is left of habits, is no move."""
MIGRATIONS = Result(
    "migrations",
    title="churned customers who look like moves between billing systems",
    grain="one row a period",
    columns=(
        PERIOD_START,
        Column("churned", "count", "Churned", "Churned customers."),
        Column(
            "same_day",
            "count",
            "Same day",
            "Of them, one to one, who ended on the day on which a new customer of the same plan "
            "and MRR started.",
        ),
        Column(
            "by_chance",
            "number",
            "By chance",
            "How many such pairs other days bring: the most of days, weeks and months apart.",
        ),
        Column("beyond", "flag", "Beyond chance", "Whether there are clearly more."),
        Column(
            "customers",
            "count",
            "Moved",
            "Pairs more than by chance, where clearly more; else 0.",
            adds=True,
        ),
        Column("amount", "money", "MRR", "What these paid a month.", adds=True),
    ),
)
SWITCHES = Result(
    "interval_switches",
    title="switches of how often customers pay",
    grain="one row a period, billing interval before and after, of those that happened",
    columns=(
        PERIOD_START,
        Column("billing_from", "text", "From", "How often they paid: month, year, ..."),
        Column("billing_to", "text", "To", "How often they pay from then on."),
        Column("customers", "count", "Customers", "Customers who switched.", adds=True),
        Column("amount", "money", "MRR", "MRR after less before.", signed=True, adds=True),
    ),
)


@gives(MIGRATIONS)
def migrations(snapshot: "Snapshot") -> pd.DataFrame:
    """Churned customers who ended on the day on which a new one of the same plan and MRR started.

    Grain: one row a period. Pairs are one to one: of a day, plan and MRR the smaller of both
    counts. They are compared with pairs one to three days apart, and one to three weeks and months
    back (weekdays and days of the month have habits). Clearly more: in each comparison the
    chance of so many is below 0.1 % (two Poisson counts given their sum), and there are at
    least 1.5 times as many.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        period_start; churned, same_day (customers); by_chance (pairs, the most of the three
        comparisons); beyond (clearly more); customers (pairs more than by chance) and amount
        (their MRR, currency a month), 0 where not clearly more

    Examples
    --------
    >>> rows = migrations(snapshot)
    >>> bool((rows.customers <= rows.churned).all())
    True
    """
    grain = snapshot.period.grain
    ended, started = _ended(snapshot), _started(snapshot)
    gone = collect(ended.group_by("period").agg(churned=ended.ended.sum()))
    counted = gone.merge(collect(_pairs(ended, started)), on="period", how="left").fillna(0)
    counted = counted.astype({"period": "int64", "same_day_mrr": float})
    whole = listed(snapshot, dense(counted, number_of(last_period(snapshot))), grain)
    return as_declared(_judged(dated(whole, grain), pd.Timestamp(snapshot.first_day)), MIGRATIONS)


@gives(SWITCHES)
def interval_switches(snapshot: "Snapshot") -> pd.DataFrame:
    """Customers who went on with another billing interval, and what that did to their MRR.

    Grain: one row a period, billing interval before and after, of those that happened. A switch: a
    subscription of a customer ends, and another of the same customer starts that day with another
    interval. It is no churn; the bridge shows its MRR as expansion or contraction.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        period_start; billing_from, billing_to (month, year, ...); customers; amount (MRR after
        less before, currency a month)

    Examples
    --------
    >>> interval_switches(snapshot).columns.tolist()
    ['period_start', 'billing_from', 'billing_to', 'customers', 'amount']
    """
    grain = snapshot.period.grain
    rows = _switched(snapshot)
    rows = rows.mutate(period=period_number(rows.day, grain))
    rows = rows.filter(rows.period <= number_of(last_period(snapshot)))
    keys = ["period", "before", "after"]
    counted = collect(
        rows.group_by(*keys).agg(
            customers=rows.customer_id.nunique(), amount=(rows.mrr_after - rows.mrr_before).sum()
        )
    )
    counted = counted.sort_values(keys, ignore_index=True).astype({"amount": float})
    named = counted.assign(
        billing_from=counted["before"].map(billing_name).astype(object),
        billing_to=counted["after"].map(billing_name).astype(object),
    )
    return as_declared(dated(listed(snapshot, named, grain), grain), SWITCHES)


def _ended(snapshot: "Snapshot") -> ir.Table:
    """Churned customers by period, day, plan and MRR of what ended that day."""
    gone = endings(snapshot, snapshot.period.grain).select("customer_id", "period", "left_on")
    spans = paid_spans(snapshot)
    last = spans.select("customer_id", "plan", "mrr", left_on=spans.ends_on)
    both = gone.inner_join(last, ["customer_id", "left_on"])
    each = both.group_by("customer_id", "period", "left_on").agg(
        plan=both.plan.max(), mrr=both.mrr.sum()
    )
    return each.group_by("period", "plan", "mrr", day=each.left_on).agg(ended=each.count())


def _started(snapshot: "Snapshot") -> ir.Table:
    """Customers by their very first day, plan and MRR."""
    spans = joined(
        paid_spans(snapshot).select("customer_id", "starts_on", "plan", "mrr"), members(snapshot)
    )
    firsts = spans.filter(spans.starts_on == spans.first_active_on)
    each = firsts.group_by("customer_id", "starts_on").agg(
        plan=firsts.plan.max(), mrr=firsts.mrr.sum()
    )
    return each.group_by("plan", "mrr", began=each.starts_on).agg(started=each.count())


def _pairs(ended: ir.Table, started: ir.Table) -> ir.Table:
    """Pairs by period: of the same day, with their MRR, and those of days, weeks and months
    apart.
    """
    both = ended.inner_join(started, ["plan", "mrr"])
    ago = days_between(both.began, both.day)
    both = both.mutate(n=ibis.least(both.ended, both.started), ago=ago)
    both = both.filter((both.ago >= -NEAR) & (both.ago <= 31 * BACK))
    back = range(1, BACK + 1)
    kinds = {
        "same_day": both.ago == 0,
        "days": both.ago.abs().between(1, NEAR),
        "weeks": both.ago.isin([7 * weeks for weeks in back]),
        "months": ibis.or_(*(both.began == plus_months(both.day, -months) for months in back)),
    }
    sums = {name: both.n.sum(where=kind).fill_null(0) for name, kind in kinds.items()}
    mrr = (both.mrr * both.n).sum(where=kinds["same_day"]).fill_null(0)
    return both.group_by("period").agg(**sums, same_day_mrr=mrr)


def _judged(rows: pd.DataFrame, first_day: pd.Timestamp) -> pd.DataFrame:
    """Periods with what chance brings, and whether there are clearly more pairs on the same day."""
    starts = rows["period_start"].dt
    months = (starts.year - first_day.year) * MONTHS_A_YEAR + starts.month - first_day.month
    weeks = (rows["period_start"] - first_day).dt.days // 7
    tried = {"days": 2 * NEAR, "weeks": weeks.clip(0, BACK), "months": months.clip(0, BACK)}
    by_chance, beyond = clearly_more(rows, tried)
    same = rows["same_day"].astype("int64")
    moved = (same - by_chance).where(beyond, 0).round().astype("int64")
    each = rows["same_day_mrr"] / same.clip(lower=1)
    return rows.assign(
        same_day=same, by_chance=by_chance, beyond=beyond, customers=moved, amount=moved * each
    )


def clearly_more(
    pairs: pd.DataFrame, tried: dict[str, pd.Series | int]
) -> tuple[pd.Series, pd.Series]:
    """What chance brings, and whether the same day has clearly more.

    Parameters
    ----------
    pairs : same_day, and of each comparison the pairs of all its days
    tried : {comparison: on how many days each pair could have fallen}

    Examples
    --------
    >>> pairs = pd.DataFrame({"same_day": [4, 4], "days": [0, 12]})
    >>> [one.tolist() for one in clearly_more(pairs, {"days": 6})]
    [[0.0, 2.0], [True, False]]
    """
    same = pairs["same_day"].astype(float)
    by_chance, p_value = pd.Series(0.0, pairs.index), pd.Series(0.0, pairs.index)
    for name, days in tried.items():
        found = pairs[name].astype(float)
        by_chance = np.maximum(by_chance, found / np.maximum(days, 1))
        p_value = np.maximum(p_value, stats.binom.sf(same - 1, same + found, 1 / (1 + days)))
    return by_chance, (p_value < ALARM) & (same >= TIMES * by_chance) & (same > 0)


def _switched(snapshot: "Snapshot") -> ir.Table:
    """Customers by the day on which they went on with another interval: before, after."""
    spans = paid_spans(snapshot)
    if "interval_months" not in spans.columns:
        spans = spans.mutate(interval_months=1)
    whole = spans.interval_months.round().cast("int64")
    spans = spans.mutate(months=ibis.ifelse(whole < 1, 1, whole))
    old = spans.group_by("customer_id", day=spans.ends_on).agg(
        before=spans.months.max(), mrr_before=spans.mrr.sum()
    )
    new = spans.group_by("customer_id", day=spans.starts_on).agg(
        after=spans.months.max(), mrr_after=spans.mrr.sum()
    )
    both = old.inner_join(new, ["customer_id", "day"])
    return both.filter(both.before != both.after)
