"""How long reports take: the plain commands one after another, and `churnlib report`.

The plain way is what an analyst would type for each chapter of each period: `papermill NOTEBOOK OUT
-f PARAMS -p period P` and `jupyter nbconvert --to html --no-input OUT`. Both ways run the same
notebooks on the same data, in one run on this machine. Every run writes into a folder of its own,
and counts only where it made all that was asked of it. Prints a table and writes nothing but a
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
from dataclasses import astuple, dataclass, field
from pathlib import Path

from churnlib.input.checked import check
from churnlib.params.model import PROJECT, Params
from churnlib.params.read import read_params
from churnlib.periods import Period
from churnlib.report.plan import choose, read_chapters
from churnlib.report.progress import DONE, SKIPPED
from churnlib.report.published.provenance import MANIFEST, read_manifest

SAMPLING = 0.5  # seconds between two looks at the memory; each look itself costs some milliseconds
TARGETS = {1: 0.20, 12: 0.10}
CLOCK = 1.0  # seconds by which a file system may set a file's time too early


class NoWork(Exception):
    """A timed run that did not do all of its work."""


@dataclass(frozen=True)
class Run:
    """Commands that are timed together, and what proves that they did their work.

    commands : one after another
    pages : files that are not there before, and are after
    reports : folders of published reports, of the same kind, and the chapters that each must have
    """

    commands: list[list[str]]
    pages: list[Path] = field(default_factory=list)
    reports: dict[Path, set[str]] = field(default_factory=dict)


Books = dict[Period, dict[str, Path]]
"""The notebooks of each period's report, by the names of their chapters."""


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
    given = _options()
    params = read_params(given.params)
    checked = check(params)
    last = checked.latest_period()
    periods = [last.shift(-n) for n in range(max(1, given.periods))]
    books = {period: chapters_of(params, period, checked.holds) for period in periods}
    folder = Path(tempfile.mkdtemp(prefix="churnlib-benchmark-"))
    try:
        # What is compiled once and cached, is so after this: in a folder that no timed run sees.
        measure(_churnlib(params.business, given.params, {last: books[last]}, folder / "warm"))
        print(
            f"{params.business}: {len(books[last])} chapters; {os.cpu_count()} cores, load "
            f"{os.getloadavg()[0]:.1f}"
        )
        print("reports  way         wall s    cpu s  memory MB")
        for reports in dict.fromkeys((1, given.periods)):
            asked = {period: books[period] for period in periods[:reports]}
            sample = {period: books[period] for period in periods[:reports][: given.plain_periods]}
            own = folder / str(reports)
            plain = measure(_plain(given.params, sample, own / "plain"))
            plain = plain.times(_n_chapters(asked) / _n_chapters(sample))
            ours = measure(_churnlib(params.business, given.params, asked, own / "reports"))
            _print(reports, plain, ours, len(sample))
    except NoWork as error:
        sys.exit(f"No cost is told: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def chapters_of(params: Params, period: Period, holds: Iterable[str]) -> dict[str, Path]:
    """The notebooks of the chapters that a period's report has, by name."""
    chapters, _ = choose(read_chapters(), params, period, list(holds))
    return {chapter.name: chapter.path for chapter in chapters}


def _n_chapters(books: Books) -> int:
    return sum(map(len, books.values()))


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
    given = parser.parse_args()
    if min(given.periods, given.plain_periods) < 1:
        parser.error("--periods and --plain-periods take 1 or more")
    return given


def _plain(params: Path, books: Books, folder: Path) -> Run:
    """Two commands a chapter and period."""
    commands, pages, bin_ = [], [], Path(sys.executable).parent
    folder.mkdir(parents=True)
    for period, notebooks in books.items():
        for name, notebook in notebooks.items():
            done = folder / f"{period.label}-{name}.ipynb"
            run = [str(bin_ / "papermill"), str(notebook), str(done), "-f", str(params)]
            run += ["-p", "period", period.label, "-k", "python3", "--no-progress-bar"]
            show = [str(bin_ / "jupyter"), "nbconvert", "--to", "html", "--no-input", str(done)]
            commands += [run, show]
            pages += [done, done.with_suffix(".html")]
    return Run(commands, pages)


def _churnlib(business: str, params: Path, books: Books, output: Path) -> Run:
    """One command for all periods."""
    first, last = min(books, key=lambda one: one.start), max(books, key=lambda one: one.start)
    command = [sys.executable, "-m", "churnlib", "report", str(params), "--output", str(output)]
    command += ["--from", first.label, "--to", last.label]
    return Run([command], reports={output / business / one.label: set(books[one]) for one in books})


def measure(run: Run) -> Cost:
    """Run commands one after another; each must succeed, and together they must do their work.

    Raises
    ------
    NoWork : what they should make was there before, is not there after, or is older than they are;
        something was skipped as up to date
    """
    for path in (*run.pages, *run.reports):
        if path.exists():
            raise NoWork(f"{path.name} stands before the run that should make it")
    before, began, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic(), 0.0
    since, said = time.time(), []
    for command in run.commands:
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
        peak, said = max(peak, watcher.peak), [*said, words]
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    cost = Cost(time.monotonic() - began, cpu, peak / 1024)
    _require_work(run, since, "".join(said))
    return cost


def _require_work(run: Run, since: float, said: str) -> None:
    """Every page and report is there, new and whole."""
    if not run.pages and not run.reports:
        raise NoWork("nothing says what the run should make")
    for path in (*run.pages, *(report / MANIFEST for report in run.reports)):
        _require_new(path, since)
    for report, chapters in run.reports.items():
        _require_published(report, chapters, said)


def _require_new(path: Path, since: float) -> None:
    """A file that the run wrote."""
    if not path.is_file() or not path.stat().st_size:
        raise NoWork(f"{path.parent.name}/{path.name} was not made")
    if path.stat().st_mtime < since - CLOCK:
        raise NoWork(f"{path.parent.name}/{path.name} is older than the run")


def _require_published(report: Path, chapters: set[str], said: str) -> None:
    """A report that the run published, with all of its chapters made by it."""
    if f": {SKIPPED}" in said:
        raise NoWork(f"something was skipped:\n{said}")
    if f"{report.name}: published" not in said:
        raise NoWork(f"{report.name} was not published")
    found = (read_manifest(report) or {}).get("chapters", [])
    made = {one["chapter"] for one in found if one["status"] == DONE}
    if made != chapters:
        raise NoWork(f"{report.name}: other chapters were made: {sorted(made)}")


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
