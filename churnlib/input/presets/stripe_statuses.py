"""What the statuses of Stripe mean, and what is said of them."""

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.input.presets.over_time import n_rows
from churnlib.input.presets.reading import counted, word

NEVER = ("incomplete", "incomplete_expired", "trialing")
"""Of which nothing was paid, or not yet."""
STOPPED = ("unpaid", "paused")


def of_status(status: ir.StringValue) -> ir.StringValue:
    """How those ended that stopped without a cancellation: unpaid and paused are reasons too."""
    return ibis.ifelse(status.isin(STOPPED), status, ibis.null("string"))


def say(n: int, sentence: str, remarks: list[str], what: str = "subscription") -> None:
    """A remark on so many, if there are any."""
    if n:
        remarks.append(sentence.format(counted(n, what)))


def say_statuses(known: ir.Table, remarks: list[str]) -> None:
    """How many are left out, or stopped without a day."""
    by_status = collect(known.group_by("status").agg(n=known.count())).set_index("status").n
    for status in NEVER:
        say(int(by_status.get(status, 0)), f"Left out: {{}} with status {status}.", remarks)
    say(
        int(sum(by_status.get(status, 0) for status in STOPPED)),
        "Unpaid or paused: {}. The day is not in the data; they are taken to have ended with the "
        "last period that was paid.",
        remarks,
    )


def survivors(rows: ir.Table) -> list[str]:
    """A file of those who are left shows no churn."""
    if n_rows(rows.filter(word(rows, "status").isin(["canceled"]).fill_null(False))):
        return []
    return [
        "No subscription of the export is canceled: it may hold only those who are left (lists of "
        "the API leave the others out unless status is all). Every rate of churn would be wrong."
    ]
