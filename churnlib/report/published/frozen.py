"""The frozen data of published reports, kept so that `churnlib verify` can make each again.

reports/.frozen/3f9c0a1b22d4e5f6/      one folder a snapshot, named for its id; a manifest tells
                                       which is a report's

These are rows about persons. The folder is hidden, open to its owner alone, ignored by git, no page
links to it, and it goes when no report refers to it any more. Who publishes reports/ elsewhere
leaves `.frozen` behind; who deletes it loses nothing but `churnlib verify`.
"""

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from churnlib.report.published.provenance import MANIFEST, read_manifest
from churnlib.report.published.publish import (
    OutputError,
    locked,
    put_in_place,
    write_whole,
    writing,
)

FOLDER = ".frozen"
NAME_DIGITS = 16  # of a snapshot's id
META = "snapshot.json"
"""The file by which a folder is known as a snapshot."""
WAIT = 60  # seconds; what is done while the store is held takes a fraction of one


def frozen_of(report: Path, manifest: dict[str, Any]) -> Path:
    """Where the data of a report in reports/<business>/<period> are kept."""
    return _place(report.parents[1], manifest["fingerprints"]["snapshot"])


@contextlib.contextmanager
def held(output: Path, waiting: Callable[[str], None]) -> Iterator[None]:
    """Keep other runs from the store: until a report stands, nobody may clean its data away."""
    folder = output / FOLDER
    with writing(folder):
        if folder.is_symlink():
            raise OutputError(f"{folder}: a link, in which nothing is kept. Remove it.")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        write_whole(folder / ".gitignore", "*\n")
        with locked(folder / ".store.lock", WAIT, waiting):
            yield


def keep(frozen: Path, output: Path, snapshot: str) -> None:
    """Move a snapshot into the store, in one step."""
    put_in_place(frozen, _place(output, snapshot))


def clean(output: Path) -> None:
    """Remove what no report refers to; to be called while the store is held."""
    manifests = (read_manifest(path.parent) or {} for path in output.glob(f"*/*/{MANIFEST}"))
    wanted = {
        str((one.get("fingerprints") or {}).get("snapshot"))[:NAME_DIGITS] for one in manifests
    }
    for path in (output / FOLDER).iterdir():
        if _is_ours(path) and path.name not in wanted:
            shutil.rmtree(path, ignore_errors=True)


def _is_ours(path: Path) -> bool:
    """A snapshot by its name and by what is in it: nothing else is removed."""
    named = re.fullmatch(f"[0-9a-f]{{{NAME_DIGITS}}}", path.name)
    return bool(named) and not path.is_symlink() and (path / META).is_file()


def _place(output: Path, snapshot: str) -> Path:
    return output / FOLDER / os.path.basename(snapshot)[:NAME_DIGITS]
