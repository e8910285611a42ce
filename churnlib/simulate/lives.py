"""Customers live by the truth: they renew, change plan, meet the price rise, leave, and some
come back.
"""

from dataclasses import dataclass, field, fields
from itertools import count

import numpy as np
from numpy.typing import NDArray

from churnlib.simulate.people import People
from churnlib.simulate.truth import (
    ANNUAL_MOVES,
    ANNUAL_PRICE_FACTOR,
    CHANNELS,
    END,
    INDUSTRIES,
    MONTHLY_MOVES,
    NOTICE_DAYS,
    NOTICE_SHARE,
    PLANS,
    PRICE_RISE,
    RETURN_GAP,
    RETURN_MONTH,
    RETURN_SHARE,
    hazard,
)

Dates = NDArray[np.datetime64]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Spans:
    """Parallel arrays, one value per span of constant price; `who` is a position in `People`."""

    who: Indices
    starts_on: Dates
    ends_on: Dates
    plan: Indices
    cents: NDArray[np.int64]

    def take(self, rows: Indices) -> "Spans":
        """These rows, in this order."""
        return Spans(*(getattr(self, f.name)[rows] for f in fields(self)))

    @staticmethod
    def join(parts: list["Spans"]) -> "Spans":
        """All rows, by customer and start."""
        whole = Spans(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Spans)))
        return whole.take(np.lexsort((whole.starts_on, whole.who)))


@dataclass
class Stretch:
    """Unbroken stays: each of `who` from its `start` until it leaves or the data end.

    `since`, `plan` and `raised` describe the span that is running; finished ones are in `spans`.
    """

    people: People
    who: Indices
    start: Dates
    plan: Indices
    months_behind: int = 0
    since: Dates = field(init=False)
    raised: Flags = field(init=False)
    left_on: Dates = field(init=False)
    spans: list[Spans] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.since = self.start.copy()
        self.raised = self.start >= PRICE_RISE
        self.left_on = np.full(self.start.size, np.datetime64("NaT"), dtype="datetime64[D]")
        self.annual = self.people.annual[self.who]
        by_channel = np.array([c.hazard_ratio for c in CHANNELS.values()])
        by_industry = np.array([i.hazard_ratio for i in INDUSTRIES.values()])
        self.ratio = (
            by_channel[self.people.channel[self.who]] * by_industry[self.people.industry[self.who]]
        )

    def finish(self, rows: Indices, ends_on: Dates) -> None:
        """Write down the running span of these rows."""
        plan = self.plan[rows]
        cents = _cents(
            plan, self.annual[rows], self.people.discount[self.who[rows]], self.raised[rows]
        )
        self.spans.append(Spans(self.who[rows], self.since[rows], ends_on, plan, cents))

    def leaving(self, rng: np.random.Generator, rows: Indices, on: Dates, month: int) -> Flags:
        """Which of these rows do not renew on these days, after this month of their stretch."""
        ratio = (
            self.ratio[rows] * np.array([p.hazard_ratio for p in PLANS.values()])[self.plan[rows]]
        )
        rise = (on >= PRICE_RISE) & ~self.raised[rows]
        months = np.asarray(self.months_behind + month)
        return rng.random(rows.size) < hazard(months, self.annual[rows], ratio, rise)


def live(rng: np.random.Generator, people: People) -> Spans:
    """The spans of all people, by customer and start."""
    everyone = np.arange(people.signed_up_on.size)
    first = Stretch(people, everyone, people.signed_up_on, people.first_plan.copy())
    _run(rng, first)
    again = _returns(rng, first)
    _run(rng, again)
    return Spans.join(first.spans + again.spans)


def add_months(days: Dates, months: int) -> Dates:
    """The same day of a later month, or its last one where the month is shorter."""
    month = days.astype("datetime64[M]")
    target = month + months
    first = target.astype("datetime64[D]")
    last = (target + 1).astype("datetime64[D]") - 1
    return np.minimum(first + (days - month.astype("datetime64[D]")), last)


