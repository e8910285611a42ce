"""Who is behind a movement of the period: the customers themselves, for the analyst.

What comes back grows with the customers behind the movement, and names them: it is never part of a
report.
"""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.errors import ParamsError, nearest
from churnlib.measures.by_period import as_declared, left_edge, number_of, period_number
from churnlib.measures.ledger import MOVEMENTS, ledger, movement_of
from churnlib.measures.members import joined, members
from churnlib.measures.purchases import customer_periods
from churnlib.measures.tenure import months_through
from churnlib.periods import Period
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["customers_who"]

BUYERS = ("new", "returning")
"""The movements of a business without contracts."""
BY = "by_"
"""Before the names of the segment columns, so that none of them is taken for one of ours."""
CUSTOMERS_WHO = Result(
    "customers_who",
    "the customers behind a movement",
    "one row a customer",
    (
        Column("customer_id", "text", "Customer", "Who."),
        Column(
            "opening",
            "money",
            "Opening",
            "MRR just before the period.",
            decimals=2,
            optional=True,
        ),
        Column(
            "closing",
            "money",
            "Closing",
            "MRR just before the period ends.",
            decimals=2,
            optional=True,
        ),
        Column(
            "revenue",
            "money",
            "Revenue",
            "What the customer bought in the period, returns deducted.",
            decimals=2,
            optional=True,
        ),
        Column(
            "orders",
            "count",
            "Orders",
            "Purchases in the period: days on which the customer bought.",
            optional=True,
        ),
        Column(
            "tenure",
            "count",
            "Tenure",
            "Whole months from the first paid day or first purchase to the period's end.",
            unit="months",
        ),
        Column(
            f"{BY}<column>",
            "text",
            "Segment",
            "The customer's value of each column that the parameter file names under segments.",
            optional=True,
        ),
    ),
)


@gives(CUSTOMERS_WHO)
def customers_who(
    snapshot: "Snapshot", movement: str, *, period: Period | str | None = None
) -> pd.DataFrame:
    """The customers behind a movement of a period, those with the most at stake first.

    Grain: one row a customer. As many as `movements` (or `sales`) counts for that period.

    Parameters
    ----------
    snapshot : Snapshot
    movement : of a subscription business "new", "reactivation", "expansion", "contraction" or
        "churn"; of a transactional one "new" or "returning"
    period : such as "2026-09" or "2026-Q3", over by as_of; default the reported one

    Returns
    -------
    DataFrame
        customer_id; of a subscription business opening, closing (MRR before and after, currency a
        month), the largest change first; of a transactional one revenue (currency, returns
        deducted), orders (purchase occasions), the largest revenue first; tenure (whole months from
        the first paid day or first purchase to the period's end); by_<column> for each column that
        the parameter file names under segments

    Raises
    ------
    ParamsError : a movement that such a business has not, or a period that is not over by as_of;
        the new customers of the first period of a shop's records, of whom it is not known

    Examples
    --------
    >>> left = customers_who(snapshot, "churn")
    >>> left.columns.tolist()
    ['customer_id', 'opening', 'closing', 'tenure']
    """
    chosen = _period(snapshot, period)
    is_shop = snapshot.params.model == "transactional"
    known = BUYERS if is_shop else MOVEMENTS
    if movement not in known:
        hint = nearest(movement, known) or f"; there are {', '.join(known)}."
        raise ParamsError(f"{movement!r} is no movement of this business{hint}")
    behind = _bought if is_shop else _moved
    rows = behind(snapshot, movement, chosen)
    frame = _described(snapshot, rows, chosen)
    frame.attrs = {"grain": chosen.grain, "period": chosen.label}
    return frame


def _period(snapshot: "Snapshot", period: Period | str | None) -> Period:
    if period is None:
        return snapshot.period
    chosen = period if isinstance(period, Period) else Period.parse(period)
    if chosen.end > snapshot.as_of:
        raise ParamsError(f"period: {chosen.label} is not over by {snapshot.as_of}.")
    return chosen


def _moved(snapshot: "Snapshot", movement: str, period: Period) -> ir.Table:
    """customer_id, first_active_on, opening, closing, stake."""
    rows = joined(ledger(snapshot, grain=period.grain), members(snapshot))
    within = rows.filter(rows.period == number_of(period))
    moved = within.filter(movement_of(within, period.grain) == movement)
    change = (moved.closing - moved.opening).abs()
    return moved.select("customer_id", "first_active_on", "opening", "closing", stake=change)


def _bought(snapshot: "Snapshot", movement: str, period: Period) -> ir.Table:
    """customer_id, first_active_on, revenue, orders, stake."""
    if movement == "new" and number_of(period) == left_edge(snapshot, period.grain):
        raise ParamsError(
            f"period: {period.label} is the first of the records, so who is new in it is not "
            "known; opened_on says that the business began then."
        )
    rows = joined(customer_periods(snapshot, period.grain), members(snapshot))
    buyers = rows.filter(rows.period == number_of(period), rows.occasions > 0)
    is_new = period_number(buyers.first_active_on, period.grain) == buyers.period
    is_new = is_new.fill_null(False)
    chosen = buyers.filter(is_new if movement == "new" else ~is_new)
    return chosen.select(
        "customer_id",
        "first_active_on",
        revenue=chosen.amount,
        orders=chosen.occasions,
        stake=chosen.amount,
    )


def _described(snapshot: "Snapshot", rows: ir.Table, period: Period) -> pd.DataFrame:
    """The customers in their order, each with tenure and segments."""
    values = {f"{BY}{name}": snapshot.segment(name) for name in snapshot.params.segments}
    people = snapshot.customers.select("customer_id", **values)
    both = joined(rows, people)
    both = both.mutate(tenure=months_through(both.first_active_on, period.end))
    frame = collect(both.order_by(ibis.desc("stake"), "customer_id"))
    return as_declared(frame, CUSTOMERS_WHO).join(frame[list(values)])
