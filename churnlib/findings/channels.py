"""What is said of newly won customers against those before them."""

import pandas as pd

from churnlib.findings.wording import counted, listed
from churnlib.formats import money, points, text
from churnlib.results.declared import currency_of
from churnlib.results.told import Finding

__all__ = ["say_new_customers"]

LAST = 90
ALL = "all"


def say_new_customers(channels: pd.DataFrame) -> Finding:
    """Whether the customers won last stay better or worse at 90 days, and which channels' do.

    Parameters
    ----------
    channels : what `new_customers` gave
    """
    rows = channels[(channels["age_days"] == LAST) & (channels["against"] == "before")]
    whole = rows[rows["channel"] == ALL]
    if whole.empty:
        return Finding(sentence="There are no two quarters of new customers to compare.")
    row = whole.iloc[0]
    told = _whole(row) + _cost(row, currency_of(channels))
    parts = []
    for verdict in ("worse", "better"):
        names = [f"“{one}”" for one in rows[rows["verdict"] == verdict]["channel"] if one != ALL]
        if names:
            parts.append(f"{verdict} of {listed(names)}")
    clear = bool(parts) or row.verdict in ("worse", "better")
    by_channel = f" By channel it is {' and '.join(parts)}." if parts else ""
    return Finding(
        sentence=f"{told}{by_channel}",
        verdict="watch" if clear else "no signal",
        n=row.now_customers,
        low=row.difference_low,
        high=row.difference_high,
    )


def _cost(row: pd.Series, unit: str) -> str:
    """What winning one who is still there cost, where that is known."""
    if pd.isna(row.cost_per_kept) or not unit or row.verdict in ("too early", "too few"):
        return ""
    return f" Winning each who is still there cost {money(row.cost_per_kept, unit)}."


def _whole(row: pd.Series) -> str:
    """The verdict on everybody, or when it can be told."""
    who = counted(row.now_customers, "customer")
    if row.verdict == "too few":
        return (
            f"With {who} won in the last quarter ten points at {LAST} days cannot be told: about "
            f"{text(row.needed, 'count')} in each quarter are needed."
        )
    if row.verdict == "too early":
        return f"Not all of the {who} won in the last quarter have reached {LAST} days yet."
    kept, then = text(row.now_retention, "percent"), text(row.before_retention, "percent")
    ends = f"{points(row.difference_low)} to {points(row.difference_high)}"
    how = {"worse": "fewer than", "better": "more than"}.get(
        row.verdict, "no clear change on those"
    )
    return (
        f"Of the {who} won in the last quarter {kept} are still there after {LAST} days, {how} of "
        f"the quarter before ({then}; {ends})."
    )
