"""Whether two rates differ by more than chance brings about."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats

from churnlib.statistics.intervals import wilson
from churnlib.statistics.rules import LEVEL


class Difference(NamedTuple):
    """One rate minus another, with its range.

    Attributes
    ----------
    value, low, high : shares; empty (NaN) where a denominator is 0
    """

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether chance alone is an unlikely reason for the difference (at the range's level)."""
        return self.low > 0 or self.high < 0


def rate_difference(
    now: tuple[float, float], before: tuple[float, float], level: float = LEVEL
) -> Difference:
    """The difference of two independent rates with Newcombe's score interval.

    Parameters
    ----------
    now, before : (numerator, denominator) of each rate
    level : of the interval

    Returns
    -------
    Difference : rate of `now` minus rate of `before`

    Notes
    -----
    Newcombe, R. G. (1998), Statistics in Medicine 17:873-890, method 10: the Wilson limits of the
    two rates combined, which keeps its coverage where rates are small, as churn rates are.

    Examples
    --------
    >>> [round(x, 4) for x in rate_difference((56, 70), (48, 80))]
    [0.2, 0.0524, 0.3339]
    """
    if not now[1] or not before[1]:
        return Difference(float("nan"), float("nan"), float("nan"))
    ranges = ((x / n, *map(float, wilson(x, n, level))) for x, n in (now, before))
    return difference(*ranges)


def difference(now: tuple[float, float, float], before: tuple[float, float, float]) -> Difference:
    """The difference of two independent estimates with ranges of their own: (estimate, low, high)
    each.

    Notes
    -----
    The same formula on any limits (Zou and Donner 2008, Statistics in Medicine 27:1693-1702). Two
    ranges that overlap a little may still be clearly apart.

    Examples
    --------
    >>> [round(x, 3) for x in difference((0.5, 0.4, 0.6), (0.3, 0.25, 0.35))]
    [0.2, 0.088, 0.312]
    """
    (value1, low1, high1), (value2, low2, high2) = now, before
    below = ((value1 - low1) ** 2 + (high2 - value2) ** 2) ** 0.5
    above = ((high1 - value1) ** 2 + (value2 - low2) ** 2) ** 0.5
    return Difference(value1 - value2, value1 - value2 - below, value1 - value2 + above)


def extremes_apart(rows: pd.DataFrame, value: str, level: float = LEVEL) -> Difference:
    """The highest of several estimates less the lowest, at the level that one pair of all has.

    The extremes were picked from all pairs: among twelve equal values they differ "clearly" in one
    of five cases, if they are compared as if they had been named beforehand.

    Parameters
    ----------
    rows : one row an estimate: `value`, and its 95 % limits in {value}_low and {value}_high, or in
        low and high
    value : the column of the estimates
    level : of all pairs together

    Returns
    -------
    Difference : `clear` where the two differ beyond chance; NaN with fewer than two

    Notes
    -----
    Bonferroni over the pairs; the limits are those given, drawn out to the pair's level as normal
    ones are, then combined as in `difference`.

    Examples
    --------
    >>> rows = pd.DataFrame({"rate": [0.5, 0.3], "low": [0.4, 0.25], "high": [0.6, 0.35]})
    >>> round(float(extremes_apart(rows, "rate").low), 3)
    0.088
    """
    low, high = f"{value}_low", f"{value}_high"
    if low not in rows:
        low, high = "low", "high"
    known = rows.loc[rows[value].notna(), [value, low, high]].astype(float)
    known = known.reset_index(drop=True)
    if len(known) < 2:
        return Difference(float("nan"), float("nan"), float("nan"))
    pairs = len(known) * (len(known) - 1) / 2
    wider = stats.norm.ppf(1 - (1 - level) / (2 * pairs)) / stats.norm.ppf(0.5 + LEVEL / 2)
    ends = (known.loc[known[value].idxmax()], known.loc[known[value].idxmin()])
    return difference(*(_drawn_out(*row, wider) for row in ends))


def _drawn_out(value: float, low: float, high: float, wider: float) -> tuple[float, float, float]:
    """An estimate with its limits so many times as far away."""
    return value, value - wider * (value - low), value + wider * (high - value)


def alike(successes: ArrayLike, trials: ArrayLike) -> float:
    """The chance of rates as different as these, or more so, if all were one.

    Pearson's chi-square test of homogeneity; NaN with fewer than two, and where all succeed or
    none.

    Examples
    --------
    >>> round(alike([30, 36], [40, 40]), 3)
    0.077
    """
    yes = np.asarray(successes, dtype=float)
    no = np.asarray(trials, dtype=float) - yes
    if yes.size < 2 or not yes.sum() or not no.sum():
        return float("nan")
    return float(stats.chi2_contingency([yes, no], correction=False).pvalue)
