"""What the concentration of revenue says."""

import pandas as pd

from churnlib.findings.wording import counted
from churnlib.formats import money, text
from churnlib.results.declared import currency_of
from churnlib.results.told import Finding
from churnlib.statistics.rules import MIN_N

__all__ = ["say_concentration"]

TOLD = 0.2
"""The share of customers that is told."""


def say_concentration(concentration: pd.DataFrame) -> Finding:
    """How much the fifth of customers brings that brings most.

    It is a fact about all customers and no sample, so it has no range; it is no signal either: most
    businesses rest on few.
    """
    rows = concentration[concentration["share_of_customers"] == TOLD]
    if rows.empty or rows["of_customers"].iloc[0] < MIN_N:
        few = "Too few customers to tell how much of the revenue rests on a fifth of them."
        return Finding(sentence=few)
    row, unit = rows.iloc[0], currency_of(concentration)
    if pd.isna(row.share_of_revenue):
        none = "All customers together bring no revenue, so nobody's share of it can be told."
        return Finding(sentence=none, n=row.of_customers)
    shop = concentration.attrs.get("model") == "transactional"
    what = "revenue of the last twelve months" if shop else "MRR"
    sentence = (
        f"The {counted(row.customers, 'customer')} who bring most, a fifth of "
        f"{text(row.of_customers, 'count')}, bring {text(row.share_of_revenue, 'percent')} of the "
        f"{what}: {money(row.revenue, unit)}."
    )
    return Finding(sentence=sentence, n=row.of_customers)
