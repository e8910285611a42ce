"""Renewals: who was due, how many renewed, and who is due next."""

from typing import TYPE_CHECKING

import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import as_declared, number_of, split_keys
from churnlib.measures.due import PAID_EVERY, RENEWAL, due_by
from churnlib.measures.ledger import paid_spans
from churnlib.measures.terms import OPEN, paid_terms
from churnlib.periods import Grain, Period
from churnlib.results.columns import BILLING, PERIOD_START, RENEWED, Column
from churnlib.results.declared import Result, gives
from churnlib.results.segments import ALL, billing_name
from churnlib.results.terms import Term
from churnlib.statistics.rates import with_rate

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["due_ahead", "renewals"]

AHEAD = 3
"""Months that are looked ahead."""
WORDS = (
    Term(
        "Renewal rate",
        "Of the customers due in a period, the share still there at closing: renewed ÷ due.",
    ),
)
RENEWALS = Result(
    "renewals",
    title="renewals",
    grain="one row a period and billing interval (and segment)",
    columns=(PERIOD_START, BILLING, *RENEWED),
)
DUE_AHEAD = Result(
    "due_ahead",
    title="today's customers by their coming renewals",
    grain="one row a coming month, billing interval and renewal",
    columns=(
        PERIOD_START,
        PAID_EVERY,
        RENEWAL,
        Column("due", "count", "Due", "Customers of today whose term ends then.", adds=True),
        Column("mrr", "money", "MRR", "What they pay a month today.", adds=True),
        Column(
            "given_notice",
            "count",
            "Gave notice",
            "Of those due, who have cancelled by as-of.",
            adds=True,
        ),
    ),
)


@gives(RENEWALS)
def renewals(
    snapshot: "Snapshot", *, by: "Split | None" = None, grain: Grain | None = None
) -> pd.DataFrame:
    """Who was due in each period, and how many renewed, by how often they pay.

    Grain: one row a period and billing interval (and segment) in which somebody was due, and one
    of all intervals together.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers
    grain : {"month", "quarter"}, default the snapshot's own

    Returns
    -------
    DataFrame
        period_start; [segment]; billing (month, year, ...; all); due, renewed, left (customers);
        renewal_rate = renewed / due with renewal_rate_low, renewal_rate_high (Wilson)

    Examples
    --------
    >>> rows = renewals(snapshot)
    >>> bool((rows.renewed + rows.left == rows.due).all())
    True
    """
    rows = due_by(snapshot, by, grain or snapshot.period.grain)
    keys = ["period_start", *split_keys(by)]
    return as_declared(_rated(_with_all(rows, keys), [*keys, "billing"]), RENEWALS)


@gives(DUE_AHEAD)
def due_ahead(snapshot: "Snapshot") -> pd.DataFrame:
    """Today's customers by when their term ends, over the next three months.

    Grain: one row a coming month, billing interval and renewal.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        period_start; interval_months; renewal; due (customers of today whose term ends in the
        month, those who will have left before among them); mrr (what they pay a month today);
        given_notice (customers whose every subscription has been cancelled by as_of)

    Examples
    --------
    >>> due_ahead(snapshot).columns.tolist()[:3]
    ['period_start', 'interval_months', 'renewal']
    """
    keys = ["interval", "first", "shift"]
    groups = collect(_running(snapshot, keys)).astype({"mrr": float})
    names = [column.name for column in DUE_AHEAD.columns]
    next_one = Period.containing(snapshot.as_of, "month")
    parts = [_coming(groups, next_one.shift(ahead)) for ahead in range(AHEAD)]
    frame = pd.concat(parts, ignore_index=True)
    frame = frame.groupby(names[:3], as_index=False).sum()[names]
    frame.attrs["grain"] = "month"
    return frame


def _running(snapshot: "Snapshot", keys: list[str]) -> ir.Table:
    """Customers who are there now by their terms: due, mrr, given_notice."""
    terms = paid_terms(snapshot)
    now = terms.filter((terms.until == OPEN) & terms.together)
    spans = paid_spans(snapshot)
    spans = spans.filter((spans.ends_on >= snapshot.as_of).fill_null(True))
    paying = spans.group_by("customer_id").agg(
        mrr=spans.mrr.sum(), open=spans.count(), cancelled=spans.cancelled_on.count()
    )
    both = now.inner_join(paying, "customer_id")
    notice = (both.open == both.cancelled).cast("int64")
    return both.group_by(*keys).agg(due=both.count(), mrr=both.mrr.sum(), given_notice=notice.sum())


def _coming(groups: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Those of them whose term ends in a coming month."""
    month = number_of(period)
    ends = (month - groups["first"] - groups["shift"]) % groups["interval"] == 0
    renewal = -((groups["first"] - month) // groups["interval"])
    coming = groups.assign(
        period_start=pd.Timestamp(period.start),
        interval_months=groups["interval"],
        renewal=renewal,
    )
    return coming[ends][[column.name for column in DUE_AHEAD.columns]]


def _with_all(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """By billing interval, in words; behind several of a period their sum."""
    sums = rows.groupby([*keys, "interval_months"], as_index=False)[["due", "left"]].sum()
    named = sums.assign(billing=sums["interval_months"].map(billing_name))
    whole = sums.groupby(keys, as_index=False)[["due", "left"]].sum()
    return pd.concat([named, whole.assign(billing=ALL)], ignore_index=True)


def _rated(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    sums = rows.groupby(keys, as_index=False)[["due", "left"]].sum()
    sums = sums[sums["due"] > 0].reset_index(drop=True)
    sums = sums.assign(renewed=sums["due"] - sums["left"])
    return with_rate(sums, "renewed", "due", "renewal_rate")
