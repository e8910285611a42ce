"""Sales of a business without contracts: revenue and customers, new against returning, and
purchases week by week.
"""

from typing import TYPE_CHECKING

import ibis
import pandas as pd

from churnlib.engine import MONEY_DECIMALS, collect
from churnlib.measures.by_period import dated, dense, last_period, number_of, period_number
from churnlib.measures.members import count_if, joined, members
from churnlib.measures.purchases import DAYS_A_WEEK, customer_periods, purchases
from churnlib.periods import Grain
from churnlib.statistics.rates import ratio

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

SALES_COLUMNS = [
    "revenue",
    "revenue_new",
    "revenue_returning",
    "customers",
    "new_customers",
    "returning_customers",
    "orders",
    "purchase_frequency",
    "average_order_value",
]


def sales(
    snapshot: "Snapshot", *, by: str | None = None, grain: Grain | None = None
) -> pd.DataFrame:
    """Revenue and customers by period, new against returning.

    Grain: one row a period (and segment), from the first row of orders to the snapshot's period.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business
    by : a column of customers to split by
    grain : {"month", "quarter"}, default the snapshot's own; an incomplete quarter is not listed

    Returns
    -------
    DataFrame : period_start; [by]; revenue (currency, returns deducted) = revenue_new (of customers
    whose first
        purchase lies in the period) + revenue_returning; customers (with a purchase) =
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
    money = {"revenue_new": ibis.ifelse(is_new, rows.amount, 0), "revenue": rows.amount}
    bought = rows.occasions > 0
    sums = rows.group_by("period", *([by] if by else [])).aggregate(
        **{name: value.sum() for name, value in money.items()},
        customers=count_if(bought),
        new_customers=count_if(bought & is_new),
        orders=rows.occasions.sum(),
    )
    frame = dated(dense(collect(sums), number_of(last_period(snapshot, grain)), by), grain)
    return _with_averages(frame)[["period_start", *([by] if by else []), *SALES_COLUMNS]]


def weekly(snapshot: "Snapshot") -> pd.DataFrame:
    """First and repeat purchases by week since the first sale: what a model's expected purchases
    are tracked against.

    Grain: one row a whole week observed by as_of, also where nobody bought; a last incomplete week
    is left out.

    Parameters
    ----------
    snapshot : Snapshot of a transactional business

    Returns
    -------
    DataFrame : week (0 = the seven days from the first sale on); first_purchases, repeat_purchases
    (occasions)

    Examples
    --------
    >>> weekly(snapshot).columns.tolist()
    ['week', 'first_purchases', 'repeat_purchases']
    """
    rows = purchases(snapshot)
    days = collect(
        rows.group_by("purchased_on").aggregate(
            first_purchases=count_if(rows.number == 1), repeat_purchases=count_if(rows.number > 1)
        )
    )
    opening = days["purchased_on"].min()
    week = (days["purchased_on"] - opening).dt.days // DAYS_A_WEEK
    weeks = days.assign(week=week).groupby("week")[["first_purchases", "repeat_purchases"]].sum()
    n_whole = 0 if days.empty else (pd.Timestamp(snapshot.as_of) - opening).days // DAYS_A_WEEK
    return weeks.reindex(range(n_whole), fill_value=0).rename_axis("week").reset_index()


def _with_averages(frame: pd.DataFrame) -> pd.DataFrame:
    revenue, new = (frame[name].round(MONEY_DECIMALS) for name in ("revenue", "revenue_new"))
    return frame.assign(
        revenue=revenue,
        revenue_new=new,
        revenue_returning=(revenue - new).round(MONEY_DECIMALS),
        returning_customers=frame["customers"] - frame["new_customers"],
        purchase_frequency=ratio(frame["orders"], frame["customers"]),
        average_order_value=ratio(revenue, frame["orders"]),
    )
