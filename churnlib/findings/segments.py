"""What is said of segments whose customers leave sooner, or more often, than others."""

import pandas as pd

from churnlib.findings.wording import counted, listed, share_of, spell, verdict_of
from churnlib.formats import interval, money, text
from churnlib.results.declared import currency_of
from churnlib.results.segments import in_words
from churnlib.results.told import Action, Finding
from churnlib.statistics.comparisons import extremes_apart
from churnlib.statistics.rules import CLEAR, MIN_N

__all__ = [
    "say_segments",
    "say_segments_of_column",
    "say_segments_over_time",
    "say_segments_power",
    "say_survival_by_segment",
]

SOME, MOST = 150, 300
"""Expected leavers from which 1.3 times as many are found in 60 and in 95 of 100 cases."""
AGES = (24, 12, 6, 3, 1)
"""Tenures that are told, the greatest that two segments reach with enough customers."""


def say_survival_by_segment(
    tests: pd.DataFrame, curve: pd.DataFrame, others: pd.DataFrame
) -> Finding:
    """Whether the values of a column differ in how long customers stay, and which differ from the
    others.

    Advice is given for a value only where customers were compared with those who pay as often, and
    where it differs from the others beyond chance.

    Parameters
    ----------
    tests : what `compare_segments` gave
    curve : the curves of one of its columns
    others : what `segments_against_others` gave
    """
    column = str(curve.attrs["by"])
    test, name = tests[tests["column"] == column].iloc[0], in_words(column)
    if test.get("tells_interval", False):
        term = (
            f"{name.capitalize()} tells how often customers pay, and who pays for a longer term "
            "cannot leave before it ends: how long they stay is no comparison of its values."
        )
        return Finding(sentence=term)
    if pd.isna(test.p_adjusted):
        few = f"Too few customers to compare the values of {name}."
        return Finding(sentence=few)
    if test.p_adjusted >= CLEAR:
        same = f"{name.capitalize()} makes no clear difference to how long customers stay."
        return Finding(sentence=same)
    if not test.get("within_intervals", False):
        return Finding(sentence=_described(name, curve), verdict=verdict_of(clear=True))
    rows = others[(others["segment_column"] == column) & others["apart"]]
    worst = rows[(rows["ratio"] > 1) & (rows["at_stake"] > 0)].nlargest(1, "at_stake")
    return Finding(
        sentence=_compared(name, rows),
        verdict=verdict_of(clear=True),
        at_stake=worst["at_stake"].sum() if len(worst) else None,
        n=worst["customers"].sum() if len(worst) else None,
        actions=tuple(
            _look_into(row, name, currency_of(others))
            for row in worst.itertuples()
            if row.customers >= MIN_N
        ),
    )


def _compared(name: str, apart: pd.DataFrame) -> str:
    """The values at both ends, of those that differ from the others."""
    lead = f"Of customers who pay as often, how long they stay differs by {name}"
    ends = pd.concat([apart[apart["ratio"] > 1].nlargest(1, "ratio")])
    ends = pd.concat([ends, apart[apart["ratio"] < 1].nsmallest(1, "ratio")])
    if ends.empty:
        return f"{lead}; no single value is clearly apart from the others."
    told = [f"those of {row.segment} leave {_times(row)}" for row in ends.itertuples()]
    return f"{lead}: {'; '.join(told)}."


def _times(row: tuple) -> str:
    ends = f"{text(row.low, 'number.2')} to {text(row.high, 'number.2')}"
    return f"{text(row.ratio, 'number.2')} times as often as the others ({ends})"


def _look_into(row: tuple, name: str, unit: str) -> Action:
    """The value that loses most beyond what it would lose at the others' rate."""
    people, amount = counted(row.customers, "customer"), f"{money(row.at_stake, unit)} of MRR"
    ends = interval(row.at_stake_low, row.at_stake_high, unit)
    return Action(
        sentence=(
            f"Look into {name} “{row.segment}” ({people} who never left): of customers who pay as "
            f"often and have stayed as long they leave {_times(row)}, which within twelve months "
            f"takes {amount} ({ends}) more than the others' rate would."
        ),
        who=f"{name} {row.segment}",
        customers=row.customers,
        money=f"{amount} within twelve months",
    )


