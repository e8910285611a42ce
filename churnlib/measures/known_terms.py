"""Whether it is given how often customers pay, and what is taken where it is not."""

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.engine import collect
from churnlib.measures.ledger import paid_spans
from churnlib.measures.terms import inferred_terms
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["known_terms"]

KNOWN_TERMS = Result(
    "known_terms",
    title="how often customers pay, as far as it is given",
    grain="one row a plan, and whether its spans say how often they are paid",
    columns=(
        Column("plan", "text", "Plan", "The plan's name."),
        Column("given", "flag", "Given", "Whether the spans say how often they are paid."),
        Column(
            "term",
            "count",
            "Taken as",
            "Months of a term, where not given: that on whose multiples the ends fall, or 1.",
            unit="months",
        ),
        Column("customers", "count", "Customers", "Customers who ever held it so."),
    ),
)


@gives(KNOWN_TERMS)
def known_terms(snapshot: "Snapshot") -> pd.DataFrame:
    """How many customers say how often they pay, by plan, and the term that is taken otherwise.

    Grain: one row a plan and whether its spans give an interval.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        plan; given (bool); term (months taken where no interval is given; empty where it is);
        customers

    Examples
    --------
    >>> known_terms(snapshot).columns.tolist()
    ['plan', 'given', 'term', 'customers']
    """
    spans = paid_spans(snapshot)
    given = spans.interval_months.fill_null(0.0) > 0
    counted = spans.group_by("plan", given=given).agg(customers=spans.customer_id.nunique())
    rows = collect(counted).sort_values(["given", "plan"], ignore_index=True)
    inferred = inferred_terms(snapshot)
    terms = pd.Series([inferred.get(plan, 1) for plan in rows["plan"]], dtype=float)
    return rows.assign(term=terms.mask(rows["given"]))[[one.name for one in KNOWN_TERMS.columns]]
