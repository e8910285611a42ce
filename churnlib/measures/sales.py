"""Sales of a business without contracts: revenue and customers, new against returning."""

from typing import TYPE_CHECKING

import ibis
import pandas as pd

from churnlib.engine import MONEY_DECIMALS, collect
from churnlib.measures.by_period import (
    as_declared,
    dated,
    dense,
    last_period,
    left_edge,
    number_of,
    period_number,
    split_keys,
)
from churnlib.measures.members import count_if, joined, members
from churnlib.measures.purchases import customer_periods
from churnlib.periods import Grain
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rates import ratio

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["sales"]

WORDS = (
    Term(
        "New and returning",
        "The first purchase lies in this period, or in an earlier one; of the first period of the "
        "records it is not known, unless the business began then.",
    ),
)
SALES = Result(
    "sales",
    "sales",
    "one row a period (and segment)",
    (
        PERIOD_START,
        Column("revenue", "money", "Revenue", "What was sold, returns deducted."),
        Column(
            "revenue_new",
            "money",
            "Revenue new",
            "Revenue of customers whose first purchase lies in the period.",
        ),
        Column(
            "revenue_returning",
            "money",
            "Revenue returning",
            "Revenue of customers whose first purchase lies in an earlier period.",
        ),
        Column(
            "revenue_unattributed",
            "money",
            "Without a customer",
            "Revenue of sales that name no customer; it is not in revenue.",
            optional=True,
        ),
        Column("customers", "count", "Customers", "Customers with a purchase in the period."),
        Column(
            "new_customers",
            "count",
            "New customers",
            "Of them, those whose first purchase lies in the period.",
        ),
        Column(
            "returning_customers",
            "count",
            "Returning customers",
            "Of them, those whose first purchase lies in an earlier period.",
        ),
        Column("orders", "count", "Orders", "Purchases: days on which a customer bought."),
        Column(
            "purchase_frequency",
            "number",
            "Purchase frequency",
            "Orders ÷ customers; empty where nobody bought.",
            decimals=2,
        ),
        Column(
            "average_order_value",
            "money",
            "Average order value",
            "Revenue ÷ orders; empty where nobody bought.",
            decimals=2,
        ),
    ),
    note=(
        "Of the first period of the records it is not known who bought for the first time, unless "
        "opened_on says that the business began then."
    ),
    shown=(
        "period_start",
        "customers",
        "new_customers",
        "returning_customers",
        "orders",
        "revenue",
    ),
)


@gives(SALES)
def sales(
    snapshot: "Snapshot", *, by: "Split | None" = None, grain: Grain | None = None
) -> pd.DataFrame:
    """Revenue and customers by period, new against returning.

    Grain: one row a period (and segment), from the first row of orders to the snapshot's period. In
    the first period of the records everybody buys for the first time there: who of them is new is
    not known and empty, unless `opened_on` says that the business began then.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers
    grain : {"month", "quarter"}, default the snapshot's own; an incomplete quarter is not listed

    Returns
    -------
    DataFrame
        period_start; [segment]; revenue (currency, returns deducted) = revenue_new (of customers
        whose first purchase lies in the period) + revenue_returning; [revenue_unattributed] (of
        sales that name no customer, where there are any: in total only, and not in revenue);
        customers (with a purchase) =
        new_customers + returning_customers; orders (purchase occasions); purchase_frequency =
        orders / customers; average_order_value = revenue / orders (both empty where nobody bought)

    Examples
    --------
    >>> sales(snapshot).columns.tolist()[:4]
    ['period_start', 'revenue', 'revenue_new', 'revenue_returning']
    """
    grain = grain or snapshot.period.grain
    rows = joined(customer_periods(snapshot, grain), members(snapshot, by))
    is_new = (period_number(rows.first_active_on, grain) == rows.period).fill_null(False)
    bought = rows.occasions > 0
    sums = rows.group_by("period", *split_keys(by)).aggregate(
        revenue_new=ibis.ifelse(is_new, rows.amount, 0).sum(),
        revenue=rows.amount.sum(),
        customers=count_if(bought),
        new_customers=count_if(bought & is_new),
        orders=rows.occasions.sum(),
    )
    frame = dense(collect(sums), number_of(last_period(snapshot, grain)))
    at_edge = frame["period"] == left_edge(snapshot, grain)
    if at_edge.any():
        new = ["revenue_new", "new_customers"]
        frame[new] = frame[new].astype(float).mask(at_edge)
    frame = _with_averages(dated(frame, grain))
    if by is None and snapshot.unattributed is not None:
        frame = frame.merge(_unattributed(snapshot, grain), on="period_start", how="left")
        frame["revenue_unattributed"] = frame["revenue_unattributed"].fillna(0.0)
    return as_declared(frame, SALES)


def _unattributed(snapshot: "Snapshot", grain: Grain) -> pd.DataFrame:
    """Revenue of sales that name no customer, by period."""
    rows = snapshot.unattributed
    sums = rows.group_by(period=period_number(rows.ordered_on, grain)).agg(
        revenue_unattributed=rows.amount.sum()
    )
    frame = dated(collect(sums), grain)
    return frame[["period_start", "revenue_unattributed"]].round(MONEY_DECIMALS)


def _with_averages(frame: pd.DataFrame) -> pd.DataFrame:
    revenue = frame["revenue"].round(MONEY_DECIMALS)
    new = frame["revenue_new"].round(MONEY_DECIMALS)
    return frame.assign(
        revenue=revenue,
        revenue_new=new,
        revenue_returning=(revenue - new).round(MONEY_DECIMALS),
        returning_customers=frame["customers"] - frame["new_customers"],
        purchase_frequency=ratio(frame["orders"], frame["customers"]),
        average_order_value=ratio(revenue, frame["orders"]),
    )
