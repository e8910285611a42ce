"""What a subscriber is worth: survival times revenue times margin, discounted.

A customer pays at the start of each month of life: the first payment (k = 0) is certain and not
discounted; payment k is made by the share S(k) still there after k whole months and discounted by
k months, (1 + yearly rate)^(-k / 12). A lifetime is the first unbroken stay: money after a return
is left out.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from churnlib.models.retention.plain_value import plain_value
from churnlib.models.retention.projection import Projection
from churnlib.models.retention.value_range import Outlook, ValueTerms, outlook, valued
from churnlib.models.survival.splits import segments, split_by
from churnlib.results.columns import SPLIT, Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term

__all__ = ["acquisition", "subscription_value"]

NOBODY_ACTIVE = "Nobody is active, so there is no ARPA."
CUSTOMER_LIFETIME_VALUE = Term(
    "Customer lifetime value",
    "Discounted margin of a customer over the stated months: share still there × ARPA × margin; "
    "revenue where no margin is given.",
)
PAYBACK = Term(
    "Payback",
    "Monthly payments until a new customer's discounted margin covers what winning it cost; the "
    "first is made at the start.",
)
VALUE_COLUMNS = (
    Column("value_low", "money", "from", "The low end of its 95 % range."),
    Column("value_high", "money", "to", "The high end of its 95 % range."),
    Column(
        "observed_value",
        "money",
        "Observed part",
        "Payments within the tenure that the data reach.",
    ),
    Column("projected_value", "money", "Projected part", "Payments beyond that tenure."),
)
"""What stands behind a value, in whatever result it is."""
CLV = Result(
    "clv",
    title="the value of a new customer",
    grain="one row a segment; the splits one below the other",
    columns=(
        *SPLIT,
        Column("customers", "count", "Customers", "Whose lifetimes the value rests on."),
        Column(
            "value",
            "money",
            "Value",
            "Discounted margin of a new customer over the horizon.",
            low="value_low",
            high="value_high",
        ),
        *VALUE_COLUMNS,
        Column("arpa", "money", "ARPA", "MRR ÷ active customers, a month.", decimals=2),
        Column("plain_value", "money", "Plain value", "ARPA × margin ÷ churn."),
        Column("cac", "money", "CAC", "What winning a customer cost.", optional=True),
        Column("ltv_to_cac", "number", "LTV to CAC", "Value ÷ cost.", optional=True),
        Column(
            "payback_months",
            "count",
            "Payback",
            "Monthly payments until the value covers the cost.",
            unit="months",
            optional=True,
        ),
        Column("reason", "text", "Reason", "Why a value is empty."),
    ),
)
COST_COLUMNS = ["cac", "ltv_to_cac", "payback_months"]
ACQUISITION = Result(
    "acquisition",
    title="what winning a customer costs",
    grain="one row a segment of which a cost is known",
    columns=(
        *SPLIT,
        replace(CLV.column("value"), low="", high=""),
        *(CLV.column(name) for name in COST_COLUMNS),
    ),
    shown=("segment", "value", "cac", "ltv_to_cac", "payback_months"),
)


@gives(CLV)
def subscription_value(
    lifetimes: pd.DataFrame,
    arpa: pd.DataFrame,
    projection: Projection,
    *,
    terms: ValueTerms | None = None,
) -> pd.DataFrame:
    """Value of a new customer over the horizon, by segment.

    Grain: one row a segment; one row in all where the frames are not split.

    Parameters
    ----------
    lifetimes : frame
        [segment], entry, duration (months), event_observed, customers.
    arpa : frame
        [segment], customers, mrr (currency a month): today's active customers. A column
        acquisition_cost (currency a customer) stands before the cost of `terms`.
    projection : Projection
        Of the whole business: says which model continues each segment's curve (fitted to the
        segment itself) and how far off its back-test was.
    terms : ValueTerms, optional

    Returns
    -------
    frame
        segment_column, segment ("all" where nothing is split) · customers (whose lifetimes it
        rests on) · value (currency a customer) · value_low, value_high (95 %) · observed_value,
        projected_value (its two parts: payments within and beyond the tenure that the data reach)
        · arpa (currency a month) · plain_value (ARPA x margin / churn) · with a cost also cac,
        ltv_to_cac, payback_months (payments until value covers the cost; NaN if not within the
        horizon) · reason (why a value is empty). Values are NaN where no projection can be made
        and the data do not reach the horizon, or where nobody is active.

    Notes
    -----
    The sum over k = 0 ... horizon - 1 of S(k) x ARPA x margin x discount(k). Ranges are quantiles
    over bootstrap resamples of the customers, each with its own refit, widened to the back-test's
    error of the projection where that is larger. ARPA and margin are taken as known and constant.

    Examples
    --------
    >>> from churnlib.models.retention.projection import project
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "customers": [40, 60]})
    >>> rows = rows.assign(event_observed=[True, False])
    >>> active = pd.DataFrame({"customers": [60], "mrr": [600.0]})
    >>> terms = ValueTerms(margin=0.5, discount_rate=0.0, horizon=3)
    >>> found = subscription_value(rows, active, project(rows), terms=terms)
    >>> float(found.value.iloc[0])  # 5 x (1 + 0.6 + 0.6)
    11.0
    """
    terms = terms or ValueTerms()
    today = dict(segments(arpa))
    name = split_by(lifetimes)
    rows = []
    for segment, part in segments(lifetimes):
        view = outlook(part, projection, terms.horizon - 1, terms)
        head = {"segment_column": name, "segment": segment}
        head["customers"] = int(part["customers"].sum())
        rows.append(head | _worth(view, today.get(segment), terms))
    values = pd.DataFrame(rows, columns=[column.name for column in CLV.columns])
    if values["cac"].notna().any():
        return values
    return values.drop(columns=COST_COLUMNS)


@gives(ACQUISITION)
def acquisition(values: pd.DataFrame) -> pd.DataFrame:
    """What winning a customer cost, against what it is worth.

    Grain: one row a segment of which a cost is known; none where of no segment.

    Parameters
    ----------
    values : frame
        The result of `subscription_value`.

    Returns
    -------
    frame
        segment_column, segment · value · cac (currency a customer) · ltv_to_cac · payback_months
        (monthly payments until value covers the cost).

    Examples
    --------
    >>> values = pd.DataFrame({"segment_column": "all", "segment": "all", "value": [90.0]})
    >>> len(acquisition(values))
    0
    """
    columns = [column.name for column in ACQUISITION.columns]
    known = values.reindex(columns=columns)
    return known[known["ltv_to_cac"].notna()]


def _worth(view: Outlook, today: pd.DataFrame | None, terms: ValueTerms) -> dict[str, object]:
    """A new customer's value, its parts and its cost."""
    arpa, cost = _money(today, terms)
    weights = arpa * terms.kept * terms.discounts()
    worth = valued([(view.whole, lambda survival: survival * weights)])
    plain = plain_value(view.table, arpa, terms)
    against = _against_cost(np.cumsum(view.whole.estimate * weights), cost)
    reason = view.reason
    if not reason and np.isnan(arpa):
        reason = NOBODY_ACTIVE
    return worth | {"arpa": arpa, "plain_value": plain} | against | {"reason": reason}


def _money(today: pd.DataFrame | None, terms: ValueTerms) -> tuple[float, float]:
    """ARPA and cost a customer of a segment; NaN where unknown."""
    cost = np.nan
    if terms.acquisition_cost is not None:
        cost = float(terms.acquisition_cost)
    if today is None or not today["customers"].sum():
        return np.nan, cost
    if "acquisition_cost" in today:
        own = today["acquisition_cost"].astype(float).mean()
        if not np.isnan(own):
            cost = float(own)
    mrr = today["mrr"].astype(float).sum()
    return float(mrr / today["customers"].sum()), cost


def _against_cost(earned: np.ndarray, cost: float) -> dict[str, float]:
    """What a customer cost, against what it has brought in by each payment."""
    against = {"cac": cost, "ltv_to_cac": np.nan, "payback_months": np.nan}
    if cost > 0:
        against["ltv_to_cac"] = float(earned[-1] / cost)
    covered = np.flatnonzero(earned >= cost)
    if covered.size:
        against["payback_months"] = float(covered[0] + 1)
    return against
