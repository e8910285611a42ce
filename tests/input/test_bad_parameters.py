"""Parameter files that cannot be used: each says what, where and how to mend it."""

import pytest

from churnlib.errors import ParamsError
from churnlib.params.model import Params
from churnlib.params.read import params_from_values, read_params
from churnlib.periods import Period, period_range
from tests.bad_input import PARAMETERS, said_of_parameters

TABLE = PARAMETERS.replace("acme}", "acme, tables: {subscriptions: {%s}}}")

YAML = {
    "NO is a text, and no currency": (
        PARAMETERS.replace("EUR", "NO"),
        "line 3: currency = 'NO': a currency is an ISO",
    ),
    "a year is a number": (
        PARAMETERS.replace("acme\nm", "2026\nm"),
        "line 1: business = 2026: is a text; put it in",
    ),
    "true is no number": (
        PARAMETERS + "margin: true\n",
        "acme.yml, line 5: margin = True: is a number.",
    ),
    "yes is no number": (PARAMETERS + "margin: yes\n", "line 5: margin = 'yes': is a number."),
    "a number in quotes": (PARAMETERS + 'margin: "0.5"\n', "line 5: margin = '0.5': is a number."),
    "sexagesimal": (PARAMETERS + "margin: 12:30\n", "margin = '12:30': is a number."),
    "octal": (PARAMETERS + "margin: 01\n", "margin = '01': is a number."),
    "not a number": (PARAMETERS + "margin: .nan\n", "margin = '.nan': is a number."),
    "infinity": (
        PARAMETERS + "acquisition_cost: .inf\n",
        "acquisition_cost = '.inf': is a number.",
    ),
    "decimal comma": (PARAMETERS + "margin: 0,8\n", "margin = '0,8': is a number."),
    "given twice": (
        PARAMETERS + "model: transactional\n",
        "line 5: model is given twice (first on line 2).",
    ),
    "given twice, deep": (
        TABLE % "from: a, from: b",
        "line 4: source.tables.subscriptions.from is given twice",
    ),
    "an alias": (
        "a: &x [1]\nb: [*x, *x]\n",
        "acme.yml, line 2: aliases (*x) are not read; use extends",
    ),
    "aliases that explode": (
        "a: &a [x, x]\n" + "".join(f"{b}: &{b} [*{a}, *{a}]\n" for a, b in ["ab", "bc", "cd"]),
        "line 2: aliases",
    ),
    "merge keys": ("a: &x {b: 1}\nc: {<<: *x}\n", "aliases (*x)"),
    "a tag": (
        'business: !!python/object/apply:os.system ["true"]\n',
        "line 1: tags (tag:yaml.org,2002:python",
    ),
    "brackets without end": ("business: " + "[" * 3000 + "]" * 3000, "brackets within brackets"),
    "too much": ("a: [" + "1, " * 30_000 + "1]\n", "more than a parameter file can hold"),
    "too large": ("# " + "x" * 1_000_001, "larger than a parameter file can be (1,000,000 bytes)."),
    "two documents": (
        PARAMETERS + "---\n" + PARAMETERS,
        "line 5: not readable as YAML: but found another document",
    ),
    "a tab": ("business:\n\tacme\n", "acme.yml, line 2: not readable as YAML"),
    "an open quote": ('business: "acme\n', "not readable as YAML"),
    "a zero byte": ("business: ac\0me\n", "acme.yml: not readable as YAML"),
    "a key that is a list": ("? [a, b]\n: 1\n", "line 1: a key is one word before a colon."),
    "empty": ("", "acme.yml: a parameter file is a list of `key: value` lines; this one is not."),
    "JSON text": ('"hello"', "a parameter file is a list of `key: value` lines"),
    "UTF-16": (PARAMETERS.encode("utf-16"), "acme.yml: not UTF-8 (byte 0). Save it as UTF-8."),
    "Latin-1": (
        "title: Müller\n".encode("latin-1"),
        "acme.yml: not UTF-8 (byte 8). Save it as UTF-8.",
    ),
}

