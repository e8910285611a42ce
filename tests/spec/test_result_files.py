"""A result as a file: its columns as declared, and what other programs are told of them."""

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest

from churnlib.results import declared as results
from churnlib.results.columns import PERIOD_START, Column, rate
from churnlib.results.csv_files import csv_columns
from churnlib.results.declared import Result, ResultError
from churnlib.snapshot.snapshot import Snapshot
from tests.business import snapshot_of

LEAVING = (
    PERIOD_START,
    Column("opening", "count", "Opening", "Customers at opening.", unit="customers"),
    *rate("churn_rate", "Churn", "Left ÷ opening.", "opening", frame="rate"),
    Column("mrr", "money", "MRR", "Recurring revenue.", decimals=2, signed=True),
    Column("wait", "number", "Wait", "How long.", unit="months", optional=True),
    Column("stands_out", "flag", "Stands out", "Beyond chance.", optional=True),
    Column("since", "day", "Since", "First day.", optional=True),
)


@pytest.fixture
def leaving(monkeypatch: pytest.MonkeyPatch) -> Result:
    """A result that is declared for one test alone."""
    monkeypatch.setattr(results, "DECLARED", dict(results.DECLARED))
    return Result("leaving", "leaving customers", "One row a period.", LEAVING)


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    made = snapshot_of(
        subscriptions=[("a", "2026-01-01", None, 1)], customers=[{"customer_id": "a", "tier": "x"}]
    )
    return replace(made, folder=tmp_path)


def frame(**more: Any) -> pd.DataFrame:
    """A frame whose columns stand in another order than the declared one."""
    given = {
        "mrr": [10.5, 2.0],
        "low": [0.1, None],
        "rate": [0.25, None],
        "high": [0.4, None],
        "opening": [8.0, None],
        "period_start": pd.to_datetime(["2026-01-01", "2026-02-01"]),
    }
    return pd.DataFrame(given | more)


def tagged(snapshot: Snapshot, frame: pd.DataFrame, declared: Result, **more: str) -> pd.DataFrame:
    return results.tagged(frame, declared, snapshot, **more)


def written(snapshot: Snapshot, name: str) -> tuple[list[str], dict[str, Any]]:
    """Lines of a table's CSV, and its descriptor."""
    file = snapshot.folder / "tables" / name
    text = file.with_suffix(".csv").read_text(encoding="utf-8")
    return text.splitlines(), json.loads(file.with_suffix(".json").read_text(encoding="utf-8"))


def test_declared_columns_stand_in_their_order_under_their_heads(snapshot, leaving):
    given = tagged(snapshot, frame(note=["=1+1", "b"]), leaving)
    assert snapshot.write_table(given) is given
    assert given.attrs["file"] == "tables/leaving.csv"
    lines, _ = written(snapshot, "leaving")
    assert lines == [
        "period_start,opening,churn_rate,churn_rate_low,churn_rate_high,mrr,note",
        "2026-01-01,8,0.25,0.1,0.4,10.5,'=1+1",
        "2026-02-01,,,,,2.0,b",
    ]


def test_a_split_result_has_its_segment_after_the_period(snapshot, leaving):
    given = tagged(snapshot, frame(segment=["a", "b"]), leaving, by="tier")
    snapshot.write_table(given)
    lines, told = written(snapshot, "leaving_by_tier")
    assert lines[0].startswith("period_start,segment,opening,")
    assert (told["by"], told["path"]) == ("tier", "tables/leaving_by_tier.csv")


def test_stacked_splits_come_first(snapshot, leaving):
    stacked = frame(segment=["a", "b"], segment_column=["tier", "tier"])
    snapshot.write_table(tagged(snapshot, stacked, leaving))
    lines, _ = written(snapshot, "leaving")
    assert lines[0].startswith("segment_column,segment,period_start,opening,")


def test_a_result_without_periods_begins_with_its_segment():
    declared = replace(Result("curve", "a curve", "a month", LEAVING[1:2]), name="curve")
    results.DECLARED.pop("curve")
    assert list(csv_columns(declared, ["opening", "segment"])) == ["segment", "opening"]


def test_a_frame_that_is_not_as_declared_is_refused(snapshot, leaving):
    with pytest.raises(ResultError, match=r"leaving customers \(leaving\) lacks the columns rate"):
        snapshot.write_table(tagged(snapshot, frame().drop(columns="rate"), leaving))
    with pytest.raises(ResultError, match="Two columns would be called 'churn_rate' in the file"):
        snapshot.write_table(tagged(snapshot, frame(churn_rate=1), leaving))
    twice = pd.concat([frame(), frame()[["mrr"]]], axis=1)
    with pytest.raises(ResultError, match="Two columns would be called 'mrr'"):
        snapshot.write_table(twice, name="x")
    with pytest.raises(ResultError, match="does not say which result it is"):
        snapshot.write_table(pd.DataFrame({"n": [1]}))
    assert not (snapshot.folder / "tables").exists()


