"""How long reports take: the plain commands one after another, and `churnlib report`.

The plain way is what an analyst would type for each chapter of each period: `papermill NOTEBOOK OUT
-f PARAMS -p period P` and `jupyter nbconvert --to html --no-input OUT`. Both ways run the same
notebooks on the same data, in one run on this machine. Prints a table and writes nothing but a
temporary folder, which it removes.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from pathlib import Path

from churnlib.input.checked import check
from churnlib.params.model import PROJECT
from churnlib.params.read import read_params
from churnlib.periods import Period
from churnlib.report.plan import choose, read_chapters

SAMPLING = 0.5  # seconds between two looks at the memory; each look itself costs some milliseconds
TARGETS = {1: 0.35, 12: 0.25}


@dataclass(frozen=True)
class Cost:
    """What something cost.

    wall : seconds. cpu : seconds of user and system time, of all processes. memory : MB at the
    highest, shared pages once.
    """

    wall: float
    cpu: float
    memory: float

    def times(self, factor: float) -> "Cost":
        """The cost of the same again and again, one after another.

        Time grows, the memory of one moment does not.
        """
        return Cost(self.wall * factor, self.cpu * factor, self.memory)


def main() -> None:
    """Measure one report and a range of periods, and print the ratios."""
    options = _options()
    params = read_params(options.params)
    checked = check(params)
    last = checked.latest_period()
    chapters, _ = choose(read_chapters(), params, checked.tables)
    notebooks = [chapter.path for chapter in chapters]
    folder = Path(tempfile.mkdtemp(prefix="churnlib-benchmark-"))
    try:
        # What is compiled once and cached, is so after this.
        _measure([_churnlib(options.params, last, last, folder)])
        print(
            f"{params.business}: {len(notebooks)} chapters; {os.cpu_count()} cores, load "
            f"{os.getloadavg()[0]:.1f}"
        )
        print("reports  way         wall s    cpu s  memory MB")
        for reports in dict.fromkeys((1, options.periods)):
            first = last.shift(1 - reports)
            sample = [last.shift(-n) for n in range(min(reports, options.plain_periods))]
            plain = _measure(_plain(options.params, notebooks, sample, folder)).times(
                reports / len(sample)
            )
            ours = _measure([_churnlib(options.params, first, last, folder)])
            _print(reports, plain, ours, len(sample))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("params", nargs="?", type=Path, default=PROJECT / "params" / "demo.yml")
    parser.add_argument(
        "--periods", type=int, default=12, help="reports in the range (default: 12)"
    )
    parser.add_argument(
        "--plain-periods",
        type=int,
        default=2,
        help="of the range, how many the plain way makes; the rest is reckoned, as no two share "
        "anything (default: 2)",
    )
    return parser.parse_args()


def _plain(
    params: Path, notebooks: Iterable[Path], periods: Iterable[Period], folder: Path
) -> list[list[str]]:
    commands, bin_ = [], Path(sys.executable).parent
    for period in periods:
        for notebook in notebooks:
            done = str(folder / f"{period.label}-{notebook.name}")
            given = [
                "-f",
                str(params),
                "-p",
                "period",
                period.label,
                "-k",
                "python3",
                "--no-progress-bar",
            ]
            commands.append([str(bin_ / "papermill"), str(notebook), done, *given])
            commands.append(
                [str(bin_ / "jupyter"), "nbconvert", "--to", "html", "--no-input", done]
            )
    return commands


def _churnlib(params: Path, first: Period, last: Period, folder: Path) -> list[str]:
    periods = ["--from", first.label, "--to", last.label]
    return [
        sys.executable,
        "-m",
        "churnlib",
        "report",
        str(params),
        *periods,
        "--output",
        str(folder / "reports"),
    ]


def _measure(commands: list[list[str]]) -> Cost:
    """Run commands one after another; each must succeed."""
    before, began, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), 0.0
    for command in commands:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        watcher = _Memory(process.pid)
        watcher.start()
        _, words = process.communicate()
        watcher.ended.set()
        if process.returncode:
            sys.exit(f"{' '.join(command)} failed:\n{words}")
        watcher.join()
        peak = max(peak, watcher.peak)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    return Cost(time.monotonic() - began, cpu, peak / 1024)


class _Memory(threading.Thread):
    """The most that a process and all below it held at once, in kB (Linux; 0 elsewhere)."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.peak, self.ended = root, 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(SAMPLING):
            self.peak = max(self.peak, sum(map(_proportional_size, _family(self.root))))


def _family(root: int) -> list[int]:
    parents = {int(path.name): _parent(path) for path in Path("/proc").glob("[0-9]*")}
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def _parent(process: Path) -> int | None:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _proportional_size(pid: int) -> int:
    """A page that n processes share counts as an n-th of it for each."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _print(reports: int, plain: Cost, ours: Cost, sample: int) -> None:
    reckoned = f"   ({sample} run, the rest reckoned)" if sample < reports else ""
    for way, cost in (("commands", plain), ("churnlib", ours)):
        print(
            f"{reports:7}  {way:8} {cost.wall:9.1f} {cost.cpu:8.1f} {cost.memory:10.0f}{reckoned}"
        )
        reckoned = ""
    ratios = [
        b / a if a else float("nan") for a, b in zip(astuple(plain), astuple(ours), strict=True)
    ]
    target = f"   (target for wall: {TARGETS[reports]})" if reports in TARGETS else ""
    print(
        f"{reports:7}  ratio    {ratios[0]:9.2f} {ratios[1]:8.2f} {ratios[2]:10.2f}{target}",
        flush=True,
    )


if __name__ == "__main__":
    main()
