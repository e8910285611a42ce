"""A frame with a column `segment` is split by it, one without is not: said once, for all models."""

from collections.abc import Callable, Iterator

import pandas as pd

from churnlib.errors import ChurnlibError
from churnlib.results.declared import Result
from churnlib.results.segments import ALL

SEGMENT = "segment"


class SplitError(ChurnlibError):
    """A split frame where one of everybody, or of one segment, is needed."""


def grouped(frame: pd.DataFrame) -> Iterator[tuple[dict[str, object], pd.DataFrame]]:
    """Each segment's label, ready to be put in front of a row, and its rows; one unlabelled part
    of a frame that is not split.

    Examples
    --------
    >>> frame = pd.DataFrame({"segment": ["ads", "web"], "customers": [2, 3]})
    >>> [(label, int(part["customers"].sum())) for label, part in grouped(frame)]
    [({'segment': 'ads'}, 2), ({'segment': 'web'}, 3)]
    """
    if SEGMENT in frame:
        parts = frame.groupby(SEGMENT, sort=True, observed=True, dropna=False)
        for value, part in parts:
            yield {SEGMENT: value}, part
    elif len(frame):
        yield {}, frame


def segments(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Each segment's name and rows; `ALL` and all rows of a frame that is not split."""
    for label, part in grouped(frame):
        yield str(label.get(SEGMENT, ALL)), part


def split_by(frame: pd.DataFrame) -> str:
    """What a frame is split by, for the column `segment_column`; `ALL` where it is not split.

    Examples
    --------
    >>> split_by(pd.DataFrame({"customers": [5]}))
    'all'
    """
    if SEGMENT not in frame:
        return ALL
    return frame.attrs.get("by", SEGMENT)


def by_segment(
    frame: pd.DataFrame, declared: Result, describe: Callable[[pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """What `describe` says of each segment's rows, one below the other, `segment` first.

    The columns are those declared, also where there are no rows at all.
    """
    head = [SEGMENT] if SEGMENT in frame else []
    columns = [*head, *(column.name for column in declared.columns)]
    parts = [describe(part).assign(**label) for label, part in grouped(frame)]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)[columns]


def refuse_split(frame: pd.DataFrame, wanted: str) -> None:
    """Stop where a frame holds several segments and `wanted` is one of them, or of everybody.

    Raises
    ------
    SplitError : says how to ask for each segment
    """
    if SEGMENT in frame and len(frame[SEGMENT].unique()) > 1:
        name = split_by(frame)
        raise SplitError(
            f"{wanted} has one set of customers, and this frame is split by {name}. Take a frame "
            "that is not split, or one segment at a time: for segment, rows in "
            'lifetimes.groupby("segment").'
        )
