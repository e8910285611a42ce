"""What customers are worth, in words."""

import pandas as pd

from churnlib.findings.wording import MIN_N, counted, spell
from churnlib.formats import interval, money, text
from churnlib.models.purchases.backtest import PurchaseModelChoice
from churnlib.models.purchases.cohort_value import COHORT
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.models.purchases.gamma_gamma import MoneyFit
from churnlib.models.retention.value_range import ValueTerms
from churnlib.results.segments import ALL


def terms(terms: ValueTerms) -> str:
    """Under which terms values are computed."""
    return (
        f"Values add up {terms.horizon} months of payments at a margin of "
        f"{text(terms.margin, 'percent')}, discounted at "
        f"{text(terms.discount_rate, 'percent')} a year; ARPA is that of today's active customers."
    )


def by_segment(values: pd.DataFrame, *, currency: str) -> str:
    """The value of a new customer, in all or as the extremes of a column."""
    enough = values[values["customers"] >= MIN_N]
    known = enough[enough["value"].notna()]
    if known.empty:
        why = "Too few customers have been observed." if enough.empty else enough["reason"].iloc[0]
        return f"No value can be told. {why}"
    if len(known) == 1:
        return f"{_named(known.iloc[0])} is worth {_with_range(known.iloc[0], currency)}."
    best, worst = known.loc[known["value"].idxmax()], known.loc[known["value"].idxmin()]
    ratio = f", {text(best.value / worst.value, 'number')} times as much" if worst.value > 0 else ""
    return (
        f"A new customer of {best.segment} is worth {_with_range(best, currency)}, one of "
        f"{worst.segment} "
        f"{_with_range(worst, currency)}{ratio if best.value_low > worst.value_high else ': the ranges overlap'}."
    )


def split_by(column: str) -> str:
    """`, by first plan`, or nothing where nothing is split."""
    return "" if column == ALL else f", by {column.replace('_', ' ')}"


def remaining(left: pd.DataFrame, *, currency: str, horizon: int) -> str:
    """What today's base will still bring."""
    everybody = left[left["segment_column"] == ALL]
    if everybody.empty:
        return "Nobody is a customer at the end of the period, so nothing is still to come."
    row = everybody.iloc[0]
    if row.customers < MIN_N:
        return f"{counted(row.customers, 'customer')} today: too few to tell what they will still bring."
    if pd.isna(row.value):
        return f"What today's customers will still bring cannot be told. {row.reason}"
    return (
        f"Today's {counted(row.customers, 'customer')} can be expected to bring "
        f"{money(row.value, currency)} of discounted "
        f"margin over the next {horizon} months "
        f"({interval(row.value_low, row.value_high, currency)})."
    )


def acquisition(values: pd.DataFrame, *, currency: str) -> str:
    """Whether a customer is worth what winning it costs."""
    known = values[values["ltv_to_cac"].notna()] if "ltv_to_cac" in values else values.iloc[:0]
    if "cac" in values and (values["cac"] == 0).any() and known.empty:
        return "The cost of winning a customer is given as nought: there is nothing to set its value against."
    if known.empty:
        return "No cost of winning a customer is given (acquisition_cost), so LTV:CAC and payback cannot be told."
    row = known.iloc[0]
    back = "is not paid back within the horizon"
    if pd.notna(row.payback_months):
        back = f"is paid back after {counted(row.payback_months, 'monthly payment')}"
    return f"{_named(row)} is worth {text(row.ltv_to_cac, 'number')} times its cost of {money(row.cac, currency)}, which {back}."


def plain(steps: pd.DataFrame, *, currency: str) -> str:
    """The plain figure beside the value, and the largest reason for the difference."""
    row = steps.iloc[0]
    if row.customers < MIN_N:
        return "Too few customers to set the plain figure ARPA × margin ÷ churn beside a value."
    if pd.isna(row.plain_value):
        return "Without customers and churn the plain figure ARPA × margin ÷ churn has no value."
    if pd.isna(row.value):
        return f"ARPA × margin ÷ churn would say {money(row.plain_value, currency)}; there is no value to set beside it."
    return (
        f"ARPA × margin ÷ churn would say {money(row.plain_value, currency)}, against "
        f"{money(row.value, currency)}; "
        f"mostly because {row.why}."
    )


def drop_out(fit: PurchaseFit) -> str:
    """What the chosen model found, where that is not plainly a fit."""
    if fit.reason:
        return fit.reason
    note = "BG/NBD gives every one-time buyer a probability of 1 of being there still: it lets customers stop only after "
    note += "a repeat purchase. Read its figures for one-time buyers with that in mind."
    return (
        note
        if fit.model == "BG/NBD"
        else "MBG/NBD lets customers stop right after their first purchase too."
    )


