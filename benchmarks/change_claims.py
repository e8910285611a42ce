"""How often the chapter on changes claims what is not true, and finds what is.

    python -m benchmarks.change_claims [price] [reach] [--runs 400]

price: a business of monthly and yearly customers whose price rises; the hazard at the first renewal
at the new price is 1 (a placebo) or 1.4 times what it was. Of both estimates and of the verdict:
how often they claim an effect, and how often the range holds the truth. reach: a change that
reaches half of the customers, at once; these leave half as often again as the others, before it
too, and fewer of them pay by the year. The Monte-Carlo error is shown, and in how many of the runs
there was an estimate.

The worlds have months of their own (scatter, autocorrelation), drifting hazards, and an effect that
lasts; the hazards fall with each renewal, which the bands of the models know only about.
"""

import argparse
from typing import NamedTuple

import numpy as np
import pandas as pd

import churnlib as cl
from benchmarks.leaving_claims import told

EFFECT = 1.4
LEVEL_OF_REACHED = 1.5
"""Of a change that reaches some: how many times as often these leave anyway."""
AFTER = 12
"""Months that are followed."""
WARM = 60
"""Months before those that are seen: the ages of customers are what they stay at."""
SIZES = (500, 2_000, 20_000)
BEFORE = (12, 24)


class World(NamedTuple):
    """What a business does by itself."""

    scatter: float = 0.0
    correlation: float = 0.0
    drift: float = 0.0
    lasts: bool = False


WORLDS = {
    "quiet": World(),
    "scatter 0.1": World(0.1),
    "scatter 0.2, ar 0.3": World(0.2, 0.3),
    "drift +1 % a month": World(0.1, drift=0.01),
    "drift -1 % a month": World(0.1, drift=-0.01),
    "lasts": World(0.1, lasts=True),
}


