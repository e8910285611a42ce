"""reports/index.html: every business and period that was published, and every one that failed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlib.errors import ChurnlibError
from churnlib.page.key_figures import spark
from churnlib.periods import Period
from churnlib.report.published.provenance import MANIFEST, read_manifest
from churnlib.report.published.publish import locked, write_whole, writing
from churnlib.report.render.pages import page_css, template
from churnlib.results.gathered import FILE, GatheredError, read_findings

FAILED = ".failed"
INDEX_WAIT = 60  # seconds; writing an index takes a fraction of one


@dataclass(frozen=True)
class Headline:
    """The first key figure of a report: its name, its value as it is read, its sparkline."""

    figure: str = ""
    value: str = ""
    spark: str = ""


@dataclass
class Entry:
    """One period of one business: the good report, the failed run, or both."""

    period: str
    period_name: str
    good: dict[str, Any] | None = None
    failed: dict[str, Any] | None = None
    broken: bool = False
    headline: Headline = Headline()


@dataclass
class Business:
    """A business and its periods by their labels, newest first."""

    name: str
    title: str
    entries: dict[str, Entry]

    @property
    def headline(self) -> Headline | None:
        """Of the newest good report that has one."""
        return next(
            (entry.headline for entry in self.entries.values() if entry.headline.value), None
        )


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
            businesses = read_reports(output)
            page = template("reports.html.j2").render(
                businesses=businesses, periods=periods(businesses), css=page_css()
            )
            write_whole(path, page)
    return path


def read_reports(output: Path) -> list[Business]:
    """All reports below `output`, by business title, newest period first."""
    businesses = []
    for folder in sorted(
        path for path in output.iterdir() if path.is_dir() and not path.name.startswith(".")
    ):
        entries = sorted(_entries(folder), key=lambda entry: _ends(entry.period), reverse=True)
        if entries:
            told = [one for entry in entries for one in (entry.good, entry.failed) if one]
            title = str(told[0].get("title", folder.name)) if told else folder.name
            businesses.append(
                Business(folder.name, title, {entry.period: entry for entry in entries})
            )
    return sorted(businesses, key=lambda business: (business.title.lower(), business.name))


def periods(businesses: Sequence[Business]) -> list[dict[str, str]]:
    """{"label", "name"} of every period that any business has, newest first."""
    names = {label: entry.period_name for one in businesses for label, entry in one.entries.items()}
    newest_first = sorted(names, key=_ends, reverse=True)
    return [
        {"label": label, "name": names[label][:1].upper() + names[label][1:]}
        for label in newest_first
    ]


def _ends(label: str) -> tuple[str, str]:
    """Months and quarters in one order: by their end.

    A folder that is named for no period comes last.
    """
    try:
        return Period.parse(label).end.isoformat(), label
    except ChurnlibError:
        return "", label


def _entries(folder: Path) -> list[Entry]:
    entries: dict[str, Entry] = {}
    for report in sorted(
        path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")
    ):
        if not (report / MANIFEST).exists():
            continue
        period, failed = report.name.removesuffix(FAILED), report.name.endswith(FAILED)
        manifest = read_manifest(report)
        entry = entries.setdefault(period, Entry(period, period))
        entry.broken |= manifest is None
        if manifest:
            entry.period_name = str(manifest.get("period_name", period))
            setattr(entry, "failed" if failed else "good", manifest)
            if not failed:
                entry.headline = _headline(report / FILE)
    return list(entries.values())


def _headline(path: Path) -> Headline:
    """The first key figure that a report's chapters told; nothing where there are none."""
    try:
        figures = read_findings(path)["key_figures"]
    except GatheredError:
        return Headline()
    if not figures:
        return Headline()
    first = figures[0]
    return Headline(first["label"], first["value"], spark(first["course"], first["label"]))
