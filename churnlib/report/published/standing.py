"""The report that stands in its place: is it whole, and is it still what would be made now?"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlib.params.model import Params
from churnlib.periods import Period
from churnlib.report.chapters import Chapter
from churnlib.report.plan import Plan, Source
from churnlib.report.published.provenance import (
    MANIFEST,
    file_fingerprint,
    inputs,
    is_whole,
    notebook_fingerprint,
    read_manifest,
)

DONE = "done"


@dataclass(frozen=True)
class Standing:
    """A published report whose every file is there with the bytes that its manifest tells."""

    folder: Path
    manifest: dict[str, Any]

    def entry(self, chapter: Chapter) -> dict[str, Any] | None:
        """What the manifest says of a chapter, if its notebook is still the same."""
        now = notebook_fingerprint(chapter.path)
        if now is None:
            return None
        wanted = {"chapter": chapter.name, "notebook": now, "status": DONE}
        entries = (one for one in self.manifest["chapters"] if one.items() >= wanted.items())
        return next(entries, None)

    def has_inputs(self, params: Params) -> bool:
        """Whether parameters, code and environment are still the same.

        Of the data it says nothing.
        """
        return _has(self.manifest, inputs(params))

    def kept(self, plan: Plan, snapshot: str, *, force: bool) -> dict[str, dict[str, Any]]:
        """{chapter: entry} of those that need not run: nothing has changed that they depend on.

        The summary also depends on what the others tell, which is known only once they are there.

        Parameters
        ----------
        snapshot : the id of the frozen data
        force : run again what was asked for; chapters that were not asked for stay all the same
        """
        if not _has(self.manifest, {"snapshot": snapshot}) or not self.has_inputs(plan.params):
            return {}
        usual = [chapter for chapter in plan.usual or () if chapter not in plan.chapters]
        wanted = [*(() if force else plan.chapters), *usual]
        return {chapter.name: entry for chapter in wanted if (entry := self.entry(chapter))}

    def is_all_of(self, plan: Plan) -> bool:
        """Whether a plan, its chapters being up to date, asks for this very report.

        Then the summary is up to date too: it was told the same by the same chapters.
        """
        names = [one["chapter"] for one in self.manifest["chapters"]]
        return (
            names == [chapter.name for chapter in plan.chapters]
            and self.manifest.get("command") == plan.command
        )


def standing(folder: Path) -> Standing | None:
    """The report in a folder; None where there is none, or it is not as it was published."""
    manifest = read_manifest(folder)
    if manifest is None or not is_whole(manifest) or manifest["status"] != DONE:
        return None
    files = manifest["files"]
    there = {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    } - {MANIFEST}
    whole = there == set(files) and all(
        file_fingerprint(folder / name) == digest for name, digest in files.items()
    )
    return Standing(folder, manifest) if whole else None


def known_source(business: Path, params: Params, fingerprint: str) -> Source | None:
    """What an earlier report of the business tells of the same source.

    So it need not be read again.
    """
    for path in sorted(business.glob(f"[!.]*/{MANIFEST}"), reverse=True):
        manifest = read_manifest(path.parent) or {}
        told = manifest.get("source") or {}
        if told.get("fingerprint") == fingerprint and _has(manifest, inputs(params)):
            return Source(fingerprint, tuple(told["tables"]), Period.parse(told["latest_period"]))
    return None


def is_up_to_date(plan: Plan, output: Path) -> bool:
    """Whether nothing has to be done for a report, as the bytes of its source tell.

    Nothing is locked or written. A failed run's folder beside it, or a missing index of all
    reports, is something to do.
    """
    folder = plan.folder(output)
    if folder.with_name(f"{folder.name}.failed").exists() or not (output / "index.html").exists():
        return False
    found = standing(folder)
    told = (found.manifest.get("source") or {}) if found else {}
    if (
        not plan.source
        or told.get("fingerprint") != plan.source.fingerprint
        or not found.has_inputs(plan.params)
    ):
        return False
    names = {one["chapter"] for one in found.manifest["chapters"]}
    plan = plan.among(found.manifest["customers"])
    return all(found.entry(chapter) for chapter in plan.chapters) and found.is_all_of(
        plan.with_usual(names)
    )


def _has(manifest: dict[str, Any], wanted: dict[str, str]) -> bool:
    told = manifest.get("fingerprints")
    return isinstance(told, dict) and all(told.get(name) == value for name, value in wanted.items())
