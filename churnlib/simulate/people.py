"""Who signs up, when, and what they are like."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnlib.simulate.truth import (
    CHANNELS,
    COST_SPREAD,
    COUNTRIES,
    DAY_NOISE,
    DISCOUNTS,
    END,
    FIRST_DAY,
    INDUSTRIES,
    MIX_SHIFT,
    MONTH_NOISE,
    MONTHLY_GROWTH,
    PLANS,
    SEASON,
    SIZES,
    WEEKDAY,
)

THURSDAY = 3
"""The weekday of day 0 of numpy's calendar, 1970-01-01, counted from Monday."""


@dataclass(frozen=True)
class People:
    """Parallel arrays, one value per customer; categories are positions in the tables of
    `truth`.
    """

    signed_up_on: NDArray[np.datetime64]
    channel: NDArray[np.intp]
    industry: NDArray[np.intp]
    country: NDArray[np.intp]
    size: NDArray[np.intp]
    first_plan: NDArray[np.intp]
    annual: NDArray[np.bool_]
    discount: NDArray[np.float64]
    acquisition_cost: NDArray[np.float64]


def signups_by_day(rng: np.random.Generator, customers: int) -> NDArray[np.int64]:
    """How many of the customers sign up on each day from `FIRST_DAY` to the day before `END`."""
    days = np.arange(FIRST_DAY, END)
    month = days.astype("datetime64[M]")
    since_start = (month - FIRST_DAY.astype("datetime64[M]")).astype(int)
    weight = (
        (1 + MONTHLY_GROWTH) ** since_start
        * np.array(SEASON)[month.astype(int) % 12]
        * np.array(WEEKDAY)[(days.astype(int) + THURSDAY) % 7]
        * np.exp(rng.normal(0, MONTH_NOISE, since_start.max() + 1))[since_start]
        * np.exp(rng.normal(0, DAY_NOISE, days.size))
    )
    return rng.multinomial(customers, weight / weight.sum())


def draw_people(rng: np.random.Generator, signed_up_on: NDArray[np.datetime64]) -> People:
    """Customers for these sign-ups; channel depends on the day, plan on company size, billing on
    plan.
    """
    n = signed_up_on.size
    channel = _draw_channel(rng, signed_up_on)
    size = _draw(rng, n, [share for share, _ in SIZES.values()])
    plan_limits = np.cumsum([plans for _, plans in SIZES.values()], axis=1)[size, :-1]
    plan = (rng.random(n)[:, None] >= plan_limits).sum(axis=1)
    mean_cost = np.array([c.cost for c in CHANNELS.values()])[channel]
    return People(
        signed_up_on=signed_up_on,
        channel=channel,
        industry=_draw(rng, n, [i.share for i in INDUSTRIES.values()]),
        country=_draw(rng, n, list(COUNTRIES.values())),
        size=size,
        first_plan=plan,
        annual=rng.random(n) < np.array([p.annual_share for p in PLANS.values()])[plan],
        discount=np.array(list(DISCOUNTS))[_draw(rng, n, list(DISCOUNTS.values()))],
        acquisition_cost=np.round(
            mean_cost * rng.lognormal(-(COST_SPREAD**2) / 2, COST_SPREAD, n), 2
        ),
    )


def _draw_channel(
    rng: np.random.Generator, signed_up_on: NDArray[np.datetime64]
) -> NDArray[np.intp]:
    chance = rng.random(signed_up_on.size)
    before = _position(chance, [c.share for c in CHANNELS.values()])
    after = _position(chance, [c.share_shifted for c in CHANNELS.values()])
    return np.where(signed_up_on >= MIX_SHIFT, after, before)


def _draw(rng: np.random.Generator, n: int, shares: list[float]) -> NDArray[np.intp]:
    return _position(rng.random(n), shares)


def _position(chance: NDArray[np.float64], shares: list[float]) -> NDArray[np.intp]:
    # Without the last limit: rounding must never leave a chance above all of them.
    return np.searchsorted(np.cumsum(shares)[:-1], chance, side="right")
