"""Months of life, counted from a customer's own start: expressions on the engine.

Month of life k runs from k-1 months after the start, exclusive, to k months after it, inclusive
(one month after January 31 is February 28).
"""

import calendar
from datetime import date

import ibis
import ibis.expr.types as ir

from churnlib.results.terms import Term

WORDS = (
    Term(
        "Tenure",
        "Whole months since a customer's start; at leaving, the month of life in which it ended.",
    ),
    Term(
        "Month of life",
        "The k-th month since a customer's start; who leaves in it has tenure k at leaving.",
    ),
)


def month_of_life(start: ir.DateValue, end: ir.DateValue) -> ir.IntegerValue:
    """The month of life that `end` lies in: months from start to end, rounded up.

    The end is not past the anniversary in its calendar month where its day is at most the start's
    day; that a short month clamps the anniversary to its last day changes nothing, as no end lies
    behind that day.
    """
    return _calendar_months(start, end) + (end.day() > start.day()).cast("int64")


def months_through(start: ir.DateValue, as_of: date) -> ir.IntegerValue:
    """Whole months of life observed by as_of: those that ended, their last day included, before it.

    The day as_of itself is not observed (an end on it is not yet known): a month of life that ends
    on it is not over. If it counted, billing by calendar month would show a last month of life in
    which nobody leaves.
    """
    length = calendar.monthrange(as_of.year, as_of.month)[1]
    anniversary = ibis.least(start.day().cast("int64"), ibis.literal(length))
    not_over = (anniversary >= as_of.day).cast("int64")
    return _calendar_months(start, ibis.literal(as_of, type="date")) - not_over


def _calendar_months(start: ir.DateValue, end: ir.DateValue) -> ir.IntegerValue:
    return ((end.year() - start.year()) * 12 + end.month() - start.month()).cast("int64")
