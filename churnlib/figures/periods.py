"""Results by period: where each stands on the axis, and how many a chart has room for."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.canvas import is_narrow

PERIODS_SHOWN = 24
PERIODS_SHOWN_NARROW = 13
"""A year, and the same period a year before."""


def starts_of(result: pd.DataFrame) -> pd.DatetimeIndex:
    """The first days of the periods of a result, in order."""
    return pd.DatetimeIndex(pd.to_datetime(result["period_start"])).unique().sort_values()


def newest(result: pd.DataFrame, periods: int = PERIODS_SHOWN) -> pd.DataFrame:
    """The rows of the newest periods, of every segment: those that fold under a chart."""
    starts = starts_of(result)[-periods:]
    return result[pd.to_datetime(result["period_start"]).isin(starts)]


def periods_for(ax: Axes) -> int:
    """How many periods a chart draws if nobody says."""
    return PERIODS_SHOWN_NARROW if is_narrow(ax) else PERIODS_SHOWN


def placed(result: pd.DataFrame) -> pd.DataFrame:
    """The rows in the order of their periods, with a column `place`: 0, 1, 2, ..."""
    days = pd.to_datetime(result["period_start"])
    place = starts_of(result).get_indexer(days)
    return result.assign(place=place).sort_values("place", ignore_index=True)