VALUES = {
    "unknown key": (
        PARAMETERS + "segment: [a]\n",
        "line 5: segment is not a parameter: did you mean 'segments'?",
    ),
    "no near key": (
        PARAMETERS + "xyzzy: 1\n",
        "line 5: xyzzy is not a parameter. Known here: business, title",
    ),
    "unknown key of a table": (
        TABLE % "form: a.csv",
        "subscriptions.form is not a parameter: did you mean 'from'?",
    ),
    "missing": ("business: acme\n", "acme.yml: source is missing: add it."),
    "a list where a text belongs": (
        PARAMETERS + "title: [a]\n",
        "title = ['a']: is a text; put it in quotes.",
    ),
    "a text where a list belongs": (
        PARAMETERS + "segments: channel\n",
        "segments = 'channel': is a list, such as",
    ),
    "a filter without a list": (
        TABLE % "filter: {country: NO}",
        "filter.country = 'NO': is a list, such as [a, b].",
    ),
    "a constant that is a list": (
        TABLE % "constants: {plan: [a]}",
        "constants.plan = ['a']: is one value",
    ),
    "a text where a mapping belongs": (
        PARAMETERS + "policies: 5\n",
        "policies = 5: is a mapping, such as {key: value}",
    ),
    "a choice": (
        PARAMETERS + "grain: week\n",
        "line 5: grain = 'week': is one of 'month' or 'quarter'.",
    ),
    "a separator": (TABLE % 'separator: "^"', "separator = '^': is one of"),
    "a share above one": (
        PARAMETERS + "policies: {max_rejected_share: 5}\n",
        "= 5: must be less than or equal to 1.",
    ),
    "a margin of nothing": (PARAMETERS + "margin: 0\n", "margin = 0: must be greater than 0."),
    "a segment twice": (PARAMETERS + "segments: [a, a]\n", "a column is named once."),
    "a rate of the own currency": (
        PARAMETERS + "exchange_rates: {EUR: 2}\n",
        "EUR is the report's currency; its rate",
    ),
    "a rate of no currency": (
        PARAMETERS + "exchange_rates: {usd: 2}\n",
        "three capitals, such as EUR; 'usd' is none.",
    ),
    "a date format of words": (
        TABLE % "date_format: DD.MM.YYYY",
        "says where day, month and year stand, such as",
    ),
    "a date format without year": (
        TABLE % 'date_format: "%d.%m."',
        "says where day, month and year stand",
    ),
    "an unknown sign": (
        TABLE % 'date_format: "%Y-%m-%d %Q"',
        "%Q stands for nothing; a date_format is such as",
    ),
    "a time zone": (
        PARAMETERS + "timezone: CEST\n",
        "timezone = 'CEST': a time zone is a name such as Europe/Berlin",
    ),
    "a day that is none": (
        PARAMETERS + "data_until: 2026-02-30\n",
        "= '2026-02-30': a date is written 2026-09-30",
    ),
    "a path as business": (
        PARAMETERS.replace("acme\nm", "../x\nm"),
        "'../x': is made of small letters, digits, - and _",
    ),
    "dots as business": (
        PARAMETERS.replace("acme\nm", '".."\nm'),
        "business = '..': is made of small letters",
    ),
    "a long business": (
        PARAMETERS.replace("acme\nm", "a" * 80 + "\nm"),
        "is made of small letters",
    ),
    "a long title": (
        PARAMETERS + f"title: {'x' * 10_000}\n",
        "title = '" + "x" * 99 + "...: String should have at most",
    ),
}

ADDRESSES = {
    "an address of the web": "https://example.com/data?password=hunter2",
    "a bucket": "s3://key:hunter2@bucket/data",
    "a bare login": "anna:hunter2@db/shop",
    "a connection string": "host=db user=anna password=hunter2",
    "a token": "md:shop?motherduck_token=hunter2",
    "a file with a password": "../data/acme.db?password=hunter2",
}


@pytest.mark.parametrize(("text", "message"), YAML.values(), ids=YAML)
def test_yaml(tmp_path, text, message):
    assert message in said_of_parameters(tmp_path, text)


@pytest.mark.parametrize(("text", "message"), VALUES.values(), ids=VALUES)
def test_values(tmp_path, text, message):
    said = said_of_parameters(tmp_path, text)
    assert message in said
    assert said.startswith("acme.yml")
    assert len(said) < 1000


