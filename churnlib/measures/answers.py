"""What customers who left gave as the reason, and who gave none."""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import as_declared, number_of
from churnlib.measures.endings import endings
from churnlib.measures.members import days_between, joined, members
from churnlib.measures.tenure import month_of_life
from churnlib.periods import MONTHS_A_YEAR, Period
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["answers"]

ABOUT_DAYS = 60
"""Days before or after an end in which an exit survey is about it."""
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
    """Churned customers of the last twelve months by what they gave as the reason: in an exit
    survey about the end, else on the subscription.

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
    rows = _with_surveys(snapshot, rows)
    months = month_of_life(rows.first_active_on, rows.left_on)
    short, middle = TENURES
    tenure = ibis.cases(
        (months <= short, f"up to {short}"), (months <= middle, f"up to {middle}"), else_="more"
    )
    given = rows.said.coalesce(rows.cancel_feedback)
    rows = rows.mutate(reason=given.fill_null(""), tenure=tenure)
    keys = ["reason", "tenure", "plan", "how"]
    counted = collect(rows.group_by(*keys).agg(customers=rows.count()))
    return as_declared(counted.sort_values(keys, ignore_index=True), ANSWERS)


def _with_surveys(snapshot: "Snapshot", rows: ir.Table) -> ir.Table:
    """Who left, with `said`: the reason of an exit survey answered about the end."""
    if snapshot.surveys is None:
        return rows.mutate(said=ibis.null("string"))
    asked = snapshot.surveys
    asked = asked.filter((asked.kind == "exit") & (asked.reason != ""))
    both = rows.select("customer_id", "left_on").inner_join(
        asked.select("customer_id", "answered_on", "reason"), "customer_id"
    )
    near = both.filter(days_between(both.left_on, both.answered_on).abs() <= ABOUT_DAYS)
    said = near.group_by("customer_id", "left_on").agg(said=near.reason.min())
    keys = ["customer_id", "left_on"]
    return rows.left_join(said, keys).select(*rows.columns, "said")
