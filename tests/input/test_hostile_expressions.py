"""Expressions that reach further than one value of one row; and those that pass run on the
engine.
"""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlib.engine import DIALECT, compute, connect
from churnlib.errors import ChurnlibError, ParamsError
from churnlib.input.checked import check
from churnlib.input.expressions import MAX_LENGTH, parse_expression
from tests.bad_input import SOME_ORDERS, said_of_orders, shop, write

COLUMNS = ["Plan Tier", "amount", "quantity", "day", "när", "a;b", 'q"q']
ROW = {
    "Plan Tier": "x",
    "amount": "1",
    "quantity": 2,
    "day": "2026-01-31",
    "när": "ä",
    "a;b": "b",
    'q"q': "c",
}

REFUSED = {
    "files": ["read_csv('/etc/passwd')", "read_text('x')", "read_blob('x')", "read_parquet('x')",
              "glob('*')", "getenv('HOME')"],
    "queries": ["(SELECT 1)", "amount IN (SELECT 1)", "EXISTS(SELECT 1)", "amount = ANY(SELECT 1)",
                "query('SELECT 1')",
                "query_table('x')", "WITH x AS (SELECT 1) SELECT * FROM x", "VALUES (1)",
                "amount UNION SELECT 1", "FROM x"],
    "statements": ["amount; ATTACH 'x.db'", "ATTACH 'x.db'", "; DROP TABLE x", "amount; amount",
                   "COPY x TO 'y'",
                   "INSTALL httpfs", "LOAD httpfs", "PRAGMA x", "SET x = 1",
                   "CREATE MACRO m(a) AS a", "EXPORT DATABASE 'x'",
                   "CALL x()", "DELETE FROM x", "UPDATE x SET a = 1", "EXPLAIN SELECT 1",
                   "amount -- x\n; DROP TABLE x"],
    "many rows": ["sum(quantity)", "count(*)", "row_number() OVER ()", "upper(amount) OVER ()",
                  "max(amount)",
                  "string_agg(amount, ',')", "unnest([1])", "range(10)",
                  "sum(quantity) FILTER (WHERE TRUE)"],
    "many columns": ["*", "COLUMNS(*)", "COLUMNS('a.*')", "* EXCLUDE (amount)",
                     "(amount, quantity)", "amount, quantity",
                     "row(amount)", "upper(*)", "amount AS b", "source_rows.amount"],
    "no scalars": ["[amount]", "{'a': amount}", "{'a': amount}.a", "struct_pack(a := 1)",
                   "amount[1]", "map {'a': 1}",
                   "[x for x in [1, 2]]", "list_transform([1], x -> x)", "lambda x: x",
                   "amount::INT[]", "amount::STRUCT(a INT)",
                   "amount::MAP(INT, INT)", "amount::JSON", "amount::BLOB", "amount::ENUM('a')",
                   'amount::"x; y"', "amount::own"],
    "not of the row": ["now()", "today()", "current_date", "current_user", "random()", "uuid()",
                       "nextval('s')",
                       "getvariable('x')", "current_setting('x')", "$1", "?", ":name", "@x.y",
                       "#1"],
    "not on the list": ["repeat(amount, 1000000000)", "lpad(amount, 9, 'x')", "chr(0)",
                        "hash(amount)", "m(amount)",
                        "concat_ws('-', amount)", "amount COLLATE \"x; y\"", "amount ? 1",
                        "upper(x := amount)",
                        "amount SIMILAR TO 'a'", "amount GLOB 'a'", "date_trunc(amount, day)",
                        "date_trunc('x' || 'y', day)",
                        "INTERVAL 1 FORTNIGHT", "error('x')"],
    "no expression": ["", ";", "'", '"', "amount +", "`amount`", "{{ amount }}", "${amount}", "\\x",
                      "amount amount amount",
                      "amount \uff0b 1", "SELECT", "CASE WHEN", "coalesce()",
                      "upper(amount, amount)"],
    "look-alikes": ["\u0430mount", "amount\u200b", "\uff41\uff4d\uff4f\uff55\uff4e\uff54",
                    "amount\0"],
}  # fmt: skip
ALL_REFUSED = [text for texts in REFUSED.values() for text in texts]

NESTED = [
    "(" * 900 + "amount" + ")" * 900,
    "-" * 1800 + "quantity",
    "NOT " * 450 + "TRUE",
    "amount" + "::INT" * 390,
    "CASE WHEN TRUE THEN " * 70 + "1" + " END" * 70,
    "[" * 1500,
    "{" * 1500,
    "upper(" * 200 + "amount" + ")" * 200,
]

