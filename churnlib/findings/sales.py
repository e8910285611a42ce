"""What the sales of a shop say."""

import pandas as pd

from churnlib.findings import key_figures
from churnlib.findings.wording import (
    counted,
    earlier_rows,
    period_name,
    share_of,
    spell,
)
from churnlib.formats import money, text
from churnlib.results.declared import currency_of, grain_of
from churnlib.results.told import Finding, KeyFigure
from churnlib.statistics.intervals import wilson
from churnlib.statistics.rules import MIN_N

__all__ = ["say_buyers", "say_repeat_purchases", "say_revenue_per_purchase", "say_sales"]

WINDOW = 90
"""Days after the first purchase that the key figure looks at."""

TOLD_SHARE = 0.01
"""The share of all revenue from which sales without a customer are told."""


def say_sales(sales: pd.DataFrame) -> Finding:
    """The reported period's revenue, from whom, and against earlier periods."""
    last, unit = sales.iloc[-1], currency_of(sales)
    name = period_name(last.period_start, grain_of(sales))
    told = f"Revenue was {money(last.revenue, unit)} in {name}"
    if last.revenue > 0 and min(last.revenue_returning, last.revenue_new) >= 0:
        share = last.revenue_returning / last.revenue
        part = {0: "none", 1: "all"}.get(share, text(share, "percent"))
        told += f", {part} of it from returning customers"
    compared = [
        f"{text(last.revenue / row.revenue - 1, '+percent')} on {before}"
        for row, before in earlier_rows(sales)
        if min(row.revenue, last.revenue) > 0
    ]
    sentence = f"{told}: {', '.join(compared)}." if compared else f"{told}."
    return Finding(
        sentence=sentence + _unattributed(sales, name),
        clause=_in_short(sales),
        place="result",
        n=last.get("customers"),
        key_figures=(key_figures.amount(sales, "revenue", "Revenue", unit),),
    )


def _in_short(sales: pd.DataFrame) -> str:
    """`revenue rose by 3.0 % to €52,100`, against the period before."""
    unit, now = currency_of(sales), sales["revenue"].iloc[-1]
    before = sales["revenue"].iloc[-2] if len(sales) > 1 else 0
    if min(before, now) <= 0 or now == before:
        return f"revenue was {money(now, unit)}"
    change = text(abs(now / before - 1), "percent")
    return f"revenue {'rose' if now > before else 'fell'} by {change} to {money(now, unit)}"


def _unattributed(sales: pd.DataFrame, name: str) -> str:
    """What was sold to nobody that is known, where it is a share that counts."""
    if "revenue_unattributed" not in sales:
        return ""
    unit, last = currency_of(sales), sales.iloc[-1]
    total = sales["revenue"] + sales["revenue_unattributed"]
    if last.revenue_unattributed < TOLD_SHARE * total.iloc[-1] or not total.iloc[-1]:
        return ""
    said = (
        f" Another {money(last.revenue_unattributed, unit)} were sold without a customer's id, "
        f"{money(total.iloc[-1], unit)} in all in {name}"
    )
    if len(total) > 1 and total.iloc[-2] > 0:
        change = text(total.iloc[-1] / total.iloc[-2] - 1, "+percent")
        said += f", {change} on the {grain_of(sales)} before"
    return f"{said}."


def say_buyers(sales: pd.DataFrame) -> Finding:
    """How many bought, and how many of them for the first time."""
    last = sales.iloc[-1]
    figures = (
        key_figures.amount(sales, "customers", "Customers who bought", "count"),
        key_figures.amount(sales, "new_customers", "New customers", "count"),
    )
    return Finding(
        sentence=_buyers_sentence(last, period_name(last.period_start, grain_of(sales))),
        n=last.customers,
        key_figures=figures,
    )


def _buyers_sentence(last: pd.Series, name: str) -> str:
    if not last.customers:
        return f"Nobody bought in {name}."
    if pd.isna(last.new_customers):
        return (
            f"{counted(last.customers, 'customer')} bought in {name}, the first period of the "
            "records: who of them is new is not known."
        )
    some = {0: "none", last.customers: "all"}.get(
        last.new_customers, text(last.new_customers, "count")
    )
    new = f"{some} of them for the first time"
    if last.customers == 1:
        new = "for the first time" if last.new_customers else "not for the first time"
    return f"{counted(last.customers, 'customer')} bought in {name}, {new}."


def say_revenue_per_purchase(sales: pd.DataFrame) -> Finding:
    """How often buyers bought and what a purchase brought."""
    last, unit = sales.iloc[-1], currency_of(sales)
    name = period_name(last.period_start, grain_of(sales))
    figure = key_figures.amount(sales, "average_order_value", "Revenue per purchase", f"{unit}.2")
    if not last.customers:
        nobody = f"Nobody bought in {name}, so there is no revenue per purchase."
        return Finding(sentence=nobody, key_figures=(figure,))
    if last.customers < MIN_N:
        sentence = f"{counted(last.customers, 'customer')} bought in {name}: too few for averages."
    else:
        often = text(last.purchase_frequency, "number.2")
        each = money(last.average_order_value, unit, 2)
        sentence = (
            f"Who bought in {name} did so {often} times on average; revenue, returns deducted, was "
            f"{each} a purchase."
        )
    return Finding(sentence=sentence, n=last.customers, key_figures=(figure,))


def say_repeat_purchases(rates: pd.DataFrame, by_cohort: pd.DataFrame) -> Finding:
    """The share with a second purchase within the windows, and its course from cohort to cohort.

    Parameters
    ----------
    rates : what `repeat_purchase_rate` gave
    by_cohort : what `repeat_by_cohort` gave
    """
    known = rates[(rates["window_days"] != "ever") & (rates["denominator"] >= MIN_N)]
    told = Finding(
        sentence="The days after a first purchase have not been observed for enough customers yet.",
    )
    if len(known):
        told = _within_windows(known)
    first = rates[rates["window_days"] == WINDOW]
    if first.empty:
        # An analyst asked for other windows than the report does.
        return told
    figure = _bought_again(first.iloc[0], by_cohort)
    return told.model_copy(update={"key_figures": (figure,)})


def _within_windows(known: pd.DataFrame) -> Finding:
    """Shares of one population: the customers observed through the longest of the windows."""
    n = int(known["denominator"].iloc[-1])
    low, high = wilson(known["of_longest"], n)
    again = [
        f"{share_of(row.of_longest / n, low[place], high[place])} within {row.window_days} days"
        for place, row in enumerate(known.itertuples())
    ]
    again[0] = again[0].replace(" within", " bought again within")
    observed = spell(known["window_days"].iloc[-1], "day")
    who = f"Of the {counted(n, 'customer')} observed for {observed} after their first purchase"
    return Finding(sentence=f"{who}, {' and '.join(again)}.", n=n, low=low[0], high=high[0])


def _bought_again(row: pd.Series, by_cohort: pd.DataFrame) -> KeyFigure:
    n = "nobody observed that long"
    if row.denominator:
        n = f"of {text(row.denominator, 'count')} observed that long"
        n = key_figures.small_marked(n, row.denominator)
    whole = by_cohort[by_cohort["window_days"] == WINDOW]
    whole = whole[(whole["denominator"] == whole["size"]) & (whole["denominator"] >= MIN_N)]
    course = tuple(whole["rate"].tail(key_figures.COURSE).astype(float))
    label = f"Bought again within {WINDOW} days"
    return KeyFigure(label=label, value=text(row.rate, "percent"), unit="%", course=course, n=n)
