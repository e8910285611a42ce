"""How often the chapters on leaving claim what is not true, and find what is: who leaves next,
segments, rate against mix, and new customers, on the businesses of `alarm_rates`.

    python -m benchmarks.leaving_claims [PART ...] [--runs 200]

next: how often the 95 % range of next month's leavers holds what came. segments: of 30 values that
grow differently and leave alike, how often any is named, and how often one is found that leaves 1.3
times as often. mix: how often the range of the rate effect leaves 0 out where only the mix changed.
channels: verdicts on new customers. quarters: how often an unchanged quarter lies where 95 % do.
money: how often the range of MRR churn holds the hazard. The Monte-Carlo error is shown.
"""

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd

import churnlib as cl
from benchmarks.alarm_rates import CUSTOMERS, LABELS, WORLDS, World, business

SEGMENTS = 30
SIZES = (50, 200, 1_000, 5_000)
SCATTERS = (0.0, 0.1)
PLANTED = 1.3
HAZARD = 0.03
MONTHS = 24


def main() -> None:
    """Each part asked for; all of them where none is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--runs", type=int, default=200)
    given = parser.parse_args()
    for part in given.parts or PARTS:
        print(f"\n{part}")
        PARTS[part](given.runs)


def frame_of(due: np.ndarray, left: np.ndarray, **more: object) -> pd.DataFrame:
    """Strata and months as what `due` gives."""
    start = pd.date_range("2020-01-01", periods=due.shape[1], freq="MS")
    rows = [
        pd.DataFrame({"period_start": start, "interval_months": interval, "renewal": band}).assign(
            due=due[n], left=left[n], customers=due[n], complete=True
        )
        for n, (interval, band) in enumerate(LABELS)
    ]
    frame = pd.concat(rows, ignore_index=True).assign(**more)
    frame.attrs = {"grain": "month", "currency": "EUR"}
    return frame


def told(name: str, hits: list[bool]) -> None:
    """A share with its Monte-Carlo error."""
    share = float(np.mean(hits))
    error = np.sqrt(max(share * (1 - share), 1 / len(hits)) / len(hits))
    print(f"  {name:44} {share:6.3f} ± {error:.3f}", flush=True)


def leavers_next(runs: int) -> None:
    """Coverage of the range of next month's leavers."""
    for customers in CUSTOMERS:
        for scatter, correlation in WORLDS:
            world = World(customers, MONTHS + 1, 0.02, scatter, correlation)
            held = [_held(np.random.default_rng([5, run, customers]), world) for run in range(runs)]
            told(f"{customers} customers, scatter {scatter}, ar {correlation}", held)


def _held(rng: np.random.Generator, world: World) -> bool:
    due, left, _ = business(rng, world)
    past = frame_of(due[:, :-1], left[:, :-1])
    coming = frame_of(due, left)
    ahead = coming[coming["period_start"] == coming["period_start"].max()]
    ahead = ahead.assign(mrr=0.0, given_notice=0)
    row = cl.expected_leavers(ahead, past).iloc[0]
    return bool(row.expected_left_low <= left[:, -1].sum() <= row.expected_left_high)


def segments(runs: int) -> None:
    """False discoveries among equals, and a planted difference."""
    for size in SIZES:
        for scatter in SCATTERS:
            named, found = [], []
            for run in range(runs):
                rng = np.random.default_rng([6, run, size])
                named.append(bool(len(_named(rng, size, scatter, 1.0))))
                found.append("s00" in _named(rng, size, scatter, PLANTED))
            told(f"{size} each, scatter {scatter}: any named", named)
            told(f"{size} each, scatter {scatter}: 1.3 found", found)


def _named(rng: np.random.Generator, size: int, scatter: float, ratio: float) -> list[str]:
    parts = []
    for n in range(SEGMENTS):
        rise = ratio if n == 0 else 1.0
        growth, annual = rng.uniform(-0.02, 0.08), rng.uniform(0.1, 0.5)
        world = World(size, 13, growth, scatter, 0.0, rise, rises_in=13, annual=annual)
        due, left, _ = business(rng, world)
        parts.append(frame_of(due[:, 1:], left[:, 1:], segment=f"s{n:02}"))
    rows = pd.concat(parts, ignore_index=True)
    rows.attrs = parts[0].attrs
    lost = rows.assign(customers=rows["left"], lost=rows["left"], lost_squared=rows["left"])
    found = cl.segments({"x": rows}, {"x": lost})
    return found[found["verdict"] == "act"]["segment"].tolist()


def mix(runs: int) -> None:
    """Ranges of the rate effect that leave 0 out where only the mix of two segments changed."""
    for customers in CUSTOMERS[1:]:
        for scatter in SCATTERS:
            outside = [
                _outside(np.random.default_rng([7, run, customers]), customers, scatter)
                for run in range(runs)
            ]
            told(f"{customers} customers, scatter {scatter}", outside)


