"""Where leaving is worse than tenure and billing explain: each value against the others.

Observed leavers of a value over the last twelve months against those that the others' hazards would
bring of the same billing interval, renewal and month. Everything scanned counts in the verdict.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import norm

from churnlib.models.leaving.renewal_rates import last_year
from churnlib.models.leaving.strata import band_of
from churnlib.models.survival.splits import SEGMENT
from churnlib.results.columns import Column
from churnlib.results.declared import Result, tagged
from churnlib.results.terms import Term
from churnlib.statistics.counts import one_sample, shrunken, two_samples
from churnlib.statistics.intervals import benjamini_hochberg
from churnlib.statistics.rules import CLEAR, LEVEL, MIN_N

__all__ = ["segments"]

LARGE = 0.1
"""A value with a larger share of the expected is compared as one of two samples."""
MATTERS = 1.1
"""Ranges that reach beyond this, or below its inverse, are of a size that matters."""
TERMS = ["interval_months", "band"]
WORDS = (
    Term(
        "Left ÷ expected",
        "Leavers of twelve months ÷ those that the others' hazards bring, of the same billing "
        "interval, renewal and month: 1 is as often as the others.",
    ),
    Term(
        "Beyond chance",
        "At most 5 % of what is named among everything scanned is named wrongly "
        "(Benjamini-Hochberg), with the scatter of months counted in.",
    ),
)
SEGMENTS = Result(
    "segments",
    title="where customers leave more than expected",
    grain="one row a value of a segment column",
    columns=(
        Column("due", "count", "Due", "Renewals due in the last twelve months."),
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
        Column(
            "shrunken",
            "number",
            "Drawn in",
            "The ratio drawn towards 1 as far as few leavers make it uncertain; for the order.",
            decimals=2,
        ),
        Column("q_value", "number", "q", "The p-value, adjusted for all scanned.", decimals=3),
        Column(
            "mrr_lost",
            "money",
            "MRR lost beyond",
            "MRR of the leavers beyond the expected ones: MRR lost × (1 − 1 ÷ ratio).",
            signed=True,
            low="mrr_lost_low",
            high="mrr_lost_high",
        ),
        Column("verdict", "text", "Verdict", "act, watch or no signal."),
        Column("customers", "count", "Customers", "At the opening of the last month."),
        Column("mrr_lost_low", "money", "from", "The low end of its 95 % range.", signed=True),
        Column("mrr_lost_high", "money", "to", "The high end.", signed=True),
    ),
    shown=("segment_column", "segment", "due", "left", "expected", "ratio", "mrr_lost", "verdict"),
)


def segments(splits: Mapping[str, pd.DataFrame], lost: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Each value of each segment column against the others, over the last twelve months.

    Grain: one row a value with 30 renewals due or more; those that lose most beyond the expected
    first.

    Parameters
    ----------
    splits : mapping of str to frame
        For each segment column what `due` gave, split by it.
    lost : mapping of str to frame
        For each segment column what `mrr_lost` gave, split by it.

    Returns
    -------
    frame
        segment_column, segment · due, left (renewals) · expected (leavers) · ratio = left /
        expected · ratio_low, ratio_high (95 %) · shrunken · q_value · mrr_lost (currency a month)
        · verdict (act: leaves more, beyond chance and by a size that matters; watch: less; no
        signal) · customers (at the opening of the last month) · mrr_lost_low, mrr_lost_high (95 %)

    Notes
    -----
    Indirect standardisation with the others as the standard, by billing interval and renewal,
    times what the others did in the month, so that neither a young base nor a bad month accuses a
    value. Scatter of segment-months is estimated by moments over all values and added: negative
    binomial, mid-P. A value above a tenth of the business is compared as one of two samples
    (the others are no fixed standard then). False discoveries are held at 5 % over all columns
    (Benjamini and Hochberg 1995). Shrinkage: gamma-Poisson by moments (Marshall 1991). The money
    is the leavers beyond the expected ones times what a leaver paid; its range joins those of both
    (from each customer's own MRR, so that a few large ones widen it).

    Examples
    --------
    >>> start = pd.date_range("2025-01-01", periods=12, freq="MS").repeat(2)
    >>> rows = pd.DataFrame({"period_start": start, "segment": ["ads", "web"] * 12})
    >>> rows = rows.assign(interval_months=1, renewal=1, due=500, customers=500)
    >>> rows = rows.assign(left=[30, 10] * 12)
    >>> lost = rows.assign(customers=rows.left, lost=10.0 * rows.left)
    >>> lost = {"channel": lost.assign(lost_squared=100.0 * rows.left)}
    >>> found = segments({"channel": rows.assign(complete=True)}, lost)
    >>> found[["segment", "verdict"]].values.tolist()
    [['ads', 'act'], ['web', 'watch']]
    """
    context = next(iter(splits.values()), None)
    names = ["segment_column", SEGMENT, *(column.name for column in SEGMENTS.columns)]
    found = compared_with_others(splits)
    if found.empty:
        return tagged(pd.DataFrame(columns=names), SEGMENTS, context)
    verdicts = {"more": "act", "less": "watch"}
    sums = {name: _paid_by_leavers(lost[name], rows) for name, rows in splits.items()}
    unknown = (np.nan, np.nan)
    paid = [sums[row.segment_column].get(row.segment, unknown) for row in found.itertuples()]
    found = found.assign(
        verdict=found["beyond"].map(verdicts).fillna("no signal"),
        extra=found["left"] - found["expected"],
        **_money(found, *np.array(paid, float).T),
    )
    ordered = found.sort_values("extra", ascending=False, ignore_index=True)
    return tagged(ordered[names], SEGMENTS, context)


