"""What sales and repeat purchases say."""

import pandas as pd

from churnlib.findings.wording import MIN_N, counted, period_name, share_of, spell
from churnlib.formats import money, text
from churnlib.periods import Grain

PER_YEAR: dict[Grain, int] = {"month": 12, "quarter": 4}
CLEAR = 0.05
"""Level below which an adjusted p-value is called a clear difference."""
WINDOWS = (365, 180, 90, 30)


def revenue(sales: pd.DataFrame, *, currency: str, grain: Grain) -> str:
    """The reported period's revenue, from whom, and against the previous period and a year
    before.
    """
    last = sales.iloc[-1]
    name = period_name(last.period_start, grain)
    said = f"Revenue was {money(last.revenue, currency)} in {name}"
    if last.revenue > 0 and min(last.revenue_returning, last.revenue_new) >= 0:
        share = last.revenue_returning / last.revenue
        part = {0: "none", 1: "all"}.get(share, text(share, "percent"))
        said += f", {part} of it from returning customers"
    compared = [
        f"{text(last.revenue / row.revenue - 1, '+percent')} on "
        f"{period_name(row.period_start, grain)}"
        for row in (sales.iloc[-1 - back] for back in (1, PER_YEAR[grain]) if len(sales) > back)
        if min(row.revenue, last.revenue) > 0
    ]
    return f"{said}: {', '.join(compared)}." if compared else f"{said}."


def customers(sales: pd.DataFrame, *, grain: Grain) -> str:
    """How many bought, and how many of them for the first time."""
    last = sales.iloc[-1]
    name = period_name(last.period_start, grain)
    if not last.customers:
        return f"Nobody bought in {name}."
    some = {0: "none", last.customers: "all"}.get(
        last.new_customers, text(last.new_customers, "count")
    )
    new = f"{some} of them for the first time"
    if last.customers == 1:
        new = "for the first time" if last.new_customers else "not for the first time"
    return f"{counted(last.customers, 'customer')} bought in {name}, {new}."


def orders(sales: pd.DataFrame, *, currency: str, grain: Grain) -> str:
    """How often buyers bought and what a purchase brought."""
    last = sales.iloc[-1]
    name = period_name(last.period_start, grain)
    if not last.customers:
        return f"Nobody bought in {name}, so there is no revenue per purchase."
    if last.customers < MIN_N:
        return f"{counted(last.customers, 'customer')} bought in {name}: too few for averages."
    return (
        f"Who bought in {name} did so {text(last.purchase_frequency, 'number.2')} times on "
        "average; revenue, returns "
        f"deducted, was {money(last.average_order_value, currency, 2)} a purchase."
    )


def repeat(rates: pd.DataFrame) -> str:
    """The share with a second purchase within the windows."""
    told = [
        f"{share_of(row.rate, row.low, row.high)} bought again within {row.window_days} days of "
        "their first purchase"
        for row in rates.itertuples()
        if row.window_days != "ever" and row.denominator >= MIN_N
    ]
    if not told:
        return "The days after a first purchase have not been observed for enough customers yet."
    again = [
        part.replace("bought again ", "").replace(" of their first purchase", "")
        for part in told[1:]
    ]
    return f"Of the customers observed that long, {' and '.join([told[0], *again])}."


def waiting(curve: pd.DataFrame, *, what: str) -> str:
    """By when half of the waits end, from a curve of days waited."""
    enough = curve[curve["at_risk"] >= MIN_N]
    if enough.empty:
        return "Too few purchases to tell how long customers wait."
    half = enough[enough["estimate"] <= 0.5]
    last = enough.iloc[-1]
    if half.empty:
        share = share_of(1 - last.estimate, 1 - last.high, 1 - last.low)
        return f"Within {spell(last.tenure, 'day')}, {share} of {what} are followed by another."
    return f"Half of {what} are followed by another within {spell(half.iloc[0].tenure, 'day')}, the open waits counted as open."


def mean_wait(mean: pd.DataFrame) -> str:
    """Average days between purchases within a horizon, with the open last wait censored."""
    row = mean.iloc[0]
    if pd.isna(row["mean"]):
        return "The average wait cannot be told: too few have been observed through the horizon."
    if row["mean"] == row.horizon:
        return f"No purchase has been followed by another within {int(row.horizon)} days."
    return (
        f"With waits of more than {int(row.horizon)} days counted as {int(row.horizon)}, the "
        "average wait for the next "
        f"purchase is {text(row['mean'], 'number')} days ({text(row.low, 'number')} to "
        f"{text(row.high, 'number')})."
    )


def segments(comparison: pd.DataFrame, column: str, curve: pd.DataFrame) -> str:
    """Whether the values of a column differ in how soon customers buy a second time, and the
    extremes.
    """
    row, name = comparison[comparison["column"] == column].iloc[0], column.replace("_", " ")
    if pd.isna(row.p_adjusted):
        return f"Too few customers to compare the values of {name}."
    if row.p_adjusted >= CLEAR:
        return f"{name.capitalize()} makes no clear difference to how soon customers buy again."
    for days in WINDOWS:
        rows = curve[(curve["tenure"] == days) & (curve["at_risk"] >= MIN_N)]
        if len(rows) >= 2:
            soon, late = rows.loc[rows["estimate"].idxmin()], rows.loc[rows["estimate"].idxmax()]
            quick, slow = (
                share_of(1 - one.estimate, 1 - one.high, 1 - one.low) for one in (soon, late)
            )
            return (
                f"How soon customers buy again differs by {name}: within {days} days {quick} of "
                f"{soon[column]} did, and "
                f"{slow} of {late[column]}."
            )
    return f"How soon customers buy again differs by {name}."


def within_reach(customers: float, rate: float, *, days: int) -> str:
    """First-time buyers who may still buy again soon."""
    return (
        f"Win the second purchase: {counted(customers, 'customer')} bought first within the last "
        f"{days} days and not again "
        f"yet; of the customers before them {text(rate, 'percent')} bought again within {days} "
        "days."
    )


def slipping(customers: float, spent: float, *, repeats: int, currency: str) -> str:
    """Regular customers who have probably stopped."""
    return (
        f"Win back: {counted(customers, 'customer')} with {repeats} or more repeat purchases, "
        "which brought "
        f"{money(spent, currency)}, have more likely stopped than not, by either model. P(alive) "
        "of each is in "
        f"tables/clv_customers.csv."
    )
