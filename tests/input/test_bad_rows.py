"""Rows that cannot be used, how that is said, and that the advice given is right."""

import re
from datetime import date

import pandas as pd
import pytest
import yaml

from churnlib.input.checked import check
from churnlib.params.read import params_from_values
from churnlib.periods import Period
from churnlib.snapshot.freeze import freeze
from tests.bad_input import (
    ORDERS,
    SOME_ORDERS,
    checked_orders,
    reasons,
    said,
    said_of_orders,
    shop,
    write,
)

ALL = {"max_rejected_share": 1.0}


def order(row: str, header: str = ORDERS) -> str:
    return f"{header}a,2026-01-05,1{',' * (header.count(',') - 2)}\n{row}\n"


REASONS = {
    ",2026-01-01,1": "customer_id is missing",
    "  ,2026-01-01,1": "customer_id is missing",
    "NULL,2026-01-01,1": "customer_id is missing",
    "nan,2026-01-01,1": "customer_id is missing",
    "<NA>,2026-01-01,1": "customer_id is missing",
    "a,2026-01-05,1": "exact duplicate",
    "b,,1": "ordered_at is missing",
    "b,NaT,1": "ordered_at is missing",
    "b,2026-02-29,1": "ordered_at is not a date",
    "b,2026-04-31,1": "ordered_at is not a date",
    "b,2026-13-01,1": "ordered_at is not a date",
    "b,0000-00-00,1": "ordered_at is not a date",
    "b,2026-01-01 25:00,1": "ordered_at is not a date",
    "b,2026-1-5,1": "ordered_at is not a date",
    "b,45678,1": "ordered_at is not a date",
    "b,infinity,1": "ordered_at is not a date",
    "b,today,1": "ordered_at is not a date",
    "b,1899-12-31,1": "ordered_at lies before 1900 or after 2199",
    "b,9999-12-31,1": "ordered_at lies before 1900 or after 2199",
    "b,2026-01-01,": "amount is missing",
    "b,2026-01-01,None": "amount is missing",
    "b,2026-01-01,NaN": "amount is missing",
    "b,2026-01-01,ten": "amount is not a number",
    "b,2026-01-01,1.2.3": "amount is not a number",
    "b,2026-01-01,(12.50)": "amount is not a number",
    'b,2026-01-01,"1,5"': "amount has a decimal comma",
    'b,2026-01-01,"1.234,50"': "amount has a decimal comma",
    'b,2026-01-01,"-1,50"': "amount has a decimal comma",
    'b,2026-01-01,"1,234.50"': "amount has thousands separators",
    "b,2026-01-01,1 234": "amount has thousands separators",
    "b,2026-01-01,12.50 €": "amount holds a currency",
    "b,2026-01-01,USD 12.50": "amount holds a currency",
    "b,2026-01-01,inf": "amount is not finite",
    "b,2026-01-01,-Infinity": "amount is not finite",
    "b,2026-01-01,1e400": "amount is not finite",
    "b,2026-01-01,1e14": "amount is larger than an amount can be",
}


@pytest.mark.parametrize(("row", "reason"), REASONS.items(), ids=REASONS)
def test_a_row_is_set_aside_for_one_reason_with_its_place(tmp_path, row, reason):
    checked = checked_orders(tmp_path, order(row), policies=ALL)
    assert reasons(checked) == {reason: 1}
    assert re.match(
        r"row 2(: (ordered_at|amount) .*)?$", checked.data_box[0]["reasons"][0]["example"]
    )


GOOD = {
    "b,2028-02-29,1": ("2028-02-29", 1.0),
    "b,2026-01-31 23:59:59.999999,1": ("2026-01-31", 1.0),
    " b ,2026-01-31 , 1 ": ("2026-01-31", 1.0),
    "b\u00a0,2026-01-31,1": ("2026-01-31", 1.0),
    "b,2026-01-31,-0": ("2026-01-31", 0.0),
    "b,2026-01-31,-0.001": ("2026-01-31", 0.0),
    "b,2026-01-31,1e2": ("2026-01-31", 100.0),
    "b,2026-01-31,+1.005": ("2026-01-31", 1.0),
    # a moment belongs to the day of the business, in Berlin; 29 March and 25 October have 23 and 25
    # hours there
    "b,2026-01-31T23:30:00Z,1": ("2026-02-01", 1.0),
    "b,2026-02-01T00:30:00+05:30,1": ("2026-01-31", 1.0),
    "b,2026-03-29 02:30:00,1": ("2026-03-29", 1.0),
    "b,2026-03-28T22:59:59Z,1": ("2026-03-28", 1.0),
    "b,2026-03-29T21:59:59Z,1": ("2026-03-29", 1.0),
    "b,2026-03-29T22:00:00Z,1": ("2026-03-30", 1.0),
    "b,2026-10-25T22:59:59Z,1": ("2026-10-25", 1.0),
    "b,2026-10-25T23:00:00Z,1": ("2026-10-26", 1.0),
}


