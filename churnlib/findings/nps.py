"""What is said of how likely customers say they are to recommend."""

import pandas as pd

from churnlib.findings.wording import counted, period_name, share_of, verdict_of
from churnlib.formats import interval, text
from churnlib.results.told import Finding
from churnlib.statistics.comparisons import rate_difference
from churnlib.statistics.rules import LEVEL, MIN_N

__all__ = ["say_nps", "say_nps_and_leaving"]

WHOLE = "+percent.0"


def say_nps(nps: pd.DataFrame) -> Finding:
    """The score of the last quarter with its range, and how many answered.

    Parameters
    ----------
    nps : what `net_promoter_score` gave
    """
    if nps.empty:
        return Finding(sentence="Nobody has answered by the end of a quarter yet.")
    last = nps.iloc[-1]
    name = period_name(last.period_start, "quarter")
    answered = f"{text(last.answered, 'count')} of {counted(last.asked, 'customer')} asked answered"
    if last.answered < MIN_N:
        few = f"In the {name} {answered}: too few for a score."
        return Finding(sentence=few, n=last.answered)
    ends = interval(last.nps_low, last.nps_high, WHOLE)
    told = f"The net promoter score of the {name} is {text(last.nps, WHOLE)} ({ends})"
    return Finding(
        sentence=f"{told}; {answered}. Those who do not answer may think otherwise.",
        n=last.answered,
        low=last.nps_low,
        high=last.nps_high,
    )


def say_nps_and_leaving(groups: pd.DataFrame) -> Finding:
    """Whether detractors left more often than promoters in the ninety days after their answer.

    Parameters
    ----------
    groups : what `score_and_leaving` gave
    """
    rows = groups.set_index("group")
    worse, better = rows.loc["detractor"], rows.loc["promoter"]
    if min(worse.answers, better.answers) < MIN_N:
        return Finding(sentence="Too few answers are ninety days old to say who left after them.")
    pair = (worse.left, worse.answers), (better.left, better.answers)
    difference = rate_difference(*pair, LEVEL)
    shares = [share_of(one.share, one.share_low, one.share_high) for one in (worse, better)]
    told = (
        f"Within ninety days after their answer {shares[0]} of "
        f"{counted(worse.answers, 'detractor')} left and {shares[1]} of "
        f"{counted(better.answers, 'promoter')}"
    )
    chance = "" if difference.clear else ": no clear difference"
    return Finding(
        sentence=f"{told}{chance}.", verdict=verdict_of(difference.clear), n=worse.answers
    )