def main() -> None:
    """Each part asked for; all of them where none is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--runs", type=int, default=400)
    given = parser.parse_args()
    for part in given.parts or PARTS:
        print(f"\n{part}")
        PARTS[part](given.runs)


def price(runs: int) -> None:
    """False effects, coverage and power of a change that is met at the renewal."""
    for name, world in WORLDS.items():
        for size in SIZES:
            for before in BEFORE:
                for effect in (1.0, EFFECT):
                    found = [
                        _judged(
                            np.random.default_rng([7, run, size, before]),
                            size,
                            before,
                            effect,
                            world,
                        )
                        for run in range(runs)
                    ]
                    _report(f"{name}; {size}; {before} months; {effect}", found, effect)


def reach(runs: int) -> None:
    """The same of a change at once that reaches half of the customers: the others are a control."""
    for name, world in WORLDS.items():
        for size in SIZES:
            for effect in (1.0, EFFECT):
                found = [
                    _with_control(np.random.default_rng([8, run, size]), size, effect, world)
                    for run in range(runs)
                ]
                _report(f"{name}; {size}; half reached; {effect}", found, effect)


def _with_control(rng: np.random.Generator, size: int, effect: float, world: World) -> pd.DataFrame:
    before = BEFORE[0]
    levels = month_levels(rng, WARM + before + AFTER, world)
    group = {"levels": levels * LEVEL_OF_REACHED, "yearly_share": 0.1}
    reached = business(rng, size // 2, before, effect, world, **group, once=True)
    others = business(rng, size // 2, before, 1.0, world, levels=levels, once=True)
    rows = pd.concat([reached, others.assign(reached=False, since=0)], ignore_index=True)
    known = known_from(reached.attrs["changed_in"], at_renewal=False)
    drift = cl.change_drift(known, rows).rename(
        columns={"drift": "effect", "drift_low": "effect_low", "drift_high": "effect_high"}
    )
    ends = ["effect", "effect_low", "effect_high"]
    drift[ends] = (1 + drift[ends]) * effect  # there is none: its range is to hold the same value
    found = pd.concat([cl.change_estimates(known, rows), drift.assign(method="no drift")])
    return found.set_index("method")


def _report(name: str, found: list[pd.DataFrame], effect: float) -> None:
    methods = list(dict.fromkeys(method for frame in found for method in frame.index))
    for method in methods:
        rows = pd.DataFrame([frame.loc[method] for frame in found if method in frame.index])
        rows = rows.dropna(subset=["effect_low"])
        if len(rows) < len(found):
            method = f"{method} ({len(rows)} of {len(found)} runs)"
        beyond = (rows["effect_low"] > 1) | (rows["effect_high"] < 1)
        if method.startswith("both"):
            beyond = rows["verdict"].isin(["leave more", "leave less"])
        held = rows["effect_low"].le(effect) & rows["effect_high"].ge(effect)
        told(f"{name}: {method} claims", beyond.tolist())
        told(f"{name}: {method} holds", held.tolist())


def _judged(
    rng: np.random.Generator, size: int, before: int, effect: float, world: World
) -> pd.DataFrame:
    rows = business(rng, size, before, effect, world)
    known = known_from(rows.attrs["changed_in"], at_renewal=True)
    later = cl.change_fading(known, rows)
    lasts = 1.0 if world.lasts else effect
    ends = ["effect", "effect_low", "effect_high"]
    later.loc[later["since"] > 1, ends] *= lasts  # what is true there is 1, unless it lasts
    later["method"] = "renewal " + later["since"].astype(str)
    return pd.concat([cl.change_estimates(known, rows), later.head(3)]).set_index("method")


def known_from(day: pd.Timestamp, *, at_renewal: bool) -> pd.DataFrame:
    """What `known_changes` gives of one change."""
    row = {"label": "rise", "kind": "price", "starts_on": day, "known_on": day}
    return pd.DataFrame([row | {"reaches": "everybody", "at_renewal": at_renewal}])


def business(
    rng: np.random.Generator,
    size: int,
    before: int,
    effect: float,
    world: World,
    *,
    levels: np.ndarray | None = None,
    yearly_share: float = 0.3,
    once: bool = False,
) -> pd.DataFrame:
    """Customers due by month, interval, renewal and renewal since the change.

    Of who pays by the month the hazard at the n-th renewal is 0.02 + 0.05 exp(-(n-1)/3); of who
    pays by the year 30 % at the first renewal and 18 % later.
    """
    months = WARM + before + AFTER
    changed = WARM + before
    level = month_levels(rng, months, world) if levels is None else levels
    lasts = once or world.lasts
    rows = []
    for interval, share, hazard in ((1, 1 - yearly_share, monthly), (12, yearly_share, yearly)):
        joined = rng.poisson(size * share / stay(interval, hazard), months)
        for start in range(months):
            there = int(joined[start])
            for renewal in range(1, (months - 1 - start) // interval + 1):
                month = start + renewal * interval
                since = 0
                if month >= changed and start < changed:
                    since = (
                        month - max(start + interval, _first(start, interval, changed))
                    ) // interval + 1
                ratio = effect if since == 1 or (lasts and month >= changed) else 1.0
                chance = min(hazard(renewal) * level[month] * ratio, 0.95)
                left = int(rng.binomial(there, chance))
                if there and month >= WARM:
                    rows.append((month - WARM, interval, renewal, since, there, left))
                there -= left
    names = ["month", "interval_months", "renewal", "since", "due", "left"]
    frame = pd.DataFrame(rows, columns=names)
    frame = frame.groupby(names[:4], as_index=False).sum()
    starts = pd.date_range("2020-01-01", periods=before + AFTER, freq="MS")
    frame = frame.assign(
        label="rise", period_start=starts[frame["month"]], reached=True, complete=True
    )
    frame.attrs = {"grain": "month", "currency": "EUR", "changed_in": starts[before]}
    return frame


def _first(start: int, interval: int, changed: int) -> int:
    """The first month from the change on in which a term ends."""
    return start + interval * -(-(changed - start) // interval)


def monthly(renewal: int) -> float:
    """The hazard of who pays by the month."""
    return 0.02 + 0.05 * np.exp(-(renewal - 1) / 3)


def yearly(renewal: int) -> float:
    """The hazard of who pays by the year."""
    return 0.30 if renewal == 1 else 0.18


def stay(interval: int, hazard: object) -> float:
    """The mean stay in months, as far as sixty months show it."""
    there, total = 1.0, 0.0
    for renewal in range(1, 60 // interval + 1):
        total += there * interval
        there *= 1 - hazard(renewal)
    return total


def month_levels(rng: np.random.Generator, months: int, world: World) -> np.ndarray:
    """What each month multiplies every hazard by."""
    noise = rng.normal(size=months)
    own = np.empty(months)
    own[0] = noise[0]
    for month in range(1, months):
        fresh = np.sqrt(1 - world.correlation**2) * noise[month]
        own[month] = world.correlation * own[month - 1] + fresh
    spread = np.sqrt(np.log(1 + world.scatter**2))
    effects = np.exp(spread * own - spread**2 / 2)
    return effects * (1 + world.drift) ** (np.arange(months) - months)


PARTS = {"price": price, "reach": reach}

if __name__ == "__main__":
    main()
