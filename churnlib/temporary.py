"""Folders of ours in the system's temporary folder, which outlive no process for long."""

import contextlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

OURS = re.compile(r"churnlib-(\d+)-\w+")


@contextlib.contextmanager
def temporary_folder(root: str | None = None) -> Iterator[Path]:
    """A new folder that nobody else can read, gone afterwards."""
    folder = new_temporary_folder(root)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_temporary_folder(root: str | None = None) -> Path:
    """A new folder that nobody else can read; whoever asks for it removes it.

    Folders of processes that were killed are removed first: each is named for the one that made it.
    """
    root = root or tempfile.gettempdir()
    for path in Path(root).glob("churnlib-*"):
        if _is_left_over(path):
            shutil.rmtree(path, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"churnlib-{os.getpid()}-", dir=root))


def _is_left_over(path: Path) -> bool:
    """A folder of this user whose process is gone."""
    named = OURS.fullmatch(path.name)
    if named is None or os.name != "posix":
        return False
    with contextlib.suppress(OSError):
        found = path.lstat()
        own = stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
        return own and not _is_running(int(named[1]))
    return False


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
