"""What customers who left gave as the reason, and who gave none."""

from typing import TYPE_CHECKING

import ibis
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import as_declared, number_of
from churnlib.measures.endings import endings
from churnlib.measures.members import joined, members
from churnlib.measures.tenure import month_of_life
from churnlib.periods import MONTHS_A_YEAR, Period
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["answers"]

TENURES = (3, 12)
"""Months of life at which bands of tenure end."""
ANSWERS = Result(
    "answers",
    title="what those who left said",
    grain="one row a reason given (empty: none), tenure, plan and way in which it ended",
    columns=(
        Column("reason", "word", "Reason", "What was given; empty where nothing was."),
        Column("tenure", "text", "Tenure", "Months of life at leaving: up to 3, up to 12, more."),
        Column("plan", "text", "Plan", "The plan that ended last."),
        Column("how", "word", "How it ended", "See `churn_kinds`."),
        Column("customers", "count", "Customers", "Who left in the last twelve months."),
    ),
)


@gives(ANSWERS)
def answers(snapshot: "Snapshot") -> pd.DataFrame:
    """Churned customers of the last twelve months by what they gave as the reason.

    Grain: one row a reason (empty where none was given), tenure, plan and way in which it ended.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        reason; tenure ("up to 3", "up to 12", "more" months of life); plan; how; customers

    Examples
    --------
    >>> answers(snapshot).columns.tolist()
    ['reason', 'tenure', 'plan', 'how', 'customers']
    """
    last = number_of(Period.containing(snapshot.as_of, "month"))
    rows = endings(snapshot, "month")
    rows = joined(rows.filter(rows.period >= last - MONTHS_A_YEAR), members(snapshot))
    months = month_of_life(rows.first_active_on, rows.left_on)
    short, middle = TENURES
    tenure = ibis.cases(
        (months <= short, f"up to {short}"), (months <= middle, f"up to {middle}"), else_="more"
    )
    rows = rows.mutate(reason=rows.cancel_feedback.fill_null(""), tenure=tenure)
    keys = ["reason", "tenure", "plan", "how"]
    counted = collect(rows.group_by(*keys).agg(customers=rows.count()))
    return as_declared(counted.sort_values(keys, ignore_index=True), ANSWERS)
