"""The share of newly won customers still there at an age, and how two cohorts compare at it."""

from typing import NamedTuple

import numpy as np
import pandas as pd

FEWEST = 20
"""Customers at risk at an age in each cohort, without whom it is not read: in an empty tail
Greenwood's variance is nought.
"""


class StillThere(NamedTuple):
    """Kaplan-Meier at an age: the share, the variance of its logarithm (Greenwood), and who were at
    risk at it.
    """

    share: float
    variance: float
    at_risk: float


def still_there(lives: pd.DataFrame, age: int) -> StillThere:
    """Of the customers of a cohort: duration (days), event_observed, customers."""
    duration, people = lives["duration"].to_numpy(), lives["customers"].to_numpy(float)
    event = lives["event_observed"].to_numpy(bool)
    log = variance = 0.0
    for day in np.unique(duration[event & (duration <= age)]):
        at_risk = people[duration >= day].sum()
        left = people[event & (duration == day)].sum()
        if left >= at_risk:
            return StillThere(0.0, np.nan, 0.0)
        log += np.log1p(-left / at_risk)
        variance += left / (at_risk * (at_risk - left))
    return StillThere(float(np.exp(log)), float(variance), float(people[duration >= age].sum()))


def log_hazard_ratio(new: StillThere, old: StillThere) -> tuple[float, float]:
    """The logarithm of how many times as often the new ones left by the age, and its standard
    error (complementary log-log, Klein et al. 2007); NaN where all or none are there.
    """
    if not (0 < new.share < 1 and 0 < old.share < 1):
        return np.nan, np.nan
    value = np.log(-np.log(new.share)) - np.log(-np.log(old.share))
    variance = sum(one.variance / np.log(one.share) ** 2 for one in (new, old))
    return float(value), float(np.sqrt(variance))


def all_reached(lives: pd.DataFrame, age: int) -> bool:
    """Whether all of a cohort who have not left were followed until the age."""
    still = lives[~lives["event_observed"].astype(bool)]
    return not (still["duration"] < age).any()
