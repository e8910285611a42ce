"""The first ninety days of newly won customers: how many are still there, by when they came."""

from datetime import date
from typing import TYPE_CHECKING

import ibis
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import SEGMENT
from churnlib.measures.lifetimes import first_stays
from churnlib.measures.members import days_between, joined, members
from churnlib.periods import Period
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.results.segments import ALL

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["early_lives"]

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
    stays = first_stays(snapshot, snapshot.as_of)
    rows = joined(members(snapshot, by), stays)
    rows = joined(rows, snapshot.customers.select("customer_id", "acquisition_cost"))
    cohort = ibis.cases(
        *((rows.first_active_on.between(*days), name) for name, days in _quarters(snapshot)),
        else_=ibis.null("string"),
    )
    known = rows.mutate(cohort=cohort).drop_null("cohort")
    seen = days_between(known.first_active_on, snapshot.as_of) - 1
    left = days_between(known.first_active_on, known.ended_on)
    longest = ibis.literal(LAST_DAY + 1)
    event = (known.ended_on < snapshot.as_of) & (left <= LAST_DAY)
    keyed = known.select(
        **{SEGMENT: known[SEGMENT] if by else ibis.literal(ALL)},
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
