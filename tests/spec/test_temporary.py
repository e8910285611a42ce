"""Temporary folders of ours: whose process is gone goes too, and nobody else's."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from churnlib.temporary import new_temporary_folder, temporary_folder


def test_what_a_killed_process_left_is_removed_by_the_next(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from churnlib.temporary import new_temporary_folder as new; "
        "print(new(sys.argv[1]), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True)
    left = Path(killed.stdout.decode().strip())
    (left / "rows.parquet").write_text("persons")
    assert left.is_dir()
    own = new_temporary_folder(str(tmp_path))
    assert not left.exists()
    assert own.exists()
    assert stat.S_IMODE(own.stat().st_mode) == 0o700
    new_temporary_folder(str(tmp_path))
    assert own.exists(), "its process runs"


def test_nothing_of_others_is_removed(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / f"churnlib-{gone.pid}-link").symlink_to(target)
    for name in ("churnlib-notes", f"churnlib-{gone.pid}", f"mine-{gone.pid}-abc"):
        (tmp_path / name).mkdir()
    (tmp_path / f"churnlib-{gone.pid}-file").write_text("a file")
    before = set(os.listdir(tmp_path))
    with temporary_folder(str(tmp_path)) as folder:
        assert folder.parent == tmp_path
    assert set(os.listdir(tmp_path)) == before
