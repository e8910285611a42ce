"""What an expression in a parameter file may be: a value of one row, nothing that reaches further.

An expression holds columns of the source, literals, operators, CASE and the functions listed here.
It is parsed, never pasted: what reaches the engine is written anew from the parsed tree, of which
every node must be of a kind listed here.
"""

import logging
from collections.abc import Iterable
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.tokens import TokenType

from churnlib.errors import ParamsError, nearest

FUNCTIONS = (
    "abs", "ceil", "coalesce", "concat", "date_add", "date_diff", "date_trunc", "day", "floor",
    "greatest", "if", "ifnull", "last_day", "least", "left", "length", "lower", "month", "nullif",
    "regexp_extract", "regexp_replace", "replace", "right", "round", "split_part", "strptime",
    "substring", "timezone", "to_timestamp", "trim", "try_cast", "upper", "year",
)  # fmt: skip
"""What an expression may call; docs/parameters.md lists them."""
MAX_LENGTH = 2_000
MAX_QUOTED = 100
MAX_DEPTH = 150
UNITS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second")
_UNNAMED = {"timezone"}
"""Functions that the parser has no kind of node for."""
_Type = exp.DataType.Type
_TYPES = {
    *(_Type.TEXT, _Type.VARCHAR, _Type.BOOLEAN, _Type.DATE, _Type.DECIMAL),
    *(_Type.TIMESTAMP, _Type.TIMESTAMPNTZ, _Type.TIMESTAMPTZ),
    *(_Type.TINYINT, _Type.SMALLINT, _Type.INT, _Type.BIGINT, _Type.INT128),
    *(_Type.FLOAT, _Type.DOUBLE),
}
# Kinds of nodes, not their subclasses: a new release of the parser must not widen what is allowed.
_ALLOWED = {
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Neg, exp.Not,
    exp.Case, exp.If, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Pow,
    exp.DPipe, exp.And, exp.Or, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE,
    exp.NullSafeEQ, exp.NullSafeNEQ, exp.Between, exp.In, exp.Is, exp.Like, exp.ILike,
    exp.Escape, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Var,
    exp.Abs, exp.Ceil, exp.Coalesce, exp.Concat, exp.DateAdd, exp.DateDiff, exp.DateTrunc,
    exp.TimestampTrunc, exp.Day, exp.Floor, exp.Greatest, exp.LastDay, exp.Least, exp.Left,
    exp.Length, exp.Lower, exp.Month, exp.Nullif, exp.RegexpExtract, exp.RegexpReplace,
    exp.Replace, exp.Right, exp.Round, exp.SplitPart, exp.StrToTime, exp.Substring, exp.Trim,
    exp.UnixToTime, exp.Upper, exp.Year,
}  # fmt: skip

# What the parser thinks of a text is said by us, once.
logging.getLogger("sqlglot").addHandler(logging.NullHandler())


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
    ParamsError : not one scalar expression, a function not on the list, or a column that does not
        exist

    Examples
    --------
    >>> parse_expression("upper(plan)", ["plan"], key="expressions.plan", dialect="")
    'UPPER("plan")'
    """
    if len(text) > MAX_LENGTH:
        raise ParamsError(
            f"{key}: an expression has at most {MAX_LENGTH:,} characters; this one has "
            f"{len(text):,}."
        )
    where = f"{key} = {text[:MAX_QUOTED]!r}"
    known = {column.lower(): column for column in columns}
    try:
        tree = _tree(text, where, dialect)
        _refuse_depth(tree)
        for node in tree.walk():
            if isinstance(node, exp.Column):
                _resolve(node, known, key)
            elif not _is_allowed(node):
                raise ParamsError(
                    f"{where}: {_described(node, _calls(text, dialect))} is not allowed in an "
                    "expression. It may hold columns, literals, operators, CASE and these "
                    f"functions: {', '.join(FUNCTIONS)}."
                )
        return tree.sql(dialect=dialect, identify=True, comments=False)
    except RecursionError:
        raise ParamsError(f"{where}: nested too deeply. Write it in fewer steps.") from None


def _tree(text: str, where: str, dialect: str) -> exp.Expression:
    try:
        trees = sqlglot.parse(text, dialect=dialect)
    except sqlglot.errors.SqlglotError as error:
        reason = str(error).splitlines()[0].split(". Line")[0]
        raise ParamsError(f"{where}: not an expression: {reason[:MAX_QUOTED]}.") from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Expression):
        raise ParamsError(f"{where}: must be one scalar expression.")
    return trees[0]


def _calls(text: str, dialect: str) -> list[str]:
    """The functions that a text calls by the names that its user wrote, where we know none."""
    tokens = sqlglot.tokenize(text, dialect=dialect)
    called = [
        word.text
        for word, bracket in pairwise(tokens)
        if word.token_type is TokenType.VAR and bracket.token_type is TokenType.L_PAREN
    ]
    return [name for name in called if name.lower() not in FUNCTIONS]


def _refuse_depth(tree: exp.Expression) -> None:
    """What we can still read, the engine's own parser may not: it starts further down the stack."""
    depth: dict[int, int] = {}
    for node in tree.walk():
        depth[id(node)] = depth.get(id(node.parent), 0) + 1
    if max(depth.values()) > MAX_DEPTH:
        raise RecursionError


def _is_allowed(node: exp.Expression) -> bool:
    if type(node) is exp.DataType:
        return node.this in _TYPES
    if type(node) is exp.Anonymous:
        return node.name.lower() in _UNNAMED
    if type(node) not in _ALLOWED:
        return False
    if type(node) is exp.Var:
        return node.name.lower() in UNITS
    if isinstance(node, exp.DateTrunc | exp.TimestampTrunc):
        return node.args["unit"].name.lower() in UNITS
    return True


def _resolve(column: exp.Column, known: dict[str, str], key: str) -> None:
    name = column.name
    if column.table or name.lower() not in known:
        hint = nearest(name, known.values()) or f". Columns: {', '.join(known.values())}."
        raise ParamsError(f"{key}: the source has no column {column.sql()!r}{hint}")
    column.this.set("this", known[name.lower()])


def _described(node: exp.Expression, unknown_calls: list[str]) -> str:
    """What is refused, in the words of who wrote it: the parser calls some functions otherwise."""
    if isinstance(node, exp.DateTrunc | exp.TimestampTrunc):
        return f"date_trunc() to {node.args['unit'].name!r} (units are {', '.join(UNITS)})"
    if isinstance(node, exp.Func) and not isinstance(node, exp.Binary):
        own = node.name if isinstance(node, exp.Anonymous) else node.sql_name().lower()
        return f"the function {next(iter(unknown_calls), own)[:MAX_QUOTED]}()"
    return f"{node.key} ({node.sql()[:MAX_QUOTED]})"
