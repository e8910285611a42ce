"""A result is declared once: its columns with type, unit, label and meaning, and where it is
published.

From a declaration come the formats, labels and alignment of tables on pages, the columns of a CSV
file, the data package beside it, the documentation and the constant columns of tests.

A frame says which result it is in `frame.attrs`, which pandas carries along through filters,
`head`, `assign` and the like: `result` (the name of the declaration), `currency`, `grain`,
`period`, and `by` (the column) where it is split. `@gives` puts them there, `about` reads them.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd

from churnlib.errors import ChurnlibError
from churnlib.formats import Format
from churnlib.periods import Period
from churnlib.results.segments import ALL, in_words

Kind = Literal[
    "count",  # whole things: customers, months
    "share",  # 0 to 1, told in per cent
    "money",  # in the business's currency
    "number",  # any other quantity
    "text",
    "word",  # one of our own words, such as discounted_value: told as "Discounted value"
    "flag",
    "day",
    "period",  # a period's first day, told as its month or quarter
]
CONTEXT = ("currency", "grain", "period", "model")
"""What a frame takes over from the snapshot or frame that it was made of."""


class ResultError(ChurnlibError):
    """A frame that does not say which result it is, or that is not as declared."""


@dataclass(frozen=True)
class Column:
    """One column of a result.

    Parameters
    ----------
    name : what the frame calls it
    kind : see `Kind`
    label : what readers see, without the unit
    meaning : one sentence
    unit : of a number: "months", "customers a month"; shares and money have theirs
    denominator : the column that a share rests on; under 30 in it the row is marked as small
    low, high : the columns that hold its range
    csv : what the CSV calls it, where that is another word
    decimals : digits shown; None = the kind's own (0 for money and counts, 1 for the others)
    signed : whether gains show a plus
    optional : whether a frame may lack it
    adds : whether its values add up to a total that means something
    """

    name: str
    kind: Kind
    label: str
    meaning: str
    unit: str = ""
    denominator: str = ""
    low: str = ""
    high: str = ""
    csv: str = ""
    decimals: int | None = None
    signed: bool = False
    optional: bool = False
    adds: bool = False

    @property
    def csv_name(self) -> str:
        """The head of its column in the CSV file."""
        return self.csv or self.name

    def format(self, currency: str = "", grain: str = "month") -> Format:
        """How its values read."""
        decimals = self.decimals
        if self.kind == "share":
            return Format("percent", 1 if decimals is None else decimals, self.signed)
        if self.kind == "money":
            return Format("money", decimals or 0, self.signed, currency)
        if self.kind == "number":
            return Format("number", 1 if decimals is None else decimals, self.signed)
        if self.kind == "count":
            return Format("count", 0, self.signed)
        if self.kind == "period":
            return Format(grain)
        return Format(self.kind if self.kind in ("day", "word") else "text")


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
SPLIT = (
    Column(
        "segment_column",
        "text",
        "Split by",
        "The column of customers that is split by.",
        optional=True,
    ),
    Column(
        "segment", "text", "Segment", "The value of that column; all = everybody.", optional=True
    ),
)


def rate(
    name: str,
    label: str,
    meaning: str,
    denominator: str,
    *,
    frame: str = "",
    decimals: int | None = None,
) -> tuple[Column, Column, Column]:
    """A share with its two limits. `frame` is what the frame calls it (`rate`, `estimate`): its
    limits are then `low` and `high` there. Where that is `name` too, the CSV says the same.

    Examples
    --------
    >>> survival = rate("survival", "Still there", "S(k).", "at_risk", frame="estimate")
    >>> [one.csv_name for one in survival]
    ['survival', 'survival_low', 'survival_high']
    >>> chance = rate("estimate", "Chance", "Of staying.", "at_risk", frame="estimate")
    >>> [one.csv_name for one in chance]
    ['estimate', 'low', 'high']
    """
    own = frame or name
    low, high = ("low", "high") if frame else (f"{name}_low", f"{name}_high")
    prefix = "" if own == frame == name else f"{name}_"
    told = Column(
        own,
        "share",
        label,
        meaning,
        denominator=denominator,
        low=low,
        high=high,
        csv=name,
        decimals=decimals,
    )
    ends = (
        Column(
            column,
            "share",
            word,
            f"The {end} end of the 95 % range.",
            csv=f"{prefix}{end}",
            decimals=decimals,
        )
        for column, word, end in ((low, "from", "low"), (high, "to", "high"))
    )
    return (told, *ends)


PERIOD_START = Column("period_start", "period", "Period", "The first day of the period.")
TENURE = Column(
    "tenure", "count", "Month of life", "Whole months since the customer's start.", unit="months"
)
AGE = Column("age", "count", "Age", "Whole periods since the cohort's first.", unit="periods")


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
