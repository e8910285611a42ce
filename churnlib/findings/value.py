"""What customers are worth, in words."""

import pandas as pd

from churnlib.findings.wording import MIN_N, counted
from churnlib.formats import interval, money, text
from churnlib.models.cohort_value import COHORT
from churnlib.models.gamma_gamma import MoneyFit
from churnlib.models.purchase_backtest import PurchaseModelChoice
from churnlib.models.purchase_model import PurchaseFit
from churnlib.models.value_range import ALL, ValueTerms


def terms(terms: ValueTerms) -> str:
    """Under which terms values are computed."""
    return (
        f"Values add up {terms.horizon} months of payments at a margin of {text(terms.margin, 'percent')}, discounted at "
        f"{text(terms.discount_rate, 'percent')} a year; ARPA is that of today's active customers."
    )


def by_segment(values: pd.DataFrame, *, currency: str) -> str:
    """The value of a new customer, in all or as the extremes of a column."""
    known = values[values["value"].notna() & (values["customers"] >= MIN_N)]
    if known.empty:
        return "No value can be told: too few customers have been observed long enough."
    if len(known) == 1:
        return f"{_named(known.iloc[0])} is worth {_with_range(known.iloc[0], currency)}."
    best, worst = known.loc[known["value"].idxmax()], known.loc[known["value"].idxmin()]
    ratio = f", {text(best.value / worst.value, 'number')} times as much" if worst.value > 0 else ""
    return (
        f"A new customer of {best.segment} is worth {_with_range(best, currency)}, one of {worst.segment} "
        f"{_with_range(worst, currency)}{ratio if best.value_low > worst.value_high else ': the ranges overlap'}."
    )


def remaining(left: pd.DataFrame, *, currency: str, horizon: int) -> str:
    """What today's base will still bring."""
    row = left[left["segment_column"] == ALL].iloc[0]
    if pd.isna(row.value):
        return f"What today's customers will still bring cannot be told. {row.reason}"
    return (
        f"Today's {counted(row.customers, 'customer')} will bring {money(row.value, currency)} over the next {horizon} "
        f"months ({interval(row.value_low, row.value_high, currency)}), discounted margin."
    )


def acquisition(values: pd.DataFrame, *, currency: str) -> str:
    """Whether a customer is worth what winning it costs."""
    known = values[values["ltv_to_cac"].notna()] if "ltv_to_cac" in values else values.iloc[:0]
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
    if pd.isna(row.plain_value) or pd.isna(row.value):
        return "Without churn the plain figure ARPA × margin ÷ churn has no value."
    return (
        f"ARPA × margin ÷ churn would say {money(row.plain_value, currency)}, against {money(row.value, currency)}; "
        f"mostly because {row.why}."
    )


def drop_out(fit: PurchaseFit) -> str:
    """What the chosen model found, where that is not plainly a fit."""
    if fit.reason:
        return fit.reason
    note = (
        "BG/NBD gives every one-time buyer a probability of 1 of being there still: it lets customers stop only after "
    )
    note += "a repeat purchase. Read its figures for one-time buyers with that in mind."
    return note if fit.model == "BG/NBD" else "MBG/NBD lets customers stop right after their first purchase too."


def backtest(choice: PurchaseModelChoice, *, horizon: int) -> str:
    """How far earlier forecasts were off."""
    if not choice.origins:
        return f"No earlier forecast could be scored. {choice.reason}"
    spread = interval(choice.error_low, choice.error_high, "+percent")
    far = f"off by {text(choice.mean_absolute_error, 'percent')} on average ({spread})"
    covered = f"{text(choice.coverage, 'percent.0')} of them held what happened"
    widened = " As that is under 85 %, ranges are widened to the error band." if choice.widened else ""
    return f"{choice.origins} earlier forecasts over {horizon} weeks were {far}; the ranges of {covered}.{widened}"


def totals(totals: pd.DataFrame, *, currency: str, customers: int) -> str:
    """What all customers together will bring over twelve months."""
    rows = totals.set_index("quantity")
    bought, value = rows.loc["purchases"], rows.loc["discounted_value"]
    if pd.isna(bought.predicted):
        return "No forecast can be made: too few customers have bought again."
    return (
        f"Over the next twelve months the {text(customers, 'count')} customers so far are expected to buy "
        f"{text(bought.predicted, 'count')} times more ({interval(bought.low, bought.high, 'count')}), worth "
        f"{money(value.predicted, currency)} of discounted margin ({interval(value.low, value.high, currency)})."
    )


def by_cohort(values: pd.DataFrame, *, currency: str) -> str:
    """Which cohort is worth most to come, a customer."""
    known = values[(values["segment_column"] == COHORT) & (values["customers"] >= MIN_N)]
    if known.empty or known["value"].isna().all():
        return "No cohort is large enough to tell its value."
    best, worst = known.loc[known["value"].idxmax()], known.loc[known["value"].idxmin()]
    if best.segment == worst.segment:
        return f"A customer of {best.segment} is expected to bring {money(best.value, currency, 2)} more."
    return (
        f"A customer of {best.segment} is expected to bring {money(best.value, currency, 2)} more over twelve months, one of "
        f"{worst.segment} {money(worst.value, currency, 2)}."
    )


def spending(fit: MoneyFit, *, currency: str) -> str:
    """What a repeat purchase brings on average."""
    return f"{fit.reason + ' ' if fit.reason else ''}The mean repeat purchase is {money(fit.mean_value, currency, 2)}."


def calibration(rows: pd.DataFrame) -> str:
    """Where predictions by past frequency were furthest off."""
    known = rows[(rows["customers"] >= MIN_N) & rows["predicted"].notna()]
    if known.empty:
        return "Too few customers to compare predictions by past frequency."
    row = known.loc[(known["predicted"] - known["actual"]).abs().idxmax()]
    return (
        f"By past repeat purchases, predictions were furthest off for {row.frequency}: {text(row.predicted, 'number.2')} "
        f"expected, {text(row.actual, 'number.2')} bought on average."
    )


def tracking(rows: pd.DataFrame) -> str:
    """The cumulative forecast at the end of the hold-out against what happened."""
    last = rows.iloc[-1]
    if pd.isna(last.predicted_cumulative) or not last.actual_cumulative:
        return "The forecast could not be tracked."
    off = last.predicted_cumulative / last.actual_cumulative - 1
    return (
        f"By the last week the model expected {text(last.predicted_cumulative, 'count')} repeat purchases in all and "
        f"{text(last.actual_cumulative, 'count')} happened ({text(off, '+percent')})."
    )


def plain_purchase(figure: dict[str, float], *, currency: str) -> str:
    """The plain figure of a shop beside the forecast."""
    return (
        f"Order value × frequency × lifespan would say {money(figure['plain_value'], currency, 2)} a customer: "
        f"{money(figure['average_order_value'], currency, 2)} × {text(figure['frequency'], 'number.2')} a year × "
        f"{text(figure['lifespan'], 'number.2')} years × margin. It counts the past again and lets nobody stop early."
    )


def _named(row: pd.Series) -> str:
    return "A new customer" if row.segment_column == ALL else f"A new customer of {row.segment}"


def _with_range(row: pd.Series, currency: str) -> str:
    return f"{money(row.value, currency)} ({interval(row.value_low, row.value_high, currency)})"
