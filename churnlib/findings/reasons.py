"""What is said of the reasons that those who left gave, and of who left satisfied."""

import pandas as pd

from churnlib.findings.wording import counted, listed, share_of
from churnlib.formats import cell, text
from churnlib.models.feedback.reasons_compared import MORE, NOTHING, PRICE_CHANGE
from churnlib.results.segments import in_words
from churnlib.results.told import Finding
from churnlib.statistics.intervals import wilson
from churnlib.statistics.rules import MIN_N

__all__ = ["say_reasons", "say_reasons_by", "say_reasons_over_time", "say_satisfied"]

TOLD = 3
"""Reasons that a sentence names."""
WORDS = {"how": "how it ended"}


def say_reasons(reasons: pd.DataFrame) -> Finding:
    """Which reason is given most, by how many, and what would have to be true for another."""
    if reasons.empty:
        return Finding(sentence="Nobody who left in twelve months gave a reason.")
    n, people = int(reasons["of_answers"].iloc[0]), int(reasons["of_leavers"].iloc[0])
    rate = text(n / people, "percent")
    answered = (
        f"{text(n, 'count')} of {counted(people, 'customer')} who left gave a reason ({rate})"
    )
    if n < MIN_N:
        return Finding(sentence=f"{answered}: too few to say which counts most.", n=n)
    first = reasons.iloc[0]
    share = share_of(first.share, first.share_low, first.share_high)
    word = _word(first.reason)
    told = (
        f"{answered}. “{word.capitalize()}” leads with {share} of the answers, "
        f"{text(first.reweighted_share, 'percent')} brought to all who left"
    )
    return Finding(sentence=f"{told}{_tipping(reasons, people - n)}.", n=n)


def _tipping(reasons: pd.DataFrame, silent: int) -> str:
    """By how much the second would have to lead among those who said nothing to be first."""
    if len(reasons) < 2 or not silent:
        return ""
    first, second = reasons.iloc[0], reasons.iloc[1]
    lead = (first.answers - second.answers) / silent
    word = _word(second.reason)
    return (
        f"; it stays first unless “{word}” leads by more than {text(100 * lead, 'number')} points "
        "among those who said nothing"
    )


def say_reasons_over_time(before: pd.DataFrame) -> Finding:
    """Which reasons are given more or less often than a year before, and than before each change.

    Parameters
    ----------
    before : what `reasons_before` gave
    """
    if before.empty:
        few = "Too few of those who left gave a reason to compare it with what was said before."
        return Finding(sentence=few)
    parts = [part for _, part in before.groupby(["compared", "value"], sort=False)]
    told = [_moved(part) for part in parts]
    clear = before[before["verdict"] != NOTHING]
    first = (clear if len(clear) else before).iloc[0]
    return Finding(
        sentence=" ".join(told),
        n=int(first.of_answers),
        low=first.difference_low,
        high=first.difference_high,
    )


def _moved(rows: pd.DataFrame) -> str:
    """What is given more or less often in one comparison in time."""
    first = rows.iloc[0]
    price = first.compared == PRICE_CHANGE
    clear = rows[rows["verdict"] != NOTHING].head(TOLD)
    told = [
        f"“{_word(row.reason)}” is given {row.verdict} ({_shares(row)})"
        for row in clear.itertuples()
    ]
    if price:
        said = listed(told) or f"“{_word(first.reason)}” is given as often as before"
        return f"Since “{first['value']}” {said}: after it, not because of it."
    return f"Compared with a year before, {listed(told) or 'no reason is beyond chance'}."


def say_reasons_by(rows: pd.DataFrame) -> Finding:
    """Who gives which reason more often than the others, beyond chance.

    Parameters
    ----------
    rows : what `reasons_by` gave
    """
    if rows.empty:
        few = "Too few answers to compare those of some customers with those of the others."
        return Finding(sentence=few)
    clear = rows[rows["verdict"] == MORE]
    scanned = f"Of {counted(len(rows), 'comparison')} by {listed(_columns(rows))}"
    if clear.empty:
        return Finding(
            sentence=f"{scanned} none lies beyond chance; with so few "
            "answers only a large difference would."
        )
    told = [
        f"“{cell(row.value, 'word')}” says “{_word(row.reason)}” more often ({_shares(row)})"
        for row in clear.head(TOLD).itertuples()
    ]
    beyond = "lies" if len(clear) == 1 else "lie"
    return Finding(
        sentence=f"{scanned} {text(len(clear), 'count')} {beyond} beyond chance: {listed(told)}.",
        n=int(clear["of_answers"].iloc[0]),
        low=clear["difference_low"].iloc[0],
        high=clear["difference_high"].iloc[0],
    )


def say_satisfied(answers: pd.DataFrame) -> Finding:
    """How many of those who left by their own decision in twelve months left satisfied.

    Parameters
    ----------
    answers : what `answers` gave
    """
    rows = answers[(answers["years_ago"] == 0) & (answers["how"] == "voluntary")]
    n = int(rows["customers"].sum())
    if n < MIN_N:
        return Finding(sentence="")
    satisfied = int(rows["customers"][rows["satisfied"].astype(bool)].sum())
    low, high = (float(end) for end in wilson(satisfied, n))
    return Finding(
        sentence=f"Of {text(n, 'count')} who left by their own decision in twelve months "
        f"{share_of(satisfied / n, low, high)} left satisfied: they came back without a failed "
        "payment, or said that the need ended.",
        n=n,
        low=low,
        high=high,
    )


def _word(reason: str) -> str:
    return cell(reason, "word").lower()


def _shares(row: tuple) -> str:
    """`44.3 % of 334 against 30.1 % of 290`."""
    return (
        f"{text(row.share, 'percent')} of {text(row.of_answers, 'count')} against "
        f"{text(row.other_share, 'percent')} of {text(row.other_answers, 'count')}"
    )


def _columns(rows: pd.DataFrame) -> list[str]:
    """The columns that were scanned, in words."""
    return [WORDS.get(one, in_words(one)) for one in rows["compared"].unique()]
