"""Whether leaving changed: observed and expected by month, the alarm, the new level after one."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from churnlib.models.leaving import alarm
from churnlib.models.leaving.strata import strata_of
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rules import LEVEL

__all__ = ["leaving_trend", "new_levels"]

WORDS = (
    Term(
        "Expected to leave",
        "What the customers due would lose at the hazards of the baseline, of the same billing "
        "interval and renewal.",
    ),
    Term(
        "Baseline",
        "The months that others are compared with: the first six with enough customers, after a "
        "year without an alarm up to 24 before, after an alarm the six that follow it.",
    ),
    Term(
        "Alarm",
        "Leaving has changed for good beyond what months differ by: at most 5 % of unchanged "
        "businesses see one in a year.",
    ),
)
_COMPARED = "Of the strata that the baseline knows well enough."
TREND = Result(
    "trend",
    title="observed against expected leaving",
    grain="one row a month",
    columns=(
        PERIOD_START,
        Column("due", "count", "Due", "Customers whose paid term ended."),
        Column("left", "count", "Left", "Of those due, who left."),
        Column(
            "expected",
            "number",
            "Expected",
            "Leavers that the baseline's hazards bring, of those compared; empty where none are.",
            low="expected_low",
            high="expected_high",
        ),
        Column("score", "number", "Score", "Where the month lies, in standard deviations."),
        Column("cusum_up", "number", "Sum, up", "Running sum of high scores; alarm from 4.8."),
        Column("cusum_down", "number", "Sum, down", "The same of low ones."),
        Column(
            "signal",
            "text",
            "Signal",
            "baseline, quiet, up or down (the alarm), learning (the new level), partial.",
        ),
        Column("compared", "count", "Compared", f"Customers due. {_COMPARED}"),
        Column("compared_left", "count", "Left of them", f"Leavers. {_COMPARED}"),
        Column("expected_low", "number", "from", "Where 95 % of unchanged months lie: low end."),
        Column("expected_high", "number", "to", "The high end."),
    ),
    shown=("period_start", "due", "left", "compared_left", "expected", "score", "signal"),
)
LEVELS = Result(
    "trend_levels",
    title="the level after an alarm",
    grain="one row an alarm",
    columns=(
        Column("changed_in", "period", "Changed in", "The month after the sum last was 0."),
        Column("raised_in", "period", "Raised in", "The month of the alarm."),
        Column("signal", "text", "Signal", "up or down."),
        Column("months", "count", "Months", "Months after the alarm that are known, up to six."),
        Column(
            "ratio",
            "number",
            "New level",
            "Left ÷ expected in the six months after the alarm; empty until they are over.",
            decimals=2,
            low="low",
            high="high",
        ),
        Column("low", "number", "from", "The low end of its 95 % range.", decimals=2),
        Column("high", "number", "to", "The high end.", decimals=2),
    ),
)


@gives(TREND)
def leaving_trend(due: pd.DataFrame) -> pd.DataFrame:
    """Observed against expected leavers by month, and the alarm.

    Grain: one row a month, from the first with customers.

    Parameters
    ----------
    due : frame
        What `due` gave by month, of everybody.

    Returns
    -------
    frame
        period_start · due, left (customers) · expected (leavers, of the strata compared) · score
        (standard normal where nothing changed) · cusum_up, cusum_down · signal (baseline, quiet,
        up, down, learning, partial) · compared, compared_left (customers, of the strata compared)
        · expected_low, expected_high (95 % of unchanged months)

    Notes
    -----
    Expected is by indirect standardisation: hazards of a frozen baseline by billing interval and
    renewal, applied to who was due; a stratum is compared where the baseline had three times as
    many due. Scores are predictive: the months' own scatter is averaged over what the months so
    far allow (a random-effects model, flat prior on their level), through square roots of counts
    (Anscombe 1948). They run into two cumulative sums (Page 1954), slack 0.75, limit 4.8. Rates
    of false alarms were simulated: `benchmarks/alarm_rates.py`, docs/opinions.md.

    Examples
    --------
    >>> start = pd.date_range("2025-01-01", periods=8, freq="MS")
    >>> rows = pd.DataFrame({"period_start": start, "interval_months": 1, "renewal": 1})
    >>> rows = rows.assign(due=1000, left=[30] * 7 + [150], complete=True)
    >>> leaving_trend(rows)["signal"].tolist()[-2:]
    ['quiet', 'up']
    """
    strata = strata_of(due)
    whole = strata.complete
    found = alarm.course(strata.due[:, whole], strata.left[:, whole], strata.interval)
    frame = pd.DataFrame(
        {
            "period_start": strata.months,
            "due": strata.due.sum(axis=0).astype(int),
            "left": strata.left.sum(axis=0).astype(int),
        }
    )
    known = pd.DataFrame(
        {
            "expected": found.expected,
            "score": found.score,
            "cusum_up": found.up,
            "cusum_down": found.down,
            "signal": found.signal,
            "compared": found.compared,
            "compared_left": found.left,
            "expected_low": found.low,
            "expected_high": found.high,
        },
        index=frame.index[whole],
    )
    frame = frame.join(known)
    partial = pd.Series(~whole, index=frame.index)
    return frame.assign(signal=frame["signal"].mask(partial, alarm.PARTIAL).fillna(""))


@gives(LEVELS)
def new_levels(trend: pd.DataFrame) -> pd.DataFrame:
    """When leaving changed, and to what level, for each alarm.

    Grain: one row an alarm, the first one first.

    Parameters
    ----------
    trend : frame
        What `leaving_trend` gave.

    Returns
    -------
    frame
        changed_in (the month after the sum last was 0) · raised_in · signal · months (known after
        the alarm, up to six) · ratio (left / expected in these six; NaN until they are over) · low,
        high (95 %, with the months' scatter)

    Notes
    -----
    The level is learnt from the months after the alarm alone: those before it are chosen for being
    high, and overstate it.

    Examples
    --------
    >>> start = pd.date_range("2025-01-01", periods=8, freq="MS")
    >>> rows = pd.DataFrame({"period_start": start, "interval_months": 1, "renewal": 1})
    >>> rows = rows.assign(due=1000, left=[30] * 7 + [150], complete=True)
    >>> new_levels(leaving_trend(rows))["months"].tolist()
    [0]
    """
    names = [column.name for column in LEVELS.columns]
    raised = np.flatnonzero(trend["signal"].isin([alarm.UP, alarm.DOWN]))
    rows = [_level(trend, place) for place in raised]
    return pd.DataFrame(rows, columns=names)


def _level(trend: pd.DataFrame, place: int) -> dict[str, object]:
    row = trend.iloc[place]
    sums = trend["cusum_up" if row.signal == alarm.UP else "cusum_down"].to_numpy()
    nought = np.flatnonzero(~(sums[:place] > 0))
    begun = int(nought[-1]) + 1 if nought.size else 0
    after = trend.iloc[place + 1 : place + 1 + alarm.FIRST_MONTHS]
    after = after[after["signal"] == alarm.LEARNING]
    level = {"ratio": np.nan, "low": np.nan, "high": np.nan}
    if len(after) == alarm.FIRST_MONTHS and after["expected"].sum() > 0:
        level = _ratio(after["compared_left"].to_numpy(), after["expected"].to_numpy())
    return {
        "changed_in": trend["period_start"].iloc[begun],
        "raised_in": row.period_start,
        "signal": row.signal,
        "months": len(after),
        **level,
    }


def _ratio(left: np.ndarray, expected: np.ndarray) -> dict[str, float]:
    """Left over expected with a range that holds the scatter of its months."""
    ratio = left.sum() / expected.sum()
    alone = np.maximum(expected * ratio, 0.5)
    excess = ((left - expected * ratio) ** 2 / alone - 1) / alone
    scatter = max(float(excess.mean()), 0.0)
    error = np.sqrt(1 / max(left.sum(), 0.5) + scatter / left.size)
    reach = norm.ppf((1 + LEVEL) / 2) * error
    return {"ratio": ratio, "low": ratio * np.exp(-reach), "high": ratio * np.exp(reach)}