def test_a_declared_frame_may_be_given_another_name(snapshot, leaving):
    given = tagged(snapshot, frame(), leaving)
    assert snapshot.write_table(given, name="other").attrs["file"] == "tables/other.csv"
    lines, told = written(snapshot, "other")
    assert lines[0].startswith("period_start,opening,churn_rate,")
    assert told["title"] == "Leaving customers"


def test_other_programs_are_told_what_the_columns_are(snapshot, leaving):
    more = {"wait": [1.5, 2], "stands_out": [True, False], "since": [date(2026, 1, 1), None]}
    snapshot.write_table(tagged(snapshot, frame(**more, note=["a", "b"]), leaving))
    _, told = written(snapshot, "leaving")
    fields = told["schema"].pop("fields")
    assert told == {
        "profile": "tabular-data-resource",
        "name": "leaving",
        "path": "tables/leaving.csv",
        "title": "Leaving customers",
        "description": "One row a period.",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "currency": "EUR",
        "grain": "month",
        "period": "2026-03",
        "model": "subscription",
        "schema": {"missingValues": [""]},
    }
    by_name = {one["name"]: one for one in fields}
    assert by_name["churn_rate"] == {
        "name": "churn_rate",
        "type": "number",
        "title": "Churn",
        "description": "Left ÷ opening.",
        "unit": "1",
        "denominator": "opening",
        "low": "churn_rate_low",
        "high": "churn_rate_high",
        "shown": {"as": "percent", "decimals": 1, "signed": False},
    }
    assert by_name["mrr"]["unit"] == "EUR"
    assert by_name["mrr"]["shown"] == {"as": "money", "decimals": 2, "signed": True}
    assert by_name["wait"]["unit"] == "months"
    assert by_name["note"] == {"name": "note", "type": "string", "title": "note"}
    types = {name: one["type"] for name, one in by_name.items()}
    assert types == {
        "period_start": "date",
        "opening": "integer",
        "churn_rate": "number",
        "churn_rate_low": "number",
        "churn_rate_high": "number",
        "mrr": "number",
        "wait": "number",
        "stands_out": "boolean",
        "since": "date",
        "note": "string",
    }


READS = {
    "integer": int,
    "number": float,
    "string": str,
    "boolean": {"True": True, "False": False}.__getitem__,
    "date": date.fromisoformat,
}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"opening": [8.5, 1]},
        {"period_start": ["2026-Q1", "2026-Q2"]},
        {"mrr": [10, 20]},
        {"wait": [None, None], "stands_out": [None, None], "since": [pd.NaT, pd.NaT]},
        {"stands_out": pd.array([True, None], dtype="boolean"), "extra": [True, False]},
        {"stands_out": ["yes", "no"], "extra": pd.to_datetime(["2026-01-05", None])},
        {"wait": [float("nan"), 3.0], "extra": [1, 2], "other": [0.5, 1]},
    ],
)
def test_every_value_reads_as_its_field_says(snapshot, leaving, more):
    snapshot.write_table(tagged(snapshot, frame(**more), leaving))
    lines, told = written(snapshot, "leaving")
    fields = told["schema"]["fields"]
    rows = list(csv.DictReader(lines))
    assert [one["name"] for one in fields] == list(rows[0])
    for row in rows:
        for one in fields:
            if row[one["name"]] not in told["schema"]["missingValues"]:
                READS[one["type"]](row[one["name"]])


def test_names_of_resources_are_small_and_their_own(snapshot):
    names = ["MRR by Größe", "mrr by größe", "mrr_by_tier"]
    for name in names:
        snapshot.write_table(pd.DataFrame({"n": [1]}), name=name)
    told = [written(snapshot, name)[1]["name"] for name in names]
    assert len(set(told)) == 3
    assert told[2] == "mrr_by_tier"
    assert all(name == name.lower() and name.isascii() and " " not in name for name in told)


def test_many_rows_are_written_on_the_engine_with_their_columns(snapshot, leaving):
    table = ibis.memtable(
        {"rate": [0.5], "opening": [4], "low": [0.1], "high": [0.9], "=who": ["@a"], "mrr": [1.5]}
    ).mutate(period_start=ibis.date("2026-01-01"))
    assert snapshot.write_rows("people", table, leaving) is None
    params = snapshot.params.model_copy(update={"customer_lists": True})
    snapshot = replace(snapshot, params=params)
    path = snapshot.write_rows("people", table, leaving)
    assert path == snapshot.folder / "tables" / "people.csv"
    lines, told = written(snapshot, "people")
    assert lines[0] == ("period_start,opening,churn_rate,churn_rate_low,churn_rate_high,mrr,'=who")
    assert lines[1] == "2026-01-01,4,0.5,0.1,0.9,1.5,'@a"
    types = [one["type"] for one in told["schema"]["fields"]]
    assert types == ["date", "integer", "number", "number", "number", "number", "string"]
    assert told["currency"] == "EUR"
    plain = snapshot.write_rows("plain", ibis.memtable({"b": [True], "a": ["x"]}))
    assert plain.read_text().splitlines()[0] == "b,a"
