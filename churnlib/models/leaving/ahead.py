"""Who of today's customers will leave in the next months: those due, at the hazards of late."""

import numpy as np
import pandas as pd

from churnlib.models.leaving.alarm import ENDS, Baseline, months_of
from churnlib.models.leaving.month_effects import Sums, leavers_at, residuals
from churnlib.models.leaving.strata import band_of, strata_of
from churnlib.periods import MONTHS_A_YEAR
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives

__all__ = ["expected_leavers"]

FEWEST = 3
"""Complete months without which nothing is expected of the next."""
DUE_NEXT = Result(
    "due_next",
    title="who is due next",
    grain="one row a coming month",
    columns=(
        PERIOD_START,
        Column("due", "count", "Due", "Customers of today whose term ends in it."),
        Column("mrr_due", "money", "MRR due", "What they pay a month today."),
        Column(
            "expected_left",
            "number",
            "Expected to leave",
            "Of these, at the hazards of the last twelve months; all who have given notice.",
            low="expected_left_low",
            high="expected_left_high",
            decimals=0,
        ),
        Column("expected_left_low", "number", "from", "The low end, 95 %.", decimals=0),
        Column("expected_left_high", "number", "to", "The high end.", decimals=0),
    ),
    caption="Today's customers whose term ends in the next months; who joins later is in no row",
)


@gives(DUE_NEXT)
def expected_leavers(ahead: pd.DataFrame, due: pd.DataFrame) -> pd.DataFrame:
    """How many of today's customers will leave in each of the coming months, with a range.

    Grain: one row a coming month; none with fewer than three complete months behind.

    Parameters
    ----------
    ahead : frame
        What `due_ahead` gave.
    due : frame
        What `due` gave.

    Returns
    -------
    frame
        period_start · due (customers of today) · mrr_due (currency a month) · expected_left
        (customers) · expected_left_low, expected_left_high (95 %)

    Notes
    -----
    Hazards by billing interval and renewal of the last year, on those still there by then. The
    range mixes over the scatter of months that the last year allows (see `month_effects`), without
    which it would be far too narrow. It assumes that hazards go on as in the last year. Coverage
    was simulated: `benchmarks/leaving_claims.py`, docs/opinions.md.

    Examples
    --------
    >>> start = pd.date_range("2025-01-01", periods=8, freq="MS")
    >>> rows = pd.DataFrame({"period_start": start, "interval_months": 1, "renewal": 1})
    >>> rows = rows.assign(due=1000, left=30, complete=True)
    >>> coming = pd.DataFrame({"period_start": [pd.Timestamp("2025-09-01")], "renewal": 2})
    >>> coming = coming.assign(interval_months=1, due=1000, mrr=10.0, given_notice=0)
    >>> expected_leavers(coming, rows)["expected_left"].round().tolist()
    [30.0]
    """
    strata = strata_of(due)
    names = [column.name for column in DUE_NEXT.columns]
    whole = np.flatnonzero(strata.complete & (strata.due.sum(axis=0) > 0))
    behind = whole[-MONTHS_A_YEAR:]
    if behind.size < FEWEST or ahead.empty:
        return pd.DataFrame(columns=names)
    past = strata.due[:, behind], strata.left[:, behind]
    baseline = Baseline.of(*past, strata.interval)
    rows = _chances(ahead, dict(zip(strata.labels, baseline.hazard, strict=True)))
    known = months_of(baseline, *past)
    found = [_period(part, known) for _, part in rows.groupby("period_start")]
    return pd.DataFrame(found)[names]


def _chances(ahead: pd.DataFrame, hazard: dict[tuple[int, int], float]) -> pd.DataFrame:
    """Each row with the chance to be still there by its month, and then to leave in it."""
    rows = ahead.reset_index(drop=True)
    place = rows["period_start"].rank(method="dense").astype(int) - 1
    there = pd.Series(1.0, index=rows.index)
    first = pd.Series(True, index=rows.index)
    for back in range(1, int(place.max()) + 1):
        was_due = (place >= back) & (back % rows["interval_months"] == 0)
        earlier = rows["renewal"] - back // rows["interval_months"]
        there *= 1 - _hazards(rows["interval_months"], earlier, hazard).where(was_due, 0.0)
        first &= ~was_due
    leave = _hazards(rows["interval_months"], rows["renewal"], hazard)
    return rows.assign(there=there, hazard=leave, notice=rows["given_notice"].where(first, 0))


def _hazards(
    interval: pd.Series, renewal: pd.Series, hazard: dict[tuple[int, int], float]
) -> pd.Series:
    """The hazard of each renewal; that of the nearest known band where its own is new."""
    band = band_of(interval, np.maximum(renewal, 1))
    pairs = [(int(months), int(one)) for months, one in zip(interval, band, strict=True)]
    return pd.Series([_nearest(pair, hazard) for pair in pairs], index=interval.index, dtype=float)


def _nearest(pair: tuple[int, int], hazard: dict[tuple[int, int], float]) -> float:
    if pair in hazard:
        return hazard[pair]
    own = [one for one in hazard if one[0] == pair[0]] or list(hazard)
    return hazard[min(own, key=lambda one: abs(one[1] - pair[1]))]


def _period(rows: pd.DataFrame, seen: Sums) -> dict[str, object]:
    open_to = (rows["due"] - rows["notice"]) * rows["there"]
    expected = float((open_to * rows["hazard"]).sum())
    chance = rows["there"] * rows["hazard"]
    variance = float(((rows["due"] - rows["notice"]) * chance * (1 - chance)).sum())
    notice = float(rows["notice"].sum())
    low = high = expected
    if expected > 0:
        new = residuals(np.array(expected), np.array(expected), np.array(variance))
        low, high = leavers_at(seen.belief().quantiles(ENDS, float(new.v)), expected)
    return {
        "period_start": rows["period_start"].iloc[0],
        "due": int(rows["due"].sum()),
        "mrr_due": float(rows["mrr"].sum()),
        "expected_left": notice + expected,
        "expected_left_low": notice + np.floor(low),
        "expected_left_high": notice + np.ceil(high),
    }
