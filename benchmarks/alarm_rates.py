"""How often the alarm of `leaving_trend` is raised where nothing changed, and how soon it finds a
change: on businesses whose hazards vary within the model's strata and whose months scatter.

    python -m benchmarks.alarm_rates [--runs 400] [--rise 1.5] [--growth 0.02] [--seed 1]

Prints, of each world, the share of businesses with an alarm in the last twelve months (with
--rise: with an upward one in the last six, in which hazards are multiplied by it), the share of
those in which a month is named as beyond its range, and the Monte-Carlo error.
"""

import argparse
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from churnlib.models.leaving.alarm import DOWN, UP, course
from churnlib.models.leaving.strata import band_of
from churnlib.statistics.rules import BEYOND

CUSTOMERS = (100, 500, 2_000, 20_000)
WORLDS = ((0.0, 0.0), (0.1, 0.0), (0.2, 0.0), (0.1, 0.3), (0.2, 0.3))
"""Standard deviation and autocorrelation of the months' effects."""
HISTORIES = (18, 30, 42)
OLDEST = 60
MONTHLY = 0.02 + 0.05 * np.exp(-np.arange(OLDEST) / 3)
"""Hazards at the n-th renewal of those who pay by the month."""
LABELS = [(1, 1), (1, 4), (1, 7), (1, 13), (12, 1), (12, 2)]
"""Billing interval and first renewal of the strata."""
ANNUAL = np.array([0.30, 0.18, 0.18, 0.18, 0.18])


class World(NamedTuple):
    """What a business is like: customers at the start, months, growth a month, scatter of months
    and its autocorrelation, hazards times `rise` in the last `rises_in` months, and the share of
    new customers who pay by the year.
    """

    customers: int
    months: int
    growth: float
    scatter: float
    correlation: float
    rise: float = 1.0
    rises_in: int = 6
    annual: float = 0.3


def main() -> None:
    """One line a world."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--rise", type=float, default=1.0)
    parser.add_argument("--growth", type=float, default=0.02)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print("customers months scatter corr   alarm   named   error")
    for world in _worlds(given.growth, given.rise):
        alarm, named = rates(world, given.runs, given.seed)
        error = np.sqrt(max(alarm * (1 - alarm), 1 / given.runs) / given.runs)
        print(
            f"{world.customers:9,} {world.months:6} {world.scatter:7} {world.correlation:4} "
            f"{alarm:7.3f} {named:7.3f} {error:7.3f}",
            flush=True,
        )


def _worlds(growth: float, rise: float) -> Iterator[World]:
    for customers in CUSTOMERS:
        for months in HISTORIES:
            for scatter, correlation in WORLDS:
                yield World(customers, months, growth, scatter, correlation, rise)


def rates(world: World, runs: int, seed: int) -> tuple[float, float]:
    """Shares of businesses with an alarm, and with a month beyond its range."""
    since = world.rises_in if world.rise != 1 else 12
    signals = (UP,) if world.rise != 1 else (UP, DOWN)
    alarms = named = 0
    for run in range(runs):
        rng = np.random.default_rng([seed, run, world.customers, world.months])
        watched = course(*business(rng, world), ranges=False)
        alarms += np.isin(watched.signal[-since:], signals).any()
        named += (np.abs(np.nan_to_num(watched.score[-since:])) > BEYOND).any()
    return alarms / runs, named / runs


def business(rng: np.random.Generator, world: World) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Customers due and leavers by stratum and month, and the strata's billing intervals."""
    kept = np.concatenate([[1], np.cumprod(1 - MONTHLY)[:-1]])
    kept_annual = np.concatenate([[1], np.cumprod(1 - ANNUAL)[:-1]])
    alive = kept.sum() * (1 - world.annual) + 12 * kept_annual.sum() * world.annual
    new = world.customers / alive
    monthly = rng.poisson(new * (1 - world.annual) * kept)
    annual = rng.poisson(new * world.annual * np.tile(kept_annual, (12, 1)))
    effects = _effects(rng, world)
    bands = band_of(np.ones(OLDEST), np.arange(1, OLDEST + 1))
    due, left = np.zeros((2, len(LABELS), world.months))
    for month, effect in enumerate(effects):
        gone = rng.binomial(monthly, np.minimum(MONTHLY * effect, 1))
        place = month % 12
        gone_annual = rng.binomial(annual[place], np.minimum(ANNUAL * effect, 1))
        for row, (_, band) in enumerate(LABELS[:4]):
            due[row, month] = monthly[bands == band].sum()
            left[row, month] = gone[bands == band].sum()
        due[4:, month] = annual[place][0], annual[place][1:].sum()
        left[4:, month] = gone_annual[0], gone_annual[1:].sum()
        arriving = rng.poisson(new * (1 + world.growth) ** month, 2)
        monthly = _older(monthly - gone, rng.binomial(arriving[0], 1 - world.annual))
        annual[place] = _older(annual[place] - gone_annual, rng.binomial(arriving[1], world.annual))
    return due, left, np.array([interval for interval, _ in LABELS])


def _older(people: np.ndarray, new: int) -> np.ndarray:
    """Everybody one term on; the oldest band takes what comes into it."""
    older = np.concatenate([[new], people[:-1]])
    older[-1] += people[-1]
    return older


def _effects(rng: np.random.Generator, world: World) -> np.ndarray:
    """What every hazard of a month is multiplied by: log-normal of mean 1, autocorrelated."""
    noise = rng.normal(size=world.months)
    log = np.empty(world.months)
    log[0] = noise[0]
    for month in range(1, world.months):
        keep = world.correlation
        log[month] = keep * log[month - 1] + np.sqrt(1 - keep**2) * noise[month]
    effects = np.exp(world.scatter * log - world.scatter**2 / 2)
    effects[-world.rises_in :] *= world.rise
    return effects


if __name__ == "__main__":
    main()
