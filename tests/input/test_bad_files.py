"""Files that cannot be read, or not as what they seem: each says what, where and how to mend it."""

import gzip
import sqlite3

import pandas as pd
import pytest

from churnlib.input.checked import check
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

MANY = ORDERS + "".join(f"customer{n},2026-01-{n % 28 + 1:02},{n}\n" for n in range(50_000))
LONG = "x" * (64 << 20)

CONTENTS = {
    "empty": ("", "orders.csv: the file is empty."),
    "blank lines": ("\n \n\n", "orders.csv: the file is empty."),
    "an empty first line": (
        "\n" + SOME_ORDERS,
        "orders.csv, line 1: empty. The first line names the columns.",
    ),
    "header only": (ORDERS, "orders.csv: no usable row: nothing stands below the first line"),
    "no header": (
        "a,2026-01-01,1\n",
        "The first line must name the columns; it holds a, 2026-01-01, 1.",
    ),
    "a title above": (
        "Orders of 2026\n" + SOME_ORDERS,
        "One column found in the first line, 'Orders of 2026'",
    ),
    "an unknown separator": (
        SOME_ORDERS.replace(",", "^"),
        "'customer_id^ordered_at^amount': is the separator '^'?",
    ),
    "UTF-16": (
        SOME_ORDERS.encode("utf-16"),
        "orders.csv: not CSV but encoded as UTF-16. Set encoding: utf-16,",
    ),
    "UTF-16 without mark": (
        SOME_ORDERS.encode("utf-16-le"),
        "no text (it holds zero bytes), or UTF-16",
    ),
    "Latin-1": (
        (ORDERS + "Müller,2026-01-01,1\n").encode("latin-1"),
        "orders.csv, line 2: not UTF-8. Say how it was saved",
    ),
    "Latin-1 in the header": ("Zürich,a\n".encode("latin-1"), "orders.csv, line 1: not UTF-8."),
    "Latin-1 far below": (
        MANY.encode() + b"\xfc,2026-01-01,1\n",
        "orders.csv, line 50,002: not UTF-8.",
    ),
    "mixed line ends": (
        SOME_ORDERS.replace("\n", "\r\n", 2),
        "lines end in several ways (CRLF and LF). Write them in",
    ),
    "an open quote": (
        ORDERS + 'a,2026-01-01,1\n"b,2026-01-02,2\n',
        'line 3: a quote (") opens here and is not closed',
    ),
    "an open quote far below": (
        MANY + '"b,2026-01-02,2\n' + MANY,
        'line 50,002: a quote (") opens here',
    ),
    "an open quote in the header": ('"customer_id,amount\n', 'line 1: a quote (") is not closed'),
    "text after a quote": (
        ORDERS + '"b"x,2026-01-02,2\n',
        'line 2: a quote (") opens here and is not closed as it',
    ),
    "a short line": (
        SOME_ORDERS + "d,2026-01-01\n",
        "orders.csv, line 5: 2 columns where the first line names 3.",
    ),
    "a long line": (
        SOME_ORDERS + "d,2026-01-01,4,5\n",
        "orders.csv, line 5: 4 columns where the first line names 3.",
    ),
    "a line of 3 MB": (
        SOME_ORDERS + LONG[: 3 << 20] + ",2026-01-01,1\n",
        "line 5: longer than 2000000 bytes.",
    ),
    "a line of 64 MB": (
        SOME_ORDERS + LONG + ",2026-01-01,1\n",
        "line 5: longer than 16,777,216 bytes.",
    ),
    "one line of 64 MB": (
        LONG,
        "orders.csv, line 1: longer than 16,777,216 bytes. Lines end in a line break.",
    ),
    "a workbook": (
        b"PK\x03\x04" + bytes(range(256)),
        "an Excel workbook or a zip archive. Save the sheet as CSV UTF-8",
    ),
    "Parquet as CSV": (
        b"PAR1" + bytes(100),
        "orders.csv: not CSV but a Parquet file. Call it .parquet.",
    ),
    "gzip as CSV": (
        gzip.compress(SOME_ORDERS.encode()),
        "not CSV but compressed with gzip. Call it .csv.gz.",
    ),
    "any bytes": (
        bytes(range(256)) * 8,
        "orders.csv: not CSV but no text (it holds zero bytes), or UTF-16.",
    ),
    "a name twice": (
        "customer_id,amount,ordered_at,amount\n",
        "line 1: columns 2 and 4 are both called 'amount'.",
    ),
    "a name twice, capitals aside": (
        "Amount,customer_id, amount \n",
        "columns 1 and 3 are both called 'amount'.",
    ),
}

