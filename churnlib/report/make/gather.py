"""From the executed notebooks of a report to its findings.json.

A cell's output carries data beside its HTML: what it tells the first page, as `results.told`
describes it. Here all of it is read, checked and given the place where it stands, so that no link
is typed by hand and the first page cannot disagree with a chapter.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from churnlib.report.chapters import Chapter
from churnlib.report.plan import Plan
from churnlib.results.gathered import FORMAT, NESTED, what_is_wrong
from churnlib.results.told import MIME, Told

DIGITS = 12  # of a fingerprint


class ToldError(Exception):
    """What a cell tells is not as it must be; `index` is the cell's place in the notebook."""

    def __init__(self, index: int, wrong: str):
        super().__init__(f"what it tells the first page is not as it must be: {wrong}")
        self.index = index


def told_in(notebook: Mapping[str, Any]) -> list[Told]:
    """What the cells of an executed notebook tell, in the order of reading.

    Raises
    ------
    ToldError : a cell tells something that nobody could read
    """
    return [
        part for index, data in _told(notebook) for part in _checked(index, data).flat() if part
    ]


def gathered(plan: Plan, notebooks: Path, chapters: Sequence[Chapter]) -> dict[str, Any]:
    """What some chapters of a report told, as findings.json holds it (see `read_findings`).

    Parameters
    ----------
    plan : the report; its pages decide where each link leads
    notebooks : the folder of the executed notebooks
    chapters : who is heard; the summary hears all the others
    """
    found = _about(plan)
    terms: dict[str, dict[str, str]] = {}
    for chapter in chapters:
        notebook = json.loads((notebooks / chapter.path.name).read_text(encoding="utf-8"))
        for told in told_in(notebook):
            place = {
                "chapter": chapter.name,
                "href": plan.page_of(chapter).link(chapter, told.anchor),
            }
            _add_findings(found, told, place)
            found["decisions"] += [_plain(one) | place for one in told.decisions]
            for term in told.terms:
                terms.setdefault(term.word, _plain(term))
    return found | {"terms": list(terms.values())}


def as_text(found: dict[str, Any]) -> str:
    """The bytes of findings.json: the same for the same content."""
    text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return text + "\n"


def fingerprint(found: dict[str, Any]) -> str:
    """Twelve digits that change when anything does that a summary is made from."""
    return hashlib.sha256(as_text(found).encode()).hexdigest()[:DIGITS]


def _about(plan: Plan) -> dict[str, Any]:
    """The report, with nothing told yet."""
    return {
        "format": FORMAT,
        "business": plan.params.business,
        "title": plan.params.display_title,
        "period": plan.period.label,
        "period_name": plan.period.name,
        "as_of": plan.period.end.isoformat(),
        "currency": plan.params.currency,
        "model": plan.params.model,
        "chapters": [
            {"chapter": one.name, "title": one.title, "page": one.href} for one in plan.chapters
        ],
        "key_figures": [],
        "findings": [],
        "actions": [],
        "terms": [],
        "decisions": [],
    }


def _add_findings(found: dict[str, Any], told: Told, place: dict[str, str]) -> None:
    section = place | {"label": told.label}
    for finding in told.findings:
        found["findings"].append(finding.model_dump(mode="json", exclude=set(NESTED)) | section)
        found["key_figures"] += [_plain(one) | place for one in finding.key_figures]
        found["actions"] += [_plain(one) | section for one in finding.actions]


def _plain(fact: Any) -> dict[str, Any]:
    return fact.model_dump(mode="json")


def _told(notebook: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    for index, cell in enumerate(notebook["cells"]):
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if MIME in data:
                yield index, data[MIME]


def _checked(index: int, data: Any) -> Told:
    # Text in place of a number makes the check itself stumble: that is a TypeError.
    try:
        return Told.model_validate(data)
    except (ValidationError, TypeError) as error:
        raise ToldError(index, what_is_wrong(error)) from None
