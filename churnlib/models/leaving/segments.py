"""Where leaving is worse than tenure and billing explain: each value against the others.

Observed leavers of a value over the last twelve months against those that the others' hazards would
bring of the same billing interval, renewal and month. Everything scanned counts in the verdict.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from churnlib.models.leaving.renewal_rates import last_year
from churnlib.models.leaving.strata import band_of
from churnlib.models.survival.splits import SEGMENT
from churnlib.results.columns import Column
from churnlib.results.declared import Result, tagged
from churnlib.results.terms import Term
from churnlib.statistics.counts import one_sample, shrunken, two_samples
from churnlib.statistics.intervals import benjamini_hochberg
from churnlib.statistics.rules import CLEAR, MIN_N

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
        ),
        Column("verdict", "text", "Verdict", "act, watch or no signal."),
        Column("customers", "count", "Customers", "At the opening of the last month."),
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
        For each segment column what `mrr_bridge` gave, split by it.

    Returns
    -------
    frame
        segment_column, segment · due, left (renewals) · expected (leavers) · ratio = left /
        expected · ratio_low, ratio_high (95 %) · shrunken · q_value · mrr_lost (currency a month)
        · verdict (act: leaves more, beyond chance and by a size that matters; watch: less; no
        signal) · customers (at the opening of the last month)

    Notes
    -----
    Indirect standardisation with the others as the standard, by billing interval and renewal,
    times what the others did in the month, so that neither a young base nor a bad month accuses a
    value. Scatter of segment-months is estimated by moments over all values and added: negative
    binomial, mid-P. A value above a tenth of the business is compared as one of two samples
    (the others are no fixed standard then). False discoveries are held at 5 % over all columns
    (Benjamini and Hochberg 1995). Shrinkage: gamma-Poisson by moments (Marshall 1991).

    Examples
    --------
    >>> start = pd.date_range("2025-01-01", periods=12, freq="MS").repeat(2)
    >>> rows = pd.DataFrame({"period_start": start, "segment": ["ads", "web"] * 12})
    >>> rows = rows.assign(interval_months=1, renewal=1, due=500, customers=500)
    >>> rows = rows.assign(left=[30, 10] * 12)
    >>> bridge = rows.assign(churn=-100.0)[["period_start", "segment", "churn"]]
    >>> found = segments({"channel": rows.assign(complete=True)}, {"channel": bridge})
    >>> found[["segment", "verdict"]].values.tolist()
    [['ads', 'act'], ['web', 'watch']]
    """
    context = next(iter(splits.values()), None)
    names = ["segment_column", SEGMENT, *(column.name for column in SEGMENTS.columns)]
    parts = [
        _of_column(last_year(rows), lost[column]).assign(segment_column=column)
        for column, rows in splits.items()
    ]
    parts = [part for part in parts if len(part)]
    if not parts:
        return tagged(pd.DataFrame(columns=names), SEGMENTS, context)
    found = pd.concat(parts, ignore_index=True)
    found["q_value"] = benjamini_hochberg(found["p_value"])
    found["verdict"] = _verdicts(found)
    found = found.assign(beyond=found["left"] - found["expected"])
    ordered = found.sort_values("beyond", ascending=False, ignore_index=True)
    return tagged(ordered[names], SEGMENTS, context)


segments.result = SEGMENTS


def _verdicts(found: pd.DataFrame) -> np.ndarray:
    clear = found["q_value"] <= CLEAR
    worse = clear & (found["ratio_low"] > 1 / MATTERS) & (found["ratio_high"] > MATTERS)
    worse &= found["ratio"] > 1
    better = clear & (found["ratio"] < 1) & (found["ratio_low"] < 1 / MATTERS)
    return np.select([worse, better], ["act", "watch"], "no signal")