def _described(name: str, curve: pd.DataFrame) -> str:
    """What the curves show where billing intervals are not known: no ground for advice."""
    return (
        f"How long customers stay differs by {name}{_extremes(curve)}. How often they pay is not "
        "known, so terms of different length may be all that is behind it."
    )


def _extremes(curve: pd.DataFrame) -> str:
    for age in AGES:
        rows = curve[(curve["tenure"] == age) & (curve["at_risk"] >= MIN_N)]
        if len(rows) >= 2:
            break
    else:
        return ""
    if not extremes_apart(rows, "estimate").clear:
        return ""
    best, worst = rows.loc[rows["estimate"].idxmax()], rows.loc[rows["estimate"].idxmin()]
    return (
        f": after {spell(best.tenure, 'month')} {share_of(best.estimate, best.low, best.high)} of "
        f"{best.segment} are still there, and "
        f"{share_of(worst.estimate, worst.low, worst.high)} of {worst.segment}"
    )


def say_segments(segments: pd.DataFrame) -> Finding:
    """How many of the values scanned leave more than expected, and where most is lost by it.

    Parameters
    ----------
    segments : what `segments` gave
    """
    if segments.empty:
        few = "No segment column has two values with enough customers due to compare them."
        return Finding(sentence=few)
    scanned = len(segments)
    worse = segments[segments["verdict"] == "act"]
    if worse.empty:
        return Finding(
            sentence=f"None of {counted(scanned, 'segment')} leaves more than tenure and billing "
            "explain, beyond chance.",
            place="where",
            n=segments["due"].max(),
        )
    row = worse.iloc[0]
    ends = interval(row.ratio_low, row.ratio_high, "number.2")
    name = in_words(row.segment_column)
    return Finding(
        sentence=(
            f"{text(len(worse), 'count')} of {counted(scanned, 'segment')} leave more than tenure "
            f"and billing explain. Most are lost of {name} “{row.segment}”: "
            f"{text(row.left, 'count')} in twelve months, {text(row.expected, 'count')} expected "
            f"({text(row.ratio, 'number.2')} times, {ends})."
        ),
        clause=f"{name} “{row.segment}” leaves {text(row.ratio, 'number.1')} times as often",
        verdict="act",
        place="where",
        at_stake=max(row.mrr_lost, 0.0),
        n=row.due,
        low=row.ratio_low,
        high=row.ratio_high,
    )


def say_segments_power(segments: pd.DataFrame) -> Finding:
    """What size of difference this business can see."""
    if segments.empty:
        return Finding(sentence="")
    some = int((segments["expected"] >= SOME).sum())
    most = int((segments["expected"] >= MOST).sum())
    return Finding(
        sentence=f"A value that leaves 1.3 times as often is found in about 60 of 100 cases from "
        f"{SOME} expected leavers on, which {text(some, 'count')} of "
        f"{counted(len(segments), 'value')} have, and in 95 from {MOST} on, which "
        f"{text(most, 'count')} have."
    )


def say_segments_over_time(course: pd.DataFrame) -> Finding:
    """Of one column: in how many quarters the own range of the value that differs most left 1 out.

    Parameters
    ----------
    course : the rows of one column of what `segments_over_time` gave
    """
    if course.empty:
        return Finding(sentence="")
    name = course["segment"].iloc[0]
    own = course[course["segment"] == name]
    more = own["ratio"].iloc[-1] > 1
    beyond = int((own["ratio_low"] > 1).sum() if more else (own["ratio_high"] < 1).sum())
    return Finding(
        sentence=f"“{name}” left {'more' if more else 'less'} often than the others, with "
        f"its whole range, in {text(beyond, 'count')} of {counted(len(own), 'quarter')}.",
        n=own["due"].sum(),
    )


def say_segments_of_column(segments: pd.DataFrame) -> Finding:
    """Which values of one column differ from the others beyond chance."""
    name = in_words(segments["segment_column"].iloc[0])
    clear = segments[segments["verdict"] != "no signal"].sort_values("ratio", ascending=False)
    if clear.empty:
        return Finding(sentence=f"No {name} leaves more or less often than the others.")
    ends = clear.iloc[[0, -1]] if len(clear) > 1 else clear
    told = [f"“{row.segment}” {text(row.ratio, 'number.2')} times" for row in ends.itertuples()]
    return Finding(sentence=f"By {name}: {listed(told)} as often as the others.")
