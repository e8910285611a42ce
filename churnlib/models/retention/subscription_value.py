"""What a subscriber is worth: survival times revenue times margin, discounted.

A customer pays at the start of each month of life: the first payment (k = 0) is certain and not
discounted; payment k is made by the share S(k) still there after k whole months and discounted by k
months, (1 + yearly rate)^(-k / 12). A lifetime is the first unbroken stay: money after a return is
left out.
"""

import numpy as np
import pandas as pd

from churnlib.models.retention.plain_value import plain_value
from churnlib.models.retention.projection import Projection
from churnlib.models.retention.value_range import ALL, ValueTerms, outlook, segments, valued

_COST_COLUMNS = ["cac", "ltv_to_cac", "payback_months"]
_RANGE_COLUMNS = ["value", "value_low", "value_high", "observed_value", "projected_value"]
_HEAD = ["segment_column", "segment", "customers"]
_VALUE_COLUMNS = [*_HEAD, *_RANGE_COLUMNS, "arpa", "plain_value", *_COST_COLUMNS, "reason"]
_REMAINING_COLUMNS = [*_HEAD, "mrr", *_RANGE_COLUMNS, "value_per_customer", "reason"]


def subscription_value(
    lifetimes: pd.DataFrame,
    arpa: pd.DataFrame,
    projection: Projection,
    *,
    by: str | None = None,
    terms: ValueTerms | None = None,
) -> pd.DataFrame:
    """Value of a new customer over the horizon, by segment.

    Grain: one row a segment; one row in all without `by`.

    Parameters
    ----------
    lifetimes : frame
        [by], entry, duration (months), event_observed, customers.
    arpa : frame
        [by], customers, mrr (currency per month): today's active customers. A column
        acquisition_cost (currency per customer) stands before the cost of `terms`.
    projection : Projection
        Of the whole business: says which model continues each segment's curve (fitted to the
        segment itself) and how far off its back-test was.
    by : str, optional
        Column of both frames to split by.
    terms : ValueTerms, optional

    Returns
    -------
    frame
        segment_column, segment ("all" where nothing is split) · customers (whose lifetimes it rests
        on) · value (currency per customer) · value_low, value_high (95 %) · observed_value,
        projected_value (its two parts: payments within and beyond the tenure that the data reach) ·
        arpa (currency per month) · plain_value (ARPA x margin / churn) · with a cost also cac,
        ltv_to_cac, payback_months (payments until value covers the cost; NaN if not within the
        horizon) · reason (why a value is empty). Values are NaN where no projection can be made and
        the data do not reach the horizon, or where nobody is active.

    Notes
    -----
    The sum over k = 0 ... horizon - 1 of S(k) x ARPA x margin x discount(k). Ranges are quantiles
    over bootstrap resamples of the customers, each with its own refit, widened to the back-test's
    error of the projection where that is larger. ARPA and margin are taken as known and constant.

    Examples
    --------
    >>> from churnlib.models.retention.projection import project
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "event_observed": [True, False], "customers": [40, 60]})
    >>> active = pd.DataFrame({"customers": [60], "mrr": [600.0]})
    >>> terms = ValueTerms(margin=0.5, discount_rate=0.0, horizon=3)
    >>> float(subscription_value(rows, active, project(rows), terms=terms).value.iloc[0])  # 5 x (1 + 0.6 + 0.6)
    11.0
    """
    terms = terms or ValueTerms()
    today = dict(segments(arpa, by))
    rows = []
    for segment, part in segments(lifetimes, by):
        view = outlook(part, projection, terms.horizon - 1, terms)
        arpa_here, cost = _money(today.get(segment), terms)
        weights = arpa_here * terms.margin * terms.discounts()
        worth = valued(view, lambda survival, weights=weights: survival * weights)
        worth |= {"arpa": arpa_here, "plain_value": plain_value(view.table, arpa_here, terms)}
        worth |= _against_cost(np.cumsum(view.estimate * weights), cost)
        reason = view.reason or (
            "" if arpa_here == arpa_here else "Nobody is active, so there is no ARPA."
        )
        rows.append(_head(by, segment, part) | worth | {"reason": reason})
    values = pd.DataFrame(rows, columns=_VALUE_COLUMNS)
    return values if values["cac"].notna().any() else values.drop(columns=_COST_COLUMNS)


