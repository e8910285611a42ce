"""The data dictionary: what a table holds, one sentence a column, and what a report's tables hold.

Columns that a table lists here are canonical: a parameter file maps the source's columns to these names. `customers`
may hold any further column; such attribute columns can be split by (segments, cohorts).
"""

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import pandas as pd

ColumnType = Literal["id", "date", "timestamp", "money", "number", "count", "text", "flag"]
INTERVALS: dict[str, float] = {  # how many months one unit of an interval is
    "day": 12 / 365,
    "week": 12 / 52,
    "month": 1.0,
    "quarter": 3.0,
    "year": 12.0,
}
UNKNOWN = "(unknown)"
OTHER = "(other)"
MAX_FILE_NAME = 60


@dataclass(frozen=True)
class Column:
    """One canonical column: its name, what type its values have, whether it must be there, what it means."""

    name: str
    type: ColumnType
    meaning: str
    required: bool = False


@dataclass(frozen=True)
class TableSchema:
    """One input table: its grain and its columns."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    attributes: bool = False  # whether further columns are kept as attributes

    def names(self) -> list[str]:
        """The canonical column names, in order."""
        return [column.name for column in self.columns]

    def required(self) -> list[str]:
        """The columns without which the table cannot be used."""
        return [column.name for column in self.columns if column.required]


CUSTOMERS = TableSchema(
    "customers",
    "one row a customer; optional as a whole (then derived from first activity)",
    (
        Column("customer_id", "id", "Who; text, compared exactly (capitals too) after trimming spaces.", required=True),
        Column("signed_up_on", "date", "The day the customer was won; the first activity where absent."),
        Column("acquisition_cost", "number", "What winning this customer cost, in the report's currency."),
    ),
    attributes=True,
)
SUBSCRIPTIONS = TableSchema(
    "subscriptions",
    "one row a span of constant price; a customer may hold several at once (they add up)",
    (
        Column("customer_id", "id", "Who pays.", required=True),
        Column("starts_on", "date", "First day of the span, inclusive.", required=True),
        Column("ends_on", "date", "The day after the last one, exclusive; empty = open."),
        Column("mrr", "money", "Recurring revenue a month; or give amount with interval."),
        Column("amount", "money", "What is paid each interval, where mrr is not given."),
        Column("interval", "text", "day, week, month, quarter or year: how often amount is paid."),
        Column("interval_count", "count", "Every how many intervals amount is paid; 1 where absent."),
        Column("subscription_id", "id", "Which subscription; rows of one id and start are versions of one span."),
        Column("plan", "text", "The plan's name."),
        Column("currency", "text", "ISO 4217 code; the report's currency where absent."),
        Column("recorded_at", "timestamp", "When this row became known; known since ever where absent."),
        Column("is_trial", "flag", "A trial: kept apart, never revenue and never churn."),
    ),
)
ORDERS = TableSchema(
    "orders",
    "one row an order or an order line; all rows of a customer on one day are one purchase occasion",
    (
        Column("customer_id", "id", "Who bought.", required=True),
        Column("ordered_at", "timestamp", "When, as a date or a time.", required=True),
        Column("amount", "money", "What was paid; negative = a return.", required=True),
        Column("order_id", "id", "Which order."),
        Column("category", "text", "What kind of thing."),
        Column("currency", "text", "ISO 4217 code; the report's currency where absent."),
        Column("recorded_at", "timestamp", "When this row became known; known since ever where absent."),
    ),
)
TABLES: dict[str, TableSchema] = {table.name: table for table in (CUSTOMERS, SUBSCRIPTIONS, ORDERS)}
ACTIVITY_TABLE = {"subscription": "subscriptions", "transactional": "orders"}

# The columns that a report's CSV files begin with; users and schedulers depend on them, further columns may follow.
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
    """The file of a report's table below tables/; a segment column in its name leads nowhere else and fits a disk.

    Examples
    --------
    >>> csv_name("mrr_by_channel"), csv_name("mrr_by_../x")
    ('mrr_by_channel.csv', 'mrr_by_x-64af31.csv')
    """
    plain = re.sub(r"[^\w -]+", "", table)[:MAX_FILE_NAME]
    return f"{plain}.csv" if plain == table else f"{plain}-{hashlib.sha256(table.encode()).hexdigest()[:6]}.csv"


def with_fixed_columns(name: str, frame: "pd.DataFrame") -> "pd.DataFrame":
    """A result as its CSV has it: the columns fixed for this table first, `rate` or `estimate` under the table's own word.

    A result calls its number `rate` or `estimate` with `low` and `high`; the file says `retention`, `survival`, `hazard`.
    """
    fixed = REPORT_TABLES.get(name, ())
    word = next((column.removesuffix("_low") for column in fixed if column.endswith("_low")), None)
    if word:
        names = {"rate": word, "estimate": word, "low": f"{word}_low", "high": f"{word}_high"}
        frame = frame.rename(columns={ours: theirs for ours, theirs in names.items() if theirs not in frame.columns})
    return frame[[*fixed, *(column for column in frame.columns if column not in fixed)]]
