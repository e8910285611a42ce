"""What is said of why the rate changed: who was due, or the same kinds leaving more."""

import pandas as pd

from churnlib.findings.wording import verdict_of
from churnlib.formats import points, text
from churnlib.results.segments import ALL, in_words
from churnlib.results.told import Finding

__all__ = ["say_mix"]

TELLING = 0.001
"""A mix effect of a single value from which it is named: a tenth of a point."""
TERMS_ALONE = "renewal, billing"


def say_mix(effects: pd.DataFrame, trend: pd.DataFrame) -> Finding:
    """How much of the change on a year before is mix, and how much the same kinds leaving more.

    Parameters
    ----------
    effects : one set of columns of what `decomposition` gave
    trend : what `leaving_trend` gave, whose verdict this follows
    """
    chosen = effects[effects["against"] == "year before"]
    chosen = chosen if len(chosen) else effects
    whole = chosen[chosen["segment"] == ALL]
    if whole.empty:
        return Finding(sentence="There is no earlier period to compare with.")
    row = whole.iloc[0]
    change = row.now - row.before
    beyond = not row.rate_effect_low <= 0 <= row.rate_effect_high
    clear = beyond and _changed(trend)
    against = f"a {row.against}" if row.against == "year before" else f"the {row.against}"
    side = "more" if row.rate_effect > 0 else "less"
    told = (
        f"Left ÷ due was {text(row.before, 'percent')} {against} and is "
        f"{text(row.now, 'percent')}: {points(row.mix_effect)} by who was due, "
        f"{points(row.rate_effect)} by the same kinds of customers leaving {side} "
        f"({_range(row.rate_effect_low, row.rate_effect_high)})"
    )
    chance = "" if clear else ", without an alarm" if beyond else ", within chance"
    return Finding(
        sentence=f"{told}{chance}.{_most(chosen)}{_opposite(chosen, change)}",
        verdict=verdict_of(clear),
        place="why",
        low=row.rate_effect_low,
        high=row.rate_effect_high,
    )


def _range(low: float, high: float) -> str:
    return f"{points(low).split(chr(160))[0]} to {points(high)}"


def _changed(trend: pd.DataFrame) -> bool:
    """Whether an alarm was raised in the last year."""
    return bool(trend["signal"].tail(12).isin(["up", "down"]).any())


def _most(effects: pd.DataFrame) -> str:
    """The value whose share of those due moved the rate most."""
    if set(effects["columns"]) == {TERMS_ALONE}:
        return ""
    rows = effects[effects["segment"] != ALL]
    if rows.empty or rows["mix_effect"].abs().max() < TELLING:
        return ""
    row = rows.loc[rows["mix_effect"].abs().idxmax()]
    column = in_words(str(row.columns).rpartition(", ")[2])
    return f" Most by mix: {column} “{row.segment}” ({points(row.mix_effect)})."


def _opposite(effects: pd.DataFrame, change: float) -> str:
    """A flag where every value moved against the whole: then the whole misleads."""
    rows = effects[(effects["segment"] != ALL) & effects["now"].notna() & effects["before"].notna()]
    moved = rows["now"] - rows["before"]
    if len(rows) < 2 or not change or not (moved * change < 0).all():
        return ""
    side = "fell" if change > 0 else "rose"
    return f" Within every value the rate {side}: the whole moved by the mix alone."
