"""What the purchase models cost: churnlib and the package lifetimes on the same customers.

    python -m benchmarks.models [--customers 24000 100000] [--large] [--runs 1]

BG/NBD and Gamma-Gamma, from orders (grouping and fit), and from one row a customer (the fit, with
churnlib's grouping in it). lifetimes has two ways: one row a customer, as its documentation does
it, and grouped rows with weights. The parameters must agree to three digits, else nothing is told
of it and the script fails. Without the package (the extra `cdnow`) it ends with code 2.
"""

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks.contest import PROJECT, ContestError, Outcome, Task, Way, compete, table

THREE_DIGITS = 5e-4
LARGE = 1_000_000
PEER = "lifetimes"
OURS, THEIRS = "benchmarks.ways.ours_fits", "benchmarks.ways.lifetimes_fits"
MAKE = "import sys; from pathlib import Path; from benchmarks.inputs import make_buyers; "
MAKE += "print(make_buyers(Path(sys.argv[1]), int(sys.argv[2])))"


def _task(function: str, title: str) -> Task:
    return Task(
        function,
        title,
        ("parameter", "value"),
        (
            Way(PEER, THEIRS, function, (PEER,)),
            Way("lifetimes, with weights", THEIRS, f"{function}_weighted", (PEER,)),
            Way("churnlib", OURS, function),
        ),
        PEER,
        THREE_DIGITS,
    )


TASKS = (
    _task("bg_nbd", "BG/NBD from orders"),
    _task("gamma_gamma", "Gamma-Gamma from orders"),
    _task("bg_nbd_of_buyers", "BG/NBD from one row a customer"),
    _task("gamma_gamma_of_buyers", "Gamma-Gamma from one row a customer"),
)


def main() -> None:
    """Every task at every size."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, nargs="+", default=[24_000, 100_000])
    parser.add_argument("--large", action="store_true", help=f"{LARGE:,} customers too")
    parser.add_argument("--runs", type=int, default=1, help="of each way; the cheapest is told")
    given = parser.parse_args()
    if min(given.customers) < 1_000 or given.runs < 1:
        parser.error("--customers takes 1000 or more, --runs 1 or more")
    if importlib.util.find_spec(PEER) is None:
        print("Nothing to compare with: lifetimes (the extra cdnow) is absent.", file=sys.stderr)
        sys.exit(2)
    sizes = {*given.customers, LARGE} if given.large else set(given.customers)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    try:
        outcomes = measured(sorted(sizes), given.runs)
    except ContestError as error:
        sys.exit(f"No cost is told: {error}")
    for task in TASKS:
        print("\n" + table(task, outcomes[task.name]), flush=True)


def measured(sizes: list[int], runs: int) -> dict[str, list[Outcome]]:
    """Costs by task, at every number of customers."""
    outcomes = defaultdict(list)
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="churnlib-contest-") as folder:
            command = [sys.executable, "-c", MAKE, folder, str(size)]
            done = subprocess.run(command, check=True, cwd=PROJECT, stdout=subprocess.PIPE)
            for task in TASKS:
                outcomes[task.name] += compete(task, Path(folder), int(done.stdout), runs)
                said = f"{task.name}, {size:,} customers: same parameters"
                print(said, file=sys.stderr, flush=True)
    return outcomes


if __name__ == "__main__":
    main()
