"""Kaplan-Meier by the package lifelines, on one row a customer."""

import pandas as pd
from lifelines import KaplanMeierFitter

from benchmarks.contest import Place
from benchmarks.ways.frames import first_stays


def survival(place: Place) -> pd.DataFrame:
    """First stays by pandas, and the package's fit."""
    fitter = KaplanMeierFitter().fit(*first_stays(place))
    seen = fitter.event_table.iloc[1:]
    made = seen[["at_risk", "observed"]].astype("int64").set_axis(["at_risk", "events"], axis=1)
    estimate = fitter.survival_function_.iloc[1:, 0].to_numpy()
    return made.assign(month=seen.index.astype("int64"), estimate=estimate)
