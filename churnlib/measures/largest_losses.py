"""The largest customers who left in the period: how much of the MRR lost is theirs."""

from typing import TYPE_CHECKING

import ibis
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import last_period, number_of
from churnlib.measures.ledger import ledger
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["largest_losses"]

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
