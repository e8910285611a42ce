"""What a change did renewal by renewal since, and what those reached did before it."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy.stats import t as student

from churnlib.models.leaving.alarm import FIRST_MONTHS, Baseline
from churnlib.models.leaving.before_after import FEWEST, Months, against_past
from churnlib.models.leaving.change_parts import AFTER, month_of, months_after, months_before
from churnlib.models.leaving.strata import Strata, counts_of, strata_of
from churnlib.periods import MONTHS_A_YEAR
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.rules import LEVEL

__all__ = ["change_drift", "change_fading", "change_pre_period"]

MOST_RENEWALS = 6
"""Renewals since a change that are followed."""
QUARTER, BEFORE = 3, 12
"""Months that are taken together, and that are shown before a change."""
HALF = 0.5
"""Added to counts, so that a month without leavers has a logarithm."""
REACHED, UNREACHED = "reached", "not reached"
_COUNTS = (
    Column("due", "count", "Due", "Customers due, of those compared."),
    Column("left", "count", "Left", "Leavers of them."),
    Column("expected", "number", "Expected", "Leavers at the hazards before it was announced."),
)
_EFFECT = (
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
)
_LABEL = Column("label", "text", "Change", "Its name in the parameter file.")
FADING = Result(
    "change_fading",
    title="renewal by renewal since a change",
    grain="one row a change that is met at the renewal, and renewal since",
    columns=(
        _LABEL,
        Column("since", "count", "Renewal", "Which renewal since the change."),
        *_COUNTS,
        *_EFFECT,
    ),
)
PRE_PERIOD = Result(
    "change_pre_period",
    title="those reached and those not reached, around a change",
    grain="one row a change that does not reach everybody, group and three months",
    columns=(
        _LABEL,
        Column("reach", "text", "Whom", "reached or not reached."),
        Column(
            "months_since", "count", "Months since", "The first of three months since the change."
        ),
        *_COUNTS,
        *_EFFECT,
    ),
)


DRIFT = Result(
    "change_drift",
    title="how those reached and not reached drifted apart before a change",
    grain="one row a change that does not reach everybody",
    columns=(
        _LABEL,
        Column("months", "count", "Months", "Months before the announcement."),
        Column(
            "drift",
            "share",
            "Drift a year",
            "By how much more those reached left, in relation to the others, a year.",
            low="drift_low",
            high="drift_high",
            signed=True,
        ),
        Column("drift_low", "share", "from", "The low end, 95 %.", signed=True),
        Column("drift_high", "share", "to", "The high end.", signed=True),
    ),
)


@gives(FADING)
def change_fading(known: pd.DataFrame, due: pd.DataFrame) -> pd.DataFrame:
    """How many times as often customers left at the first renewal since a change, the second, ...

    Grain: one row a change that is met at the renewal, and renewal since; up to six, of those with
    five leavers expected.

    Parameters
    ----------
    known : frame
        What `known_changes` gave.
    due : frame
        What `changes_due` gave.

    Returns
    -------
    frame
        label · since (1: the first renewal) · due, left (customers), expected (leavers) · effect
        with effect_low, effect_high (95 %)

    Notes
    -----
    Against the own past alone (`change_estimates`): a drift of leaving shows as an effect that does
    not fade.

    Examples
    --------
    >>> change_fading.result.name
    'change_fading'
    """
    rows: list[dict[str, object]] = []
    for change in known[known["at_renewal"].astype(bool)].itertuples():
        rows += _renewals(change, due[due["label"] == change.label])
    return pd.DataFrame(rows, columns=[column.name for column in FADING.columns])


def _renewals(change: tuple, due: pd.DataFrame) -> Iterator[dict[str, object]]:
    whole = due[due["complete"].astype(bool)]
    reached = whole[whole["reached"].astype(bool)]
    if reached.empty:
        return
    strata = strata_of(whole)
    before = months_before(strata, change)
    if before.sum() < FIRST_MONTHS:
        return
    after = strata.months >= month_of(change.starts_on)
    baseline = Baseline.of_some(reached, strata, before)
    past = _months(baseline, reached, strata, before)
    for since in range(1, MOST_RENEWALS + 1):
        months = _months(baseline, reached[reached["since"] == since], strata, after)
        if months.expected.sum() >= FEWEST:
            yield {"label": change.label, "since": since} | _effect(months, past)


@gives(PRE_PERIOD)
def change_pre_period(known: pd.DataFrame, due: pd.DataFrame) -> pd.DataFrame:
    """Whether those whom a change reaches and those whom it does not moved alike before it.

    Grain: one row a change that does not reach everybody, group, and three months counted from the
    change; of those with five leavers expected.

    Parameters
    ----------
    known, due : frames
        What `known_changes` and `changes_due` gave.

    Returns
    -------
    frame
        label · reach (reached, not reached) · months_since (the first of the three months; negative
        before the change) · due, left (customers), expected (leavers, at the group's own hazards
        before the announcement) · effect = left / expected with effect_low, effect_high (95 %)

    Examples
    --------
    >>> change_pre_period.result.name
    'change_pre_period'
    """
    rows: list[dict[str, object]] = []
    for change in known.itertuples():
        rows += _around(change, due[due["label"] == change.label], known)
    return pd.DataFrame(rows, columns=[column.name for column in PRE_PERIOD.columns])


def _around(change: tuple, due: pd.DataFrame, known: pd.DataFrame) -> Iterator[dict[str, object]]:
    found = _sides(change, due)
    if found is None:
        return
    strata, before, sides = found
    after = months_after(strata, change, known[known["label"] != change.label])
    since = _months_since(strata.months, month_of(change.starts_on))
    for reach, group in sides.items():
        baseline = Baseline.of_some(group, strata, before)
        past = _months(baseline, group, strata, before)
        for first in range(-BEFORE, AFTER, QUARTER):
            when = (since >= first) & (since < first + QUARTER) & (before | after)
            months = _months(baseline, group, strata, when)
            if months.expected.sum() >= FEWEST:
                own = {"label": change.label, "reach": reach, "months_since": first}
                yield own | _effect(months, past)


def _sides(
    change: tuple, due: pd.DataFrame
) -> tuple[Strata, np.ndarray, dict[str, pd.DataFrame]] | None:
    """Strata, months before, and the rows of those reached and not; None where all or none are, or
    too little is known of the months before.
    """
    whole = due[due["complete"].astype(bool)]
    is_reached = whole["reached"].astype(bool)
    if is_reached.all() or not is_reached.any():
        return None
    strata = strata_of(whole)
    before = months_before(strata, change)
    if before.sum() < FIRST_MONTHS:
        return None
    return strata, before, {REACHED: whole[is_reached], UNREACHED: whole[~is_reached]}


@gives(DRIFT)
def change_drift(known: pd.DataFrame, due: pd.DataFrame) -> pd.DataFrame:
    """How fast those reached and those not reached drifted apart before a change.

    Grain: one row a change that does not reach everybody, with six months before it or more.

    Parameters
    ----------
    known, due : frames
        What `known_changes` and `changes_due` gave.

    Returns
    -------
    frame
        label · months (before the announcement) · drift (a year: by how much more those reached
        left, in relation to those not reached) with drift_low, drift_high (95 %)

    Notes
    -----
    Least squares on the logarithms of observed / expected, reached less not reached, month by
    month, weighted by the expected. What moves both alike cancels. Simulated:
    `benchmarks/change_claims.py`.

    Examples
    --------
    >>> change_drift.result.name
    'change_drift'
    """
    rows = []
    for change in known.itertuples():
        found = _sides(change, due[due["label"] == change.label])
        if found is not None:
            rows += _drift(change, *found)
    return pd.DataFrame(rows, columns=[column.name for column in DRIFT.columns])


def _drift(
    change: tuple, strata: Strata, before: np.ndarray, sides: dict[str, pd.DataFrame]
) -> Iterator[dict[str, object]]:
    one, other = (
        _months(Baseline.of_some(group, strata, before), group, strata, before)
        for group in sides.values()
    )
    if min(one.expected.sum(), other.expected.sum()) < FEWEST:
        return
    apart = _logarithms(one) - _logarithms(other)
    weight = 1 / (1 / (one.expected + HALF) + 1 / (other.expected + HALF))
    years = np.arange(apart.size) / MONTHS_A_YEAR
    years = years - np.average(years, weights=weight)
    spread = (weight * years**2).sum()
    slope = (weight * years * apart).sum() / spread
    rest = apart - np.average(apart, weights=weight) - slope * years
    freedom = apart.size - 2
    error = np.sqrt(max((weight * rest**2).sum() / freedom, 1.0) / spread)
    reach = student.ppf((1 + LEVEL) / 2, freedom) * error
    drift, low, high = np.expm1([slope, slope - reach, slope + reach])
    own = {"label": change.label, "months": int(before.sum())}
    yield own | {"drift": drift, "drift_low": low, "drift_high": high}


def _logarithms(months: Months) -> np.ndarray:
    return np.log((months.observed + HALF) / (months.expected + HALF))


def _months_since(months: pd.DatetimeIndex, begin: pd.Timestamp) -> np.ndarray:
    return np.asarray((months.year - begin.year) * 12 + months.month - begin.month)


def _months(baseline: Baseline, rows: pd.DataFrame, strata: Strata, when: np.ndarray) -> Months:
    people, gone = counts_of(rows, strata)
    return Months.of(baseline, people[:, when], gone[:, when])


def _effect(months: Months, past: Months) -> dict[str, object]:
    found = against_past(months, past)
    effect, low, high = np.exp([found.value, found.low, found.high])
    return {
        "due": int(months.compared.sum()),
        "left": int(months.observed.sum()),
        "expected": float(months.expected.sum()),
        "effect": effect,
        "effect_low": low,
        "effect_high": high,
    }
