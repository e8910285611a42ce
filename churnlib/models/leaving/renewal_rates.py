"""Which renewals are made and which are not, over the last twelve months."""

import pandas as pd

from churnlib.models.leaving.strata import band_name, band_of
from churnlib.models.survival.splits import SEGMENT
from churnlib.results.columns import BILLING, RENEWED, Column
from churnlib.results.declared import Result, gives
from churnlib.results.segments import billing_name
from churnlib.statistics.rates import with_rate

__all__ = ["renewals_by_tenure"]

YEAR = 12
"""Months that are pooled."""
RENEWALS_BY_TENURE = Result(
    "renewals_by_tenure",
    title="renewals by tenure",
    grain="one row a billing interval and band of renewals (and segment), over twelve months",
    columns=(
        BILLING,
        Column("renewals", "text", "Renewal", "Which renewals of the stay: the first is 1."),
        *RENEWED,
    ),
    caption="Renewals of the last twelve months, by how often customers pay and which renewal it "
    "was",
)


def last_year(due: pd.DataFrame) -> pd.DataFrame:
    """The rows of the last twelve complete months.

    Examples
    --------
    >>> start = pd.date_range("2025-01-01", periods=15, freq="MS")
    >>> len(last_year(pd.DataFrame({"period_start": start, "complete": [True] * 14 + [False]})))
    12
    """
    whole = due[due["complete"].astype(bool)]
    first = whole["period_start"].max() - pd.DateOffset(months=YEAR - 1)
    return whole[whole["period_start"] >= first]


@gives(RENEWALS_BY_TENURE)
def renewals_by_tenure(due: pd.DataFrame) -> pd.DataFrame:
    """Renewals of the last twelve complete months by billing interval and renewal.

    Grain: one row a billing interval and band of renewals (and segment).

    Parameters
    ----------
    due : frame
        What `due` gave by month.

    Returns
    -------
    frame
        [segment] · billing · renewals (which ones: "1 to 3") · due, renewed, left (customers: who
        pays by the month is due in each month) · renewal_rate with its limits (Wilson)

    Examples
    --------
    >>> start = pd.to_datetime(["2026-01-01", "2026-02-01"])
    >>> rows = pd.DataFrame({"period_start": start, "interval_months": 1, "renewal": [1, 2]})
    >>> rows = rows.assign(due=[50, 50], left=[2, 3], complete=True)
    >>> renewals_by_tenure(rows)[["billing", "renewals", "renewed"]].values.tolist()
    [['month', '1 to 3', 95]]
    """
    rows = last_year(due)
    rows = rows.assign(band=band_of(rows["interval_months"], rows["renewal"]))
    head = [SEGMENT] if SEGMENT in rows else []
    sums = rows.groupby([*head, "interval_months", "band"], as_index=False)[["due", "left"]].sum()
    sums = sums[sums["due"] > 0].reset_index(drop=True)
    pairs = zip(sums["interval_months"], sums["band"], strict=True)
    sums["renewals"] = [band_name(*pair) for pair in pairs]
    sums["billing"] = sums["interval_months"].map(billing_name)
    sums["renewed"] = sums["due"] - sums["left"]
    rated = with_rate(sums, "renewed", "due", "renewal_rate")
    return rated[[*head, *(column.name for column in RENEWALS_BY_TENURE.columns)]]
