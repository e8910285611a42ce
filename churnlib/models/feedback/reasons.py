"""What those who left gave as the reason, and how far it holds for those who said nothing."""

import pandas as pd

from churnlib.results.columns import Column, rate
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rates import with_rate

__all__ = ["reasons"]

STRATA = ["tenure", "plan", "how"]
FEWEST = 5
"""Answers without which a stratum is pooled with the others of its tenure, or with all."""
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


@gives(REASONS)
def reasons(answers: pd.DataFrame) -> pd.DataFrame:
    """The reasons given, as shares of the answers and of all who left.

    Grain: one row a reason, the one that most gave first.

    Parameters
    ----------
    answers : frame
        reason (empty: none given), tenure, plan, how, customers: what `answers` gave.

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
    >>> reasons(rows.assign(tenure="more", plan="Pro", how="voluntary"))["share"].tolist()
    [0.75, 0.25]
    """
    names = [column.name for column in REASONS.columns]
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
