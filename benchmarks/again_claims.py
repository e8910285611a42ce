"""How often a shop's chapter on buying again claims what is not true, and finds what is.

    python -m benchmarks.again_claims [months] [segments] [changes] [--runs 300]

months: in a report a month, how often the newest first buyers are said to lie beyond what is usual
where nothing changed. segments: of 30 values that grow differently and come back alike, how often
any is named, and how often one is found whose buyers come back 0.75 times as often. changes: of a
campaign that reaches half of the first buyers, whose buyers come back less anyway, how often an
effect is claimed where there is none, and how often the range holds a true one of 0.8. The
Monte-Carlo error is shown.

Each buyer has a rate of buying of the own (gamma) and may drop out after the first purchase; months
move the odds of dropping out, not the share that comes back, which the models scale.
"""

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd

import churnlib as cl
from benchmarks.change_claims import known_from
from benchmarks.leaving_claims import told
from churnlib.findings.again import BEYOND

SIZES = (30, 100, 500, 5_000)
WORLDS = ((0.0, 0.0), (0.2, 0.0), (0.2, 0.3))
"""Scatter of a month's log-odds, and its autocorrelation."""
MONTHS = 24
AFTER = 6
VALUES = 30
PLANTED, EFFECT = 0.75, 0.8
DROPS_OUT = 0.4
WITHIN = 90 / 365


def main() -> None:
    """Each part asked for; all of them where none is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--runs", type=int, default=300)
    given = parser.parse_args()
    for part in given.parts or PARTS:
        print(f"\n{part}")
        PARTS[part](given.runs)


def months(runs: int) -> None:
    """The newest month beyond what is usual, where nothing changed."""
    for size in SIZES:
        for world in WORLDS:
            beyond = []
            for run in range(runs):
                rng = np.random.default_rng([9, run, size])
                score = cl.again_trend(first_buyers(rng, size, odds(rng, world)))["score"]
                beyond.append(abs(score.iloc[-1]) > BEYOND)
            told(f"{size} a month, scatter {world[0]}, ar {world[1]}", beyond)


def segments(runs: int) -> None:
    """False discoveries among equals, and a planted difference."""
    for size in SIZES[:-1]:
        for world in WORLDS[:2]:
            named, found = [], []
            for run in range(runs):
                rng = np.random.default_rng([10, run, size])
                named.append(bool(_named(rng, size, world, 1.0)))
                found.append("s00" in _named(rng, size, world, PLANTED))
            told(f"{size} a month each, scatter {world[0]}: any named", named)
            told(f"{size} a month each, scatter {world[0]}: {PLANTED} found", found)


def _named(rng: np.random.Generator, size: int, world: tuple, ratio: float) -> list[str]:
    parts = []
    for n in range(VALUES):
        growth = rng.uniform(-0.02, 0.08)
        times = np.full(MONTHS, ratio if n == 0 else 1.0)
        rows = first_buyers(rng, size, odds(rng, world), times=times, growth=growth)
        parts.append(rows.assign(segment=f"s{n:02}"))
    rows = pd.concat(parts, ignore_index=True)
    rows.attrs = parts[0].attrs
    found = cl.again_segments({"x": rows})
    return found[found["verdict"] != "no signal"]["segment"].tolist()


def changes(runs: int) -> None:
    """What is claimed of a change that reaches half, and what its ranges hold."""
    for size in SIZES[1:]:
        for world in WORLDS:
            for effect in (1.0, EFFECT):
                found = [
                    _judged(np.random.default_rng([11, run, size]), size, world, effect)
                    for run in range(runs)
                ]
                name = f"{size} a month, scatter {world[0]}, ar {world[1]}; {effect}"
                told(f"{name}: claims", [one.verdict.startswith("come back") for one in found])
                told(
                    f"{name}: holds", [one.effect_low <= effect <= one.effect_high for one in found]
                )


def _judged(rng: np.random.Generator, size: int, world: tuple, effect: float) -> pd.Series:
    moved = odds(rng, world)
    since = np.where(np.arange(MONTHS) >= MONTHS - AFTER, effect, 1.0)
    reached = first_buyers(rng, size // 2, moved, times=0.7 * since).assign(reached=True)
    others = first_buyers(rng, size // 2, moved).assign(reached=False)
    rows = pd.concat([reached, others], ignore_index=True).assign(label="rise")
    rows.attrs = reached.attrs
    known = known_from(reached["period_start"].iloc[-AFTER], at_renewal=False)
    return cl.again_changes(known, rows).set_index("method").loc["both"]


def odds(rng: np.random.Generator, world: tuple[float, float]) -> np.ndarray:
    """What each month adds to the log-odds of dropping out."""
    scatter, correlation = world
    noise = rng.normal(0, scatter, MONTHS)
    own = noise.copy()
    for month in range(1, MONTHS):
        own[month] = correlation * own[month - 1] + np.sqrt(1 - correlation**2) * noise[month]
    return own


def first_buyers(
    rng: np.random.Generator,
    size: int,
    moved: np.ndarray,
    *,
    times: np.ndarray | None = None,
    growth: float = 0.02,
) -> pd.DataFrame:
    """What `bought_again` gives of a shop: so many new buyers in its last month."""
    buyers = rng.poisson(size * (1 + growth) ** (np.arange(MONTHS) - MONTHS + 1.0))
    drops = 1 / (1 + np.exp(-(np.log(DROPS_OUT / (1 - DROPS_OUT)) + moved)))
    again = []
    for month, people in enumerate(buyers):
        rate = rng.gamma(0.8, 2.5, people)
        comes = (1 - drops[month]) * -np.expm1(-rate * WITHIN)
        again.append(
            int((rng.random(people) < comes * (1 if times is None else times[month])).sum())
        )
    start = pd.date_range("2020-01-01", periods=MONTHS, freq="MS")
    rows = pd.DataFrame({"period_start": start, "first_buyers": buyers, "again": again})
    rows = rows.assign(complete=True)
    rows.attrs = {"grain": "month", "currency": "EUR"}
    return rows


PARTS: dict[str, Callable[[int], None]] = {
    "months": months,
    "segments": segments,
    "changes": changes,
}

if __name__ == "__main__":
    main()
