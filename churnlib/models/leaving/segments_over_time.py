"""How the segments that differ from the others did so quarter by quarter."""

from collections.abc import Mapping

import pandas as pd

from churnlib.models.leaving.segments import against_others, cells_of, scatter_squared
from churnlib.models.survival.splits import SEGMENT
from churnlib.periods import Period
from churnlib.results.columns import Column
from churnlib.results.declared import Result, tagged
from churnlib.statistics.counts import one_sample

__all__ = ["segments_over_time"]

QUARTERS = 8
MOST = 4
"""Values of a column that are followed, those that differ most."""
FEWEST = 5.0
"""Leavers expected in a quarter, without whom it has no ratio."""
OVER_TIME = Result(
    "segments_over_time",
    title="the segments that differ, quarter by quarter",
    grain="one row a value that differs from the others, and quarter",
    columns=(
        Column("period_start", "day", "Quarter from", "The first day of the quarter."),
        Column("due", "count", "Due", "Renewals due in it."),
        Column("left", "count", "Left", "Of these, not made."),
        Column("expected", "number", "Expected", "Leavers at the others' hazards."),
        Column(
            "ratio",
            "number",
            "Left ÷ expected",
            "How many times as often as the others.",
            low="ratio_low",
            high="ratio_high",
            decimals=2,
        ),
        Column("ratio_low", "number", "from", "The low end, 95 %.", decimals=2),
        Column("ratio_high", "number", "to", "The high end.", decimals=2),
    ),
)


def segments_over_time(splits: Mapping[str, pd.DataFrame], segments: pd.DataFrame) -> pd.DataFrame:
    """Left ÷ expected of the values that differ from the others, in the last eight quarters.

    Grain: one row a value and complete quarter with enough leavers expected.

    Parameters
    ----------
    splits : mapping of str to frame
        For each segment column what `due` gave, split by it.
    segments : frame
        What `segments` gave: of each column the four values that differ most are followed.

    Returns
    -------
    frame
        segment_column, segment · period_start (of the quarter) · due, left (renewals) · expected
        (leavers) · ratio = left / expected with ratio_low, ratio_high (95 %, mid-P, with the
        scatter of months)

    Examples
    --------
    >>> start = pd.date_range("2025-01-01", periods=12, freq="MS").repeat(2)
    >>> rows = pd.DataFrame({"period_start": start, "segment": ["ads", "web"] * 12})
    >>> rows = rows.assign(interval_months=1, renewal=1, due=500, left=[30, 10] * 12)
    >>> named = pd.DataFrame({"segment_column": ["channel"], "segment": ["ads"], "ratio": [3.0]})
    >>> splits = {"channel": rows.assign(complete=True)}
    >>> segments_over_time(splits, named.assign(verdict="act"))["ratio"].tolist()
    [3.0, 3.0, 3.0, 3.0]
    """
    names = ["segment_column", SEGMENT, *(column.name for column in OVER_TIME.columns)]
    clear = segments[segments["verdict"] != "no signal"]
    rows = [
        row | {"segment_column": column}
        for column, due in splits.items()
        for row in _of_column(due, _most(clear[clear["segment_column"] == column]))
    ]
    context = next(iter(splits.values()), None)
    return tagged(pd.DataFrame(rows, columns=names), OVER_TIME, context)


segments_over_time.result = OVER_TIME


def _most(clear: pd.DataFrame) -> list[str]:
    order = (clear["ratio"] - 1).abs().sort_values(ascending=False).index
    return clear.loc[order[:MOST], SEGMENT].astype(str).tolist()


def _of_column(due: pd.DataFrame, values: list[str]) -> list[dict[str, object]]:
    whole = due[due["complete"].astype(bool)]
    if whole.empty or not values:
        return []
    cells = cells_of(whole)
    months = against_others(cells)
    scatter = scatter_squared(months.left, months.expected)
    starts = pd.DatetimeIndex(sorted(whole["period_start"].unique()))
    found = []
    for value in values:
        place = cells.names.index(value)
        for quarter, mask in _quarters(starts):
            expected = months.expected[place][mask]
            if expected.sum() < FEWEST:
                continue
            left, spread = months.left[place][mask].sum(), scatter * (expected**2).sum()
            low, high, _ = one_sample(left, expected.sum(), spread)
            found.append(
                {
                    SEGMENT: value,
                    "period_start": quarter,
                    "due": int(months.due[place][mask].sum()),
                    "left": int(left),
                    "expected": expected.sum(),
                    "ratio": left / expected.sum(),
                    "ratio_low": low,
                    "ratio_high": high,
                }
            )
    return found


def _quarters(starts: pd.DatetimeIndex) -> list[tuple[pd.Timestamp, object]]:
    """The last complete quarters, each with which months lie in it."""
    known = set(starts)
    last = Period.containing(starts[-1].date(), "quarter")
    found = []
    for back in range(QUARTERS, -1, -1):
        quarter = last.shift(-back)
        own = pd.date_range(quarter.start, periods=3, freq="MS")
        if set(own) <= known:
            found.append((pd.Timestamp(quarter.start), starts.isin(own)))
    return found[-QUARTERS:]
