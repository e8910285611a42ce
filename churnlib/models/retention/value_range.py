"""Terms of a value, the survival behind it, and its range."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from churnlib.models.retention.projection import DRAWS, SEED, TAILS, TOO_FEW, Projection
from churnlib.models.retention.strata import Curves, Stratum, curves_of, strata_of
from churnlib.models.survival.intervals import UNKNOWN_INTERVAL
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
    whole : Curves
        Of all its customers together.
    by_interval : dict of int to Curves
        Of those who pay every so many months; 0: of the rest.
    reason : str
        Why the projected part is empty.
    """

    table: LifeTable
    whole: Curves
    by_interval: dict[int, Curves]
    reason: str = ""

    def of(self, interval: int) -> Curves:
        """Survival of customers of a billing interval: its own, that of the rest, or of all."""
        for known in (interval, UNKNOWN_INTERVAL):
            if known in self.by_interval:
                return self.by_interval[known]
        return self.whole


def outlook(
    lifetimes: pd.DataFrame, projection: Projection, last: int, terms: ValueTerms
) -> Outlook:
    """Survival of one segment to tenure `last`: its own curve, continued by the model that
    `projection` chose.
    """
    parts = strata_of(lifetimes)
    span = {"spread": projection.spread, "draws": terms.draws, "seed": terms.seed}
    whole, by_interval = curves_of(parts, projection.model, last, **span)
    reason = ""
    if np.isnan(whole.estimate).any():
        reason = _why_empty(parts, projection)
    return Outlook(life_table(lifetimes), whole, by_interval, reason)


Valuation = Callable[[np.ndarray], np.ndarray]
"""From survival curves (rows) to what each tenure is worth under them, of the same shape."""


def valued(worths: Iterable[tuple[Curves, Valuation]]) -> dict[str, float]:
    """value, value_low, value_high and the observed and projected part of the value, added up over
    groups of customers whose curves were drawn together.
    """
    seen = ahead = faster = slower = drawn = 0.0
    for curves, valuation in worths:
        by_tenure = valuation(curves.estimate[None, :])[0]
        seen += by_tenure[: curves.reach + 1].sum()
        ahead += by_tenure[curves.reach + 1 :].sum()
        faster += valuation(curves.faster[None, :]).sum()
        slower += valuation(curves.slower[None, :]).sum()
        drawn = drawn + valuation(curves.sampled).sum(axis=1)
    low, high = np.quantile(drawn, TAILS)
    return {
        "value": float(seen + ahead),
        "value_low": float(np.min([low, faster, slower])),
        "value_high": float(np.max([high, faster, slower])),
        "observed_value": float(seen),
        "projected_value": float(ahead),
    }


def _why_empty(parts: list[Stratum], projection: Projection) -> str:
    if not all(part.reach for part in parts):
        return TOO_FEW
    if projection.model is None:
        return projection.reason
    unfitted = [part for part in parts if part.fit(projection.model) is None]
    return unfitted[0].fits["sbg"].reason
