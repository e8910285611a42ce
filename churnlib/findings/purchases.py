"""What the forecasts of repeat buying say."""

import pandas as pd

from churnlib.findings.wording import counted, earned, spell, value_under
from churnlib.formats import interval, money, text
from churnlib.models.purchases.choice import MIN_ORIGINS, PurchaseModelChoice
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
    "say_backtest",
    "say_calibration",
    "say_cohort_backtest",
    "say_drop_out",
    "say_how_far",
    "say_plain_purchase_value",
    "say_slipping",
    "say_spending",
    "say_totals",
    "say_tracking",
    "say_value_by_cohort",
]


GUESSES = {
    "naive rate": "that everybody keeps buying as often as so far",
    "last period": "that the next {weeks} bring what the last {weeks} did",
}
"""What each baseline says."""


def say_backtest(choice: PurchaseModelChoice) -> Finding:
    """How far earlier forecasts were off, and which forecast is told."""
    if not choice.origins:
        return Finding(sentence=f"No earlier forecast could be scored. {choice.reason}")
    seen = interval(choice.error_low, choice.error_high, "+percent")
    off = text(choice.mean_absolute_error, "percent")
    weeks = spell(choice.horizon, "week")
    if choice.one_sided:
        seen = f"{seen}, every one too {choice.one_sided}"
    held = round(choice.coverage * choice.origins)
    told = f"{counted(choice.origins, 'earlier forecast')} over {weeks}: "
    if choice.forecast == choice.model:
        end = f"{held} of {choice.origins} predictive ranges held what happened."
        sentence = f"{told}off by {off} on average ({seen}); {end}"
    else:
        guess = GUESSES[choice.forecast].format(weeks=weeks)
        model = text(choice.model_error, "percent")
        sentence = (
            f"{told}{choice.model} was off by {model} on average, the plain guess {guess} by {off} "
            f"({seen}). The guess is used for the total, the model for who buys."
        )
    if choice.origins < MIN_ORIGINS:
        sentence = f"{sentence} Fewer than {MIN_ORIGINS} are too few to judge by."
    return Finding(
        sentence=sentence, n=choice.origins, low=choice.error_low, high=choice.error_high
    )


def say_how_far(choice: PurchaseModelChoice) -> Finding:
    """What the range of a forecast is made of, and what it assumes."""
    if not choice.origins:
        untried = "No earlier forecast could be held against what came."
        return Finding(
            sentence=f"Range, 95 %: what parameters and luck allow if the model is right. {untried}"
        )
    sides = ""
    if choice.biased:
        sides = f", on the side on which they erred: they were all too {choice.biased}"
    in_money = ""
    if choice.money_spread:
        in_money = (
            " Of money: how far the same forecasts were off, each purchase taken at what a repeat "
            "purchase had brought by then; on both sides."
        )
    return Finding(
        sentence=(
            "Range, 95 %: the larger of two: what parameters and luck allow if the model is right, "
            f"and how far the earlier forecasts over {spell(choice.horizon, 'week')} were off, "
            f"scaled to {spell(YEAR_WEEKS, 'week')} by the square root of time{sides}.{in_money}"
        )
    )


def say_tracking(rows: pd.DataFrame) -> Finding:
    """The forecast for the weeks held out against what happened.

    Not the totals since the first week: the model was fitted to most of these, so that they agree
    in any case.
    """
    ahead = rows[rows["held_out"].astype(bool)]
    expected, happened = ahead["predicted"].sum(min_count=1), ahead["actual"].sum()
    if pd.isna(expected) or not happened:
        return Finding(sentence="The forecast could not be tracked.")
    off = text(expected / happened - 1, "+percent")
    return Finding(
        sentence=(
            f"In the {spell(len(ahead), 'week')} held out the model expected "
            f"{counted(expected, 'repeat purchase')} and {text(happened, 'count')} happened "
            f"({off})."
        ),
        n=happened,
    )


def say_calibration(rows: pd.DataFrame) -> Finding:
    """Where predictions by past frequency were furthest off."""
    known = rows[(rows["customers"] >= MIN_N) & rows["predicted"].notna()]
    if known.empty:
        return Finding(sentence="Too few customers to compare predictions by past frequency.")
    row = known.loc[(known["predicted"] - known["actual"]).abs().idxmax()]
    return Finding(
        sentence=(
            "By past repeat purchases, the forecast was furthest off for customers with "
            f"{row.frequency}: {text(row.predicted, 'number.2')} purchases expected and "
            f"{text(row.actual, 'number.2')} made, on average."
        ),
        n=row.customers,
    )


def say_totals(totals: pd.DataFrame, buyers: pd.DataFrame, terms: Money) -> Finding:
    """What all customers together will bring over twelve months, and under which terms."""
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
        sentence=f"{told}, which bring {worth} ({span}). {under}",
        n=customers,
        low=value.low,
        high=value.high,
    )


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
