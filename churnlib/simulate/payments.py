"""What was charged, what failed, and what came back: attempts, given the lives of customers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnlib.simulate.endings import Endings
from churnlib.simulate.lives import Dates, Flags, Indices, Spans, add_months
from churnlib.simulate.people import People
from churnlib.simulate.truth import (
    END,
    END_REASONS,
    EXPIRED_SHARE,
    FAILS_AND_RECOVERS,
    RECOVERY_DAYS,
)

RETRIES = np.array([0, 3, 7, 14, 21, 30, 45])
"""Days after the due day on which a charge is tried, until it is paid or given up."""
GIVEN_UP = 30
"""Days after which a charge of a customer who is gone is not tried again."""


@dataclass(frozen=True)
class Attempts:
    """Parallel arrays, one value an attempt, in the order of invoices and days."""

    who: Indices
    invoice: NDArray[np.int64]
    due_on: Dates
    attempted_on: Dates
    cents: NDArray[np.int64]
    paid: Flags
    expired: Flags


@dataclass(frozen=True)
class _Invoices:
    """One value an invoice; paid_after: days, -1 = never."""

    who: Indices
    due_on: Dates
    cents: NDArray[np.int64]
    paid_after: NDArray[np.int64]


def draw_payments(
    rng: np.random.Generator, people: People, spans: Spans, endings: Endings
) -> Attempts:
    """Every charge of a paid term, and the last one of those that could not be charged."""
    parts = [_paid(rng, people, spans), _lost(people, spans, endings)]
    whole = _Invoices(*(np.concatenate(both) for both in zip(*map(_values, parts), strict=True)))
    order = np.lexsort((whole.due_on, whole.who))
    whole = _Invoices(*(values[order] for values in _values(whole)))
    return _attempts(rng, whole)


def _values(invoices: _Invoices) -> tuple[NDArray, ...]:
    return invoices.who, invoices.due_on, invoices.cents, invoices.paid_after


def _paid(rng: np.random.Generator, people: People, spans: Spans) -> _Invoices:
    """The charges of all terms that were paid for; some only after a retry."""
    annual = people.annual[spans.who]
    step = np.where(annual, 12, 1)
    until = np.where(np.isnat(spans.ends_on), END, np.minimum(spans.ends_on, END))
    months = (until.astype("datetime64[M]") - spans.starts_on.astype("datetime64[M]")).astype(int)
    count = months // step + 1
    row = np.repeat(np.arange(spans.who.size), count)
    first = np.repeat(np.cumsum(count) - count, count)
    due_on = _plus(spans.starts_on[row], (np.arange(row.size) - first) * step[row])
    there = due_on < until[row]
    row, due_on = row[there], due_on[there]
    fails = ~annual[row] & (rng.random(row.size) < FAILS_AND_RECOVERS)
    days = np.array(list(RECOVERY_DAYS))
    chance = np.cumsum(list(RECOVERY_DAYS.values()))[:-1]
    late = days[np.searchsorted(chance, rng.random(row.size), "right")]
    cents = spans.cents[row] * step[row]
    return _Invoices(spans.who[row], due_on, cents, np.where(fails, late, 0))


def _plus(days: Dates, months: NDArray[np.int64]) -> Dates:
    out = days.copy()
    for many in np.unique(months):
        here = months == many
        out[here] = add_months(days[here], int(many))
    return out


def _lost(people: People, spans: Spans, endings: Endings) -> _Invoices:
    """The charge that could not be made any more, on the day the last paid term ended."""
    failed = endings.reason == list(END_REASONS).index("payment_failed")
    gone = (failed | endings.past_due) & (spans.ends_on < END)
    step = np.where(people.annual[spans.who], 12, 1)
    cents = (spans.cents * step)[gone]
    return _Invoices(spans.who[gone], spans.ends_on[gone], cents, np.full(cents.size, -1))


def _attempts(rng: np.random.Generator, invoices: _Invoices) -> Attempts:
    """Every try of each charge, as far as it lies in the data."""
    paid_after = invoices.paid_after
    expired = (paid_after != 0) & (rng.random(paid_after.size) < EXPIRED_SHARE)
    last = np.where(paid_after >= 0, paid_after, GIVEN_UP)
    tries = np.searchsorted(RETRIES, last, "left") + 1
    row = np.repeat(np.arange(last.size), tries)
    nth = np.arange(row.size) - np.repeat(np.cumsum(tries) - tries, tries)
    is_last = nth == tries[row] - 1
    day = np.where(is_last, last[row], RETRIES[np.minimum(nth, RETRIES.size - 1)])
    attempted_on = invoices.due_on[row] + day
    there = attempted_on < END
    row, attempted_on, is_last = row[there], attempted_on[there], is_last[there]
    return Attempts(
        who=invoices.who[row],
        invoice=row,
        due_on=invoices.due_on[row],
        attempted_on=attempted_on,
        cents=invoices.cents[row],
        paid=is_last & (paid_after[row] >= 0),
        expired=expired[row],
    )
