"""What is said of the business beside what is published of its industry."""

import pandas as pd

from churnlib.findings.published_retention import PUBLISHED, Published
from churnlib.findings.wording import counted, share_of
from churnlib.formats import interval, text
from churnlib.results.segments import in_words
from churnlib.results.told import Finding
from churnlib.statistics.rules import MIN_N

__all__ = ["say_industry"]

WHOLE = "percent.0"


def say_industry(kept: pd.DataFrame, industry: str | None) -> Finding:
    """The customers of a year ago who still are some, and published figures of the industry with
    their sources; nothing where no industry is given. It compares nothing: the definitions differ.

    Parameters
    ----------
    kept : what `customers_kept` gave
    industry : of the parameters
    """
    if industry is None:
        return Finding(sentence="")
    figures = PUBLISHED[industry]
    quoted = ", ".join(_quoted(one) for one in figures)
    return Finding(
        sentence=f"{_own(kept)} Published figures for {in_words(industry)}: {quoted}; "
        f"{_doubt(figures)}."
    )


def _own(kept: pd.DataFrame) -> str:
    n = 0 if kept.empty else kept["customers_then"].iloc[-1]
    if n < MIN_N:
        return "Too few customers a year ago to say how many of them are still customers."
    last = kept.iloc[-1]
    share = share_of(last.kept_rate, last.kept_rate_low, last.kept_rate_high)
    return f"Of {counted(n, 'customer')} of a year ago {share} are customers today."


def _quoted(one: Published) -> str:
    """`81 % (IT services; paddle.com, 2021-12-13)`."""
    figure = interval(one.low, one.high, WHOLE) if one.high > one.low else text(one.low, WHOLE)
    called = f"“{one.called}”; " if one.called else ""
    return f"{figure} ({called}{one.source})"


def _doubt(figures: tuple[Published, ...]) -> str:
    if len({one.source for one in figures}) == 1:
        return "it is the one source at hand, and states no definition"
    if len({(one.low, one.high) for one in figures}) == 1:
        return "none states its definition"
    return "they contradict each other, and none states its definition"
