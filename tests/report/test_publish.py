"""A report appears whole or not at all, and a killed run leaves nothing that the next one
stumbles over.
"""

import errno
import os
import threading
from pathlib import Path

import pytest

from churnlib.report.published import publish
from churnlib.report.published.publish import (
    OutputError,
    Workspace,
    clean_leftovers,
    exchange,
    write_whole,
    writing,
)


def quiet(_text: str) -> None:
    """Nobody listens."""


def make(final: Path, text: str, *, failed: bool = False) -> None:
    space = Workspace(final, waiting=quiet)
    (space.pages / "index.html").write_text(text)
    (space.frozen / "rows.parquet").write_text("raw")
    space.keep_failed() if failed else space.publish()
    space.close()


@pytest.fixture
def final(tmp_path: Path) -> Path:
    return tmp_path / "demo" / "2026-10"


@pytest.fixture(params=["exchange", "two renames"])
def either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the system's exchange of folders, and without it."""
    if request.param == "two renames":
        monkeypatch.setattr(publish, "exchange", lambda one, other: False)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("either_way")
def test_new_report_replaces_the_old_one_and_leaves_nothing_else(final: Path) -> None:
    make(final, "one")
    make(final, "two")
    assert (final / "index.html").read_text() == "two"
    assert names(final) == ["index.html"]
    assert names(final.parent) == ["2026-10"]


@pytest.mark.usefixtures("either_way")
def test_failed_run_never_touches_the_good_report_and_goes_with_the_next_good_one(
    final: Path,
) -> None:
    make(final, "good")
    make(final, "broken", failed=True)
    make(final, "broken again", failed=True)
    assert (final / "index.html").read_text() == "good"
    assert (final.parent / "2026-10.failed" / "index.html").read_text() == "broken again"
    make(final, "better")
    assert names(final.parent) == ["2026-10"]


def test_reader_always_finds_a_whole_report(final: Path) -> None:
    one, other = final.with_name("one"), final.with_name("other")
    one.mkdir(parents=True)
    other.mkdir()
    if not exchange(one, other):
        pytest.skip("this file system cannot exchange folders in one step")
    make(final, "0" * 1000)
    seen, stop = set(), threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.add(len((final / "index.html").read_text()))

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(1, 40):
        make(final, str(number % 10) * 1000)
    stop.set()
    reader.join()
    assert seen == {1000}


def test_run_killed_between_two_renames_is_repaired(final: Path) -> None:
    make(final, "good")
    os.rename(final, final.with_name(".2026-10.previous"))
    clean_leftovers(final.parent)
    assert (final / "index.html").read_text() == "good"
    assert names(final.parent) == ["2026-10"]


def test_leftovers_of_a_killed_run_are_removed_whichever_period(final: Path) -> None:
    for name in (".2026-09.build-99999999", ".2026-10.build-99999999", ".2026-08.failed.previous"):
        (final.parent / name / "report").mkdir(parents=True)
    clean_leftovers(final.parent)
    assert names(final.parent) == ["2026-08.failed"]


def test_run_that_is_alive_is_let_be(final: Path) -> None:
    space = Workspace(final, waiting=quiet)
    clean_leftovers(final.parent)
    assert space.pages.is_dir()
    space.close()
    assert names(final.parent) == []


def test_second_run_of_a_report_says_who_is_at_it(
    final: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "LOCK_WAIT", 0)
    space = Workspace(final, waiting=quiet)
    with pytest.raises(
        OutputError, match=rf"2026-10: another run \(process {os.getpid()}\) is making this report"
    ):
        Workspace(final, waiting=quiet)
    assert space.pages.is_dir()
    space.close()


def test_second_run_of_a_report_waits_for_the_first(final: Path) -> None:
    first, told = Workspace(final, waiting=quiet), []
    threading.Timer(0.5, first.close).start()
    second = Workspace(final, waiting=told.append)
    assert told == [f"2026-10: waiting for another run (process {os.getpid()}) of this report"]
    assert second.pages.is_dir()
    second.close()


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "the disk is full. Free some space"),
        (errno.EROFS, "may not be written. Choose another folder with --output"),
        (errno.EACCES, "may not be written"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_what_the_system_says_becomes_one_sentence(
    tmp_path: Path, number: int, message: str
) -> None:
    with pytest.raises(OutputError, match=message), writing(tmp_path):
        raise OSError(number, os.strerror(number))


def test_file_in_place_of_the_output_folder(tmp_path: Path) -> None:
    (tmp_path / "demo").write_text("a file")
    with pytest.raises(OutputError, match="a file stands where a folder should be"):
        Workspace(tmp_path / "demo" / "2026-10", waiting=quiet)


def test_disk_full_while_publishing_leaves_the_last_good_report(
    final: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(final, "good")

    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(publish, "exchange", full)
        space = Workspace(final, waiting=quiet)
        with pytest.raises(OutputError, match="the disk is full"):
            space.publish()
        space.close()
    assert (final / "index.html").read_text() == "good"
    assert names(final.parent) == ["2026-10"]


def test_file_is_written_whole(tmp_path: Path) -> None:
    write_whole(tmp_path / "index.html", "one")
    write_whole(tmp_path / "index.html", "two")
    assert (tmp_path / "index.html").read_text() == "two"
    assert names(tmp_path) == ["index.html"]
