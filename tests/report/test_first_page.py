"""Chapters tell, the summary listens: what a chapter says arrives on the first page."""

import json
import re
from pathlib import Path

import pytest

from churnlib.results.gathered import read_findings, story
from tests.acme import HEARS, Acme, tells

RAN = "done in"
UP_TO_DATE = "acme 2026-03: up to date\n"
MRR = {
    "label": "MRR",
    "value": "EUR 126",
    "unit": "EUR",
    "changes": [{"since": "February 2026", "amount": 0.1, "text": "+10 %"}],
    "good": "up",
    "course": [100, None, 126],
}
WIN_BACK = {
    "sentence": "Write to nine.",
    "who": "monthly payers",
    "customers": 9,
    "by": "2026-04-30",
}
FELL = {
    "sentence": "MRR fell.",
    "verdict": "act",
    "place": "result",
    "at_stake": 12.5,
    "n": 9,
    "key_figures": [MRR],
    "actions": [WIN_BACK],
}
TERM = {"word": "MRR", "meaning": "What all subscriptions bring a month."}
SET_ASIDE = {"sentence": "One row was set aside.", "rows": 1}


@pytest.fixture
def told(acme: Acme) -> Acme:
    """Three chapters, two of which tell the third something."""
    decides = tells("data-box", decisions=[SET_ASIDE], terms=[TERM])
    acme.notebook("summary", HEARS, decides, order=1)
    acme.notebook("revenue", tells("mrr", findings=[FELL], terms=[TERM]), order=2)
    acme.notebook("survival", tells("curve", "They stay.", "Half of them."), order=3)
    return acme


def heard(acme: Acme) -> list[str]:
    """The sentences on the first page."""
    return re.findall(r"<li>([^<]*)</li>", acme.page("index").split("<main")[1].split("<footer")[0])


def test_summary_is_made_from_what_the_others_told(told: Acme) -> None:
    code, _, error = told.make()
    assert code == 0, error
    assert heard(told) == ["MRR fell.", "They stay.", "Half of them."]
    lines = error.splitlines()
    assert lines[0] == "acme 2026-03: 3 chapters, the summary last"
    assert lines[-2].startswith("acme 2026-03 summary: done")
    assert told.make()[2] == UP_TO_DATE


def test_what_was_told_stands_in_one_file_with_the_way_to_it(told: Acme) -> None:
    told.make()
    found = read_findings(told.report / "findings.json")
    assert [found[name] for name in ("business", "period_name", "as_of", "currency", "model")] == [
        "acme",
        "March 2026",
        "2026-04-01",
        "EUR",
        "subscription",
    ]
    pages = [(one["chapter"], one["page"]) for one in found["chapters"]]
    assert pages == [
        ("summary", "index.html"),
        ("revenue", "revenue.html"),
        ("survival", "survival.html"),
    ]
    place = {"chapter": "revenue", "href": "revenue.html#mrr"}
    (mrr,), (action,) = found["key_figures"], found["actions"]
    assert mrr.items() >= (MRR | place | {"changes": mrr["changes"]}).items()
    assert mrr["changes"][0].items() >= MRR["changes"][0].items()
    assert action.items() >= (WIN_BACK | place | {"label": "Mrr", "verdict": "watch"}).items()
    fell, stay, _ = found["findings"]
    assert (fell["sentence"], fell["verdict"], fell["at_stake"]) == ("MRR fell.", "act", 12.5)
    assert "key_figures" not in fell
    assert "actions" not in fell
    assert (stay["href"], stay["label"]) == ("survival.html#curve", "Curve")
    assert found["terms"] == [TERM]
    assert [(one["sentence"], one["href"]) for one in found["decisions"]] == [
        ("One row was set aside.", "index.html#data-box")
    ]
    for one in (*found["findings"], *found["key_figures"], *found["decisions"]):
        page, _, anchor = one["href"].partition("#")
        assert f'id="{anchor}"' in (told.report / page).read_text()


def test_what_a_chapter_has_not_told_is_not_heard(acme: Acme) -> None:
    acme.notebook("summary", HEARS)
    acme.notebook("revenue", "print('nothing to tell')")
    assert acme.make()[0] == 0
    assert heard(acme) == []
    assert acme.told()["findings"] == story(acme.told()) == []


def test_missing_numbers_are_null(acme: Acme) -> None:
    acme.notebook("summary", HEARS)
    # What a kernel makes of NaN on its way.
    no_number = {"sentence": "Nobody knows.", "at_stake": "nan", "low": None}
    acme.notebook("revenue", tells("mrr", findings=[no_number]))
    assert acme.make()[0] == 0
    (finding,) = acme.told()["findings"]
    assert (finding["at_stake"], finding["low"], finding["n"]) == (None, None, None)
    assert "NaN" not in (acme.report / "findings.json").read_text()


