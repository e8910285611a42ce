"""Several ways to do the same work on the same rows: each in a process of its own, at its cost.

A way is a function of a `Place`: it reads below `inputs`, may write below `output`, and returns
its answer: a frame at hand, or the path of a Parquet file that it wrote. A run counts only where
it did the work (`require_work`) and its answer is that of the others (`require_same`).
"""

import argparse
import hashlib
import importlib
import importlib.util
import json
import math
import os
import resource
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[1]
CLOSE = 1e-9
"""How far a share may be off, relative to the larger one; whole numbers and texts must be equal."""
COMPARED = ("customer_id", "starts_on", "ends_on", "mrr", "plan", "subscription_id", "cancelled_on")
"""Columns of spans that are compared where the answer is a file."""
PEERS = {"churnlib", "duckdb", "ibis", "lifelines", "lifetimes", "pandas", "polars", "scipy"}
"""What takes so long to import that no way may do so while it is timed."""
SEPARATOR, NOTHING = "\x1f", "\x00"
"""What ends each value of a column that is hashed, and stands for an empty one."""


class ContestError(Exception):
    """A run of which no cost may be told: it did no work, or came to another answer."""


@dataclass(frozen=True)
class Place:
    """Where a way finds its rows, and the empty folder that it may write into."""

    inputs: Path
    output: Path


@dataclass(frozen=True)
class Way:
    """One way to do the work: `function` of `module`; `needs` is what has to be importable."""

    name: str
    module: str
    function: str
    needs: tuple[str, ...] = ()

    @property
    def missing(self) -> list[str]:
        """What it needs and is not there."""
        return [one for one in self.needs if importlib.util.find_spec(one) is None]


@dataclass(frozen=True)
class Task:
    """The same work for all ways.

    columns : of the answer. base : the way that ratios and answers are held against. tolerance :
    how far numbers with a fraction may be off, relative to the larger one
    """

    name: str
    title: str
    columns: tuple[str, ...]
    ways: tuple[Way, ...]
    base: str
    tolerance: float = CLOSE


@dataclass(frozen=True)
class Outcome:
    """What one run gave, and its cost.

    cpu : seconds of user and system time of the whole process, its start and imports included.
    work : of them, those from its first look at the rows. peak : MB at the highest. rows : the
    answer, sorted. run : the word that the run was given. reads : rows of the input
    """

    way: str
    cpu: float
    work: float
    peak: float
    rows: list[list[Any]] = field(repr=False)
    run: str
    reads: int = 0


def compete(task: Task, inputs: Path, reads: int, runs: int = 1) -> list[Outcome]:
    """Run every way that is at hand, the cheapest of `runs` each, and hold them together.

    Raises
    ------
    ContestError : a way did no work, or came to another answer than the base; the base is missing
    """
    there = [way for way in task.ways if not way.missing]
    if task.base not in [way.name for way in there]:
        raise ContestError(f"{task.title}: {task.base}, to compare with, is not at hand")
    all_runs = [[run_way(task, way, inputs, reads) for _ in range(runs)] for way in there]
    flat = [one for each in all_runs for one in each]
    base = next(one for one in flat if one.way == task.base)
    for one in flat:
        require_same(task, base, one)
    return [min(each, key=lambda one: one.work) for each in all_runs]


def run_way(task: Task, way: Way, inputs: Path, reads: int = 0) -> Outcome:
    """One way in a fresh process, checked for having done its work."""
    run = secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="churnlib-contest-") as folder:
        answer, output = Path(folder) / "answer.json", Path(folder) / "output"
        output.mkdir()
        command = [sys.executable, "-m", "benchmarks.contest", way.module, way.function]
        command += [str(inputs), str(output), str(answer), run, ",".join(task.columns)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT)
        if done.returncode:
            raise ContestError(f"{task.title}, {way.name} failed:\n{done.stderr[-3000:]}")
        if not answer.is_file():
            raise ContestError(f"{task.title}, {way.name}: the run wrote no answer")
        told = json.loads(answer.read_text(encoding="utf-8"))
    outcome = Outcome(way=way.name, reads=reads, **told)
    require_work(task, outcome, run)
    return outcome


def require_work(task: Task, outcome: Outcome, run: str) -> None:
    """A run has an answer of its own, with something in it, that cost something."""
    who = f"{task.title}, {outcome.way}"
    if outcome.run != run:
        raise ContestError(f"{who}: the answer is of another run")
    if not outcome.rows:
        raise ContestError(f"{who}: the run did no work, its answer is empty")
    if any(len(row) != len(task.columns) for row in outcome.rows):
        raise ContestError(f"{who}: the answer has other columns than {task.columns}")
    numbers = [one for row in outcome.rows for one in row if isinstance(one, int | float)]
    if not any(numbers):
        raise ContestError(f"{who}: the run did no work, every number is 0")
    if outcome.work <= 0 or outcome.cpu < outcome.work or outcome.peak <= 0:
        raise ContestError(f"{who}: the run did no work, or its cost was not measured: {outcome}")


