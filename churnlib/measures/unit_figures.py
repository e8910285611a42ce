"""Revenue per customer, and gains against losses of MRR."""

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.measures.revenue import mrr_bridge
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rates import ratio

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["unit_figures"]

WORDS = (
    Term(
        "Quick ratio",
        "(New + reactivation + expansion) ÷ (contraction + churn): gains ÷ losses of MRR.",
    ),
)
UNIT_FIGURES = Result(
    "unit_figures",
    "revenue per customer",
    "one row a period",
    (
        PERIOD_START,
        Column(
            "arpa",
            "money",
            "ARPA",
            "MRR ÷ active customers at closing; empty without customers.",
            decimals=2,
        ),
        Column(
            "quick_ratio",
            "number",
            "Quick ratio",
            "Gains ÷ losses of MRR; empty where nothing was lost.",
        ),
        Column("customers", "count", "Customers", "Customers active at closing."),
        Column("mrr", "money", "MRR", "MRR at closing.", decimals=2),
    ),
    shown=("period_start", "customers", "mrr", "arpa", "quick_ratio"),
    note=(
        "ARPA: MRR ÷ active customers. Quick ratio: gains ÷ losses of MRR; empty where "
        "nothing was lost."
    ),
)


@gives(UNIT_FIGURES)
def unit_figures(snapshot: "Snapshot") -> pd.DataFrame:
    """Revenue per customer and how many units of growth stand against one of loss.

    Grain: one row a period.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        period_start; arpa = mrr / customers (currency a month, empty without customers);
        quick_ratio = (new + reactivation + expansion) / -(contraction + churn), empty where nothing
        was lost; customers, mrr (at closing)

    Examples
    --------
    >>> unit_figures(snapshot).columns.tolist()
    ['period_start', 'arpa', 'quick_ratio', 'customers', 'mrr']
    """
    bridge = mrr_bridge(snapshot)
    gained = bridge["new"] + bridge["reactivation"] + bridge["expansion"]
    lost = 0 - bridge["contraction"] - bridge["churn"]
    return bridge[["period_start"]].assign(
        arpa=ratio(bridge["closing"], bridge["n_closing"]),
        quick_ratio=ratio(gained, lost),
        customers=bridge["n_closing"],
        mrr=bridge["closing"],
    )
