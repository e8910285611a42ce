"""The frozen data of published reports, kept so that `churnlib verify` can make each again.

reports/.frozen/3f9c0a1b22d4e5f6/      one folder a snapshot, named for its id; a manifest tells
                                       which is a report's

These are rows about persons. The folder is hidden, open to its owner alone, ignored by git, no page
links to it, and it goes when no report refers to it any more. Who publishes reports/ elsewhere
leaves `.frozen` behind; who deletes it loses nothing but `churnlib verify`.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from churnlib.report.published.provenance import MANIFEST, read_manifest
from churnlib.report.published.publish import locked, put_in_place, writing

FOLDER = ".frozen"
NAME_DIGITS = 16  # of a snapshot's id
WAIT = 60  # seconds; what is done while the store is held takes a fraction of one


def frozen_of(report: Path, manifest: dict[str, Any]) -> Path:
    """Where the data of a report in reports/<business>/<period> are kept."""
    return _place(report.parents[1], manifest["fingerprints"]["snapshot"])


@contextlib.contextmanager
def held(output: Path, waiting: Callable[[str], None]) -> Iterator[None]:
    """Keep other runs from the store: until a report stands, nobody may clean its data away."""
    folder = output / FOLDER
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")
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
        if path.is_dir() and path.name not in wanted:
            shutil.rmtree(path, ignore_errors=True)


def _place(output: Path, snapshot: str) -> Path:
    return output / FOLDER / os.path.basename(snapshot)[:NAME_DIGITS]
