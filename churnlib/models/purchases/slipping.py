"""Good customers of a shop who have probably stopped."""

from collections.abc import Sequence

import pandas as pd

from churnlib.models.purchases.expectations import probability_alive
from churnlib.models.purchases.fits import PurchaseFit
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

__all__ = ["slipping_customers"]

REGULAR = 3
"""Repeat purchases of a customer worth winning back."""
EVEN = 0.5
"""A customer whose P(alive) is below it has more likely stopped than not."""
SLIPPING = Result(
    "slipping_customers",
    "regular customers who have probably stopped",
    "one row",
    (
        Column("repeats", "count", "Repeat purchases", "The fewest that make a regular customer."),
        Column(
            "customers", "count", "Customers", "Regulars who have more likely stopped than not."
        ),
        Column("spent", "money", "Spent", "What their repeat purchases brought so far."),
    ),
)


@gives(SLIPPING)
def slipping_customers(buyers: pd.DataFrame, fits: Sequence[PurchaseFit]) -> pd.DataFrame:
    """How many regular customers have more likely stopped than not, whichever model is asked.

    Grain: one row.

    Parameters
    ----------
    buyers : frame
        frequency, recency, age (weeks), spend_frequency, value (currency), customers: what the
        measure `buyers` gives.
    fits : the models asked; all of them have to say so, and none may be one that lets nobody leave

    Returns
    -------
    DataFrame : repeats (the fewest of a regular customer); customers; spent (currency)

    Examples
    --------
    >>> buyers = pd.DataFrame({"frequency": [4], "recency": [9.0], "age": [99.0], "customers": [5]})
    >>> buyers = buyers.assign(spend_frequency=4, value=10.0)
    >>> int(slipping_customers(buyers, []).customers.iloc[0])
    0
    """
    lost = buyers[buyers["frequency"] >= REGULAR]
    if not fits or not all(fit.usable and fit.leaves for fit in fits):
        lost = lost.iloc[:0]
    past = [lost[name].to_numpy(dtype=float) for name in ("frequency", "recency", "age")]
    for fit in fits if len(lost) else ():
        gone = probability_alive(fit, *past) < EVEN
        lost, past = lost[gone], [part[gone] for part in past]
    spent = (lost["value"] * lost["spend_frequency"] * lost["customers"]).sum()
    row = {"repeats": REGULAR, "customers": int(lost["customers"].sum()), "spent": float(spent)}
    return pd.DataFrame([row])
