"""Observed against expected leaving by quarter: months taken together, without an alarm."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from churnlib.models.leaving.before_after import CARRY
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.rules import LEVEL

__all__ = ["trend_by_quarter"]

MONTHS = 3
BY_QUARTER = Result(
    "trend_by_quarter",
    title="observed against expected leaving, by quarter",
    grain="one row a quarter of three whole months",
    columns=(
        PERIOD_START,
        Column("due", "count", "Due", "Customers whose paid term ended.", adds=True),
        Column("left", "count", "Left", "Of those due, who left.", adds=True),
        Column(
            "expected",
            "number",
            "Expected",
            "Leavers that the baseline's hazards bring, of those compared.",
            low="expected_low",
            high="expected_high",
        ),
        Column("compared", "count", "Compared", "Customers due whom the baseline knows."),
        Column("compared_left", "count", "Left of them", "Leavers of them."),
        Column("expected_low", "number", "from", "Where 95 % of unchanged quarters lie: low end."),
        Column("expected_high", "number", "to", "The high end."),
    ),
)


@gives(BY_QUARTER)
def trend_by_quarter(trend: pd.DataFrame) -> pd.DataFrame:
    """The months of a trend taken together by quarter; the alarm runs on months alone.

    Grain: one row a quarter all of whose months were compared with a baseline.

    Parameters
    ----------
    trend : frame
        What `leaving_trend` gave.

    Returns
    -------
    frame
        period_start (of the quarter) · due, left (customers) · expected (leavers, of those
        compared) · compared, compared_left (customers) · expected_low, expected_high (95 % of
        unchanged quarters)

    Notes
    -----
    The ranges of the months added by their squares, wider by months that carry over (autocorrelated
    at 0.3).

    Examples
    --------
    >>> start = pd.date_range("2026-01-01", periods=3, freq="MS")
    >>> rows = pd.DataFrame({"period_start": start, "due": 100, "left": 3, "expected": 3.0})
    >>> rows = rows.assign(compared=100, compared_left=3, expected_low=0.0, expected_high=6.0)
    >>> trend_by_quarter(rows)[["left", "expected"]].values.tolist()
    [[9.0, 9.0]]
    """
    known = trend.dropna(subset=["expected", "expected_low"])
    reach = norm.ppf((1 + LEVEL) / 2)
    known = known.assign(
        quarter=known["period_start"].dt.to_period("Q").dt.start_time,
        months=1,
        squared=((known["expected_high"] - known["expected_low"]) / 2 / reach) ** 2,
        centre=(known["expected_high"] + known["expected_low"]) / 2,
    )
    counts = ["months", "due", "left", "expected", "compared", "compared_left", "squared", "centre"]
    sums = known.groupby("quarter")[counts].sum()
    sums = sums[sums["months"] == MONTHS].reset_index(names="period_start")
    apart = reach * np.sqrt(CARRY * sums["squared"])
    frame = sums.assign(
        expected_low=(sums["centre"] - apart).clip(lower=0), expected_high=sums["centre"] + apart
    )
    frame.attrs["grain"] = "quarter"
    return frame[[column.name for column in BY_QUARTER.columns]]