def remaining_value(
    lifetimes: pd.DataFrame,
    active: pd.DataFrame,
    projection: Projection,
    *,
    by: str | None = None,
    terms: ValueTerms | None = None,
) -> pd.DataFrame:
    """What today's customers will still pay over the horizon.

    Grain: one row a segment; one row in all without `by`.

    Parameters
    ----------
    lifetimes : frame
        [by], entry, duration (months), event_observed, customers.
    active : frame
        [by], tenure (whole months completed by as_of), customers, mrr (currency per month): today's
        base.
    projection : Projection
        Of the whole business, as for `subscription_value`.
    by : str, optional
        Column of both frames to split by.
    terms : ValueTerms, optional

    Returns
    -------
    frame
        segment_column, segment · customers, mrr (active today) · value (currency, the whole base) ·
        value_low, value_high (95 %) · observed_value, projected_value (its two parts) ·
        value_per_customer · reason (why a value is empty).

    Notes
    -----
    A customer of tenure k has paid for its month of life k + 1. What remains is the sum over j = 1
    ... horizon of S(k + j) / S(k) x MRR x margin x discount(j - 1): the next payment falls due
    within a month and is not discounted.

    Examples
    --------
    >>> from churnlib.models.retention.projection import project
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 3], "event_observed": [True, False], "customers": [40, 60]})
    >>> active = pd.DataFrame({"tenure": [0, 1], "customers": [1, 1], "mrr": [10.0, 10.0]})
    >>> terms = ValueTerms(margin=1.0, discount_rate=0.0, horizon=2)
    >>> float(remaining_value(rows, active, project(rows), terms=terms).value.iloc[0])  # 10 (0.6 + 0.6) + 10 (1 + 1)
    32.0
    """
    terms = terms or ValueTerms()
    watched = dict(segments(lifetimes, by))
    rows = []
    for segment, base in segments(active, by):
        last = int(base["tenure"].max()) + terms.horizon
        view = outlook(watched.get(segment, lifetimes.iloc[:0]), projection, last, terms)
        worth = valued(view, lambda survival, base=base: _still_to_come(survival, base, terms))
        head = _head(by, segment, base) | {"mrr": float(base["mrr"].astype(float).sum())}
        per_customer = worth["value"] / head["customers"] if head["customers"] else np.nan
        rows.append(head | worth | {"value_per_customer": per_customer, "reason": view.reason})
    return pd.DataFrame(rows, columns=_REMAINING_COLUMNS)


def _head(by: str | None, segment: str, part: pd.DataFrame) -> dict:
    return {
        "segment_column": by or ALL,
        "segment": segment,
        "customers": int(part["customers"].sum()),
    }


def _money(today: pd.DataFrame | None, terms: ValueTerms) -> tuple[float, float]:
    """ARPA and cost per customer of a segment; NaN where unknown."""
    cost = np.nan if terms.acquisition_cost is None else float(terms.acquisition_cost)
    if today is None or not today["customers"].sum():
        return np.nan, cost
    if "acquisition_cost" in today:
        own = today["acquisition_cost"].astype(float).mean()
        cost = cost if np.isnan(own) else float(own)
    return float(today["mrr"].astype(float).sum() / today["customers"].sum()), cost


def _against_cost(earned: np.ndarray, cost: float) -> dict[str, float]:
    """What a customer cost, against what it has brought in by each payment."""
    covered = np.flatnonzero(earned >= cost)
    return {
        "cac": cost,
        "ltv_to_cac": float(earned[-1] / cost) if cost > 0 else np.nan,
        "payback_months": float(covered[0] + 1) if covered.size else np.nan,
    }


def _still_to_come(survival: np.ndarray, base: pd.DataFrame, terms: ValueTerms) -> np.ndarray:
    """What today's customers will pay at each tenure, under each survival curve (rows)."""
    worth = np.zeros_like(survival)
    for tenure, mrr in base.groupby("tenure")["mrr"].sum().astype(float).items():
        ahead = slice(tenure + 1, tenure + 1 + terms.horizon)
        here = survival[:, tenure : tenure + 1]
        # A curve that has come down to 0 has nobody left who could pay.
        share = np.divide(
            survival[:, ahead], here, out=np.zeros_like(survival[:, ahead]), where=here != 0
        )
        worth[:, ahead] += share * mrr * terms.margin * terms.discounts()
    return worth
