"""Today's customers: for how long they have been customers, and what they pay on average."""

from dataclasses import replace
from typing import TYPE_CHECKING

import ibis
import pandas as pd

from churnlib.engine import MONEY_DECIMALS, collect
from churnlib.measures.billing_intervals import INTERVAL_MONTHS, billing_intervals
from churnlib.measures.by_period import SEGMENT, as_declared, split_keys
from churnlib.measures.ledger import paid_spans
from churnlib.measures.lifetimes import returns
from churnlib.measures.members import joined, members, with_segment
from churnlib.measures.tenure import months_through
from churnlib.results.columns import TENURE, Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["active_base", "arpa"]

MONTHS_OF_COST = 12
"""Months before as_of whose new customers tell what winning one costs."""
WORDS = (Term("ARPA", "Average revenue per account: MRR ÷ active customers, a month."),)
_CUSTOMERS = Column("customers", "count", "Customers", "Customers active just before as_of.")
_STAY = replace(TENURE, meaning="Whole months since the current stay began.")
_MRR = Column("mrr", "money", "MRR", "What they pay a month.")
ACTIVE_BASE = Result(
    "active_base",
    "today's customers by tenure",
    "one row a tenure (and segment)",
    (INTERVAL_MONTHS, _STAY, _CUSTOMERS, _MRR),
)
ARPA = Result(
    "arpa",
    "average revenue per account",
    "one row (a segment)",
    (
        _CUSTOMERS,
        _MRR,
        Column(
            "arpa",
            "money",
            "ARPA",
            "MRR ÷ active customers.",
            decimals=2,
        ),
        Column(
            "acquisition_cost",
            "money",
            "Acquisition cost",
            "Mean cost of the customers won in the twelve months before as_of of whom it is known.",
            optional=True,
        ),
    ),
)


@gives(ACTIVE_BASE)
def active_base(
    snapshot: "Snapshot", *, by: "Split | None" = None, intervals: bool = False
) -> pd.DataFrame:
    """Today's customers by how long their current stay has lasted.

    Grain: one row a tenure (and segment) of customers active just before as_of.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers
    intervals : whether to keep apart how often customers pay, see `billing_intervals`

    Returns
    -------
    DataFrame
        [segment]; [interval_months] (0: not known); tenure (whole months of the current stay: who
        came back after an absence is as new as on the day of the return); customers; mrr (currency
        a month)

    Examples
    --------
    >>> active_base(snapshot).columns.tolist()
    ['tenure', 'customers', 'mrr']
    """
    spans = paid_spans(snapshot)
    running = spans.filter((spans.ends_on >= snapshot.as_of).fill_null(True))
    paying = running.group_by("customer_id").aggregate(mrr=running.mrr.sum())
    rows = joined(paying, members(snapshot, by)).left_join(returns(snapshot), "customer_id")
    since = ibis.coalesce(rows.returned_on, rows.first_active_on)
    rows = rows.mutate(tenure=months_through(since, snapshot.as_of))
    kept = []
    if intervals:
        kept = [INTERVAL_MONTHS.name]
        rows = rows.drop("customer_id_right").left_join(billing_intervals(snapshot), "customer_id")
        rows = rows.mutate(interval_months=rows.interval_months.fill_null(0))
    keys = [*split_keys(by), *kept, "tenure"]
    groups = collect(rows.group_by(*keys).aggregate(customers=rows.count(), mrr=rows.mrr.sum()))
    return as_declared(groups.sort_values(keys, ignore_index=True), ACTIVE_BASE)


@gives(ARPA)
def arpa(snapshot: "Snapshot", *, by: "Split | None" = None) -> pd.DataFrame:
    """Average revenue per active customer just before as_of.

    Grain: one row (a segment); none where nobody is active.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers

    Returns
    -------
    DataFrame
        [segment]; customers; mrr (currency a month); arpa = mrr / customers; acquisition_cost
        (currency, mean over the customers won in the twelve months before as_of of whom it is
        known; the column is absent where of nobody)

    Examples
    --------
    >>> arpa(snapshot).columns.tolist()
    ['customers', 'mrr', 'arpa']
    """
    sums = _sums(active_base(snapshot, by=by))
    figures = sums[sums["customers"] > 0].round({"mrr": MONEY_DECIMALS})
    figures = figures.assign(arpa=figures["mrr"] / figures["customers"])
    costs = _acquisition_costs(snapshot, by)
    if costs["acquisition_cost"].notna().any():
        figures = _beside(figures, costs)
    return as_declared(figures, ARPA)


def _sums(base: pd.DataFrame) -> pd.DataFrame:
    """Customers and MRR: [segment], customers, mrr."""
    counted = ["customers", "mrr"]
    if SEGMENT in base:
        return base.groupby(SEGMENT, as_index=False)[counted].sum()
    return base[counted].sum().to_frame().T.astype({"customers": "int64"})


def _beside(figures: pd.DataFrame, costs: pd.DataFrame) -> pd.DataFrame:
    if SEGMENT in figures:
        return figures.merge(costs, on=SEGMENT, how="left")
    return figures.assign(**costs.iloc[0])


def _acquisition_costs(snapshot: "Snapshot", by: "Split | None") -> pd.DataFrame:
    """Mean cost of the customers won within a year before as_of: [segment], acquisition_cost."""
    customers = with_segment(snapshot, by)
    won = customers.filter(customers.first_active_on >= snapshot.months_before(MONTHS_OF_COST))
    mean = won.acquisition_cost.mean()
    if by is None:
        return collect(won.aggregate(acquisition_cost=mean))
    return collect(won.group_by(SEGMENT).aggregate(acquisition_cost=mean))
