"""The data dictionary: what an input table holds, one sentence a column.

Columns that a table lists here are canonical: a parameter file maps the source's columns to these
names. `customers` may hold any further column; such attribute columns can be split by (segments,
cohorts).
"""

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["id", "date", "timestamp", "money", "number", "count", "text", "flag"]


@dataclass(frozen=True)
class Column:
    """One canonical column: its name, what type its values have, whether it must be there, what
    it means.
    """

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
        Column(
            "customer_id",
            "id",
            "Who; text, compared exactly (capitals too) after trimming spaces.",
            required=True,
        ),
        Column(
            "signed_up_on", "date", "The day the customer was won; the first activity where absent."
        ),
        Column(
            "acquisition_cost",
            "number",
            "What winning this customer cost, in the report's currency.",
        ),
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
        Column("interval", "text", "How often amount is paid: month, yearly, 3 months, P1Y, ..."),
        Column(
            "interval_count", "count", "Every how many intervals amount is paid; 1 where absent."
        ),
        Column(
            "subscription_id",
            "id",
            "Which subscription; rows of one id and start are versions of one span.",
        ),
        Column("item_id", "id", "Which item of the subscription, where it has several."),
        Column("plan", "text", "The plan's name."),
        Column(
            "renews_on",
            "date",
            "Any day on which a paid term of this subscription ends; counted from its start where "
            "absent.",
        ),
        Column(
            "cancelled_on",
            "date",
            "The day on which notice was given: what looks ahead knows the end from then on.",
        ),
        Column(
            "end_reason",
            "text",
            "How the subscription ended, as the billing system says it: see end_reasons.",
        ),
        Column(
            "cancel_feedback",
            "text",
            "What the customer gave as the reason when cancelling: see feedback.",
        ),
        Column(
            "event",
            "text",
            "Of a log of changes: what happened; a cancellation ends what came before.",
        ),
        Column("currency", "text", "ISO 4217 code; the report's currency where absent."),
        Column(
            "recorded_at", "timestamp", "When this row became known; known since ever where absent."
        ),
        Column("is_trial", "flag", "A trial: kept apart, never revenue and never churn."),
    ),
)
ORDERS = TableSchema(
    "orders",
    "one row an order or an order line; all rows of a customer on one day are one purchase "
    "occasion",
    (
        Column("customer_id", "id", "Who bought.", required=True),
        Column("ordered_at", "date", "When, as a date or a time.", required=True),
        Column("amount", "money", "What was paid; negative = a return.", required=True),
        Column("order_id", "id", "Which order."),
        Column("category", "text", "What kind of thing."),
        Column("currency", "text", "ISO 4217 code; the report's currency where absent."),
        Column(
            "recorded_at", "timestamp", "When this row became known; known since ever where absent."
        ),
    ),
)
PAYMENTS = TableSchema(
    "payments",
    "one row an attempt to collect an invoice; optional",
    (
        Column("invoice_id", "id", "Which invoice; its attempts belong together.", required=True),
        Column("customer_id", "id", "Who pays.", required=True),
        Column("attempted_at", "date", "When, as a date or a time.", required=True),
        Column("amount", "money", "What was to be collected.", required=True),
        Column("status", "text", "paid, failed or refunded.", required=True),
        Column("due_on", "date", "The day it was due; that of the first attempt where absent."),
        Column("failure_reason", "text", "Why it failed, as the processor says it."),
        Column("currency", "text", "ISO 4217 code; the report's currency where absent."),
    ),
)
SURVEYS = TableSchema(
    "surveys",
    "one row a customer who was asked; optional. What they wrote in their own words is not read",
    (
        Column("customer_id", "id", "Who was asked.", required=True),
        Column("kind", "text", "exit, nps or csat.", required=True),
        Column("asked_on", "date", "When; the day of the answer where absent."),
        Column("answered_on", "date", "When they answered; empty = they did not."),
        Column("score", "number", "Of nps a whole number from 0 to 10."),
        Column("reason", "text", "Of exit: the reason given; see feedback."),
    ),
)
TABLES: dict[str, TableSchema] = {
    table.name: table for table in (CUSTOMERS, SUBSCRIPTIONS, ORDERS, PAYMENTS, SURVEYS)
}
ACTIVITY_TABLE = {"subscription": "subscriptions", "transactional": "orders"}
