"""Rows about persons are for their owner alone, and nothing that is not ours is touched."""

import os

import pytest

from churnlib.report.published import frozen
from churnlib.report.published.provenance import MANIFEST
from churnlib.report.published.publish import OutputError, Workspace, locked


def mode(path) -> int:
    return path.stat().st_mode & 0o777


def test_a_report_under_way_is_for_its_owner_alone(tmp_path):
    os.umask(0o022)
    space = Workspace(tmp_path / "acme" / "2026-01")
    assert mode(space.folder) == 0o700
    space.close()


def test_the_store_is_closed_on_entry(tmp_path):
    (tmp_path / ".frozen").mkdir(mode=0o755)
    with frozen.held(tmp_path, print):
        assert mode(tmp_path / ".frozen") == 0o700


def test_a_store_that_is_a_link_is_refused_and_its_target_left_alone(tmp_path):
    foreign = tmp_path / "foreign"
    (foreign / "0123456789abcdef").mkdir(parents=True)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / ".frozen").symlink_to(foreign)
    with pytest.raises(OutputError, match="a link"), frozen.held(tmp_path / "reports", print):
        pass
    assert (foreign / "0123456789abcdef").is_dir()


def test_only_what_is_ours_is_removed_from_the_store(tmp_path):
    store = tmp_path / ".frozen"
    ours, notes, unnamed = (store / name for name in ("0" * 16, "notes", "1" * 16))
    for folder in (ours, notes, unnamed):
        folder.mkdir(parents=True)
    (ours / "snapshot.json").write_text("{}")
    (notes / "snapshot.json").write_text("{}")
    (store / ("2" * 16)).symlink_to(tmp_path / "elsewhere")
    frozen.clean(tmp_path)
    assert sorted(path.name for path in store.iterdir()) == ["1" * 16, "2" * 16, "notes"]


def test_a_lock_is_not_opened_through_a_link(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / ".x.lock").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic"), locked(tmp_path / ".x.lock", 0, print):
        pass
    assert victim.read_text() == "mine"


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"format": 1}', '{"format": 1, "chapters": [1], "fingerprints": []}'],
)
def test_a_damaged_manifest_stops_nothing(tmp_path, content):
    report = tmp_path / "acme" / "2026-01"
    report.mkdir(parents=True)
    (report / MANIFEST).write_text(content)
    with frozen.held(tmp_path, print):
        frozen.clean(tmp_path)
