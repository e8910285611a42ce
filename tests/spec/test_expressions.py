"""What an expression in a parameter file may be."""

import pytest

from churnlib.engine import DIALECT
from churnlib.errors import ParamsError
from churnlib.input.expressions import parse_expression

COLUMNS = ["Plan Tier", "amount", "quantity", "is_trial"]


def parse(text: str) -> str:
    return parse_expression(text, COLUMNS, key="expressions.plan", dialect=DIALECT)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("amount * quantity", '"amount" * "quantity"'),
        ("AMOUNT / 12", '"amount" / 12'),
        ('upper("Plan Tier")', 'UPPER("Plan Tier")'),
        (
            "CASE WHEN amount > 10 THEN 'big' ELSE 'small' END",
            "CASE WHEN \"amount\" > 10 THEN 'big' ELSE 'small' END",
        ),
        ("amount -- a note", '"amount"'),
    ],
)
def test_scalar_expressions_are_written_anew(text, written):
    assert parse(text) == written


@pytest.mark.parametrize(
    "text",
    [
        "coalesce(amount, 0)", "round(amount, 2)", "split_part(is_trial, '-', 1)", "amount::int",
        "amount IN (1, 2)",
        "strptime(is_trial, '%d.%m.%Y')", "regexp_replace(is_trial, 'a', 'b')", "is_trial || 'x'",
        "try_cast(amount as int)",
        "date_trunc('month', amount)", "left(is_trial, 2)", "amount BETWEEN 1 AND 2",
        "is_trial LIKE 'a%'", "trim(is_trial)",
        "nullif(amount, 0)", "greatest(amount, quantity)", "if(amount > 1, 1, 2)", "NOT is_trial",
        "-amount",
    ],
)  # fmt: skip
def test_the_documented_functions_and_operators_pass(text):
    assert parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("read_csv('/etc/passwd')", "read_csv"),
        ("(SELECT 1)", "not allowed"),
        ("SELECT amount", "not allowed"),
        ("amount; DROP TABLE x", "one scalar expression"),
        ("sum(amount)", "not allowed"),
        ("row_number() OVER ()", "not allowed"),
        ("getenv('HOME')", "getenv"),
        ("other.amount", "no column"),
        ("amuont", "did you mean 'amount'?"),
        ("amount +", "not an expression"),
        ("*", "not"),
        ("", "one scalar expression"),
        ("amount" + " + 1" * 1000, "at most 2,000 characters"),
        ("current_date", "not allowed"),
        ("random()", "not allowed"),
    ],
)
def test_anything_that_reaches_further_is_refused(text, message):
    with pytest.raises(ParamsError, match=r"expressions.plan") as error:
        parse(text)
    assert message in str(error.value)
