"""What customers who left gave as the reason, and who gave none."""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import (
    as_declared,
    dated,
    last_period,
    listed,
    number_of,
    split_keys,
)
from churnlib.measures.endings import VOLUNTARY, YES, endings
from churnlib.measures.members import days_between, joined, members
from churnlib.measures.tenure import month_of_life
from churnlib.periods import MONTHS, MONTHS_A_YEAR, Period
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["answers"]

ABOUT_DAYS = 60
"""Days before or after an end in which an exit survey is about it."""
NEED_ENDED = "need_ended"
KEYS = ["reason", "tenure", "plan", "how", "satisfied"]
"""What leavers are told apart by, beside the month and what is split by."""
TENURES = (3, 12)
"""Months of life at which bands of tenure end."""
WORDS = (
    Term(
        "Satisfied leaver",
        "Who left by the own decision and came back within the return window without a failed "
        "payment, or said that the need ended.",
    ),
)
ANSWERS = Result(
    "answers",
    title="what those who left said",
    grain="one row a month, reason given (empty: none), tenure, plan, way in which it "
    "ended, and whether they left satisfied",
    columns=(
        PERIOD_START,
        Column("complete", "flag", "Complete", "Whether the data cover its quarter wholly."),
        Column("years_ago", "count", "Years ago", "0: in the last twelve months; 1: before those."),
        Column("reason", "word", "Reason", "What was given; empty where nothing was."),
        Column("tenure", "text", "Tenure", "Months of life at leaving: up to 3, up to 12, more."),
        Column("plan", "text", "Plan", "The plan that ended last."),
        Column("how", "word", "How it ended", "See `churn_kinds`."),
        Column("satisfied", "flag", "Satisfied", "See Satisfied leaver."),
        Column("customers", "count", "Customers", "Who left.", adds=True),
    ),
)


@gives(ANSWERS)
def answers(snapshot: "Snapshot", by: "Split | None" = None) -> pd.DataFrame:
    """Churned customers by when they left and what they gave as the reason: in an exit survey about
    the end, else on the subscription.

    Grain: one row a month of leaving, [segment], reason (empty where none was given), tenure,
    plan, way in which it ended, and whether they left satisfied.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers

    Returns
    -------
    DataFrame
        period_start (month); [segment]; complete (of its quarter); years_ago (0: the last twelve
        months before as_of); reason; tenure ("up to 3", "up to 12", "more" months of life); plan;
        how; satisfied (by the own decision, and came back without a failed payment or said that
        the need ended); customers

    Examples
    --------
    >>> answers(snapshot).columns.tolist()[:4]
    ['period_start', 'complete', 'years_ago', 'reason']
    """
    rows = joined(endings(snapshot, "month"), members(snapshot, by))
    rows = _with_surveys(snapshot, rows)
    rows = rows.mutate(
        reason=rows.said.coalesce(rows.cancel_feedback).fill_null(""),
        tenure=_tenure(month_of_life(rows.first_active_on, rows.left_on)),
    )
    came_back = (rows.came_back == YES) & ~rows.failed_before
    satisfied = (rows.how == VOLUNTARY) & (came_back | (rows.reason == NEED_ENDED))
    rows = rows.mutate(satisfied=satisfied)
    keys = ["period", *split_keys(by), *KEYS]
    counted = collect(rows.group_by(*keys).agg(customers=rows.count()))
    counted = listed(snapshot, counted.sort_values(keys, ignore_index=True), "month")
    last = number_of(last_period(snapshot, "month"))
    counted["years_ago"] = (last - counted["period"]) // MONTHS_A_YEAR
    last_quarter = number_of(last_period(snapshot, "quarter"))
    quarter = counted["period"] // MONTHS["quarter"]
    counted["complete"] = quarter.between(_first_whole(snapshot), last_quarter)
    frame = dated(counted, "month")
    frame.attrs["grain"] = "month"
    return as_declared(frame, ANSWERS)


def _tenure(months: ir.IntegerValue) -> ir.StringValue:
    """Months of life in bands."""
    short, middle = TENURES
    return ibis.cases(
        (months <= short, f"up to {short}"), (months <= middle, f"up to {middle}"), else_="more"
    )


def _first_whole(snapshot: "Snapshot") -> int:
    """The first quarter that the data cover from its first day on."""
    first = Period.containing(snapshot.first_day, "quarter")
    return number_of(first) + int(snapshot.first_day > first.start)


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
