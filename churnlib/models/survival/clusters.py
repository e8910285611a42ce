"""Uncertainty of curves whose rows are not independent: several waits of one customer.

A frame of such rows keeps `customer_group` apart: each group has whole customers, so that groups
are independent of one another whatever binds the waits of one customer. What a curve would gain or
lose by each group (its influence) then says how far it may be off.
"""

import numpy as np
import pandas as pd
from scipy import stats

from churnlib.models.survival.life_table import life_table
from churnlib.statistics.rules import LEVEL

GROUP = "customer_group"


def is_clustered(lifetimes: pd.DataFrame) -> bool:
    """Whether rows say which group of customers they are of."""
    return GROUP in lifetimes


def log_survival_influence(lifetimes: pd.DataFrame, months: int) -> np.ndarray:
    """How much each group moves the logarithm of survival at each tenure from 1 to `months`.

    Notes
    -----
    Of month k, -(d_g - n_g h) / (n (1 - h)) for a group g with n_g at risk and d_g events, summed
    over the months so far: the linear term of the product limit (Ying and Wei 1994 for dependent
    rows). The sum over all groups is nought.
    """
    whole = life_table(lifetimes).up_to(months)
    stayed = whole.at_risk * (1 - whole.hazard())
    steps = []
    for _, rows in lifetimes.groupby(GROUP, sort=True):
        part = life_table(rows)
        at_risk, events = (_as_long(counts, months) for counts in (part.at_risk, part.events))
        moved = events - at_risk * whole.hazard()
        steps.append(np.divide(moved, stayed, out=np.zeros(months), where=stayed > 0))
    return -np.cumsum(np.array(steps), axis=1)


def variance_of(influence: np.ndarray) -> np.ndarray:
    """Of a sum over independent groups, column by column."""
    groups = len(influence)
    if groups < 2:
        return np.full(influence.shape[1:], np.inf)
    return groups / (groups - 1) * (influence**2).sum(axis=0)


def errors_to_either_side(groups: int) -> float:
    """Standard errors to either side of an estimate whose variance is known from so many groups:
    Student's t.
    """
    return float(stats.t.ppf(0.5 + LEVEL / 2, max(groups - 1, 1)))


def n_groups(lifetimes: pd.DataFrame) -> int:
    """Groups of customers in a frame."""
    return int(lifetimes[GROUP].nunique())


def _as_long(counts: np.ndarray, months: int) -> np.ndarray:
    return np.pad(counts, (0, max(months - counts.size, 0)))[:months]
