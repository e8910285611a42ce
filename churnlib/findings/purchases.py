"""What the forecasts of repeat buying say."""

import pandas as pd

from churnlib.findings.wording import counted, spell
from churnlib.formats import interval, money, text
from churnlib.models.purchases.backtest import PurchaseModelChoice
from churnlib.models.purchases.cohort_value import COHORT
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.gamma_gamma import MoneyFit
from churnlib.results.declared import currency_of
from churnlib.results.told import Action, Finding
from churnlib.statistics.comparisons import extremes_apart
from churnlib.statistics.rules import MIN_N

__all__ = [
    "say_backtest",
    "say_calibration",
    "say_drop_out",
    "say_how_far",
    "say_plain_purchase_value",
    "say_slipping",
    "say_spending",
    "say_totals",
    "say_tracking",
    "say_value_by_cohort",
]


def say_backtest(choice: PurchaseModelChoice, *, horizon: int) -> Finding:
    """How far earlier forecasts were off."""
    if not choice.origins:
        return Finding(sentence=f"No earlier forecast could be scored. {choice.reason}")
    seen = interval(choice.error_low, choice.error_high, "+percent")
    held = round(choice.coverage * choice.origins)
    off = text(choice.mean_absolute_error, "percent")
    widened = ""
    if choice.widened:
        widened = " As that is under 85 %, ranges are widened to the error band."
    return Finding(
        sentence=(
            f"{counted(choice.origins, 'earlier forecast')} over {horizon} weeks: off by {off} on "
            f"average ({seen}); {held} of {choice.origins} ranges held what happened.{widened}"
        ),
        n=choice.origins,
        low=choice.error_low,
        high=choice.error_high,
    )


def say_how_far(horizon: int) -> Finding:
    """What the range of a forecast is, and how many weeks ahead it was tried."""
    if not horizon:
        none = "Not back-tested: there is no earlier forecast to hold it against."
        return Finding(sentence=f"Predictive range, 95 %. {none}")
    return Finding(
        sentence=f"Predictive range, 95 %; back-tested {horizon} weeks ahead: further ahead "
        "forecasts may be further off."
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


def say_totals(totals: pd.DataFrame, buyers: pd.DataFrame) -> Finding:
    """What all customers together will bring over twelve months."""
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
    margin = f"{money(value.predicted, unit)} of discounted margin"
    return Finding(
        sentence=f"{told}, which bring {margin} ({interval(value.low, value.high, unit)}).",
        n=customers,
        low=value.low,
        high=value.high,
    )


def say_value_by_cohort(values: pd.DataFrame) -> Finding:
    """Which cohort is worth most to come, a customer."""
    known = values[(values["segment_column"] == COHORT) & (values["customers"] >= MIN_N)]
    if known.empty or known["value"].isna().all():
        return Finding(sentence="No cohort is large enough to tell its value.")
    unit = currency_of(values)
    best, worst = known.loc[known["value"].idxmax()], known.loc[known["value"].idxmin()]
    low, high = (_each(row, unit) for row in (worst, best))
    told = (
        f"A customer who began in {best.segment} can be expected to bring {high} over the next "
        "twelve months"
    )
    if best.segment == worst.segment:
        return Finding(sentence=f"{told}.", n=best.customers)
    overlap = ": the ranges overlap"
    if best.value_low > worst.value_high:
        apart = extremes_apart(known, "value").clear
        overlap = "" if apart else f": no clear difference, as the extremes of {len(known)}"
    return Finding(
        sentence=f"{told}, one who began in {worst.segment} {low}{overlap}.",
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
        mean = f" The mean repeat purchase is {money(fit.mean_value, unit, 2)}."
    return Finding(sentence=f"{fit.reason}{mean} {independence}".strip())


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
