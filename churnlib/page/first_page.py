"""The first page: what the chapters told, chosen and put in order. It computes nothing.

`gathered(snapshot)` reads the `findings.json` of the report under way or, in a notebook of its own,
that of the published report of the same business and period.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from churnlib.page.blocks import definitions_block, note_block
from churnlib.page.data_box import decisions
from churnlib.page.key_figures import key_figures_html
from churnlib.page.markup import Block, esc, link
from churnlib.page.tables import table_block
from churnlib.params.model import PROJECT
from churnlib.results.columns import Column
from churnlib.results.declared import Result, tagged
from churnlib.results.gathered import FILE, read_findings, story
from churnlib.results.registry import terms
from churnlib.results.told import Decision, KeyFigure, ToldTerm, Verdict
from churnlib.statistics.rules import MIN_N

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = [
    "FirstPage",
    "actions_block",
    "customers_block",
    "gathered",
    "key_figures_block",
    "key_figures_table",
    "story_block",
    "words_block",
]

MOST_FIGURES = 5
MOST_ACTIONS = 3
DIGITS = 6
"""Of the values of a course, which is for other programs to draw."""
VERDICTS: dict[Verdict, tuple[str, str]] = {
    "act": ("\u25cf", "Act"),
    "watch": ("\u25d0", "Watch"),
    "no signal": ("\u25cb", "No signal"),
}
"""Shape and word of each verdict: colour comes last."""
NOTHING_TO_ACT_ON = (
    "Nothing to look at more closely: no difference is clear enough, or no group is large enough."
)
TOO_FEW = "So few customers are better looked at one by one: no advice is given."
UNLISTED = "Who they are is listed here where the parameters say customer_lists: true."
KEY_FIGURES = Result(
    "key_figures",
    "the key figures",
    "one row a key figure of the first page",
    (
        Column("figure", "text", "Figure", "What it is."),
        Column("value", "text", "Value", "The number with its unit, as it is read."),
        Column("change_previous", "text", "On the period before", "As it is read; or empty."),
        Column("change_year", "text", "On the year before", "As it is read; or empty."),
        Column("course", "text", "Course", "The last values as a JSON list, the oldest first."),
    ),
)


@dataclass(frozen=True)
class FirstPage:
    """What the chapters told, for the first page.

    told : the content of findings.json; empty where nothing has been gathered
    decided : what was decided about the data, of which a reader must know first
    missing : why there is nothing, in one sentence
    few : whether there are too few customers for anything but facts: no rate is told, no change is
        called better or worse, and nothing is advised
    """

    told: dict[str, Any]
    decided: tuple[Decision, ...] = ()
    missing: str = ""
    few: bool = False

    @property
    def key_figures(self) -> list[tuple[KeyFigure, str]]:
        """The first five, each with the section that explains it."""
        told = self.told.get("key_figures", [])[:MOST_FIGURES]
        figures = [(_fact(KeyFigure, one), one["href"]) for one in told]
        if self.few:
            return [(one.model_copy(update={"good": None}), href) for one, href in figures]
        return figures

    @property
    def story(self) -> list[dict[str, Any]]:
        """One finding for each place of the story; of few customers what happened, and no more."""
        told = story(self.told)
        return [one for one in told if one["place"] == "result"] if self.few else told

    @property
    def actions(self) -> list[dict[str, Any]]:
        """The first of what the chapters would have looked at; of few customers nothing."""
        return [] if self.few else self.told.get("actions", [])[:MOST_ACTIONS]


def gathered(snapshot: "Snapshot") -> FirstPage:
    """What the chapters of this business and period told, or one sentence on how to have it."""
    decided = tuple(one for one in decisions(snapshot) if one.urgent)
    name, label = snapshot.params.business, snapshot.period.label
    places = (snapshot.folder / FILE, PROJECT / "reports" / name / label / FILE)
    found = next((path for path in places if path.exists()), None)
    if found is None:
        missing = (
            f"The chapters of {name} {label} have told nothing yet: make its report with "
            f"`churnlib report` on its parameter file, with --period {label}."
        )
        return FirstPage({}, decided, missing)
    return FirstPage(read_findings(Path(found)), decided, few=snapshot.n_customers < MIN_N)


def key_figures_block(first: FirstPage) -> Block:
    """Key figures side by side: three to five numbers with their changes and their course."""
    if first.missing:
        return note_block(first.missing)
    lines = "\n".join(f"{one.label}: {one.value}" for one, _ in first.key_figures)
    return Block(key_figures_html(first.key_figures), lines)


def key_figures_table(first: FirstPage) -> pd.DataFrame:
    """The key figures for other programs.

    Grain: one row a key figure, in the order of the first page.

    Returns
    -------
    DataFrame : figure (its name); value, change_previous, change_year (as they are read; empty
    where
        there is none); course (the last values as a JSON list, oldest first, the reported one last;
        null where unknown)
    """
    rows = [
        {
            "figure": one.label,
            "value": one.value,
            "change_previous": one.changes[0].text if one.changes else "",
            "change_year": one.changes[1].text if len(one.changes) > 1 else "",
            "course": json.dumps([_short(value) for value in one.course]),
        }
        for one, _ in first.key_figures
    ]
    names = [column.name for column in KEY_FIGURES.columns]
    return tagged(pd.DataFrame(rows, columns=names), KEY_FIGURES)


def story_block(first: FirstPage) -> Block:
    """One finding for each place of the story, each with its verdict and the way to its
    evidence.
    """
    if first.missing:
        return Block("", "")
    notices = [f"<li>{esc(one.sentence)}</li>" for one in first.decided]
    told = first.story
    items = "".join((*notices, *(_told(one) for one in told)))
    lines = [one.sentence for one in first.decided] + [one["sentence"] for one in told]
    return Block(f'<ul class="cl-findings cl-story">{items}</ul>', "\n".join(lines))


def customers_block(first: FirstPage, listed: pd.DataFrame) -> Block:
    """Where there are few customers, what `few_customers` gave of each; else nothing."""
    if first.missing or not first.few:
        return Block("", "")
    return note_block(UNLISTED) if listed.empty else table_block(listed)


def actions_block(first: FirstPage) -> Block:
    """Where a closer look is worth it: who, how many, what is at stake."""
    if first.missing:
        return Block("", "")
    actions = first.actions
    if not actions:
        return note_block(TOO_FEW if first.few else NOTHING_TO_ACT_ON)
    items = "".join(_told(one) for one in actions)
    lines = "\n".join(one["sentence"] for one in actions)
    return Block(f'<ul class="cl-findings cl-story">{items}</ul>', lines)


def words_block(first: FirstPage, *words: str) -> Block:
    """The definitions in force in the chapters of this report, each once, and further `words`."""
    if first.missing:
        return Block("", "")
    told = [_fact(ToldTerm, one) for one in first.told.get("terms", [])]
    known = {one.word for one in told}
    more = [one for one in terms(words) if one.word not in known]
    return definitions_block([*told, *more])


def _told(one: dict[str, Any]) -> str:
    shape, word = VERDICTS[one["verdict"]]
    css = one["verdict"].replace(" ", "-")
    verdict = (
        f'<span class="cl-verdict cl-{css}"><span aria-hidden="true">{shape}</span> {word}</span>'
    )
    see = link(one["href"], "See " + (one["label"] or "the evidence"))
    file = ""
    if one.get("list_file"):
        file = f" · {link(one['list_file'], one['list_file'])}"
    return (
        f'<li>{verdict} <span class="cl-said">{esc(one["sentence"])} '
        f'<span class="cl-evidence">{see}{file}</span></span></li>'
    )


def _fact(kind: type, told: dict[str, Any]) -> Any:
    """One of the facts of `results.told`, without what the runner added to it."""
    return kind.model_validate({name: told[name] for name in kind.model_fields if name in told})


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{DIGITS}g}")
