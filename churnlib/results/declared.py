"""Which result a frame is, and what follows from its declaration.

A frame says which result it is in `frame.attrs`, which pandas carries along through filters,
`head`, `assign` and the like: `result` (the name of the declaration), `currency`, `grain`,
`period`, `model`, `changes` (day and name of each), and `by` (the column) where it is split.
`@gives` puts them there.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from churnlib.errors import ChurnlibError
from churnlib.periods import Period
from churnlib.results.columns import SPLIT, Column
from churnlib.results.segments import ALL, in_words

CONTEXT = ("currency", "grain", "period", "model", "changes")
"""What a frame takes over from the snapshot or frame that it was made of."""


class ResultError(ChurnlibError):
    """A frame that does not say which result it is, or that is not as declared."""


@dataclass(frozen=True)
class Result:
    """What a measure or model gives.

    Parameters
    ----------
    name : unique; the file of its table: tables/<name>.csv, with `_by_<column>` where it is split
    title : what it holds, in words that fit into a sentence: "the MRR bridge"
    grain : what one row is
    columns : in the order of the CSV; `segment_column` and `segment` may stand in any result (see
        `SPLIT`)
    caption, note : above and below its table on a page; may name {grain}, {currency}, {period}
        and {by}
    shown : names of the columns that a page's table shows, in order; none given = all of them
    always_split : there is no such result of everybody, so its file needs no `_by_<column>`
    file : what its table is called, where two kinds of business have results of one name
    """

    name: str
    title: str
    grain: str
    columns: tuple[Column, ...]
    shown: tuple[str, ...] = ()
    caption: str = ""
    note: str = ""
    always_split: bool = False
    file: str = ""

    def __post_init__(self) -> None:
        DECLARED[self.name] = self

    def column(self, name: str) -> Column | None:
        """The declaration of a column, or None."""
        return next((one for one in (*self.columns, *SPLIT) if one.name == name), None)


DECLARED: dict[str, Result] = {}
"""Every result declared so far, by name: those of all modules that have been imported."""


def gives(declared: Result) -> Callable[[Callable[..., pd.DataFrame]], Callable[..., pd.DataFrame]]:
    """Decorator of a measure or model: the frame that it gives says which result it is.

    Currency, grain and period are those of the first argument that has them (a snapshot or a
    frame); `grain=` wins.
    """

    def decorate(measure: Callable[..., pd.DataFrame]) -> Callable[..., pd.DataFrame]:
        @functools.wraps(measure)
        def measured(first: Any, *args: Any, **kwargs: Any) -> pd.DataFrame:
            frame = measure(first, *args, **kwargs)
            by = kwargs.get("by")
            name = first.split_name(by) if by is not None else None
            given = (first, *args, *kwargs.values())
            source = next((one for one in given if getattr(one, "attrs", None)), first)
            return tagged(frame, declared, source, grain=kwargs.get("grain"), by=name)

        measured.result = declared
        return measured

    return decorate


def tagged(
    frame: pd.DataFrame,
    declared: Result,
    source: Any = None,
    *,
    grain: str | None = None,
    by: str | None = None,
) -> pd.DataFrame:
    """The frame, saying that it is this result, in the context of `source` (a snapshot or
    another frame).

    Splits that are stacked say in `segment_column` what each row is split by: such a frame is
    split by no one column.
    """
    before = getattr(source, "attrs", {})
    context = {key: before[key] for key in CONTEXT if before.get(key)}
    # What is made of a split frame is split where the values are still there: a pool is not.
    if isinstance(source, pd.DataFrame) and before.get("by") and "segment" in frame:
        context["by"] = before["by"]
    own = {key: frame.attrs[key] for key in ("by", "grain", "period") if frame.attrs.get(key)}
    given = {key: value for key, value in (("grain", grain), ("by", by)) if value}
    frame.attrs = {**context, **own, **given, "result": declared.name}
    if "segment_column" in frame:
        frame.attrs.pop("by", None)
    return frame


def declaration(frame: pd.DataFrame) -> Result:
    """Which result a frame is.

    Raises
    ------
    ResultError : it does not say so, as after a merge; `tagged(frame, RESULT, source)` says it
    """
    name = frame.attrs.get("result")
    if name not in DECLARED:
        raise ResultError(
            "This frame does not say which result it is: a merge or a frame made by hand loses it. "
            "Give a measure's result as it is, or say which it is with `tagged`."
        )
    return DECLARED[name]


def table_name(frame: pd.DataFrame) -> str:
    """What a frame is called as a table: the result's name, and by what it is split.

    Examples
    --------
    >>> DECLARED["example"] = Result("example", "an example", "one row", ())
    >>> frame = pd.DataFrame()
    >>> frame.attrs = {"result": "example", "by": "channel"}
    >>> table_name(frame)
    'example_by_channel'
    """
    declared = declaration(frame)
    name = declared.file or declared.name
    by = frame.attrs.get("by")
    if not by or declared.always_split:
        return name
    return f"{name}_by_{by}"


def currency_of(frame: pd.DataFrame) -> str:
    """The currency of a frame's amounts; empty where it does not say."""
    return frame.attrs.get("currency", "")


def grain_of(frame: pd.DataFrame) -> str:
    """Month or quarter; month where a frame does not say."""
    return frame.attrs.get("grain", "month")


def columns_of(frame: pd.DataFrame) -> list[Column]:
    """The columns of a frame as they are declared, in its order; an analyst's own by their
    dtype.
    """
    name = frame.attrs.get("result")
    declared = DECLARED.get(name)
    known = [declared.column(str(column)) if declared else None for column in frame.columns]
    return [
        column or _undeclared(str(own), frame[own])
        for own, column in zip(frame.columns, known, strict=True)
    ]


def _undeclared(name: str, values: pd.Series) -> Column:
    label = in_words(name)
    label = label[:1].upper() + label[1:]
    if pd.api.types.is_datetime64_any_dtype(values):
        return Column(name, "day", label, "")
    if pd.api.types.is_bool_dtype(values):
        return Column(name, "flag", label, "")
    if pd.api.types.is_integer_dtype(values):
        return Column(name, "count", label, "")
    if pd.api.types.is_numeric_dtype(values):
        return Column(name, "number", label, "", decimals=2)
    return Column(name, "text", label, "")


def filled(text: str, frame: pd.DataFrame) -> str:
    """A text with {grain}, {currency}, {period} and {by} as the frame has them.

    Examples
    --------
    >>> frame = pd.DataFrame()
    >>> frame.attrs = {"grain": "quarter", "by": "first_plan"}
    >>> filled("Churn by {grain} and {by}", frame)
    'Churn by quarter and first plan'
    """
    period = frame.attrs.get("period")
    words = {
        "grain": grain_of(frame),
        "currency": currency_of(frame),
        "period": Period.parse(period).name if period else "",
        "by": in_words(split_of(frame)),
    }
    return text.format(**words)


def split_of(frame: pd.DataFrame) -> str:
    """The column that a frame is split by: `by`, or the one value of `segment_column`; or
    nothing.
    """
    if frame.attrs.get("by"):
        return str(frame.attrs["by"])
    stacked = set(frame["segment_column"]) if "segment_column" in frame else set()
    only = str(stacked.pop()) if len(stacked) == 1 else ALL
    return "" if only == ALL else only
