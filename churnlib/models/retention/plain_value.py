"""The plain figure, ARPA x margin / churn, and what stands between it and the value."""

import numpy as np
import pandas as pd

from churnlib.models.retention.value_range import ALL, ValueTerms, segments
from churnlib.models.survival.life_table import LifeTable, life_table

STEPS = {
    "from_horizon": "the plain figure adds up payments for ever and the value stops at its horizon",
    "from_discount": "the plain figure counts a payment in three years like one today",
    "from_survival": "the plain figure has every customer leave at one average rate, whatever its month of life",
}
"""What each step from the plain figure to the value stands for, as a clause for readers."""


def plain_value(table: LifeTable, arpa: float, terms: ValueTerms) -> float:
    """ARPA x margin / churn, in currency; NaN where nobody has left.

    Churn is the monthly average over all months of life seen: customers who left / customer-months
    at risk.
    """
    churn = _churn(table)
    return float(arpa * terms.margin / churn) if churn > 0 else float("nan")


def plain_value_steps(
    lifetimes: pd.DataFrame,
    values: pd.DataFrame,
    *,
    by: str | None = None,
    terms: ValueTerms | None = None,
) -> pd.DataFrame:
    """From the plain figure to the value, step by step, and the step that matters most.

    Grain: one row a segment of `values`.

    Parameters
    ----------
    lifetimes : frame
        [by], entry, duration (months), event_observed, customers.
    values : frame
        The result of `subscription_value` on the same lifetimes and terms.
    by : str, optional
        The column that both were split by.
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
    With churn c, horizon h and monthly discount factor v the four stations are m / c, m (1 - (1 -
    c)^h) / c, m sum_k ((1 - c) v)^k and the value itself, with m = ARPA x margin.

    Examples
    --------
    >>> from churnlib.models.retention.projection import project
    >>> from churnlib.models.retention.subscription_value import subscription_value
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False], "customers": [40, 60]})
    >>> active = pd.DataFrame({"customers": [60], "mrr": [600.0]})
    >>> terms = ValueTerms(margin=1.0, discount_rate=0.0, horizon=3)
    >>> values = subscription_value(rows, active, project(rows), terms=terms)
    >>> steps = plain_value_steps(rows, values, terms=terms)
    >>> steps[["plain_value", "from_horizon", "from_discount", "from_survival", "value"]].to_numpy().round(2).tolist()
    [[40.0, -16.88, 0.0, -1.12, 22.0]]
    """
    terms = terms or ValueTerms()
    tables = {segment: life_table(part) for segment, part in segments(lifetimes, by)}
    own = values[values["segment_column"] == (by or ALL)]
    rows = [_steps(tables[row.segment], row, terms) for row in own.itertuples()]
    columns = ["segment_column", "segment", "customers", "plain_value", *STEPS, "value", "why"]
    return pd.DataFrame(rows, columns=columns)


def _steps(table: LifeTable, row, terms: ValueTerms) -> tuple:
    churn, monthly = _churn(table), row.arpa * terms.margin
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
    why = "" if np.isnan(steps).any() else list(STEPS.values())[int(np.argmax(towards))]
    head = (row.segment_column, row.segment, row.customers)
    return *head, row.plain_value, *(float(step) for step in steps), row.value, why


def _churn(table: LifeTable) -> float:
    exposure = table.at_risk.sum()
    return float(table.events.sum() / exposure) if exposure else float("nan")
