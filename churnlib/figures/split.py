"""A result that is split: one line for each segment, or a refusal; never the last segment alone."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from churnlib.errors import ChurnlibError
from churnlib.figures.theme import MAX_SERIES, colour, segment_colours
from churnlib.results.segments import ALL


class SplitError(ChurnlibError):
    """A frame that holds more segments than a chart can draw."""


class Part(NamedTuple):
    """One segment of a result; `name` is empty where nothing is split."""

    name: str
    colour: str
    rows: pd.DataFrame


def segments_in(result: pd.DataFrame) -> list[str]:
    """The segments that a result holds, sorted; none where it is not split."""
    if "segment" not in result:
        return []
    found = sorted(result["segment"].astype(str).unique())
    return [] if found == [ALL] else found


def refuse_other_splits(result: pd.DataFrame, plot: str, *, draws_segments: bool) -> None:
    """Refuse what a chart cannot draw as one: several splits, or several segments.

    Raises
    ------
    SplitError : says what the frame holds, and how to pick one of it
    """
    if "segment_column" in result:
        _refuse_several(result, plot, "segment_column", "split")
    if not draws_segments and segments_in(result):
        _refuse_several(result, plot, "segment", "segment")


def refuse_several(result: pd.DataFrame, plot: str, column: str) -> None:
    """Refuse a result that holds several of what stands in a column, such as models."""
    _refuse_several(result, plot, column, column)


def _refuse_several(result: pd.DataFrame, plot: str, column: str, word: str) -> None:
    found = list(result[column].unique())
    if len(found) > 1:
        one = found[-1] if found[0] == ALL else found[0]
        raise SplitError(
            f"{plot} draws one {word}; this frame holds {len(found):,} {word}s: pick one, such as "
            f"frame[frame.{column} == {one!r}]."
        )


def parts_of(result: pd.DataFrame, weight: str = "") -> list[Part]:
    """The segments to draw, each in its colour: of more than eight, those with most of `weight`.

    A segment keeps its colour in every chart that is given the same segments. In a frame whose
    column `segment` is categorical these are all categories, also where some have no rows.
    """
    names = segments_in(result)
    if not names:
        return [Part("", colour("accent"), result)]
    hues = _colours(result["segment"])
    named = result.assign(segment=result["segment"].astype(str))
    return [
        Part(name, hues[name], named[named["segment"] == name])
        for name in sorted(_largest(named, names, weight))
    ]


def _colours(segment: pd.Series) -> dict[str, str]:
    known = segment.cat.categories if segment.dtype == "category" else segment.unique()
    return segment_colours(str(one) for one in known)


def _largest(named: pd.DataFrame, names: list[str], weight: str) -> Iterator[str]:
    if weight not in named:
        return iter(names[:MAX_SERIES])
    sizes = named.groupby("segment")[weight].max()
    return iter(sizes.nlargest(MAX_SERIES).index)


def remark_on(result: pd.DataFrame, parts: list[Part]) -> str:
    """What a chart says about the segments that it leaves out; nothing where it draws all."""
    held = len(segments_in(result))
    if held <= len(parts):
        return ""
    return f"The {len(parts)} largest of {held:,} segments"
