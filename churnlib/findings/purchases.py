"""What the forecasts of repeat buying say."""

import pandas as pd

from churnlib.findings.wording import counted, earned, spell, value_under
from churnlib.formats import interval, money, text
from churnlib.models.purchases.choice import PurchaseModelChoice
from churnlib.models.purchases.cohort_value import COHORT
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.gamma_gamma import MoneyFit
from churnlib.models.purchases.value import YEAR_WEEKS, Money
from churnlib.periods import Period
from churnlib.results.declared import currency_of
from churnlib.results.told import Action, Finding
from churnlib.statistics.comparisons import extremes_apart
from churnlib.statistics.rules import MIN_N

__all__ = [
    "say_cohort_backtest",
    "say_drop_out",
    "say_plain_purchase_value",
    "say_slipping",
    "say_spending",
    "say_totals",
    "say_value_by_cohort",
]


def say_totals(
    totals: pd.DataFrame,
    buyers: pd.DataFrame,
    terms: Money,
    choice: PurchaseModelChoice | None = None,
) -> Finding:
    """What all customers together will bring over twelve months, under which terms, and the record
    of earlier forecasts.
    """
    rows, unit = totals.set_index("quantity"), currency_of(totals)
    bought, value = rows.loc["purchases"], rows.loc["discounted_value"]
    customers = buyers["customers"].sum()
    if pd.isna(bought.predicted):
        few = "No forecast can be made: too few customers have bought again."
        return Finding(sentence=few)
    told = (
        f"Over the next twelve months the {counted(customers, 'customer')} so far can be expected "
        f"to make {counted(bought.predicted, 'purchase')} "
        f"({interval(bought.low, bought.high, 'count')})"
    )
    if pd.isna(value.predicted):
        none = "what these bring cannot be told, as no repeat purchase has brought money yet."
        return Finding(sentence=f"{told}; {none}", n=customers, low=bought.low, high=bought.high)
    worth = f"{money(value.predicted, unit)} of discounted {earned(terms.margin)}"
    span = interval(value.low, value.high, unit)
    under = value_under(terms.margin, terms.discount_rate)
    return Finding(
        sentence=f"{told}, which bring {worth} ({span}). {under}{_record(choice)}",
        place="next",
        n=customers,
        low=value.low,
        high=value.high,
    )


def _record(choice: PurchaseModelChoice | None) -> str:
    """`4 of 5 earlier ranges held what happened.`"""
    if choice is None or not choice.origins:
        return ""
    held = text(round(choice.coverage * choice.origins), "count")
    return f" {held} of {text(choice.origins, 'count')} earlier ranges held what came."


def say_cohort_backtest(earlier: pd.DataFrame, stretch: float) -> Finding:
    """How well earlier forecasts of cohorts did, and what it does to today's ranges."""
    if pd.isna(stretch):
        return Finding(
            sentence="Too few earlier forecasts of a cohort to judge their ranges by: cohorts have "
            "the error band of all customers together."
        )
    n = len(earlier)
    held = counted(earlier["covered"].astype(bool).sum(), "range")
    sentence = f"Of {n:,} earlier forecasts of a cohort {held} held what came."
    if stretch > 1:
        times, weeks = text(stretch, "number"), spell(YEAR_WEEKS, "week")
        sentence += (
            f" Ranges of cohorts are {times} times as wide as the model's, so that 19 in 20 would "
            f"have, over {weeks}."
        )
    return Finding(sentence=sentence, n=n)


def say_value_by_cohort(values: pd.DataFrame, *, left_edge: Period | None = None) -> Finding:
    """Which cohort is worth most to come, a customer; but for the one that stands for all who
    began before the records do.
    """
    cohorts = values[values["segment_column"] == COHORT]
    known = cohorts[cohorts["customers"] >= MIN_N]
    if left_edge:
        known = known[known["segment"] != left_edge.label]
    if known.empty or known["value"].isna().all():
        return Finding(sentence="No cohort is large enough to tell its value.")
    unit = currency_of(values)
    best, worst = known.loc[known["value"].idxmax()], known.loc[known["value"].idxmin()]
    low, high = (_each(row, unit) for row in (worst, best))
    before = ""
    if left_edge and left_edge.label in set(cohorts["segment"]):
        before = f" {left_edge.label} is left out: who is in it may have begun before the records."
    told = (
        f"A customer who began in {best.segment} can be expected to bring {high} over the next "
        "twelve months"
    )
    if best.segment == worst.segment:
        return Finding(sentence=f"{told}.{before}", n=best.customers)
    overlap = ": the ranges overlap"
    if best.value_low > worst.value_high:
        apart = extremes_apart(known, "value").clear
        overlap = "" if apart else f": no clear difference, as the extremes of {len(known)}"
    return Finding(
        sentence=f"{told}, one who began in {worst.segment} {low}{overlap}.{before}",
        n=known["customers"].sum(),
    )


