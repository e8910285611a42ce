"""Who was asked how likely a recommendation is, and what they said, given their lives."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnlib.simulate.lives import Dates, Indices, Spans
from churnlib.simulate.truth import (
    END,
    FIRST_DAY,
    NPS_ANSWERS,
    NPS_ASKED,
    NPS_GROUPS,
    NPS_LATER_DAYS,
    NPS_LEAVE,
)

ANSWER_DAYS = 7
"""An answer comes within so many days, each equally likely."""


@dataclass(frozen=True)
class Surveys:
    """Parallel arrays, one value a customer asked; answered_on NaT and score -1: no answer."""

    who: Indices
    asked_on: Dates
    answered_on: Dates
    score: NDArray[np.int64]


def draw_surveys(rng: np.random.Generator, spans: Spans) -> Surveys:
    """A tenth of the customers there in each quarter, on a day of it."""
    ends = _stay_ends(spans)
    quarters = np.arange(FIRST_DAY.astype("datetime64[M]") + 2, END.astype("datetime64[M]"), 3)
    parts = [_quarter(rng, spans, ends, first) for first in quarters]
    return Surveys(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def _stay_ends(spans: Spans) -> Dates:
    """The day on which the stay that each span belongs to ends; `END` and later = not known."""
    never = np.datetime64("2200-01-01")
    ends = np.where(np.isnat(spans.ends_on), never, spans.ends_on)
    goes_on = (spans.who[1:] == spans.who[:-1]) & (spans.starts_on[1:] == ends[:-1])
    for place in np.flatnonzero(goes_on)[::-1]:
        ends[place] = ends[place + 1]
    return ends


def _quarter(
    rng: np.random.Generator, spans: Spans, ends: Dates, first: np.datetime64
) -> tuple[NDArray, ...]:
    begin, end = first.astype("datetime64[D]"), (first + 3).astype("datetime64[D]")
    open_ends = np.where(np.isnat(spans.ends_on), END + 1, spans.ends_on)
    asked_on = begin + rng.integers(0, (end - begin).astype(int), size=spans.who.size)
    there = (spans.starts_on <= asked_on) & (open_ends > asked_on) & (asked_on < END)
    chosen = np.flatnonzero(there & (rng.random(spans.who.size) < NPS_ASKED))
    asked_on = asked_on[chosen]
    answered_on = asked_on + rng.integers(0, ANSWER_DAYS, size=chosen.size)
    answers = (rng.random(chosen.size) < NPS_ANSWERS) & (answered_on < ends[chosen])
    answers &= answered_on < END
    leaves = ends[chosen] <= answered_on + NPS_LATER_DAYS
    score = np.where(answers, _scores(rng, leaves), -1)
    answered_on = np.where(answers, answered_on, np.datetime64("NaT"))
    return spans.who[chosen], asked_on, answered_on, score


def _scores(rng: np.random.Generator, leaves: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A score of each, by whether the customer will have left within ninety days (Bayes)."""
    share = np.array([one.share for one in NPS_GROUPS.values()])
    leave = NPS_LEAVE * np.array([one.hazard_ratio for one in NPS_GROUPS.values()])
    out = np.empty(leaves.size, dtype=np.int64)
    for is_gone, chance in ((True, share * leave), (False, share * (1 - leave))):
        here = np.flatnonzero(leaves == is_gone)
        group = rng.choice(share.size, size=here.size, p=chance / chance.sum())
        low = np.array([one.low for one in NPS_GROUPS.values()])[group]
        high = np.array([one.high for one in NPS_GROUPS.values()])[group]
        out[here] = rng.integers(low, high, endpoint=True)
    return out