def backtest(choice: PurchaseModelChoice, *, horizon: int) -> str:
    """How far earlier forecasts were off."""
    if not choice.origins:
        return f"No earlier forecast could be scored. {choice.reason}"
    seen = interval(choice.error_low, choice.error_high, "+percent")
    held = round(choice.coverage * choice.origins)
    widened = (
        " As that is under 85 %, ranges are widened to the error band." if choice.widened else ""
    )
    return (
        f"{counted(choice.origins, 'earlier forecast')} over {horizon} weeks: off by "
        f"{text(choice.mean_absolute_error, 'percent')} on average ({seen}); {held} of "
        f"{choice.origins} ranges held what "
        f"happened.{widened}"
    )


def totals(totals: pd.DataFrame, *, currency: str, customers: int) -> str:
    """What all customers together will bring over twelve months."""
    rows = totals.set_index("quantity")
    bought, value = rows.loc["purchases"], rows.loc["discounted_value"]
    if pd.isna(bought.predicted):
        return "No forecast can be made: too few customers have bought again."
    said = (
        f"Over the next twelve months the {counted(customers, 'customer')} so far can be expected "
        "to make "
        f"{counted(bought.predicted, 'purchase')} ({interval(bought.low, bought.high, 'count')})"
    )
    if pd.isna(value.predicted):
        return (
            f"{said}; what these bring cannot be told, as no repeat purchase has brought money yet."
        )
    worth = f"{money(value.predicted, currency)} of discounted margin ({interval(value.low, value.high, currency)})"
    return f"{said}, which bring {worth}."


def how_far(horizon: int) -> str:
    """What the range of a forecast is, and how far ahead it was tried."""
    if not horizon:
        return "Predictive range, 95 %. Not back-tested: there is no earlier forecast to hold it against."
    return f"Predictive range, 95 %; back-tested {horizon} weeks ahead: further ahead forecasts may be further off."


def by_cohort(values: pd.DataFrame, *, currency: str) -> str:
    """Which cohort is worth most to come, a customer."""
    known = values[(values["segment_column"] == COHORT) & (values["customers"] >= MIN_N)]
    if known.empty or known["value"].isna().all():
        return "No cohort is large enough to tell its value."
    best, worst = known.loc[known["value"].idxmax()], known.loc[known["value"].idxmin()]
    low, high = (
        f"{money(row.value, currency, 2)} "
        f"({interval(row.value_low, row.value_high, f'{currency}.2')})"
        for row in (worst, best)
    )
    said = f"A customer who began in {best.segment} can be expected to bring {high} over the next twelve months"
    if best.segment == worst.segment:
        return f"{said}."
    overlap = ": the ranges overlap" if best.value_low <= worst.value_high else ""
    return f"{said}, one who began in {worst.segment} {low}{overlap}."


def spending(fit: MoneyFit, *, currency: str) -> str:
    """What a repeat purchase brings on average."""
    mean = (
        ""
        if pd.isna(fit.mean_value)
        else f"The mean repeat purchase is {money(fit.mean_value, currency, 2)}."
    )
    return f"{fit.reason} {mean}".strip()


def calibration(rows: pd.DataFrame) -> str:
    """Where predictions by past frequency were furthest off."""
    known = rows[(rows["customers"] >= MIN_N) & rows["predicted"].notna()]
    if known.empty:
        return "Too few customers to compare predictions by past frequency."
    row = known.loc[(known["predicted"] - known["actual"]).abs().idxmax()]
    return (
        "By past repeat purchases, the forecast was furthest off for customers with "
        f"{row.frequency}: "
        f"{text(row.predicted, 'number.2')} purchases expected and {text(row.actual, 'number.2')} "
        "made, on average."
    )


def tracking(rows: pd.DataFrame) -> str:
    """The forecast for the weeks held out against what happened.

    Not the totals since the first week: the model was fitted to most of these, so that they agree
    in any case.
    """
    ahead = rows[rows["held_out"].astype(bool)]
    expected, happened = ahead["predicted"].sum(min_count=1), ahead["actual"].sum()
    if pd.isna(expected) or not happened:
        return "The forecast could not be tracked."
    return (
        f"In the {spell(len(ahead), 'week')} held out the model expected "
        f"{counted(expected, 'repeat purchase')} and "
        f"{text(happened, 'count')} happened ({text(expected / happened - 1, '+percent')})."
    )


def plain_purchase(figure: dict[str, float], *, currency: str) -> str:
    """The plain figure of a shop beside the forecast."""
    if not figure["lifespan"] > 0:
        return "Order value × frequency × lifespan has no value yet: nobody has bought on two days."
    return (
        "Order value × frequency × lifespan would say "
        f"{money(figure['plain_value'], currency, 2)} a customer: "
        f"{money(figure['average_order_value'], currency, 2)} × "
        f"{text(figure['frequency'], 'number.2')} a year × "
        f"{text(figure['lifespan'], 'number.2')} years × margin. It describes the past and not "
        "the months to come: lifespan "
        "is the mean time from the first purchase to the last one so far, which is 0 for who "
        "bought once."
    )


def _named(row: pd.Series) -> str:
    return "A new customer" if row.segment_column == ALL else f"A new customer of {row.segment}"


def _with_range(row: pd.Series, currency: str) -> str:
    return f"{money(row.value, currency)} ({interval(row.value_low, row.value_high, currency)})"
