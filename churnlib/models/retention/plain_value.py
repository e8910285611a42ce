"""The plain figure, ARPA x margin / churn, and what stands between it and the value."""

import numpy as np
import pandas as pd

from churnlib.models.retention.value_range import ValueTerms
from churnlib.models.survival.life_table import LifeTable, life_table
from churnlib.models.survival.splits import segments, split_by
from churnlib.results.columns import SPLIT, Column
from churnlib.results.declared import Result, gives

__all__ = ["plain_value_steps"]

STEPS = {
    "from_horizon": (
        "the plain figure adds up payments for ever and the value stops at its horizon"
    ),
    "from_discount": "the plain figure counts a payment in three years like one today",
    "from_survival": (
        "the plain figure has every customer leave at one average rate, whatever its month of life"
    ),
}
"""What each step from the plain figure to the value stands for, as a clause for readers."""
PLAIN_VALUE = Result(
    "plain_value",
    title="the steps from ARPA ÷ churn to the value",
    grain="one row a segment",
    columns=(
        *SPLIT,
        Column("customers", "count", "Customers", "Whose lifetimes the value rests on."),
        Column("plain_value", "money", "Plain value", "ARPA × margin ÷ churn."),
        Column("from_horizon", "money", "From horizon", "What ending takes.", signed=True),
        Column("from_discount", "money", "From discount", "What discounting takes.", signed=True),
        Column(
            "from_survival",
            "money",
            "From survival",
            "What the survival curve changes against one churn rate for all.",
            signed=True,
        ),
        Column("value", "money", "Value", "The sum: the value of a new customer."),
        Column("why", "text", "Why", "The largest step towards the value, in words."),
    ),
    shown=(
        "segment",
        "plain_value",
        "from_horizon",
        "from_discount",
        "from_survival",
        "value",
    ),
)


def plain_value(table: LifeTable, arpa: float, terms: ValueTerms) -> float:
    """ARPA x margin / churn, in currency; NaN where nobody has left.

    Churn is the monthly average over all months of life seen: customers who left / customer-months
    at risk.
    """
    churn = _churn(table)
    if not churn > 0:
        return float("nan")
    return float(arpa * terms.kept / churn)


@gives(PLAIN_VALUE)
def plain_value_steps(
    lifetimes: pd.DataFrame,
    values: pd.DataFrame,
    *,
    terms: ValueTerms | None = None,
) -> pd.DataFrame:
    """From the plain figure to the value, step by step, and the step that matters most.

    Grain: one row a segment of `values`.

    Parameters
    ----------
    lifetimes : frame
        [segment], entry, duration (months), event_observed, customers.
    values : frame
        The result of `subscription_value` on the same lifetimes and terms; rows that stand for
        another split are left out.
    terms : ValueTerms, optional

    Returns
    -------
    frame
        segment_column, segment · customers · plain_value · from_horizon, from_discount,
        from_survival (currency; added to plain_value they give value) · value · why (the largest
        step of those that go the way of the whole difference, in words; empty where a figure is
        missing).

    Notes
    -----
    With churn c, horizon h, monthly discount factor v and m = ARPA x margin the four stations are
    m / c, m (1 - (1 - c)^h) / c, m sum_k ((1 - c) v)^k and the value itself.

    Examples
    --------
    >>> from churnlib.models.retention.projection import project
    >>> from churnlib.models.retention.subscription_value import subscription_value
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "customers": [40, 60]})
    >>> rows = rows.assign(event_observed=[True, False])
    >>> active = pd.DataFrame({"customers": [60], "mrr": [600.0]})
    >>> terms = ValueTerms(margin=1.0, discount_rate=0.0, horizon=3)
    >>> values = subscription_value(rows, active, project(rows), terms=terms)
    >>> steps = plain_value_steps(rows, values, terms=terms)
    >>> steps[["plain_value", *STEPS, "value"]].to_numpy().round(2).tolist()
    [[40.0, -16.88, 0.0, -1.12, 22.0]]
    """
    terms = terms or ValueTerms()
    tables = {segment: life_table(part) for segment, part in segments(lifetimes)}
    own = values[values["segment_column"] == split_by(lifetimes)]
    rows = [_steps(tables[row.segment], row, terms) for row in own.itertuples()]
    return pd.DataFrame(rows, columns=[column.name for column in PLAIN_VALUE.columns])


def _steps(table: LifeTable, row, terms: ValueTerms) -> tuple:
    churn, monthly = _churn(table), row.arpa * terms.kept
    stays = (1 - churn) ** np.arange(terms.horizon)
    stations = [
        row.plain_value,
        monthly * stays.sum(),
        monthly * (stays * terms.discounts()).sum(),
        row.value,
    ]
    steps = np.diff(stations)
    # A step the other way explains none of the difference, however large it is.
    towards = steps * np.sign(steps.sum())
    why = ""
    if not np.isnan(steps).any():
        why = list(STEPS.values())[int(np.argmax(towards))]
    head = (row.segment_column, row.segment, row.customers)
    return *head, row.plain_value, *(float(step) for step in steps), row.value, why


def _churn(table: LifeTable) -> float:
    exposure = table.at_risk.sum()
    if not exposure:
        return float("nan")
    return float(table.events.sum() / exposure)
