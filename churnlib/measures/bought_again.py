"""How many of each month's first buyers bought again within ninety days."""

from typing import TYPE_CHECKING

import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import as_declared, dated, period_number, split_keys
from churnlib.measures.changes import LABEL
from churnlib.measures.members import count_if, joined, members, with_reach
from churnlib.measures.repurchase import first_and_second, within
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["bought_again", "first_buyers_by_change"]

WINDOW = 90
"""Days after the first purchase within which a second one is looked for."""
WORDS = (
    Term(
        "Bought again",
        "Made a second purchase within ninety days of the first. A month's first buyers count once "
        "all of them have been observed that long.",
    ),
)
BOUGHT_AGAIN = Result(
    "bought_again",
    title="who bought again within ninety days",
    grain="one row a month of the first purchase (and segment)",
    columns=(
        Column("period_start", "period", "First bought in", "The month of the first purchase."),
        Column("first_buyers", "count", "First buyers", "Customers who first bought then."),
        Column("again", "count", "Bought again", "Of them, within ninety days.", adds=True),
        Column("complete", "flag", "Complete", "Whether all have been observed that long."),
    ),
)

BY_CHANGE = Result(
    "first_buyers_by_change",
    title="who bought again, by change",
    grain="one row a change, month of the first purchase and reach",
    columns=(
        LABEL,
        BOUGHT_AGAIN.columns[0],
        Column("reached", "flag", "Reached", "Whether the change reaches them."),
        *BOUGHT_AGAIN.columns[1:],
    ),
)


@gives(BOUGHT_AGAIN)
def bought_again(snapshot: "Snapshot", *, by: "Split | None" = None) -> pd.DataFrame:
    """First buyers by month, and how many of them bought again within ninety days.

    Grain: one row a month of the first purchase (and segment) with a first buyer; months also where
    the report is of a quarter.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers

    Returns
    -------
    DataFrame
        period_start; [segment]; first_buyers; again (those with a second purchase within ninety
        days, the last one included); complete (whether all were observed that long). Who first
        bought in the first period of the records is left out as in `repeat_purchase_rate`.

    Examples
    --------
    >>> rows = bought_again(snapshot)
    >>> bool((rows.again <= rows.first_buyers).all())
    True
    """
    rows = joined(first_and_second(snapshot), members(snapshot, by))
    return as_declared(_counted(rows, split_keys(by)), BOUGHT_AGAIN)


@gives(BY_CHANGE)
def first_buyers_by_change(snapshot: "Snapshot") -> pd.DataFrame:
    """The same by whether a change of the shop reaches them.

    Grain: one row a change, month of the first purchase and reach.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business

    Returns
    -------
    DataFrame
        label; period_start; reached; first_buyers, again (customers); complete

    Examples
    --------
    >>> first_buyers_by_change(snapshot).columns.tolist()[:3]
    ['label', 'period_start', 'reached']
    """
    names = [column.name for column in BY_CHANGE.columns]
    parts = []
    for change in snapshot.known_changes:
        who = with_reach(snapshot, change).select("customer_id", "reached")
        rows = joined(first_and_second(snapshot), who)
        parts.append(_counted(rows, ["reached"]).assign(label=change.label)[names])
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    frame.attrs["grain"] = "month"
    return frame


def _counted(rows: ir.Table, keys: list[str]) -> pd.DataFrame:
    """First buyers and those who bought again, by month and keys."""
    rows = rows.mutate(period=period_number(rows.first_on, "month"))
    observed, again = within(rows, WINDOW)
    keys = ["period", *keys]
    counts = rows.group_by(keys).agg(
        first_buyers=rows.count(), again=count_if(again), seen=count_if(observed)
    )
    frame = collect(counts).sort_values(keys, ignore_index=True)
    missing = (frame["first_buyers"] - frame["seen"]).groupby(frame["period"]).transform("sum")
    frame = dated(frame.assign(complete=missing == 0), "month")
    frame.attrs["grain"] = "month"
    return frame