@pytest.mark.parametrize(("row", "wanted"), GOOD.items(), ids=GOOD)
def test_a_row_that_is_odd_and_right_is_kept(tmp_path, row, wanted):
    checked = checked_orders(tmp_path, order(row), timezone="Europe/Berlin")
    kept = checked.tables["orders"].to_pandas().set_index("customer_id").loc["b"]
    assert (str(kept.ordered_at)[:10], float(kept.amount)) == wanted
    assert "-" not in str(float(kept.amount))


ADVICE = {
    "%d.%m.%Y": ["13.01.2026", "01.02.2026"],
    "%m/%d/%Y": ["01/13/2026", "02/01/2026"],
    "%d/%m/%Y %H:%M": ["13/01/2026 10:00", "01/02/2026 23:59"],
    "%m/%d/%Y %I:%M %p": ["01/13/2026 10:00 PM", "02/01/2026 11:59 AM"],
    "%Y%m%d": ["20260113", "20260201"],
    "%d %b %Y": ["13 Jan 2026", "1 Feb 2026"],
    "%Y-%m-%d": ["2026-1-13", "2026-2-1"],
}


@pytest.mark.parametrize(("form", "days"), ADVICE.items(), ids=ADVICE)
def test_a_date_format_is_advised_and_reads_the_dates(tmp_path, form, days):
    content = ORDERS + "".join(f"a,{day},1\n" for day in days)
    assert (
        f"ordered_at is not a date (row 1: ordered_at = '{days[0]}'). Set date_format: '{form}'."
        in said_of_orders(tmp_path, content)
    )
    rows = (
        checked_orders(tmp_path, content, orders={"date_format": form}).tables["orders"].to_pandas()
    )
    assert sorted(str(day)[:10] for day in rows.ordered_at) == ["2026-01-13", "2026-02-01"]


def test_days_and_months_that_cannot_be_told_apart_are_left_to_the_reader(tmp_path):
    message = said_of_orders(tmp_path, ORDERS + "a,01/02/2026,1\na,03/02/2026,1\n")
    assert (
        "Set date_format: '%d/%m/%Y' (or '%m/%d/%Y', which reads as many: look which is meant)."
        in message
    )


def test_a_date_format_that_is_not_needed(tmp_path):
    message = said_of_orders(tmp_path, SOME_ORDERS, orders={"date_format": "%d.%m.%Y"})
    assert "They are ISO dates: leave out date_format: '%d.%m.%Y'." in message


def test_offsets_in_a_date_format_are_heeded(tmp_path):
    orders = {"date_format": "%d.%m.%Y %H:%M %z"}
    content = ORDERS + "a,31.01.2026 23:30 +0000,1\n"
    rows = (
        checked_orders(tmp_path, content, orders=orders, timezone="Europe/Berlin")
        .tables["orders"]
        .to_pandas()
    )
    assert str(rows.ordered_at[0])[:10] == "2026-02-01"


def advised(message: str) -> dict[str, str]:
    """The expressions that a message says to write."""
    return yaml.safe_load(re.search(r"Set expressions: (\{.*?\})(?= in place|\.)", message)[1])


MENDED = {
    "two ways of dates": (
        ["2026-01-13,1", "14.01.2026,1"],
        "Dates stand in two ways: ISO and '%d.%m.%Y'.",
    ),
    "decimal commas": (
        ['2026-01-13,"1,50"', '2026-01-14,"1.234,50"'],
        "amount has a decimal comma (row 1: amount = '1,50')",
    ),
    "thousands": (
        ['2026-01-13,"1,234.50"', '2026-01-14,"2,000"'],
        "amount has thousands separators (row 1: amount",
    ),
    "currency signs": (
        ["2026-01-13,$ 3.50", "2026-01-14,4.00 USD"],
        "amount holds a currency (row 1: amount = '$ 3.50')",
    ),
}


