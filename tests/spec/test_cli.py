"""The command line: exit codes, one message in place of a traceback, and an instant --help."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from churnlib.__main__ import main

HEAVY = (
    "pandas",
    "numpy",
    "ibis",
    "duckdb",
    "papermill",
    "nbconvert",
    "matplotlib",
    "lifelines",
    "scipy",
    "pydantic",
)


class Done(NamedTuple):
    """What came of a command."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def churnlib(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Done]:
    """`churnlib(*arguments)` is the command, in this process: it is the same from `main` on."""

    def run(*arguments: object) -> Done:
        monkeypatch.setattr("sys.argv", ["churnlib", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Done(int(ended.value.code or 0), *capsys.readouterr())

    return run


@pytest.fixture
def params(tmp_path: Path) -> Path:
    """A business of two subscriptions."""
    (tmp_path / "subscriptions.csv").write_text(
        "customer_id,starts_on,ends_on,mrr\na,2026-01-10,,10\n"
        "b,2026-01-20,2026-03-05,20\nb,2026-02-30,,20\n"
    )
    file = tmp_path / "acme.yml"
    file.write_text(
        "business: acme\nmodel: subscription\ncurrency: EUR\npolicies: {max_rejected_share: 0.5}\n"
        "source: {uri: ., tables: {subscriptions: {from: subscriptions.csv}}}\n"
    )
    return file


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from churnlib.__main__ import app; "
        "app(standalone_mode=False); print(sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, timeout=60
    )
    assert "report" in done.stdout
    loaded = done.stdout.splitlines()[-1]
    assert [name for name in HEAVY if f"'{name}'" in loaded] == []


def test_it_is_a_module_that_runs() -> None:
    command = [sys.executable, "-m", "churnlib", "check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "Missing argument 'PARAMS'" in done.stderr


def test_help_names_commands_and_exit_codes(churnlib: Callable[..., Done]) -> None:
    done = churnlib("--help")
    assert done.returncode == 0
    for word in ("report", "check", "simulate", "130"):
        assert word in done.stdout


@pytest.mark.parametrize(
    "arguments", [["report"], ["nonsense"], ["report", "x.yml", "--jobs", "0"], ["--nonsense"]]
)
def test_wrong_use_is_bad_input(churnlib: Callable[..., Done], arguments: list[str]) -> None:
    assert churnlib(*arguments).returncode == 2


def test_missing_parameter_file(churnlib: Callable[..., Done], tmp_path: Path) -> None:
    done = churnlib("check", tmp_path / "none.yml")
    assert done.returncode == 2
    assert done.stderr.startswith("churnlib: ")
    assert "none.yml" in done.stderr
    assert "Traceback" not in done.stderr


def test_traceback_when_asked_for(churnlib: Callable[..., Done], tmp_path: Path) -> None:
    assert "Traceback" in churnlib("check", str(tmp_path / "none.yml"), "--verbose").stderr


def test_check_prints_the_data_box(churnlib: Callable[..., Done], params: Path) -> None:
    done = churnlib("check", params)
    assert done.returncode == 0, done.stderr
    assert "subscriptions.csv" in done.stdout
    assert "1 row set aside" in done.stdout
    assert "2026-02-30" in done.stdout


def test_check_of_data_that_cannot_be_used(churnlib: Callable[..., Done], params: Path) -> None:
    (params.parent / "subscriptions.csv").unlink()
    done = churnlib("check", params)
    assert done.returncode == 2
    assert "subscriptions.csv" in done.stderr


def test_report_on_data_that_cannot_be_used(churnlib: Callable[..., Done], params: Path) -> None:
    (params.parent / "subscriptions.csv").unlink()
    done = churnlib("report", str(params), "--output", str(params.parent / "reports"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "subscriptions.csv" in done.stderr
    assert not (params.parent / "reports").exists()


def test_two_files_of_one_business(churnlib: Callable[..., Done], params: Path) -> None:
    other = params.with_name("other.yml")
    other.write_text(params.read_text())
    done = churnlib("report", str(params), str(other))
    assert done.returncode == 2
    assert "both of business 'acme'" in done.stderr


def test_simulate_says_where(churnlib: Callable[..., Done], tmp_path: Path) -> None:
    done = churnlib("simulate", str(tmp_path / "data"), "--customers", "50", "--seed", "7")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(tmp_path / "data")
    assert sorted(path.name for path in (tmp_path / "data").glob("*.parquet")) == [
        "customers.parquet",
        "payments.parquet",
        "subscriptions.parquet",
        "surveys.parquet",
    ]
