"""What the chapters of two reports told, before and after: key figures and sentences."""

from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

from churnlib.report.chapters import led
from churnlib.results.gathered import FILE, read_findings

NOTHING = "–"
_Entry = dict[str, Any]


def told_by(report: Path) -> dict[str, Any]:
    """What the chapters of a published report told; nothing, if it is from before they told."""
    file = report / FILE
    if file.exists():
        return read_findings(file)
    return {"chapters": [], "key_figures": [], "findings": []}


def key_figures(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(label, before, after) of every key figure."""
    before = {(_place(one), one["label"]): one for one in old["key_figures"]}
    after = {(_place(one), one["label"]): one for one in new["key_figures"]}
    return [
        (key[1], _value(before.get(key)), _value(after.get(key)))
        for key in dict.fromkeys((*after, *before))
    ]


def findings(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, str, str]]:
    """(section, before, after) of every finding that differs in its words or its verdict."""
    titles = {one["chapter"]: one["title"] for one in (*old["chapters"], *new["chapters"])}
    before, after = _by_place(old["findings"]), _by_place(new["findings"])
    found = []
    for key in dict.fromkeys((*after, *before)):
        said = _sentence(before.get(key)), _sentence(after.get(key))
        if said[0] != said[1]:
            one = after.get(key) or before[key]
            section = ", ".join(filter(None, (titles.get(one["chapter"]), one["label"])))
            found.append((section, *said))
    return found


def _by_place(entries: Iterable[_Entry]) -> dict[Hashable, _Entry]:
    """By where they stand, the first, second, ... of each place."""
    found: dict[Hashable, _Entry] = {}
    count: dict[Hashable, int] = {}
    for one in entries:
        place = _place(one)
        count[place] = count.get(place, 0) + 1
        found[place, count[place]] = one
    return found


def _place(entry: _Entry) -> tuple[str, str]:
    """Chapter and anchor; the page that they stand on may change, and with it the anchor's lead."""
    chapter = entry["chapter"]
    _, _, anchor = entry["href"].partition("#")
    return chapter, anchor.removeprefix(led(chapter, ""))


def _value(figure: _Entry | None) -> str:
    return figure["value"] if figure else NOTHING


def _sentence(finding: _Entry | None) -> str:
    return f"{finding['sentence']} ({finding['verdict']})" if finding else NOTHING
