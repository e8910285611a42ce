"""What leaving cost month by month in money, and how far chance alone moves it."""

import numpy as np
import pandas as pd

from churnlib.periods import MONTHS_A_YEAR
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.counts import weighted_sum

__all__ = ["mrr_churn"]

MRR_CHURN = Result(
    "mrr_churn",
    title="MRR churn",
    grain="one row a month",
    columns=(
        PERIOD_START,
        Column("opening", "money", "Opening", "MRR at the opening of the month."),
        Column("lost", "money", "MRR lost", "What those paid who left in the month.", adds=True),
        Column(
            "rate",
            "share",
            "MRR churn",
            "MRR lost ÷ opening.",
            low="rate_low",
            high="rate_high",
        ),
        Column("rate_low", "share", "from", "The low end of its 95 % range."),
        Column("rate_high", "share", "to", "The high end."),
        Column("customers", "count", "Who left", "Customers who left.", adds=True),
        Column("largest", "money", "Largest", "What the largest of them paid."),
    ),
)


@gives(MRR_CHURN)
def mrr_churn(lost: pd.DataFrame) -> pd.DataFrame:
    """MRR of those who left ÷ MRR at opening, by month.

    Grain: one row a month with MRR at its opening.

    Parameters
    ----------
    lost : frame
        What `mrr_lost` gave, of everybody.

    Returns
    -------
    frame
        period_start · opening, lost (currency a month) · rate (lost / opening) with rate_low,
        rate_high (95 %: who happened to leave, one by one) · customers (who left) · largest (what
        the largest of them paid)

    Notes
    -----
    Lost is a weighted sum of counts (gamma limits, Fay and Feuer 1997); its variance is the sum of
    the squares of what each paid, so that a few large customers make the range wide. One more
    leaver may pay as much as the largest of twelve months. What moves a whole month is not in it.
    Simulated: `benchmarks/leaving_claims.py money`.

    Examples
    --------
    >>> start = pd.to_datetime(["2026-01-01", "2026-02-01"])
    >>> lost = pd.DataFrame({"period_start": start, "opening": [1000.0, 990.0]})
    >>> lost = lost.assign(customers=[2, 0], lost=[10.0, 0.0], largest=[6.0, 0.0])
    >>> mrr_churn(lost.assign(lost_squared=[52.0, 0.0]))["rate"].tolist()
    [0.01, 0.0]
    """
    widest = lost["largest"].rolling(MONTHS_A_YEAR, min_periods=1).max()
    sums = zip(lost["lost"], lost["lost_squared"], widest, strict=True)
    ends = np.array([weighted_sum(*one) for one in sums]).reshape(-1, 2)
    opening = lost["opening"].astype(float)
    frame = lost.assign(
        rate=lost["lost"] / opening,
        rate_low=ends[:, 0] / opening,
        rate_high=(ends[:, 1] / opening).clip(upper=1),
    )
    return frame[[column.name for column in MRR_CHURN.columns]]
