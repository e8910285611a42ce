"""How a report was made: what its footer says and what its manifest.json records."""

import functools
import hashlib
import json
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import date
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import churnlib
from churnlib.report.plan import NOTEBOOKS, PROJECT, Plan

if TYPE_CHECKING:
    from churnlib.params import Params
    from churnlib.report.run import ChapterResult
    from churnlib.snapshot import Snapshot

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1
DIGITS = 12  # of a fingerprint, as shown
CODE = ("churnlib", "notebooks", "requirements.lock", "pyproject.toml")


def params_fingerprint(params: "Params") -> str:
    """Twelve digits that change when any effective parameter does."""
    text = json.dumps(params.effective(), sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _packages() -> list[str]:
    """What churnlib is built on, as its package metadata name it; extras are left out."""
    wanted = (one for one in metadata.requires("churnlib") or () if "extra ==" not in one)
    return sorted(re.match(r"[A-Za-z0-9_.-]+", one)[0].lower() for one in wanted)


@functools.cache
def software() -> dict[str, Any]:
    """What made the report: churnlib, its commit, its code and notebooks, the lock file, Python and packages."""
    return {
        "churnlib": churnlib.__version__,
        "commit": _commit(),
        "code": _code_fingerprint(),
        "lock": _lock_fingerprint(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _packages()},
    }


def footer(plan: Plan, snapshot: "Snapshot") -> list[dict[str, str]]:
    """The rows {"label", "value"} at the end of every page: no clock time, so the same input gives the same page."""
    made = software()
    rows = {
        "Business": f"{plan.params.display_title} ({plan.params.business})",
        "Period": plan.period.name,
        "As of": long_date(snapshot.as_of),
        "Data": snapshot.fingerprint[:DIGITS],
        "Parameters": params_fingerprint(plan.params),
        "churnlib": made["churnlib"],
        "Commit": made["commit"] or "not in a repository",
        "Lock file": made["lock"] or "none",
        "To make it again": plan.command,
    }
    return [{"label": label, "value": value} for label, value in rows.items()]


def manifest(plan: Plan, snapshot: "Snapshot", results: Sequence["ChapterResult"]) -> dict[str, Any]:
    """Everything known about a run, ready for JSON."""
    return {
        "format": MANIFEST_FORMAT,
        "business": plan.params.business,
        "title": plan.params.display_title,
        "model": plan.params.model,
        "period": plan.period.label,
        "period_name": plan.period.name,
        "as_of": snapshot.as_of.isoformat(),
        "status": "failed" if any(result.fault for result in results) else "done",
        "command": plan.command,
        "fingerprints": {"data": snapshot.fingerprint, "parameters": params_fingerprint(plan.params)},
        "software": software(),
        "parameters": plan.params.effective(),
        "rows": snapshot.data_box,
        "chapters": [_chapter(result) for result in results],
        "left_out": list(plan.left_out),
    }


def write_manifest(folder: Path, content: dict[str, Any]) -> None:
    """Write manifest.json into a report's folder."""
    text = json.dumps(content, indent=2, ensure_ascii=False, default=str, allow_nan=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8", newline="\n")


def long_date(day: date) -> str:
    """`1 November 2026`."""
    return f"{day.day} {day:%B %Y}"


def _chapter(result: "ChapterResult") -> dict[str, Any]:
    told = {
        "chapter": result.chapter.name,
        "title": result.chapter.title,
        "page": result.chapter.href,
        "status": result.status,
        "seconds": round(result.seconds, 2),
    }
    fault = result.fault
    return told | ({"cell": fault.cell, "heading": fault.heading, "message": fault.message} if fault else {})


def _commit() -> str | None:
    """The commit, and whether code differs from it; None outside a repository of the project's own."""
    if _git("rev-parse", "--show-toplevel") != str(PROJECT):
        return None
    commit = _git("rev-parse", "--short=12", "HEAD")
    return commit and commit + (" with local changes" if _git("status", "--porcelain", "--", *CODE) else "")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(PROJECT), *arguments], capture_output=True, text=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _code_fingerprint() -> str:
    """Of every file that a page depends on: library, template, notebooks."""
    package = Path(churnlib.__file__).parent
    files = [path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    digest = hashlib.sha256()
    for path in sorted([*files, *NOTEBOOKS.glob("*.ipynb")], key=lambda path: path.as_posix()):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:DIGITS]


def _lock_fingerprint() -> str | None:
    lock = PROJECT / "requirements.lock"
    return hashlib.sha256(lock.read_bytes()).hexdigest()[:DIGITS] if lock.exists() else None


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
