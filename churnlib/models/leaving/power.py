"""What size of change the alarm could see in this business."""

import numpy as np
import pandas as pd

from churnlib.models.leaving import alarm
from churnlib.models.leaving.month_effects import SCATTER, Belief, Sums, residuals
from churnlib.models.leaving.strata import Strata, strata_of
from churnlib.models.leaving.trend import leaving_trend
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives

__all__ = ["leaving_power"]

RISES = (1.25, 1.5, 2.0)
"""Times the hazard for which it is told how often the alarm would find it."""
AHEAD = 6
RUNS = 2_000
SEED = 20
POWER = Result(
    "trend_power",
    title="what the alarm can see",
    grain="one row a size of change",
    columns=(
        Column("rise", "number", "Times as many", "Hazard ÷ hazard before.", decimals=2),
        Column(
            "found",
            "share",
            "Found",
            "Of businesses of this size and history, those where the alarm is raised within six "
            "months.",
        ),
        Column("months", "count", "Within", "Months.", unit="months"),
    ),
)


@gives(POWER)
def leaving_power(due: pd.DataFrame) -> pd.DataFrame:
    """How often the alarm would find a change within six months, at this size and history.

    Grain: one row a size of change; none where there is no baseline yet.

    Parameters
    ----------
    due : frame
        What `due` gave by month, of everybody.

    Returns
    -------
    frame
        rise (times the hazard) · found (share of 2,000 simulated continuations in which the alarm
        is raised) · months (6)

    Notes
    -----
    Six more months like the last one are drawn, with the months' scatter as far as it is known,
    and their hazards multiplied; the alarm begins at 0.

    Examples
    --------
    >>> start = pd.date_range("2025-01-01", periods=8, freq="MS")
    >>> rows = pd.DataFrame({"period_start": start, "interval_months": 1, "renewal": 1})
    >>> rows = rows.assign(due=1000, left=30, complete=True)
    >>> bool(leaving_power(rows)["found"].is_monotonic_increasing)
    True
    """
    trend = leaving_trend(due)
    state = _state(strata_of(due), trend)
    names = [column.name for column in POWER.columns]
    if state is None:
        return pd.DataFrame(columns=names)
    expected, variance, seen = state
    found = [_found(rise, expected, variance, seen) for rise in RISES]
    return pd.DataFrame({"rise": RISES, "found": found, "months": AHEAD})


def _state(strata: Strata, trend: pd.DataFrame) -> tuple[float, float, Sums] | None:
    """What is expected of the next month, its variance, and the months that it is judged by."""
    known = trend[trend["expected"] > 0]
    if len(known) <= alarm.FIRST_MONTHS:
        return None
    last = known.tail(alarm.MOST_MONTHS)
    due, left = strata.due[:, last.index], strata.left[:, last.index]
    baseline = alarm.Baseline.of(due, left, strata.interval)
    _, gone, expected, variance = baseline.expect(due, left)
    seen = Sums(RUNS).add_all(residuals(gone, expected, variance))
    return float(expected[-1]), float(variance[-1]), seen


def _found(rise: float, expected: float, variance: float, seen: Sums) -> float:
    """The share of continuations in which the alarm is raised."""
    rng = np.random.default_rng(SEED)
    months = Sums(RUNS)
    for name in ("w", "wr", "wrr", "logs"):
        setattr(months, name, getattr(seen, name).copy())
    scatter = _drawn(rng, seen.belief())
    total, raised = np.zeros(RUNS), np.zeros(RUNS, dtype=bool)
    for _ in range(AHEAD):
        effect = np.exp(scatter * rng.normal(size=RUNS) - scatter**2 / 2)
        left = rng.poisson(expected * rise * effect)
        new = residuals(left, np.full(RUNS, expected), np.full(RUNS, variance))
        score = months.belief().score(new.r, new.v)
        months.add(new.r, new.v)
        total = np.maximum(total + score - alarm.SLACK, 0)
        raised |= total >= alarm.LIMIT
    return float(raised.mean())


def _drawn(rng: np.random.Generator, belief: Belief) -> np.ndarray:
    """A scatter for each run, as likely as the months so far make it."""
    chance = rng.random(RUNS)[:, None]
    place = (chance > belief.weight.cumsum(axis=-1)).sum(axis=-1)
    return SCATTER[np.minimum(place, SCATTER.size - 1)]
