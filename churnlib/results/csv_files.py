"""What a result is called as a file, and the columns that its file begins with."""

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


MAX_FILE_NAME = 60


# The columns that a report's CSV files begin with; users and schedulers depend on them, further
# columns may follow.
REPORT_TABLES: dict[str, tuple[str, ...]] = {
    "churn": (
        "period_start",
        "opening_customers",
        "new_customers",
        "reactivated_customers",
        "churned_customers",
        "closing_customers",
        "churn_rate",
        "churn_rate_low",
        "churn_rate_high",
    ),
    "mrr": (
        "period_start",
        "opening",
        "new",
        "reactivation",
        "expansion",
        "contraction",
        "churn",
        "closing",
        "gross_churn_rate",
        "net_churn_rate",
        "nrr",
        "grr",
    ),
    "cohorts": ("cohort", "age", "size", "active", "retention", "retention_low", "retention_high"),
    "cohorts_revenue": ("cohort", "age", "opening_amount", "amount", "retention"),
    "survival": (
        "segment_column",
        "segment",
        "tenure",
        "at_risk",
        "events",
        "survival",
        "survival_low",
        "survival_high",
    ),
    "hazard": ("tenure", "at_risk", "events", "hazard", "hazard_low", "hazard_high"),
    "clv": ("segment_column", "segment", "customers", "value", "value_low", "value_high"),
    "clv_parameters": ("model", "parameter", "estimate", "standard_error"),
}


def csv_name(table: str) -> str:
    """The file of a report's table below tables/; a segment column in its name leads nowhere else
    and fits a disk.

    Examples
    --------
    >>> csv_name("mrr_by_channel"), csv_name("mrr_by_../x")
    ('mrr_by_channel.csv', 'mrr_by_x-64af31.csv')
    """
    plain = re.sub(r"[^\w -]+", "", table)[:MAX_FILE_NAME]
    return (
        f"{plain}.csv"
        if plain == table
        else f"{plain}-{hashlib.sha256(table.encode()).hexdigest()[:6]}.csv"
    )


def with_fixed_columns(name: str, frame: "pd.DataFrame") -> "pd.DataFrame":
    """A result as its CSV has it: the columns fixed for this table first, `rate` or `estimate`
    under the table's own word.

    A result calls its number `rate` or `estimate` with `low` and `high`; the file says `retention`,
    `survival`, `hazard`.
    """
    fixed = REPORT_TABLES.get(name, ())
    word = next((column.removesuffix("_low") for column in fixed if column.endswith("_low")), None)
    if word:
        names = {"rate": word, "estimate": word, "low": f"{word}_low", "high": f"{word}_high"}
        frame = frame.rename(
            columns={ours: theirs for ours, theirs in names.items() if theirs not in frame.columns}
        )
    return frame[[*fixed, *(column for column in frame.columns if column not in fixed)]]
