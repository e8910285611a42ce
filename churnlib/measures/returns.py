"""How many of those who left came back soon."""

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import as_declared
from churnlib.measures.lifetimes import first_stays
from churnlib.measures.members import count_if, days_between
from churnlib.results.columns import Column, rate
from churnlib.results.declared import Result, gives
from churnlib.statistics.rates import with_rate

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["returns"]

RETURN_DAYS = 90
RETURNS = Result(
    "returns",
    "customers who came back",
    "one row",
    (
        Column("window_days", "count", "Window", "Days after leaving.", unit="days"),
        Column(
            "left",
            "count",
            "Left",
            "Customers whose first stay ended, and who were observed that long after it.",
        ),
        Column("returned", "count", "Returned", "Of them, those who came back within the window."),
        *rate("share", "Share", "Returned ÷ left.", "left", frame="share"),
    ),
)


@gives(RETURNS)
def returns(snapshot: "Snapshot", *, days: int = RETURN_DAYS) -> pd.DataFrame:
    """How many of those who left came back soon.

    Grain: one row. Counts the end of the first stay, and only leavers whose `days` after it were
    all observed.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    days : window in days, the last one included

    Returns
    -------
    DataFrame
        window_days; left (customers); returned (of them, within the window); share = returned /
        left; low, high (Wilson)

    Examples
    --------
    >>> returns(snapshot).columns.tolist()
    ['window_days', 'left', 'returned', 'share', 'low', 'high']
    """
    stays = first_stays(snapshot, snapshot.as_of)
    ended = stays.filter(stays.ended_on < snapshot.as_of)
    observed = ended.filter(days_between(ended.ended_on, snapshot.as_of) > days)
    back = (days_between(observed.ended_on, observed.next_on) <= days).fill_null(False)
    counts = collect(observed.aggregate(left=observed.count(), returned=count_if(back)))
    rated = with_rate(counts.assign(window_days=days), "returned", "left")
    return as_declared(rated.rename(columns={"rate": "share"}), RETURNS)
