"""How likely customers say they are to recommend, and whether they stayed."""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.engine.moments import plus_days
from churnlib.errors import DataError
from churnlib.measures.by_period import dated, last_period, number_of, period_number
from churnlib.measures.endings import endings
from churnlib.measures.members import count_if, days_between
from churnlib.results.columns import QUARTER_FROM, SCORE_COUNTS, SCORE_GROUPS
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["left_after_score", "scores"]

PROMOTER, PASSIVE, DETRACTOR = "promoter", "passive", "detractor"
LATER_DAYS = 90
"""Days after an answer in which leaving is looked for."""
WORDS = (
    Term(
        "Promoter, passive, detractor",
        "Who answers 9 or 10, 7 or 8, or 0 to 6 when asked how likely a recommendation is.",
    ),
)
SCORES = Result(
    "scores",
    title="answers to the question about recommending",
    grain="one row a quarter in which somebody answered",
    columns=(QUARTER_FROM, *SCORE_COUNTS),
)
LEFT = Result(
    "left_after_score",
    title="who left after what they answered",
    grain="one row a group of scores",
    columns=SCORE_GROUPS,
)


@gives(SCORES)
def scores(snapshot: "Snapshot") -> pd.DataFrame:
    """Answers to the nps question by calendar quarter.

    Grain: one row a quarter, complete by as_of, in which somebody answered.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business, with surveys

    Returns
    -------
    DataFrame
        period_start (of the quarter); asked (in it); answered, promoters, passives, detractors
        (answers given in it)

    Raises
    ------
    DataError : there is no table surveys
    """
    rows = _nps(snapshot)
    asked = rows.group_by(period=period_number(rows.asked_on, "quarter")).agg(asked=rows.count())
    given = rows.drop_null("answered_on")
    counts = given.group_by(period=period_number(given.answered_on, "quarter")).agg(
        answered=given.count(),
        promoters=count_if(given.score >= 9),
        passives=count_if((given.score >= 7) & (given.score < 9)),
        detractors=count_if(given.score < 7),
    )
    both = collect(counts).merge(collect(asked), "left", "period").fillna({"asked": 0})
    last = number_of(last_period(snapshot, "quarter"))
    both = both[both["period"] <= last].sort_values("period", ignore_index=True)
    frame = dated(both.astype({"asked": int}), "quarter")
    frame.attrs["grain"] = "quarter"
    return frame[[column.name for column in SCORES.columns]]


@gives(LEFT)
def left_after_score(snapshot: "Snapshot") -> pd.DataFrame:
    """Of those who answered the nps question, who left in the ninety days after it.

    Grain: one row a group of scores. Only answers that are ninety days old; leaving counts from the
    answer on, never before it.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business, with surveys

    Returns
    -------
    DataFrame
        group (promoter, passive, detractor); answers; left

    Raises
    ------
    DataError : there is no table surveys
    """
    rows = _nps(snapshot).drop_null("answered_on")
    old = rows.filter(plus_days(rows.answered_on, LATER_DAYS) <= snapshot.as_of)
    old = old.mutate(
        group=ibis.cases((old.score >= 9, PROMOTER), (old.score >= 7, PASSIVE), else_=DETRACTOR)
    )
    gone = endings(snapshot, "month").select("customer_id", "left_on")
    both = old.left_join(gone, "customer_id")
    after = days_between(both.answered_on, both.left_on).between(1, LATER_DAYS).fill_null(False)
    each = both.group_by("customer_id", "answered_on", "group").agg(left=after.any())
    counts = each.group_by("group").agg(answers=each.count(), left=count_if(each.left))
    found = collect(counts).set_index("group").reindex([PROMOTER, PASSIVE, DETRACTOR])
    return found.fillna(0).astype(int).reset_index()


def _nps(snapshot: "Snapshot") -> ir.Table:
    if snapshot.surveys is None:
        raise DataError("There is no table surveys: map it under source.tables.surveys.")
    rows = snapshot.surveys
    return rows.filter(rows.kind == "nps")