def _each(row: pd.Series, unit: str) -> str:
    span = interval(row.value_low, row.value_high, f"{unit}.2")
    return f"{money(row.value, unit, 2)} ({span})"


def say_drop_out(fit: PurchaseFit) -> Finding:
    """What the chosen model found, where that is not plainly a fit."""
    if fit.reason:
        return Finding(sentence=fit.reason)
    note = "MBG/NBD lets customers stop right after their first purchase too."
    if fit.model == "BG/NBD":
        note = (
            "BG/NBD gives every one-time buyer a probability of 1 of being there still: it lets "
            "customers stop only after a repeat purchase. Read its figures for one-time buyers "
            "with that in mind."
        )
    return Finding(sentence=note)


CUSTOMERS_FILE = "tables/clv_customers.csv"
"""The table with a row a customer, where it is asked for."""


def say_slipping(slipping: pd.DataFrame, *, listed: object = None) -> Finding:
    """Regular customers who have probably stopped, by either model.

    Parameters
    ----------
    slipping : what `slipping_customers` gave
    listed : where `write_rows` wrote a row a customer; None = nowhere
    """
    row, unit = slipping.iloc[0], currency_of(slipping)
    repeats = f"{int(row.repeats)} or more repeat purchases"
    if row.customers < MIN_N:
        few = f"Fewer than {MIN_N} customers with {repeats} have more likely stopped than not."
        return Finding(sentence=few)
    amount = money(row.spent, unit)
    told = (
        f"{counted(row.customers, 'customer')} with {repeats}, which brought {amount}, have more "
        "likely stopped than not, by either model"
    )
    where = "who they are is written where the parameters say customer_lists: true"
    if listed:
        where = f"P(alive) of each is in {CUSTOMERS_FILE}"
    action = Action(
        sentence=f"Win back: {told}; {where}.",
        who=f"customers with {repeats} who have probably stopped",
        customers=row.customers,
        money=f"{amount} spent so far",
        list_file=CUSTOMERS_FILE if listed else None,
    )
    return Finding(sentence=f"{told}.", verdict="watch", n=row.customers, actions=(action,))


def say_spending(fit: MoneyFit, independence: str, unit: str) -> Finding:
    """What a repeat purchase brings on average, and whether the money model's assumption holds."""
    mean = ""
    if pd.notna(fit.mean_value):
        mean = f" The mean repeat purchase is {money(fit.mean_value, unit, 2)}{_unpaid(fit, unit)}."
    return Finding(sentence=f"{fit.reason}{mean} {independence}".strip())


def _unpaid(fit: MoneyFit, unit: str) -> str:
    """Purchases that bring no money, where there are any to speak of."""
    share = text(1 - fit.paid_share, "percent")
    if share == text(0.0, "percent"):
        return ""
    rest = "bring none"
    if money(fit.unpaid_mean, unit, 2) != money(0.0, unit, 2):
        rest = f"cost {money(-fit.unpaid_mean, unit, 2)} on average, as more was returned"
    return f" of those that bring money; {share} {rest}, and the forecast counts them so"


def say_plain_purchase_value(figure: dict[str, float], unit: str) -> Finding:
    """The plain figure of a shop beside the forecast."""
    if not figure["lifespan"] > 0:
        none = "Order value × frequency × lifespan has no value yet: nobody has bought on two days."
        return Finding(sentence=none)
    value, order = (money(figure[name], unit, 2) for name in ("plain_value", "average_order_value"))
    frequency, lifespan = (text(figure[name], "number.2") for name in ("frequency", "lifespan"))
    return Finding(
        sentence=(
            f"Order value × frequency × lifespan would say {value} a customer: {order} × "
            f"{frequency} a year × {lifespan} years × margin. It describes the past and not the "
            "months to come: lifespan is the mean time from the first purchase to the last one so "
            "far, which is 0 for who bought once."
        )
    )