@pytest.mark.parametrize(("rows", "message"), MENDED.values(), ids=MENDED)
def test_the_expression_advised_mends_the_column(tmp_path, rows, message):
    content = ORDERS + "".join(f"a,{row}\n" for row in rows)
    said_of_rows = said_of_orders(tmp_path, content)
    assert message in said_of_rows
    checked = checked_orders(tmp_path, content, orders={"expressions": advised(said_of_rows)})
    assert checked.data_box[0]["kept"] == 2


def test_the_advice_names_the_column_as_the_source_does(tmp_path):
    content = 'customer_id,ordered_at,Order Value\na,2026-01-01,"1,50"\n'
    message = said_of_orders(tmp_path, content, orders={"columns": {"amount": "Order Value"}})
    assert (
        """{amount: 'replace(replace("Order Value", \\'.\\', \\'\\'), \\',\\', \\'.\\')'}"""
        in message.replace('\\"', '"')
    )
    assert "in place of columns.amount." in message


def test_several_currencies_without_rates(tmp_path):
    content = "customer_id,ordered_at,amount,currency\na,2026-01-01,1,usd\nb,2026-01-01,1,GBP\n"
    content += "c,2026-01-01,1,\n"
    message = said_of_orders(tmp_path, content)
    assert (
        "currency has no rate in exchange_rates (row 1: currency = 'usd'). Give exchange_rates: "
        "{GBP: ..., USD: ...}." in message
    )
    assert (
        checked_orders(tmp_path, content, exchange_rates={"USD": 0.9, "GBP": 1.2}).data_box[0][
            "kept"
        ]
        == 3
    )


@pytest.mark.parametrize(
    ("row", "data", "wanted"),
    [
        ("b,2062-01-05,1", "data_until", "2026-01-06 and 2062-01-04 (the next is row 2)"),
        ("b,1970-01-01,1", "data_from", "1970-01-02 and 2026-01-04 (the next is row 1)"),
    ],
)
def test_one_date_years_away_from_all_others_is_asked_about(tmp_path, row, data, wanted):
    message = said_of_orders(tmp_path, order(row))
    assert f"orders, ordered_at: no row between {wanted}" in message
    assert checked_orders(
        tmp_path, order(row), **{data: "2026-01-01" if data == "data_from" else "2026-01-31"}
    )


def test_row_numbers_are_those_of_the_file(tmp_path):
    lines = [f"c{n},2026-01-{n % 28 + 1:02},{n}\n" for n in range(30_000)]
    lines[12_344] = "x,never,1\n"
    checked = checked_orders(tmp_path, ORDERS + "".join(lines))
    assert checked.data_box[0]["reasons"][0]["example"] == "row 12,345: ordered_at = 'never'"
    pd.read_csv(tmp_path / "orders.csv").to_parquet(
        tmp_path / "orders.parquet", row_group_size=1000
    )
    (tmp_path / "orders.csv").unlink()
    kept = {"filter": {"customer_id": ["x", "c5", "c6"]}}
    example = check(shop(tmp_path, orders=kept, policies=ALL)).data_box[0]["reasons"][0]["example"]
    assert example == "row 12,345: ordered_at = 'never'"


def test_duplicates_are_judged_on_all_columns_of_the_source(tmp_path):
    content = "customer_id,ordered_at,amount,line\n"
    content += "a,2026-01-01,1,1\na,2026-01-01,1,2\na,2026-01-01,1,1\n,,,\n,,,\n"
    checked = checked_orders(tmp_path, content, policies=ALL)
    assert reasons(checked) == {"customer_id is missing": 2, "exact duplicate": 1}


def test_ids_are_the_same_customer_whatever_their_type(tmp_path):
    pd.DataFrame(
        {"customer_id": [1.0, 2.0, None], "ordered_at": "2026-01-01", "amount": 1}
    ).to_parquet(tmp_path / "orders.parquet")
    write(tmp_path / "customers.csv", "customer_id,city\n1,Bonn\n2.0 ,Ulm\n")
    checked = check(shop(tmp_path, policies=ALL))
    assert sorted(checked.tables["orders"].customer_id.to_pandas()) == ["1", "2"]
    assert sorted(checked.tables["customers"].customer_id.to_pandas()) == ["1", "2"]
    assert {one["table"]: one["remarks"] for one in checked.data_box} == {
        "customers": [],
        "orders": [],
    }


def test_ids_of_which_none_fits_are_refused_without_naming_anybody(tmp_path):
    write(tmp_path / "customers.csv", "customer_id,city\nC-0001,Bonn\n")
    message = said_of_orders(tmp_path, ORDERS + "1234,2026-01-01,1\n")
    assert (
        "no customer_id stands in customers.csv too; they look like '9999' here and 'A-9999' there."
        in message
    )
    assert "1234" not in message


