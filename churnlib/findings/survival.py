"""What the survival curves say of how long customers stay."""

import pandas as pd

from churnlib.findings.wording import MIN_N, counted, listed, share_of, spell
from churnlib.formats import interval, money, text
from churnlib.models.retention.projection import Projection
from churnlib.statistics.comparisons import difference

CLEAR = 0.05
"""Level below which an adjusted p-value is called a clear difference."""
AGES = (24, 12, 6, 3, 1)


def curve(curve: pd.DataFrame) -> str:
    """The share that survives the greatest telling tenure of an unsplit curve.

    Survival is staying longer than a tenure: on monthly billing many leave exactly at it, and they
    are not in it.
    """
    row = _at(curve, AGES)
    if row is None:
        return "Too few customers have been observed for a whole month to tell how long they stay."
    return f"{share_of(row.estimate, row.low, row.high)} of customers stay longer than {spell(row.tenure, 'month')}."


def median(medians: pd.DataFrame, curve: pd.DataFrame) -> str:
    """By when half have left, or that half have not left yet."""
    if not ((curve["tenure"] > 0) & (curve["at_risk"] >= MIN_N)).any():
        return (
            "Too few customers have been observed for a whole month to tell by when half have left."
        )
    row = medians.iloc[0]
    if pd.isna(row["median"]):
        seen = spell(curve["tenure"].max(), "month")
        return f"More than half are still there after {seen}, so no median can be told."
    if pd.isna(row.low) or pd.isna(row.high) or row.low == row.high:
        return f"Half have left by the end of month of life {int(row['median'])}."
    return f"Half have left by the end of month of life {int(row['median'])} ({int(row.low)} to {int(row.high)})."


def segments(comparison: pd.DataFrame, column: str, curve: pd.DataFrame) -> str:
    """Whether the values of a segment column differ in how long customers stay, and the
    extremes.
    """
    row = comparison[comparison["column"] == column].iloc[0]
    name = column.replace("_", " ")
    if pd.isna(row.p_adjusted):
        return f"Too few customers to compare the values of {name}."
    if row.p_adjusted >= CLEAR:
        return f"{name.capitalize()} makes no clear difference to how long customers stay."
    extremes = _extremes(curve, column)
    return f"How long customers stay differs by {name}{f': {extremes}' if extremes else ''}."


def hazard(hazard: pd.DataFrame) -> str:
    """In which months of life leaving stands out."""
    marked = hazard[hazard["stands_out"]]
    if not (hazard["at_risk"] >= MIN_N).any():
        return "Too few customers have been observed for a whole month to compare months of life."
    if marked.empty:
        return "No month of life stands out: leaving is nowhere clearly more likely than in the months around it."
    said = [
        f"month {int(row.tenure)} ({text(row.estimate, 'percent')} leave, against "
        f"{text(row.around, 'percent')} around it)"
        for row in marked.itertuples()
    ]
    return f"Leaving is clearly more likely in {listed(said)}."


def conditional(conditional: pd.DataFrame) -> str:
    """How the outlook changes with the time already stayed."""
    seen = conditional[conditional["estimate"].notna() & (conditional["at_risk"] >= MIN_N)]
    if seen.empty:
        return "Nobody has been observed long enough to tell what staying means for staying on."
    first, last = seen.iloc[0], seen.iloc[-1]
    said = _outlook(first)
    said = said[0].upper() + said[1:]
    if len(seen) == 1:
        return f"{said}."
    found = difference(*((row.estimate, row.low, row.high) for row in (last, first)))
    outlook = "no clear difference"
    if found.clear:
        outlook = "a better outlook" if found.value > 0 else "a worse outlook"
    return f"{said}; {_outlook(last)}: {outlook}."


def projection(projection: Projection) -> str:
    """How far the curve is carried on, and with what range."""
    if not projection.model:
        return f"The curve is not carried on beyond the data. {projection.reason}"
    row = projection.curve.iloc[-1]
    return (
        f"Carried on beyond the data, {text(row.estimate, 'percent')} of customers are expected "
        "to stay longer than "
        f"{spell(row.tenure, 'month')} ({interval(row.low, row.high, 'percent')})."
    )


def mean_lifetime(projection: Projection) -> str:
    """Why no mean lifetime is shown, where there is a curve to take it from."""
    if not projection.model:
        return ""
    if projection.mean_is_infinite:
        return (
            "The fitted curve falls so slowly in the end that the mean lifetime has no bound "
            "(alpha is 1 or less); "
            "only horizons and discounted values are shown."
        )
    return "Lifetimes are told for horizons, not as one mean: the tail beyond the data carries too much of it."


def _outlook(row: pd.Series) -> str:
    share, further = share_of(row.estimate, row.low, row.high), spell(row.further, "month")
    if not row.stayed:
        return f"{share} of new customers stay longer than {further}"
    return f"of those still there after {spell(row.stayed, 'month')}, {share} stay {further} more"


def _at(curve: pd.DataFrame, ages: tuple[int, ...]) -> pd.Series | None:
    for age in ages:
        found = curve[(curve["tenure"] == age) & (curve["at_risk"] >= MIN_N)]
        if not found.empty:
            return found.iloc[0]
    return None


def risky_month(row: tuple, *, currency: str) -> str:
    """A month of life that stands out, who is in it now (customers, mrr)."""
    return (
        f"Speak to customers before their month of life {int(row.tenure)} ends: "
        f"{text(row.estimate, 'percent')} leave in it, "
        f"against {text(row.around, 'percent')} in the months around. "
        f"{counted(row.customers, 'customer')} with "
        f"{money(row.mrr, currency)} of MRR are in it now: about "
        f"{text(row.customers * row.estimate, 'count')} of them leave "
        f"at the one rate, {text(row.customers * row.around, 'count')} at the other."
    )


def weak_segment(
    base: pd.DataFrame, column: str, value: str, curve: pd.DataFrame, *, currency: str
) -> str:
    """The value of a column whose customers leave soonest, and what it weighs today (customers,
    mrr).
    """
    weight = ""
    if len(base):
        here = base.iloc[0]
        weight = f" ({counted(here.customers, 'customer')}, {money(here.mrr, currency)} of MRR)"
    return f"Look into {column.replace('_', ' ')} “{value}”{weight}: {_extremes(curve, column)}."


def worst(curve: pd.DataFrame, column: str) -> str | None:
    """The value whose customers leave soonest, at the greatest tenure that two values reach with
    enough customers.
    """
    rows = _comparable(curve)
    return None if rows.empty else str(rows.loc[rows["estimate"].idxmin(), column])


def _extremes(curve: pd.DataFrame, column: str) -> str:
    rows = _comparable(curve)
    if rows.empty:
        return ""
    best, worst = rows.loc[rows["estimate"].idxmax()], rows.loc[rows["estimate"].idxmin()]
    return (
        f"after {spell(best.tenure, 'month')} {share_of(best.estimate, best.low, best.high)} of "
        f"{best[column]} are still "
        f"there, and {share_of(worst.estimate, worst.low, worst.high)} of {worst[column]}"
    )


def _comparable(curve: pd.DataFrame) -> pd.DataFrame:
    """One row a value, at the greatest telling tenure that at least two values reach with enough
    customers.
    """
    for age in AGES:
        rows = curve[(curve["tenure"] == age) & (curve["at_risk"] >= MIN_N)]
        if len(rows) >= 2:
            return rows
    return curve.iloc[:0]