PACKED = gzip.compress(MANY.encode())
NAMED = {
    "gz that is no gz": (
        "orders.csv.gz",
        SOME_ORDERS,
        "orders.csv.gz: not a complete gzip file (broken off, damaged",
    ),
    "gz broken off": (
        "orders.csv.gz",
        PACKED[: len(PACKED) // 2],
        "not a complete gzip file (broken off",
    ),
    "gz without its last bytes": (
        "orders.csv.gz",
        PACKED[:-4],
        "Copy it again, or drop .gz from its name.",
    ),
    "gz with a wrong byte": (
        "orders.csv.gz",
        PACKED[:-8] + b"\0" * 8,
        "not a complete gzip file (broken off, damaged",
    ),
    "Parquet broken off": (
        "orders.parquet",
        b"PAR1" + bytes(50),
        "orders.parquet: broken off, or no Parquet file at all.",
    ),
    "Parquet of 3 bytes": (
        "orders.parquet",
        b"PAR",
        "orders.parquet: broken off, or no Parquet file at all.",
    ),
    "CSV as Parquet": (
        "orders.parquet",
        SOME_ORDERS,
        "no Parquet file at all. Copy or write it again.",
    ),
}


@pytest.mark.parametrize(("content", "message"), CONTENTS.values(), ids=CONTENTS)
def test_a_csv_file(tmp_path, content, message):
    assert message in said_of_orders(tmp_path, content)


@pytest.mark.parametrize(("name", "content", "message"), NAMED.values(), ids=NAMED)
def test_a_packed_file(tmp_path, name, content, message):
    assert message in said_of_orders(tmp_path, content, name)


def test_parquet_broken_off_in_the_middle(tmp_path):
    pd.DataFrame(
        {"customer_id": ["a"] * 1000, "ordered_at": "2026-01-01", "amount": 1.5}
    ).to_parquet(tmp_path / "x")
    whole = (tmp_path / "x").read_bytes()
    (tmp_path / "x").unlink()
    assert said_of_orders(tmp_path, whole[:200] + whole[400:], "orders.parquet").startswith(
        "orders.parquet: "
    )


def test_a_folder_called_like_a_file(tmp_path):
    (tmp_path / "orders.csv").mkdir()
    assert said(tmp_path, lambda: check(shop(tmp_path))).startswith(
        "orders.csv: a folder, not a file."
    )


def test_two_files_of_one_table(tmp_path):
    write(tmp_path / "orders.parquet", b"")
    said_of_both = (
        "source.tables.orders: orders.csv and orders.parquet are both there. "
        "Say which under orders.from."
    )
    assert said_of_both in said_of_orders(tmp_path, SOME_ORDERS)


@pytest.mark.parametrize("name", ["/etc/passwd", "../orders.csv", "order.csv"])
def test_a_file_that_is_not_in_the_folder(tmp_path, name):
    message = said_of_orders(tmp_path, SOME_ORDERS, orders={"from": name})
    assert f"source.tables.orders: no {name!r} in " in message
    assert "orders.csv" in message


def test_a_file_as_source(tmp_path):
    write(tmp_path / "orders.csv", SOME_ORDERS)
    assert "one file. Give the folder it lies in" in said(
        tmp_path, lambda: check(shop(tmp_path / "orders.csv"))
    )


def test_a_database_that_is_none(tmp_path):
    with sqlite3.connect(tmp_path / "shop.duckdb") as other:
        other.execute("CREATE TABLE orders (customer_id)")
    assert said(tmp_path, lambda: check(shop(tmp_path / "shop.duckdb"))).startswith("shop.duckdb: ")
    write(tmp_path / "text.duckdb", SOME_ORDERS)
    assert "text.duckdb: not a DuckDB database." in said(
        tmp_path, lambda: check(shop(tmp_path / "text.duckdb"))
    )


def test_a_package_that_is_not_there(tmp_path):
    message = said(tmp_path, lambda: check(shop("package:no_such_package/data")))
    assert "the package no_such_package is not installed (pip install no_such_package)." in message


FINE = {
    "a byte order mark": b"\xef\xbb\xbf" + SOME_ORDERS.encode(),
    "Windows line ends": SOME_ORDERS.replace("\n", "\r\n"),
    "old Mac line ends": SOME_ORDERS.replace("\n", "\r"),
    "no last line end": SOME_ORDERS.rstrip(),
    "semicolons": SOME_ORDERS.replace(",", ";"),
    "tabs": SOME_ORDERS.replace(",", "\t"),
    "bars": SOME_ORDERS.replace(",", "|"),
    "a header with spaces and capitals": SOME_ORDERS.replace(
        "customer_id,ordered_at", ' Customer_ID ,"ORDERED_AT "'
    ),
    "an unnamed first column": "".join(
        f"{n},{line}\n" for n, line in enumerate(SOME_ORDERS.split())
    ).replace("0,", ",", 1),
    "names that are words of SQL": SOME_ORDERS.replace("\n", ",1\n").replace(
        "amount,1", 'amount,"select ""x""; --"'
    ),
    "line breaks in quotes": SOME_ORDERS.replace("b,", '"b\nb",'),
    "blank lines between": SOME_ORDERS.replace("b,", "\n\nb,"),
}


@pytest.mark.parametrize("content", FINE.values(), ids=FINE)
def test_what_is_odd_and_can_be_read_is_read(tmp_path, content):
    account = checked_orders(tmp_path, content).data_box[0]
    assert (account["read"], account["kept"]) == (3, 3)


def test_a_wrong_separator_is_asked_for(tmp_path):
    message = said_of_orders(tmp_path, SOME_ORDERS, orders={"separator": ";"})
    assert (
        "One column found in the first line, 'customer_id,ordered_at,amount': is the separator ','?"
        in message
    )


def test_a_file_name_that_is_a_pattern(tmp_path):
    folder = tmp_path / "a[1]*"
    folder.mkdir()
    assert checked_orders(folder, SOME_ORDERS, "orders.csv").data_box[0]["kept"] == 3


def test_thousands_of_columns(tmp_path):
    names = ",".join(f"c{n}" for n in range(3000))
    lines = [line + "," + names for line in SOME_ORDERS.split()]
    assert checked_orders(tmp_path, "\n".join(lines)).data_box[0]["kept"] == 3
    message = said_of_orders(tmp_path, f"{names}\n{names}\n")
    assert "the column 'customer_id' is missing" in message
    assert len(message) < 1000


def test_members_of_a_gzip_file_are_one_file(tmp_path):
    packed = gzip.compress(SOME_ORDERS.encode()) + gzip.compress(b"d,2026-02-02,x\n")
    checked = checked_orders(
        tmp_path, packed, "ORDERS.CSV.gz", policies={"max_rejected_share": 1.0}
    )
    assert reasons(checked) == {"amount is not a number": 1}
