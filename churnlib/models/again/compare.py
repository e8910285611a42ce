"""Why fewer or more first buyers come back: other buyers, or the same kinds; and where."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from churnlib.models.again.cohorts import as_due
from churnlib.models.leaving.mix import DECOMPOSITION, TERMS_ALONE, decomposition
from churnlib.models.leaving.segments import compared_with_others
from churnlib.models.survival.splits import SEGMENT
from churnlib.results.columns import Column
from churnlib.results.declared import Result, tagged

__all__ = ["again_mix", "again_segments"]

AGAIN_MIX = Result(
    "again_decomposition",
    title="rate and mix of buying again",
    grain="one row a comparison, column and value; all = the whole change",
    columns=DECOMPOSITION.columns,
)
AGAIN_SEGMENTS = Result(
    "again_segments",
    title="where first buyers come back less often",
    grain="one row a value of a segment column",
    columns=(
        Column("first_buyers", "count", "First buyers", "Of twelve months."),
        Column("again", "count", "Bought again", "Of them, within ninety days."),
        Column("expected", "number", "Expected", "How many would at the others' share."),
        Column(
            "ratio",
            "number",
            "Again ÷ expected",
            "How many times as often as the others.",
            low="ratio_low",
            high="ratio_high",
            decimals=2,
        ),
        Column("ratio_low", "number", "from", "The low end, 95 %.", decimals=2),
        Column("ratio_high", "number", "to", "The high end.", decimals=2),
        Column("shrunken", "number", "Drawn in", "Drawn towards 1; for the order.", decimals=2),
        Column("q_value", "number", "q", "The p-value, adjusted for all scanned.", decimals=3),
        Column("verdict", "text", "Verdict", "act (less often), watch (more often) or no signal."),
    ),
    shown=(
        "segment_column", SEGMENT, "first_buyers", "again", "expected", "ratio", "ratio_low",
        "ratio_high", "verdict",
    ),
)  # fmt: skip


def again_mix(rows: pd.DataFrame, splits: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The change of the share that bought again, on the cohort before and on that of a year
    before, as rate and mix of one column at a time.

    Grain: one row a comparison, column and value, and one of the whole change (`all`).

    Parameters
    ----------
    rows : frame
        What `bought_again` gave; its last complete months are compared.
    splits : mapping of str to frame
        For each segment column what `bought_again` gave, split by it.

    Returns
    -------
    frame
        as `decomposition`: rates are shares that bought again

    Examples
    --------
    >>> start = pd.to_datetime(["2026-01-01", "2026-02-01"]).repeat(2)
    >>> rows = pd.DataFrame({"period_start": start, "segment": ["ads", "web"] * 2})
    >>> rows = rows.assign(first_buyers=[50, 50, 90, 10], again=[5, 20, 9, 4], complete=True)
    >>> whole = rows.groupby("period_start", as_index=False)[["first_buyers", "again"]].sum()
    >>> found = again_mix(whole.assign(complete=True), {"channel": rows})
    >>> bool(abs(found["rate_effect"]).max() < 1e-9)
    True
    """
    found = decomposition(
        _with_period(as_due(rows), rows), {name: as_due(one) for name, one in splits.items()}
    )
    alone = found["columns"] == TERMS_ALONE
    column = found["columns"].str.removeprefix(f"{TERMS_ALONE}, ")
    return tagged(found.assign(columns=column)[~alone], AGAIN_MIX, rows)


def _with_period(due: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    due.attrs = dict(rows.attrs)
    return due


def again_segments(splits: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Each value of each segment column against the others: how often first buyers come back.

    Grain: one row a value with 30 first buyers or more in twelve months; the lowest first.

    Parameters
    ----------
    splits : mapping of str to frame
        For each segment column what `bought_again` gave, split by it.

    Returns
    -------
    frame
        segment_column, segment · first_buyers, again · expected (at the others' share, month by
        month) · ratio = again / expected · ratio_low, ratio_high (95 %) · shrunken · q_value ·
        verdict (act: less often, beyond chance and by a size that matters; watch: more often)

    Notes
    -----
    As `segments`, on first buyers; the variance of a count is taken as Poisson's, which is too wide
    for a large share, so that chance is named less often than 5 %.

    Examples
    --------
    >>> start = pd.date_range("2025-01-01", periods=12, freq="MS").repeat(2)
    >>> rows = pd.DataFrame({"period_start": start, "segment": ["ads", "web"] * 12})
    >>> rows = rows.assign(first_buyers=500, again=[60, 150] * 12, complete=True)
    >>> again_segments({"channel": rows})[["segment", "verdict"]].values.tolist()
    [['ads', 'act'], ['web', 'watch']]
    """
    context = next(iter(splits.values()), None)
    names = ["segment_column", SEGMENT, *(column.name for column in AGAIN_SEGMENTS.columns)]
    found = compared_with_others({name: as_due(rows) for name, rows in splits.items()})
    if found.empty:
        return tagged(pd.DataFrame(columns=names), AGAIN_SEGMENTS, context)
    found = found.rename(columns={"due": "first_buyers", "left": "again"})
    less = found["beyond"].eq("less")
    found["verdict"] = np.select([less, found["beyond"].eq("more")], ["act", "watch"], "no signal")
    ordered = found.sort_values("ratio", ignore_index=True)
    return tagged(ordered[names], AGAIN_SEGMENTS, context)


again_mix.result = AGAIN_MIX
again_segments.result = AGAIN_SEGMENTS