FAULTS = {
    "verdict": (
        {"findings": [{"sentence": "x", "verdict": "loud"}]},
        "findings.0.verdict: Input should be 'act', 'watch' or 'no signal'",
    ),
    "unknown": ({"says": "x"}, "says: Extra inputs are not permitted"),
    "number": (
        {"findings": [{"sentence": "x", "at_stake": [1]}]},
        "float() argument must be a string or a real number, not 'list'",
    ),
}


def test_what_nobody_can_read_is_a_fault_of_its_cell(acme: Acme) -> None:
    acme.notebook("summary", HEARS)
    for name, (wrong, _) in FAULTS.items():
        acme.notebook(name, "x = 1", tells("mrr", "MRR fell."), tells("mrr", **wrong))
    code, _, error = acme.make()
    assert code == 1
    assert error.splitlines()[-len(FAULTS) :] == [
        f"acme 2026-03 {name}, cell 7 (Part 3): what it tells the first page is not as it must "
        f"be: {message}"
        for name, (_, message) in sorted(FAULTS.items())
    ]
    assert not acme.report.exists()


def test_summary_is_not_made_where_a_chapter_failed(told: Acme) -> None:
    told.make()
    good = told.files()
    told.notebook("revenue", "1 / 0", order=2)
    code, _, error = told.make()
    assert code == 1
    assert "acme 2026-03 summary: not made" in error.splitlines()
    assert told.files() == good
    failed = told.report.with_name("2026-03.failed")
    page = (failed / "index.html").read_text()
    assert "Summary: not made, because a chapter failed" in page
    assert '<a href="survival.html">done</a>' in page
    assert not (failed / "findings.json").exists()
    assert (failed / "revenue.html").read_text() == page


def test_summary_is_made_again_if_it_is_told_something_else(told: Acme) -> None:
    told.make()
    first = told.files()
    told.notebook("survival", tells("curve", "They leave."), order=3)
    _, _, error = told.make()
    assert "acme 2026-03 revenue: up to date" in error
    assert f"acme 2026-03 summary: {RAN}" in error
    assert heard(told) == ["MRR fell.", "They leave."]
    told.notebook("survival", "# as before", tells("curve", "They leave."), order=3)
    _, _, error = told.make()
    assert f"acme 2026-03 survival: {RAN}" in error
    assert "acme 2026-03 summary: up to date" in error
    assert told.make()[2] == UP_TO_DATE
    assert f"summary: {RAN}" in told.make("--force")[2]
    assert told.files()["revenue.html"] == first["revenue.html"]


def test_chapters_that_stay_are_heard(told: Acme) -> None:
    told.make()
    before = told.told()
    _, _, error = told.make("--chapter", "survival", "--force")
    assert "acme 2026-03 revenue: up to date" in error
    assert heard(told) == ["MRR fell.", "They stay.", "Half of them."]
    assert told.told() == before


def test_chapter_that_is_left_out_is_not_heard(told: Acme) -> None:
    assert told.make("--chapter", "survival")[0] == 0
    assert heard(told) == ["They stay.", "Half of them."]
    assert [one["chapter"] for one in told.told()["chapters"]] == ["summary", "survival"]
    assert told.make()[0] == 0
    assert heard(told) == ["MRR fell.", "They stay.", "Half of them."]


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_reports_under_way_at_once_hear_their_own_chapters(told: Acme, jobs: str) -> None:
    says = "period = json.loads((pathlib.Path(frozen) / 'snapshot.json').read_text())['period']\n"
    cell = tells("curve", "In PERIOD.").replace("'In PERIOD.'", "'In ' + period + '.'")
    told.notebook("survival", f"import json, pathlib\n{says}{cell}", order=3)
    span = ["--from", "2026-02", "--to", "2026-03", "--output", told.output, "--jobs", jobs]
    code, _, error = told.command("report", told.params, *span)
    assert code == 0, error
    for period in ("2026-02", "2026-03"):
        page = (told.report.with_name(period) / "index.html").read_text()
        assert f"<li>In {period}.</li>" in page
    assert told.leftovers() == []


def test_plain_kernels_give_the_same_report(told: Acme) -> None:
    told.make()
    forked = told.files()
    told.make("--kernel", "plain", "--force")
    plain = told.files()
    assert {name for name in plain if plain[name] != forked.get(name)} <= {"manifest.json"}


def test_report_that_is_made_again_is_the_same(told: Acme) -> None:
    told.make()
    code, out, error = told.command("verify", told.report)
    assert (code, out) == (0, "acme 2026-03: the same, byte by byte\n"), error
    file = told.report / "findings.json"
    file.write_text(file.read_text().replace("MRR fell.", "MRR rose."))
    code, out, _ = told.command("verify", told.report)
    assert code == 1
    said = 'findings.json: findings.0.sentence: "MRR rose." became "MRR fell."'
    assert f"differs: {said} (the file was altered after it was published)" in out


