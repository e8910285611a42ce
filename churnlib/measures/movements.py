"""What moved recurring revenue: new, reactivation, expansion, contraction, churn."""

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.measures.by_period import (
    as_declared,
    dated,
    dense,
    last_period,
    last_rows,
    listed,
    number_of,
    split_keys,
)
from churnlib.measures.ledger import MOVEMENTS, movement_totals, span_flows
from churnlib.periods import Grain
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["last_movements", "movements"]

STEPS = Result(
    "movements",
    "the movements of MRR",
    "one row a period (and segment) and movement",
    (
        PERIOD_START,
        Column(
            "movement",
            "word",
            "Movement",
            "New, reactivation, expansion, contraction or churn.",
        ),
        Column("customers", "count", "Customers", "Customers who had this movement."),
        Column(
            "amount",
            "money",
            "Amount",
            "Closing less opening MRR of these customers: contraction and churn are below 0.",
            decimals=2,
            signed=True,
            adds=True,
        ),
    ),
    shown=("movement", "customers", "amount"),
)
COUNTS = [f"n_{movement}" for movement in MOVEMENTS]


@gives(STEPS)
def movements(
    snapshot: "Snapshot", *, by: "Split | None" = None, grain: Grain | None = None
) -> pd.DataFrame:
    """What changed recurring revenue, movement by movement.

    Grain: one row a period (and segment) and movement, 0 where there was none. A movement compares
    a customer's opening and closing MRR, so what happens within a period nets.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers
    grain : {"month", "quarter"}, default the snapshot's own

    Returns
    -------
    DataFrame
        period_start; [segment]; movement (new, reactivation, expansion, contraction, churn);
        customers (how many had it); amount (signed, in the report's currency a month: contraction
        and churn are negative or 0)

    Examples
    --------
    >>> sorted(movements(snapshot).movement.unique())
    ['churn', 'contraction', 'expansion', 'new', 'reactivation']
    """
    grain = grain or snapshot.period.grain
    frame = dated(listed(snapshot, by_movement(snapshot, by, grain), grain), grain)
    keys = ["period_start", *split_keys(by)]
    amounts = frame.melt(keys, list(MOVEMENTS), var_name="movement", value_name="amount")
    counts = frame.melt(keys, COUNTS, value_name="customers")["customers"]
    place = amounts["movement"].map(MOVEMENTS.index)
    long = amounts.assign(customers=counts, place=place)
    order = [*split_keys(by), "period_start", "place"]
    return as_declared(long.sort_values(order, ignore_index=True), STEPS)


@gives(STEPS)
def last_movements(snapshot: "Snapshot", *, by: "Split | None" = None) -> pd.DataFrame:
    """The movements of the reported period alone: the rows of `movements` that a page shows.

    Grain: one row a movement (and segment).

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : what to split by, as in `movements`

    Returns
    -------
    DataFrame
        as `movements`

    Examples
    --------
    >>> len(last_movements(snapshot))
    5
    """
    return last_rows(movements(snapshot, by=by))


def by_movement(snapshot: "Snapshot", by: "Split | None", grain: Grain) -> pd.DataFrame:
    """One row a period and segment: amount and customers of each movement, and `change` straight
    from the spans.
    """
    keys = ["period", *split_keys(by)]
    totals = movement_totals(snapshot, by, grain)
    amounts = _side_by_side(totals, "amount", keys).astype(float)
    counts = _side_by_side(totals, "customers", keys).add_prefix("n_")
    flows = span_flows(snapshot, by, grain).set_index(keys)[["change"]]
    wide = pd.concat([amounts, counts, flows], axis=1).fillna(0)
    whole = wide.astype(dict.fromkeys(COUNTS, "int64")).rename_axis(columns=None)
    return dense(whole.reset_index(), number_of(last_period(snapshot, grain)))


def _side_by_side(totals: pd.DataFrame, value: str, keys: list[str]) -> pd.DataFrame:
    """One column a movement, in their order."""
    wide = totals.pivot_table(value, keys, "movement", aggfunc="sum")
    return wide.reindex(columns=list(MOVEMENTS))
