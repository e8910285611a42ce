"""How often the report claims what is not true, and how often it finds what is: simulated.

    python benchmarks/claims.py [months] [segments] [waits] [stays] [extremes]

Each part prints a table with the Monte-Carlo error of its shares. The generators are none of the
models' own: customers arrive by month, leave by hazards written down here, and are counted.
"""

import sys
from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import stats

import churnlib as cl
from churnlib.models.survival.hazard import hazard_by_month
from churnlib.models.survival.intervals import INTERVAL
from churnlib.models.survival.life_table import life_table
from churnlib.statistics.comparisons import extremes_apart
from churnlib.statistics.intervals import benjamini_hochberg, wilson

MONTHS = 36
"""Months of arrivals, and the longest life seen."""
KEYS = ["duration", "event_observed"]
Hazard = np.ndarray


def monthly(peak: float = 1.0, step: float = 1.0, decay: float = 0.0) -> Hazard:
    """3 % a month; times `peak` in month 5, times `step` to month 6; `decay` more in month 1."""
    month = np.arange(1, MONTHS + 1)
    hazard = 0.03 + decay * np.exp(-(month - 1) / 5)
    return hazard * np.where(month == 5, peak, 1.0) * np.where(month <= 6, step, 1.0)


def yearly(first: float = 0.3, later: float = 0.18) -> Hazard:
    """Leaving at yearly renewals alone."""
    hazard = np.zeros(MONTHS)
    hazard[[11, 23, 35]] = first, later, later
    return hazard


def lives(rng: np.random.Generator, customers: int, hazard: Hazard) -> pd.DataFrame:
    """Grouped lifetimes of customers who arrive evenly over the months before today."""
    rows = Counter()
    for seen, there in enumerate(rng.multinomial(customers, np.full(MONTHS, 1 / MONTHS)), start=1):
        for month in range(1, seen + 1):
            left = rng.binomial(there, hazard[month - 1])
            rows[month, True] += left
            there -= left
        rows[seen, False] += there
    counted = [(*key, n) for key, n in rows.items() if n]
    return pd.DataFrame(counted, columns=[*KEYS, "customers"]).assign(entry=0)


def share(hits: list[bool]) -> str:
    """A share in % with one standard error."""
    p = float(np.mean(hits))
    return f"{100 * p:5.1f} ± {100 * (p * (1 - p) / len(hits)) ** 0.5:.1f} %"


# months of life that stand out


def as_before(lifetimes: pd.DataFrame) -> list[int]:
    """The rule until now: above both sides, tested against both together, intervals pooled."""
    hazard = hazard_by_month(lifetimes.drop(columns=INTERVAL, errors="ignore"))
    table = life_table(lifetimes)
    n, d = table.at_risk, table.events
    around = [_sums(n, d, shift) for shift in ((-2, -1), (1, 2))]
    both_n, both_d = around[0][0] + around[1][0], around[0][1] + around[1][1]
    p = stats.binom.sf(d - 1, d + both_d, n / np.maximum(n + both_n, 1))
    testable = (n >= 30) & (both_n >= 30) & (around[0][0] > 0) & (around[1][0] > 0)
    p = np.where(testable, p, np.nan)[: len(hazard)]
    with np.errstate(invalid="ignore", divide="ignore"):
        above = (d / n > around[0][1] / around[0][0]) & (d / n > around[1][1] / around[1][0])
    marked = (benjamini_hochberg(p) <= 0.05) & above[: len(hazard)]
    return [int(month) + 1 for month in np.flatnonzero(marked)]


