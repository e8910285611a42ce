"""Which chapters a report has, and why the others are left out."""

import difflib
import json
import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from churnlib.errors import ParamsError
from churnlib.params.model import PROJECT, Params
from churnlib.periods import Period, period_range
from churnlib.report.chapters import SUMMARY, Chapter, Page, pages_of

NOTEBOOKS = PROJECT / "notebooks"
REPORTS = PROJECT / "reports"
OR = " or "
"""Between the tables and columns of which a chapter needs one."""
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True)
class Source:
    """What a business's source is and holds.

    fingerprint : a hash of its files. tables : those that it has. latest : the last complete
    period.
    """

    fingerprint: str
    tables: tuple[str, ...]
    latest: Period


@dataclass(frozen=True)
class Plan:
    """One report to make: a business, a period, the chapters in reading order.

    left_out : {"chapter", "reason"} of chapters that a reader might miss
    file : the parameter file as the command names it
    usual : the chapters where --chapter asks for none, if they differ: those of them that the
        report in place has and that are up to date stay in it
    """

    params: Params
    period: Period
    chapters: tuple[Chapter, ...]
    left_out: tuple[dict[str, str], ...]
    file: str
    source: Source | None = None
    usual: tuple[Chapter, ...] | None = None

    @property
    def pages(self) -> tuple[Page, ...]:
        """The files that the chapters make up, in reading order."""
        return pages_of(self.chapters)

    def page_of(self, chapter: Chapter) -> Page:
        """The page that a chapter stands on."""
        return next(page for page in self.pages if page.name == chapter.page)

    @property
    def whole(self) -> bool:
        """Whether the report has the usual chapters, no more and no fewer."""
        return self.usual is None or set(self.usual) == set(self.chapters)

    @property
    def command(self) -> str:
        """What makes this report again."""
        words = ["churnlib", "report", self.file, "--period", self.period.label]
        for chapter in () if self.whole else self.chapters:
            words += ["--chapter", chapter.name] if chapter.name != SUMMARY else []
        return shlex.join(words)

    def with_usual(self, names: Iterable[str]) -> "Plan":
        """The same report with those of the usual chapters in it that `names` has."""
        more = [
            one for one in self.usual or () if one.name in set(names) and one not in self.chapters
        ]
        titles = {chapter.title for chapter in more}
        return replace(
            self,
            chapters=tuple(sorted((*self.chapters, *more), key=lambda one: (one.order, one.name))),
            left_out=tuple(one for one in self.left_out if one["chapter"] not in titles),
        )

    def among(self, customers: int) -> "Plan":
        """The same report without the chapters that so few customers could tell nothing.

        Parameters
        ----------
        customers : those who ever were, of whom the report is, by the end of its period
        """
        few = tuple(one for one in self.chapters if customers < one.customers)
        reasons = tuple(
            {"chapter": one.title, "reason": _too_few(customers, one.customers)} for one in few
        )
        return replace(
            self,
            chapters=tuple(one for one in self.chapters if one not in few),
            left_out=(*self.left_out, *reasons),
            usual=self.usual and tuple(one for one in self.usual if customers >= one.customers),
        )

    @property
    def name(self) -> str:
        """`demo 2026-10`: what progress and messages call it."""
        return f"{self.params.business} {self.period.label}"

    def folder(self, output: Path) -> Path:
        """Where the report is published below the output folder."""
        parts = (self.params.business, self.period.label)
        for part in parts:
            if not _FILE_NAME.fullmatch(part):
                raise ParamsError(f"{part!r} cannot be the name of a folder.")
        return output.joinpath(*parts)


@dataclass(frozen=True)
class When:
    """The periods that the command line asks for, as it writes them.

    One, a range, or none: then the latest complete one is meant.
    """

    period: str | None = None
    first: str | None = None
    last: str | None = None

    def periods(self, latest: Period) -> list[Period]:
        """The periods meant, `latest` being the last complete one.

        Those outside the data are refused on freezing.
        """
        if self.period and (self.first or self.last):
            raise ParamsError("period: give --period, or --from and --to, not both.")
        if self.last and not self.first:
            raise ParamsError("period: --to needs --from.")
        if self.first:
            last = Period.parse(self.last) if self.last else latest
            return list(period_range(Period.parse(self.first), last))
        return [Period.parse(self.period) if self.period else latest]


def read_chapters(folder: Path | None = None) -> list[Chapter]:
    """Every chapter at hand, in reading order.

    Notebooks without `metadata.churnlib` are nobody's chapter.
    """
    folder = folder or NOTEBOOKS
    chapters = [_read_chapter(path) for path in sorted(folder.glob("*.ipynb"))]
    found = [chapter for chapter in chapters if chapter]
    if not found:
        raise ParamsError(
            f"No chapters in {folder}: run churnlib from a clone of the project, which holds "
            "notebooks/."
        )
    return sorted(found, key=lambda chapter: (chapter.order, chapter.name))


