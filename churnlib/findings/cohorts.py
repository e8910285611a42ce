"""What the cohort triangles say."""

import pandas as pd

from churnlib.findings.wording import MIN_N, share_of, spell
from churnlib.formats import interval, points, text
from churnlib.periods import Grain
from churnlib.statistics.comparisons import rate_difference
from churnlib.statistics.intervals import LEVEL

AGES = (12, 6, 3, 1)


def retention(pooled: pd.DataFrame, *, grain: Grain, verb: str = "are customers") -> str:
    """Of all cohorts together, how many are there at the greatest telling age."""
    enough = pooled[(pooled["size"] >= MIN_N) & (pooled["age"] > 0)]
    if enough.empty:
        return "No cohort with enough customers has been observed for a whole period yet."
    telling = [age for age in AGES if age in set(enough["age"])] or [int(enough["age"].max())]
    row = enough[enough["age"] == telling[0]].iloc[0]
    return (
        f"{share_of(row.rate, row.low, row.high)} {verb} {spell(row.age, grain)} after the "
        f"{grain} they began in, "
        f"of the {text(row['size'], 'count')} observed that long."
    )


def spread(triangle: pd.DataFrame, *, grain: Grain, verb: str = "are still customers") -> str:
    """How far single cohorts lie apart at the greatest telling age."""
    enough = triangle[(triangle["size"] >= MIN_N) & triangle["rate"].notna()]
    for age in AGES:
        rates = enough[enough["age"] == age]["rate"]
        if len(rates) >= 2:
            span = interval(rates.min(), rates.max(), "percent")
            return (
                f"From cohort to cohort, {span} {verb} {age} {grain}{'' if age == 1 else 's'} "
                f"after the {grain} they began in "
                f"({len(rates)} cohorts of {MIN_N} or more)."
            )
    return "Fewer than two cohorts with enough customers have been observed for a whole period yet."


def revenue(table: pd.DataFrame, *, grain: Grain) -> str:
    """Revenue of all cohorts at the same age against what they began with."""
    seen = table[table["amount"].notna()]
    sums = seen.groupby("age")[["size", "opening_amount", "amount"]].sum()
    enough = sums[(sums["size"] >= MIN_N) & (sums["opening_amount"] > 0)]
    ages = [age for age in AGES if age in enough.index]
    if not ages:
        return "No cohort with enough customers has been observed for a whole period yet."
    row = enough.loc[ages[0]]
    return (
        f"{spell(ages[0], grain)} after the {grain} they began in, cohorts bring "
        f"{text(row.amount / row.opening_amount, 'percent')} of what they brought in it."
    )


def newest(comparison: pd.DataFrame, *, grain: Grain) -> str:
    """The newest cohorts against the earlier ones, at the greatest age with enough of both.

    At that age fewer than all of the newest cohorts are observable, hence the number of customers
    is said.
    """
    sizes = comparison[["newest_size", "earlier_size"]].min(axis=1)
    enough = comparison[(sizes >= MIN_N) & (comparison["age"] > 0)]
    if enough.empty:
        return "The newest cohorts are too young or too small to compare with earlier ones."
    row = enough.iloc[-1]
    found = rate_difference(
        (row.newest_active, row.newest_size), (row.earlier_active, row.earlier_size)
    )
    rates = (
        f"{text(row.newest_rate, 'percent')} of {text(row.newest_size, 'count')} customers after "
        f"{spell(row.age, grain)}, "
        f"against {text(row.earlier_rate, 'percent')} of {text(row.earlier_size, 'count')}"
    )
    if not found.clear:
        return f"No clear difference between the newest cohorts and earlier ones: {rates}."
    side = "above" if found.value > 0 else "below"
    return f"Retention of the newest cohorts is {side} that of earlier ones: {rates} ({points(found.value)})."


def by_value(triangle: pd.DataFrame, *, column: str, grain: Grain) -> str:
    """The best and the worst value of a column as a cohort, at the greatest telling age."""
    for age in AGES:
        rows = triangle[
            (triangle["age"] == age) & (triangle["size"] >= MIN_N) & triangle["rate"].notna()
        ]
        if len(rows) >= 2:
            best, worst = rows.loc[rows["rate"].idxmax()], rows.loc[rows["rate"].idxmin()]
            # The extremes were picked from all pairs: each pair is allowed its part of the 5 %
            # only.
            level = 1 - (1 - LEVEL) / (len(rows) * (len(rows) - 1) / 2)
            clear = rate_difference(
                (best.active, best["size"]), (worst.active, worst["size"]), level
            ).clear
            return (
                f"By {column.replace('_', ' ')}, retention after {spell(age, grain)} runs from "
                f"{text(worst.rate, 'percent')} of {worst.cohort} to {text(best.rate, 'percent')} "
                f"of {best.cohort}"
                f"{'' if clear else ': no clear difference'}."
            )
    return f"Too few customers to compare the values of {column.replace('_', ' ')}."
