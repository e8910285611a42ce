"""Columns of an export, whatever its connector called or typed them: NULL where one is absent."""

import ibis
import ibis.expr.types as ir

from churnlib.engine.moments import parse_moment

_TRUE = ("true", "t", "yes", "y", "1")


def counted(n: int, noun: str) -> str:
    """`1 order`, `1,234 orders`."""
    return f"1 {noun}" if n == 1 else f"{n:,} {noun}s"


def has(rows: ir.Table, name: str) -> bool:
    """Whether there is a column of this name, capitals aside."""
    return name.lower() in {one.lower() for one in rows.columns}


def text(rows: ir.Table, name: str) -> ir.StringValue:
    """As text, trimmed; NULL where it is empty."""
    return _column(rows, name).cast("string").strip().nullif("")


def word(rows: ir.Table, name: str) -> ir.StringValue:
    """A word of a vocabulary: in small letters."""
    return text(rows, name).lower()


def number(rows: ir.Table, name: str) -> ir.FloatingValue:
    """As a number; NULL where it is none."""
    return text(rows, name).try_cast("float64")


def flag(rows: ir.Table, name: str) -> ir.BooleanValue:
    """Whether it says yes; no where it is empty."""
    return word(rows, name).isin(_TRUE).fill_null(False)


def moment(
    rows: ir.Table, name: str, *, timezone: str, stamps: str = "UTC", form: str | None = None
) -> ir.TimestampValue:
    """A moment on the business's clock.

    Parameters
    ----------
    timezone : the business's
    stamps : the zone of times that name none
    form : "epoch" for seconds or milliseconds; ISO texts are read too
    """
    column = _column(rows, name)
    if column.type().is_string():
        column = text(rows, name)
    return parse_moment(column, form=form, stamps=stamps, timezone=timezone)


def _column(rows: ir.Table, name: str) -> ir.Value:
    for one in rows.columns:
        if one.lower() == name.lower():
            return rows[one]
    return ibis.null("string")