def _sums(n: np.ndarray, d: np.ndarray, shifts: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    padded = [np.pad(one, 2) for one in (n, d)]
    both = [sum(one[2 + k : 2 + k + n.size] for k in shifts) for one in padded]
    return both[0], both[1]


def as_now(lifetimes: pd.DataFrame) -> list[int]:
    """Months marked, within billing intervals where these are kept apart."""
    return hazard_by_month(lifetimes).query("stands_out")["tenure"].tolist()


def advised(lifetimes: pd.DataFrame) -> list[int]:
    """Months of which advice would be given: not those that may be renewals."""
    found = hazard_by_month(lifetimes).query("stands_out")
    known = found.get(INTERVAL, pd.Series(0, index=found.index)) > 0
    return found[known | (found["tenure"] % 3 > 0)]["tenure"].tolist()


def months(runs: int = 200) -> None:
    """False alarms without a peak, and how often a true one is found."""
    worlds = {
        "constant 3 %": [(1.0, 1, monthly())],
        "falling from 8 to 3 %": [(1.0, 1, monthly(decay=0.05))],
        "6 % to month 6, then 3 %": [(1.0, 1, monthly(step=2.0))],
        "9 % to month 6, then 3 %": [(1.0, 1, monthly(step=3.0))],
        "30 % pay by the year": [(0.7, 1, monthly(decay=0.05)), (0.3, 12, yearly())],
        "peak x 1.5 in month 5": [(1.0, 1, monthly(peak=1.5, decay=0.03))],
        "peak x 2 in month 5": [(1.0, 1, monthly(peak=2.0, decay=0.03))],
        "peak x 2, 30 % by the year": [
            (0.7, 1, monthly(peak=2.0, decay=0.03)),
            (0.3, 12, yearly()),
        ],
    }
    print("\nMonths of life marked: before, now (intervals known), advice (intervals unknown)")
    for name, groups in worlds.items():
        true = {5} if "peak" in name else set()
        for customers in (1_000, 3_000, 12_000):
            rng = np.random.default_rng(1)
            found = [months_marked(rng, customers, groups) for _ in range(runs)]
            told = [share([bool(set(one[k]) - true) for one in found]) for k in range(3)]
            power = [share([5 in one[k] for one in found]) for k in range(2)] if true else []
            print(f"| {name} | {customers:,} | false: {' · '.join(told)}", end=" | ")
            print(f"found: {' · '.join(power)} |" if power else "|")


def months_marked(
    rng: np.random.Generator, customers: int, groups: list[tuple[float, int, Hazard]]
) -> tuple[list[int], list[int], list[int]]:
    parts = [
        lives(rng, int(part * customers), hazard).assign(**{INTERVAL: interval})
        for part, interval, hazard in groups
    ]
    rows = pd.concat(parts)
    pooled = rows.groupby(["entry", *KEYS], as_index=False)["customers"].sum()
    return as_before(pooled), as_now(rows), advised(pooled)


# segments


def segments(runs: int = 200) -> None:
    """Values that pay by the year in different shares, with equal hazards or one of them worse."""
    print("\nSegments (yearly share 10 to 60 %): column test before, now; a value named apart")
    for values in (3, 12):
        for customers in (100, 500):
            for worse in (1.0, 1.4):
                rng = np.random.default_rng(2)
                found = [column_named(rng, values, customers, worse) for _ in range(runs)]
                before, now, named, right = (share([one[k] for one in found]) for k in range(4))
                print(
                    f"| {values} of {customers} | one x {worse} | before {before} | now {now} | "
                    f"named wrongly {named} | named rightly {right} |"
                )


def column_named(
    rng: np.random.Generator, values: int, customers: int, worse: float
) -> tuple[bool, bool, bool, bool]:
    parts = []
    for place in range(values):
        ratio = worse if place == 0 else 1.0
        by_year = int(customers * (0.1 + 0.5 * place / (values - 1)))
        for interval, n, hazard in (
            (1, customers - by_year, monthly(decay=0.05)),
            (12, by_year, yearly()),
        ):
            life = lives(rng, n, np.minimum(hazard * ratio, 1.0))
            parts.append(life.assign(segment=f"s{place:02}", **{INTERVAL: interval}))
    rows = pd.concat(parts)
    splits = {"column": rows}
    base = pd.DataFrame({"segment": rows["segment"].unique(), INTERVAL: 1, "tenure": 3})
    bases = {"column": base.assign(customers=100, mrr=1000.0)}
    before = cl.compare_segments({"column": rows.drop(columns=INTERVAL)})["p_adjusted"].item()
    tests = cl.compare_segments(splits)
    apart = cl.segments_against_others(tests, splits, bases)
    named = apart[apart["apart"] & (apart["ratio"] > 1)].nlargest(1, "at_stake")["segment"].tolist()
    wrong = bool(named) and (worse == 1.0 or named != ["s00"])
    right = worse > 1 and named == ["s00"]
    return before <= 0.05, tests["p_adjusted"].item() <= 0.05, wrong, right


# waits of one customer


def waits(runs: int = 200) -> None:
    """Coverage of the mean wait (cut at 90 days) and of the curve at 30 days."""
    rng = np.random.default_rng(3)
    everybody = waits_of_buyers(rng, 60_000)
    truth = cl.mean_wait(everybody, 90)["mean"].item()
    at_30 = cl.time_between(everybody).query("tenure == 30")["estimate"].item()
    print(
        f"\nWaits: truth {truth:.2f} days, {at_30:.3f} not followed after 30: as if independent, "
        "now"
    )
    for customers in (40, 150, 600):
        hits = [[], [], [], []]
        for _ in range(runs):
            rows = waits_of_buyers(rng, customers)
            for k, frame in enumerate((rows.drop(columns="customer_group"), rows)):
                mean = cl.mean_wait(frame, 90).iloc[0]
                hits[k].append(bool(mean.low <= truth <= mean.high))
                day = cl.time_between(frame).query("tenure == 30").iloc[0]
                hits[2 + k].append(bool(day.low <= at_30 <= day.high))
        told = [share(one) for one in hits]
        print(
            f"| {customers} customers | mean {told[0]} · {told[1]} | curve {told[2]} · {told[3]} |"
        )


def waits_of_buyers(rng: np.random.Generator, customers: int) -> pd.DataFrame:
    """Buyers whose rates differ (gamma, shape 1.5, a purchase in 50 days on average), who begin
    within a year and are watched for a second one.
    """
    mean = 75 / rng.gamma(1.5, 1.0, customers)
    day = rng.integers(0, 365, customers)
    who, rows, last = np.arange(customers), [], 729
    while who.size:
        gap = np.ceil(rng.exponential(mean[who])).clip(1, 1e6).astype(int)
        seen = day[who] + gap <= last
        rows.append((who, np.where(seen, gap, last - day[who]), seen))
        day[who] += gap
        who = who[seen]
    names = ["customer_group", *KEYS]
    raw = pd.DataFrame(
        {n: np.concatenate(one) for n, one in zip(names, zip(*rows, strict=True), strict=True)}
    )
    raw = raw.assign(customer_group=raw["customer_group"] % 64, entry=0)
    return raw.groupby(["customer_group", "entry", *KEYS]).size().reset_index(name="customers")


# how long customers stay, where few leave


def stays(runs: int = 600) -> None:
    """Coverage of the mean months stayed within 12, where few leave: normal limits, and now."""
    print("\nMean stay within 12 months: normal limits, now; mean width now")
    for customers in (40, 200):
        for hazard in (0.001, 0.005, 0.03):
            rng = np.random.default_rng(4)
            truth = float(((1 - hazard) ** np.arange(12)).sum())
            hits, widths = ([], []), []
            for _ in range(runs):
                row = cl.restricted_mean(watched_a_year(rng, customers, hazard), 12).iloc[0]
                hits[0].append(abs(row["mean"] - truth) <= 1.96 * row.standard_error)
                hits[1].append(bool(row.low <= truth <= row.high))
                widths.append(row.high - row.low)
            told = " · ".join(share(one) for one in hits)
            print(f"| {customers} at {hazard:.1%} a month | {told} | {np.nanmean(widths):.2f} |")


def watched_a_year(rng: np.random.Generator, customers: int, hazard: float) -> pd.DataFrame:
    """Customers who are all watched for a year."""
    life = rng.geometric(hazard, customers)
    raw = pd.DataFrame({"duration": life.clip(max=12), "event_observed": life <= 12})
    return raw.groupby(KEYS).size().reset_index(name="customers").assign(entry=0)


# the extremes of many


def extremes(runs: int = 1_000) -> None:
    """How often the best and the worst of equal values are called different."""
    print("\nExtremes of equal values: ranges apart, one pair's test, all pairs' test")
    for values in (2, 5, 12, 132):
        rng = np.random.default_rng(5)
        hits = ([], [], [])
        for _ in range(runs):
            left = rng.binomial(200, 0.3, values)
            low, high = wilson(left, np.full(values, 200))
            rows = pd.DataFrame({"rate": left / 200, "low": low, "high": high})
            best, worst = rows.loc[rows["rate"].idxmax()], rows.loc[rows["rate"].idxmin()]
            hits[0].append(bool(best.low > worst.high))
            hits[1].append(extremes_apart(rows.loc[[best.name, worst.name]], "rate").clear)
            hits[2].append(extremes_apart(rows, "rate").clear)
        print(f"| {values} values | {' · '.join(share(one) for one in hits)} |")


# the demo's advice against its truth


PARTS: dict[str, Callable[[], None]] = {
    one.__name__: one for one in (months, segments, waits, stays, extremes)
}

if __name__ == "__main__":
    for name in sys.argv[1:] or PARTS:
        PARTS[name]()
