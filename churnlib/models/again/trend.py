"""Whether first buyers come back as often as those before them did."""

import pandas as pd

from churnlib.models.again.cohorts import as_due
from churnlib.models.leaving.alarm import course
from churnlib.models.leaving.strata import strata_of
from churnlib.results.columns import Column, rate
from churnlib.results.declared import Result, gives
from churnlib.statistics.rates import with_rate

__all__ = ["again_trend"]

TREND = Result(
    "again_trend",
    title="buying again, against what was usual",
    grain="one row a month of the first purchase",
    columns=(
        Column("period_start", "period", "First bought in", "The month of the first purchase."),
        Column("first_buyers", "count", "First buyers", "Customers who first bought then."),
        Column("again", "count", "Bought again", "Of them, within ninety days."),
        *rate("share", "Share", "Bought again ÷ first buyers.", "first_buyers"),
        Column(
            "expected",
            "number",
            "Expected",
            "How many would have by the share of the months of the baseline.",
            low="expected_low",
            high="expected_high",
        ),
        Column("expected_low", "number", "from", "Where 95 % of usual months lie: low end."),
        Column("expected_high", "number", "to", "The high end."),
        Column("score", "number", "Score", "Where the month lies, in standard deviations."),
    ),
)


@gives(TREND)
def again_trend(rows: pd.DataFrame) -> pd.DataFrame:
    """How many of each month's first buyers bought again, against what was usual.

    Grain: one row a month of the first purchase whose first buyers were all observed for ninety
    days.

    Parameters
    ----------
    rows : frame
        What `bought_again` gave, of everybody.

    Returns
    -------
    frame
        period_start · first_buyers, again (customers) · share with its range (Wilson) · expected
        (customers), expected_low, expected_high (95 % of usual months) · score (standard normal
        where nothing changed; NaN in the first six months)

    Notes
    -----
    The score of `leaving_trend`: a frozen baseline, months' own scatter averaged over what they
    allow. No alarm is raised: its rates are simulated for leaving alone. A season is not in what is
    expected.

    Examples
    --------
    >>> start = pd.date_range("2025-01-01", periods=8, freq="MS")
    >>> rows = pd.DataFrame({"period_start": start, "first_buyers": 1000, "complete": True})
    >>> found = again_trend(rows.assign(again=[300] * 7 + [150]))
    >>> bool(found["score"].iloc[-1] < -3)
    True
    """
    strata = strata_of(as_due(rows))
    found = course(strata.due, strata.left, strata.interval)
    frame = pd.DataFrame(
        {
            "period_start": strata.months,
            "first_buyers": strata.due.sum(axis=0).astype(int),
            "again": strata.left.sum(axis=0).astype(int),
            "expected": found.expected,
            "expected_low": found.low,
            "expected_high": found.high,
            "score": found.score,
        }
    )
    rated = with_rate(frame[frame["first_buyers"] > 0], "again", "first_buyers", "share")
    return rated[[column.name for column in TREND.columns]].reset_index(drop=True)
