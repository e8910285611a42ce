"""Which chapters a report has, which are left out and why, and which periods are meant."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from churnlib.errors import ParamsError
from churnlib.params.model import Params
from churnlib.params.read import params_from_values
from churnlib.periods import Period
from churnlib.report.chapters import Chapter, pages_of
from churnlib.report.plan import (
    PROJECT,
    Plan,
    Source,
    When,
    choose,
    plan_report,
    read_chapters,
    shown_file,
)


def chapter(name: str, order: int, models: tuple[str, ...], *tables: str) -> Chapter:
    return Chapter(name, name.title(), order, models, tables, Path(f"{name}.ipynb"))


BOTH = ("subscription", "transactional")
CHAPTERS = [
    chapter("summary", 10, BOTH),
    chapter("revenue", 20, ("subscription",), "subscriptions"),
    chapter("sales", 25, ("transactional",), "orders"),
    chapter("basket", 28, ("subscription",), "subscriptions", "orders"),
    chapter("clv", 50, BOTH),
]
MARCH = Period.parse("2026-03")


def params(**values: object) -> Params:
    base = {
        "business": "acme",
        "model": "subscription",
        "currency": "EUR",
        "source": {"uri": "../data"},
    }
    return params_from_values(base | values)


def names(chapters: tuple[Chapter, ...]) -> list[str]:
    return [one.name for one in chapters]


def test_all_that_fit_the_model_and_the_tables() -> None:
    made, left_out = choose(CHAPTERS, params(), MARCH, {"customers", "subscriptions"})
    assert names(made) == ["summary", "revenue", "clv"]
    assert left_out == (
        {"chapter": "Basket", "reason": "needs the table orders, which the data do not hold"},
    )


def test_chapters_of_the_parameters_and_always_the_summary() -> None:
    made, left_out = choose(CHAPTERS, params(chapters=["clv"]), MARCH, {"subscriptions", "orders"})
    assert names(made) == ["summary", "clv"]
    assert {one["chapter"]: one["reason"] for one in left_out} == {
        "Revenue": "not among the chapters in the parameters",
        "Basket": "not among the chapters in the parameters",
    }


def test_a_chapter_on_changes_needs_one_that_has_begun() -> None:
    chapters = [*CHAPTERS, replace(chapter("changes", 60, BOTH), changes=True)]
    change = {"kind": "price", "label": "Rise"}
    reasons = []
    for day in ("2026-03-31", "2026-04-01"):
        given = params(changes=[change | {"date": day}])
        _, left_out = choose(chapters, given, MARCH, {"subscriptions", "orders"})
        reasons.append([one["reason"] for one in left_out])
    assert reasons[0] == []
    assert reasons[1] == ["needs changes in the parameter file that began by the end of the period"]


def test_command_line_wins_over_the_parameters() -> None:
    made, left_out = choose(
        CHAPTERS, params(chapters=["clv"]), MARCH, {"subscriptions", "orders"}, ["revenue"]
    )
    assert names(made) == ["summary", "revenue"]
    assert left_out[-1] == {"chapter": "Clv", "reason": "not asked for in this run (--chapter)"}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            "revenues",
            "'revenues' is not a chapter of a subscription report. Did you mean 'revenue'?",
        ),
        (
            "sales",
            "'sales' is not a chapter of a subscription report. Did you mean|Chapters: summary, "
            "revenue",
        ),
        (
            "x",
            r"'x' is not a chapter of a subscription report. Chapters: summary, revenue, basket, "
            r"clv\.",
        ),
    ],
)
def test_unknown_chapter_names_the_nearest(wanted: str, message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        choose(CHAPTERS, params(), MARCH, {"subscriptions"}, [wanted])


def test_nothing_to_make() -> None:
    with pytest.raises(ParamsError, match="acme: no chapter can be made; the data hold orders"):
        choose([CHAPTERS[1]], params(), MARCH, ["orders"])


def test_summary_is_the_front_page() -> None:
    assert [one.href for one in CHAPTERS[:2]] == ["index.html", "revenue.html"]


def described(name: str, **more: object) -> dict[str, object]:
    return {"chapter": name, "title": name.upper(), "order": 10, "models": ["subscription"]} | more


def written(folder: Path, *chapters: dict[str, object]) -> list[Chapter]:
    """The chapters as they are read from notebooks with these metadata."""
    for number, one in enumerate(chapters):
        text = json.dumps({"metadata": {"churnlib": one}, "cells": []})
        (folder / f"{number}.ipynb").write_text(text)
    return read_chapters(folder)


def test_a_page_holds_the_chapters_that_name_it(tmp_path: Path) -> None:
    made = written(
        tmp_path,
        described("summary", order=1),
        described("cohorts", order=3, page="who-leaves"),
        described("clv", order=4),
        described("survival", order=2, page="who-leaves"),
    )
    pages = pages_of(made)
    assert [(page.href, names(page.chapters)) for page in pages] == [
        ("index.html", ["summary"]),
        ("who-leaves.html", ["survival", "cohorts"]),
        ("clv.html", ["clv"]),
    ]
    assert [page.title for page in pages] == ["SUMMARY", "Who leaves", "CLV"]
    assert [page.is_joint for page in pages] == [False, True, False]


def test_title_of_a_page_with_several_chapters(tmp_path: Path) -> None:
    one = described("cohorts", order=1, page="where")
    two = described("survival", order=2, page="where", page_title="Where they leave")
    (page,) = pages_of(written(tmp_path, one, two))
    assert page.title == "Where they leave"


def test_links_to_a_page_carry_the_chapter_where_it_holds_several(tmp_path: Path) -> None:
    one, two = written(tmp_path, described("a", page="where"), described("b", page="where"))
    (joint,), (alone,) = pages_of([one, two]), pages_of([one])
    assert joint.link(two, "curve") == "where.html#b--curve"
    assert joint.link(two, "") == f"where.html#{joint.section(two)}"
    assert alone.link(one, "curve") == "where.html#curve"
    assert alone.link(one, "") == "where.html"


@pytest.mark.parametrize("page", ["../x", "a/b", "two words", ".hidden", 3])
def test_page_is_a_file_of_the_report(tmp_path: Path, page: object) -> None:
    with pytest.raises(ParamsError, match=r"0\.ipynb: metadata\.churnlib cannot be read"):
        written(tmp_path, described("a", page=page))


def test_folder_of_a_report() -> None:
    plan = Plan(params(), Period.parse("2026-Q3"), (), (), "")
    assert plan.folder(Path("out")) == Path("out/acme/2026-Q3")
    assert plan.name == "acme 2026-Q3"


def test_folder_never_leaves_the_output() -> None:
    hostile = params().model_copy(update={"business": "../.."})
    with pytest.raises(ParamsError, match="cannot be the name of a folder"):
        Plan(hostile, Period.parse("2026-10"), (), (), "").folder(Path("out"))


def planned(*wanted: str) -> Plan:
    source = Source("hash", ("subscriptions",), Period.parse("2026-10"))
    return plan_report(
        Path("acme.yml"), params(), source.latest, source, chapters=CHAPTERS, wanted=wanted
    )


def test_command_makes_the_same_report_again() -> None:
    assert planned().command == "churnlib report acme.yml --period 2026-10"
    assert planned("clv").command == "churnlib report acme.yml --period 2026-10 --chapter clv"
    assert planned("clv", "revenue").command == planned().command


def test_usual_chapters_that_stay_are_no_longer_left_out() -> None:
    plan = planned("clv")
    assert [one["chapter"] for one in plan.left_out] == ["Revenue", "Basket"]
    more = plan.with_usual(["revenue", "basket", "nonsense"])
    assert names(more.chapters) == ["summary", "revenue", "clv"]
    assert [one["chapter"] for one in more.left_out] == ["Basket"]
    assert more.command == planned().command


def test_too_few_customers_leave_chapters_out() -> None:
    needy = [replace(one, customers=30) if one.name == "clv" else one for one in CHAPTERS]
    plan = replace(planned(), chapters=tuple(needy[:2] + needy[-1:]))
    assert plan.among(30) == plan
    few = plan.among(29)
    assert names(few.chapters) == ["summary", "revenue"]
    reason = "needs 30 customers; so far there have been 29"
    assert few.left_out[-1] == {"chapter": "Clv", "reason": reason}
    assert few.command == plan.command


def test_parameter_file_is_shown_without_a_path_of_the_machine(tmp_path: Path) -> None:
    assert shown_file(PROJECT / "params" / "demo.yml") == "params/demo.yml"
    assert shown_file(tmp_path / "my file.yml") == "my file.yml"


LATEST = Period(date(2026, 10, 1))


@pytest.mark.parametrize(
    ("when", "labels"),
    [
        (When(), ["2026-10"]),
        (When(period="2026-Q3"), ["2026-Q3"]),
        (When(first="2026-08"), ["2026-08", "2026-09", "2026-10"]),
        (When(first="2026-01", last="2026-02"), ["2026-01", "2026-02"]),
    ],
)
def test_periods_meant(when: When, labels: list[str]) -> None:
    assert [period.label for period in when.periods(LATEST)] == labels


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (When(period="2026-13"), "'2026-13' is not a period"),
        (When(last="2026-02"), "--to needs --from"),
        (When(period="2026-01", last="2026-02"), "not both"),
        (When(first="2026-03", last="2026-02"), "ends .* before it begins"),
    ],
)
def test_periods_that_make_no_sense(when: When, message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        when.periods(LATEST)


def test_notebooks_are_read_in_order_and_others_passed_over(tmp_path: Path) -> None:
    for name, order in (("b", 20), ("a", 30), ("first", 10)):
        text = json.dumps({"metadata": {"churnlib": described(name, order=order)}, "cells": []})
        (tmp_path / f"{name}.ipynb").write_text(text)
    (tmp_path / "scratch.ipynb").write_text(json.dumps({"metadata": {}, "cells": []}))
    assert names(tuple(read_chapters(tmp_path))) == ["first", "b", "a"]


@pytest.mark.parametrize("text", ["not json", "[]", '{"metadata": {"churnlib": {"chapter": "x"}}}'])
def test_notebook_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.ipynb").write_text(text)
    with pytest.raises(ParamsError, match=r"odd\.ipynb: metadata\.churnlib cannot be read"):
        read_chapters(tmp_path)


def test_no_notebooks_at_all(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="run churnlib from a clone"):
        read_chapters(tmp_path)
