"""Survival of a group of customers, carried on beyond the data within billing intervals.

The curve of each interval is its own Kaplan-Meier curve up to the last tenure with 20 at risk, then
the ratios of the model fitted to it. The whole group's is Kaplan-Meier too, then the ratios of the
intervals' curves, mixed as the group's customers are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2

from churnlib.models.retention.cycles import cycle_table, log_survival_by_month, profile_of
from churnlib.models.retention.fits import (
    NAMES,
    SMALLEST_SHARE,
    Model,
    RetentionFit,
    constant,
    fit_table,
    refit,
)
from churnlib.models.retention.likelihood import log_survival
from churnlib.models.survival.intervals import INTERVAL, UNKNOWN_INTERVAL, comparable, strata
from churnlib.models.survival.life_table import (
    LifeTable,
    life_table,
    resampled_tables,
    summed,
)
from churnlib.statistics.rules import LEVEL


@dataclass(frozen=True)
class Stratum:
    """Customers who pay equally often.

    Parameters
    ----------
    interval : int
        Months of a cycle; 0: not known, or too few to be told apart: their cycle is a month.
    lifetimes : frame
    table : LifeTable
        By month.
    profile : array
        Of a cycle, see `profile_of`.
    fits : dict of str to RetentionFit
        On cycles.
    """

    interval: int
    lifetimes: pd.DataFrame
    table: LifeTable
    profile: np.ndarray
    fits: dict[Model, RetentionFit]

    @property
    def cycle(self) -> int:
        """Months of a cycle."""
        return len(self.profile)

    @property
    def reach(self) -> int:
        """The last tenure with 20 at risk."""
        return self.table.reach()

    def fit(self, model: Model | None) -> RetentionFit | None:
        """The fit of that model, or of the simpler one where it could not be fitted."""
        if model is None or not self.reach:
            return None
        found = [self.fits[name] for name in (model, "sbg") if self.fits[name].fitted]
        if not found:
            return None
        return found[0]

    def model_survival(self, parameters: np.ndarray, last: int) -> np.ndarray:
        """log S at tenures 0 to `last` (columns) of each row of log parameters."""
        cycles = np.arange(last // self.cycle + 2.0)
        return log_survival_by_month(log_survival(parameters, cycles), self.profile, last)

    def level_survival(self, table: LifeTable, last: int) -> np.ndarray:
        """The same where every cycle loses what the last third of those seen lost."""
        cycles = cycle_table(table.up_to(self.reach), self.interval)
        seen = max(1, round(cycles.months / 3))
        left = cycles.events[:, -seen:].sum(axis=1)
        watched = np.maximum(cycles.at_risk[:, -seen:].sum(axis=1), 1.0)
        stays = np.log1p(-np.minimum(left / watched, 1 - SMALLEST_SHARE))
        by_cycle = stays[:, None] * np.arange(last // self.cycle + 2.0)
        return log_survival_by_month(by_cycle, self.profile, last)


@dataclass(frozen=True)
class Curves:
    """Survival at tenures 0, 1, ... of one group of customers.

    Parameters
    ----------
    reach : int
        The last tenure that the data reach; later ones are projected.
    estimate : array
    faster, slower : array
        With the projected part moved by the back-test's error, either way.
    sampled : array
        One row a bootstrap resample.
    """

    reach: int
    estimate: np.ndarray
    faster: np.ndarray
    slower: np.ndarray
    sampled: np.ndarray


def strata_of(lifetimes: pd.DataFrame) -> list[Stratum]:
    """The billing intervals that can be told apart, each fitted; the rest together.

    An interval stands alone where 20 customers were watched through a whole cycle and somebody
    left.
    """
    known, rows = comparable(lifetimes)
    if not known:
        return [_stratum(UNKNOWN_INTERVAL, lifetimes)]
    alone, rest = [], [lifetimes[lifetimes[INTERVAL] == UNKNOWN_INTERVAL]]
    for interval, part in strata(rows):
        table = life_table(part)
        if table.reach() >= max(interval, 1) and table.events.any():
            alone.append(_stratum(interval, part))
        else:
            rest.append(part)
    left_over = pd.concat(rest)
    if not alone:
        return [_stratum(UNKNOWN_INTERVAL, lifetimes)]
    if left_over["customers"].sum() > 0:
        alone.append(_stratum(UNKNOWN_INTERVAL, left_over))
    return alone


def _stratum(interval: int, lifetimes: pd.DataFrame) -> Stratum:
    table = life_table(lifetimes)
    cycles = cycle_table(table, interval)
    fits = {model: fit_table(cycles, model) for model in NAMES}
    if interval > 1 and not fits["sbg"].fitted:
        fits["sbg"] = constant(cycles)
    return Stratum(interval, lifetimes, table, profile_of(table, interval), fits)


def curves_of(
    parts: list[Stratum],
    model: Model | None,
    last: int,
    *,
    spread: float,
    draws: int,
    seed: int,
) -> tuple[Curves, dict[int, Curves]]:
    """Survival of all these customers, and of each interval, at tenures 0 to `last`.

    Parameters
    ----------
    parts : what `strata_of` gives
    model : {"sbg", "bdw"} or None
    last : months
    spread : how far off hazards may be one month beyond the data, as a logarithm; it grows with the
        square root of the distance
    draws, seed : of the bootstrap

    Notes
    -----
    Customers are drawn anew over all intervals together, and in each resample the models are fitted
    and chosen anew. Both have hazards change with tenure for ever, which no data can show: every
    second resample has them stay as they were at last.
    """
    tables = resampled_tables([part.lifetimes for part in parts], draws=draws, seed=seed)
    parameters = list(_refitted(parts, tables, model))
    found = {}
    for part, table, drawn in zip(parts, tables, parameters, strict=True):
        one = LifeTable(part.table.started, part.table.at_risk[None], part.table.events[None])
        fit = part.fit(model)
        fitted = None if fit is None else np.log(fit.estimates)[None, :]
        reach = min(part.reach, last)
        course = _course(part, fitted, last)
        estimate, faster, slower = (
            _continued(one, course, reach, last, moved)[0] for moved in (0.0, spread, -spread)
        )
        course = _course(part, drawn, last)
        if course is not None:
            course[1::2] = part.level_survival(table, last)[1::2]
        sampled = _continued(table, course, reach, last, 0.0)
        found[part.interval] = Curves(reach, estimate, faster, slower, sampled)
    if len(parts) == 1:
        return next(iter(found.values())), found
    return _mixed(parts, tables, list(found.values()), last), found


def _refitted(
    parts: list[Stratum], tables: list[LifeTable], model: Model | None
) -> Iterator[np.ndarray | None]:
    """Log parameters of each part in each resample, of the model that the resample asks for."""
    fitted = {}
    gain, freedom = 0.0, 0
    for place, part in enumerate(parts):
        cycles = cycle_table(tables[place], part.interval)
        simple, rich = part.fit(model and "sbg"), part.fit(model and "bdw")
        if simple is None:
            continue
        fitted[place] = [refit(fit, cycles) for fit in (simple, rich or simple)]
        if rich is not None and rich.model == "bdw":
            gain = gain + 2 * (fitted[place][1][1] - fitted[place][0][1])
            freedom += 1
    rich_better = np.zeros(1, dtype=bool)
    if freedom:
        rich_better = gain > chi2.ppf(LEVEL, freedom)
    for place in range(len(parts)):
        if place not in fitted:
            yield None
            continue
        (simple, _), (rich, _) = fitted[place]
        yield np.where(rich_better[:, None], rich, simple)


def _course(part: Stratum, parameters: np.ndarray | None, last: int) -> np.ndarray | None:
    if parameters is None:
        return None
    return part.model_survival(parameters, last)


def _continued(
    table: LifeTable, course: np.ndarray | None, reach: int, last: int, moved: float
) -> np.ndarray:
    """Kaplan-Meier to `reach`, then the ratios of a course of log survival, its hazards moved."""
    observed = table.up_to(reach).survival()[:, : last + 1]
    if last <= reach:
        return observed
    if course is None:
        ratios = np.full((len(observed), last - reach), np.nan)
    else:
        steps = np.diff(course[:, reach:], axis=1)
        distance = np.arange(1, last - reach + 1)
        ratios = np.exp(np.cumsum(steps * np.exp(moved * np.sqrt(distance)), axis=1))
    end = observed[:, -1:]
    # Where everybody has left, nothing is unknown about what follows.
    return np.concatenate([observed, np.where(end > 0, end * ratios, 0.0)], axis=1)


def _mixed(
    parts: list[Stratum], tables: list[LifeTable], curves: list[Curves], last: int
) -> Curves:
    """The whole group: Kaplan-Meier, then the ratios of the mixture of its parts."""
    whole = summed([part.table for part in parts])
    reach = min(whole.reach(), last)
    one = LifeTable(whole.started, whole.at_risk[None], whole.events[None])
    share = shares([part.table for part in parts])[:, None]
    drawn = [shares(tables)[place][:, None] for place in range(len(parts))]

    def joined(table: LifeTable, weights: list, each: list[np.ndarray]) -> np.ndarray:
        mixture = sum(weight * curve for weight, curve in zip(weights, each, strict=True))
        observed = table.up_to(reach).survival()[:, : last + 1]
        ratios = np.divide(
            mixture[:, reach:],
            mixture[:, reach : reach + 1],
            out=np.zeros_like(mixture[:, reach:]),
            where=mixture[:, reach : reach + 1] != 0,
        )
        return np.concatenate([observed[:, :-1], observed[:, -1:] * ratios], axis=1)

    def told(name: str) -> np.ndarray:
        return joined(one, list(share), [getattr(curve, name)[None] for curve in curves])[0]

    sampled = joined(summed(tables), drawn, [curve.sampled for curve in curves])
    return Curves(reach, told("estimate"), told("faster"), told("slower"), sampled)


def shares(tables: list[LifeTable]) -> np.ndarray:
    """What share of those who started belongs to each."""
    started = np.array([table.started for table in tables], dtype=float)
    total = started.sum(axis=0)
    return np.divide(started, total, out=np.full_like(started, 1 / len(tables)), where=total > 0)
