"""Cohorts pooled at each age: all of them, and the newest against the earlier ones."""

import pandas as pd

from churnlib.measures.by_period import as_declared
from churnlib.results.columns import AGE, Column, rate
from churnlib.results.declared import Result, gives
from churnlib.statistics.rates import ratio, with_rate

__all__ = ["newest_against_earlier", "pooled", "pooled_revenue"]

NEWEST = 3
"""How many of the newest cohorts are set against the earlier ones."""
_SIZE = Column("size", "count", "Size", "Customers of the cohorts observable at this age.")
COHORTS_POOLED = Result(
    "cohorts_pooled",
    "retention of all cohorts",
    "one row an age",
    (
        AGE,
        _SIZE,
        Column("active", "count", "Active", "Of them, those there at this age."),
        *rate(
            "rate",
            "Retention",
            "Active ÷ size, summed over the observable cohorts.",
            "size",
            frame="rate",
        ),
    ),
)
COHORTS_REVENUE_POOLED = Result(
    "cohorts_revenue_pooled",
    "the revenue of all cohorts",
    "one row an age",
    (
        AGE,
        _SIZE,
        Column(
            "opening_amount",
            "money",
            "Opening amount",
            "Revenue at age 0 of the cohorts observable at this age.",
        ),
        Column("amount", "money", "Amount", "Their revenue at this age."),
        Column("rate", "share", "Retention", "Amount ÷ opening amount.", denominator="size"),
    ),
)


def _side(name: str, whose: str) -> tuple[Column, ...]:
    """The columns of one side of the comparison."""
    size = f"{name}_size"
    ends = {"low": f"{name}_low", "high": f"{name}_high"}
    return (
        Column(size, "count", f"{whose}: size", f"Customers of {whose.lower()} cohorts."),
        Column(f"{name}_active", "count", f"{whose}: active", "Of them, those there."),
        Column(
            f"{name}_rate", "share", whose, f"{whose}: active ÷ size.", denominator=size, **ends
        ),
        Column(ends["low"], "share", "from", "The low end of the 95 % range."),
        Column(ends["high"], "share", "to", "The high end of the 95 % range."),
    )


COHORTS_NEWEST = Result(
    "cohorts_newest",
    "the newest cohorts against earlier ones",
    "one row an age that both sides have reached",
    (AGE, *_side("newest", "Newest"), *_side("earlier", "Earlier")),
)


@gives(COHORTS_POOLED)
def pooled(triangle: pd.DataFrame) -> pd.DataFrame:
    """All cohorts together at each age: sum of active over sum of size, never a mean of
    percentages.

    Grain: one row an age. Each age pools the cohorts observable at it, hence ever fewer and older
    ones. The first cohort of a shop's records is left out: its customers need not be new.

    Parameters
    ----------
    triangle : what `customer_retention` returned

    Returns
    -------
    DataFrame
        age; size, active (sums over observable cohorts); rate = active / size; low, high (Wilson)

    Examples
    --------
    >>> from churnlib.measures.cohorts import customer_retention
    >>> pooled(customer_retention(snapshot)).columns.tolist()
    ['age', 'size', 'active', 'rate', 'low', 'high']
    """
    sums = _summed(triangle[triangle["active"].notna()], ["size", "active"])
    return as_declared(with_rate(sums, "active", "size"), COHORTS_POOLED)


@gives(COHORTS_REVENUE_POOLED)
def pooled_revenue(table: pd.DataFrame) -> pd.DataFrame:
    """Revenue of all cohorts together at each age against what they began with.

    Grain: one row an age.

    Parameters
    ----------
    table : what `revenue_retention` returned

    Returns
    -------
    DataFrame
        age; size (customers observable); opening_amount, amount (sums over observable cohorts);
        rate = amount / opening_amount

    Examples
    --------
    >>> from churnlib.measures.cohorts import revenue_retention
    >>> pooled_revenue(revenue_retention(snapshot)).columns.tolist()
    ['age', 'size', 'opening_amount', 'amount', 'rate']
    """
    sums = _summed(table[table["amount"].notna()], ["size", "opening_amount", "amount"])
    rated = sums.assign(rate=ratio(sums["amount"], sums["opening_amount"]))
    return as_declared(rated, COHORTS_REVENUE_POOLED)


@gives(COHORTS_NEWEST)
def newest_against_earlier(triangle: pd.DataFrame, *, newest: int = NEWEST) -> pd.DataFrame:
    """The newest cohorts beside all earlier ones, at the same ages.

    Grain: one row an age that at least one of the newest cohorts has reached and at least one
    earlier cohort too.

    Parameters
    ----------
    triangle : what `customer_retention` returned, with periods as cohorts
    newest : how many of the last cohorts count as the newest

    Returns
    -------
    DataFrame
        age; newest_size, newest_active, newest_rate, newest_low, newest_high; earlier_size,
        earlier_active, earlier_rate, earlier_low, earlier_high (pooled as in `pooled`, Wilson
        limits)

    Examples
    --------
    >>> from churnlib.measures.cohorts import customer_retention
    >>> newest_against_earlier(customer_retention(snapshot)).columns.tolist()[:4]
    ['age', 'newest_size', 'newest_active', 'newest_rate']
    """
    labels = sorted(triangle["cohort"].unique())
    last = labels[-newest:] if newest else []
    is_new = triangle["cohort"].isin(last)
    new = pooled(triangle[is_new]).set_index("age").add_prefix("newest_")
    earlier = pooled(triangle[~is_new]).set_index("age").add_prefix("earlier_")
    return as_declared(new.join(earlier, how="inner").reset_index(), COHORTS_NEWEST)


def _summed(seen: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Sums by age; who is summed is split by nothing any more."""
    if "left_edge" in seen:
        seen = seen[~seen["left_edge"].astype(bool)]
    sums = seen.groupby("age", as_index=False)[columns].sum()
    sums.attrs = {}
    return sums
