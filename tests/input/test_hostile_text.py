"""Text of the data and the parameters that would like to be markup, a formula, a path or a
query.
"""

import csv
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from churnlib.errors import DataError, ParamsError
from churnlib.input.checked import check
from churnlib.page.tables import table_block
from churnlib.params.read import params_from_values, read_params
from churnlib.periods import Period
from churnlib.report.plan import Plan
from churnlib.results.columns import Column
from churnlib.results.csv_files import csv_name
from churnlib.results.declared import Result, tagged
from churnlib.results.told import Finding
from churnlib.snapshot.freeze import freeze
from tests.bad_input import PARAMETERS, said_of_parameters, write

LABELS = [
    *(
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "</style><svg/onload=alert(1)>",
        "&lt;b&gt;",
        "]]>",
    ),
    *("=cmd|' /c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", '"; DROP TABLE customers; --', "' OR 1=1"),
    *(
        "../../etc/passwd",
        "..",
        "a/b\\c",
        "{{7*7}}",
        "$x_2^{",
        "%s %d",
        "_nolegend_",
        "NaN",
        "\u202egnp.exe",
        "x" * 10_000,
    ),
]
SEGMENT = 'seg";--<b>'
FORMULA = re.compile(r"[=+@\t\r\n]|-(?![\d.]+$)")


def business(folder: Path, labels: list[str], *, column: str = SEGMENT) -> Path:
    """A subscription business whose customers bear these labels in two columns; its parameter
    file.
    """
    people = [(f"<i>{n}</i>", "2025-01-01", label, label) for n, label in enumerate(labels)]
    spans = [
        (one[0], f"2025-{n % 6 + 1:02}-03", "2025-09-20" if n % 3 else "", 10 + n % 2, one[2])
        for n, one in enumerate(people)
    ]
    customers = [("customer_id", "signed_up_on", column, "../city"), *people]
    subscriptions = [("customer_id", "starts_on", "ends_on", "mrr", "plan"), *spans]
    for name, rows in (("customers", customers), ("subscriptions", subscriptions)):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    with (folder / "subscriptions.csv").open("a") as file:
        file.write("x,<script>alert(2)</script>,,1,p\n")
    names = json.dumps([column, "../city"])
    text = "business: evil\ntitle: '<script>alert(3)</script>'\nmodel: subscription\n"
    text += f"currency: EUR\nsegments: {names}\n"
    write(folder / "evil.yml", text + "cohort_by: first_plan\nsource: {uri: .}\n")
    return folder / "evil.yml"


