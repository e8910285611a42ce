"""Who was due: customers whose paid term ends in the period, and who of them left.

Counted from paid terms alone, so that last September's due is the same today as it was then. It is
the at-risk set of leaving: the others were in the middle of a term.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import dated, last_period, listed, number_of, split_keys
from churnlib.measures.ledger import once_by
from churnlib.measures.members import joined, members
from churnlib.measures.terms import OPEN, paid_terms
from churnlib.periods import MONTHS, Grain
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["due"]

SHAPE = ["after", "until", "interval", "first", "shift", "together", "next_after"]
WORDS = (
    Term(
        "Due",
        "Customers at opening whose paid term ends in the period, counted by steps of their "
        "billing interval from the start of their stay; who pays by the month always is.",
    ),
    Term("Renewal", "The n-th term of a stay that ends: a customer who stays on has renewed."),
)
PAID_EVERY = Column(
    "interval_months",
    "count",
    "Paid every",
    "Months that a payment covers; of several subscriptions at once the longest.",
    unit="months",
)
RENEWAL = Column("renewal", "count", "Renewal", "Which term of the stay ends: the first is 1.")
DUE = Result(
    "due",
    "who was due",
    "one row a month, billing interval and renewal (and segment)",
    (
        PERIOD_START,
        PAID_EVERY,
        RENEWAL,
        Column("customers", "count", "Customers", "Customers at opening, due or not.", adds=True),
        Column("due", "count", "Due", "Of them, those whose paid term ends.", adds=True),
        Column("left", "count", "Left", "Of those due, who were gone at closing.", adds=True),
        Column(
            "left_early",
            "count",
            "Left early",
            "Of those not due, who were gone at closing: in the middle of a paid term.",
            adds=True,
        ),
        Column("complete", "flag", "Complete", "Whether the data cover the period to its end."),
    ),
)


@gives(DUE)
def due(snapshot: "Snapshot", *, by: "Split | None" = None) -> pd.DataFrame:
    """Customers by month, billing interval and renewal: who was due, and who left.

    Grain: one row a month, billing interval and renewal (and segment) in which somebody was a
    customer at opening; months also where the report is of a quarter, as models of leaving take
    them.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers

    Returns
    -------
    DataFrame
        period_start; [segment]; interval_months (whole, at least 1); renewal (which term ends; of
        those not due, which will); customers (active at opening, as in `customer_churn`); due;
        left (of those due); left_early (of the others). left + left_early are the churned
        customers of the month. complete: a partial month belongs in no statistic.

    Examples
    --------
    >>> rows = due(snapshot)
    >>> bool((rows.left <= rows.due).all())
    True
    """
    frame = due_by(snapshot, by, "month")
    frame.attrs["grain"] = "month"
    return frame


def due_by(snapshot: "Snapshot", by: "Split | None", grain: Grain) -> pd.DataFrame:
    """The same by month or quarter, in which a customer is due once at most."""
    return once_by(snapshot, "due", by, grain, lambda: _due(snapshot, by, grain))


def _due(snapshot: "Snapshot", by: "Split | None", grain: Grain) -> pd.DataFrame:
    keys = split_keys(by)
    rows = joined(paid_terms(snapshot), members(snapshot, by))
    last = number_of(last_period(snapshot, grain))
    cells = due_cells(rows, keys, width=MONTHS[grain], last=last)
    names = ["period", *keys, *(one.name for one in DUE.columns[1:-1])]
    whole = cells[names].groupby(names[: 3 + len(keys)], as_index=False).sum()
    return as_listed(snapshot, whole, grain)[["period_start", *names[1:], "complete"]]


def as_listed(snapshot: "Snapshot", cells: pd.DataFrame, grain: Grain) -> pd.DataFrame:
    """Dated, without periods from before the records, saying which periods are complete."""
    frame = dated(listed(snapshot, cells, grain), grain)
    of_the_report = frame["period_start"] >= pd.Timestamp(snapshot.period.start)
    return frame.assign(complete=~(of_the_report & snapshot.partial))


def due_cells(rows: ir.Table, keys: list[str], *, width: int, last: int) -> pd.DataFrame:
    """Customers, due, left and left_early by period and when their stay began.

    Grain: one row a period (of `width` months, up to `last`), keys, interval_months, renewal, and
    `first` (month in which the stay began) with `shift` (see `paid_terms`).

    Parameters
    ----------
    rows : paid terms, with the keys beside them
    """
    groups = collect(rows.group_by(*keys, *SHAPE).agg(customers=rows.count()))
    within = [*keys, "interval", "shift", "together"]
    parts = []
    for values, some in groups.groupby(within, sort=True):
        terms = _Terms(*values[-3:], width, last)
        parts.append(_counted(terms, some).assign(**dict(zip(keys, values, strict=False))))
    if parts:
        return pd.concat(parts, ignore_index=True)
    names = ["period", *keys, *(one.name for one in DUE.columns[1:-1]), "first", "shift"]
    return pd.DataFrame(columns=names).astype({"period": "int64"})


@dataclass(frozen=True)
class _Terms:
    """When terms end: in every `interval`-th month, `shift` months after the first; in none where
    several subscriptions never end `together`. Periods have `width` months, up to `last`.
    """

    interval: int
    shift: int
    together: bool
    width: int
    last: int

    def ending(self, first: np.ndarray, period: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether a term ends in the period, and which one: the next one where none does."""
        last_month = (period + 1) * self.width - 1
        done = (last_month - first - self.shift) // self.interval
        month = first + self.shift + done * self.interval
        ends = (month >= period * self.width) & (month > first) & self.together
        renewal = -((first - month) // self.interval)
        return ends, np.where(ends, renewal, np.maximum(renewal, 0) + 1)


def _counted(terms: _Terms, groups: pd.DataFrame) -> pd.DataFrame:
    """Customers, due, left and left_early by period and renewal, of one kind of terms.

    Of a stretch (after, until] its customers are counted at every opening in it, by differences
    along the periods.
    """
    width, last = terms.width, terms.last
    people = groups["customers"].to_numpy()
    opens = groups["after"].to_numpy() // width + 1
    closes = np.minimum(groups["until"].to_numpy() // width, last)
    firsts, row = np.unique(groups["first"].to_numpy(), return_inverse=True)
    start = int(opens.min())
    counts = np.zeros((firsts.size, max(last - start, 0) + 2), dtype=np.int64)
    seen = opens <= closes
    np.add.at(counts, (row[seen], opens[seen] - start), people[seen])
    np.add.at(counts, (row[seen], closes[seen] + 1 - start), -people[seen])
    there = counts.cumsum(axis=1)[:, :-1]
    gone = np.zeros_like(there)
    left = seen & (groups["until"] < OPEN) & (groups["until"] // width <= last)
    left = (left & (groups["next_after"] // width > groups["until"] // width)).to_numpy()
    np.add.at(gone, (row[left], closes[left] - start), people[left])
    place, column = np.nonzero(there)
    period = column + start
    ends, renewal = terms.ending(firsts[place], period)
    customers, leavers = there[place, column], gone[place, column]
    return pd.DataFrame(
        {
            "period": period,
            "first": firsts[place],
            "shift": terms.shift,
            "interval_months": terms.interval,
            "renewal": renewal,
            "customers": customers,
            "due": np.where(ends, customers, 0),
            "left": np.where(ends, leavers, 0),
            "left_early": np.where(ends, 0, leavers),
        }
    )
