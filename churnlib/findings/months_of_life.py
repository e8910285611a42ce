"""What is said of the months of life in which leaving stands out."""

import pandas as pd

from churnlib.findings.wording import counted, listed, paying, verdict_of
from churnlib.formats import money, text
from churnlib.results.declared import currency_of
from churnlib.results.told import Action, Finding
from churnlib.statistics.rules import MIN_N

__all__ = ["say_hazard"]

MOST_ACTIONS = 2
"""Months of life, the heaviest first, that are told as a place to act."""
SHORTEST_TERM = 3
"""Where it is not known how often customers pay, a month that is a multiple of this many may be one
of renewal."""


def say_hazard(hazard: pd.DataFrame, base: pd.DataFrame) -> Finding:
    """In which months of life leaving stands out, and who is in them now.

    Parameters
    ----------
    hazard : what `hazard_by_month` gave
    base : `still_staying`: today's customers by tenure, of whom these hazards are true
    """
    if not (hazard["at_risk"] >= MIN_N).any():
        few = "Too few customers have been observed for a whole month to compare months of life."
        return Finding(sentence=few)
    hazard = hazard.assign(interval_months=hazard.get("interval_months", 0))
    marked = hazard[hazard["stands_out"]]
    if marked.empty:
        even = (
            "No month of life stands out: leaving is nowhere clearly likelier than in the months "
            "before it and in those after it."
        )
        return Finding(sentence=even, n=hazard["at_risk"].max())
    now = _in_them_now(marked, base)
    due = marked.apply(_may_be_a_renewal, axis="columns")
    return Finding(
        sentence=_sentence(marked, due),
        verdict=verdict_of(clear=not due.all()),
        at_stake=now.loc[~due, "more"].sum(),
        n=marked["at_risk"].min(),
        actions=_risky_months(now[~due], currency_of(base)),
    )


def _may_be_a_renewal(row: pd.Series) -> bool:
    """Whether the month may stand out for no other reason than that contracts end in it."""
    return not row.interval_months and row.tenure % SHORTEST_TERM == 0


def _sentence(marked: pd.DataFrame, due: pd.Series) -> str:
    told = []
    if not due.all():
        told.append(f"Leaving is clearly likelier in {listed(_months(marked[~due]))}.")
    if due.any():
        told.append(
            f"More leave in {listed(_months(marked[due]))}, as where contracts of several months "
            "end: how often these customers pay is not known, so this may be no more than that "
            "they cannot leave before."
        )
    return " ".join(told)


def _months(marked: pd.DataFrame) -> list[str]:
    return [
        f"month {int(row.tenure)}{_whose(row)} "
        f"({text(row.estimate, 'percent')} leave, against {text(row.around, 'percent')} "
        f"{_around(row)})"
        for row in marked.itertuples()
    ]


def _whose(row: tuple) -> str:
    paid = paying(row.interval_months)
    return f" of customers{paid}" if paid else ""


def _around(row: tuple) -> str:
    return "around it" if row.interval_months <= 1 else "at the renewals around it"


def _in_them_now(marked: pd.DataFrame, base: pd.DataFrame) -> pd.DataFrame:
    """The marked months with the customers and MRR that are in them now, and the MRR that leaves
    beyond what leaves around them.
    """
    base = base.assign(interval_months=base.get("interval_months", 0))
    keys = ["interval_months", "tenure"]
    today = base.groupby(keys)[["customers", "mrr"]].sum().astype(float)
    places = pd.MultiIndex.from_arrays(
        [marked["interval_months"], marked["tenure"] - 1], names=keys
    )
    now = marked.join(today.reindex(places).fillna(0).set_index(marked.index))
    beyond = now["estimate"] - now["around"]
    return now.assign(extra=now["customers"] * beyond, more=now["mrr"] * beyond)


def _risky_months(now: pd.DataFrame, unit: str) -> tuple[Action, ...]:
    """The months in which most are lost beyond the usual, by who is in them now."""
    heavy = now[(now["customers"] >= MIN_N) & (now["extra"] >= 1)]
    heavy = heavy.nlargest(MOST_ACTIONS, "extra")
    return tuple(_risky_month(row, unit) for row in heavy.itertuples())


def _risky_month(row: tuple, unit: str) -> Action:
    month, people = int(row.tenure), counted(row.customers, "customer")
    whose = paying(row.interval_months)
    likely = text(row.customers * row.estimate, "count")
    usual = text(row.customers * row.around, "count")
    more = f"{money(row.more, unit)} of MRR"
    return Action(
        sentence=(
            f"Speak to customers{whose} before their month of life {month} ends: "
            f"{text(row.estimate, 'percent')} leave in it, against {text(row.around, 'percent')} "
            f"{_around(row)}. {people} with {money(row.mrr, unit)} of MRR are in it now: about "
            f"{likely} of them leave at the one rate, {usual} at the other, which is {more} more."
        ),
        who=f"customers{whose} in their month of life {month}",
        customers=row.customers,
        money=more,
    )
