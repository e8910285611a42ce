"""Today's customers who never left: those of whom the hazards of first stays are true."""

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.engine import collect
from churnlib.measures.billing_intervals import INTERVAL_MONTHS, billing_intervals
from churnlib.measures.by_period import as_declared, split_keys
from churnlib.measures.ledger import paid_spans
from churnlib.measures.lifetimes import first_stays
from churnlib.measures.members import joined, members
from churnlib.measures.tenure import months_through
from churnlib.results.columns import TENURE, Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["still_staying"]

STILL_STAYING = Result(
    "still_staying",
    "today's customers in their first stay",
    "one row a billing interval and tenure (and segment)",
    (
        INTERVAL_MONTHS,
        TENURE,
        Column("customers", "count", "Customers", "Customers who never left, active now."),
        Column("mrr", "money", "MRR", "What they pay a month."),
    ),
)


@gives(STILL_STAYING)
def still_staying(snapshot: "Snapshot", *, by: "Split | None" = None) -> pd.DataFrame:
    """Today's customers in their first stay, by how often they pay and how long they have stayed.

    Grain: one row a billing interval and tenure (and segment). Who left and came back is in no row:
    what is known of first stays is not known of a second one.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers

    Returns
    -------
    DataFrame
        [segment]; interval_months (0: not known); tenure (whole months since the first paid day);
        customers; mrr (currency a month)

    Examples
    --------
    >>> still_staying(snapshot).columns.tolist()
    ['interval_months', 'tenure', 'customers', 'mrr']
    """
    stays = first_stays(snapshot, snapshot.as_of)
    staying = stays.filter(stays.ended_on >= snapshot.as_of).select("customer_id")
    spans = paid_spans(snapshot)
    running = spans.filter((spans.ends_on >= snapshot.as_of).fill_null(True))
    paying = running.group_by("customer_id").aggregate(mrr=running.mrr.sum())
    rows = joined(paying.semi_join(staying, "customer_id"), members(snapshot, by))
    rows = joined(rows, billing_intervals(snapshot))
    rows = rows.mutate(tenure=months_through(rows.first_active_on, snapshot.as_of))
    keys = [*split_keys(by), INTERVAL_MONTHS.name, "tenure"]
    groups = collect(rows.group_by(*keys).aggregate(customers=rows.count(), mrr=rows.mrr.sum()))
    return as_declared(groups.sort_values(keys, ignore_index=True), STILL_STAYING)
