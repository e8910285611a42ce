"""What is said of whether leaving really changed."""

import pandas as pd

from churnlib.findings.wording import counted, listed, period_name, share_of, spell, verdict_of
from churnlib.formats import interval, money, text
from churnlib.periods import MONTHS_A_YEAR
from churnlib.results.declared import currency_of, grain_of
from churnlib.results.told import Finding
from churnlib.statistics.rules import BEYOND, MIN_N

__all__ = [
    "say_largest_losses",
    "say_level",
    "say_months_beyond",
    "say_mrr_churn",
    "say_power",
    "say_trend",
    "say_trend_by_quarter",
]

RECENT = 12
"""Months for which an alarm is news."""


def say_trend(trend: pd.DataFrame, churn: pd.DataFrame, levels: pd.DataFrame) -> Finding:
    """Whether leaving changed: the rate of all, that of those due, and what was expected of them.

    Parameters
    ----------
    trend : what `leaving_trend` gave
    churn : what `customer_churn` gave: the plain rate, of all customers
    levels : what `new_levels` gave
    """
    last = churn.iloc[-1]
    left, there = last.churned_customers, last.opening_customers
    name = period_name(last.period_start, grain_of(churn))
    if not there:
        return Finding(sentence=f"Nobody was a customer when {name} began.", place="real")
    plain = f"{text(left, 'count')} of {counted(there, 'customer')} left in {name}"
    if there >= MIN_N:
        plain += f" ({text(left / there, 'percent')})"
    told, clear = _judged(trend, levels, name)
    return Finding(
        sentence=f"{plain}. {told}",
        clause=_in_short(trend, levels),
        verdict=verdict_of(clear),
        place="real",
        n=there,
    )


def _judged(trend: pd.DataFrame, levels: pd.DataFrame, told_of: str) -> tuple[str, bool]:
    """What the alarm has to say, and whether it is more than chance. It runs on complete months:
    the last one is named where the sentence before was told of another period.
    """
    whole = trend[trend["signal"] != "partial"]
    if not whole["score"].notna().any():
        return "It takes seven months with enough customers due to say what is usual.", False
    last = whole.iloc[-1]
    raised = _recent(levels, last.period_start)
    if raised is not None:
        return _alarm(raised), True
    if pd.isna(last.score):
        return "A new usual level is still being learnt: no judgement yet.", False
    month = period_name(last.period_start, "month")
    when = "" if month == told_of else f" in {month}"
    compared, left = text(last.compared, "count"), text(last.compared_left, "count")
    expected = (
        f"Of {compared} due and comparable{when} {left} did, where "
        f"{text(last.expected, 'count')} were expected "
        f"({interval(last.expected_low, last.expected_high, 'count')})"
    )
    if abs(last.score) > BEYOND:
        return f"{expected}: beyond what this business's months do.", True
    return f"{expected}: within what this business's months do.", False


def _in_short(trend: pd.DataFrame, levels: pd.DataFrame) -> str:
    """Whether leaving is as usual, in a few words; nothing where that is not known."""
    whole = trend[trend["signal"] != "partial"]
    if not whole["score"].notna().any():
        return ""
    last = whole.iloc[-1]
    raised = _recent(levels, last.period_start)
    if raised is not None:
        more = "more" if raised.signal == "up" else "less"
        return f"customers leave {more} since {period_name(raised.changed_in, 'month')}"
    if pd.isna(last.score):
        return ""
    if abs(last.score) > BEYOND:
        return f"{'more' if last.score > 0 else 'fewer'} left than is usual"
    return "leaving was as usual"


def _recent(levels: pd.DataFrame, now: pd.Timestamp) -> pd.Series | None:
    """The last alarm, where it was raised within the last year."""
    if levels.empty:
        return None
    last = levels.iloc[-1]
    return last if last.raised_in > now - pd.DateOffset(months=RECENT) else None


def _alarm(level: pd.Series) -> str:
    more = "more" if level.signal == "up" else "less"
    since = period_name(level.changed_in, "month")
    told = f"Since {since} customers of the same kind have been leaving {more} often"
    if pd.isna(level.ratio):
        left = 6 - int(level.months)
        return f"{told}; how much is known in {spell(left, 'month')}."
    return f"{told}: {_times(level)} the level of before."


def _times(level: pd.Series) -> str:
    ends = f"{text(level.low, 'number.2')} to {text(level.high, 'number.2')}"
    return f"{text(level.ratio, 'number.2')} times ({ends})"


def say_trend_by_quarter(quarters: pd.DataFrame) -> Finding:
    """What was lost and expected in the newest whole quarter.

    Parameters
    ----------
    quarters : what `trend_by_quarter` gave
    """
    if quarters.empty:
        return Finding(sentence="No whole quarter could be compared with a baseline.")
    last = quarters.iloc[-1]
    expected = (
        f"{text(last.expected, 'count')} were expected "
        f"({interval(last.expected_low, last.expected_high, 'count')})"
    )
    return Finding(
        sentence=f"Of {text(last.compared, 'count')} due in the "
        f"{period_name(last.period_start, 'quarter')} {text(last.compared_left, 'count')} left, "
        f"where {expected}.",
        n=last.compared,
        low=last.expected_low,
        high=last.expected_high,
    )


