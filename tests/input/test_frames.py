"""Tables at hand in Python: read and checked as the same rows of a file."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from churnlib.errors import ChurnlibError, DataError
from churnlib.input.checked import check
from churnlib.params.read import params_from_values
from churnlib.snapshot.freeze import freeze
from churnlib.snapshot.open import from_frames
from churnlib.snapshot.snapshot import Snapshot

ROWS = pd.DataFrame(
    {
        "customer_id": ["1", "2", "3"],
        "starts_on": ["2026-01-01", "2026-02-10", "2026-03-01"],
        "ends_on": [None, "2026-03-01", None],
        "mrr": ["10", "20", "30.5"],
        "is_trial": ["false", "false", "true"],
    }
)
DAYS = [date(2026, 1, 1), date(2026, 2, 10), date(2026, 3, 1)]
NIGHTS = [datetime(day.year, day.month, day.day, 23, 30) for day in DAYS]
WITH_ZONE = [night.replace(hour=0, tzinfo=UTC) for night in NIGHTS]
OPEN = datetime(9999, 12, 31)


def objects(*values: Any) -> pd.Series:
    return pd.Series(list(values), dtype=object)


COLUMNS = {
    "datetime64": {"starts_on": pd.to_datetime(pd.Series(NIGHTS)).astype("datetime64[ns]")},
    "datetime64 in seconds": {"starts_on": pd.Series(DAYS).astype("datetime64[s]")},
    "datetime64 with a zone": {"starts_on": pd.to_datetime(pd.Series(WITH_ZONE))},
    "dates": {"starts_on": objects(*DAYS)},
    "datetimes": {"starts_on": objects(*NIGHTS)},
    "datetimes with a zone": {"starts_on": objects(*WITH_ZONE)},
    "dates, times and texts": {"starts_on": objects(DAYS[0], NIGHTS[1], "2026-03-01")},
    "dates and times": {"starts_on": objects(NIGHTS[0], *DAYS[1:])},
    "times with a zone and without": {"starts_on": objects(WITH_ZONE[0], *NIGHTS[1:])},
    "missing times": {"ends_on": pd.to_datetime(pd.Series([None, "2026-03-01", pd.NaT]))},
    "missing objects": {"ends_on": objects(float("nan"), DAYS[2], pd.NA)},
    "an end far away": {"ends_on": objects(OPEN, NIGHTS[2], pd.NaT)},
    "decimals": {"mrr": objects(Decimal("10"), Decimal("20.00"), Decimal("30.5"))},
    "decimals and others": {"mrr": objects(Decimal("10"), 20, "30.50")},
    "floats": {"mrr": [10.0, 20.0, 30.5]},
    "small floats": {"mrr": pd.Series([10.0, 20.0, 30.5], dtype="float32")},
    "whole numbers and others": {"mrr": objects(10, 20, 30.5)},
    "nullable numbers": {"mrr": pd.Series([10.0, 20.0, 30.5], dtype="Float64")},
    "sparse numbers": {"mrr": pd.arrays.SparseArray([10.0, 20.0, 30.5])},
    "ids as numbers": {"customer_id": [1, 2, 3]},
    "ids as floats": {"customer_id": [1.0, 2.0, 3.0]},
    "ids of several kinds": {"customer_id": objects(1, "2", 3.0)},
    "ids as categories": {"customer_id": pd.Categorical(["1", "2", "3"])},
    "numbers as categories": {"mrr": pd.Categorical([10, 20, 30.5])},
    "flags": {"is_trial": [False, False, True]},
    "flags as objects": {"is_trial": objects(False, None, True)},
    "nullable flags": {"is_trial": pd.array([False, pd.NA, True], dtype="boolean")},
    "whole numbers as flags": {"is_trial": [0, 0, 1]},
    "strings": {"ends_on": pd.array([pd.NA, "2026-03-01", pd.NA], dtype="string")},
    "an index": {"index": [7, 7, 7]},
    "names in capitals": {"MRR": ["10", "20", "30.5"]},
}
SETTINGS = {"currency": "EUR", "data_until": "2026-03-31"}


@pytest.fixture(scope="module")
def as_a_file(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("files")
    ROWS.to_csv(folder / "subscriptions.csv", index=False)
    given = {"business": "acme", "model": "subscription", **SETTINGS}
    return freeze(check(params_from_values({**given, "source": {"uri": str(folder)}})))


def rows_of(snapshot: Snapshot) -> list[list[str]]:
    rows = snapshot.subscriptions.order_by("customer_id").to_pandas()
    return rows.astype(str).to_numpy().tolist()


@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
def test_a_frame_reads_as_the_same_rows_of_a_file(as_a_file, columns):
    own = {name.lower() for name in columns}
    frame = ROWS.drop(columns=[name for name in ROWS if name in own])
    frame = frame.assign(**{name: values for name, values in columns.items() if name != "index"})
    if "index" in columns:
        frame.index = columns["index"]
    snapshot = from_frames(frame, **SETTINGS)
    assert rows_of(snapshot) == rows_of(as_a_file)
    assert len(rows_of(snapshot)) == 2
    assert snapshot.period.label == as_a_file.period.label == "2026-03"
    (account,) = snapshot.data_box
    counts = [account[key] for key in ("file", "read", "filtered", "kept", "apart", "set_aside")]
    assert counts == ["subscriptions", 3, 0, 2, 1, 0]


def tables() -> dict[str, Any]:
    connection = ibis.duckdb.connect()
    connection.create_table("subs", ROWS)
    return {
        "Ibis, in memory": ibis.memtable(ROWS),
        "Ibis, another connection": connection.table("subs"),
        "Ibis, an expression": connection.table("subs").mutate(
            mrr=ibis._.mrr.cast("decimal(9, 2)")
        ),
        "Arrow": pa.Table.from_pandas(ROWS),
        "Arrow types in pandas": ROWS.convert_dtypes(dtype_backend="pyarrow"),
    }


@pytest.mark.parametrize("name", tables())
def test_other_tables_read_as_pandas_frames_do(as_a_file, name):
    assert rows_of(from_frames(tables()[name], **SETTINGS)) == rows_of(as_a_file)


def test_several_tables_of_several_connections_are_one_business():
    people = ibis.memtable({"customer_id": [1, 2, 3], "country": ["DE", "FR", "DE"]})
    connection = ibis.duckdb.connect()
    connection.create_table("subs", ROWS)
    frames = {"customers": people, "subscriptions": connection.table("subs")}
    snapshot = from_frames(frames, currency="EUR", segments=["country"], business="acme")
    assert snapshot.where(country="DE").customers.order_by(
        "customer_id"
    ).to_pandas().customer_id.to_list() == ["1", "3"]
    assert [account["file"] for account in snapshot.data_box] == ["customers", "subscriptions"]
    assert (snapshot.params.business, snapshot.params.source.uri) == ("acme", "frames:")


def test_orders_are_told_by_their_column_and_belong_to_the_day_of_the_business():
    moments = pd.to_datetime(["2026-01-31 23:30", "2026-02-10 12:00"]).tz_localize("UTC")
    orders = pd.DataFrame({"customer_id": ["a", "b"], "ordered_at": moments, "amount": [1, 2]})
    settings = {"currency": "EUR", "period": "2026-02", "timezone": "Europe/Berlin"}
    snapshot = from_frames(orders, **settings)
    assert snapshot.params.model == "transactional"
    days = snapshot.orders.order_by("customer_id").to_pandas().ordered_on
    assert [str(day)[:10] for day in days] == ["2026-02-01", "2026-02-10"]


def test_columns_of_a_single_table_may_be_called_otherwise(as_a_file):
    frame = ROWS.rename(columns={"customer_id": "account", "starts_on": "since"})
    columns = {"customer_id": "account", "starts_on": "since"}
    assert rows_of(from_frames(frame, columns=columns, **SETTINGS)) == rows_of(as_a_file)
    source = {"tables": {"subscriptions": {"columns": columns, "filter": {"account": ["1"]}}}}
    few = from_frames({"subscriptions": frame}, source=source, **SETTINGS)
    assert [row[0] for row in rows_of(few)] == ["1"]


def test_rows_that_cannot_be_used_are_counted_as_in_a_file():
    frame = pd.concat([ROWS, ROWS.assign(mrr="12,50").head(1), ROWS.head(1)])
    snapshot = from_frames(frame, currency="EUR", policies={"max_rejected_share": 0.5})
    told = {one["reason"]: one["example"] for one in snapshot.data_box[0]["reasons"]}
    assert told == {
        "trial, kept apart": "row 3: starts_on = '2026-03-01'",
        "mrr has a decimal comma": "row 4: mrr = '12,50'",
        "exact duplicate": "row 5: starts_on = '2026-01-01'",
    }
    with pytest.raises(DataError, match=r"^subscriptions: 2 of 5 rows \(40.0%\) cannot be used"):
        from_frames(frame, currency="EUR")


NO_TABLE = pd.DataFrame({"customer_id": ["1"], "mrr": [1]})
REFUSED = {
    "no column tells": (NO_TABLE, {}, "do not tell subscriptions (starts_on) from orders"),
    "both columns tell": (ROWS.assign(ordered_at=1), {}, "do not tell subscriptions"),
    "no table": ([1, 2], {}, "frames: a list is no table. Give a pandas frame or an Ibis table"),
    "another name": ({"subscription": ROWS}, {}, "did you mean 'subscriptions'?"),
    "customers alone": ({"customers": NO_TABLE}, {}, "neither subscriptions nor orders are there"),
    "two activities": (
        {"subscriptions": ROWS, "orders": ROWS},
        {},
        "model='subscription' or model='transactional'",
    ),
    "an unknown setting": (
        ROWS,
        {"segmets": ["a"]},
        "from_frames: segmets is not a parameter: did",
    ),
    "an unknown model": (ROWS, {"model": "saas"}, "from_frames: model = 'saas': is one of"),
    "no such period": (ROWS, {"period": "2026-13"}, "period: '2026-13' is not a period."),
    "an id in the index": (
        ROWS.set_index("customer_id"),
        {},
        "frames: customer_id is the index, which is not read. Use reset_index().",
    ),
    "two columns of a name": (
        pd.concat([ROWS, ROWS[["mrr"]]], axis=1),
        {},
        "frames: columns 4 and 6 are both called 'mrr'.",
    ),
    "no rows": (ROWS.head(0), {}, "subscriptions: no usable row"),
    "no column": (pd.DataFrame(), {}, "frames: empty."),
    "no Unicode": (ROWS.assign(plan="\ud800"), {}, "frames: column 'plan' holds text that is no"),
    "a column that is not there": (
        ROWS,
        {"columns": {"plan": "pln"}},
        "source.tables.subscriptions.columns.plan: no column 'pln' in the source",
    ),
    "columns of which table": (
        {"customers": NO_TABLE, "subscriptions": ROWS},
        {"columns": {"plan": "p"}},
        "from_frames: columns are those of a single table.",
    ),
    "settings of a table that is not there": (
        ROWS,
        {"source": {"tables": {"subscriptions": {}, "customers": {}}}},
        "source.tables.customers: no such table was handed over. There: subscriptions.",
    ),
}


@pytest.mark.parametrize(("frames", "settings", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_said(frames, settings, message):
    with pytest.raises(ChurnlibError, match=re.escape(message)):
        from_frames(frames, currency="EUR", **settings)


def test_frames_cannot_be_named_in_a_parameter_file():
    given = {"business": "acme", "model": "subscription", "currency": "EUR"}
    with pytest.raises(DataError, match="tables at hand in Python are read by from_frames alone"):
        check(params_from_values({**given, "source": {"uri": "frames:"}}))
