"""What the measures cost: churnlib, SQL by hand, pandas, Polars and others on the same rows.

    python -m benchmarks.engine [--rows 100000 400000] [--runs 1] [TASK ...]

Tasks: bridge, triangle, grouping, survival, frozen. `--rows` are spans; orders are 2.5 times as
many. Every way runs in a process of its own and must come to the answer of the SQL by hand, else
nothing is printed of it and the script fails.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks.contest import PROJECT, ContestError, Outcome, Task, Way, compete, table

ORDERS_A_SPAN = 2.5
BASE = "DuckDB, SQL by hand"
MOVED = ("new", "reactivation", "expansion", "contraction", "churn")

LIFELINES = Way("pandas and lifelines", "benchmarks.ways.by_lifelines", "survival", ("lifelines",))
LIFETIMES = Way("lifetimes' summary", "benchmarks.ways.by_lifetimes", "grouping", ("lifetimes",))


def _ways(function: str, *more: Way) -> tuple[Way, ...]:
    return (
        Way(BASE, "benchmarks.ways.sql", function),
        Way("churnlib", "benchmarks.ways.ours", function),
        Way("Polars", "benchmarks.ways.polars_frames", function, ("polars",)),
        Way("pandas", "benchmarks.ways.frames", function),
        *more,
    )


SPANS = {
    "bridge": Task(
        "bridge",
        "MRR bridge of spans",
        ("month", "opening", *MOVED, "closing", *(f"n_{one}" for one in MOVED)),
        _ways("bridge", Way("DuckDB, month spine", "benchmarks.ways.sql", "spine")),
        BASE,
    ),
    "survival": Task(
        "survival",
        "Lifetimes and Kaplan-Meier of spans",
        ("month", "at_risk", "events", "estimate"),
        _ways("survival", LIFELINES),
        BASE,
    ),
    "frozen": Task(
        "frozen",
        "Check and freeze of spans; the others scan, sort and write, and check nothing",
        ("column", "rows", "digest"),
        _ways("frozen"),
        BASE,
    ),
}
ORDERS = {
    "triangle": Task(
        "triangle",
        "Cohort triangle of orders",
        ("first", "age", "size", "active"),
        _ways("triangle"),
        BASE,
    ),
    "grouping": Task(
        "grouping",
        "Recency and frequency of orders, grouped",
        ("frequency", "recency_days", "age_days", "customers"),
        _ways("grouping", LIFETIMES),
        BASE,
    ),
}
TASKS = SPANS | ORDERS


def main() -> None:
    """Every task at every size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", metavar="TASK", default=list(TASKS))
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 400_000])
    parser.add_argument("--runs", type=int, default=1, help="of each way; the cheapest is told")
    given = parser.parse_args()
    if unknown := set(given.tasks) - set(TASKS):
        parser.error(f"no such task: {', '.join(sorted(unknown))}; there are {', '.join(TASKS)}")
    if min(given.rows) < 1_000 or given.runs < 1:
        parser.error("--rows takes 1000 or more, --runs 1 or more")
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    try:
        outcomes = measured(given.tasks, sorted(set(given.rows)), given.runs)
    except ContestError as error:
        sys.exit(f"No cost is told: {error}")
    for name in given.tasks:
        print("\n" + table(TASKS[name], outcomes[name]), flush=True)


def measured(tasks: list[str], sizes: list[int], runs: int) -> dict[str, list[Outcome]]:
    """Costs by task, at every size."""
    outcomes = defaultdict(list)
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="churnlib-contest-") as folder:
            counts = made(Path(folder), size, tasks)
            for name in tasks:
                reads = counts["spans" if name in SPANS else "orders"]
                outcomes[name] += compete(TASKS[name], Path(folder), reads, runs)
                print(f"{name}, {reads:,} rows: same answers", file=sys.stderr, flush=True)
    return outcomes


def made(folder: Path, spans: int, tasks: list[str]) -> dict[str, int]:
    """The rows in a folder, made by a process of its own; how many they are."""
    orders = round(spans * ORDERS_A_SPAN) if set(tasks) & set(ORDERS) else 0
    spans = spans if set(tasks) & set(SPANS) else 0
    command = [sys.executable, "-m", "benchmarks.inputs", str(folder), str(spans), str(orders)]
    subprocess.run(command, check=True, cwd=PROJECT)
    return json.loads((folder / "counts.json").read_text())


if __name__ == "__main__":
    main()
