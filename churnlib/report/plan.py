"""Which chapters a report has, and why the others are left out."""

import difflib
import json
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from churnlib import snapshot
from churnlib.errors import ParamsError
from churnlib.params import PROJECT, Params, read_params
from churnlib.periods import Period, period_range
from churnlib.snapshot import Checked

NOTEBOOKS = PROJECT / "notebooks"
REPORTS = PROJECT / "reports"
SUMMARY = "summary"
_FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Chapter:
    """One notebook, as its `metadata.churnlib` describes it."""

    name: str
    title: str
    order: int
    models: tuple[str, ...]
    tables: tuple[str, ...]
    path: Path

    @property
    def href(self) -> str:
        """The file of its page: the summary is the report's front page."""
        return "index.html" if self.name == SUMMARY else f"{self.name}.html"


@dataclass(frozen=True)
class Plan:
    """One report to make: a business, a period, the chapters in reading order.

    `left_out` holds {"chapter", "reason"} of chapters that a reader might miss; `command` makes the report again.
    """

    params: Params
    period: Period
    chapters: tuple[Chapter, ...]
    left_out: tuple[dict[str, str], ...]
    command: str

    @property
    def name(self) -> str:
        """`demo 2026-10`: what progress and messages call it."""
        return f"{self.params.business} {self.period.label}"

    def folder(self, output: Path) -> Path:
        """Where the report is published below the output folder."""
        parts = (self.params.business, self.period.label)
        for part in parts:
            if not _FOLDER_NAME.fullmatch(part):
                raise ParamsError(f"{part!r} cannot be the name of a folder.")
        return output.joinpath(*parts)


@dataclass(frozen=True)
class When:
    """The periods that the command line asks for, as it writes them: one, a range, or none (the latest complete)."""

    period: str | None = None
    first: str | None = None
    last: str | None = None

    def periods(self, checked: Checked) -> list[Period]:
        """The periods meant; what lies outside the data is refused when it is frozen."""
        if self.period and (self.first or self.last):
            raise ParamsError("period: give --period, or --from and --to, not both.")
        if self.last and not self.first:
            raise ParamsError("period: --to needs --from.")
        if self.first:
            last = Period.parse(self.last) if self.last else checked.latest_period()
            return list(period_range(Period.parse(self.first), last))
        return [Period.parse(self.period) if self.period else checked.latest_period()]


def plan_reports(files: Sequence[Path], when: When, wanted: Sequence[str] = ()) -> list[tuple[Plan, Checked]]:
    """Every report to make, each source read and checked once, however many periods are asked for.

    Raises
    ------
    ChurnlibError : parameters, data or chapter names that cannot be used; nothing has been run by then
    """
    businesses = [(file, read_params(file)) for file in files]
    _one_file_each(businesses)
    chapters, requests = read_chapters(), []
    for file, params in businesses:
        checked = snapshot.check(params)
        made, left_out = choose(chapters, params, checked.tables, wanted)
        for period in when.periods(checked):
            plan = Plan(params, period, made, left_out, command_line(file, period, wanted))
            requests.append((plan, checked))
    return requests


def read_chapters(folder: Path | None = None) -> list[Chapter]:
    """Every chapter at hand, in reading order; notebooks without `metadata.churnlib` are nobody's chapter."""
    folder = folder or NOTEBOOKS
    chapters = [_read_chapter(path) for path in sorted(folder.glob("*.ipynb"))]
    found = [chapter for chapter in chapters if chapter]
    if not found:
        raise ParamsError(f"No chapters in {folder}: run churnlib from a clone of the project, which holds notebooks/.")
    return sorted(found, key=lambda chapter: (chapter.order, chapter.name))


def choose(
    chapters: Sequence[Chapter], params: Params, tables: Iterable[str], wanted: Sequence[str] = ()
) -> tuple[tuple[Chapter, ...], tuple[dict[str, str], ...]]:
    """The chapters to make, and those left out with the reason.

    Parameters
    ----------
    chapters : all there are
    params : whose `model` decides which fit and whose `chapters` may name a selection
    tables : names of the tables that the data hold
    wanted : names from the command line; they win over `params.chapters`

    Returns
    -------
    (chapters in reading order, left out as {"chapter", "reason"}). The summary is always made: it is the front page.
    """
    fitting = [chapter for chapter in chapters if params.model in chapter.models]
    for name in (*wanted, *(params.chapters or ())):
        _must_exist(name, fitting, params)
    selection = set(wanted or params.chapters or [chapter.name for chapter in fitting]) | {SUMMARY}
    reasons = {chapter.name: _reason(chapter, selection, set(tables), bool(wanted)) for chapter in fitting}
    made = tuple(chapter for chapter in fitting if reasons[chapter.name] is None)
    if not made:
        raise ParamsError(
            f"{params.business}: no chapter can be made; the data hold {', '.join(tables) or 'no table'}."
        )
    left_out = tuple({"chapter": c.title, "reason": reasons[c.name]} for c in fitting if reasons[c.name])
    return made, left_out


def command_line(file: Path, period: Period, wanted: Sequence[str] = ()) -> str:
    """The command that makes this report again; the file as seen from the project, without a path of this machine."""
    file = file.resolve()
    shown = file.relative_to(PROJECT).as_posix() if file.is_relative_to(PROJECT) else file.name
    words = ["churnlib", "report", shown, "--period", period.label]
    for name in wanted:
        words += ["--chapter", name]
    return shlex.join(words)


def _one_file_each(businesses: Sequence[tuple[Path, Params]]) -> None:
    """Two files of one business would publish to the same place."""
    first: dict[str, Path] = {}
    for file, params in businesses:
        other = first.setdefault(params.business, file)
        if other is not file:
            raise ParamsError(f"business: {other} and {file} are both of business {params.business!r}.")


def _read_chapter(path: Path) -> Chapter | None:
    try:
        described = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("churnlib")
        return described and Chapter(
            name=described["chapter"],
            title=described["title"],
            order=int(described["order"]),
            models=tuple(described["models"]),
            tables=tuple(described.get("tables", ())),
            path=path,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParamsError(f"{path.name}: metadata.churnlib cannot be read ({error!r}).") from None


def _must_exist(name: str, fitting: Sequence[Chapter], params: Params) -> None:
    names = [chapter.name for chapter in fitting]
    if name not in names:
        near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
        guess = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(names) or "none"
        raise ParamsError(f"{name!r} is not a chapter of a {params.model} report.{guess} Chapters: {known}.")


def _reason(chapter: Chapter, selection: set[str], tables: set[str], from_command: bool) -> str | None:
    """Why a chapter is left out, or None where it is made."""
    if chapter.name not in selection:
        return "not asked for in this run (--chapter)" if from_command else "not among the chapters in the parameters"
    missing = [table for table in chapter.tables if table not in tables]
    if not missing:
        return None
    tables_missing = " and ".join(missing)
    return f"it needs the table{'s' if len(missing) > 1 else ''} {tables_missing}, which the data do not hold"
