"""What a chapter has to say to the first page, as data: it travels in the outputs of its own cells.

Findings, key figures, actions, terms and what was decided about the data. Money is text or a plain
number, missing is null: a Decimal would kill a cell, and NaN would come back as the word "nan".
`Told` is checked where it is made and again where the runner gathers it.
"""

import math
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict

MIME = "application/vnd.churnlib.told+json"
"""Under which name the data stand beside the HTML of a cell's output."""
Verdict = Literal["act", "watch", "no signal"]
VERDICTS: tuple[Verdict, ...] = ("act", "watch", "no signal")
"""The strongest first. Act: beyond chance, and somebody can do something. Watch: beyond chance.
Else no signal.
"""
Place = Literal["", "result", "real", "why", "how", "where", "changed", "next"]
STORY: dict[Place, str] = {
    "result": "What came in, and what went",
    "real": "Whether it is more than chance",
    "why": "Other customers, or the same kinds leaving more",
    "how": "How customers leave",
    "where": "Which customers leave more than others",
    "changed": "What our own changes did",
    "next": "What comes next",
}
"""The places of the first page's story, in the order of reading; each has room for one finding."""


def _known(value: object) -> object:
    """Numbers of numpy as Python's own, missing ones as None."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


Number = Annotated[float | None, BeforeValidator(_known)]


class _Fact(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Change(_Fact):
    """How far a number is from an earlier one.

    since : what is compared with: "September 2026". amount : the direction (points, or a relative
    change). text : what stands on the page. noise : the difference lies within what chance brings
    about: grey, "no clear change".
    """

    since: str
    amount: Number
    text: str
    noise: bool = False


class KeyFigure(_Fact):
    """One number of the first screen.

    label, value : what it is, and the number with its unit as it is to be read. unit : "EUR", "%"
    or nothing. changes : against the period before and a year before. good : the direction that is
    good. course : the last values, oldest first; missing ones are gaps. n : the population, "of
    12,345 customers".
    """

    label: str
    value: str
    unit: str = ""
    changes: tuple[Change, ...] = ()
    good: Literal["up", "down"] | None = None
    course: tuple[Number, ...] = ()
    n: str = ""


class Action(_Fact):
    """Something to look at or to do.

    sentence : what, and why. who : the customers meant. customers : how many. money : what is at
    stake, and what that is: "€70,289 of MRR". by : the last day for it (ISO). list_file : a table
    of these customers, `tables/NAME.csv`.
    """

    sentence: str
    who: str
    customers: Number = None
    money: str = ""
    by: str | None = None
    list_file: str | None = None
    verdict: Verdict = "watch"


class Decision(_Fact):
    """What was decided about the data: rows or money set aside, an as-of date assumed.

    urgent : readers must know it before the first number
    """

    sentence: str
    rows: Number = None
    money: Number = None
    urgent: bool = False


class Finding(_Fact):
    """A sentence computed from a result, and what weight it has.

    Parameters
    ----------
    sentence : one to three short sentences
    clause : the same in a few words, for the title of the first page; empty = not in it
    verdict : see `VERDICTS`
    place : where it stands in the story (`STORY`); empty = in its chapter alone
    at_stake : money a month (MRR) that it is about; None where it is about no money a month
    n : how many it rests on
    low, high : the range of what it tells, in the unit of the result
    key_figures, actions : what the same result gives to the first page
    """

    sentence: str
    clause: str = ""
    verdict: Verdict = "no signal"
    place: Place = ""
    at_stake: Number = None
    n: Number = None
    low: Number = None
    high: Number = None
    key_figures: tuple[KeyFigure, ...] = ()
    actions: tuple[Action, ...] = ()

    def __str__(self) -> str:
        return self.sentence


class ToldTerm(_Fact):
    """A definition in force."""

    word: str
    meaning: str


class Told(_Fact):
    """What one cell's output tells: `anchor` is the id of its block, `label` what the section is
    called. A stack of blocks tells what its `parts` tell.
    """

    anchor: str = ""
    label: str = ""
    findings: tuple[Finding, ...] = ()
    terms: tuple[ToldTerm, ...] = ()
    decisions: tuple[Decision, ...] = ()
    parts: tuple["Told", ...] = ()

    def __bool__(self) -> bool:
        return bool(self.findings or self.terms or self.decisions or any(self.parts))

    def flat(self) -> tuple["Told", ...]:
        """Itself and its parts, in reading order."""
        inner = (one for part in self.parts for one in part.flat())
        return (self, *inner)