SERVERS = {
    "a password": "postgresql://anna:hunter2@db.example/shop",
    "a user from the environment": "postgres://${NOBODY}:hunter2@db.example/shop",
    "half a password": "postgres://anna:${NOBODY}hunter2@db.example/shop",
    "a password at the end": "snowflake://anna:${NOBODY}@account/shop?password=hunter2",
    "a token": "databricks://db.example/?access_token=hunter2",
}


@pytest.mark.parametrize("uri", SERVERS.values(), ids=SERVERS)
def test_a_server_with_its_password_is_refused(tmp_path, uri):
    text = PARAMETERS.replace("{uri: ../data/acme}", f"{{uri: '{uri}'}}")
    said = said_of_parameters(tmp_path, text)
    assert "holds a password; write ${NAME} in its place" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("uri", ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_is_refused_and_keeps_its_secret(tmp_path, uri):
    said = said_of_parameters(
        tmp_path, PARAMETERS.replace("{uri: ../data/acme}", f"{{uri: '{uri}'}}")
    )
    assert "acme.yml, line 4: source.uri = " in said
    assert "a source is a folder of CSV or Parquet files" in said
    assert "hunter2" not in said


def test_a_secret_in_the_wrong_place_is_kept_too(tmp_path):
    text = PARAMETERS.replace("{uri: ../data/acme}", "postgresql://anna:hunter2@db/shop")
    assert "hunter2" not in said_of_parameters(tmp_path, text)


@pytest.mark.parametrize("uri", ["/home/anna/data/acme", "~/data/acme", "C:\\data\\acme"])
def test_where_data_lie_on_this_machine_is_nobody_elses_business(uri):
    params = params_from_values(
        {"business": "a", "model": "subscription", "currency": "EUR", "source": {"uri": uri}}
    )
    assert params.effective()["source"]["uri"] == ".../acme"
    assert Params.model_validate(params.effective()).effective() == params.effective()


def test_extends_that_leads_nowhere(tmp_path):
    assert (
        "acme.yml, line 1: extends: base.yml: no such parameter file. There: acme.yml"
        in said_of_parameters(tmp_path, "extends: base.yml\n")
    )


def test_extends_in_a_circle_of_three(tmp_path):
    (tmp_path / "b.yml").write_text("extends: c.yml\n")
    (tmp_path / "c.yml").write_text("extends: acme.yml\n")
    assert (
        "c.yml, line 1: extends goes round in a circle: acme.yml is read twice."
        in said_of_parameters(tmp_path, "extends: b.yml\n")
    )


@pytest.mark.parametrize("name", ["[a.yml, b.yml]", "5", "/etc/passwd", "~"])
def test_extends_names_one_parameter_file(tmp_path, name):
    assert "is the name of one parameter file, such as base.yml." in said_of_parameters(
        tmp_path, f"extends: {name}\n"
    )


def test_what_is_wrong_in_the_file_below_is_named_there(tmp_path):
    (tmp_path / "base.yml").write_text(PARAMETERS + "margin: 8\n")
    assert said_of_parameters(tmp_path, "extends: base.yml\n").startswith(
        "base.yml, line 5: margin = 8"
    )


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path):
    (tmp_path / "acme.yml").write_bytes(b"\xef\xbb\xbf" + PARAMETERS.replace("\n", "\r\n").encode())
    assert read_params(tmp_path / "acme.yml").business == "acme"


@pytest.mark.parametrize(
    "label",
    [
        *("2026-13", "2026-00", "2026-1", "2026-Q5", "2026-Q0", "26-01", "2026", "2026-01-15"),
        *("last", "", "-2026-01", "0000-01"),
    ],
)
def test_an_impossible_period(label):
    with pytest.raises(
        ParamsError, match=r"is not a period. Write a month as 2026-09 or a quarter as 2026-Q3."
    ):
        Period.parse(label)


def test_impossible_ranges():
    with pytest.raises(
        ParamsError, match=r"the range ends \(2026-01\) before it begins \(2026-03\)."
    ):
        period_range(Period.parse("2026-03"), Period.parse("2026-01"))
    with pytest.raises(ParamsError, match="2026-03 and 2026-Q1 are of different grains"):
        period_range(Period.parse("2026-03"), Period.parse("2026-Q1"))