ALLOWED = [
    "amount", "AMOUNT", '"PLAN TIER"', "när", '"a;b"', '"q""q"', "amount;", "amount -- x",
    "/* x */ amount /* ; */", "((amount))",
    "amount::INT + 1", "amount::INT::VARCHAR::DOUBLE", "CAST(amount AS DECIMAL(18, 2))",
    "try_cast(amount AS DATE)",
    "date_trunc('month', day::DATE)", "date_trunc('week', day::TIMESTAMP)::DATE",
    "day::DATE + INTERVAL 1 MONTH",
    "day::DATE - INTERVAL '2' DAY", "day::DATE + INTERVAL (quantity) DAY", "day::DATE - 1",
    "day::TIMESTAMPTZ",
    "quantity // 2 % 3 ** 2", "- - -quantity", "quantity--1",
    "quantity = 1 AND NOT quantity <> 2 OR TRUE",
    "amount IN ('1', 'x')", "amount NOT IN ('1')", "amount IS NOT NULL",
    "amount IS DISTINCT FROM '2'",
    "quantity BETWEEN 1 AND 2",
    "amount LIKE 'a!%' ESCAPE '!'", "amount ILIKE 'a%'", "amount || quantity", "'a' 'b'",
    "'; DROP TABLE x'", "'\u202eevil'",
    "CASE amount WHEN '1' THEN 'a' ELSE 'b' END", "if(quantity > 1, 1, 2)", "ifnull(amount, 'x')",
    "coalesce(NULL, amount)",
    "concat(amount, 'x')", "left(amount, 1)", "right(amount, 1)", "substring(amount, 1, 1)",
    "substring(amount FROM 1 FOR 1)",
    "trim(amount)", "trim(BOTH 'x' FROM amount)", "length(amount)", "lower(amount)",
    "upper(amount)",
    "replace(amount, ',', '.')::DOUBLE", "regexp_replace(amount, '(a)', '\\1', 'g')",
    "regexp_extract(amount, '(\\d+)', 1)",
    "split_part(day, '-', 1)", "strptime(day, '%Y-%m-%d')", "nullif(amount, '')",
    "greatest(quantity, 1)", "least(quantity, 1)",
    "abs(quantity)", "ceil(quantity)", "floor(quantity)", "round(quantity / 3, 2)", "TRUE", "NULL",
    "DATE '2026-01-01'", "1e5",
]  # fmt: skip


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "rows.parquet"
    pd.DataFrame({name: [value] for name, value in ROW.items()}).to_parquet(path)
    return connect().read_parquet(str(path))


def parse(text: str) -> str:
    return parse_expression(text, COLUMNS, key="expressions.plan", dialect=DIALECT)


def outcome(text: str) -> tuple[str, str]:
    """What becomes of an expression: what is written for the engine, or what is said of it."""
    try:
        return parse(text), ""
    except ParamsError as error:
        return "", str(error)


@pytest.mark.parametrize("text", ALL_REFUSED)
def test_what_reaches_further_is_refused(text, capfd):
    with pytest.raises(ParamsError) as error:
        parse(text)
    message = str(error.value)
    assert message.startswith("expressions.plan")
    assert any(
        word in message
        for word in ("not allowed in an expression", "no column", "not an expr", "one scalar expr")
    )
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", NESTED, ids=lambda text: f"{text[:5]} x {len(text)}")
def test_what_is_nested_without_end_is_refused_in_short(text, rows):
    assert len(text) <= MAX_LENGTH
    written, refusal = outcome(text)
    assert len(refusal) < 500
    assert not written or len(compute(rows, {"x": written}).execute()) == 1


@pytest.mark.parametrize("text", ALLOWED)
def test_what_is_allowed_runs(text, rows):
    assert len(compute(rows, {"x": parse(text)}).execute()) == 1


WORDS = st.sampled_from(
    [
        *ALL_REFUSED,
        *ALLOWED,
        *"()[]{}*+-/%=<>,.;:'\"\\|&~^?$#@ \n",
        "::",
        "--",
        "/*",
        "*/",
        "AND",
        "OVER",
    ]
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(WORDS, min_size=1, max_size=6).map(" ".join))
def test_whatever_is_written_is_refused_in_words_or_is_one_value(text):
    written, refusal = outcome(text)
    assert refusal.startswith("" if written else "expressions.plan")
    assert not written or parse(written) == written
    assert not any(
        word in written.upper() for word in ("SELECT ", "ATTACH", "READ_", "OVER (", "COLUMNS(")
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "upper(amount) + 1",
            "source.tables.orders.expressions.category = 'upper(amount) + 1': not readable: "
            "Binder Error",
        ),
        ("1 < 2 < 3", "source.tables.orders.expressions.category = '1 < 2 < 3': not readable: "),
        (
            "customer_id::INT",
            "orders.csv: Could not convert string 'a' to INT32. In expressions, try_cast(x AS "
            "type)",
        ),
        ("strptime(customer_id, '%Y')", "orders.csv: "),
    ],
)
def test_what_the_engine_cannot_compute_is_said(tmp_path, text, message):
    assert message in said_of_orders(
        tmp_path, SOME_ORDERS, orders={"expressions": {"category": text}}
    )


def test_the_name_of_an_expression_is_no_code(tmp_path):
    write(tmp_path / "orders.csv", SOME_ORDERS)
    write(tmp_path / "customers.csv", "customer_id\na\n")
    name = 'x" FROM source_rows; DROP TABLE y; --'
    params = shop(tmp_path, orders={})
    tables = {"orders": {}, "customers": {"expressions": {name: "upper(customer_id)"}}}
    source = params.source.model_validate({"uri": str(tmp_path), "tables": tables})
    checked = check(params.model_copy(update={"source": source}))
    assert checked.tables["customers"][name].execute().tolist() == ["A"]


def test_a_message_is_one_for_the_user():
    assert issubclass(ParamsError, ChurnlibError)
