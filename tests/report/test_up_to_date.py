"""What has not changed is not made again, and what has is."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from churnlib.report.published import provenance
from tests.acme import FIGURES, SHOW, SPANS, Acme

RAN = "done in"


def manifest(acme: Acme) -> dict:
    return json.loads((acme.report / "manifest.json").read_text())


def test_second_run_has_nothing_to_do(made: Acme) -> None:
    before = made.files()
    code, out, error = made.make()
    assert (code, out) == (0, f"{made.report / 'index.html'}\n")
    assert error == "acme 2026-03: up to date\n"
    assert made.files() == before
    assert RAN in made.make("--force")[2]


def test_nothing_to_do_imports_no_engine_and_takes_a_moment(made: Acme) -> None:
    code = (
        "import sys; from churnlib.report import plan; from pathlib import Path\n"
        "plan.NOTEBOOKS = Path(sys.argv.pop(1)); from churnlib.__main__ import app\n"
        "app(standalone_mode=False); print(sorted(sys.modules))"
    )
    began = time.monotonic()
    command = [sys.executable, "-c", code, str(made.folder / "notebooks"), *made.arguments()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert "up to date" in done.stderr
    assert [
        name
        for name in ("pandas", "ibis", "duckdb", "papermill", "nbconvert")
        if f"'{name}'" in done.stdout
    ] == []
    assert time.monotonic() - began < 5, "a second, and four more for a busy machine"


@pytest.mark.parametrize(
    "change",
    [
        lambda acme: acme.source.write_text(SPANS.replace(",10\n", ",11\n")),
        lambda acme: acme.params.write_text(acme.params.read_text() + "margin: 0.7\n"),
        lambda acme: acme.notebook("summary", SHOW.replace("well", "better")),
        lambda acme: (acme.report / "tables" / "rows.csv").write_text("cut off"),
        lambda acme: (acme.report / "revenue.html").unlink(),
        lambda acme: (acme.report / "stray.html").write_text("not ours"),
        lambda acme: (acme.report / "manifest.json").write_text("{"),
    ],
    ids=["data", "parameters", "notebook", "table cut off", "page gone", "stray file", "manifest"],
)
def test_whatever_changes_is_mended(made: Acme, change: Callable[[Acme], object]) -> None:
    change(made)
    code, _, error = made.make()
    assert code == 0
    assert error != "acme 2026-03: up to date\n"
    assert (made.output / "index.html").exists()
    assert manifest(made)["files"] == provenance.files_of(made.report)
    assert made.make()[2] == "acme 2026-03: up to date\n"


@pytest.mark.parametrize(
    ("name", "value"), [("code_fingerprint", "other"), ("environment", {"lock": "other"})]
)
def test_code_and_environment_count(
    made: Acme, monkeypatch: pytest.MonkeyPatch, name: str, value: object
) -> None:
    assert made.make()[2] == "acme 2026-03: up to date\n"
    monkeypatch.setattr(provenance, name, lambda: value)
    monkeypatch.setattr(
        provenance,
        "software",
        lambda: {"churnlib": "1", "commit": None, "lock": None, "code": None},
    )
    assert RAN in made.make()[2]


def test_only_the_chapter_whose_notebook_changed_is_run(made: Acme) -> None:
    before = made.files()
    made.notebook("revenue", FIGURES.replace("rows.csv", "other.csv"))
    _, _, error = made.make()
    assert "acme 2026-03 summary: up to date" in error
    assert f"acme 2026-03 revenue: {RAN}" in error
    assert {name for name in made.files() if name.startswith("tables")} == {
        "tables/other.csv",
        "tables/datapackage.json",
    }
    assert made.files()["index.html"] == before["index.html"]
    assert [one["status"] for one in manifest(made)["chapters"]] == ["done", "done"]


def test_chapters_that_were_not_asked_for_stay_if_they_are_up_to_date(made: Acme) -> None:
    before = made.files()
    assert made.make("--chapter", "summary")[2] == "acme 2026-03: up to date\n"
    _, _, error = made.make("--chapter", "summary", "--force")
    assert f"summary: {RAN}" in error
    assert "revenue: up to date" in error
    after = made.files()
    assert {k: v for k, v in after.items() if k != "manifest.json"} == {
        k: v for k, v in before.items() if k != "manifest.json"
    }
    assert "--chapter" not in manifest(made)["command"]
    made.source.write_text(SPANS.replace(",10\n", ",11\n"))
    made.make("--chapter", "summary")
    assert "revenue.html" not in made.files(), "it would be of other data"
    assert manifest(made)["command"].endswith("--period 2026-03")


def test_files_touched_or_written_anew_with_the_same_bytes_are_no_change(made: Acme) -> None:
    made.source.unlink()
    made.source.write_text(SPANS)
    assert made.make()[2] == "acme 2026-03: up to date\n"


def test_same_rows_in_other_bytes_are_no_change_but_are_read(made: Acme) -> None:
    before = made.files()
    made.source.write_text(SPANS.replace("\n", "\r\n"))
    assert made.make()[2] == "acme 2026-03: up to date\n"
    assert made.files() == before


def test_notebook_edited_while_it_runs_is_run_again(acme: Acme) -> None:
    path = acme.folder / "notebooks" / "summary.ipynb"
    acme.notebook(
        "summary", f"p = {str(path)!r}; t = open(p).read(); n = open(p, 'w').write(t + ' ')"
    )
    assert acme.make()[0] == 0
    assert RAN in acme.make()[2]


def test_matrix_tells_what_was_done_and_skipped(made: Acme) -> None:
    other = made.folder / "other.yml"
    other.write_text(made.params.read_text().replace("acme", "other"))
    arguments = [
        "report",
        made.params,
        other,
        "--from",
        "2026-02",
        "--to",
        "2026-03",
        "--output",
        made.output,
    ]
    code, out, error = made.command(*arguments)
    assert code == 0
    assert error.splitlines()[-1] == "4 reports: 3 done, 1 skipped, 0 failed"
    assert out.splitlines() == [
        str(made.output / business / period / "index.html")
        for business in ("acme", "other")
        for period in ("2026-02", "2026-03")
    ]


def test_last_period_is_known_without_reading_the_source_again(made: Acme) -> None:
    assert (
        made.command("report", made.params, "--output", made.output)[2]
        == "acme 2026-03: up to date\n"
    )


def test_index_of_all_reports_that_is_gone_is_written_again(made: Acme) -> None:
    (made.output / "index.html").unlink()
    before = made.files()
    assert made.make()[2] == "acme 2026-03: up to date\n"
    assert (made.output / "index.html").exists()
    assert made.files() == before


def test_failure_beside_a_report_that_is_up_to_date_goes(made: Acme) -> None:
    good = made.notebook("summary", SHOW).read_bytes()
    made.notebook("summary", "1 / 0")
    assert made.make()[0] == 1
    failed = made.report.with_name("2026-03.failed")
    assert failed.exists()
    (made.folder / "notebooks" / "summary.ipynb").write_bytes(good)
    assert made.make()[2] == "acme 2026-03: up to date\n"
    assert not failed.exists()


def test_frozen_data_are_kept_for_each_report_and_for_nobody_else(made: Acme) -> None:
    store = made.output / ".frozen"
    assert store.stat().st_mode & 0o077 == 0
    assert (store / ".gitignore").read_text() == "*\n"

    def kept() -> list[str]:
        return sorted(path.name for path in store.iterdir() if path.is_dir())

    first = manifest(made)["fingerprints"]["snapshot"][:16]
    assert kept() == [first]
    made.source.write_text(SPANS.replace(",10\n", ",11\n"))
    made.make()
    assert kept() == [manifest(made)["fingerprints"]["snapshot"][:16]] != [first]
    assert "parquet" not in " ".join(made.files())
    shutil.rmtree(store)
    assert made.make()[2] == "acme 2026-03: up to date\n"
