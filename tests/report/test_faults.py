"""Faults put into a run: the last good report is intact and complete, the exit code tells, the
next run just works.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from churnlib.input import checked
from churnlib.report.execute import run
from churnlib.report.progress import Lines
from churnlib.report.published.standing import standing
from tests.acme import SHOW, SPANS, Acme
from tests.business import snapshot_of

# Runs the command over other notebooks and, at the n-th call of one function, kills itself as `kill
# -9` would.
KILLED_AT = """
import importlib, os, signal, sys
from pathlib import Path
from churnlib.report import plan
plan.NOTEBOOKS, place, left = Path(sys.argv.pop(1)), sys.argv.pop(1), [int(sys.argv.pop(1))]
module, _, name = place.rpartition('.')
module = importlib.import_module(module)
real = getattr(module, name)
def fatal(*arguments, **options):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments, **options)
setattr(module, name, fatal)
from churnlib.__main__ import main
main()
"""
NEVER = "churnlib.report.make.build.linked", 99


@pytest.fixture
def start(acme: Acme) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`start(place, n)` makes the report in a process of its own, killed at the n-th call of
    `place`.
    """
    started = []

    def begin(place: str = NEVER[0], calls: int = NEVER[1]) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-c",
            KILLED_AT,
            str(acme.folder / "notebooks"),
            place,
            str(calls),
        ]
        options = {
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
            "start_new_session": True,
        }
        started.append(subprocess.Popen([*command, *acme.arguments("--force")], **options))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def small_disk(made: Acme) -> Iterator[Acme]:
    """The report on a real file system of 4 MB, mounted for this test."""
    kept = made.folder / "kept"
    made.output.rename(kept)
    made.output.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", made.output], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("file systems can be mounted by root alone")
    try:
        shutil.copytree(kept, made.output, dirs_exist_ok=True)
        yield made
    finally:
        subprocess.run(["umount", "--lazy", made.output], check=True)


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def intact(acme: Acme, good: dict[str, bytes]) -> bool:
    """The last good report: every byte, and complete by its own manifest."""
    return acme.files() == good and standing(acme.report) is not None


def next_run_works(acme: Acme) -> None:
    """Nothing is cleaned up by hand; afterwards nothing lies about."""
    acme.notebook("summary", SHOW)
    code, _, error = acme.make("--force", "--chapter", "summary")
    assert code == 0, error
    assert "summary: done" in error
    assert standing(acme.report) is not None
    assert not acme.report.with_name(f"{acme.report.name}.failed").exists()
    assert acme.leftovers() == []


FAULTS = {
    "broken": ("raise ValueError('no\\nrows')", "ValueError: no rows"),
    "endless": ("while True: pass", "the cell took more than 3 seconds and was stopped"),
    "exits": ("import sys; sys.exit(0)", "SystemExit: 0 (the cell ends the notebook early)"),
    "killed": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "the kernel died (killed from outside, out of memory, or crashed)",
    ),
}


