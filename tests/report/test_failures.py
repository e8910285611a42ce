"""The whole command under faults: the last good report is intact, the exit code tells, the next
run works.
"""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from churnlib.__main__ import main
from churnlib.report.make import build
from churnlib.report.published import publish

PERIOD = "2026-08"
GOOD = "from IPython.display import HTML; HTML('<p>all is well</p>')"


@pytest.fixture
def command(
    demo_params: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, str, str]]:
    """`command(*options)` reports on one period in this process: (exit code, stdout, stderr)."""

    def run(*options: str) -> tuple[int, str, str]:
        output = str(tmp_path / "reports")
        arguments = [
            "churnlib",
            "report",
            str(demo_params),
            "--period",
            PERIOD,
            "--output",
            output,
            *options,
        ]
        monkeypatch.setattr("sys.argv", arguments)
        with pytest.raises(SystemExit) as ended:
            main()
        return (int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Where the report stands."""
    return tmp_path / "reports" / "demo" / PERIOD


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def hidden(folder: Path) -> list[str]:
    """What a run left lying about; the frozen data of published reports are no leftover."""
    return sorted(path.name for path in folder.rglob(".*") if ".frozen" not in path.parts)


def until(condition: Callable[[], object], seconds: float = 120) -> None:
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


def test_failed_run_keeps_the_good_report_and_says_where_it_failed(
    notebooks: Callable[..., Path], command: Callable[..., tuple[int, str, str]], report: Path
) -> None:
    notebooks("summary", GOOD)
    notebooks("revenue", GOOD)
    code, out, _ = command()
    assert (code, out) == (0, f"{report / 'index.html'}\n")
    good = contents(report)
    pages, notebooks_kept = {"index.html", "revenue.html"}, {"summary.ipynb", "revenue.ipynb"}
    assert set(good) == {"manifest.json", "findings.json", *pages, *notebooks_kept}

    notebooks("revenue", GOOD, "raise ValueError('<b>no</b> rows')")
    code, out, error = command()
    assert code == 1
    assert f"demo {PERIOD} revenue, cell 5 (Part 2): ValueError: <b>no</b> rows" in error
    assert "Traceback" not in error
    assert contents(report) == good
    failed = report.with_name(f"{PERIOD}.failed")
    assert out == f"{failed / 'index.html'}\n"
    page = (failed / "index.html").read_text()
    for words in (
        "Revenue",
        "Cell 5 of revenue.ipynb, under “Part 2”",
        "ValueError: &lt;b&gt;no&lt;/b&gt; rows",
    ):
        assert words in page
    assert (
        f'href="demo/{PERIOD}.failed/index.html"' in (report.parents[1] / "index.html").read_text()
    )
    told = {
        one["chapter"]: one
        for one in json.loads((failed / "manifest.json").read_text())["chapters"]
    }
    assert told["summary"]["status"] == "not made"
    assert "Summary: not made, because a chapter failed" in page
    assert (told["revenue"]["status"], told["revenue"]["cell"]) == ("failed", 5)

    notebooks("revenue", GOOD)
    assert command()[0] == 0
    assert not failed.exists()
    assert hidden(report.parents[1]) == []


def test_traceback_is_shown_when_asked_for(
    notebooks: Callable[..., Path], command: Callable[..., tuple[int, str, str]]
) -> None:
    notebooks("summary", "def inner():\n    raise KeyError('x')", "inner()")
    code, _, error = command("--verbose")
    assert code == 1
    assert "Traceback" in error


def test_page_that_cannot_be_rendered_is_a_failure(
    notebooks: Callable[..., Path],
    command: Callable[..., tuple[int, str, str]],
    report: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_arguments: object) -> str:
        raise RuntimeError("template is broken")

    notebooks("summary", GOOD)
    monkeypatch.setattr(build, "render_page", broken)
    code, _, error = command()
    assert code == 1
    assert "summary: the page could not be made: RuntimeError: template is broken" in error
    assert not report.exists()


def test_disk_full_is_one_message(
    notebooks: Callable[..., Path],
    command: Callable[..., tuple[int, str, str]],
    report: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    notebooks("summary", GOOD)
    assert command()[0] == 0
    good = contents(report)
    with monkeypatch.context() as patch:
        patch.setattr(publish, "exchange", full)
        code, _, error = command("--force")
    assert (code, contents(report)) == (2, good)
    assert error.splitlines()[-1].endswith(": the disk is full. Free some space and run again.")
    assert hidden(report.parents[1]) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--chapter", "revenu"],
            "'revenu' is not a chapter of a subscription report. Did you mean 'revenue'?",
        ),
        (["--from", "2026-01"], "period: give --period, or --from and --to, not both."),
    ],
)
def test_bad_input_is_refused_before_anything_runs(
    notebooks: Callable[..., Path],
    command: Callable[..., tuple[int, str, str]],
    report: Path,
    options: list[str],
    message: str,
) -> None:
    notebooks("summary", GOOD)
    notebooks("revenue", GOOD)
    code, out, error = command(*options)
    assert (code, out) == (2, "")
    assert error.startswith(f"churnlib: {message}")
    assert not report.parents[1].exists()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 130)]
)
def test_run_that_is_stopped_leaves_the_good_report_and_the_next_run_works(
    number: int,
    code: int,
    notebooks: Callable[..., Path],
    command: Callable[..., tuple[int, str, str]],
    report: Path,
    demo_params: Path,
    start_churnlib: Callable[..., subprocess.Popen[str]],
) -> None:
    report.mkdir(parents=True)
    (report / "index.html").write_text("the last good report")
    good, pid_file = contents(report), report.parents[1] / "pid"
    cell = f"import os, time; open({str(pid_file)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    path = notebooks("summary", cell)
    options = ["report", str(demo_params), "--period", PERIOD, "--output", str(report.parents[1])]
    process = start_churnlib(path.parent, *options)
    until(lambda: pid_file.exists() and pid_file.read_text())
    process.send_signal(number)
    _, error = process.communicate(timeout=60)
    assert process.returncode == code
    assert "Traceback" not in error
    until(lambda: gone(int(pid_file.read_text())))
    assert contents(report) == good
    if number == signal.SIGKILL:
        notebooks("summary", GOOD)
        assert command()[0] == 0
        assert contents(report) != good
    assert hidden(report.parents[1]) == []
