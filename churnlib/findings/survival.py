"""What the survival curves say of how long customers stay."""

import pandas as pd

from churnlib.findings.wording import counted, listed, share_of, spell, verdict_of
from churnlib.formats import interval, money, text
from churnlib.models.retention.projection import Projection
from churnlib.results.declared import currency_of
from churnlib.results.segments import in_words
from churnlib.results.told import Action, Finding
from churnlib.statistics.comparisons import difference
from churnlib.statistics.rules import CLEAR, MIN_N

__all__ = [
    "say_conditional",
    "say_hazard",
    "say_mean_lifetime",
    "say_median",
    "say_projection",
    "say_survival",
    "say_survival_by_segment",
]

AGES = (24, 12, 6, 3, 1)
"""Tenures that are told, the greatest that enough customers have reached."""
MOST_ACTIONS = 2
"""Months of life, the heaviest first, that are told as a place to look."""


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
        still = f"More than half are still there after {seen}, so no median can be told."
        return Finding(sentence=still)
    told = f"Half have left by the end of month of life {int(row['median'])}"
    if pd.isna(row.low) or pd.isna(row.high) or row.low == row.high:
        return Finding(sentence=f"{told}.")
    return Finding(
        sentence=f"{told} ({int(row.low)} to {int(row.high)}).", low=row.low, high=row.high
    )


def say_survival_by_segment(
    tests: pd.DataFrame, curve: pd.DataFrame, base: pd.DataFrame
) -> Finding:
    """Whether the values of a column differ in how long customers stay, and the extremes.

    Parameters
    ----------
    tests : what `compare_segments` gave
    curve : the curves of one of its columns
    base : `arpa` by that column: what each value weighs today
    """
    column = str(curve.attrs["by"])
    test, name = tests[tests["column"] == column].iloc[0], in_words(column)
    if pd.isna(test.p_adjusted):
        few = f"Too few customers to compare the values of {name}."
        return Finding(sentence=few, place="where")
    if test.p_adjusted >= CLEAR:
        same = f"{name.capitalize()} makes no clear difference to how long customers stay."
        return Finding(sentence=same, place="where")
    extremes, worst = _extremes(curve), _worst(curve)
    here = base[base["segment"] == worst]
    sentence = f"How long customers stay differs by {name}"
    return Finding(
        sentence=f"{sentence}: {extremes}." if extremes else f"{sentence}.",
        verdict=verdict_of(clear=True),
        place="where",
        at_stake=here["mrr"].sum() if len(here) else None,
        n=here["customers"].sum() if len(here) else None,
        actions=_weak_segment(here, name, worst, extremes, currency_of(base)),
    )


def _weak_segment(
    here: pd.DataFrame, name: str, worst: str | None, extremes: str, unit: str
) -> tuple[Action, ...]:
    """The value whose customers leave soonest, and what it weighs today."""
    if worst is None:
        return ()
    weight, customers, amount = "", None, ""
    if len(here):
        customers = here["customers"].iloc[0]
        amount = f"{money(here['mrr'].iloc[0], unit)} of MRR"
        weight = f" ({counted(customers, 'customer')}, {amount})"
    return (
        Action(
            sentence=f"Look into {name} “{worst}”{weight}: {extremes}.",
            who=f"{name} {worst}",
            customers=customers,
            money=amount,
        ),
    )


def say_hazard(hazard: pd.DataFrame, base: pd.DataFrame) -> Finding:
    """In which months of life leaving stands out, and who is in them now.

    Parameters
    ----------
    hazard : what `hazard_by_month` gave
    base : `active_base`: today's customers by tenure
    """
    if not (hazard["at_risk"] >= MIN_N).any():
        few = "Too few customers have been observed for a whole month to compare months of life."
        return Finding(sentence=few, place="how")
    marked = hazard[hazard["stands_out"]]
    if marked.empty:
        even = (
            "No month of life stands out: leaving is nowhere clearly more likely than in the "
            "months around it."
        )
        return Finding(sentence=even, place="how", n=hazard["at_risk"].max())
    months = [
        f"month {int(row.tenure)} ({text(row.estimate, 'percent')} leave, against "
        f"{text(row.around, 'percent')} around it)"
        for row in marked.itertuples()
    ]
    now = _in_them_now(marked, base)
    return Finding(
        sentence=f"Leaving is clearly more likely in {listed(months)}.",
        verdict=verdict_of(clear=True),
        place="how",
        at_stake=(now["mrr"] * (now["estimate"] - now["around"])).sum(),
        n=marked["at_risk"].min(),
        actions=_risky_months(now, currency_of(base)),
    )


def _in_them_now(marked: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """The marked months with the customers and MRR that are in them now."""
    by_tenure = base.set_index("tenure")[["customers", "mrr"]].astype(float)
    now = by_tenure.reindex(marked["tenure"] - 1).fillna(0).set_index(marked.index)
    now = marked.join(now)
    return now.assign(extra=now["customers"] * (now["estimate"] - now["around"]))


def _risky_months(now: pd.DataFrame, unit: str) -> tuple[Action, ...]:
    """The months in which most are lost beyond the usual, by who is in them now."""
    heavy = now[(now["customers"] >= MIN_N) & (now["extra"] >= 1)]
    heavy = heavy.nlargest(MOST_ACTIONS, "extra")
    return tuple(_risky_month(row, unit) for row in heavy.itertuples())


def _risky_month(row: tuple, unit: str) -> Action:
    month, people = int(row.tenure), counted(row.customers, "customer")
    amount = f"{money(row.mrr, unit)} of MRR"
    likely = text(row.customers * row.estimate, "count")
    usual = text(row.customers * row.around, "count")
    return Action(
        sentence=(
            f"Speak to customers before their month of life {month} ends: "
            f"{text(row.estimate, 'percent')} leave in it, against {text(row.around, 'percent')} "
            f"in the months around. {people} with {amount} are in it now: about {likely} of them "
            f"leave at the one rate, {usual} at the other."
        ),
        who=f"customers in their month of life {month}",
        customers=row.customers,
        money=amount,
    )


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


def _worst(curve: pd.DataFrame) -> str | None:
    """The value whose customers leave soonest, where two values can be compared."""
    rows = _comparable(curve)
    return None if rows.empty else str(rows.loc[rows["estimate"].idxmin(), "segment"])


def _extremes(curve: pd.DataFrame) -> str:
    rows = _comparable(curve)
    if rows.empty:
        return ""
    best, worst = rows.loc[rows["estimate"].idxmax()], rows.loc[rows["estimate"].idxmin()]
    return (
        f"after {spell(best.tenure, 'month')} {share_of(best.estimate, best.low, best.high)} of "
        f"{best.segment} are still there, and "
        f"{share_of(worst.estimate, worst.low, worst.high)} of {worst.segment}"
    )


def _comparable(curve: pd.DataFrame) -> pd.DataFrame:
    """One row a value, at the greatest telling tenure that two values reach with enough."""
    for age in AGES:
        rows = curve[(curve["tenure"] == age) & (curve["at_risk"] >= MIN_N)]
        if len(rows) >= 2:
            return rows
    return curve.iloc[:0]
