"""The first ninety days of newly won customers: how many are still there, by when they came."""

from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import SEGMENT
from churnlib.measures.lifetimes import first_stays
from churnlib.measures.members import days_between, joined, members, with_reach
from churnlib.periods import Period
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.results.segments import ALL

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["early_lives", "lives_around_changes"]

LAST_DAY = 90
"""The oldest age that is followed, in days."""
COHORTS = {"now": 1, "before": 2, "a year before": 5}
"""Quarters back from the one under way a month before as_of: the last of them is followed until all
of its customers have reached ninety days.
"""
CHANNELS = ("channel", "source", "medium", "campaign")
"""What a column is called that says how customers were won."""
EARLY_LIVES = Result(
    "early_lives",
    title="the first ninety days of new customers",
    grain="one row a channel, quarter, first day, duration and whether they left",
    columns=(
        Column("segment", "text", "Channel", "How they were won; all where no column says so."),
        Column("cohort", "text", "Cohort", "now: the last quarter; before; a year before."),
        Column("started_on", "day", "First day", "The first paid day."),
        Column(
            "duration",
            "count",
            "Days",
            "Days until the end of the first stay, or that were seen through; at most 91.",
            unit="days",
        ),
        Column("event_observed", "flag", "Left", "Whether the customer was seen to leave."),
        Column("customers", "count", "Customers", "Customers who share these."),
        Column("cost", "money", "Cost", "What winning them cost, as far as it is given."),
    ),
)

AROUND = Result(
    "lives_around_changes",
    title="the first ninety days of customers won before and after a change",
    grain="one row a change, cohort, first day, duration and whether they left",
    columns=EARLY_LIVES.columns,
)


@gives(EARLY_LIVES)
def early_lives(snapshot: "Snapshot") -> pd.DataFrame:
    """Customers won in the last quarter that ended a month ago or earlier, the one before and
    that a year before, by how long they were seen to stay.

    Grain: one row a channel, quarter, first day, duration and whether they left. The channel is
    the first segment column whose name says channel, source, medium or campaign.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        segment (the channel; all where there is no such column); cohort; started_on; duration
        (days, at most 91); event_observed; customers; cost (currency; 0 where it is not given)

    Examples
    --------
    >>> early_lives(snapshot).columns.tolist()[:3]
    ['segment', 'cohort', 'started_on']
    """
    by = _channel(snapshot)
    rows = members(snapshot, by)
    return _lives(
        snapshot, rows if by else rows.mutate(segment=ibis.literal(ALL)), _quarters(snapshot)
    )


@gives(AROUND)
def lives_around_changes(snapshot: "Snapshot") -> pd.DataFrame:
    """Customers won in the ninety days from each change on, and those whose first ninety days were
    over before it, by how long they were seen to stay; of those whom it reaches.

    Grain: one row a change, cohort, first day, duration and whether they left.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame
        segment (the change); cohort (now: won in ninety days from its day on; before: in the ninety
        days that ended ninety days before it was announced);
        and as in `early_lives`

    Examples
    --------
    >>> lives_around_changes(snapshot).columns.tolist()[:3]
    ['segment', 'cohort', 'started_on']
    """
    names = [column.name for column in AROUND.columns]
    parts = []
    for change in snapshot.known_changes:
        people = with_reach(snapshot, change)
        people = people.filter(people.reached).mutate(segment=ibis.literal(change.label))
        width = timedelta(days=LAST_DAY)
        now = (change.starts_on, change.starts_on + width - timedelta(days=1))
        before = (change.known_on - 2 * width, change.known_on - width - timedelta(days=1))
        parts.append(_lives(snapshot, people, [("now", now), ("before", before)]))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)


def _lives(
    snapshot: "Snapshot", people: ir.Table, cohorts: list[tuple[str, tuple[date, date]]]
) -> pd.DataFrame:
    """The first ninety days of `people` (with a segment), by cohort: first and last day of each."""
    rows = joined(people, first_stays(snapshot, snapshot.as_of))
    rows = joined(rows, snapshot.customers.select("customer_id", "acquisition_cost"))
    cohort = ibis.cases(
        *((rows.first_active_on.between(*days), name) for name, days in cohorts),
        else_=ibis.null("string"),
    )
    known = rows.mutate(cohort=cohort).drop_null("cohort")
    seen = days_between(known.first_active_on, snapshot.as_of) - 1
    left = days_between(known.first_active_on, known.ended_on)
    longest = ibis.literal(LAST_DAY + 1)
    event = (known.ended_on < snapshot.as_of) & (left <= LAST_DAY)
    keyed = known.select(
        **{SEGMENT: known[SEGMENT]},
        cohort=known.cohort,
        started_on=known.first_active_on,
        duration=ibis.least(ibis.ifelse(event, left, seen), longest).cast("int64"),
        event_observed=event.fill_null(False),
        cost=known.acquisition_cost.fill_null(0.0),
    )
    keys = [SEGMENT, "cohort", "started_on", "duration", "event_observed"]
    groups = collect(keyed.group_by(*keys).agg(customers=keyed.count(), cost=keyed.cost.sum()))
    groups["started_on"] = pd.to_datetime(groups["started_on"])
    names = [column.name for column in EARLY_LIVES.columns]
    return groups.sort_values(keys, ignore_index=True)[names]


def _channel(snapshot: "Snapshot") -> str | None:
    names = snapshot.params.segments
    return next((one for one in names if any(word in one.lower() for word in CHANNELS)), None)


def _quarters(snapshot: "Snapshot") -> list[tuple[str, tuple[date, date]]]:
    """First and last day of each cohort's quarter."""
    current = Period.containing(snapshot.months_before(1), "quarter")
    found = []
    for name, back in COHORTS.items():
        quarter = current.shift(-back)
        last = date.fromordinal(quarter.end.toordinal() - 1)
        found.append((name, (quarter.start, last)))
    return found
