"""How many customers left: customers at opening who are not there at closing."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from churnlib.measures.by_period import (
    add_up,
    as_declared,
    dated,
    dense,
    last_period,
    listed,
    number_of,
    split_keys,
)
from churnlib.measures.ledger import JOINED_AND_LEFT, movement_totals
from churnlib.measures.revenue import MRR, MRR_RATES, OPENING, mrr_bridge
from churnlib.periods import Grain
from churnlib.results.columns import PERIOD_START, Column, rate
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rates import with_rate

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["churn_by_quarter", "churn_rates", "customer_churn"]

COUNTED = {
    "new": "new_customers",
    "reactivation": "reactivated_customers",
    "churn": "churned_customers",
    JOINED_AND_LEFT: JOINED_AND_LEFT,
}
WORDS = (
    Term("Churned", "Active at opening and not at closing."),
    Term(
        "Customer churn rate",
        "Customers active at opening and not at closing ÷ customers active at opening.",
    ),
)
_THERE = Column(
    "opening_customers", "count", "Opening customers", "Customers active just before the period."
)
_LEFT = Column(
    "churned_customers",
    "count",
    "Churned customers",
    "Customers active at opening and not at closing.",
)
_COUNTS = (
    _THERE,
    Column(
        "new_customers",
        "count",
        "New customers",
        "Customers active for the first time, and still so at closing.",
    ),
    Column(
        "reactivated_customers",
        "count",
        "Reactivated customers",
        "Customers back after an absence, and still there at closing.",
    ),
    _LEFT,
    Column(
        "closing_customers",
        "count",
        "Closing customers",
        "Customers active just before the period ends.",
    ),
)
_RATE = rate(
    "churn_rate",
    "Churn rate",
    "Churned customers ÷ opening customers; empty where nobody was there.",
    "opening_customers",
)
_WITHIN = Column(
    JOINED_AND_LEFT,
    "count",
    "Joined and left",
    "Customers who came for the first time and went within the period: in no other count.",
)
CHURN = Result(
    "churn",
    "customer churn",
    "one row a period (and segment)",
    (PERIOD_START, *_COUNTS, *_RATE, _WITHIN),
)
CHURN_BY_QUARTER = Result(
    "churn_by_quarter",
    "churn by quarter",
    "one row a complete quarter (and segment)",
    (PERIOD_START, *_COUNTS, _WITHIN, *_RATE, *MRR.columns[1:]),
    shown=(
        "period_start",
        "opening_customers",
        "churned_customers",
        "churn_rate",
        "gross_churn_rate",
        "net_churn_rate",
    ),
    caption="Churn by quarter: complete quarters, each against its own opening",
)
CHURN_RATES = Result(
    "churn_rates",
    "churn rates of customers and of MRR",
    "one row a period (and segment)",
    (
        PERIOD_START,
        _THERE,
        _LEFT,
        *_RATE,
        OPENING,
        *(replace(one, denominator="opening_customers") for one in MRR_RATES),
    ),
)


@gives(CHURN)
def customer_churn(
    snapshot: "Snapshot", *, by: "Split | None" = None, grain: Grain | None = None
) -> pd.DataFrame:
    """Customers who came and who left, period by period, and the churn rate with its range.

    Grain: one row a period (and segment), from the first activity to the snapshot's period, also
    where nothing happened. A customer is active where the MRR of all of its subscriptions together
    is above 0.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers
    grain : {"month", "quarter"}, default the snapshot's own; an incomplete quarter is not listed

    Returns
    -------
    DataFrame
        period_start; [segment]; opening_customers (active just before the period); new_customers
        (active for the first time and still so at closing); reactivated_customers (back after an
        absence); churned_customers (active at opening, not at closing); closing_customers;
        churn_rate = churned / opening, empty where nobody was there; churn_rate_low,
        churn_rate_high (Wilson); joined_and_left (came for the first time and went within the
        period: in neither count)

    Examples
    --------
    >>> churn = customer_churn(snapshot)
    >>> bool((churn.churned_customers <= churn.opening_customers).all())
    True
    """
    grain = grain or snapshot.period.grain
    counts = _counts(movement_totals(snapshot, by, grain), ["period", *split_keys(by)])
    frame = dense(counts, number_of(last_period(snapshot, grain)))
    gain = frame["new_customers"] + frame["reactivated_customers"] - frame["churned_customers"]
    frame["closing_customers"] = add_up(frame.assign(gain=gain), ["gain"])["gain"]
    frame["opening_customers"] = frame["closing_customers"] - gain
    shown = listed(snapshot, frame, grain)
    rated = with_rate(shown, "churned_customers", "opening_customers", "churn_rate")
    return as_declared(dated(rated, grain), CHURN)


@gives(CHURN_BY_QUARTER)
def churn_by_quarter(snapshot: "Snapshot", *, by: "Split | None" = None) -> pd.DataFrame:
    """Churn of customers and of MRR by quarter, also where the report is of a month.

    Grain: one row a complete quarter (and segment), each against its own opening.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers

    Returns
    -------
    DataFrame
        the columns of `customer_churn`, then those of `mrr_bridge`

    Examples
    --------
    >>> churn_by_quarter(snapshot).opening_customers.tolist()
    [0]
    """
    merged = _customers_and_money(snapshot, by, "quarter")
    merged.attrs = {"grain": "quarter"}
    return as_declared(merged, CHURN_BY_QUARTER)


@gives(CHURN_RATES)
def churn_rates(
    snapshot: "Snapshot", *, by: "Split | None" = None, grain: Grain | None = None
) -> pd.DataFrame:
    """Customer churn beside gross and net MRR churn, period by period.

    Grain: one row a period (and segment), as in `customer_churn`.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers
    grain : {"month", "quarter"}, default the snapshot's own

    Returns
    -------
    DataFrame
        period_start; [segment]; opening_customers, churned_customers; churn_rate with
        churn_rate_low, churn_rate_high (Wilson); opening (MRR, currency a month);
        gross_churn_rate, net_churn_rate (of opening, see `mrr_bridge`)

    Examples
    --------
    >>> churn_rates(snapshot).columns.tolist()[:3]
    ['period_start', 'opening_customers', 'churned_customers']
    """
    merged = _customers_and_money(snapshot, by, grain or snapshot.period.grain)
    return as_declared(merged, CHURN_RATES)


def _customers_and_money(snapshot: "Snapshot", by: "Split | None", grain: Grain) -> pd.DataFrame:
    churn = customer_churn(snapshot, by=by, grain=grain)
    bridge = mrr_bridge(snapshot, by=by, grain=grain)
    return churn.merge(bridge, on=["period_start", *split_keys(by)])


def _counts(totals: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Movements side by side: period, [segment], one column of customers each."""
    wide = totals.pivot_table("customers", keys, "movement", aggfunc="sum")
    counts = wide.reindex(columns=list(COUNTED)).fillna(0).astype("int64")
    return counts.rename(columns=COUNTED).rename_axis(columns=None).reset_index()
