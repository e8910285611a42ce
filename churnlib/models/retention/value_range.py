"""Terms of a value, the survival behind it, and its range."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from churnlib.models.retention.fits import RetentionFit, fit_table
from churnlib.models.retention.projection import (
    DRAWS,
    SEED,
    TAILS,
    TOO_FEW,
    Projection,
    fitted_survival,
    sampled_survival,
)
from churnlib.models.survival.life_table import LifeTable, life_table
from churnlib.params.model import Params
from churnlib.periods import MONTHS_A_YEAR

__all__ = ["ValueTerms", "value_terms"]

HORIZON = 60
"""Months of payments that a value adds up."""


@dataclass(frozen=True)
class ValueTerms:
    """What a month of a customer counts for.

    Parameters
    ----------
    margin : float, optional
        Share of revenue left after the cost of serving, 0 to 1; without it value is revenue.
    discount_rate : float
        Per year.
    horizon : int
        Months of payments added up.
    acquisition_cost : float, optional
        Cost of winning one customer, in currency.
    draws, seed : int
        Bootstrap resamples behind a range, and the seed of their random numbers.
    """

    margin: float | None = None
    discount_rate: float = 0.1
    horizon: int = HORIZON
    acquisition_cost: float | None = None
    draws: int = DRAWS
    seed: int = SEED

    @property
    def kept(self) -> float:
        """What a unit of revenue counts for."""
        if self.margin is None:
            return 1.0
        return self.margin

    def discounts(self) -> np.ndarray:
        """Worth today of one unit paid in 0, 1, ..., `horizon` - 1 months."""
        years = np.arange(self.horizon) / MONTHS_A_YEAR
        return (1 + self.discount_rate) ** -years


def value_terms(params: Params) -> ValueTerms:
    """The terms that a parameter file sets."""
    return ValueTerms(params.margin, params.discount_rate, acquisition_cost=params.acquisition_cost)


@dataclass(frozen=True)
class Outlook:
    """A segment's survival at tenures 0, 1, 2, ...

    Parameters
    ----------
    table : LifeTable
    reach : int
        The last tenure that the data reach; later ones are projected.
    estimate : array
    faster, slower : array
        With the projected part moved by the back-test's error, either way.
    sampled : array
        One row a bootstrap resample.
    reason : str
        Why the projected part is empty.
    """

    table: LifeTable
    reach: int
    estimate: np.ndarray
    faster: np.ndarray
    slower: np.ndarray
    sampled: np.ndarray
    reason: str = ""


def outlook(
    lifetimes: pd.DataFrame, projection: Projection, last: int, terms: ValueTerms
) -> Outlook:
    """Survival of one segment to tenure `last`: its own curve, continued by the model that
    `projection` chose.
    """
    table = life_table(lifetimes)
    reach = min(table.reach(), last)
    fit = fit_table(table, projection.model) if projection.model else None
    usable = None
    if fit and fit.fitted and table.reach():
        usable = fit
    span = {"reach": reach, "last": last}
    factors = (1.0, projection.error_factor, 1 / projection.error_factor)
    curves = [fitted_survival(table, usable, **span, factor=factor) for factor in factors]
    if lifetimes["customers"].sum() > 0:
        sampled = sampled_survival(lifetimes, usable, **span, draws=terms.draws, seed=terms.seed)
    else:
        sampled = curves[0][None, :]
    reason = _why_empty(table, fit, projection) if np.isnan(curves[0]).any() else ""
    return Outlook(table, reach, *curves, sampled, reason)


Valuation = Callable[[np.ndarray], np.ndarray]
"""From survival curves (rows) to what each tenure is worth under them, of the same shape."""


def valued(view: Outlook, valuation: Valuation) -> dict[str, float]:
    """value, value_low, value_high and the observed and projected part of the value."""
    by_tenure = valuation(view.estimate[None, :])[0]
    moved = [float(valuation(curve[None, :]).sum()) for curve in (view.faster, view.slower)]
    low, high = np.quantile(valuation(view.sampled).sum(axis=1), TAILS)
    return {
        "value": float(by_tenure.sum()),
        "value_low": float(np.min([low, *moved])),
        "value_high": float(np.max([high, *moved])),
        "observed_value": float(by_tenure[: view.reach + 1].sum()),
        "projected_value": float(by_tenure[view.reach + 1 :].sum()),
    }


def _why_empty(table: LifeTable, fit: RetentionFit | None, projection: Projection) -> str:
    if not table.reach():
        return TOO_FEW
    return fit.reason if fit else projection.reason
