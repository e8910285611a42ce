"""How many customers left: customers at opening who are not there at closing."""

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.measures.by_period import add_up, dated, dense, first_listed, last_period, number_of
from churnlib.measures.ledger import JOINED_AND_LEFT, movement_totals
from churnlib.periods import Grain
from churnlib.statistics.rates import with_rate

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

COUNTED = {
    "new": "new_customers",
    "reactivation": "reactivated_customers",
    "churn": "churned_customers",
    JOINED_AND_LEFT: JOINED_AND_LEFT,
}
COLUMNS = [
    "opening_customers",
    "new_customers",
    "reactivated_customers",
    "churned_customers",
    "closing_customers",
]


def customer_churn(
    snapshot: "Snapshot", *, by: str | None = None, grain: Grain | None = None
) -> pd.DataFrame:
    """Customers who came and who left, period by period, and the churn rate with its range.

    Grain: one row a period (and segment), from the first activity to the snapshot's period, also
    where nothing happened. A customer is active where the MRR of all of its subscriptions together
    is above 0.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by
    grain : {"month", "quarter"}, default the snapshot's own; an incomplete quarter is not listed

    Returns
    -------
    DataFrame : period_start; [by]; opening_customers (active just before the period); new_customers
    (active for the
        first time and still so at closing); reactivated_customers (back after an absence);
        churned_customers (active at opening, not at closing); closing_customers; joined_and_left
        (came and went within the period: in neither count); churn_rate = churned / opening, empty
        where nobody was there; churn_rate_low, churn_rate_high (Wilson)

    Examples
    --------
    >>> churn = customer_churn(snapshot)
    >>> bool((churn.churned_customers <= churn.opening_customers).all())
    True
    """
    grain = grain or snapshot.period.grain
    counts = _counts(movement_totals(snapshot, by, grain), by)
    frame = dense(counts, number_of(last_period(snapshot, grain)), by)
    gain = frame["new_customers"] + frame["reactivated_customers"] - frame["churned_customers"]
    frame["closing_customers"] = add_up(frame.assign(gain=gain), ["gain"], by)["gain"]
    frame["opening_customers"] = frame["closing_customers"] - gain
    if len(frame):
        frame = frame[frame["period"] >= first_listed(snapshot, frame["period"].min(), grain)]
    rated = with_rate(frame, "churned_customers", "opening_customers", "churn_rate")
    rates = ["churn_rate", "churn_rate_low", "churn_rate_high"]
    return dated(rated, grain)[
        ["period_start", *([by] if by else []), *COLUMNS, JOINED_AND_LEFT, *rates]
    ]


def _counts(totals: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """Movements side by side: period, [by], one column of customers each."""
    keys = ["period", by] if by else ["period"]
    wide = totals.pivot_table("customers", keys, "movement", aggfunc="sum")
    wide = wide.reindex(columns=list(COUNTED)).fillna(0).astype("int64").rename(columns=COUNTED)
    return wide.rename_axis(columns=None).reset_index()
