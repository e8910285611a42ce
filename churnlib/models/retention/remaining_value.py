"""What today's subscribers will still pay."""

from functools import partial

import numpy as np
import pandas as pd

from churnlib.models.retention.projection import Projection
from churnlib.models.retention.subscription_value import VALUE_COLUMNS
from churnlib.models.retention.value_range import ValueTerms, outlook, valued
from churnlib.models.survival.intervals import strata
from churnlib.models.survival.splits import segments, split_by
from churnlib.results.columns import SPLIT, Column
from churnlib.results.declared import Result, gives

__all__ = ["remaining_value"]

REMAINING_VALUE = Result(
    "remaining_value",
    title="what today's customers will still bring",
    grain="one row a segment; the splits one below the other",
    columns=(
        *SPLIT,
        Column("customers", "count", "Customers", "Active today."),
        Column("mrr", "money", "MRR", "Of these customers, today."),
        Column(
            "value",
            "money",
            "Value",
            "Discounted margin of them all over the horizon.",
            low="value_low",
            high="value_high",
        ),
        *VALUE_COLUMNS,
        Column("value_per_customer", "money", "Value per customer", "Value ÷ customers."),
        Column("reason", "text", "Reason", "Why a value is empty."),
    ),
    shown=(
        "segment",
        "customers",
        "mrr",
        "value",
        "value_low",
        "value_high",
        "value_per_customer",
    ),
)


@gives(REMAINING_VALUE)
def remaining_value(
    lifetimes: pd.DataFrame,
    active: pd.DataFrame,
    projection: Projection,
    *,
    terms: ValueTerms | None = None,
) -> pd.DataFrame:
    """What today's customers will still pay over the horizon.

    Grain: one row a segment; one row in all where the frames are not split.

    Parameters
    ----------
    lifetimes : frame
        [segment], [interval_months], entry, duration (months), event_observed, customers.
    active : frame
        [segment], [interval_months], tenure (whole months of the current stay), customers, mrr
        (currency a month): today's base.
    projection : Projection
        Of the whole business, as for `subscription_value`.
    terms : ValueTerms, optional

    Returns
    -------
    frame
        segment_column, segment · customers, mrr (active today) · value (currency, the whole base)
        · value_low, value_high (95 %) · observed_value, projected_value (its two parts) ·
        value_per_customer · reason (why a value is empty).

    Notes
    -----
    A customer of tenure k has paid for its month of life k + 1. What remains is the sum over j = 1
    ... horizon of S(k + j) / S(k) x MRR x margin x discount(j - 1): the next payment falls due
    within a month and is not discounted. S is that of the customer's billing interval. A stay
    after an absence is taken to last as a first one does.

    Examples
    --------
    >>> from churnlib.models.retention.projection import project
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 3], "customers": [40, 60]})
    >>> rows = rows.assign(event_observed=[True, False])
    >>> active = pd.DataFrame({"tenure": [0, 1], "customers": [1, 1], "mrr": [10.0, 10.0]})
    >>> terms = ValueTerms(margin=1.0, discount_rate=0.0, horizon=2)
    >>> found = remaining_value(rows, active, project(rows), terms=terms)
    >>> float(found.value.iloc[0])  # 10 (0.6 + 0.6) + 10 (1 + 1)
    32.0
    """
    terms = terms or ValueTerms()
    watched = dict(segments(lifetimes))
    name = split_by(active)
    rows = []
    for segment, base in segments(active):
        last = int(base["tenure"].max()) + terms.horizon
        view = outlook(watched.get(segment, lifetimes.iloc[:0]), projection, last, terms)
        worth = valued(
            (view.of(interval), partial(_still_to_come, base=part, terms=terms))
            for interval, part in strata(base)
        )
        row = {"segment_column": name, "segment": segment} | _active(base) | worth
        row["value_per_customer"] = np.nan
        if row["customers"]:
            row["value_per_customer"] = row["value"] / row["customers"]
        rows.append(row | {"reason": view.reason})
    return pd.DataFrame(rows, columns=[column.name for column in REMAINING_VALUE.columns])


def _active(base: pd.DataFrame) -> dict[str, float]:
    return {
        "customers": int(base["customers"].sum()),
        "mrr": float(base["mrr"].astype(float).sum()),
    }


def _still_to_come(survival: np.ndarray, base: pd.DataFrame, terms: ValueTerms) -> np.ndarray:
    """What today's customers will pay at each tenure, under each survival curve (rows)."""
    worth = np.zeros_like(survival)
    for tenure, mrr in base.groupby("tenure")["mrr"].sum().astype(float).items():
        ahead = slice(tenure + 1, tenure + 1 + terms.horizon)
        here = survival[:, tenure : tenure + 1]
        # A curve that has come down to 0 has nobody left who could pay.
        nothing = np.zeros_like(survival[:, ahead])
        share = np.divide(survival[:, ahead], here, out=nothing, where=here != 0)
        worth[:, ahead] += share * mrr * terms.kept * terms.discounts()
    return worth
