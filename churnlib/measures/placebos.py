"""Changes as if they had begun a year earlier: what is found there, nothing has brought."""

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.measures.changes import CHANGES_DUE, KNOWN, due_since, known_changes
from churnlib.periods import Period
from churnlib.results.declared import Result, gives

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["placebo_changes", "placebo_due"]

EARLIER = pd.DateOffset(years=1)
PLACEBOS = Result(
    "placebo_changes",
    title="what was changed, as if a year earlier",
    grain="one row a change that has begun by as-of",
    columns=KNOWN.columns,
)
PLACEBO_DUE = Result(
    "placebo_due",
    title="who was due, by change as if a year earlier",
    grain=CHANGES_DUE.grain,
    columns=CHANGES_DUE.columns,
)


@gives(PLACEBOS)
def placebo_changes(snapshot: "Snapshot") -> pd.DataFrame:
    """`known_changes` a year earlier: in the same season, when nobody could know of them.

    Grain: one row a change, the first one first.

    Parameters
    ----------
    snapshot : Snapshot

    Returns
    -------
    DataFrame
        as `known_changes`; starts_on and known_on a year earlier

    Examples
    --------
    >>> placebo_changes(snapshot).columns.tolist()[:3]
    ['label', 'kind', 'starts_on']
    """
    known = known_changes(snapshot)
    days = ["starts_on", "known_on"]
    return known.assign(**{day: known[day] - EARLIER for day in days if len(known)})


@gives(PLACEBO_DUE)
def placebo_due(snapshot: "Snapshot") -> pd.DataFrame:
    """`changes_due` of each change as if it had begun a year earlier, until it was announced.

    Grain: as `changes_due`.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        as `changes_due`, of the months before that of the announcement

    Examples
    --------
    >>> placebo_due(snapshot).columns.tolist()[:2]
    ['label', 'period_start']
    """
    names = [column.name for column in PLACEBO_DUE.columns]
    parts = []
    for change in snapshot.known_changes:
        day = (pd.Timestamp(change.starts_on) - EARLIER).date().isoformat()
        rows = due_since(snapshot, change.model_copy(update={"day": day}))
        announced = pd.Timestamp(Period.containing(change.known_on, "month").start)
        parts.append(rows[rows["period_start"] < announced][names])
    frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
    frame.attrs["grain"] = "month"
    return frame