def test_index_of_all_reports_shows_the_first_key_figure(told: Acme) -> None:
    told.make()
    index = (told.output / "index.html").read_text()
    assert ">EUR 126<" in index
    assert index.count('<svg class="cl-spark"') == 1


def test_diff_says_what_was_said_before_and_after(told: Acme, tmp_path: Path) -> None:
    told.make()
    other = told.folder / "second"
    rose = FELL | {"sentence": "MRR rose.", "key_figures": [MRR | {"value": "EUR 150"}]}
    told.notebook("revenue", tells("mrr", findings=[rose], terms=[TERM]), order=2)
    told.command("report", told.params, "--period", "2026-03", "--output", other)
    page = tmp_path / "diff.html"
    command = ["diff", told.report, other / "acme" / "2026-03", "-o", page]
    code, _, error = told.command(*command)
    assert code == 1
    assert error.splitlines()[0] == "MRR: EUR 126 became EUR 150"
    text = page.read_text()
    row = "<td>MRR fell. (act)</td><td>MRR rose. (act)</td>"
    for words in ("EUR 126", "EUR 150", "Revenue, Mrr", row, "summary: cell 3: "):
        assert words in text
    assert "They stay." not in text


def test_mail_begins_with_the_key_figures(told: Acme) -> None:
    assert told.make("--single-file")[0] == 0
    page = (told.output / "acme" / "acme-2026-03.html").read_text()
    body = page.split("<body>")[1]
    assert "<title>acme · March 2026</title>" in page
    assert re.sub(r"<[^>]*>|\s+", " ", body).split()[:6] == [
        "acme,",
        "March",
        "2026",
        "MRR",
        "EUR",
        "126",
    ]
    assert 'id="survival--curve"' in body
    for target in re.findall(r'href="#([^"]*)"', body):
        assert f'id="{target}"' in body, target


JOINT = "<svg><clipPath id='edge'/><g clip-path='url(#edge)'/></svg>"


def test_page_with_several_chapters(told: Acme) -> None:
    block = f'<div id="same"><h3>Said</h3>{JOINT}<a href="#same">here</a></div>'
    where = {"page": "where", "page_title": "Where they leave"}
    told.notebook("by_plan", tells("same", "By plan.", html=block), order=4, **where)
    told.notebook("by_age", tells("same", "By age.", html=block), order=5, page="where")
    told.notebook("by_size", "x = 1", tells("same", "By size.", html=block), order=6, page="where")
    code, _, error = told.make()
    assert code == 0, error
    pages = {name for name in told.files() if name.endswith(".html")}
    assert pages == {"index.html", "revenue.html", "survival.html", "where.html"}
    page = told.page("where")
    assert [" ".join(re.findall(r">([^<]+)<", one)) for one in re.findall(r"<li>.*</li>", page)][
        :4
    ] == ["Summary", "Revenue", "Survival", "Where they leave"]
    assert "<h1>Where they leave <span" in page
    order = [page.index(f"<h2>{title}</h2>") for title in ("By_Plan", "By_Age", "By_Size")]
    assert order == sorted(order)
    assert page.count("<h4>Said</h4>") == 3
    ids = re.findall(r'\bid=["\']([^"\']+)', page)
    assert len(ids) == len(set(ids))
    for reference in re.findall(r'(?:href="#|url\(#)([^")]+)', page):
        assert reference in ids, reference
    assert 'href="#by_age--Part-1"' in page.split('<div id="content"')[0]
    hrefs = [one["href"] for one in told.told()["findings"] if one["chapter"].startswith("by_")]
    assert hrefs == [f"where.html#{name}--same" for name in ("by_plan", "by_age", "by_size")]
    assert {href.split("#")[1] for href in hrefs} <= set(ids)
    assert told.make()[2] == UP_TO_DATE
    assert told.command("verify", told.report)[0] == 0


def test_page_with_several_chapters_of_which_one_is_run_again(told: Acme) -> None:
    told.notebook("a", tells("same", "First."), order=4, page="where")
    told.notebook("b", tells("same", "Second."), order=5, page="where")
    told.make()
    told.notebook("b", tells("same", "Third."), order=5, page="where")
    _, _, error = told.make()
    assert "acme 2026-03 a: up to date" in error
    assert "First." in told.page("where")
    assert "Third." in told.page("where")
    assert "Second." not in told.page("where")
    told.notebook("b", "1 / 0", order=5, page="where")
    assert told.make()[0] == 1
    failed = told.report.with_name("2026-03.failed")
    assert "This run failed" in (failed / "where.html").read_text()
    manifest = json.loads((failed / "manifest.json").read_text())
    status = {one["chapter"]: one["status"] for one in manifest["chapters"]}
    assert status == {
        "summary": "not made",
        "revenue": "done",
        "survival": "done",
        "a": "done",
        "b": "failed",
    }
