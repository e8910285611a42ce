"""The ways in which a benchmark can lie: no work, work of before, other numbers than the peer's."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from benchmarks.contest import (
    ContestError,
    Outcome,
    Place,
    Task,
    Way,
    compete,
    exponent,
    require_same,
    require_work,
    rows_of,
    run_way,
    table,
)
from benchmarks.engine import BASE, TASKS, made
from benchmarks.report import NoWork, Run, chapters_of, measure
from churnlib.params.model import PROJECT
from churnlib.params.read import read_params
from churnlib.periods import Period
from churnlib.report.published.provenance import MANIFEST_FORMAT

WAYS = (Way("base", "tests.spec.test_benchmarks", "honest"),)
TASK = Task("sum", "A sum", ("month", "n", "share"), WAYS, "base")
DONE = Outcome("base", cpu=1.0, work=0.5, peak=90.0, rows=[["2026-01", 3, 0.25]], run="a")


def honest(place: Place) -> pd.DataFrame:
    return pd.DataFrame({"month": ["2026-01"], "n": [sum(range(100_000))], "share": [0.25]})


def idle(place: Place) -> pd.DataFrame:
    return honest(place).head(0)


def other(place: Place) -> pd.DataFrame:
    return honest(place).assign(n=1)


def of_before(place: Place) -> Path:
    return place.inputs / "written_long_ago.parquet"


def late_import(place: Place) -> pd.DataFrame:
    for name in [one for one in sys.modules if one.partition(".")[0] == "polars"]:
        del sys.modules[name]
    sys.modules["polars"] = ModuleType("polars")
    return honest(place)


def way(function: str, *needs: str) -> Way:
    return Way(function, "tests.spec.test_benchmarks", function, needs)


def test_an_honest_way_is_told_with_its_cost(tmp_path):
    (outcome,) = compete(TASK, tmp_path, reads=10)
    assert outcome.rows == [["2026-01", 4999950000, 0.25]]
    assert 0 < outcome.work <= outcome.cpu
    assert "A sum" in table(TASK, [outcome])


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("late_import", "imported within"),
        ("idle", "did no work"),
        ("of_before", "no file that this run wrote"),
        ("nowhere", "failed"),
    ],
)
def test_a_way_that_does_no_work_or_imports_while_it_is_timed_fails(tmp_path, function, said):
    with pytest.raises(ContestError, match=said):
        run_way(TASK, way(function), tmp_path)


def test_a_way_that_comes_to_another_answer_fails(tmp_path):
    task = replace(TASK, ways=(*WAYS, way("other")))
    with pytest.raises(ContestError, match="differ"):
        compete(task, tmp_path, reads=10)


def test_a_peer_that_is_not_there_is_said_and_the_base_must_be(tmp_path):
    task = replace(TASK, ways=(*WAYS, way("other", "no_such_package")))
    told = table(task, compete(task, tmp_path, reads=10))
    assert "NOT RUN: no_such_package cannot be imported here" in told
    with pytest.raises(ContestError, match="not at hand"):
        compete(replace(TASK, base="nobody"), tmp_path, reads=10)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"run": "b"}, "another run"),
        ({"rows": []}, "empty"),
        ({"rows": [["2026-01", 0, 0.0]]}, "every number is 0"),
        ({"rows": [["2026-01", 3]]}, "other columns"),
        ({"work": 0.0}, "cost was not measured"),
        ({"cpu": 0.1}, "cost was not measured"),
        ({"peak": 0.0}, "cost was not measured"),
    ],
)
def test_an_outcome_without_work_is_none(wrong, said):
    require_work(TASK, DONE, "a")
    with pytest.raises(ContestError, match=said):
        require_work(TASK, replace(DONE, **wrong), "a")


@pytest.mark.parametrize(
    "rows",
    [
        [["2026-01", 4, 0.25]],
        [["2026-01", 3.0, 0.25]],
        [["2026-01", 3, 0.2500001]],
        [["2026-02", 3, 0.25]],
        [["2026-01", 3, 0.25], ["2026-02", 3, 0.25]],
    ],
)
def test_other_numbers_are_another_answer(rows):
    require_same(TASK, DONE, replace(DONE, rows=[["2026-01", 3, 0.25 + 1e-12]]))
    with pytest.raises(ContestError):
        require_same(TASK, DONE, replace(DONE, rows=rows))


def test_what_is_not_computed_yet_is_no_answer(tmp_path):
    with pytest.raises(ContestError, match="no frame at hand"):
        rows_of(iter([]), ("n",), Place(tmp_path, tmp_path))


def test_growth_is_the_slope_of_logarithms():
    assert exponent([100, 1_000, 10_000], [1.0, 10.0, 100.0]) == pytest.approx(1.0)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_run_that_writes_its_page_is_measured(tmp_path):
    page = tmp_path / "page.html"
    cost = measure(Run([python(f"open({str(page)!r}, 'w').write('x' * 9)")], pages=[page]))
    assert cost.wall > 0


@pytest.mark.parametrize(
    ("code", "said"),
    [("pass", "was not made"), ("open({page!r}, 'w')", "was not made")],
)
def test_a_run_that_writes_nothing_is_none(tmp_path, code, said):
    page = tmp_path / "page.html"
    with pytest.raises(NoWork, match=said):
        measure(Run([python(code.format(page=str(page)))], pages=[page]))


def test_what_stands_before_the_run_was_not_made_by_it(tmp_path):
    (tmp_path / "page.html").write_text("of before")
    with pytest.raises(NoWork, match="stands before the run"):
        measure(Run([python("pass")], pages=[tmp_path / "page.html"]))


def test_a_page_older_than_the_run_was_copied(tmp_path):
    page = tmp_path / "page.html"
    code = f"import os; open({str(page)!r}, 'w').write('x'); os.utime({str(page)!r}, (1, 1))"
    with pytest.raises(NoWork, match="older than the run"):
        measure(Run([python(code)], pages=[page]))


def test_a_report_that_was_up_to_date_is_no_run(tmp_path):
    """It says so itself, and its manifest may be as new as one likes."""
    report = tmp_path / "demo" / "2026-10"
    code = (
        f"import os, sys; os.makedirs({str(report)!r}); "
        f"open({str(report / 'manifest.json')!r}, 'w').write('{{}}'); "
        "print('demo 2026-10: up to date', file=sys.stderr)"
    )
    with pytest.raises(NoWork, match="skipped"):
        measure(Run([python(code)], reports={report: {"revenue"}}))


@pytest.mark.parametrize(
    ("chapters", "said"),
    [
        ([{"chapter": "revenue", "status": "done"}], None),
        ([{"chapter": "revenue", "status": "up to date"}], "other chapters"),
        ([{"chapter": "survival", "status": "done"}], "other chapters"),
        ([], "other chapters"),
    ],
)
def test_a_report_counts_with_all_its_chapters_made(tmp_path, chapters, said):
    report = tmp_path / "demo" / "2026-10"
    text = json.dumps({"format": MANIFEST_FORMAT, "chapters": chapters})
    code = (
        f"import os, sys; os.makedirs({str(report)!r}); "
        f"open({str(report / 'manifest.json')!r}, 'w').write({text!r}); "
        "print('demo 2026-10: published', file=sys.stderr)"
    )
    run = Run([python(code)], reports={report: {"revenue"}})
    if said is None:
        assert measure(run).wall > 0
        return
    with pytest.raises(NoWork, match=said):
        measure(run)


def test_of_a_range_each_report_has_to_be_published(tmp_path):
    """As where one of them stood there from the run before."""
    reports = {tmp_path / "demo" / f"2026-{month}": {"revenue"} for month in ("09", "10")}
    text = json.dumps(
        {"format": MANIFEST_FORMAT, "chapters": [{"chapter": "revenue", "status": "done"}]}
    )
    code = "import os, sys\n" + "".join(
        f"os.makedirs({str(one)!r}); open({str(one / 'manifest.json')!r}, 'w').write({text!r})\n"
        for one in reports
    )
    code += "print('demo 2026-10: published', file=sys.stderr)"
    with pytest.raises(NoWork, match="2026-09 was not published"):
        measure(Run([python(code)], reports=reports))


def test_each_period_is_asked_for_its_own_chapters():
    """A chapter on changes is made where one had begun."""
    params = read_params(PROJECT / "params" / "demo.yml")
    holds = ["customers", "subscriptions", "subscriptions.end_reason"]
    early, late = (chapters_of(params, Period.parse(one), holds) for one in ("2024-01", "2026-10"))
    assert set(early) < set(late)
    assert all(path.exists() for path in late.values())


def test_the_measures_and_sql_by_hand_come_to_the_same(tmp_path):
    """The real ways on few rows: what the script itself would stop at."""
    names = ["bridge", "frozen"]
    counts = made(tmp_path, 1_000, names)
    for name in names:
        ways = tuple(way for way in TASKS[name].ways if way.name in (BASE, "churnlib"))
        outcomes = compete(replace(TASKS[name], ways=ways), tmp_path, counts["spans"])
        assert [one.way for one in outcomes] == [BASE, "churnlib"]


def test_a_run_that_does_not_say_what_it_makes_is_refused():
    with pytest.raises(NoWork, match="nothing says"):
        measure(Run([python("pass")]))
