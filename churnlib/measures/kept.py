"""Which customers of a year ago are still customers."""

from datetime import date
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.ledger import paid_spans
from churnlib.results.columns import PERIOD_START, Column, rate
from churnlib.results.declared import Result, gives
from churnlib.statistics.rates import with_rate

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["customers_kept"]

KEPT = Result(
    "customers_kept",
    title="customers of a year ago who still are",
    grain="one row: the reported period",
    columns=(
        PERIOD_START,
        Column("customers_then", "count", "A year ago", "Customers at the closing a year before."),
        Column("kept", "count", "Still customers", "Of them, customers at this closing."),
        *rate(
            "kept_rate",
            "Annual customer retention",
            "Customers of a year ago who are customers at closing ÷ customers of a year ago.",
            "customers_then",
        ),
    ),
)


@gives(KEPT)
def customers_kept(snapshot: "Snapshot") -> pd.DataFrame:
    """Annual customer retention: of the customers of a year ago, those who are customers today.

    Grain: one row, the reported period. Who left and came back in between counts as kept; who
    joined since does not count at all. No row where the records begin later than a year ago.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        period_start; customers_then (at the closing a year before), kept (of them, at this
        closing); kept_rate = kept / customers_then with kept_rate_low, kept_rate_high (Wilson)

    Examples
    --------
    >>> customers_kept(snapshot).columns.tolist()[:3]
    ['period_start', 'customers_then', 'kept']
    """
    period = snapshot.period
    then = period.shift(-period.periods_per_year()).end
    ago = _there(snapshot, then)
    still = ago.semi_join(_there(snapshot, snapshot.as_of), "customer_id")
    counts = {"customers_then": _n(ago), "kept": _n(still)}
    frame = pd.DataFrame({"period_start": [pd.Timestamp(period.start)], **counts})
    begin = snapshot.params.first_day or snapshot.first_day
    known = frame if begin <= then else frame.head(0)
    return with_rate(known, "kept", "customers_then", "kept_rate")


def _there(snapshot: "Snapshot", day: date) -> ir.Table:
    """Customers just before a day."""
    spans = paid_spans(snapshot)
    lasts = (spans.ends_on >= day).fill_null(True)
    return spans.filter((spans.starts_on < day) & lasts).select("customer_id").distinct()


def _n(people: ir.Table) -> int:
    return int(collect(people.agg(n=people.count())).n.item())
