"""What those who left gave as the reason, and how far it holds for those who said nothing."""

import pandas as pd

from churnlib.results.columns import PERIOD_START, Column, rate
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rates import with_rate

__all__ = ["reasons", "reasons_over_time"]

STRATA = ["tenure", "plan", "how"]
FEWEST = 5
"""Answers without which a stratum is pooled with the others of its tenure, or with all."""
QUARTERS = 8
FEWEST_ANSWERS = 20
"""Answers without which a quarter, or a value of a column, is not read."""
WORDS = (
    Term(
        "Response rate",
        "Of all who left, the share that gave a reason.",
    ),
    Term(
        "Reweighted",
        "Shares as they would be if those of the same tenure, plan and way of leaving who said "
        "nothing had answered as those who did.",
    ),
)
REASONS = Result(
    "reasons",
    title="the reasons given",
    grain="one row a reason, over the last twelve months",
    columns=(
        Column("reason", "word", "Reason", "What was given."),
        Column("answers", "count", "Answers", "Who gave it.", adds=True),
        *rate("share", "Share", "Of all answers.", "of_answers"),
        Column("reweighted_share", "share", "Reweighted", "Of all who left, see Reweighted."),
        Column("bound_low", "share", "Bound, from", "If nobody who said nothing had given it."),
        Column("bound_high", "share", "Bound, to", "If all who said nothing had given it."),
        Column("of_answers", "count", "Of answers", "All answers."),
        Column("of_leavers", "count", "Of leavers", "All who left."),
    ),
    shown=("reason", "answers", "share", "share_low", "share_high", "reweighted_share"),
    caption="Reasons given by those who left in the last twelve months",
)

OVER_TIME = Result(
    "reasons_over_time",
    title="the reasons given, quarter by quarter",
    grain="one row a quarter and reason",
    columns=(
        PERIOD_START,
        Column("reason", "word", "Reason", "What was given."),
        Column("answers", "count", "Answers", "Who gave it, of those who left in the quarter."),
        *rate("share", "Share", "Of all answers of the quarter.", "of_answers"),
        Column("of_answers", "count", "Of answers", "All answers of the quarter."),
    ),
)


@gives(REASONS)
def reasons(answers: pd.DataFrame) -> pd.DataFrame:
    """The reasons given, as shares of the answers and of all who left.

    Grain: one row a reason, the one that most gave first.

    Parameters
    ----------
    answers : frame
        What `answers` gave; of the last twelve months (years_ago 0; without the column all):
        reason (empty: none given), tenure, plan, how, customers.

    Returns
    -------
    frame
        reason · answers · share (of all answers) with share_low, share_high (95 %, Wilson) ·
        reweighted_share (of all who left, by tenure, plan and way of leaving) · bound_low,
        bound_high (of all who left, whatever those who said nothing think) · of_answers, of_leavers

    Notes
    -----
    Post-stratification: a stratum with fewer than five answers takes those of its tenure, or of
    all. Bounds: Manski (1989), the worst cases.

    Examples
    --------
    >>> rows = pd.DataFrame({"reason": ["price", "unused", ""], "customers": [6, 2, 12]})
    >>> rows = rows.assign(years_ago=0, tenure="more", plan="Pro", how="voluntary")
    >>> reasons(rows)["share"].tolist()
    [0.75, 0.25]
    """
    names = [column.name for column in REASONS.columns]
    years_ago = answers.get("years_ago", pd.Series(0, answers.index))
    answers = answers[years_ago == 0]
    given = answers[answers["reason"] != ""]
    people, n = float(answers["customers"].sum()), float(given["customers"].sum())
    if not n:
        return pd.DataFrame(columns=names)
    counts = given.groupby("reason")["customers"].sum().sort_values(ascending=False, kind="stable")
    frame = counts.rename("answers").reset_index()
    frame = with_rate(frame.assign(of_answers=int(n)), "answers", "of_answers", "share")
    silent = people - n
    weighted = _reweighted(answers, given)
    return frame.assign(
        reweighted_share=[weighted[one] for one in frame["reason"]],
        bound_low=frame["answers"] / people,
        bound_high=(frame["answers"] + silent) / people,
        of_leavers=int(people),
    )[names]


def _reweighted(answers: pd.DataFrame, given: pd.DataFrame) -> pd.Series:
    """Shares of all who left: each stratum's answers, weighted by who left in it."""
    every = sorted(given["reason"].unique())
    whole = _shares(given, every)
    total = pd.Series(0.0, index=every)
    for keys, people in answers.groupby(STRATA)["customers"].sum().items():
        near = given[given["tenure"] == keys[0]]
        own = near[(near["plan"] == keys[1]) & (near["how"] == keys[2])]
        chosen = next((one for one in (own, near) if one["customers"].sum() >= FEWEST), None)
        total += people * (whole if chosen is None else _shares(chosen, every))
    return total / answers["customers"].sum()


def _shares(rows: pd.DataFrame, every: list[str]) -> pd.Series:
    counts = rows.groupby("reason")["customers"].sum().reindex(every, fill_value=0)
    return counts / counts.sum()


@gives(OVER_TIME)
def reasons_over_time(answers: pd.DataFrame) -> pd.DataFrame:
    """The share of each reason in the answers of each of the last eight quarters.

    Grain: one row a complete quarter with twenty answers or more, and reason.

    Parameters
    ----------
    answers : frame
        What `answers` gave.

    Returns
    -------
    frame
        period_start (of the quarter) · reason · answers · share (of all answers of the quarter)
        with share_low, share_high (95 %, Wilson) · of_answers

    Examples
    --------
    >>> rows = pd.DataFrame({"reason": ["price", "unused", ""], "customers": [30, 10, 99]})
    >>> rows = rows.assign(period_start=pd.Timestamp("2026-02-01"), complete=True)
    >>> reasons_over_time(rows)["share"].tolist()
    [0.75, 0.25]
    """
    given = answers[(answers["reason"] != "") & answers["complete"].astype(bool)]
    quarter = given["period_start"].dt.to_period("Q").dt.start_time
    counts = answers_by_month(given.assign(period_start=quarter))
    counts = counts[counts.sum(axis=1) >= FEWEST_ANSWERS].tail(QUARTERS)
    rows = counts.reset_index().melt("period_start", value_name="answers", var_name="reason")
    rows = rows.astype({"answers": int}).sort_values(["period_start", "reason"], ignore_index=True)
    rows["of_answers"] = rows.groupby("period_start")["answers"].transform("sum").astype(int)
    rows = with_rate(rows, "answers", "of_answers", "share")
    rows.attrs["grain"] = "quarter"
    return rows[[column.name for column in OVER_TIME.columns]]


def answers_by_month(given: pd.DataFrame) -> pd.DataFrame:
    """Answers by month (rows) and reason (columns)."""
    return given.pivot_table("customers", "period_start", "reason", "sum", fill_value=0)