segments.result = SEGMENTS


def compared_with_others(splits: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Every value of every column over the last twelve months, and whether it is beyond chance
    (`beyond`: more, less or nothing) by a size that matters.

    Grain: one row a value with 30 due or more.
    """
    parts = [
        _of_column(last_year(rows)).assign(segment_column=column) for column, rows in splits.items()
    ]
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame()
    found = pd.concat(parts, ignore_index=True)
    found["q_value"] = benjamini_hochberg(found["p_value"])
    clear = found["q_value"] <= CLEAR
    more = clear & (found["ratio"] > 1) & (found["ratio_high"] > MATTERS)
    less = clear & (found["ratio"] < 1) & (found["ratio_low"] < 1 / MATTERS)
    return found.assign(beyond=np.select([more, less], ["more", "less"], ""))


def _of_column(due: pd.DataFrame) -> pd.DataFrame:
    """Every value of one column: counts, ratio with its range, p-value."""
    cells = cells_of(due)
    enough = cells.due.sum(axis=(1, 2)) >= MIN_N
    if enough.sum() < 2:
        return pd.DataFrame()
    months = against_others(cells)
    chosen = np.flatnonzero(enough & (months.expected.sum(axis=1) > 0))
    scatter = scatter_squared(months.left[chosen], months.expected[chosen])
    last = due[due["period_start"] == due["period_start"].max()]
    here = last.groupby(last[SEGMENT].astype(str))["customers"].sum()
    found = []
    for place in chosen:
        value = cells.names[place]
        row = _compared(months, place, scatter)
        found.append({SEGMENT: value, **row, "customers": int(here.get(value, 0))})
    frame = pd.DataFrame(found)
    if frame.empty:
        return frame
    return frame.assign(shrunken=shrunken(frame["left"], frame["expected"]))


class Cells(NamedTuple):
    """Customers due and leavers by value, stratum and month."""

    names: list[str]
    due: np.ndarray
    left: np.ndarray


class Months(NamedTuple):
    """Of each value by month: due, left and expected where the others are known; and how many of
    the others left in all.
    """

    due: np.ndarray
    left: np.ndarray
    expected: np.ndarray
    others: np.ndarray


def cells_of(due: pd.DataFrame) -> Cells:
    """The rows of a `due` frame by value, stratum and month."""
    rows = due.assign(band=band_of(due["interval_months"], due["renewal"]))
    rows[SEGMENT] = rows[SEGMENT].astype(str)
    value, names = pd.factorize(rows[SEGMENT], sort=True)
    stratum = rows.groupby(TERMS).ngroup().to_numpy()
    month = pd.factorize(rows["period_start"], sort=True)[0]
    shape = len(names), int(stratum.max(initial=-1)) + 1, int(month.max(initial=-1)) + 1
    counts = []
    for name in ("due", "left"):
        whole = np.zeros(shape)
        np.add.at(whole, (value, stratum, month), rows[name].to_numpy(float))
        counts.append(whole)
    return Cells(list(names), *counts)


def against_others(cells: Cells) -> Months:
    """The others' hazards by stratum, times what the others did in each month."""
    due, left = (whole.sum(axis=0) - whole for whole in (cells.due, cells.left))
    people = due.sum(axis=2)
    hazard = np.divide(left.sum(axis=2), people, out=np.zeros_like(people), where=people > 0)
    usual = (due * hazard[:, :, None]).sum(axis=1)
    gone = left.sum(axis=1)
    factor = np.divide(gone, usual, out=np.zeros_like(usual), where=usual > 0)
    known = (people > 0)[:, :, None] & (usual > 0)[:, None, :]
    own = np.where(known, cells.due, 0.0)
    return Months(
        due=own.sum(axis=1),
        left=np.where(known, cells.left, 0.0).sum(axis=1),
        expected=(own * hazard[:, :, None]).sum(axis=1) * factor,
        others=gone.sum(axis=1),
    )


def scatter_squared(left: np.ndarray, expected: np.ndarray) -> float:
    """The square of the own scatter of segment-months, by moments over all values and months."""
    total = expected.sum(axis=1, keepdims=True)
    gone = left.sum(axis=1, keepdims=True)
    ratio = np.divide(gone, total, out=np.zeros_like(total), where=total > 0)
    fitted = expected * ratio
    months = (expected > 0).sum(axis=1, keepdims=True)
    squares = (left - fitted) ** 2 * months / np.maximum(months - 1, 1)
    weight = float((fitted**2).sum())
    return max(float((squares - fitted).sum()) / weight, 0.0) if weight else 0.0


def _compared(months: Months, place: int, scatter: float) -> dict[str, float]:
    left, expected = float(months.left[place].sum()), float(months.expected[place].sum())
    spread = scatter * float((months.expected[place] ** 2).sum())
    others = float(months.others[place])
    if expected > LARGE * (expected + others):
        low, high, p_value = two_samples(left, expected, others, spread)
    else:
        low, high, p_value = one_sample(left, expected, spread)
    return {
        "due": int(months.due[place].sum()),
        "left": int(left),
        "expected": expected,
        "ratio": left / expected,
        "ratio_low": low,
        "ratio_high": high,
        "p_value": p_value,
    }


def _paid_by_leavers(lost: pd.DataFrame, due: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """{value: what a leaver paid on average, and its standard error}, of the last twelve complete
    months; not known where nobody left.
    """
    rows = lost[lost["period_start"] >= last_year(due)["period_start"].min()]
    sums = rows.groupby(rows[SEGMENT].astype(str))[["customers", "lost", "lost_squared"]].sum()
    n = sums["customers"].astype(float)
    mean = sums["lost"].astype(float) / n
    spread = (sums["lost_squared"].astype(float) / n - mean**2).clip(lower=0)
    error = np.sqrt(spread / n)
    return dict(zip(sums.index, zip(mean, error, strict=True), strict=True))


def _money(found: pd.DataFrame, mean: np.ndarray, error: np.ndarray) -> dict[str, np.ndarray]:
    """MRR of the leavers beyond the expected ones, with its range."""
    extra = (found["left"] - found["expected"]).to_numpy()
    ends = (found["expected"] * (found[end] - 1) for end in ("ratio_low", "ratio_high"))
    reach = norm.ppf((1 + LEVEL) / 2) * np.abs(extra) * error
    low, high = (np.hypot(mean * (end.to_numpy() - extra), reach) for end in ends)
    point = mean * extra
    return {"mrr_lost": point, "mrr_lost_low": point - low, "mrr_lost_high": point + high}
