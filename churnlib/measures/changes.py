"""What the business changed, who has met it, and what that brought: prices, launches, campaigns.

A customer meets a change at the own renewal: the first term that ends on its day or later. Until
then, in the middle of a paid term, it can neither pay the new price nor leave because of it.
"""

from typing import TYPE_CHECKING

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from churnlib.measures.by_period import last_period, number_of
from churnlib.measures.due import PAID_EVERY, RENEWAL, as_listed, due_cells
from churnlib.measures.members import joined, with_reach
from churnlib.measures.terms import paid_terms
from churnlib.params.changes import Change
from churnlib.periods import Period
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["changes_due", "known_changes"]

LATER = "_later"
"""Whether terms end on the change's day of the month or later."""
LABEL = Column("label", "text", "Change", "Its name in the parameter file.")
KNOWN = Result(
    "known_changes",
    title="what was changed",
    grain="one row a change that has begun by as-of",
    columns=(
        LABEL,
        Column("kind", "word", "Kind", "price, launch, campaign, policy or incident."),
        Column("starts_on", "day", "From", "The first day on which it holds."),
        Column("known_on", "day", "Announced", "From when customers could know."),
        Column("reaches", "text", "Reaches", "Whom it reaches."),
        Column("at_renewal", "flag", "At renewal", "Whether each meets it at the own renewal."),
    ),
)
CHANGES_DUE = Result(
    "changes_due",
    title="who was due, by change",
    grain="one row a change, month, billing interval, renewal, reach and renewal since the change",
    columns=(
        LABEL,
        PERIOD_START,
        PAID_EVERY,
        RENEWAL,
        Column("reached", "flag", "Reached", "Whether the change reaches them."),
        Column(
            "since",
            "count",
            "Since",
            "Which renewal since the change; 0: before it, not reached, or joined after it.",
        ),
        Column("due", "count", "Due", "Customers whose paid term ends.", adds=True),
        Column("left", "count", "Left", "Of them, who were gone at closing.", adds=True),
        Column("complete", "flag", "Complete", "Whether the data cover the month to its end."),
    ),
)


@gives(KNOWN)
def known_changes(snapshot: "Snapshot") -> pd.DataFrame:
    """What the parameter file says was changed, as far as it had begun by as_of.

    Grain: one row a change, the first one first.

    Parameters
    ----------
    snapshot : Snapshot

    Returns
    -------
    DataFrame
        label; kind; starts_on; known_on (day of announcement, else of beginning); reaches (in
        words); at_renewal (else at once)

    Examples
    --------
    >>> known_changes(snapshot).columns.tolist()[:3]
    ['label', 'kind', 'starts_on']
    """
    rows = [
        {
            "label": one.label,
            "kind": one.kind,
            "starts_on": pd.Timestamp(one.starts_on),
            "known_on": pd.Timestamp(one.known_on),
            "reaches": one.reached_in_words,
            "at_renewal": one.at_renewal,
        }
        for one in snapshot.known_changes
    ]
    return pd.DataFrame(rows, columns=[column.name for column in KNOWN.columns])


@gives(CHANGES_DUE)
def changes_due(snapshot: "Snapshot") -> pd.DataFrame:
    """Who was due in each month, and which renewal since each change it was.

    Grain: one row a change, month, billing interval, renewal, reached and since. Over `reached`
    and `since` the rows of a change add up to those of `due`.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        label; period_start (month); interval_months; renewal; reached; since (1: the first renewal
        since the change, of those who were customers before it; 0: before it, not reached, or
        joined after it); due, left (customers); complete

    Examples
    --------
    >>> changes_due(snapshot).columns.tolist()[:2]
    ['label', 'period_start']
    """
    names = [column.name for column in CHANGES_DUE.columns]
    parts = [due_since(snapshot, one)[names] for one in snapshot.known_changes]
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    frame.attrs["grain"] = "month"
    return frame


def due_since(snapshot: "Snapshot", change: Change) -> pd.DataFrame:
    rows = terms_of(snapshot, change)
    last = number_of(last_period(snapshot, "month"))
    cells = due_cells(rows, ["reached", LATER], width=1, last=last)
    cells = cells[cells["due"] > 0]
    since = np.where(cells["reached"], _since(cells, change), 0)
    cells = cells.assign(since=since, label=change.label)
    keys = ["label", "period", "interval_months", "renewal", "reached", "since"]
    whole = cells.groupby(keys, as_index=False)[["due", "left"]].sum()
    return as_listed(snapshot, whole, "month")


def _since(cells: pd.DataFrame, change: Change) -> np.ndarray:
    """Which renewal since the change each cell's is; 0 before it and of who joined after it."""
    begin = month_begun(change) + (~cells[LATER].to_numpy(bool)).astype(int)
    first, shift = cells["first"].to_numpy(), cells["shift"].to_numpy()
    interval, period = cells["interval_months"].to_numpy(), cells["period"].to_numpy()
    met = first + shift + interval * _steps(begin - first - shift, shift, interval)
    since = (period - met) // interval + 1
    return np.where((first < begin) & (since > 0), since, 0)


def _steps(months: np.ndarray, shift: np.ndarray, interval: np.ndarray) -> np.ndarray:
    """How many intervals until a term ends so many months later or after; the first end of a stay
    is not its beginning.
    """
    return np.maximum(-(-months // interval), (shift == 0).astype(int))


def month_begun(change: Change) -> int:
    return number_of(Period.containing(change.starts_on, "month"))


def terms_of(snapshot: "Snapshot", change: Change) -> ir.Table:
    """Paid terms with `reached`, and whether they end on the change's day of the month or later."""
    who = with_reach(snapshot, change).select("customer_id", "reached")
    both = joined(paid_terms(snapshot), who)
    return both.mutate(
        reached=both.reached.fill_null(False),
        **{LATER: both.day >= change.starts_on.day},
    )
