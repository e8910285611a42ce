"""How customers ended, when they gave notice, and what they said: drawn beside their lives, from
random streams of its own, so that nobody's life depends on it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnlib.simulate.lives import Dates, Flags, Indices, Spans
from churnlib.simulate.people import People
from churnlib.simulate.truth import (
    ANSWER_SHARES,
    DEARER_FROM,
    DEARER_SHARE,
    END,
    END_REASONS,
    FEEDBACK,
    INDUSTRIES,
    PAST_DUE_CANCELS,
    UNUSED_MORE,
)

DAYS_A_MONTH = 30.44
NOTICE = 25
"""Days before the end in which notice is given, each equally likely; but always after the start."""
LATE_NOTICE = (2, 10)
"""Days after the day that could not be charged, where the customer cancels while past due."""


@dataclass(frozen=True)
class Endings:
    """Parallel to the spans: `reason` and `feedback` are positions in the tables of `truth`, -1
    where there is none.

    past_due : who cancelled while a payment had failed
    """

    leaves: Flags
    reason: Indices
    cancelled_on: Dates
    feedback: Indices
    past_due: Flags


def draw_endings(rng: np.random.Generator, people: People, spans: Spans) -> Endings:
    """How each span that ends a stay ended."""
    n = spans.who.size
    leaves = ending(spans)
    drawn = np.searchsorted(np.cumsum(list(END_REASONS.values()))[:-1], rng.random(n), "right")
    given_notice = leaves & (spans.ends_on >= END)
    reason = np.where(given_notice, 0, drawn)
    reason = np.where(leaves, reason, -1)
    voluntary = reason == 0
    monthly = ~people.annual[spans.who]
    past_due = voluntary & monthly & ~given_notice & (rng.random(n) < PAST_DUE_CANCELS)
    cancelled_on = _cancelled_on(rng, spans, voluntary, past_due)
    return Endings(leaves, reason, cancelled_on, _feedback(rng, people, spans, voluntary), past_due)


def ending(spans: Spans) -> Flags:
    """Which spans end a stay: no span of the same customer starts on the day they end."""
    goes_on = np.zeros(spans.who.size, dtype=bool)
    same = spans.who[1:] == spans.who[:-1]
    goes_on[:-1] = same & (spans.starts_on[1:] == spans.ends_on[:-1])
    return ~np.isnat(spans.ends_on) & ~goes_on


def _cancelled_on(
    rng: np.random.Generator, spans: Spans, voluntary: Flags, past_due: Flags
) -> Dates:
    before = spans.ends_on - rng.integers(1, NOTICE, spans.who.size, endpoint=True)
    before = np.minimum(np.maximum(before, spans.starts_on), END - 1)
    after = spans.ends_on + rng.integers(*LATE_NOTICE, spans.who.size, endpoint=True)
    day = np.where(past_due, after, before)
    known = voluntary & (day < END)
    return np.where(known, day, np.datetime64("NaT", "D"))


def _feedback(
    rng: np.random.Generator, people: People, spans: Spans, voluntary: Flags
) -> NDArray[np.intp]:
    """Of some who left by their own decision; more of them the longer they stayed."""
    life = (spans.ends_on - people.signed_up_on[spans.who]) / np.timedelta64(1, "D")
    months = np.nan_to_num(life / DAYS_A_MONTH)
    place = np.searchsorted([until for until, _ in ANSWER_SHARES[:-1]], months, "right")
    answers = voluntary & (rng.random(months.size) < np.array([s for _, s in ANSWER_SHARES])[place])
    shares = np.tile(np.array(list(FEEDBACK.values())), (months.size, 1))
    dearer = spans.ends_on >= DEARER_FROM
    rest = (1 - DEARER_SHARE) / (1 - shares[0, 0])
    shares[dearer] *= rest
    shares[dearer, 0] = DEARER_SHARE
    hospitality = people.industry[spans.who] == list(INDUSTRIES).index("hospitality")
    shares[hospitality, list(FEEDBACK).index("unused")] *= UNUSED_MORE
    shares /= shares.sum(axis=1, keepdims=True)
    chosen = (rng.random(months.size)[:, None] >= shares.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return np.where(answers, chosen, -1)
