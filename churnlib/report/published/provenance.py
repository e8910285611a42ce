"""How a report was made: what its footer says and what its manifest.json records."""

import functools
import hashlib
import json
import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import churnlib
from churnlib.report.plan import PROJECT, Plan

if TYPE_CHECKING:
    from churnlib.params.model import Params
    from churnlib.report.execute.run import ChapterResult
    from churnlib.snapshot.snapshot import Snapshot

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1
DIGITS = 12  # of a fingerprint, as shown
CODE = ("churnlib", "notebooks", "requirements.lock", "pyproject.toml")
_KINDS = {
    **dict.fromkeys(("business", "title", "model", "period", "period_name", "status"), str),
    **dict.fromkeys(("fingerprints", "software", "parameters", "files"), dict),
    **dict.fromkeys(("chapters", "pages", "rows", "left_out"), list),
    "whole": bool,
    "customers": int,
}
"""What a manifest holds that others read."""
INPUTS = ("parameters", "code", "environment")
"""With the data and the notebooks: all that a report depends on."""


def params_fingerprint(values: dict[str, Any]) -> str:
    """Twelve digits that change when any effective parameter does."""
    return _digits(json.dumps(values, sort_keys=True, ensure_ascii=True, default=str).encode())


def file_fingerprint(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def notebook_fingerprint(path: Path) -> str | None:
    """Twelve digits that change when a chapter's notebook does; None where it is gone."""
    return file_fingerprint(path)[:DIGITS] if path.exists() else None


@functools.cache
def environment() -> dict[str, Any]:
    """What the code runs on, as far as it can change a report.

    lock : fingerprint of the lock file. python, platform, packages : their versions.
    """
    lock = PROJECT / "requirements.lock"
    return {
        "lock": file_fingerprint(lock)[:DIGITS] if lock.exists() else None,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
        "packages": {name: _version(name) for name in _packages()},
    }


@functools.cache
def code_fingerprint() -> str:
    """Of every file of the library, the page's template among them.

    Notebooks count for their own chapter.
    """
    package = Path(churnlib.__file__).parent
    files = sorted(path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return _digits(
        "".join(
            f"{path.relative_to(package)} {file_fingerprint(path)}\n" for path in files
        ).encode()
    )


def inputs(params: "Params") -> dict[str, str]:
    """A fingerprint of each of `INPUTS` as they are now."""
    at_hand = json.dumps(environment(), sort_keys=True).encode()
    return {
        "parameters": params_fingerprint(params.effective()),
        "code": code_fingerprint(),
        "environment": _digits(at_hand),
    }


@functools.cache
def software() -> dict[str, Any]:
    """What makes reports: churnlib, its commit and code, and what it runs on."""
    made_by = {"churnlib": churnlib.__version__, "commit": _commit(), "code": code_fingerprint()}
    return made_by | environment()


def footer(plan: Plan, snapshot: "Snapshot", made: dict[str, Any]) -> list[dict[str, str]]:
    """The rows {"label", "value"} at the end of every page.

    No clock time is in them, so that the same input gives the same page. `made` is the `software`
    that the report is, or was, made by.
    """
    rows = {
        "Business": f"{plan.params.display_title} ({plan.params.business})",
        "Period": plan.period.name,
        "As of": long_date(snapshot.as_of),
        "Data": snapshot.fingerprint[:DIGITS],
        "Parameters": params_fingerprint(plan.params.effective()),
        "churnlib": made["churnlib"],
        "Commit": made["commit"] or "not in a repository",
        "Lock file": made["lock"] or "none",
        "To make it again": plan.command,
    }
    return [{"label": label, "value": value} for label, value in rows.items()]


def manifest(plan: Plan, snapshot: "Snapshot", chapters: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything known about a run, ready for JSON; `chapters` as `chapter_entry` tells of each."""
    # Late: it imports the engine, which a run with nothing to do needs not.
    from churnlib.snapshot.freeze import snapshot_id

    source = plan.source
    return {
        "format": MANIFEST_FORMAT,
        "business": plan.params.business,
        "title": plan.params.display_title,
        "model": plan.params.model,
        "period": plan.period.label,
        "period_name": plan.period.name,
        "as_of": snapshot.as_of.isoformat(),
        "status": "failed" if any(one["status"] == "failed" for one in chapters) else "done",
        "command": plan.command,
        "file": plan.file,
        "whole": plan.whole,
        "fingerprints": {"data": snapshot.fingerprint, "snapshot": snapshot_id(snapshot.folder)}
        | inputs(plan.params),
        "source": source
        and {
            "fingerprint": source.fingerprint,
            "tables": source.tables,
            "latest_period": source.latest.label,
        },
        "software": software(),
        "parameters": plan.params.effective(),
        "customers": snapshot.n_customers,
        "rows": snapshot.data_box,
        "chapters": chapters,
        "pages": [{"page": page.href, "title": page.title} for page in plan.pages],
        "left_out": list(plan.left_out),
    }


def chapter_entry(
    result: "ChapterResult",
    notebook: str | None,
    tables: Sequence[str] = (),
    heard: str | None = None,
) -> dict[str, Any]:
    """What the manifest says of a chapter.

    Parameters
    ----------
    result : what came of it
    notebook : fingerprint of its notebook
    tables : what it wrote below tables/
    heard : fingerprint of what the other chapters told it, if it is the summary
    """
    told = {
        "chapter": result.chapter.name,
        "title": result.chapter.title,
        "page": result.chapter.href,
        "notebook": notebook,
        "tables": sorted(tables),
        "status": result.status,
        "seconds": round(result.seconds, 2),
    }
    if heard is not None:
        told["heard"] = heard
    if result.fault:
        fault = result.fault
        told |= {"cell": fault.cell, "heading": fault.heading, "message": fault.message}
    return told


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Write manifest.json into a report's folder, with a hash of every other file there."""
    content = content | {"files": files_of(folder)}
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a report's folder; None where there is none, or none of ours.

    Nothing in it is of another kind than it should be; something may be missing, see `is_whole`.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("format") != MANIFEST_FORMAT:
        return None
    if not all(isinstance(content[name], kind) for name, kind in _KINDS.items() if name in content):
        return None
    chapters = content.get("chapters", [])
    return content if all(isinstance(one, dict) for one in chapters) else None


def is_whole(manifest: dict[str, Any] | None) -> bool:
    """Whether nothing is missing that a report is judged or made again by."""
    if manifest is None or not all(name in manifest for name in _KINDS):
        return False
    named = all(isinstance(one.get("chapter"), str) for one in manifest["chapters"])
    prints = [manifest["fingerprints"].get(name) for name in ("data", "snapshot", "parameters")]
    made_by = {"churnlib", "commit", "lock", "packages"} <= set(manifest["software"])
    return named and made_by and "file" in manifest and all(isinstance(x, str) for x in prints)


def files_of(folder: Path) -> dict[str, str]:
    """{path: hash} of every file of a report but its manifest."""
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST
    )
    return {path.relative_to(folder).as_posix(): file_fingerprint(path) for path in files}


def long_date(day: date) -> str:
    """`1 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def _commit() -> str | None:
    """The commit, and whether code differs from it.

    None outside a repository of the project's own.
    """
    if _git("rev-parse", "--show-toplevel") != str(PROJECT):
        return None
    commit = _git("rev-parse", "--short=12", "HEAD")
    return commit and commit + (
        " with local changes" if _git("status", "--porcelain", "--", *CODE) else ""
    )


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(PROJECT), *arguments], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _packages() -> list[str]:
    """What churnlib is built on, as its package metadata name it; extras are left out."""
    wanted = (one for one in metadata.requires("churnlib") or () if "extra ==" not in one)
    return sorted(re.match(r"[A-Za-z0-9_.-]+", one)[0].lower() for one in wanted)


def _digits(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:DIGITS]


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