def require_same(task: Task, base: Outcome, other: Outcome) -> None:
    """Row by row the same answer; says the first row that is not."""
    who = f"{task.title}: {other.way} and {base.way} differ"
    if len(base.rows) != len(other.rows):
        raise ContestError(f"{who}: {len(other.rows):,} rows and {len(base.rows):,}")
    for one, two in zip(other.rows, base.rows, strict=True):
        pairs = zip(one, two, strict=True)
        if not all(_same(a, b, task.tolerance) for a, b in pairs):
            raise ContestError(f"{who} in {task.columns}: {one} and {two}")


def _same(one: Any, two: Any, tolerance: float) -> bool:
    if isinstance(one, float) and isinstance(two, float):
        return math.isclose(one, two, rel_tol=tolerance, abs_tol=CLOSE)
    return type(one) is type(two) and one == two


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """How cost grows with rows: the slope of its logarithm; NaN where there is one size."""
    x, y = [math.log(one) for one in sizes], [math.log(one) for one in costs]
    middle, level = sum(x) / len(x), sum(y) / len(y)
    spread = sum((one - middle) ** 2 for one in x)
    if not spread:
        return math.nan
    return sum((a - middle) * (b - level) for a, b in zip(x, y, strict=True)) / spread


HEAD = (
    f"  {'way':26} {'rows':>11} {'CPU s':>8} {'ratio':>7} {'work s':>8} {'ratio':>7} "
    f"{'peak MB':>8} {'exponent':>9}"
)


def table(task: Task, outcomes: Iterable[Outcome]) -> str:
    """The costs of one task at every size, and what was not run."""
    done = list(outcomes)
    base = {one.reads: one for one in done if one.way == task.base}
    lines = [task.title, HEAD]
    for way in task.ways:
        if way.missing:
            absent = ", ".join(way.missing)
            lines.append(f"  {way.name:26} NOT RUN: {absent} cannot be imported here")
        own = sorted((one for one in done if one.way == way.name), key=lambda one: one.reads)
        for place, one in enumerate(own):
            held = base[one.reads]
            last = place == len(own) - 1 and place > 0
            grows = exponent([x.reads for x in own], [x.work for x in own]) if last else math.nan
            lines.append(
                f"  {one.way:26} {one.reads:11,} {one.cpu:8.2f} {one.cpu / held.cpu:7.2f} "
                f"{one.work:8.3f} {one.work / held.work:7.2f} {one.peak:8.0f} "
                + (f"{grows:9.2f}" if last else " " * 9)
            )
    return "\n".join(line.rstrip() for line in lines)


def rows_of(answer: Any, columns: Sequence[str], place: Place) -> list[list[Any]]:
    """An answer as sorted rows of plain values. What is not computed yet is no answer."""
    if isinstance(answer, Path):
        return _written(answer, place)
    kind = f"{type(answer).__module__.partition('.')[0]}.{type(answer).__name__}"
    if kind == "pandas.DataFrame":
        values = [answer[name].tolist() for name in columns]
    elif kind == "polars.DataFrame":
        values = [answer[name].to_list() for name in columns]
    elif isinstance(answer, list):
        return sorted(list(row) for row in answer)
    else:
        raise ContestError(f"{kind} is no frame at hand: its work would lie outside the timing")
    return sorted(list(row) for row in zip(*values, strict=True))


def _written(path: Path, place: Place) -> list[list[Any]]:
    """A file as its columns: name, number of rows, hash of the values in their order."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if place.output.resolve() not in path.resolve().parents:
        raise ContestError(f"{path.name} is no file that this run wrote")
    if not path.is_file():
        raise ContestError(f"the run did no work, it wrote no {path.name}")
    rows = pq.read_table(path)
    found = []
    for name in COMPARED:
        kind = _comparable(rows.schema.field(name).type)
        values = rows[name].cast(kind).cast(pa.string()).fill_null(NOTHING).combine_chunks()
        joined = pc.binary_join_element_wise(values, "", SEPARATOR)
        digest = hashlib.sha256(joined.buffers()[2]).hexdigest()
        found.append([name, rows.num_rows, digest])
    return sorted(found)


def _comparable(kind: Any) -> Any:
    """One type for all that hold the same: money as the engine keeps it, days, texts."""
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return pa.decimal128(18, 4)
    return pa.date32() if pa.types.is_temporal(kind) else kind


def _used() -> float:
    """CPU seconds of this process and of those it waited for."""
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def _peak() -> float:
    """MB at the highest. The kernel's mark of this process alone, where it keeps one: that of
    getrusage may be that of the process which started it.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> None:
    """The process of one way: import it, time it, write down what it gave."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    for name in ("module", "function", "inputs", "output", "answer", "run", "columns"):
        parser.add_argument(name)
    given = parser.parse_args()
    work = getattr(importlib.import_module(given.module), given.function)
    place = Place(Path(given.inputs), Path(given.output))
    known = {name.partition(".")[0] for name in sys.modules}
    before = _used()
    answer = work(place)
    after = _used()
    late = {name.partition(".")[0] for name in sys.modules} - known
    if late := late & PEERS:
        raise ContestError(f"{', '.join(sorted(late))} was imported within the timing")
    told = {"cpu": after, "work": after - before, "peak": _peak(), "run": given.run}
    told["rows"] = rows_of(answer, given.columns.split(","), place)
    aside = Path(given.answer).with_suffix(".partial")
    aside.write_text(json.dumps(told, allow_nan=False), encoding="utf-8")
    os.replace(aside, given.answer)


if __name__ == "__main__":
    main()