def test_faults_in_cells(made: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    good = made.files()
    monkeypatch.setattr(run, "CELL_TIMEOUT", 3)
    for name, (cell, _) in FAULTS.items():
        made.notebook(name, "x = 1", cell, "x = 2")
    code, out, error = made.make()
    assert code == 1
    assert intact(made, good)
    said = error.splitlines()[-len(FAULTS) :]
    assert said == [
        f"acme 2026-03 {name}, cell 5 (Part 2): {message}" for name, (_, message) in FAULTS.items()
    ]
    assert "Traceback" not in error
    assert out == f"{made.report.with_name('2026-03.failed') / 'index.html'}\n"
    for name in FAULTS:
        (made.folder / "notebooks" / f"{name}.ipynb").unlink()
    next_run_works(made)


STAGES = {
    "freezing": ("churnlib.snapshot.freeze.freeze_table", 1),
    "executing": ("churnlib.report.execute.run._execute", 2),
    "rendering": ("churnlib.report.make.build.render_page", 1),
    "completing": ("churnlib.report.published.provenance.write_manifest", 1),
    "keeping the data": ("churnlib.report.published.frozen.put_in_place", 1),
    "publishing": ("churnlib.report.published.publish.put_in_place", 1),
}


@pytest.mark.parametrize("stage", STAGES)
def test_runner_killed_at_each_stage(
    made: Acme, start: Callable[..., subprocess.Popen[str]], stage: str
) -> None:
    good = made.files()
    process = start(*STAGES[stage])
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert intact(made, good)
    next_run_works(made)


def test_runner_killed_after_publishing_has_published(
    made: Acme, start: Callable[..., subprocess.Popen[str]]
) -> None:
    process = start("churnlib.report.make.make.write_index", 1)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert standing(made.report) is not None
    next_run_works(made)


def test_interrupted_from_the_keyboard(
    made: Acme, start: Callable[..., subprocess.Popen[str]]
) -> None:
    good, pid_file = made.files(), made.folder / "pid"
    made.notebook(
        "summary",
        f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(600)",
    )
    process = start()
    until(lambda: pid_file.exists() and pid_file.read_text())
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert error.splitlines()[-1] == "churnlib: interrupted; nothing half-made was published"
    assert "Traceback" not in error
    until(lambda: gone(int(pid_file.read_text())))
    assert intact(made, good)
    next_run_works(made)


@pytest.mark.parametrize(
    "room", [0, 40_000, 200_000], ids=["none", "a little", "for the data only"]
)
def test_disk_full(small_disk: Acme, room: int) -> None:
    good = small_disk.files()
    small_disk.notebook("summary", f"{SHOW[:-1]} * 20000)")
    filler = small_disk.output / "filler"
    with filler.open("wb") as file:
        free = shutil.disk_usage(small_disk.output).free
        file.write(b"\0" * max(0, free - room))
    code, _, error = small_disk.make("--force")
    assert code in (1, 2)
    assert "Traceback" not in error
    last = error.splitlines()[-1]
    assert "the disk is full" in last or "No space left on device" in last
    assert len(last) < 500
    assert intact(small_disk, good)
    filler.unlink()
    next_run_works(small_disk)


def test_disk_full_while_a_cell_writes_a_table(small_disk: Acme) -> None:
    good = small_disk.files()
    big = (
        "import pathlib; f = pathlib.Path(frozen, 'tables'); f.mkdir(); "
        "(f / 'big.csv').write_bytes(bytes(5_000_000))"
    )
    small_disk.notebook("summary", big)
    code, _, error = small_disk.make()
    assert code in (1, 2)
    assert "the disk is full" in error or "No space left on device" in error
    assert intact(small_disk, good)
    next_run_works(small_disk)


def test_output_folder_that_may_not_be_written(small_disk: Acme) -> None:
    good = small_disk.files()
    subprocess.run(["mount", "-o", "remount,ro", small_disk.output], check=True)
    code, _, error = small_disk.make("--force")
    assert code == 2
    assert error.splitlines()[-1].endswith(
        "may not be written. Choose another folder with --output."
    )
    assert intact(small_disk, good)
    assert small_disk.make()[2] == "acme 2026-03: up to date\n", (
        "reading is enough where nothing is to do"
    )
    subprocess.run(["mount", "-o", "remount,rw", small_disk.output], check=True)
    next_run_works(small_disk)


def test_two_runs_of_a_report_at_once(
    acme: Acme, start: Callable[..., subprocess.Popen[str]]
) -> None:
    go, there = acme.folder / "go", acme.folder / "there"
    waits = (
        f"import os, time; open({str(there)!r}, 'w').close()\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.05)"
    )
    acme.notebook("summary", waits)
    first = start()
    until(there.exists)
    script = f"import time; time.sleep(2); open({str(go)!r}, 'w').close()"
    later = subprocess.Popen([sys.executable, "-c", script])
    code, _, error = acme.make()
    later.wait()
    assert first.wait(timeout=60) == 0
    assert code == 0
    assert error.splitlines() == [
        f"2026-03: waiting for another run (process {first.pid}) of this report",
        "acme 2026-03: up to date",
    ]
    assert standing(acme.report) is not None
    assert acme.leftovers() == []


@pytest.mark.parametrize(
    "fault",
    ["unlink(missing_ok=True)", "write_text('customer_id,starts_on,mrr\\nx,2026-01-01,1\\n')"],
)
def test_source_that_goes_or_changes_after_it_was_frozen(made: Acme, fault: str) -> None:
    rows = made.report / "tables" / "rows.csv"
    good = rows.read_text()
    made.notebook(
        "summary", f"import pathlib; n = pathlib.Path({str(made.source)!r}).{fault}\n{SHOW}"
    )
    assert made.make("--force")[0] == 0
    assert rows.read_text() == good
    assert made.command("verify", made.report)[1].startswith("acme 2026-03: the same")
    made.source.write_text(SPANS)
    next_run_works(made)


def test_source_that_changes_while_it_is_read(made: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    good, real = made.files(), checked.check

    def check(params: object, place: object) -> checked.Checked:
        found = real(params, place)
        made.source.write_text(SPANS + "z,2026-01-01,,5\n")
        return found

    with monkeypatch.context() as patch:
        patch.setattr(checked, "check", check)
        code, _, error = made.make("--force")
    assert (code, error) == (
        2,
        "churnlib: source.uri = 'data': it changed while it was read. Run again.\n",
    )
    assert intact(made, good)
    next_run_works(made)


def test_database_that_is_gone(made: Acme) -> None:
    good = made.files()
    shutil.rmtree(made.source.parent)
    code, _, error = made.make()
    assert (code, error.count("\n")) == (2, 1)
    assert "source.uri = 'data': no such folder or file" in error
    assert intact(made, good)
    made.source.parent.mkdir()
    made.source.write_text(SPANS)
    next_run_works(made)


def test_parameters_edited_during_the_run(made: Acme) -> None:
    rows, text = made.report / "tables" / "rows.csv", made.params.read_text()
    good = rows.read_text()
    made.notebook(
        "summary", f"n = open({str(made.params)!r}, 'w').write('margin: [nonsense')\n{SHOW}"
    )
    assert made.make("--force")[0] == 0
    assert rows.read_text() == good
    code, _, error = made.make()
    assert code == 2
    assert "acme.yml" in error
    made.params.write_text(text)
    next_run_works(made)


@pytest.mark.parametrize("days", [-400, 400])
def test_clock_that_jumps(made: Acme, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    good, real, jump = made.files(), time.time, [0]
    monkeypatch.setattr(time, "time", lambda: real() + jump[0])
    monkeypatch.setattr(Lines, "cell", lambda *_: jump.__setitem__(0, jump[0] + days * 86_400))
    assert made.make("--force")[0] == 0
    assert jump[0] != 0
    told = {name: data for name, data in made.files().items() if name != "manifest.json"}
    assert told == {name: data for name, data in good.items() if name != "manifest.json"}
    os.utime(made.source, (0, 0))
    assert made.make()[2] == "acme 2026-03: up to date\n", "dates of files decide nothing"


def test_table_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def breaks(_frame: pd.DataFrame, path: Path, **_: object) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    made = replace(snapshot_of(subscriptions=[("a", "2026-01-01", None, 1)]), folder=tmp_path)
    made.write_table(pd.DataFrame({"n": [1]}), name="x")
    good = (tmp_path / "tables" / "x.json").read_text()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pd.DataFrame, "to_csv", breaks)
        with pytest.raises(OSError, match="No space"):
            made.write_table(pd.DataFrame({"n": [2.5]}), name="x")
    there = {path.name: path.read_text() for path in (tmp_path / "tables").iterdir()}
    assert there == {"x.csv": "n\n1\n", "x.json": good}