def choose(
    chapters: Sequence[Chapter],
    params: Params,
    period: Period,
    tables: Iterable[str],
    wanted: Sequence[str] = (),
) -> tuple[tuple[Chapter, ...], tuple[dict[str, str], ...]]:
    """The chapters to make, and those left out with the reason.

    Parameters
    ----------
    chapters : all there are
    params : whose `model` decides which fit and whose `chapters` may name a selection
    period : that is reported
    tables : names of the tables that the data hold
    wanted : names from the command line; they win over `params.chapters`

    Returns
    -------
    (chapters in reading order, left out as {"chapter", "reason"}). The summary is always made: it
    is the front page.
    """
    fitting = [chapter for chapter in chapters if params.model in chapter.models]
    for name in (*wanted, *(params.chapters or ())):
        _must_exist(name, fitting, params)
    selection = set(wanted or params.chapters or [chapter.name for chapter in fitting]) | {SUMMARY}
    reasons = {
        chapter.name: _reason(chapter, selection, set(tables), bool(wanted))
        or _nothing_changed(chapter, params, period)
        for chapter in fitting
    }
    made = tuple(chapter for chapter in fitting if reasons[chapter.name] is None)
    if not made:
        raise ParamsError(
            f"{params.business}: no chapter can be made; the data hold "
            f"{', '.join(tables) or 'no table'}."
        )
    left_out = tuple(
        {"chapter": c.title, "reason": reasons[c.name]} for c in fitting if reasons[c.name]
    )
    return made, left_out


def plan_report(
    file: Path,
    params: Params,
    period: Period,
    source: Source,
    *,
    chapters: Sequence[Chapter],
    wanted: Sequence[str],
) -> Plan:
    """The report of a business and a period, with the chapters that its tables allow."""
    made, left_out = choose(chapters, params, period, source.tables, wanted)
    usual = choose(chapters, params, period, source.tables)[0] if wanted else None
    return Plan(params, period, made, left_out, shown_file(file), source, usual)


def shown_file(file: Path) -> str:
    """A parameter file as seen from the project, without a path of this machine."""
    file = file.resolve()
    return file.relative_to(PROJECT).as_posix() if file.is_relative_to(PROJECT) else file.name


def _read_chapter(path: Path) -> Chapter | None:
    try:
        described = json.loads(path.read_text(encoding="utf-8"))["metadata"].get("churnlib")
        chapter = described and Chapter(
            name=described["chapter"],
            title=described["title"],
            order=int(described["order"]),
            models=tuple(described["models"]),
            tables=tuple(described.get("tables", ())),
            path=path,
            page=described.get("page", ""),
            page_title=described.get("page_title", ""),
            customers=int(described.get("customers", 0)),
            changes=bool(described.get("changes", False)),
        )
        if chapter and not _FILE_NAME.fullmatch(chapter.page):
            raise ValueError(f"{chapter.page!r} cannot be the name of a page")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ParamsError(f"{path.name}: metadata.churnlib cannot be read ({error!r}).") from None
    return chapter


def _must_exist(name: str, fitting: Sequence[Chapter], params: Params) -> None:
    names = [chapter.name for chapter in fitting]
    if name not in names:
        near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
        guess = f" Did you mean {near[0]!r}?" if near else ""
        known = ", ".join(names) or "none"
        raise ParamsError(
            f"{name!r} is not a chapter of a {params.model} report.{guess} Chapters: {known}."
        )


def _too_few(customers: int, needed: int) -> str:
    return f"needs {needed} customers; so far there have been {customers}"


def _reason(
    chapter: Chapter, selection: set[str], tables: set[str], from_command: bool
) -> str | None:
    """Why a chapter is left out, or None where it is made."""
    if chapter.name not in selection:
        return (
            "not asked for in this run (--chapter)"
            if from_command
            else "not among the chapters in the parameters"
        )
    missing = [one for one in chapter.tables if not tables & set(one.split(OR))]
    if not missing:
        return None
    return f"needs {' and '.join(map(_things, missing))}, which the data do not hold"


def _nothing_changed(chapter: Chapter, params: Params, period: Period) -> str | None:
    """Why a chapter on what the business changed is left out, where nothing had begun by then."""
    if not chapter.changes or params.changes_begun(period.end):
        return None
    return "needs changes in the parameter file that began by the end of the period"


def _things(needed: str) -> str:
    """`the table payments`, `the column end_reason of subscriptions or the table payments`."""
    told = []
    for one in needed.split(OR):
        table, _, column = one.partition(".")
        told.append(f"the column {column} of {table}" if column else f"the table {table}")
    return OR.join(told)
