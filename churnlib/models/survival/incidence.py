"""Cumulative incidence: the share of customers who have left in each way by a month of life.

Exact with ties, which monthly billing is made of: the shares of all ways and of those still there
add up to 1.
"""

import numpy as np
import pandas as pd
from scipy.stats import norm

from churnlib.models.survival.life_table import MIN_AT_RISK
from churnlib.results.columns import TENURE, Column, rate
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rules import LEVEL

__all__ = ["cumulative_incidence"]

WORDS = (
    Term(
        "Incidence",
        "The share of all customers who have left in one way by the end of a month of life, with "
        "those still there counted as far as they were seen (Aalen-Johansen).",
    ),
)
INCIDENCE = Result(
    "incidence",
    title="how customers leave, by month of life",
    grain="one row a way in which it ended and month of life with at least 20 at risk",
    columns=(
        Column("how", "word", "How it ended", "The way in which the first stay ended."),
        TENURE,
        Column("at_risk", "count", "At risk", "There at its start, and seen to its end."),
        *rate(
            "incidence",
            "Incidence",
            "Share of all customers who have left so by its end.",
            "at_risk",
        ),
    ),
)


@gives(INCIDENCE)
def cumulative_incidence(lifetimes: pd.DataFrame) -> pd.DataFrame:
    """The share that has left in each way, by month of life.

    Grain: one row a way and month of life, as far as 20 are at risk.

    Parameters
    ----------
    lifetimes : frame
        entry, duration (months), how (empty = not seen to leave), customers: `lifetimes_by_kind`.

    Returns
    -------
    frame
        how · tenure (month of life) · at_risk (customers) · incidence (0 to 1) · incidence_low,
        incidence_high (95 %, log-log)

    Notes
    -----
    Aalen and Johansen (1978) on tied times, a cumulative sum: who leaves in month k in one way,
    times the share still there before it. Variance of Marubini and Valsecchi (1995, 10.2).

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 1, 2], "how": ["a", "b", ""]})
    >>> found = cumulative_incidence(rows.assign(customers=[20, 30, 50]))
    >>> found[found.tenure == 1][["how", "incidence"]].values.tolist()
    [['a', 0.2], ['b', 0.3]]
    """
    names = [column.name for column in INCIDENCE.columns]
    ways = sorted(set(lifetimes["how"]) - {""})
    months = int(lifetimes["duration"].max()) if len(lifetimes) else 0
    if not ways or not months:
        return pd.DataFrame(columns=names)
    at_risk = _at_risk(lifetimes, months)
    events = np.array([_events(lifetimes, way, months) for way in ways])
    seen = np.flatnonzero(at_risk >= MIN_AT_RISK)
    known = int(seen.max()) + 1 if seen.size else 0
    parts = []
    for way, own in zip(ways, events[:, :known], strict=True):
        share, low, high = _incidence(at_risk[:known], events[:, :known].sum(axis=0), own)
        parts.append(
            pd.DataFrame(
                {
                    "how": way,
                    "tenure": np.arange(1, known + 1),
                    "at_risk": at_risk[:known].astype(int),
                    "incidence": share,
                    "incidence_low": low,
                    "incidence_high": high,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)[names]


def _at_risk(rows: pd.DataFrame, months: int) -> np.ndarray:
    """Customers at risk in months 1, 2, ..., with entry < month <= duration."""
    change = np.zeros(months + 2)
    people = rows["customers"].to_numpy(float)
    np.add.at(change, rows["entry"].to_numpy(int) + 1, people)
    np.add.at(change, rows["duration"].to_numpy(int) + 1, -people)
    return change.cumsum()[1 : months + 1]


def _events(rows: pd.DataFrame, way: str, months: int) -> np.ndarray:
    own = rows[rows["how"] == way]
    counts = np.zeros(months + 1)
    np.add.at(counts, own["duration"].to_numpy(int), own["customers"].to_numpy(float))
    return counts[1:]


def _incidence(
    at_risk: np.ndarray, events: np.ndarray, own: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Incidence with its limits, month by month."""
    n = np.maximum(at_risk, 1)
    before = np.concatenate([[1.0], np.cumprod(1 - events / n)[:-1]])
    share = np.cumsum(before * own / n)
    steps = events / (n * np.maximum(n - events, 1))
    parts = before**2 * own * (n - own) / n**3
    cross = before * own / n**2
    still = share[:, None] - share[None, :]
    until = np.tril(np.ones((n.size, n.size)))
    variance = (until * (still**2 * steps + parts - 2 * still * cross)).sum(axis=1)
    inside = (share > 0) & (share < 1)
    log = np.log(np.where(inside, share, 0.5))
    reach = norm.ppf((1 + LEVEL) / 2) * np.sqrt(np.maximum(variance, 0)) / (share * log + ~inside)
    low = np.where(inside, np.where(inside, share, 0.5) ** np.exp(-reach), share)
    high = np.where(inside, np.where(inside, share, 0.5) ** np.exp(reach), share)
    return share, np.minimum(low, high), np.maximum(low, high)