def _run(rng: np.random.Generator, stretch: Stretch) -> None:
    """One renewal after the other, until the data end; then the spans that are still running."""
    going = np.arange(stretch.who.size)
    for month in count(1):
        on = add_months(stretch.start[going], month)
        # A customer whose last paid day is the last of the data has left by its end: `<=`.
        going, on = going[on <= END], on[on <= END]
        if not going.size:
            break
        due = ~stretch.annual[going] | (month % 12 == 0)
        _renew(rng, stretch, going[due], on[due], month)
        going = going[np.isnat(stretch.left_on[going])]
    running = np.flatnonzero(np.isnat(stretch.left_on))
    stretch.finish(running, _notice(rng, stretch, running))


def _renew(
    rng: np.random.Generator, stretch: Stretch, rows: Indices, on: Dates, month: int
) -> None:
    """Some leave; the others may change plan and pay the list price of the day."""
    leaving = stretch.leaving(rng, rows, on, month)
    stretch.finish(rows[leaving], on[leaving])
    stretch.left_on[rows[leaving]] = on[leaving]
    # What begins on the day after the data is not in the data.
    stays = ~leaving & (on < END)
    rows, on = rows[stays], on[stays]
    plan = _next_plan(rng, stretch.plan[rows], stretch.annual[rows])
    raised = on >= PRICE_RISE
    new = (plan != stretch.plan[rows]) | (raised != stretch.raised[rows])
    rows, on = rows[new], on[new]
    stretch.finish(rows, on)
    stretch.since[rows], stretch.plan[rows], stretch.raised[rows] = on, plan[new], raised[new]


def _next_plan(rng: np.random.Generator, plan: Indices, annual: Flags) -> Indices:
    up = np.where(annual, np.array(ANNUAL_MOVES.up)[plan], np.array(MONTHLY_MOVES.up)[plan])
    down = np.where(annual, np.array(ANNUAL_MOVES.down)[plan], np.array(MONTHLY_MOVES.down)[plan])
    chance = rng.random(plan.size)
    return plan + (chance < up) - ((chance >= up) & (chance < up + down))


def _returns(rng: np.random.Generator, first: Stretch) -> Stretch:
    """Some of the monthly customers who left, on the day they come back, on the plan they had."""
    left = np.flatnonzero(~np.isnat(first.left_on) & ~first.annual)
    left = left[rng.random(left.size) < RETURN_SHARE]
    back_on = first.left_on[left] + rng.integers(*RETURN_GAP, size=left.size, endpoint=True)
    left, back_on = left[back_on < END], back_on[back_on < END]
    return Stretch(
        first.people, first.who[left], back_on, first.plan[left], months_behind=RETURN_MONTH
    )


def _notice(rng: np.random.Generator, stretch: Stretch, running: Indices) -> Dates:
    """The end dates after `END` that are already known: of annual customers who gave notice
    early.
    """
    ends_on = np.full(running.size, np.datetime64("NaT"), dtype="datetime64[D]")
    for month in (12, 24, 36):
        on = add_months(stretch.start[running], month)
        soon = stretch.annual[running] & (on > END) & (on <= END + NOTICE_DAYS)
        rows, on = running[soon], on[soon]
        gave = stretch.leaving(rng, rows, on, month) & (rng.random(rows.size) < NOTICE_SHARE)
        ends_on[np.flatnonzero(soon)[gave]] = on[gave]
    return ends_on


def _cents(
    plan: Indices, annual: Flags, discount: NDArray[np.float64], raised: Flags
) -> NDArray[np.int64]:
    """Money as whole cents: list price x discount, a twelfth of the year's price where paid by
    the year.
    """
    price = np.where(
        raised,
        np.array([p.price_raised for p in PLANS.values()])[plan],
        np.array([p.price for p in PLANS.values()])[plan],
    )
    return np.rint(100 * price * discount * np.where(annual, ANNUAL_PRICE_FACTOR, 1.0)).astype(
        np.int64
    )
