"""What a change did to leaving: estimates that fail in different ways, and what they agree on."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from churnlib.models.leaving.alarm import FIRST_MONTHS
from churnlib.models.leaving.before_after import (
    FEWEST,
    Estimate,
    Months,
    against_others,
    against_past,
    against_unreached,
    hull,
)
from churnlib.models.leaving.change_parts import Parts, months_after, months_before
from churnlib.models.leaving.equal_age import FEWEST as FEWEST_AT_RISK
from churnlib.models.leaving.equal_age import all_reached, log_hazard_ratio, still_there
from churnlib.models.leaving.strata import strata_of
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rules import LEVEL

__all__ = ["change_estimates"]

AGE = 90
"""Days at which new customers are compared."""
PRICE = "price"
PAST, OTHERS, UNREACHED = "own past", "others of the same months", "those not reached"
BOTH, ANNOUNCED, NEW = "both", "between announcement and change", "new customers"
MORE, LESS, APART, NOTHING = "leave more", "leave less", "cannot be separated", "no signal"
EARLY, BEFORE_AFTER = "too early", "before and after"
WORDS = (
    Term(
        "Effect of a change",
        "How many times as often those who met it left, by two estimates: against their own past, "
        "and against others of the same months. It is told only where both say so.",
    ),
)
ESTIMATES = Result(
    "change_estimates",
    title="what each change did to leaving",
    grain="one row a change and method",
    columns=(
        Column("label", "text", "Change", "Its name in the parameter file."),
        Column(
            "method",
            "text",
            "Compared with",
            "own past; others of the same months; those not reached; both (their range holds both "
            "of theirs); between announcement and change; new customers.",
        ),
        Column("due", "count", "Due", "Customers due, of those compared."),
        Column("left", "count", "Left", "Leavers of them."),
        Column("expected", "number", "Expected", "Leavers without the change."),
        Column(
            "effect",
            "number",
            "Times as often",
            "How many times as often they left; 1 = as before.",
            decimals=2,
            low="effect_low",
            high="effect_high",
        ),
        Column("effect_low", "number", "from", "The low end, 95 %.", decimals=2),
        Column("effect_high", "number", "to", "The high end.", decimals=2),
        Column(
            "verdict",
            "text",
            "Verdict",
            "leave more, leave less, no signal, cannot be separated (only one of both says so), "
            "before and after (no second estimate), too early.",
        ),
    ),
)


@gives(ESTIMATES)
def change_estimates(
    known: pd.DataFrame, due: pd.DataFrame, lives: pd.DataFrame | None = None
) -> pd.DataFrame:
    """How many times as often customers left because of each change, by several estimates.

    Grain: one row a change and method.

    Parameters
    ----------
    known : frame
        What `known_changes` gave.
    due : frame
        What `changes_due` gave.
    lives : frame, optional
        What `lives_around_changes` gave: new customers are compared too.

    Returns
    -------
    frame
        label · method · due, left (customers), expected (leavers, without the change) · effect
        (observed over expected; of new customers the ratio of cumulative hazards by 90 days) with
        effect_low, effect_high (95 %) · verdict

    Notes
    -----
    Of a change that is met at the renewal: the first renewals since it. Own past: hazards by
    billing interval and renewal of those whom it reaches, over up to 24 months before its
    announcement; months' own scatter, autocorrelated at 0.3, is in the range. Others of the same
    months: Poisson regression on the first renewals since and all others due, with a trend. Where
    some were not reached, they are the second estimate (difference in differences). The verdict
    needs both to leave 1 out on the same side; its range is the hull of both. Simulated:
    `benchmarks/change_claims.py`. Of a change at once that reaches everybody there is the past
    alone: before and after, not because of.

    Examples
    --------
    >>> day = pd.Timestamp("2026-01-01")
    >>> known = pd.DataFrame({"label": ["rise"], "kind": "price", "starts_on": day})
    >>> start = pd.date_range("2025-07-01", periods=7, freq="MS")
    >>> rows = pd.DataFrame({"period_start": start, "label": "rise", "reached": True})
    >>> rows = rows.assign(interval_months=1, renewal=1, due=1000, complete=True)
    >>> rows = rows.assign(left=[30] * 6 + [60], since=[0] * 6 + [1])
    >>> found = change_estimates(known.assign(known_on=day, at_renewal=True), rows)
    >>> found["effect"].round(1).tolist()[:1]
    [2.0]
    """
    names = [column.name for column in ESTIMATES.columns]
    rows = []
    for change in known.itertuples():
        others = known[known["label"] != change.label]
        rows += _of_due(change, due[due["label"] == change.label], others)
        if lives is not None and change.kind != PRICE:
            rows += _of_new(change, lives[lives["segment"] == change.label], others)
    return pd.DataFrame(rows, columns=names)


def _of_due(change: tuple, due: pd.DataFrame, others: pd.DataFrame) -> list[dict[str, object]]:
    """The estimates from who was due."""
    whole = due[due["complete"].astype(bool)]
    if whole.empty:
        return []
    strata = strata_of(whole)
    before = months_before(strata, change)
    if before.sum() < FIRST_MONTHS:
        return [_row(change, PAST, verdict=EARLY)]
    parts = Parts.of(change, whole, strata, before, months_after(strata, change, others))
    if parts.met_after.expected.sum() < FEWEST:
        return [_row(change, PAST, parts.met_after, verdict=EARLY)]
    return _told(change, parts)


def _told(change: tuple, parts: "Parts") -> list[dict[str, object]]:
    past = against_past(parts.met_after, parts.before)
    rows = [_row(change, PAST, parts.met_after, past, BEFORE_AFTER)]
    second = _second(change, parts)
    if second:
        method, other = second
        rows[0]["verdict"] = ""
        rows.append(_row(change, method, parts.met_after, other))
        rows.append(
            _row(change, BOTH, parts.met_after, hull([past, other]), verdict_of(past, other))
        )
    if parts.announced.expected.sum() >= FEWEST:
        extra = against_past(parts.announced, parts.before)
        rows.append(_row(change, ANNOUNCED, parts.announced, extra))
    return rows


def _second(change: tuple, parts: "Parts") -> tuple[str, Estimate] | None:
    """The second estimate, where there is one."""
    after, before = parts.unreached_after, parts.unreached_before
    if min(after.expected.sum(), before.expected.sum()) >= FEWEST:
        reached = (parts.met_after, parts.before)
        return UNREACHED, against_unreached(reached, (after, before))
    if change.at_renewal and parts.others.expected.sum() >= FEWEST:
        return OTHERS, against_others(parts.met, parts.others)
    return None


def verdict_of(one: Estimate, other: Estimate) -> str:
    """What two estimates agree on."""
    if one.side == other.side:
        return {1: MORE, -1: LESS, 0: NOTHING}[one.side]
    return APART


def _of_new(change: tuple, lives: pd.DataFrame, others: pd.DataFrame) -> list[dict[str, object]]:
    """New customers after the change against those before it, at equal age: not where another
    change came within the lives of either.
    """
    if lives.empty:
        return []
    width = pd.Timedelta(days=2 * AGE)
    first, last = change.known_on - width, change.starts_on + width
    if ((others["starts_on"] >= first) & (others["known_on"] < last)).any():
        return [_row(change, NEW, verdict=APART)]
    now, before = lives[lives["cohort"] == "now"], lives[lives["cohort"] == "before"]
    new, old = still_there(now, AGE), still_there(before, AGE)
    if min(new.at_risk, old.at_risk) < FEWEST_AT_RISK:
        return [_row(change, NEW, verdict=EARLY)]
    value, error = log_hazard_ratio(new, old)
    reach = norm.ppf((1 + LEVEL) / 2) * error
    found = Estimate(value, value - reach, value + reach)
    verdict = {1: MORE, -1: LESS, 0: NOTHING}[found.side]
    row = _row(change, NEW, None, found, verdict if all_reached(now, AGE) else EARLY)
    event = now["event_observed"].astype(bool)
    people = now["customers"]
    return [row | {"due": int(people.sum()), "left": int(people[event].sum())}]


def _row(
    change: tuple,
    method: str,
    months: Months | None = None,
    found: Estimate | None = None,
    verdict: str = "",
) -> dict[str, object]:
    ends = (found.value, found.low, found.high) if found else (np.nan,) * 3
    effect, low, high = np.exp(ends)
    return {
        "label": change.label,
        "method": method,
        "due": int(months.compared.sum()) if months else 0,
        "left": int(months.observed.sum()) if months else 0,
        "expected": float(months.expected.sum()) if months else np.nan,
        "effect": effect,
        "effect_low": low,
        "effect_high": high,
        "verdict": verdict,
    }
