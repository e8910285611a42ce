"""The first page: what the chapters told, chosen and in order; it computes nothing."""

import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from churnlib.page import first_page
from churnlib.page.key_figures import key_figures_html
from churnlib.results.told import Change, KeyFigure
from tests.business import snapshot_of

HOSTILE = "<script>alert(1)</script>\"'&"


def parsed(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<div>{html}</div>")


def words(element: ElementTree.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def shown(*figures: KeyFigure) -> ElementTree.Element:
    return parsed(key_figures_html([(one, "revenue.html#mrr") for one in figures]))


def test_a_long_number_stands_smaller():
    html = key_figures_html(
        [(KeyFigure(label=label, value=value), "") for label, value in LONG_AND_SHORT]
    )
    assert html.count("cl-long") == 1


LONG_AND_SHORT = [("MRR", "US$2,139,663"), ("Churn", "3 %")]


@pytest.mark.parametrize(
    ("amount", "noise", "good", "css", "said"),
    [
        (0.01, False, "down", "cl-bad", "worse"),
        (-0.01, False, "down", "cl-good", "better"),
        (0.01, False, "up", "cl-good", "better"),
        (0.01, False, None, "cl-even", "up"),
        (0.01, True, "down", "cl-even", "no clear change"),
        (0.0, False, "up", "cl-even", "no clear change"),
    ],
)
def test_a_change_has_sign_and_words_and_is_grey_within_the_noise(amount, noise, good, css, said):
    change = Change(since="September 2026", amount=amount, text="+1.0 points", noise=noise)
    html = shown(KeyFigure(label="Churn", value="3.4 %", changes=(change,), good=good, n="of 900"))
    assert f"+1.0 points on September 2026, {said}" in words(html)
    assert html.find(f".//span[@class='{css}']") is not None
    assert html.find(".//a").get("href") == "revenue.html#mrr"


def test_a_sparkline_leaves_a_gap_where_nothing_is_known():
    html = shown(KeyFigure(label="Churn", value="3 %", course=(1, 2, None, 3, 4)))
    assert html.find(".//svg").get("aria-label").startswith("Churn")
    assert html.find(".//path").get("d").count("M") == 2


def finding(sentence, place, verdict="no signal", at_stake=None, **more):
    known = {"n": None, "low": None, "high": None, "chapter": "revenue"}
    where = {"href": f"revenue.html#{place}", "label": f"the {place}"}
    return {
        "sentence": sentence,
        "place": place,
        "verdict": verdict,
        "at_stake": at_stake,
        **known,
        **where,
        **more,
    }


@pytest.fixture
def told(tmp_path):
    """A snapshot whose chapters have told something."""
    figure = KeyFigure(
        label="MRR",
        value="€5",
        changes=(Change(since="May", amount=0.1, text="+10.0 %"),),
        course=(1, None, 1234567.8),
    )
    action = {
        "sentence": f"Look into {HOSTILE}.",
        "who": "web",
        "customers": 5.0,
        "money": "",
        "by": None,
        "list_file": "tables/web.csv",
        "verdict": "watch",
        "chapter": "survival",
        "href": "survival.html#x",
        "label": "survival",
    }
    content = {
        "format": 1,
        "business": "test",
        "title": "Test",
        "model": "subscription",
        "period": "2026-03",
        "period_name": "March 2026",
        "as_of": "2026-04-01",
        "currency": "EUR",
        "chapters": [],
        "key_figures": [
            {**figure.model_dump(mode="json"), "chapter": "revenue", "href": "revenue.html#mrr"}
        ],
        "findings": [
            finding("Second.", "real", "watch"),
            finding("First.", "result"),
            finding("Less at stake.", "where", "watch", 5.0),
            finding("Most at stake.", "where", "watch", 9.0),
            finding("Only in its chapter.", ""),
        ],
        "actions": [action],
        "terms": [{"word": "MRR", "meaning": "A month."}],
        "decisions": [],
    }
    (tmp_path / "findings.json").write_text(json.dumps(content), encoding="utf-8")
    spans = [(f"c{n}", "2026-01-01", None, 5) for n in range(30)]
    return first_page.gathered(replace(snapshot_of(subscriptions=spans), folder=tmp_path))


def test_the_story_has_one_finding_a_place_with_its_verdict_and_its_evidence(told):
    html = parsed(first_page.story_block(told).html)
    assert [words(item) for item in html.iter("li")] == [
        "○ No signal First. See the result",
        "◐ Watch Second. See the real",
        "◐ Watch Most at stake. See the where",
    ]
    links = [link.get("href") for link in html.iter("a")]
    assert links == ["revenue.html#result", "revenue.html#real", "revenue.html#where"]


def test_what_was_decided_about_the_data_comes_first(told):
    urgent = first_page.Decision(sentence="The period is not over.", urgent=True)
    html = parsed(first_page.story_block(replace(told, decided=(urgent,))).html)
    assert words(next(html.iter("li"))) == "The period is not over."


def test_actions_name_their_list_and_never_run_what_the_data_say(told):
    html = parsed(first_page.actions_block(told).html)
    assert f"Look into {HOSTILE}." in words(html)
    hrefs = [link.get("href") for link in html.iter("a")]
    assert hrefs == ["survival.html#x", "tables/web.csv"]


def test_key_figures_are_a_table_too(told):
    (row,) = first_page.key_figures_table(told).to_dict("records")
    assert row == {
        "figure": "MRR",
        "value": "€5",
        "change_previous": "+10.0 %",
        "change_year": "",
        "course": "[1.0, null, 1234570.0]",
    }


def test_the_words_are_those_that_chapters_told(told):
    assert "MRR: A month." in first_page.words_block(told).summary


def test_without_a_report_one_sentence_says_how_to_make_it(tmp_path):
    spans = [(f"c{n}", "2026-01-01", None, 5) for n in range(30)]
    lonely = replace(snapshot_of(subscriptions=spans), folder=tmp_path)
    first = first_page.gathered(lonely)
    assert "have told nothing yet: make its report" in first_page.key_figures_block(first).summary
    assert first_page.story_block(first).html == ""
    assert first_page.key_figures_table(first).empty
