"""What the survival curves say of how long all customers stay."""

import pandas as pd

from churnlib.findings.wording import share_of, spell, verdict_of
from churnlib.formats import interval, text
from churnlib.models.retention.projection import Projection
from churnlib.results.told import Finding
from churnlib.statistics.comparisons import difference
from churnlib.statistics.rules import MIN_N

__all__ = [
    "say_assumed",
    "say_conditional",
    "say_mean_lifetime",
    "say_median",
    "say_projection",
    "say_survival",
]

AGES = (24, 12, 6, 3, 1)
"""Tenures that are told, the greatest that enough customers have reached."""


def say_survival(curve: pd.DataFrame) -> Finding:
    """The share that survives the greatest telling tenure of an unsplit curve.

    Survival is staying longer than a tenure: on monthly billing many leave exactly at it, and they
    are not in it.
    """
    row = _at(curve, AGES)
    if row is None:
        few = "Too few customers have been observed for a whole month to tell how long they stay."
        return Finding(sentence=few)
    share = share_of(row.estimate, row.low, row.high)
    return Finding(
        sentence=f"{share} of customers stay longer than {spell(row.tenure, 'month')}.",
        n=row.at_risk,
        low=row.low,
        high=row.high,
    )


def say_median(medians: pd.DataFrame, curve: pd.DataFrame) -> Finding:
    """By when half have left, or that half have not left yet."""
    if not ((curve["tenure"] > 0) & (curve["at_risk"] >= MIN_N)).any():
        few = "Too few customers have been observed for a whole month to tell by when half have"
        return Finding(sentence=f"{few} left.")
    row = medians.iloc[0]
    if pd.isna(row["median"]):
        seen = spell(curve["tenure"].max(), "month")
        still = f"More than half are still there after {seen}, so no median can be told"
        if pd.notna(row.low):
            still += (
                f"; half may have left by the end of month of life {int(row.low)} at the earliest"
            )
        return Finding(sentence=f"{still}.", low=row.low)
    told = f"Half have left by the end of month of life {int(row['median'])}"
    return Finding(sentence=f"{told}{_give_or_take(row)}.", low=row.low, high=row.high)


def _give_or_take(row: pd.Series) -> str:
    """The range of a median, whose upper end may not have been reached yet."""
    if pd.isna(row.low) or row.low == row.high:
        return ""
    if pd.isna(row.high):
        return f" ({int(row.low)} or later)"
    return f" ({int(row.low)} to {int(row.high)})"


def say_conditional(conditional: pd.DataFrame) -> Finding:
    """How the outlook changes with the time already stayed."""
    seen = conditional[conditional["estimate"].notna() & (conditional["at_risk"] >= MIN_N)]
    if seen.empty:
        few = "Nobody has been observed long enough to tell what staying means for staying on."
        return Finding(sentence=few)
    first, last = seen.iloc[0], seen.iloc[-1]
    told = _outlook(first)
    told = told[0].upper() + told[1:]
    if len(seen) == 1:
        return Finding(sentence=f"{told}.", n=first.at_risk)
    found = difference(*((row.estimate, row.low, row.high) for row in (last, first)))
    outlook = "no clear difference"
    if found.clear:
        outlook = "a better outlook" if found.value > 0 else "a worse outlook"
    return Finding(
        sentence=f"{told}; {_outlook(last)}: {outlook}.",
        verdict=verdict_of(found.clear),
        n=last.at_risk,
        low=found.low,
        high=found.high,
    )


def say_projection(projection: Projection) -> Finding:
    """How far the curve is carried on, and with what range."""
    if not projection.model:
        why = f"The curve is not carried on beyond the data. {projection.reason}"
        return Finding(sentence=why)
    row = projection.curve.iloc[-1]
    sentence = (
        f"Carried on beyond the data, {text(row.estimate, 'percent')} of customers are expected to "
        f"stay longer than {spell(row.tenure, 'month')} ({interval(row.low, row.high, 'percent')})."
    )
    return Finding(sentence=sentence, low=row.low, high=row.high)


def say_assumed(recent: pd.DataFrame) -> Finding:
    """What a projection takes for granted, and whether the last months bear it out."""
    assumed = (
        "What is projected takes for granted that customers go on leaving at each month of life"
    )
    if recent.empty or recent[["ratio", "changed"]].isna().any(axis=None):
        return Finding(sentence=f"{assumed} as they did.")
    row = recent.iloc[0]
    ratio = f"{text(row.ratio, 'number.2')} times as often"
    span = interval(row.low, row.high, "number.2")
    months = spell(row.months, "month")
    known = {"n": int(row.events), "low": row.low, "high": row.high}
    if not row.changed:
        return Finding(
            sentence=f"{assumed} as they did. In the last {months} they did: they left {ratio} "
            f"({span}) as before, no clear difference.",
            **known,
        )
    way = "fewer" if row.ratio > 1 else "more"
    return Finding(
        sentence=(
            f"{assumed} as they did in all months seen. In the last {months} they left {ratio} "
            f"({span}) as before: if that goes on, {way} will stay than projected."
        ),
        verdict="watch",
        **known,
    )


def say_mean_lifetime(projection: Projection) -> Finding:
    """Why the curve is carried on as it is, and why no mean lifetime is shown."""
    if not projection.model:
        return Finding(sentence=projection.reason)
    why = (
        "Lifetimes are told for horizons, not as one mean: the tail beyond the data carries too "
        "much of it."
    )
    if projection.mean_is_infinite:
        why = (
            "The fitted curve falls so slowly in the end that the mean lifetime has no bound "
            "(alpha is 1 or less); only horizons and discounted values are shown."
        )
    return Finding(sentence=f"{projection.reason} {why}")


def _outlook(row: pd.Series) -> str:
    share = share_of(row.estimate, row.low, row.high)
    further = spell(row.further, "month")
    if not row.stayed:
        return f"{share} of new customers stay longer than {further}"
    return f"of those still there after {spell(row.stayed, 'month')}, {share} stay {further} more"


def _at(curve: pd.DataFrame, ages: tuple[int, ...]) -> pd.Series | None:
    for age in ages:
        found = curve[(curve["tenure"] == age) & (curve["at_risk"] >= MIN_N)]
        if not found.empty:
            return found.iloc[0]
    return None
