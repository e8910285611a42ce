"""Make a published report again from its own parameters and frozen data, and compare every byte."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlib.errors import ChurnlibError
from churnlib.params.model import Params
from churnlib.periods import Period
from churnlib.report.chapters import Chapter
from churnlib.report.compare.differences import file_difference
from churnlib.report.compare.inputs import changed_inputs
from churnlib.report.execute.kernels import Kernels
from churnlib.report.execute.run import ChapterResult
from churnlib.report.make.build import NOTEBOOKS_FOLDER, Build, linked
from churnlib.report.make.chapters import Chapters
from churnlib.report.plan import Plan, read_chapters
from churnlib.report.progress import Progress
from churnlib.report.published import provenance
from churnlib.report.published.frozen import frozen_of
from churnlib.snapshot.freeze import data_fingerprint, open_frozen
from churnlib.snapshot.snapshot import META
from churnlib.temporary import temporary_folder


@dataclass(frozen=True)
class Verdict:
    """What came of a report that was made again.

    differences : "file: where", the first of them first; empty = every page and table is the same,
        byte by byte
    inputs : which inputs are no longer those of the report
    """

    plan: Plan
    differences: tuple[str, ...]
    inputs: tuple[str, ...]

    @property
    def sentences(self) -> list[str]:
        """The verdict, the first difference, and what has changed since."""
        if not self.differences:
            said = ["the same, byte by byte"]
        else:
            more = len(self.differences) - 1
            said = [f"differs: {self.differences[0]}{f' (and {more} more files)' if more else ''}"]
            if not self.inputs:
                said.append("no input changed: a notebook gives something else each time it runs")
        said += [f"changed input: {text}" for text in self.inputs]
        return [f"{self.plan.name}: {text}" for text in said]


class VerifyError(ChurnlibError):
    """A report that cannot be made again, and why."""


def verify(report: Path, *, kernels: Kernels, jobs: int, progress: Progress) -> Verdict:
    """Make a report again, elsewhere, and compare.

    Parameters
    ----------
    report : folder of a published report, as in reports/<business>/<period>
    kernels : where chapters run
    jobs : chapters that run at the same time
    progress : told of everything that happens

    Raises
    ------
    VerifyError : it is no report, or the frozen data of it are gone
    """
    report = report.resolve()
    manifest = read_published(report)
    frozen = frozen_of(report, manifest)
    if not (frozen / META).exists():
        raise VerifyError(
            f"{report}: the frozen data it was made from are gone ({frozen}); nothing to make it "
            "from."
        )
    plan = _plan(report, manifest)
    with temporary_folder() as folder:
        data = _frozen_with(manifest["parameters"], frozen, folder / "data")
        build = Build(plan, folder, open_frozen(data), manifest["software"])
        results = _run(build, kernels=kernels, jobs=jobs, progress=progress)
        inputs = [*_altered_data(frozen, manifest), *_changed_now(plan, manifest)]
        # What a chapter says comes before what a footer says of how it was made.
        differences = sorted(
            _differences(report, manifest, build, results), key=lambda one: ": footer" in one
        )
        return Verdict(plan, tuple(differences), tuple(inputs))


def read_published(report: Path) -> dict[str, Any]:
    """The manifest of a published report; a `VerifyError` where there is none."""
    manifest = provenance.read_manifest(report)
    if not provenance.is_whole(manifest) or manifest["status"] != "done":
        raise VerifyError(
            f"{report}: no published report stands here (its manifest.json is absent or not "
            "readable)."
        )
    return manifest


def _plan(report: Path, manifest: dict[str, Any]) -> Plan:
    """The plan of a published report, with the notebooks as they are now."""
    at_hand = {
        chapter.name: chapter for chapter in read_chapters() if manifest["model"] in chapter.models
    }
    wanted = [one["chapter"] for one in manifest["chapters"]]
    gone = [name for name in wanted if name not in at_hand]
    if gone:
        raise VerifyError(
            f"{report}: the notebook of chapter {gone[0]!r} is gone; changed input: code."
        )
    try:
        params = Params.model_validate(manifest["parameters"])
        period = Period.parse(manifest["period"])
    except (ValueError, ChurnlibError) as error:
        raise VerifyError(
            f"{report}: manifest.json was changed since it was written: its parameters or its "
            f"period cannot be read. {str(error).splitlines()[0]}"
        ) from error
    chapters = tuple(at_hand[name] for name in wanted)
    usual = None if manifest["whole"] else ()
    return Plan(
        params, period, chapters, tuple(manifest["left_out"]), manifest["file"], usual=usual
    )


def _frozen_with(parameters: dict[str, Any], frozen: Path, folder: Path) -> Path:
    """The frozen rows with the parameters that the report names."""
    linked(frozen, folder)
    meta = json.loads((frozen / META).read_text(encoding="utf-8")) | {"params": parameters}
    (folder / META).unlink()  # a link: the store is not written to
    (folder / META).write_text(json.dumps(meta, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return folder


def _run(
    build: Build, *, kernels: Kernels, jobs: int, progress: Progress
) -> tuple[ChapterResult, ...]:
    chapters = Chapters(build, kernels, progress)
    with ThreadPoolExecutor(jobs, thread_name_prefix="chapter") as pool:
        try:
            chapters.begin(pool)
            results = chapters.results()
        except BaseException:
            kernels.stop()  # else the pool would wait for chapters that nobody wants any more
            raise
    build.complete()
    return results


def _differences(
    report: Path, manifest: dict[str, Any], build: Build, results: Sequence[ChapterResult]
) -> Iterator[str]:
    """In the order of reading: faults, pages with the cells behind them, tables."""
    yield from (_fault(result) for result in results if result.fault)
    made, told = build.pages, manifest["files"]
    absent = {result.chapter.href for result in results if result.fault or not result.made}
    notebooks = {
        page.href: [f"{NOTEBOOKS_FOLDER}/{one.path.name}" for one in page.chapters]
        for page in build.plan.pages
    }
    inside = [name for names in notebooks.values() for name in names]
    rest = sorted({*told, *provenance.files_of(made)} - {*notebooks, *inside})
    for name in (*notebooks, *inside, *rest):
        found = file_difference(name, report / name, made / name)
        if found and name not in absent:
            cell = _first_cell(notebooks.get(name, ()), report, made)
            altered = ""
            if _altered(report, name, told):
                altered = " (the file was altered after it was published)"
            yield f"{name}: {found}{cell}{altered}"


def _fault(result: ChapterResult) -> str:
    where = f", cell {result.fault.cell}" if result.fault.cell else ""
    return f"{result.chapter.href}: it could not be made again{where}: {result.fault.message}"


def _first_cell(notebooks: Sequence[str], report: Path, made: Path) -> str:
    """The first cell that differs behind a page, in brackets; nothing where none does."""
    for name in notebooks:
        found = file_difference(name, report / name, made / name)
        if found:
            return f" ({found})"
    return ""


def _altered(report: Path, name: str, told: dict[str, str]) -> bool:
    path = report / name
    return path.exists() and told.get(name) != provenance.file_fingerprint(path)


def _altered_data(frozen: Path, manifest: dict[str, Any]) -> list[str]:
    meta = json.loads((frozen / META).read_text(encoding="utf-8"))
    same = (
        data_fingerprint(frozen) == manifest["fingerprints"]["data"]
        and meta["data_box"] == manifest["rows"]
    )
    return [] if same else ["data: the frozen data are not those that the report was made from"]


def _changed_now(plan: Plan, manifest: dict[str, Any]) -> list[str]:
    """What is no longer as the manifest tells."""
    entries = [_entry_now(chapter, manifest) for chapter in plan.chapters]
    now = provenance.inputs(plan.params)
    after = manifest | {
        "chapters": entries,
        "software": provenance.software(),
        "fingerprints": manifest["fingerprints"] | now,
    }
    changed = changed_inputs(manifest, after)
    if now["parameters"] != manifest["fingerprints"]["parameters"]:
        changed.insert(
            0, "parameters: those in manifest.json are not those that the report was made from"
        )
    return changed


def _entry_now(chapter: Chapter, manifest: dict[str, Any]) -> dict[str, Any]:
    entry = next(one for one in manifest["chapters"] if one["chapter"] == chapter.name)
    return entry | {"notebook": provenance.notebook_fingerprint(chapter.path)}
