"""Renewals as a clock: who pays every k months decides every k months.

A cycle is the time from one payment to the next. The retention models run on cycles, and within a
cycle its hazard falls on the months as it did in those seen: for yearly contracts nearly all of it
on the twelfth. On monthly billing a cycle is a month, and nothing changes.
"""

import numpy as np

from churnlib.models.survival.life_table import LifeTable


def cycle_table(table: LifeTable, interval: int) -> LifeTable:
    """The life table of whole cycles.

    Months that were watched count, also of cycles not yet over: the chance to stay through a cycle
    is the product of those of its months. At risk are as many as would have begun the cycle for the
    number seen in its last month.

    Examples
    --------
    >>> table = LifeTable(np.array(10.0), np.array([10.0, 8.0, 6.0]), np.array([2.0, 2.0, 3.0]))
    >>> cycles = cycle_table(table, 2)
    >>> cycles.at_risk, cycles.events
    (array([10.]), array([4.]))
    """
    if interval <= 1:
        return table
    whole = table.months // interval
    shape = (*table.at_risk.shape[:-1], whole, interval)
    months = whole * interval
    stay = (1 - table.hazard()[..., :months]).reshape(shape)
    last = table.at_risk[..., :months].reshape(shape)[..., -1]
    before = np.prod(stay[..., :-1], axis=-1)
    began = np.divide(last, before, out=np.zeros_like(last), where=before > 0)
    return LifeTable(table.started, began, began * (1 - before * stay[..., -1]))


def profile_of(table: LifeTable, interval: int) -> np.ndarray:
    """How much of a cycle's hazard has fallen by the end of each of its months: rises to 1.

    Examples
    --------
    >>> table = LifeTable(np.array(10.0), np.array([10.0, 10.0]), np.array([0.0, 5.0]))
    >>> profile_of(table, 2)
    array([0., 1.])
    """
    if interval <= 1:
        return np.ones(1)
    month = np.arange(table.months) % interval
    at_risk = np.bincount(month, weights=table.at_risk, minlength=interval)
    events = np.bincount(month, weights=table.events, minlength=interval)
    hazard = np.divide(events, at_risk, out=np.zeros(interval), where=at_risk > 0)
    fallen = np.cumsum(-np.log1p(-np.minimum(hazard, 1 - 1e-9)))
    if not fallen[-1] > 0:
        return np.arange(1.0, interval + 1) / interval
    return fallen / fallen[-1]


def log_survival_by_month(by_cycle: np.ndarray, profile: np.ndarray, last: int) -> np.ndarray:
    """log S at tenures 0 to `last` (months), from log S after whole cycles (along the last axis).

    Examples
    --------
    >>> log_survival_by_month(np.array([0.0, -1.0, -3.0]), np.array([0.0, 1.0]), 4)
    array([ 0.,  0., -1., -1., -3.])
    """
    tenure = np.arange(last + 1)
    done, month = np.divmod(tenure, len(profile))
    within = np.concatenate([[0.0], profile])[month]
    ahead = np.minimum(done + 1, by_cycle.shape[-1] - 1)
    return by_cycle[..., done] + within * (by_cycle[..., ahead] - by_cycle[..., done])
