"""Whether two rates differ by more than chance brings about."""

from typing import NamedTuple

from churnlib.models.intervals import wilson


class Difference(NamedTuple):
    """One rate minus another, with its range.

    value, low, high : shares; empty (NaN) where a denominator is 0. clear : the range does not hold 0.
    """

    value: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether chance alone is an unlikely reason for the difference (at the range's level)."""
        return self.low > 0 or self.high < 0


def rate_difference(now: tuple[float, float], before: tuple[float, float], level: float = 0.95) -> Difference:
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
    Newcombe, R. G. (1998), Statistics in Medicine 17:873-890, method 10: the Wilson limits of the two rates combined,
    which keeps its coverage where rates are small, as churn rates are.

    Examples
    --------
    >>> [round(x, 4) for x in rate_difference((56, 70), (48, 80))]
    [0.2, 0.0524, 0.3339]
    """
    (x1, n1), (x2, n2) = now, before
    if not n1 or not n2:
        return Difference(float("nan"), float("nan"), float("nan"))
    (low1, high1), (low2, high2) = (tuple(map(float, wilson(x, n, level))) for x, n in (now, before))
    p1, p2 = x1 / n1, x2 / n2
    below = ((p1 - low1) ** 2 + (high2 - p2) ** 2) ** 0.5
    above = ((high1 - p1) ** 2 + (p2 - low2) ** 2) ** 0.5
    return Difference(p1 - p2, p1 - p2 - below, p1 - p2 + above)
