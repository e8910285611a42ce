"""What is said of a change renewal by renewal, of its placebo, and of those not reached."""

import pandas as pd

from churnlib.findings.changes import decisive, times
from churnlib.formats import interval, text
from churnlib.models.leaving.changes import EARLY, LESS, MORE
from churnlib.results.told import Finding

__all__ = ["say_change_fading", "say_change_placebos", "say_change_pre_period"]


def say_change_fading(fading: pd.DataFrame) -> Finding:
    """Whether those who met one change and stayed still left more often at their later renewals.

    Parameters
    ----------
    fading : the rows of one change of what `change_fading` gave
    """
    if fading.empty:
        return Finding(sentence="")
    first, later = fading.iloc[0], fading.iloc[1:]
    told = f"At the first renewal since “{first.label}” customers left {times(first)} as before"
    if later.empty:
        return Finding(sentence=f"{told}; a second one has not come for enough of them.")
    apart = later[(later["effect_low"] > 1) | (later["effect_high"] < 1)]
    n = len(later)
    ranges = f"none of the ranges of the {n} later ones leaves 1 out"
    if n == 1:
        ranges = "the range of the second one holds 1"
    if len(apart):
        ranges = (
            f"at {len(apart)} of {n} later ones the range leaves 1 out too (by chance alone one in "
            "twenty would)"
        )
    return Finding(
        sentence=f"{told}; {ranges}.",
        n=first.due,
        low=first.effect_low,
        high=first.effect_high,
    )


def say_change_placebos(placebos: pd.DataFrame) -> Finding:
    """What the same comparison finds a year before each change, where it can find nothing.

    Parameters
    ----------
    placebos : what `change_estimates` gave of `placebo_due`
    """
    known = placebos[placebos["verdict"] != EARLY].dropna(subset=["effect_low"])
    told = [_placebo(rows) for _, rows in known.groupby("label", sort=False)]
    return Finding(sentence=" ".join(told))


def _placebo(estimates: pd.DataFrame) -> str:
    lead = decisive(estimates)
    told = (
        f"Placebo: as if “{lead['label']}” had begun a year earlier, the same comparison gives "
        f"{times(lead)}"
    )
    holds = lead["effect_low"] <= 1 <= lead["effect_high"]
    if lead["verdict"] in (MORE, LESS) or not holds:
        return f"{told}: leaving moved then without it. Read its effect with that in mind."
    return f"{told}: within chance, as it should be."


def say_change_pre_period(drift: pd.DataFrame) -> Finding:
    """Whether those reached and those not reached drifted apart before one change.

    Parameters
    ----------
    drift : the row of one change of what `change_drift` gave
    """
    if drift.empty:
        return Finding(sentence="Too few were due before it to see how those not reached moved.")
    row = drift.iloc[0]
    pace = (
        f"{text(row.drift, '+percent')} a year "
        f"({interval(row.drift_low, row.drift_high, '+percent')})"
    )
    ends = {"n": row.months, "low": row.drift_low, "high": row.drift_high}
    if row.drift_low <= 0 <= row.drift_high:
        return Finding(
            sentence=f"In the {row.months} months before “{row.label}” those reached and those not "
            f"reached did not drift apart beyond chance: {pace}.",
            **ends,
        )
    return Finding(
        sentence=f"In the {row.months} months before “{row.label}” those reached and those not "
        f"reached drifted apart: {pace}. The difference after it is not that of the change alone.",
        **ends,
    )
