"""Purchase histories by the package lifetimes."""

import pandas as pd
from lifetimes.utils import summary_data_from_transaction_data

from benchmarks.contest import Place
from benchmarks.ways.frames import AS_OF, bought, grouped


def grouping(place: Place) -> pd.DataFrame:
    """The package's own summary of transactions, grouped by pandas."""
    each = summary_data_from_transaction_data(
        bought(place), "who", "ordered_on", observation_period_end=AS_OF - 1
    )
    return grouped(*(each[name].astype("int64") for name in ("frequency", "recency", "T")))
