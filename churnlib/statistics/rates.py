"""Rates: a numerator over a denominator, with its range."""

import pandas as pd

from churnlib.statistics.intervals import wilson


def ratio(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """Element by element; empty (NaN) where there is nothing to divide by."""
    return numerator / denominator.where(denominator > 0)


def with_rate(
    frame: pd.DataFrame, numerator: str, denominator: str, name: str = "rate"
) -> pd.DataFrame:
    """The rate of two count columns with its Wilson limits: `rate`, `low`, `high`, or `<name>`,
    `<name>_low`, ...
    """
    prefix = "" if name == "rate" else f"{name}_"
    low, high = wilson(frame[numerator], frame[denominator])
    rate = ratio(frame[numerator], frame[denominator])
    return frame.assign(**{name: rate, f"{prefix}low": low, f"{prefix}high": high})
