"""What subscribers are worth, in words."""

import pandas as pd

from churnlib.findings.wording import counted, earned, value_under
from churnlib.formats import interval, money, text
from churnlib.models.retention.value_range import ValueTerms
from churnlib.results.declared import currency_of
from churnlib.results.segments import ALL
from churnlib.results.told import Finding
from churnlib.statistics.comparisons import extremes_apart
from churnlib.statistics.rules import MIN_N

__all__ = ["say_acquisition", "say_plain_value", "say_remaining_value", "say_value"]


def say_value(values: pd.DataFrame, terms: ValueTerms | None = None) -> Finding:
    """The value of a new customer, in all or as the extremes of a column, with the terms given."""
    enough = values[values["customers"] >= MIN_N]
    known = enough[enough["value"].notna()]
    if known.empty:
        why = "Too few customers have been observed." if enough.empty else enough["reason"].iloc[0]
        return Finding(sentence=f"No value can be told. {why}{_under(terms)}")
    unit = currency_of(values)
    if len(known) == 1:
        row = known.iloc[0]
        return Finding(
            sentence=f"{_named(row)} is worth {_with_range(row, unit)}.{_under(terms)}",
            n=row.customers,
            low=row.value_low,
            high=row.value_high,
        )
    best, worst = known.loc[known["value"].idxmax()], known.loc[known["value"].idxmin()]
    end = ": the ranges overlap"
    if best.value_low > worst.value_high:
        end = f": no clear difference, as the extremes of {len(known)}"
    if best.value_low > worst.value_high and extremes_apart(known, "value").clear:
        end = ""
        if worst.value > 0:
            end = f", {text(best.value / worst.value, 'number')} times as much"
    return Finding(
        sentence=(
            f"A new customer of {best.segment} is worth {_with_range(best, unit)}, one of "
            f"{worst.segment} {_with_range(worst, unit)}{end}.{_under(terms)}"
        ),
        n=known["customers"].sum(),
    )


def _under(terms: ValueTerms | None) -> str:
    """Under which terms values are computed."""
    if terms is None:
        return ""
    return (
        f" Values add up {terms.horizon} months of payments at today's ARPA. "
        f"{value_under(terms.margin, terms.discount_rate)}"
    )


def say_remaining_value(left: pd.DataFrame, terms: ValueTerms) -> Finding:
    """What today's base will still bring."""
    everybody = left[left["segment_column"] == ALL]
    if everybody.empty:
        nobody = "Nobody is a customer at the end of the period, so nothing is still to come."
        return Finding(sentence=nobody)
    row, unit = everybody.iloc[0], currency_of(left)
    if row.customers < MIN_N:
        people = counted(row.customers, "customer")
        return Finding(sentence=f"{people} today: too few to tell what they will still bring.")
    if pd.isna(row.value):
        why = f"What today's customers will still bring cannot be told. {row.reason}"
        return Finding(sentence=why)
    return Finding(
        sentence=(
            f"Today's {counted(row.customers, 'customer')} can be expected to bring "
            f"{money(row.value, unit)} of discounted {earned(terms.margin)} over the next "
            f"{terms.horizon} months ({interval(row.value_low, row.value_high, unit)})."
        ),
        n=row.customers,
        low=row.value_low,
        high=row.value_high,
    )


def say_acquisition(values: pd.DataFrame) -> Finding:
    """Whether a customer is worth what winning it costs."""
    known = values.iloc[:0]
    if "ltv_to_cac" in values:
        known = values[values["ltv_to_cac"].notna()]
    if "cac" in values and (values["cac"] == 0).any() and known.empty:
        nought = (
            "The cost of winning a customer is given as nought: there is nothing to set its value "
            "against."
        )
        return Finding(sentence=nought)
    if known.empty:
        none = (
            "No cost of winning a customer is given (acquisition_cost), so LTV:CAC and payback "
            "cannot be told."
        )
        return Finding(sentence=none)
    row, unit = known.iloc[0], currency_of(values)
    back = "is not paid back within the horizon"
    if pd.notna(row.payback_months):
        back = f"is paid back after {counted(row.payback_months, 'monthly payment')}"
    times, cost = text(row.ltv_to_cac, "number"), money(row.cac, unit)
    sentence = f"{_named(row)} is worth {times} times its cost of {cost}, which {back}."
    return Finding(sentence=sentence, n=row.customers)


def say_plain_value(steps: pd.DataFrame) -> Finding:
    """The plain figure beside the value, and the largest reason for the difference."""
    row, unit = steps.iloc[0], currency_of(steps)
    if row.customers < MIN_N:
        few = "Too few customers to set the plain figure ARPA × margin ÷ churn beside a value."
        return Finding(sentence=few)
    if pd.isna(row.plain_value):
        none = "Without customers and churn the plain figure ARPA × margin ÷ churn has no value."
        return Finding(sentence=none)
    would = f"ARPA × margin ÷ churn would say {money(row.plain_value, unit)}"
    if pd.isna(row.value):
        return Finding(sentence=f"{would}; there is no value to set beside it.")
    value = money(row.value, unit)
    return Finding(sentence=f"{would}, against {value}; mostly because {row.why}.")


def _named(row: pd.Series) -> str:
    if row.segment_column == ALL:
        return "A new customer"
    return f"A new customer of {row.segment}"


def _with_range(row: pd.Series, unit: str) -> str:
    return f"{money(row.value, unit)} ({interval(row.value_low, row.value_high, unit)})"
