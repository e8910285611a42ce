"""Who is compared with whom around a change: leavers by month, before and after it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from churnlib.models.leaving.alarm import MOST_MONTHS, Baseline
from churnlib.models.leaving.before_after import Months
from churnlib.models.leaving.strata import Strata, counts_of

AFTER = 12
"""Months from the change on that are followed."""


@dataclass(frozen=True)
class Parts:
    """Leavers by month of a change's customers, against what their own baseline expects.

    before, announced : all whom it reaches, before it was announced and until it began
    met_after, met : those of them who met it; met: over the months before too
    others : those of them who had not met it, or had before, over the same months
    unreached_before, unreached_after : those whom it does not reach, against theirs
    """

    before: Months
    announced: Months
    met_after: Months
    met: Months
    others: Months
    unreached_before: Months
    unreached_after: Months

    @classmethod
    def of(
        cls,
        change: tuple,
        due: pd.DataFrame,
        strata: Strata,
        before: np.ndarray,
        after: np.ndarray,
    ) -> "Parts":
        """Counted over the months before, and over those after."""
        is_reached = due["reached"].astype(bool)
        is_met = is_reached & (due["since"] == 1) if change.at_renewal else is_reached
        reached = Baseline.of_some(due[is_reached], strata, before)
        unreached = Baseline.of_some(due[~is_reached], strata, before)

        def months(who: pd.Series, when: np.ndarray, baseline: Baseline = reached) -> Months:
            people, gone = counts_of(due[who], strata)
            return Months.of(baseline, people[:, when], gone[:, when])

        known, begins = month_of(change.known_on), month_of(change.starts_on)
        between = (strata.months >= known) & (strata.months < begins)
        return cls(
            before=months(is_reached, before),
            announced=months(is_reached, between),
            met_after=months(is_met, after),
            met=months(is_met, before | after),
            others=months(is_reached & ~is_met, before | after),
            unreached_before=months(~is_reached, before, unreached),
            unreached_after=months(~is_reached, after, unreached),
        )


def month_of(day: pd.Timestamp) -> pd.Timestamp:
    """The first day of its month."""
    return pd.Timestamp(day).to_period("M").start_time


def months_before(strata: Strata, change: tuple) -> np.ndarray:
    """Up to two years of months before a change was announced: its baseline."""
    known = month_of(change.known_on)
    return (strata.months < known) & (strata.months >= known - pd.DateOffset(months=MOST_MONTHS))


def months_after(strata: Strata, change: tuple, others: pd.DataFrame) -> np.ndarray:
    """A year from the change on. One that comes at once has whole months alone, and only until the
    next change is announced.
    """
    begin = month_of(change.starts_on)
    end = begin + pd.DateOffset(months=AFTER)
    if not change.at_renewal:
        if change.starts_on > begin:
            begin = begin + pd.DateOffset(months=1)
        later = others["known_on"][others["known_on"] > change.starts_on]
        end = min([end, *(month_of(day) for day in later)])
    return (strata.months >= begin) & (strata.months < end)
