"""What an expression in a parameter file may be: one scalar value of one row, and nothing that reaches further.

An expression holds columns of the source, literals, operators, CASE and the functions listed here. It is parsed, never
pasted: what reaches the engine is written anew from the parsed tree.
"""

import difflib
from collections.abc import Iterable

import sqlglot
from sqlglot import exp

from churnlib.errors import ParamsError

FUNCTIONS = (
    *("abs", "ceil", "coalesce", "concat", "date_trunc", "floor", "greatest", "if", "ifnull", "least", "left"),
    *("length", "lower", "nullif", "regexp_extract", "regexp_replace", "replace", "right", "round", "split_part"),
    *("strptime", "substring", "trim", "try_cast", "upper"),
)
MAX_LENGTH = 2_000
_ALLOWED = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Neg, exp.Not, exp.Case, exp.If,
    exp.Binary, exp.Connector, exp.Between, exp.In, exp.Is, exp.Like, exp.Cast, exp.TryCast, exp.DataType,
    exp.DataTypeParam, exp.Interval, exp.Var, exp.DPipe,
    exp.Abs, exp.Ceil, exp.Coalesce, exp.Concat, exp.DateTrunc, exp.TimestampTrunc, exp.Floor, exp.Greatest, exp.Least,
    exp.Left, exp.Length, exp.Lower, exp.Nullif, exp.RegexpExtract, exp.RegexpReplace, exp.Replace, exp.Right,
    exp.Round, exp.SplitPart, exp.StrToTime, exp.Substring, exp.Trim, exp.Upper,
)  # fmt: skip
_REFUSED = (exp.Subquery, exp.Select, exp.AggFunc, exp.Window, exp.Star, exp.Dot, exp.Placeholder, exp.Parameter)


def parse_expression(text: str, columns: Iterable[str], *, key: str, dialect: str) -> str:
    """Check one expression and write it anew in the engine's dialect.

    Parameters
    ----------
    text : the expression as the parameter file has it, in `dialect`
    columns : the source's columns
    key : the parameter's dotted key, for messages
    dialect : the name of the SQL dialect

    Returns
    -------
    str : the same expression, every column quoted

    Raises
    ------
    ParamsError : not one scalar expression, a function not on the list, or a column that does not exist

    Examples
    --------
    >>> parse_expression("upper(plan)", ["plan"], key="expressions.plan", dialect="")
    'UPPER("plan")'
    """
    tree = _tree(text, key, dialect)
    known = {column.lower(): column for column in columns}
    for node in tree.walk():
        if isinstance(node, exp.Column):
            _resolve(node, known, key)
        elif isinstance(node, _REFUSED) or not isinstance(node, _ALLOWED):
            raise ParamsError(
                f"{key}: {_described(node)} is not allowed in an expression. It may hold columns, literals, operators, "
                f"CASE and these functions: {', '.join(FUNCTIONS)}."
            )
    return tree.sql(dialect=dialect, identify=True, comments=False)


def _tree(text: str, key: str, dialect: str) -> exp.Expression:
    if len(text) > MAX_LENGTH:
        raise ParamsError(f"{key}: an expression has at most {MAX_LENGTH:,} characters; this one has {len(text):,}.")
    try:
        trees = sqlglot.parse(text, dialect=dialect)
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        reason = str(error).splitlines()[0].split(". Line")[0]
        raise ParamsError(f"{key} = {text!r}: not an expression: {reason}.") from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Expression):
        raise ParamsError(f"{key} = {text!r}: must be one scalar expression.")
    return trees[0]


def _resolve(column: exp.Column, known: dict[str, str], key: str) -> None:
    name = column.name
    if column.table or name.lower() not in known:
        near = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
        hint = f" Did you mean {known[near[0]]!r}?" if near else f" Columns: {', '.join(known.values())}."
        raise ParamsError(f"{key}: the source has no column {column.sql()!r}.{hint}")
    column.this.set("this", known[name.lower()])


def _described(node: exp.Expression) -> str:
    if isinstance(node, exp.Anonymous):
        return f"the function {node.name}()"
    if isinstance(node, exp.Func):
        return f"the function {node.sql_name().lower()}()"
    return f"{node.key} ({node.sql()[:60]})"
