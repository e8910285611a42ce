"""A report appears whole or not at all: it is built in a hidden folder, then moved to its place.

reports/demo/2026-10/                  the last good report; replaced in one step, never in parts
reports/demo/2026-10.failed/           what the last run made, if it failed; gone after the next
                                       good one
reports/demo/.2026-10.build-4711/      a report being made; left by a killed run, cleaned by the
                                       next
reports/demo/.2026-10.previous/        between two renames, where the system cannot exchange folders
                                       in one
reports/demo/.2026-10.lock             held while a run makes this report; holds its process id
reports/.frozen/                       the reports' data, not published: see published/frozen.py
"""

import contextlib
import ctypes
import errno
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from churnlib.errors import ChurnlibError

try:
    import fcntl
except ImportError:  # not a POSIX system: no lock, and whoever starts two runs at once must know
    fcntl = None

LOCK_WAIT = 600  # seconds to wait for another run of the same report
AT_FDCWD, RENAME_EXCHANGE = -100, 2
NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
"""A link where a file of ours should be would have another one written."""


class OutputError(ChurnlibError):
    """The output folder cannot be written, or another run holds the report."""


class Workspace:
    """The hidden folder in which one report is made.

    Parameters
    ----------
    final : where the report will stand
    waiting : called once with a sentence where another run holds the same report

    `pages` becomes the report; `frozen` is the snapshot, which holds raw rows and is never
    published; `folder` holds both, and the kernels' working folders.
    """

    def __init__(self, final: Path, waiting: Callable[[str], None] = print) -> None:
        self.final = final
        self.failed = final.with_name(f"{final.name}.failed")
        self.folder = final.with_name(f".{final.name}.build-{os.getpid()}")
        self.pages = self.folder / "report"
        self.frozen = self.folder / "frozen"
        self._held = contextlib.ExitStack()
        with writing(final.parent):
            final.parent.mkdir(parents=True, exist_ok=True)
            self._held.enter_context(locked(_lock_of(final), LOCK_WAIT, waiting))
            try:
                _repair(final)
                # It holds rows about persons, also after a kill: nobody else looks in.
                self.folder.mkdir(mode=0o700)
                self.pages.mkdir()
                self.frozen.mkdir(mode=0o700)
            except BaseException:
                self.close()
                raise

    def publish(self) -> None:
        """Put the finished report in its place.

        The one before it goes, and so does the last failure.
        """
        with writing(self.final):
            put_in_place(self.pages, self.final)
            shutil.rmtree(self.failed, ignore_errors=True)

    def drop_failed(self) -> None:
        """Remove the last failure, where the report in place is what would be made now."""
        with writing(self.failed):
            shutil.rmtree(self.failed, ignore_errors=True)

    def keep_failed(self) -> None:
        """Keep what a failed run made beside the last good report, which is not touched."""
        with writing(self.failed):
            put_in_place(self.pages, self.failed)

    def close(self) -> None:
        """Clean up and let the next run in."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._held.close()


def clean_leftovers(business: Path) -> None:
    """Remove what killed runs left, whichever period they were at.

    A run that is alive holds its lock and is let be.
    """
    names = {path.name.split(".")[1] for path in business.glob(".*.*") if path.is_dir()}
    for name in sorted(names):
        final = business / name
        with contextlib.suppress(OutputError, OSError), locked(_lock_of(final), 0, lambda _: None):
            _repair(final)


@contextlib.contextmanager
def locked(path: Path, wait: float, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold a lock that the system frees when this process ends, however it ends."""
    handle = _acquire(path, wait, waiting)
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
        if handle is not None:
            os.close(handle)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what a system says about an output folder into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutputError(
                f"{path}: the disk is full. Free some space and run again."
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise OutputError(
                f"{path}: may not be written. Choose another folder with --output."
            ) from error
        if error.errno == errno.ELOOP:
            raise OutputError(
                f"{path}: a link stands where a file of ours should be. Remove it."
            ) from error
        if error.errno in (errno.ENOTDIR, errno.EEXIST):
            raise OutputError(f"{path}: a file stands where a folder should be.") from error
        raise OutputError(f"{path}: {error.strerror or error}.") from error


def write_whole(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old one or the new one, never half of it."""
    with writing(path):
        aside = path.with_name(f".{path.name}.{os.getpid()}")
        aside.write_text(text, encoding="utf-8", newline="\n")
        os.replace(aside, path)


def exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step (Linux's renameat2).

    False where system or file system cannot.
    """
    if not sys.platform.startswith("linux"):
        return False
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    done = rename(AT_FDCWD, names[0], AT_FDCWD, names[1], ctypes.c_uint(RENAME_EXCHANGE))
    return done == 0


def put_in_place(built: Path, final: Path) -> None:
    """Move a finished folder to where it belongs, in place of one that stands there."""
    if not final.exists():
        os.rename(built, final)
    elif not exchange(built, final):
        # Two renames: a run killed between them leaves `previous` alone, and the next run puts it
        # back.
        previous = _previous_of(final)
        shutil.rmtree(previous, ignore_errors=True)
        os.rename(final, previous)
        os.rename(built, final)
        shutil.rmtree(previous, ignore_errors=True)


def _repair(final: Path) -> None:
    """With the lock held nobody else is at work here: what lies about is a killed run's."""
    for place in (final, final.with_name(f"{final.name}.failed")):
        previous = _previous_of(place)
        if previous.exists() and not place.exists():
            os.rename(previous, place)
        shutil.rmtree(previous, ignore_errors=True)
    for leftover in final.parent.glob(f".{final.name}.build-*"):
        shutil.rmtree(leftover, ignore_errors=True)


def _previous_of(final: Path) -> Path:
    return final.with_name(f".{final.name}.previous")


def _lock_of(final: Path) -> Path:
    return final.with_name(f".{final.name}.lock")


def _acquire(path: Path, wait: float, waiting: Callable[[str], None]) -> int | None:
    if fcntl is None:
        return None
    until, told = time.monotonic() + wait, False
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | NO_LINKS, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 20, 0).decode("ascii", "ignore").strip() or "unknown"
            os.close(handle)
        except OSError:
            return handle  # a file system without locks
        else:
            if _still_there(handle, path):
                # The number is for messages; a full disk has no room even for it.
                with contextlib.suppress(OSError):
                    os.ftruncate(handle, 0)
                    os.pwrite(handle, str(os.getpid()).encode(), 0)
                return handle
            os.close(handle)
            continue
        if time.monotonic() >= until:
            raise OutputError(
                f"{path.name[1:-5]}: another run (process {holder}) is making this report."
            )
        if not told:
            waiting(f"{path.name[1:-5]}: waiting for another run (process {holder}) of this report")
            told = True
        time.sleep(0.2)


def _still_there(handle: int, path: Path) -> bool:
    """Whether the locked file is the one at the path: its last holder may have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False
