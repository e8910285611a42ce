"""What the first page says: one finding for each place of the story, the one that matters most."""

import json
from pathlib import Path
from typing import Any

import pytest

from churnlib.results.gathered import GatheredError, read_findings, story
from churnlib.results.told import STORY


def finding(
    sentence: str, place: str, verdict: str, at_stake: float | None = None
) -> dict[str, Any]:
    return {"sentence": sentence, "place": place, "verdict": verdict, "at_stake": at_stake}


def said(*findings: dict[str, Any]) -> list[str]:
    return [one["sentence"] for one in story({"findings": list(findings)})]


def test_one_for_each_place_in_the_order_of_the_story() -> None:
    last, first = finding("What next?", "next", "act"), finding("It fell.", "result", "no signal")
    middle = finding("Who?", "where", "watch")
    assert said(last, middle, first) == ["It fell.", "Who?", "What next?"]
    every = [finding(place, place, "watch") for place in reversed(STORY)]
    assert said(*every) == list(STORY)


def test_the_strongest_verdict_whatever_the_money() -> None:
    rich, sure = finding("Rich.", "why", "watch", 1e6), finding("Sure.", "why", "act", 1.0)
    chance = finding("Chance.", "why", "no signal", 1e9)
    assert said(chance, rich, sure) == ["Sure."]
    assert said(chance, rich) == ["Rich."]


def test_then_the_most_money_and_none_last() -> None:
    less, more = finding("Less.", "where", "watch", 10.0), finding("More.", "where", "watch", 10.5)
    none, nought = finding("None.", "where", "watch"), finding("Nought.", "where", "watch", 0.0)
    loss = finding("Loss.", "where", "watch", -11.0)
    assert said(none, less, more) == ["More."]
    assert said(none, nought) == ["Nought."]
    assert said(more, loss) == ["Loss."]


def test_then_the_first_in_reading() -> None:
    one, two = finding("First.", "how", "watch", 5.0), finding("Second.", "how", "watch", 5.0)
    assert said(one, two) == ["First."]
    assert said(two, one) == ["Second."]
    assert said(finding("A.", "how", "act"), finding("B.", "how", "act")) == ["A."]


def test_places_of_chapters_that_are_left_out_stay_empty() -> None:
    assert said() == []
    assert said(finding("Only in its chapter.", "", "act", 1e9)) == []
    assert said(finding("It stays.", "changed", "watch")) == ["It stays."]


PLACE = {"chapter": "revenue", "href": "revenue.html#mrr"}
WHOLE = {
    "format": 1,
    "business": "acme",
    "title": "Acme",
    "period": "2026-03",
    "period_name": "March 2026",
    "as_of": "2026-04-01",
    "currency": "EUR",
    "model": "subscription",
    "chapters": [{"chapter": "revenue", "title": "Revenue", "page": "revenue.html"}],
    "key_figures": [{"label": "MRR", "value": "1 EUR", "course": [1.0, None]} | PLACE],
    "findings": [finding("It fell.", "result", "act", 1.0) | PLACE],
    "actions": [],
    "terms": [{"word": "MRR", "meaning": "A month's money."}],
    "decisions": [],
}


def test_file_is_read_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "findings.json"
    file.write_text(json.dumps(WHOLE | {"of a later version": 1}))
    assert read_findings(file) == WHOLE | {"of a later version": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "it cannot be read"),
        ("[]", "Input should be a valid dictionary"),
        (json.dumps(WHOLE | {"format": 2}), "format: Input should be less than or equal to 1"),
        (json.dumps(WHOLE | {"findings": [PLACE]}), r"findings\.0\.sentence: Field required"),
        (json.dumps(WHOLE | {"terms": None}), "terms: Input should be a valid list"),
        (json.dumps(WHOLE).replace("1.0, null", "[1.0]"), "it cannot be read"),
    ],
)
def test_file_that_is_not_as_it_must_be(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "findings.json"
    file.write_text(text)
    with pytest.raises(GatheredError, match=rf"findings\.json: .*{message}"):
        read_findings(file)


def test_file_that_is_absent(tmp_path: Path) -> None:
    with pytest.raises(GatheredError, match=r"findings\.json: No such file"):
        read_findings(tmp_path / "findings.json")