def test_ids_of_which_some_do_not_fit_are_remarked_on(tmp_path):
    write(tmp_path / "customers.csv", "customer_id,city\na,Bonn\n")
    remarks = checked_orders(tmp_path, SOME_ORDERS).data_box[1]["remarks"]
    assert remarks == ["2 customers stand in no row of customers: their attributes are unknown."]


def test_ids_that_differ_in_capitals_are_two_and_that_is_said(tmp_path):
    checked = checked_orders(tmp_path, SOME_ORDERS + "A,2026-02-02,1\n A ,2026-02-03,1\n")
    assert checked.tables["orders"].customer_id.nunique().execute() == 4
    assert checked.data_box[0]["remarks"] == [
        "1 customer ids differ from another in capitals only: they are customers of their own."
    ]


def test_a_filter_that_keeps_nothing_says_what_is_there(tmp_path):
    message = said_of_orders(tmp_path, SOME_ORDERS, orders={"filter": {"amount": ["one"]}})
    assert message.startswith(
        "orders.csv: source.tables.orders.filter keeps none of 3 rows. 'amount' holds '"
    )


def test_a_column_given_twice(tmp_path):
    both = {"columns": {"category": "kind"}, "constants": {"category": "x"}}
    message = said_of_orders(tmp_path, SOME_ORDERS, orders=both)
    assert (
        "source.tables.orders.constants: 'category' is given under columns already. Leave one."
        in message
    )


def subscriptions(folder, *rows: str, **more):
    write(folder / "subscriptions.csv", "\n".join(["customer_id,starts_on,ends_on,mrr", *rows, ""]))
    values = {
        "business": "acme",
        "model": "subscription",
        "currency": "EUR",
        "source": {"uri": str(folder)},
    }
    return check(params_from_values({**values, "policies": ALL, **more}))


def test_how_warehouses_write_an_open_end(tmp_path):
    ends = ["", "NULL", "\\N", "9999-12-31", "9999-12-31 23:59:59", "2999-12-31", "NaT"]
    checked = subscriptions(tmp_path, *(f"c{n},2026-01-10,{end},5" for n, end in enumerate(ends)))
    snapshot = freeze(checked, Period.parse("2026-01"), tmp_path / "frozen")
    assert checked.data_box[0]["set_aside"] == 0
    assert snapshot.subscriptions.ends_on.to_pandas().isna().all()


def test_month_ends_and_leap_days_in_spans(tmp_path):
    rows = [
        "a,2024-01-31,2024-02-29,5",
        "b,2024-02-29,2024-03-31,5",
        "c,2024-02-29,2024-02-29,5",
        "d,2024-03-01,2024-02-29,5",
    ]
    checked = subscriptions(tmp_path, *rows)
    assert reasons(checked) == {"ends_on is before starts_on": 1}
    assert checked.last_day == date(2024, 2, 29)


def test_nothing_but_bad_rows(tmp_path):
    message = said(tmp_path, lambda: subscriptions(tmp_path, "a,never,,1", "b,never,,1"))
    assert "no usable row: 2 rows: starts_on is not a date (row 1: starts_on = 'never')." in message


def test_infinities_and_missing_numbers_in_parquet(tmp_path):
    amounts = [float("inf"), float("-inf"), float("nan"), -0.0, 1e300, 2.5]
    pd.DataFrame(
        {"customer_id": list("abcdef"), "ordered_at": pd.Timestamp("2026-01-31"), "amount": amounts}
    ).to_parquet(tmp_path / "orders.parquet")
    assert reasons(check(shop(tmp_path, policies=ALL))) == {
        "amount is not finite": 2,
        "amount is larger than an amount can be": 1,
        "amount is missing": 1,
    }


def test_moments_of_a_zone_in_parquet(tmp_path):
    moments = pd.to_datetime(["2026-01-31 23:30:00Z", "2026-07-31 22:30:00Z"])
    pd.DataFrame({"customer_id": ["a", "b"], "ordered_at": moments, "amount": 1}).to_parquet(
        tmp_path / "orders.parquet"
    )
    rows = check(shop(tmp_path, timezone="Europe/Berlin")).tables["orders"].to_pandas()
    assert sorted(str(day)[:10] for day in rows.ordered_at) == ["2026-02-01", "2026-08-01"]
