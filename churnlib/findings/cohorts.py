"""What the cohort triangles say."""

import pandas as pd

from churnlib.findings.wording import share_of, spell, verdict_of
from churnlib.formats import interval, points, text
from churnlib.results.declared import grain_of
from churnlib.results.segments import in_words
from churnlib.results.told import Finding
from churnlib.statistics.comparisons import alike, rate_difference
from churnlib.statistics.rules import CLEAR, LEVEL, MIN_N

__all__ = [
    "say_cohorts",
    "say_cohorts_by",
    "say_cohorts_newest",
    "say_cohorts_pooled",
    "say_cohorts_revenue",
]

AGES = (12, 6, 3, 1)
"""Ages that are told, the greatest that enough customers have reached."""
NOT_YET = "No cohort with enough customers has been observed for a whole period yet."


def say_cohorts_pooled(pooled: pd.DataFrame) -> Finding:
    """Of all cohorts together, how many are there at the greatest telling age."""
    enough = pooled[(pooled["size"] >= MIN_N) & (pooled["age"] > 0)]
    if enough.empty:
        return Finding(sentence=NOT_YET)
    telling = [age for age in AGES if age in set(enough["age"])] or [int(enough["age"].max())]
    row = enough[enough["age"] == telling[0]].iloc[0]
    grain = grain_of(pooled)
    sentence = (
        f"{share_of(row.rate, row.low, row.high)} {_there(pooled)} {spell(row.age, grain)} after "
        f"the {grain} they began in, of the {text(row['size'], 'count')} observed that long."
    )
    return Finding(sentence=sentence, n=row["size"], low=row.low, high=row.high)


def say_cohorts(triangle: pd.DataFrame) -> Finding:
    """How far single cohorts lie apart at the greatest telling age."""
    grain = grain_of(triangle)
    new = _of_new_customers(triangle)
    enough = new[(new["size"] >= MIN_N) & new["rate"].notna()]
    for age in AGES:
        rows = enough[enough["age"] == age]
        if len(rows) >= 2:
            low, high = rows["rate"].min(), rows["rate"].max()
            sentence = (
                f"From cohort to cohort, {interval(low, high, 'percent')} {_there(triangle)} "
                f"{spell(age, grain)} after the {grain} they began in ({len(rows)} cohorts of "
                f"{MIN_N} or more){_scatter(rows)}."
            )
            return Finding(sentence=sentence, n=len(rows), low=low, high=high)
    return Finding(
        sentence="Fewer than two cohorts with enough customers have been observed for a whole "
        "period yet."
    )


def _scatter(rows: pd.DataFrame) -> str:
    """Whether the highest and the lowest of many cohorts lie further apart than chance explains."""
    p_value = alike(rows["rate"] * rows["size"], rows["size"])
    return "" if p_value < CLEAR else ": no further apart than by chance"


def say_cohorts_revenue(table: pd.DataFrame) -> Finding:
    """Revenue of all cohorts at the same age against what they began with."""
    new = _of_new_customers(table)
    seen = new[new["amount"].notna()]
    sums = seen.groupby("age")[["size", "opening_amount", "amount"]].sum()
    enough = sums[(sums["size"] >= MIN_N) & (sums["opening_amount"] > 0)]
    ages = [age for age in AGES if age in enough.index]
    if not ages:
        return Finding(sentence=NOT_YET)
    row, grain = enough.loc[ages[0]], grain_of(table)
    share = text(row.amount / row.opening_amount, "percent")
    sentence = (
        f"{spell(ages[0], grain)} after the {grain} they began in, cohorts bring {share} of what "
        "they brought in it."
    )
    return Finding(sentence=sentence, n=row["size"])


def say_cohorts_newest(comparison: pd.DataFrame) -> Finding:
    """The newest cohorts against the earlier ones, at the greatest age with enough of both.

    At that age fewer than all of the newest cohorts are observable, hence the number of customers
    is said.
    """
    sizes = comparison[["newest_size", "earlier_size"]].min(axis=1)
    enough = comparison[(sizes >= MIN_N) & (comparison["age"] > 0)]
    if enough.empty:
        few = "The newest cohorts are too young or too small to compare with earlier ones."
        return Finding(sentence=few)
    row = enough.iloc[-1]
    newest, earlier = (
        (row[f"{side}_active"], row[f"{side}_size"]) for side in ("newest", "earlier")
    )
    found = rate_difference(newest, earlier)
    rates = (
        f"{text(row.newest_rate, 'percent')} of {text(row.newest_size, 'count')} customers after "
        f"{spell(row.age, grain_of(comparison))}, against {text(row.earlier_rate, 'percent')} of "
        f"{text(row.earlier_size, 'count')}"
    )
    sentence = f"No clear difference between the newest cohorts and earlier ones: {rates}."
    if found.clear:
        side = "above" if found.value > 0 else "below"
        sentence = (
            f"Retention of the newest cohorts is {side} that of earlier ones: {rates} "
            f"({points(found.value)})."
        )
    return Finding(
        sentence=sentence,
        verdict=verdict_of(found.clear),
        n=row.newest_size,
        low=found.low,
        high=found.high,
    )


def say_cohorts_by(triangle: pd.DataFrame) -> Finding:
    """The best and the worst value of a column as a cohort, at the greatest telling age."""
    column, grain = in_words(triangle.attrs.get("by", "segment")), grain_of(triangle)
    for age in AGES:
        rows = triangle[(triangle["age"] == age) & (triangle["size"] >= MIN_N)]
        rows = rows[rows["rate"].notna()]
        if len(rows) >= 2:
            return _extremes(rows, f"By {column}, retention after {spell(age, grain)}")
    return Finding(sentence=f"Too few customers to compare the values of {column}.")


def _extremes(rows: pd.DataFrame, lead: str) -> Finding:
    best, worst = rows.loc[rows["rate"].idxmax()], rows.loc[rows["rate"].idxmin()]
    # The extremes were picked from all pairs: each pair is allowed its part of the 5 % only.
    level = 1 - (1 - LEVEL) / (len(rows) * (len(rows) - 1) / 2)
    sides = ((row.active, row["size"]) for row in (best, worst))
    clear = rate_difference(*sides, level).clear
    end = "." if clear else ": no clear difference."
    sentence = (
        f"{lead} runs from {text(worst.rate, 'percent')} of {worst.cohort} to "
        f"{text(best.rate, 'percent')} of {best.cohort}{end}"
    )
    return Finding(sentence=sentence, verdict=verdict_of(clear), n=rows["size"].sum())


def _of_new_customers(table: pd.DataFrame) -> pd.DataFrame:
    """Without the first cohort of a shop's records, whose customers may have bought before."""
    return table[~table["left_edge"].astype(bool)] if "left_edge" in table else table


def _there(frame: pd.DataFrame) -> str:
    """What it is to be there: to have bought in that period, or to be a customer."""
    return "bought" if frame.attrs.get("model") == "transactional" else "are customers"
