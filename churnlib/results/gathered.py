"""What the chapters of a report told, gathered: the shape of findings.json, and the choice for the
first page.

Summary, index, `diff` and the mail page read this file and compute nothing. A number in it is what
its chapter computed; missing is null; text is text, to be escaped by whoever shows it.
"""

import json
import math
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from churnlib.errors import ChurnlibError
from churnlib.results.told import STORY, VERDICTS, Action, Decision, Finding, KeyFigure, ToldTerm

FILE = "findings.json"
"""Stands in the folder of a report, and beside the frozen data of its summary."""
FORMAT = 1
NESTED = ("key_figures", "actions")
"""What stands in lists of its own, no longer in the finding that brought it."""


class GatheredError(ChurnlibError):
    """A findings.json that cannot be read: absent, cut off, or of another version."""


class _Chapter(BaseModel):
    chapter: str
    title: str
    page: str


class _Placed(BaseModel):
    """Who said it, and where: `<page>.html#<anchor>`. In the same shape as it was told, otherwise;
    `label` is what the section is called.
    """

    chapter: str
    href: str


class _KeyFigure(_Placed, KeyFigure):
    pass


class _Finding(_Placed, Finding):
    label: str = ""


class _Action(_Placed, Action):
    label: str = ""


class _Decision(_Placed, Decision):
    pass


class _Gathered(BaseModel):
    """The file as a whole; what a later version adds to it is passed over."""

    model_config = ConfigDict(extra="ignore")

    format: Annotated[int, Field(ge=FORMAT, le=FORMAT)]
    business: str
    title: str
    period: str
    period_name: str
    as_of: str
    currency: str
    model: str
    chapters: list[_Chapter]
    key_figures: list[_KeyFigure]
    findings: list[_Finding]
    actions: list[_Action]
    terms: list[ToldTerm]
    decisions: list[_Decision]


def read_findings(path: Path) -> dict[str, Any]:
    """What a report's chapters told, from its findings.json.

    Returns
    -------
    business, title, period, period_name, as_of, currency, model; and in the order of reading
    chapters : {chapter, title, page}
    key_figures : {a `KeyFigure`, chapter, href}
    findings : {a `Finding` without what is nested in it, chapter, href, label}
    actions : {an `Action`, chapter, href, label}
    terms : {word, meaning}, each word once
    decisions : {a `Decision`, chapter, href}

    Raises
    ------
    GatheredError : there is no such file, or it is not as it must be
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        _Gathered.model_validate(found)
    except OSError as error:
        raise GatheredError(f"{path}: {error.strerror or error}.") from None
    except (ValidationError, ValueError, TypeError) as error:
        raise GatheredError(f"{path}: it cannot be read ({what_is_wrong(error)}).") from None
    return found


def what_is_wrong(error: Exception) -> str:
    """The first thing that a check complains of, in one line."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def story(gathered: dict[str, Any]) -> list[dict[str, Any]]:
    """The findings of the first page: one for each place of `STORY`, in the order of the story.

    Of several for one place it is the one with the strongest verdict; among those, the one about
    the most money a month, those about none last; among those, the one that is read first.

    Examples
    --------
    >>> told = {"place": "real", "verdict": "watch", "at_stake": None, "sentence": "Churn rose."}
    >>> more = told | {"at_stake": 500.0, "sentence": "Churn rose for EUR 500 a month."}
    >>> [one["sentence"] for one in story({"findings": [told, more]})]
    ['Churn rose for EUR 500 a month.']
    """
    chosen = []
    for place in STORY:
        told = [one for one in gathered["findings"] if one["place"] == place]
        if told:
            # The first of several equals: `min` keeps the order of reading.
            chosen.append(min(told, key=_rank))
    return chosen


def headline(gathered: dict[str, Any], *, few: bool = False) -> str:
    """The title of the first page: what came in, whether leaving is as usual, and what is most to
    be acted on; of few customers only the first. Empty where no chapter has a clause for it.

    Examples
    --------
    >>> told = {"verdict": "no signal", "at_stake": None}
    >>> result = told | {"place": "result", "clause": "MRR rose by 4 %"}
    >>> real = told | {"place": "real", "clause": "leaving was as usual"}
    >>> headline({"findings": [result, real]})
    'MRR rose by 4 %; leaving was as usual.'
    """
    told = [one for one in story(gathered) if one.get("clause")]
    first = [one for one in told if one["place"] == "result"]
    real = [one for one in told if one["place"] == "real"]
    others = [one for one in told if one["place"] not in ("result", "real", "next")]
    pressing = [one for one in others if one["verdict"] == VERDICTS[0]]
    worth = pressing or [one for one in others if one["verdict"] == VERDICTS[1]]
    chosen = first if few else [*first, *real, *worth[:1]]
    said = "; ".join(one["clause"] for one in chosen)
    return f"{said[:1].upper()}{said[1:]}." if said else ""


def _rank(finding: dict[str, Any]) -> tuple[int, float]:
    """Smaller comes first. A loss is as much at stake as a gain, so the sign does not count."""
    at_stake = finding["at_stake"]
    money = math.inf if at_stake is None else -abs(at_stake)
    return VERDICTS.index(finding["verdict"]), money
