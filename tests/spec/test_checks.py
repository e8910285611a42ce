"""Which rows are set aside, and how that is said."""

from pathlib import Path

import pytest

from churnlib.errors import ChurnlibError, DataError
from churnlib.input.checked import check
from churnlib.params.read import params_from_values


def business(tmp_path: Path, model: str = "subscription", **more):
    tables = more.pop("tables", {})
    return params_from_values(
        {
            "business": "acme",
            "model": model,
            "currency": "EUR",
            "source": {"uri": str(tmp_path), "tables": tables},
            "policies": {"max_rejected_share": 1.0},
            **more,
        }
    )


def write(tmp_path: Path, name: str, *lines: str) -> None:
    (tmp_path / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


def reasons(account: dict) -> dict[str, int]:
    return {one["reason"]: one["rows"] for one in account["reasons"]}


SUBSCRIPTION_ROWS = {
    "customer_id is missing": ",2026-01-01,,10,",
    "starts_on is missing": "a,,,10,",
    "starts_on is not a date": "a,2026-02-30,,10,",
    "starts_on lies before 1900 or after 2199": "a,0026-02-01,,10,",
    "ends_on is not a date": "a,2026-01-01,soon,10,",
    "ends_on is before starts_on": "a,2026-02-01,2026-01-01,10,",
    "mrr is not a number": "a,2026-01-01,,ten,",
    "mrr has a decimal comma": 'a,2026-01-01,,"12,50",',
    "mrr has thousands separators": 'a,2026-01-01,,"1,250.00",',
    "mrr holds a currency": "a,2026-01-01,,12.50 EUR,",
    "mrr is not finite": "a,2026-01-01,,inf,",
    "mrr is larger than an amount can be": "a,2026-01-01,,1e300,",
    "neither mrr nor amount is given": "a,2026-01-01,,,",
    "currency has no rate in exchange_rates": "a,2026-01-01,,10,USD",
    "exact duplicate": "z,2026-01-01,,10,",
}


@pytest.mark.parametrize(("reason", "row"), SUBSCRIPTION_ROWS.items())
def test_each_reason_is_counted_with_an_example(tmp_path, reason, row):
    write(
        tmp_path,
        "subscriptions.csv",
        "customer_id,starts_on,ends_on,mrr,currency",
        "z,2026-01-01,,10,",
        row,
    )
    account = check(business(tmp_path)).data_box[0]
    assert reasons(account) == {reason: 1}
    assert (account["read"], account["kept"], account["set_aside"]) == (2, 1, 1)
    assert account["reasons"][0]["example"].startswith("row 2")


def test_amounts_become_a_month(tmp_path):
    write(
        tmp_path,
        "subscriptions.csv",
        "customer_id,starts_on,amount,interval,interval_count",
        "a,2026-01-01,120,year,",
        "b,2026-01-01,30,quarter,",
        "c,2026-01-01,12,week,",
        "d,2026-01-01,10,Month,2",
        "e,2026-01-01,10,now and then,",
        "f,2026-01-01,10,month,0",
    )
    checked = check(business(tmp_path))
    rows = checked.tables["subscriptions"].order_by("customer_id").to_pandas()
    assert rows.mrr.astype(float).tolist() == [10.0, 10.0, 52.0, 5.0]
    assert reasons(checked.data_box[0]) == {
        "interval is unknown": 1,
        "interval_count is not a number from 1": 1,
    }


def test_trials_are_kept_apart_and_are_no_error(tmp_path):
    write(
        tmp_path,
        "subscriptions.csv",
        "customer_id,starts_on,mrr,is_trial",
        "a,2026-01-01,10,no",
        "b,2026-01-01,0,YES",
    )
    account = check(business(tmp_path, policies={"max_rejected_share": 0.0})).data_box[0]
    assert (account["kept"], account["apart"], account["set_aside"]) == (1, 1, 0)


def test_foreign_money_needs_a_rate_and_is_rounded_to_the_cent(tmp_path):
    write(
        tmp_path,
        "subscriptions.csv",
        "customer_id,starts_on,mrr,currency",
        "a,2026-01-01,10,USD",
        "b,2026-01-01,10.005,eur",
    )
    rows = check(business(tmp_path, exchange_rates={"USD": 0.9134})).tables["subscriptions"]
    assert sorted(rows.to_pandas().mrr.astype(float)) == [9.13, 10.01]


def test_returns_are_kept_and_said_aloud(tmp_path):
    write(
        tmp_path,
        "orders.csv",
        "customer_id,ordered_at,amount",
        "a,2026-01-01,10",
        "a,2026-01-02,-4",
        "b,2026-01-03,",
    )
    account = check(business(tmp_path, "transactional")).data_box[0]
    assert reasons(account) == {"amount is missing": 1}
    assert "1 row is a return" in account["remarks"][0]


def test_too_many_rejected_rows_stop_the_run_and_say_why(tmp_path):
    write(
        tmp_path,
        "orders.csv",
        "customer_id,ordered_at,amount",
        *["a,2026-01-01,1"],
        "b,then,1",
        "c,2026-01-01,x",
    )
    with pytest.raises(DataError) as error:
        check(business(tmp_path, "transactional", policies={"max_rejected_share": 0.5}))
    message = str(error.value)
    assert "orders.csv: 2 of 3 rows (66.7%) cannot be used" in message
    assert "ordered_at is not a date (row 2: ordered_at = 'then')" in message


def test_an_instant_belongs_to_the_day_of_the_business(tmp_path):
    write(
        tmp_path,
        "orders.csv",
        "customer_id,ordered_at,amount",
        "a,2026-01-31T23:30:00Z,1",
        "b,2026-03-29 02:30:00,1",
    )
    rows = (
        check(business(tmp_path, "transactional", timezone="Europe/Berlin"))
        .tables["orders"]
        .to_pandas()
    )
    assert sorted(str(day)[:10] for day in rows.ordered_at) == ["2026-02-01", "2026-03-29"]


def test_mapping_constants_expressions_and_filter(tmp_path):
    lines = ("Who;since;tier;trial", "1;31.01.2026;basic;false", "2;01.02.2026;basic;true")
    write(tmp_path, "subs.csv", *lines)
    table = {
        "from": "subs.csv",
        "columns": {"customer_id": "Who", "starts_on": "since"},
        "constants": {"mrr": 7},
        "expressions": {"plan": "upper(tier)"},
        "filter": {"trial": [False]},
        "date_format": "%d.%m.%Y",
    }
    checked = check(business(tmp_path, tables={"subscriptions": table}))
    rows = checked.tables["subscriptions"].to_pandas()
    assert rows[["customer_id", "plan"]].to_numpy().tolist() == [["1", "BASIC"]]
    assert float(rows.mrr[0]) == 7
    assert checked.data_box[0]["filtered"] == 1


def test_an_attribute_may_be_renamed_and_ids_may_be_numbers(tmp_path):
    write(tmp_path, "customers.csv", "id,how", "1,web", "2,", "2,ad")
    write(tmp_path, "subscriptions.csv", "customer_id,starts_on,mrr", "1,2026-01-01,5")
    tables = {
        "customers": {"columns": {"customer_id": "id", "channel": "how"}},
        "subscriptions": {},
    }
    checked = check(business(tmp_path, tables=tables, segments=["channel"]))
    assert reasons(checked.data_box[0]) == {"customer_id stands in an earlier row too": 1}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"subscriptions": {"from": "subscriptons.csv"}}, "did you mean 'subscriptions.csv'?"),
        (
            {"subscriptions": {"columns": {"starts_on": "strat"}}},
            "no column 'strat' in the source: did you mean 'start'?",
        ),
        (
            {"subscriptions": {"columns": {"start": "start"}}},
            "'start' is not a column of subscriptions",
        ),
        ({"subscriptions": {}}, "the column 'starts_on' is missing"),
        (
            {"subscriptions": {"columns": {"starts_on": "start"}, "filter": {"trail": [1]}}},
            "no column 'trail'",
        ),
        ({"subscriptions": {"expressions": {"starts_on": "evil()"}}}, "the function evil()"),
    ],
)
def test_a_missing_file_or_column_stops_at_once_and_names_the_nearest(tmp_path, tables, message):
    write(tmp_path, "subscriptions.csv", "customer_id,start,mrr", "1,2026-01-01,5")
    with pytest.raises(ChurnlibError) as error:
        check(business(tmp_path, tables=tables))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "subscriptions.csv: the file is empty"),
        (b"customer_id,starts_on,mrr\n", "no usable row"),
        (b"\xff\xfec\x00u\x00", "subscriptions.csv: not CSV but encoded as UTF-16"),
    ],
)
def test_an_unreadable_file_is_named(tmp_path, content, message):
    (tmp_path / "subscriptions.csv").write_bytes(content)
    with pytest.raises(DataError) as error:
        check(business(tmp_path))
    assert message in str(error.value)
    assert str(tmp_path) not in str(error.value)


def test_a_missing_folder_and_a_missing_table_say_what_is_there(tmp_path):
    write(tmp_path, "orders.csv", "customer_id,ordered_at,amount", "1,2026-01-01,5")
    with pytest.raises(
        DataError,
        match=r"no table 'subscriptions', which model subscription needs. There: orders.csv",
    ):
        check(business(tmp_path))
    with pytest.raises(DataError, match="no such folder or file"):
        check(business(tmp_path / "nowhere"))