def _outside(rng: np.random.Generator, customers: int, scatter: float) -> bool:
    """Two values of hazards 1 and 1.5; the share of the second goes from 30 to 50 %."""
    parts = []
    effects = np.exp(rng.normal(0, scatter, MONTHS) - scatter**2 / 2)
    for name, ratio, growth in (("a", 1.0, -0.015), ("b", 1.5, 0.02)):
        share = 0.7 if name == "a" else 0.3
        world = World(int(customers * share), MONTHS, growth, 0.0, 0.0)
        due, _, _ = business(rng, world)
        hazard = np.array([0.06, 0.04, 0.03, 0.022, 0.3, 0.18])[:, None] * ratio * effects
        left = rng.binomial(due.astype(int), np.minimum(hazard, 1))
        parts.append(frame_of(due, left, segment=name))
    rows = pd.concat(parts, ignore_index=True)
    rows.attrs = parts[0].attrs
    keys = ["period_start", "interval_months", "renewal"]
    whole = rows.groupby(keys, as_index=False)[["due", "left", "customers"]].sum()
    whole = whole.assign(complete=True)
    whole.attrs = rows.attrs
    found = cl.decomposition(whole, {"x": rows})
    row = found[(found["columns"].str.endswith("x")) & (found["segment"] == "all")].iloc[-1]
    return not row.rate_effect_low <= 0 <= row.rate_effect_high


def channels(runs: int) -> None:
    """Verdicts on new customers where nothing differs, and where hazards are 1.5 and 2 times."""
    for customers in (100, 300, 1_000):
        for ratio in (1.0, 1.5, 2.0):
            wrong = [
                _verdict(np.random.default_rng([8, run, customers]), customers, ratio)
                for run in range(runs)
            ]
            named = "worse" if ratio > 1 else "worse or better"
            told(f"{customers} a quarter, {ratio} times: {named}", wrong)


def _verdict(rng: np.random.Generator, customers: int, ratio: float) -> bool:
    """At the last of the reports on a quarter, when all its customers have reached 90 days."""
    parts = []
    for cohort, times in (("now", ratio), ("before", 1.0)):
        left = np.full(customers, 91)
        for day, hazard in reversed(((30, 0.12), (61, 0.08), (90, 0.06))):
            left = np.where(rng.random(customers) < hazard * times, day, left)
        start = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, customers), "D")
        rows = pd.DataFrame({"started_on": start, "duration": left})
        parts.append(rows.assign(event_observed=left <= 90, cohort=cohort))
    rows = pd.concat(parts).assign(segment="all", customers=1, cost=0.0)
    keys = ["segment", "cohort", "started_on", "duration", "event_observed"]
    found = cl.new_customers(rows.groupby(keys, as_index=False)[["customers", "cost"]].sum())
    return found["verdict"].iloc[-1] in (("worse",) if ratio > 1 else ("worse", "better"))


def quarters(runs: int) -> None:
    """Coverage of where unchanged quarters lie."""
    for customers in CUSTOMERS:
        for scatter, correlation in WORLDS:
            world = World(customers, MONTHS, 0.02, scatter, correlation)
            held = []
            for run in range(runs):
                due, left, _ = business(np.random.default_rng([14, run, customers]), world)
                found = cl.trend_by_quarter(cl.leaving_trend(frame_of(due, left)))
                if len(found):
                    row = found.iloc[-1]
                    held.append(row.expected_low <= row.compared_left <= row.expected_high)
            name = f"{customers} customers, scatter {scatter}, ar {correlation}"
            told(name + ("" if len(held) == runs else f" ({len(held)} of {runs} runs)"), held)


def money(runs: int) -> None:
    """Coverage of MRR churn where customers pay more or less alike, and leave whatever they pay."""
    for customers in CUSTOMERS:
        for unlike in (0.5, 1.0, 1.5):
            held = []
            for run in range(runs):
                rng = np.random.default_rng([15, run, customers])
                paid = np.round(np.exp(rng.normal(3, unlike, customers)), 2)
                months = [_money_of(paid, rng.random(customers) < HAZARD) for _ in range(12)]
                lost = pd.DataFrame(months)
                start = pd.date_range("2025-01-01", periods=12, freq="MS")
                row = cl.mrr_churn(lost.assign(period_start=start)).iloc[-1]
                held.append(row.rate_low <= HAZARD <= row.rate_high)
            told(f"{customers} customers, MRR lognormal with sigma {unlike}", held)


def _money_of(paid: np.ndarray, gone: np.ndarray) -> dict[str, float]:
    """A month of what `mrr_lost` gives."""
    lost = paid[gone]
    return {
        "opening": paid.sum(),
        "customers": int(gone.sum()),
        "lost": lost.sum(),
        "largest": lost.max(initial=0.0),
        "lost_squared": (lost**2).sum(),
    }


PARTS: dict[str, Callable[[int], None]] = {
    "next": leavers_next,
    "segments": segments,
    "mix": mix,
    "channels": channels,
    "quarters": quarters,
    "money": money,
}

if __name__ == "__main__":
    main()
