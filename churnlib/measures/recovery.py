"""What of failed payments comes back: by the month in which they were due."""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import (
    as_declared,
    last_period,
    number_of,
    period_at,
    period_number,
)
from churnlib.measures.members import days_between
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["recovery"]

WINDOWS = (14, 30, 45)
"""Days after the first failure by which it is told what has come back."""
RECOVERED, CANCELLED, LOST, OPEN = "recovered", "cancelled", "lost", "open"
WORDS = (
    Term(
        "Recovered",
        "An invoice whose first attempt failed and that was paid later; it counts for the month "
        "in which it was due.",
    ),
    Term(
        "Lost",
        "An invoice whose first attempt failed and that is not paid when the dunning window is "
        "over, though the customer gave no notice; open until then.",
    ),
)
_STATES = (
    Column("failed", "count", "Failed", "Invoices whose first attempt failed.", adds=True),
    Column("recovered", "count", "Recovered", "Of these, paid by as-of.", adds=True),
    Column(
        "cancelled",
        "count",
        "Cancelled",
        "Not paid; notice in the dunning window.",
        adds=True,
    ),
    Column("lost", "count", "Lost", "Not paid when the dunning window was over.", adds=True),
    Column("open", "count", "Open", "Not paid, and the dunning window is not over.", adds=True),
)
RECOVERY = Result(
    "recovery",
    title="what of failed payments comes back",
    grain="one row a month in which invoices were due whose first attempt failed",
    columns=(
        Column("due_month", "period", "Due in", "The month in which they were due."),
        *_STATES,
        *(
            Column(
                f"recovered_{days}",
                "count",
                f"By day {days}",
                f"Paid within {days} days after the first failure; empty until all were observed "
                "so long.",
            )
            for days in WINDOWS
        ),
        Column("amount_failed", "money", "Failed, amount", "Of these invoices.", adds=True),
        Column("amount_recovered", "money", "Recovered, amount", "Of the paid ones.", adds=True),
        Column("retries", "count", "Retries", "Attempts after the first, of all.", adds=True),
    ),
    shown=("due_month", "failed", "recovered", "cancelled", "lost", "open", "amount_failed"),
)


@gives(RECOVERY)
def recovery(snapshot: "Snapshot") -> pd.DataFrame:
    """Failed payments by the month in which they were due, and what became of them.

    Grain: one row a month with invoices whose first attempt failed.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business with payments

    Returns
    -------
    DataFrame
        due_month; failed (invoices); recovered, cancelled, lost, open (they add up to failed);
        recovered_14, recovered_30, recovered_45 (paid within so many days after the first failure;
        empty until the whole month was observed so long); amount_failed, amount_recovered
        (currency); retries (attempts after the first)

    Examples
    --------
    >>> recovery(snapshot)  # doctest: +SKIP
    """
    failed = _failed(snapshot)
    number = period_number(failed.due_on, "month")
    counts = {
        state: (failed.state == state).cast("int64").sum()
        for state in (RECOVERED, CANCELLED, LOST, OPEN)
    }
    within = {
        f"recovered_{days}": (failed.days <= days).fill_null(False).cast("int64").sum()
        for days in WINDOWS
    }
    paid = ibis.ifelse(failed.state == RECOVERED, failed.amount, 0)
    grouped = failed.group_by(period=number).agg(
        failed=failed.count(),
        **counts,
        **within,
        amount_failed=failed.amount.sum(),
        amount_recovered=paid.sum(),
        retries=(failed.attempts - 1).sum(),
        last_failure=failed.failed_on.max(),
    )
    rows = collect(grouped).sort_values("period", ignore_index=True)
    rows = rows[rows["period"] <= number_of(last_period(snapshot, "month"))]
    observed = (pd.Timestamp(snapshot.as_of) - pd.to_datetime(rows["last_failure"])).dt.days
    for days in WINDOWS:
        whole = rows[f"recovered_{days}"].astype(float)
        rows[f"recovered_{days}"] = whole.where(observed > days)
    starts = [period_at(one, "month").start for one in rows["period"]]
    rows.insert(0, "due_month", pd.to_datetime(starts).astype("datetime64[ns]"))
    return as_declared(rows.reset_index(drop=True), RECOVERY)


def _failed(snapshot: "Snapshot") -> ir.Table:
    """Invoices whose first attempt failed: due_on, failed_on, amount, attempts, days, state."""
    tried = snapshot.payments
    own = ibis.window(group_by="invoice_id", order_by=["attempted_on", ibis.desc("status")])
    tried = tried.mutate(
        place=ibis.row_number().over(own),
        paid_on=ibis.ifelse(tried.status == "paid", tried.attempted_on, ibis.null("date")),
    )
    invoices = tried.group_by("invoice_id").agg(
        customer_id=tried.customer_id.min(),
        due_on=tried.due_on.min(),
        failed_on=tried.attempted_on.min(),
        amount=tried.amount.max(),
        attempts=tried.count(),
        paid_on=tried.paid_on.min(),
        refused=((tried.place == 0) & (tried.status == "failed")).any(),
    )
    failed = _with_notices(snapshot, invoices.filter(invoices.refused))
    failed = failed.mutate(days=days_between(failed.failed_on, failed.paid_on))
    window = snapshot.params.policies.dunning_days
    over = days_between(failed.failed_on, snapshot.as_of) > window
    paid = (failed.days >= 0).fill_null(False)
    noticed = failed.notices.fill_null(0) > 0
    state = ibis.cases((paid, RECOVERED), (noticed, CANCELLED), (over, LOST), else_=OPEN)
    return failed.mutate(state=state)


def _with_notices(snapshot: "Snapshot", failed: ir.Table) -> ir.Table:
    """`notices`: how many its customer gave within the dunning window after the failure."""
    given = snapshot.subscriptions.drop_null("cancelled_on").select("customer_id", "cancelled_on")
    both = failed.select("invoice_id", "customer_id", "failed_on").inner_join(given, "customer_id")
    since = days_between(both.failed_on, both.cancelled_on)
    within = both.filter((since >= 0) & (since <= snapshot.params.policies.dunning_days))
    counted = within.group_by("invoice_id").agg(notices=within.count())
    return failed.left_join(counted, "invoice_id").drop("invoice_id_right")