class Markup(HTMLParser):
    """Tags of a page, and attributes that would run something."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.add(tag)
        self.handlers += [
            name for name, value in attrs if name.startswith("on") or "javascript:" in (value or "")
        ]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output folder of a real report of the worst business."""
    folder = tmp_path_factory.mktemp("evil")
    file = business(folder, [LABELS[n % len(LABELS)] for n in range(420)])
    words = [
        "report",
        str(file),
        "--period",
        "2025-06",
        "--chapter",
        "revenue",
        "--output",
        str(folder / "out"),
    ]
    done = subprocess.run(
        [sys.executable, "-m", "churnlib", *words], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    return folder / "out"


def test_nothing_of_it_reaches_a_page_as_markup(report):
    pages = sorted(report.rglob("*.html"))
    assert len(pages) == 3
    for page in pages:
        markup = Markup(page.read_text(encoding="utf-8"))
        assert not markup.tags & {"script", "img", "i", "b", "iframe", "object"}, page.name
        assert markup.handlers == [], page.name
    assert "&lt;script&gt;alert(3)" in (report / "evil/2025-06/index.html").read_text(
        encoding="utf-8"
    )


def test_nothing_of_it_reaches_a_csv_file_as_a_formula(report):
    files = sorted(report.rglob("*.csv"))
    assert any("'+1+1" in file.read_text(encoding="utf-8") for file in files)
    for file in files:
        with file.open(newline="", encoding="utf-8") as lines:
            cells = [cell for row in csv.reader(lines) for cell in row]
        assert [cell for cell in cells if FORMULA.match(cell)] == [], file.name
        assert max(map(len, cells)) <= 80, file.name


def test_nothing_of_it_lands_outside_the_output_folder(report):
    folder = report.parent
    assert sorted(path.name for path in folder.iterdir()) == [
        "customers.csv",
        "evil.yml",
        "out",
        "subscriptions.csv",
    ]
    names = {path.name for path in report.rglob("mrr_by_*")}
    assert names == {csv_name(f"mrr_by_{SEGMENT}"), csv_name("mrr_by_../city")}
    assert all(re.fullmatch(r"[\w. -]+", name) for name in names)


def test_no_page_or_manifest_names_a_path_of_this_machine(report):
    for path in report.rglob("*"):
        if path.suffix in (".html", ".json", ".csv"):
            assert str(report.parent) not in path.read_text(encoding="utf-8"), path.name


def test_marks_that_turn_a_line_and_endless_labels_are_cut(tmp_path):
    params = read_params(business(tmp_path, LABELS))
    plans = set(check(params).tables["subscriptions"].plan.to_pandas())
    assert "gnp.exe" in plans
    assert "x" * 79 + "…" in plans
    assert max(map(len, plans)) == 80


def test_thousands_of_segments_are_pooled(tmp_path):
    params = read_params(business(tmp_path, [f"<b>{n}</b>" for n in range(5_000)]))
    snapshot = freeze(check(params), Period.parse("2025-06"), tmp_path / "frozen")
    sizes = snapshot.customers[SEGMENT].to_pandas().value_counts()
    assert len(sizes) == 12
    assert sizes["(other)"] == 4_989


NAMES = [
    'a"b',
    "a;b",
    "a'b",
    "select",
    "a.b",
    "*",
    "a--b",
    "/*a",
    "{a}",
    "%s",
    "$1",
    ":a",
    "=1+1",
    "größe",
    "a b",
    "<b>",
    "._.",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_column_may_be_called_anything_and_is_never_a_query(tmp_path, name):
    params = read_params(business(tmp_path, ["a", "b"] * 20, column=name))
    snapshot = freeze(check(params), Period.parse("2025-06"), tmp_path / "frozen")
    assert snapshot.customers.group_by(name).agg(n=snapshot.customers.count()).to_pandas()[
        "n"
    ].tolist() == [20, 20]


def test_headers_of_tables_are_defused_too(tmp_path):
    params = read_params(business(tmp_path, ["a"] * 40))
    snapshot = freeze(check(params), Period.parse("2025-06"), tmp_path / "frozen")
    snapshot.write_table(pd.DataFrame({"=1+1": ["@x"]}), name="t")
    assert (tmp_path / "frozen" / "tables" / "t.csv").read_text() == "'=1+1\n'@x\n"


@pytest.mark.parametrize("label", LABELS)
def test_a_table_shows_any_label_as_text(label):
    frame = pd.DataFrame({"segment": [label], "n": [1]})
    frame.attrs = {"by": label, "file": f"tables/{label}"}
    counted = Result("hostile", label[:50], "a row", (Column("n", "count", "n", label),))
    block = table_block(tagged(frame, counted, frame), Finding(sentence=label[:50]))
    markup = Markup(block.html)
    assert (
        markup.tags
        == {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "span"} & markup.tags
    )
    assert markup.handlers == []


@pytest.mark.parametrize(
    "name", ["../x", "..", "/x", "a/b", "a\\b", "", "con.", "a\0b", "\u202ex", ".hidden", "a\n"]
)
def test_a_business_is_a_folder_and_nothing_else(tmp_path, name):
    text = PARAMETERS.replace("acme\nm", json.dumps(name) + "\nm")
    assert "is made of small letters, digits, - and _" in said_of_parameters(tmp_path, text)
    values = {"business": "a", "model": "subscription", "currency": "EUR", "source": {"uri": "."}}
    params = params_from_values(values).model_copy(update={"business": name})
    with pytest.raises(ParamsError, match="cannot be the name of a folder"):
        Plan(params, Period.parse("2026-01"), (), (), "").folder(tmp_path)


def test_a_title_that_turns_the_line_is_refused(tmp_path):
    message = said_of_parameters(tmp_path, PARAMETERS + 'title: "Acme \\u202e"\n')
    assert "holds a character that cannot be seen; write it without." in message


def test_an_error_keeps_what_a_connection_string_keeps_secret():
    said = str(
        DataError(
            "no postgresql://anna:hunter2@host/db?sslpassword=hunter2&x=1 nor password='hunter2 "
            "x' nor b:hunter2@c"
        )
    )
    assert "hunter2" not in said
    assert said.count("***") == 4
