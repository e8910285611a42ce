"""What those who left paid: by segment, and how much of it is that of a few."""

from typing import TYPE_CHECKING

import ibis
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import (
    as_declared,
    dated,
    last_period,
    number_of,
    split_keys,
)
from churnlib.measures.ledger import ledger
from churnlib.measures.members import joined, members
from churnlib.measures.revenue import mrr_bridge
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["largest_losses", "mrr_lost"]

MOST = 10
LARGEST_LOSSES = Result(
    "largest_losses",
    title="the largest losses",
    grain="one row a customer who left in the period, without a name; the ten largest",
    columns=(
        Column("place", "count", "Place", "1 is the largest."),
        Column("mrr", "money", "MRR", "What the customer paid at opening."),
        Column("share", "share", "Of all lost", "MRR ÷ the MRR of all who left in the period."),
        Column("customers", "count", "Who left", "All customers who left in the period."),
        Column("lost", "money", "MRR lost", "The MRR of all of them."),
    ),
    shown=("place", "mrr", "share"),
)
MRR_LOST = Result(
    "mrr_lost",
    title="MRR lost by churn",
    grain="one row a month (and segment)",
    columns=(
        PERIOD_START,
        Column("opening", "money", "Opening", "MRR at the opening of the month.", adds=True),
        Column("customers", "count", "Who left", "Customers who left in the month.", adds=True),
        Column("lost", "money", "MRR lost", "What they paid at opening.", adds=True),
        Column("largest", "money", "Largest", "What the largest of them paid."),
        Column(
            "lost_squared",
            "number",
            "Squares",
            "The sum of the squares of what each paid: how unlike they are.",
            adds=True,
        ),
    ),
)


@gives(LARGEST_LOSSES)
def largest_losses(snapshot: "Snapshot") -> pd.DataFrame:
    """The ten customers who left in the period with the most MRR.

    Grain: one row a customer, without a name.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        place (1 the largest); mrr (at opening); share (of the MRR of all who left); customers (all
        who left in the period); lost (the MRR of all of them)

    Examples
    --------
    >>> bool(largest_losses(snapshot)["mrr"].is_monotonic_decreasing)
    True
    """
    rows = ledger(snapshot)
    gone = rows.filter(
        (rows.period == number_of(last_period(snapshot))) & (rows.opening > 0) & (rows.closing == 0)
    )
    everybody = ibis.window()
    told = gone.select(
        "customer_id",
        mrr=gone.opening,
        customers=gone.count().over(everybody),
        lost=gone.opening.sum().over(everybody),
    )
    order = [ibis.desc("mrr"), "customer_id"]
    largest = collect(told.order_by(order).limit(MOST)).drop(columns="customer_id")
    money = largest.astype({"mrr": float, "lost": float})
    places = range(1, len(money) + 1)
    found = money.assign(place=places, share=money["mrr"] / money["lost"])
    return found[[column.name for column in LARGEST_LOSSES.columns]]


@gives(MRR_LOST)
def mrr_lost(snapshot: "Snapshot", *, by: "Split | None" = None) -> pd.DataFrame:
    """What those who left paid, by month.

    Grain: one row a month (and segment) with MRR at its opening; months also where the report is
    of a quarter.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers

    Returns
    -------
    DataFrame
        period_start; [segment]; opening (MRR of all, currency a month); customers (who left, as the
        movements count them); lost (MRR of these); largest (of them); lost_squared (sum of
        squares, for ranges)

    Examples
    --------
    >>> mrr_lost(snapshot).columns.tolist()
    ['period_start', 'opening', 'customers', 'lost', 'largest', 'lost_squared']
    """
    rows = ledger(snapshot, grain="month")
    gone = rows.filter((rows.opening > 0) & (rows.closing == 0))
    gone = joined(gone, members(snapshot, by))
    keys = ["period", *split_keys(by)]
    paid = gone.opening.cast("float64")
    sums = gone.group_by(keys).agg(
        customers=gone.count(),
        lost=gone.opening.sum(),
        largest=gone.opening.max(),
        lost_squared=(paid * paid).sum(),
    )
    bridge = mrr_bridge(snapshot, by=by, grain="month")
    there = bridge[bridge["opening"] > 0]
    left = dated(collect(sums), "month")
    same = ["period_start", *split_keys(by)]
    frame = there[[*same, "opening"]].merge(left, "left", same).fillna(0)
    frame = frame.astype({"customers": int, "lost": float, "largest": float, "lost_squared": float})
    frame.attrs["grain"] = "month"
    return as_declared(frame, MRR_LOST)
