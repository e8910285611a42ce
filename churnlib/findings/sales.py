"""What sales and repeat purchases say."""

import pandas as pd

from churnlib.findings.wording import MIN_N, counted, period_name, share_of
from churnlib.formats import money, text
from churnlib.periods import Grain

PER_YEAR: dict[Grain, int] = {"month": 12, "quarter": 4}
CLEAR = 0.05
"""Level below which an adjusted p-value is called a clear difference."""
WINDOWS = (365, 180, 90, 30)


def revenue(sales: pd.DataFrame, *, currency: str, grain: Grain) -> str:
    """The reported period's revenue, from whom, and against the previous period and a year before."""
    last = sales.iloc[-1]
    name = period_name(last.period_start, grain)
    said = f"Revenue was {money(last.revenue, currency)} in {name}"
    if last.revenue > 0 and last.revenue_returning >= 0:
        said += f", {text(last.revenue_returning / last.revenue, 'percent')} of it from returning customers"
    compared = [
        f"{text(last.revenue / row.revenue - 1, '+percent')} on {period_name(row.period_start, grain)}"
        for row in (sales.iloc[-1 - back] for back in (1, PER_YEAR[grain]) if len(sales) > back)
        if row.revenue > 0
    ]
    return f"{said}: {', '.join(compared)}." if compared else f"{said}."


def customers(sales: pd.DataFrame, *, grain: Grain) -> str:
    """How many bought, and how many of them for the first time."""
    last = sales.iloc[-1]
    new = "none of them for the first time"
    if last.new_customers:
        new = f"{text(last.new_customers, 'count')} of them for the first time"
    return f"{counted(last.customers, 'customer')} bought in {period_name(last.period_start, grain)}, {new}."


def orders(sales: pd.DataFrame, *, currency: str, grain: Grain) -> str:
    """How often buyers bought and what a purchase brought."""
    last = sales.iloc[-1]
    if not last.customers:
        return f"Nobody bought in {period_name(last.period_start, grain)}."
    return (
        f"Who bought in {period_name(last.period_start, grain)} did so {text(last.purchase_frequency, 'number.2')} times on "
        f"average, at {money(last.average_order_value, currency, 2)} a purchase."
    )


def repeat(rates: pd.DataFrame) -> str:
    """The share with a second purchase within the windows."""
    told = [
        f"{share_of(row.rate, row.low, row.high)} within {row.window_days} days"
        for row in rates.itertuples()
        if row.window_days != "ever" and row.denominator >= MIN_N
    ]
    if not told:
        return "No window of 90 days after a first purchase has been observed for enough customers yet."
    return f"A second time bought {' and '.join(told)} of the first purchase, of those observed that long."


def waiting(curve: pd.DataFrame, *, what: str) -> str:
    """By when half of the waits end, from a curve of days waited."""
    enough = curve[curve["at_risk"] >= MIN_N]
    if enough.empty:
        return "Too few purchases to tell how long customers wait."
    half = enough[enough["estimate"] <= 0.5]
    last = enough.iloc[-1]
    if half.empty:
        return (
            f"Within {int(last.tenure)} days, {text(1 - last.estimate, 'percent')} of {what} are followed by another."
        )
    return f"Half of {what} are followed by another within {int(half.iloc[0].tenure)} days, the open waits counted as open."


def mean_wait(mean: pd.DataFrame) -> str:
    """Average days between purchases within a horizon, with the open last wait censored."""
    row = mean.iloc[0]
    if pd.isna(row["mean"]):
        return "The average wait cannot be told: too few have been observed through the horizon."
    return (
        f"Within the first {int(row.horizon)} days after a purchase, the average wait for the next is "
        f"{text(row['mean'], 'number')} days ({text(row.low, 'number')} to {text(row.high, 'number')})."
    )


def segments(comparison: pd.DataFrame, column: str, curve: pd.DataFrame) -> str:
    """Whether the values of a column differ in how soon customers buy a second time, and the extremes."""
    row, name = comparison[comparison["column"] == column].iloc[0], column.replace("_", " ")
    if pd.isna(row.p_adjusted):
        return f"Too few customers to compare the values of {name}."
    if row.p_adjusted >= CLEAR:
        return f"{name.capitalize()} makes no clear difference to how soon customers buy again."
    for days in WINDOWS:
        rows = curve[(curve["tenure"] == days) & (curve["at_risk"] >= MIN_N)]
        if len(rows) >= 2:
            soon, late = rows.loc[rows["estimate"].idxmin()], rows.loc[rows["estimate"].idxmax()]
            return (
                f"How soon customers buy again differs by {name}: within {days} days {text(1 - soon.estimate, 'percent')} of "
                f"{soon[column]} did, and {text(1 - late.estimate, 'percent')} of {late[column]}."
            )
    return f"How soon customers buy again differs by {name}."


def within_reach(customers: float, rate: float, *, days: int) -> str:
    """First-time buyers who may still buy again soon."""
    return (
        f"Win the second purchase: {counted(customers, 'customer')} bought first within the last {days} days and not again "
        f"yet; of those before them {text(rate, 'percent')} did so within {days} days."
    )


def slipping(customers: float, spent: float, *, repeats: int, currency: str) -> str:
    """Regular customers who have probably stopped."""
    return (
        f"Win back: {counted(customers, 'customer')} with {repeats} or more repeat purchases, worth {money(spent, currency)} "
        f"so far, have more likely stopped than not. They are in tables/clv_customers.csv."
    )
