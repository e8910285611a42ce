"""What advice small demos give, and whether their truth contradicts it.

python -m benchmarks.demo_advice [--seeds 20] [--customers 3000]
"""

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import churnlib as cl
from churnlib.simulate import CHANNELS, INDUSTRIES, simulate


def main() -> None:
    """A line for each advice: how many demos gave it, and whether it is true."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--customers", type=int, default=3_000)
    given = parser.parse_args()
    demo(given.seeds, given.customers)


def demo(seeds: int, customers: int) -> None:
    """What advice small demos give, and whether their truth contradicts it."""
    told = Counter()
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            told.update(advice(_demo(Path(folder), customers, seed)))
    print(f"\nAdvice of {seeds} demos of {customers:,} customers")
    for (who, true), times in sorted(told.items()):
        print(f"| {who} | {times} of {seeds} | {'true' if true else 'CONTRADICTED'} |")


def _demo(folder: Path, customers: int, seed: int) -> "cl.Snapshot":
    simulate(folder, customers=customers, seed=seed)
    (folder / "demo.yml").write_text(
        "{business: demo, model: subscription, currency: EUR, timezone: Europe/Berlin, "
        "segments: [channel, industry, billing, country], source: {uri: ., tables: {customers: "
        "{from: customers.parquet}, subscriptions: {from: subscriptions.parquet, columns: "
        "{interval: billing}}}}}\n"
    )
    return cl.open(str(folder / "demo.yml"))


def advice(snapshot: "cl.Snapshot") -> Iterator[tuple[str, bool]]:
    """Whom each action of the survival chapter names, and whether the truth agrees."""
    hazard = cl.hazard_by_month(cl.lifetimes(snapshot, intervals=True))
    for action in cl.say_hazard(hazard, cl.still_staying(snapshot)).actions:
        yield action.who, action.who == "customers paying by the month in their month of life 5"
    columns = list(snapshot.params.segments)
    splits = {name: cl.lifetimes(snapshot, by=name, intervals=True) for name in columns}
    bases = {name: cl.still_staying(snapshot, by=name) for name in columns}
    tests = cl.compare_segments(splits)
    others = cl.segments_against_others(tests, splits, bases)
    for rows in splits.values():
        for action in cl.say_survival_by_segment(tests, cl.survival_curve(rows), others).actions:
            yield action.who, is_true(action.who)


def is_true(who: str) -> bool:
    """Whether the hazard ratio of the segment named is above that of the others."""
    column, _, value = who.partition(" ")
    table = {"channel": CHANNELS, "industry": INDUSTRIES}.get(column, {})
    rest = [one for name, one in table.items() if name != value]
    if value not in table:
        return False
    mean = sum(one.share * one.hazard_ratio for one in rest) / sum(one.share for one in rest)
    return table[value].hazard_ratio > mean


if __name__ == "__main__":
    main()