def _of_column(due: pd.DataFrame, bridge: pd.DataFrame) -> pd.DataFrame:
    """Every value of one column: counts, ratio with its range, p-value."""
    rows = due.assign(band=band_of(due["interval_months"], due["renewal"]))
    rows = rows.groupby([SEGMENT, *TERMS, "period_start"], as_index=False, observed=True)[
        ["due", "left"]
    ].sum()
    rows[SEGMENT] = rows[SEGMENT].astype(str)
    people = rows.groupby(SEGMENT)["due"].sum()
    values = [name for name in people.index if people[name] >= MIN_N]
    if len(values) < 2:
        return pd.DataFrame()
    months = {value: _months(rows, value) for value in values}
    scatter = _scatter_squared(list(months.values()))
    money = _money_lost(bridge, due)
    last = due[due["period_start"] == due["period_start"].max()]
    here = last.groupby(last[SEGMENT].astype(str))["customers"].sum()
    found = [
        _compared(value, months[value], scatter, money) | {"customers": int(here.get(value, 0))}
        for value in values
    ]
    frame = pd.DataFrame(found)
    frame = frame[frame["expected"] > 0].reset_index(drop=True)
    if frame.empty:
        return frame
    return frame.assign(shrunken=shrunken(frame["left"], frame["expected"]))


def _months(rows: pd.DataFrame, value: str) -> pd.DataFrame:
    """Of one value by month: due, left, expected from the others, and what the others lost."""
    own, others = rows[rows[SEGMENT] == value], rows[rows[SEGMENT] != value]
    pooled = others.groupby(TERMS)[["due", "left"]].sum()
    hazard = (pooled["left"] / pooled["due"].where(pooled["due"] > 0)).rename("hazard")
    by_month = others.join(hazard, on=TERMS)
    by_month = by_month.assign(usual=by_month["due"] * by_month["hazard"])
    factor = by_month.groupby("period_start")[["left", "usual"]].sum()
    factor = (factor["left"] / factor["usual"].where(factor["usual"] > 0)).rename("factor")
    known = own.join(hazard, on=TERMS).join(factor, on="period_start")
    known = known.dropna(subset=["hazard", "factor"])
    known = known.assign(expected=known["due"] * known["hazard"] * known["factor"])
    sums = known.groupby("period_start")[["due", "left", "expected"]].sum()
    return sums.assign(others=others["left"].sum())


def _scatter_squared(values: list[pd.DataFrame]) -> float:
    """The square of the own scatter of segment-months, by moments over all of them."""
    excess = weight = 0.0
    for months in values:
        expected = months["expected"].to_numpy()
        if expected.sum() <= 0 or len(months) < 2:
            continue
        fitted = expected * months["left"].sum() / expected.sum()
        squares = (months["left"] - fitted) ** 2 * len(months) / (len(months) - 1)
        excess += float((squares - fitted).sum())
        weight += float((fitted**2).sum())
    return max(excess / weight, 0.0) if weight else 0.0


def _compared(
    value: str, months: pd.DataFrame, scatter: float, money: pd.Series
) -> dict[str, object]:
    left, expected = float(months["left"].sum()), float(months["expected"].sum())
    spread = scatter * float((months["expected"] ** 2).sum())
    others = float(months["others"].iloc[0]) if len(months) else 0.0
    if expected <= 0:
        return {"expected": 0.0}
    ratio = left / expected
    if expected > LARGE * (expected + others):
        low, high, p_value = two_samples(left, expected, others, spread)
    else:
        low, high, p_value = one_sample(left, expected, spread)
    gone = float(money.get(value, 0.0))
    return {
        SEGMENT: value,
        "due": int(months["due"].sum()),
        "left": int(left),
        "expected": expected,
        "ratio": ratio,
        "ratio_low": low,
        "ratio_high": high,
        "p_value": p_value,
        "mrr_lost": gone * (1 - 1 / ratio) if left else np.nan,
    }


def _money_lost(bridge: pd.DataFrame, due: pd.DataFrame) -> pd.Series:
    """MRR of leavers by value, over the months of `due`."""
    rows = bridge[bridge["period_start"] >= due["period_start"].min()]
    return -rows.groupby(rows[SEGMENT].astype(str))["churn"].sum().astype(float)
