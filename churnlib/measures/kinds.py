"""How customers left, and whether they came back."""

from typing import TYPE_CHECKING

import ibis
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import as_declared, dated, listed
from churnlib.measures.endings import endings, explained
from churnlib.measures.lifetimes import LIFETIMES, first_stays
from churnlib.measures.members import joined, members
from churnlib.measures.tenure import month_of_life, months_through
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["churn_kinds", "lifetimes_by_kind"]

HOW = Column("how", "word", "How it ended", "Final once the dunning window is over.")
CHURN_KINDS = Result(
    "churn_kinds",
    title="how customers left",
    grain="one row a period, way in which it ended, and whether they came back",
    columns=(
        PERIOD_START,
        HOW,
        Column("came_back", "text", "Came back", "yes, no, or too early to tell."),
        Column("customers", "count", "Customers", "Churned customers.", adds=True),
        Column("amount", "money", "MRR lost", "What they paid at opening.", adds=True),
    ),
)
LIFETIMES_BY_KIND = Result(
    "lifetimes_by_kind",
    title="how long customers stayed, and how it ended",
    grain="one row a distinct (entry, duration, how)",
    columns=(
        *LIFETIMES.columns[1:3],
        Column("how", "word", "How it ended", "Empty where the lifetime is open."),
        LIFETIMES.columns[-1],
    ),
)


@gives(CHURN_KINDS)
def churn_kinds(snapshot: "Snapshot") -> pd.DataFrame:
    """Churned customers by period, by how it ended and whether they came back.

    Grain: one row a period, way in which it ended and return, of those that happened. The sum of a
    period is its churned customers (`customer_churn`) and its churn (`mrr_bridge`).

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        period_start; how (voluntary, payment_failed, disputed, fixed_term, account_or_plan_change,
        paused, fraud, other, unknown; pending within `policies.dunning_days`); came_back (yes
        within `policies.return_days`, no, too early); customers; amount (MRR lost,
        currency a month)

    Examples
    --------
    >>> churn_kinds(snapshot).columns.tolist()
    ['period_start', 'how', 'came_back', 'customers', 'amount']
    """
    grain = snapshot.period.grain
    rows = endings(snapshot, grain)
    keys = ["period", "how", "came_back"]
    counted = collect(rows.group_by(*keys).agg(customers=rows.count(), amount=rows.amount.sum()))
    counted = counted.sort_values(keys, ignore_index=True)
    return as_declared(dated(listed(snapshot, counted, grain), grain), CHURN_KINDS)


@gives(LIFETIMES_BY_KIND)
def lifetimes_by_kind(snapshot: "Snapshot") -> pd.DataFrame:
    """How many customers stayed how many months, and how their first stay ended.

    Grain: one row a distinct (entry, duration, how), as in `lifetimes`.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        entry, duration (months); how (see `churn_kinds`; empty = still there or not seen to end);
        customers

    Examples
    --------
    >>> lifetimes_by_kind(snapshot).columns.tolist()
    ['entry', 'duration', 'how', 'customers']
    """
    as_of = snapshot.as_of
    stays = joined(first_stays(snapshot, as_of), members(snapshot))
    gone = stays.filter(stays.ended_on < as_of)
    ended = explained(snapshot, gone.select("customer_id", left_on=gone.ended_on))
    both = joined(stays, ended.select("customer_id", "how"))
    seen = months_through(both.first_active_on, as_of)
    left_in = month_of_life(both.first_active_on, both.ended_on)
    late_by = month_of_life(both.first_active_on, both.observed_from)
    event = ((both.ended_on < as_of) & (left_in <= seen)).fill_null(False)
    counted = both.select(
        entry=ibis.ifelse(both.is_late, late_by, 0).cast("int64"),
        duration=ibis.ifelse(event, left_in, seen),
        how=ibis.ifelse(event, both.how, ""),
    )
    counted = counted.filter((counted.entry == 0) | (counted.duration > counted.entry))
    keys = ["entry", "duration", "how"]
    groups = collect(counted.group_by(*keys).agg(customers=counted.count()))
    return as_declared(groups.sort_values(keys, ignore_index=True), LIFETIMES_BY_KIND)
