"""reports/index.html: every business and period that has been published, and every one that failed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from churnlib.report.provenance import MANIFEST, read_manifest
from churnlib.report.publish import locked, write_whole, writing
from churnlib.report.render import page_css, template

FAILED = ".failed"
INDEX_WAIT = 60  # seconds; writing an index takes a fraction of one


@dataclass
class Entry:
    """One period of one business: the good report, the failed run, or both."""

    period: str
    period_name: str
    good: dict[str, Any] | None = None
    failed: dict[str, Any] | None = None
    broken: bool = False


@dataclass
class Business:
    """A business and its periods, newest first."""

    name: str
    title: str
    entries: list[Entry] = field(default_factory=list)


def write_index(output: Path, waiting: Callable[[str], None] = print) -> Path:
    """Write index.html from the manifests below `output`; two runs at once take turns.

    Returns
    -------
    The path of the index. Its anchors are `<business>-<period>`; it holds no clock time.
    """
    path = output / "index.html"
    with writing(output):
        output.mkdir(parents=True, exist_ok=True)
        with locked(output / ".index.lock", INDEX_WAIT, waiting):
            page = template("reports.html.j2").render(businesses=read_reports(output), css=page_css())
            write_whole(path, page)
    return path


def read_reports(output: Path) -> list[Business]:
    """All reports below `output`, by business title, newest period first."""
    businesses = []
    for folder in sorted(path for path in output.iterdir() if path.is_dir() and not path.name.startswith(".")):
        entries = _entries(folder)
        if entries:
            entries.sort(key=lambda entry: entry.period, reverse=True)
            told = [one for entry in entries for one in (entry.good, entry.failed) if one]
            title = str(told[0].get("title", folder.name)) if told else folder.name
            businesses.append(Business(folder.name, title, entries))
    return sorted(businesses, key=lambda business: (business.title.lower(), business.name))


def _entries(folder: Path) -> list[Entry]:
    entries: dict[str, Entry] = {}
    for report in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        if not (report / MANIFEST).exists():
            continue
        period, failed = report.name.removesuffix(FAILED), report.name.endswith(FAILED)
        manifest = read_manifest(report)
        entry = entries.setdefault(period, Entry(period, period))
        entry.broken |= manifest is None
        if manifest:
            entry.period_name = str(manifest.get("period_name", period))
            setattr(entry, "failed" if failed else "good", manifest)
    return list(entries.values())
