"""What the waits between purchases say."""

import pandas as pd

from churnlib.findings.wording import counted, share_of, spell, verdict_of
from churnlib.formats import text
from churnlib.results.segments import in_words
from churnlib.results.told import Action, Finding
from churnlib.statistics.comparisons import extremes_apart
from churnlib.statistics.rules import CLEAR, MIN_N

__all__ = ["say_mean_wait", "say_second_purchase", "say_waits", "say_waits_by_segment"]

TELLING_DAYS = (365, 180, 90, 30)
"""Waits at which segments are compared, the longest that enough customers have reached."""
HALF = 0.5
REACH = 90
"""Days after the first purchase in which a second one is within reach."""


def say_second_purchase(curve: pd.DataFrame, waits: pd.DataFrame, rates: pd.DataFrame) -> Finding:
    """By when half of the first purchases are followed by a second, and who may make one soon.

    Parameters
    ----------
    curve : the curve of these waits
    waits : `gaps` of kind "second"
    rates : what `repeat_purchase_rate` gave
    """
    found = _waiting(curve, "first purchases")
    actions = _within_reach(waits, rates)
    return found.model_copy(update={"place": "how", "actions": actions})


def say_waits(curve: pd.DataFrame) -> Finding:
    """By when half of the purchases are followed by another."""
    return _waiting(curve, "purchases")


def _waiting(curve: pd.DataFrame, what: str) -> Finding:
    enough = curve[curve["at_risk"] >= MIN_N]
    if enough.empty:
        return Finding(sentence="Too few purchases to tell how long customers wait.")
    half = enough[enough["estimate"] <= HALF]
    if half.empty:
        last = enough.iloc[-1]
        share = share_of(1 - last.estimate, 1 - last.high, 1 - last.low)
        within = spell(last.tenure, "day")
        return Finding(
            sentence=f"Within {within}, {share} of {what} are followed by another.",
            n=last.at_risk,
            low=1 - last.high,
            high=1 - last.low,
        )
    days, low = half.iloc[0].tenure, _crossing(curve, "low")
    high = _crossing(curve, "high")
    return Finding(
        sentence=(
            f"Half of {what} are followed by another within {spell(days, 'day')}"
            f"{_give_or_take(low, high)}, the open waits counted as open."
        ),
        n=curve["at_risk"].iloc[0],
        low=low,
        high=high,
    )


def _crossing(curve: pd.DataFrame, limit: str) -> float:
    """The first day on which a limit of the curve is a half or less; NaN where it never is."""
    return curve.loc[curve[limit] <= HALF, "tenure"].min()


def _give_or_take(low: float, high: float) -> str:
    """The range of a median, whose upper end may not have been reached yet."""
    if pd.isna(high):
        return f" ({int(low)} or later)"
    return "" if low == high else f" ({int(low)} to {int(high)})"


def _within_reach(waits: pd.DataFrame, rates: pd.DataFrame) -> tuple[Action, ...]:
    """First-time buyers who are still in the days in which a second purchase is likely."""
    open_waits = waits[~waits["event_observed"] & (waits["duration"] < REACH)]
    waiting = open_waits["customers"].sum()
    known = rates[(rates["window_days"] == REACH) & (rates["denominator"] >= MIN_N)]
    if waiting < MIN_N or known.empty:
        return ()
    row = known.iloc[0]
    sentence = (
        f"Win the second purchase: {counted(waiting, 'customer')} bought first within the last "
        f"{REACH} days and not again yet; of the customers before them {text(row.rate, 'percent')} "
        f"bought again within {REACH} days."
    )
    who = f"first-time buyers of the last {REACH} days"
    return (Action(sentence=sentence, who=who, customers=waiting),)


def say_mean_wait(mean: pd.DataFrame) -> Finding:
    """Average days between purchases within a horizon, with the open last wait censored."""
    row = mean.iloc[0]
    if pd.isna(row["mean"]):
        few = "The average wait cannot be told: too few have been observed through the horizon."
        return Finding(sentence=few)
    horizon = int(row.horizon)
    if row["mean"] == horizon:
        never = f"No purchase has been followed by another within {horizon} days."
        return Finding(sentence=never)
    average, low, high = (text(row[name], "number") for name in ("mean", "low", "high"))
    return Finding(
        sentence=(
            f"With waits of more than {horizon} days counted as {horizon}, the average wait for "
            f"the next purchase is {average} days ({low} to {high})."
        ),
        low=row.low,
        high=row.high,
    )


def say_waits_by_segment(tests: pd.DataFrame, curve: pd.DataFrame) -> Finding:
    """Whether the values of a column differ in how soon customers buy a second time."""
    column = str(curve.attrs["by"])
    test, name = tests[tests["column"] == column].iloc[0], in_words(column)
    if pd.isna(test.p_adjusted):
        few = f"Too few customers to compare the values of {name}."
        return Finding(sentence=few)
    if test.p_adjusted >= CLEAR:
        same = f"{name.capitalize()} makes no clear difference to how soon customers buy again."
        return Finding(sentence=same)
    extremes = _extremes(curve)
    sentence = f"How soon customers buy again differs by {name}"
    return Finding(
        sentence=f"{sentence}: {extremes}." if extremes else f"{sentence}.",
        verdict=verdict_of(clear=True),
    )


def _extremes(curve: pd.DataFrame) -> str:
    for days in TELLING_DAYS:
        rows = curve[(curve["tenure"] == days) & (curve["at_risk"] >= MIN_N)]
        if len(rows) >= 2:
            if not extremes_apart(rows, "estimate").clear:
                return ""
            soon, late = rows.loc[rows["estimate"].idxmin()], rows.loc[rows["estimate"].idxmax()]
            quick, slow = (
                share_of(1 - one.estimate, 1 - one.high, 1 - one.low) for one in (soon, late)
            )
            return f"within {days} days {quick} of {soon.segment} did, and {slow} of {late.segment}"
    return ""