def say_level(levels: pd.DataFrame) -> Finding:
    """Every alarm so far: when leaving changed, and to what level."""
    if levels.empty:
        return Finding(sentence="No alarm has been raised: no lasting change of leaving was found.")
    told = [
        f"{period_name(row.changed_in, 'month')} ({_new_level(row)})"
        for _, row in levels.iterrows()
    ]
    return Finding(sentence=f"Leaving changed for good from {listed(told)}.")


def _new_level(level: pd.Series) -> str:
    if pd.isna(level.ratio):
        return f"{level.signal}, level not known yet"
    return f"{level.signal}, {_times(level)} the level of before"


def say_months_beyond(trend: pd.DataFrame) -> Finding:
    """Single months of the last year that lie beyond what the months of this business do."""
    whole = trend[trend["signal"] != "partial"].tail(MONTHS_A_YEAR)
    judged = whole[whole["score"].notna()]
    if judged.empty:
        return Finding(sentence="No month can be judged yet.")
    beyond = judged[judged["score"].abs() > BEYOND]
    record = record_of(trend)
    if beyond.empty:
        return Finding(sentence=f"{record}, and none stands out by itself.", n=len(judged))
    told = [
        f"{period_name(row.period_start, 'month')} ({_begun(row.period_start, trend)}"
        f"{text(row.compared_left, 'count')} left where "
        f"{text(row.expected, 'count')} were expected, "
        f"{interval(row.expected_low, row.expected_high, 'count')})"
        for row in beyond.itertuples()
    ]
    verb = "stands" if len(told) == 1 else "stand"
    return Finding(
        sentence=f"{listed(told)} {verb} out by {'itself' if len(told) == 1 else 'themselves'}; "
        f"{record}.",
        verdict="watch",
        n=len(judged),
    )


def _begun(start: pd.Timestamp, trend: pd.DataFrame) -> str:
    """What the business changed in a month, to be put before what happened in it."""
    begun = [label for day, label in trend.attrs.get("changes", ()) if day[:7] == f"{start:%Y-%m}"]
    return f"“{begun[0]}” began; " if begun else ""


def record_of(trend: pd.DataFrame) -> str:
    """`11 of the last 12 months lay in their range`; nothing where none has been judged."""
    judged = trend[trend["signal"] != "partial"].tail(MONTHS_A_YEAR)
    judged = judged[judged["score"].notna()]
    if judged.empty:
        return ""
    inside = judged["compared_left"].between(judged["expected_low"], judged["expected_high"])
    return f"{int(inside.sum())} of the last {counted(len(judged), 'month')} lay in their range"


def say_largest_losses(losses: pd.DataFrame) -> Finding:
    """How much of the MRR lost is that of a few: what the alarm, which counts customers, passes
    over.

    Parameters
    ----------
    losses : what `largest_losses` gave
    """
    if losses.empty:
        return Finding(sentence="Nobody left in the period.")
    unit, first = currency_of(losses), losses.iloc[0]
    lost, largest = money(first.lost, unit), money(first.mrr, unit)
    if first.customers <= len(losses):
        return Finding(
            sentence=f"{counted(first.customers, 'customer')} left with {lost} of MRR, the largest "
            f"with {largest}.",
            n=first.customers,
        )
    return Finding(
        sentence=f"Of the {lost} of MRR that {counted(first.customers, 'customer')} took with them "
        f"the {text(len(losses), 'count')} largest have {money(losses['mrr'].sum(), unit)} "
        f"({text(losses['share'].sum(), 'percent')}), the largest alone {largest}.",
        n=first.customers,
    )


def say_mrr_churn(churn: pd.DataFrame) -> Finding:
    """What share of MRR left in the newest month, beside what the twelve before it lost.

    Parameters
    ----------
    churn : what `mrr_churn` gave
    """
    if churn.empty:
        return Finding(sentence="No month has MRR at its opening.")
    last, year = churn.iloc[-1], churn.iloc[:-1].tail(MONTHS_A_YEAR)
    name = period_name(last.period_start, "month")
    share = share_of(last.rate, last.rate_low, last.rate_high)
    told = f"In {name} {share} of the MRR at opening left, {money(last.lost, currency_of(churn))}"
    if year.empty:
        return Finding(sentence=f"{told}.", n=last.customers)
    low, high = text(year["rate"].min(), "percent"), text(year["rate"].max(), "percent")
    before = f"in the {counted(len(year), 'month')} before it between {low} and {high}"
    return Finding(
        sentence=f"{told}; {before}.",
        n=last.customers,
        low=last.rate_low,
        high=last.rate_high,
    )


def say_power(power: pd.DataFrame) -> Finding:
    """What size of change the alarm would find in this business, and what it cannot see."""
    blind = (
        "A slow drift and a season seen for less than two years are not told from what is usual."
    )
    if power.empty:
        return Finding(sentence=f"What the alarm can see is not known before seven months. {blind}")
    words = {1.25: "a quarter", 1.5: "half", 2.0: "as many again"}
    told = [f"{words[row.rise]} in {text(100 * row.found, 'count')}" for row in power.itertuples()]
    return Finding(
        sentence=f"A lasting rise of leaving by {listed(told)} of 100 cases would be found within "
        f"six months. {blind}"
    )
