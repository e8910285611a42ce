"""Smooth survival curves side by side: lifelines' parametric fitters on grouped rows, for an
analyst who asks what shape leaving has.
"""

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from churnlib.models.survival.kaplan_meier import watched
from churnlib.models.survival.splits import refuse_split
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.maximum_likelihood import PARAMETERS
from churnlib.statistics.rules import LEVEL

if TYPE_CHECKING:
    from lifelines.fitters import ParametricUnivariateFitter

__all__ = ["parametric_fits", "parametric_parameters"]

FITTERS = {
    "exponential": "ExponentialFitter",
    "Weibull": "WeibullFitter",
    "log-normal": "LogNormalFitter",
    "log-logistic": "LogLogisticFitter",
}
"""What a model is called, and lifelines' class of it."""
PARAMETRIC_FITS = Result(
    "parametric_fits",
    title="the parametric survival models",
    grain="one row a parameter, the models in the order of their AIC",
    columns=(
        *PARAMETERS,
        Column("log_likelihood", "number", "Log-likelihood", "Of all customers, in whole months."),
        Column(
            "aic",
            "number",
            "AIC",
            "Akaike's criterion: the model with the lowest fits best for its parameters.",
        ),
    ),
)


def parametric_fits(lifetimes: pd.DataFrame) -> "dict[str, ParametricUnivariateFitter]":
    """Fit lifelines' exponential, Weibull, log-normal and log-logistic models.

    Parameters
    ----------
    lifetimes : frame
        entry, duration (months), event_observed, customers: of everybody or of one segment.

    Returns
    -------
    dict
        Model to fitted lifelines object (`plot`, `predict`, `summary`). A model whose likelihood
        has no clean peak is left out, and all are where nobody has left yet.

    Raises
    ------
    SplitError : the frame holds several segments

    Notes
    -----
    Who left in month k left at some time between k - 1 and k months: the fit is that of
    interval-censored times, or each stay would count as half a month too long. The log-likelihood
    is then that of whole months, and may be compared with those of `fit_sbg` and `fit_bdw`. None of
    these models knows that customers differ, so none is carried on beyond the data by the report.

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2, 2], "customers": [50, 25, 25]})
    >>> fits = parametric_fits(rows.assign(event_observed=[True, True, False]))
    >>> round(float(fits["exponential"].predict(1)), 3)  # half of those at risk leave each month
    0.5
    """
    refuse_split(lifetimes, "A fitter")
    rows = watched(lifetimes)
    if not rows["event_observed"].any():
        return {}
    fits = {name: _fitted(rows, fitter) for name, fitter in FITTERS.items()}
    return {name: fit for name, fit in fits.items() if fit is not None}


@gives(PARAMETRIC_FITS)
def parametric_parameters(fits: "dict[str, ParametricUnivariateFitter]") -> pd.DataFrame:
    """Parameters of these fits as a frame, the best model first.

    Grain: one row a parameter.

    Parameters
    ----------
    fits : dict
        The result of `parametric_fits`.

    Returns
    -------
    frame
        model · parameter · estimate · standard_error · log_likelihood · aic (2 x parameters - 2 x
        log-likelihood: the lowest is the best).

    Examples
    --------
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2, 2], "customers": [50, 25, 25]})
    >>> fits = parametric_fits(rows.assign(event_observed=[True, True, False]))
    >>> parametric_parameters(fits)["model"].iloc[0]
    'exponential'
    """
    rows = [
        (name, parameter.rstrip("_"), *values, fit.log_likelihood_, fit.AIC_)
        for name, fit in sorted(fits.items(), key=lambda item: item[1].AIC_)
        for parameter, *values in fit.summary[["coef", "se(coef)"]].itertuples()
    ]
    columns = [column.name for column in PARAMETRIC_FITS.columns]
    return pd.DataFrame(rows, columns=columns)


def _fitted(rows: pd.DataFrame, fitter: str) -> "ParametricUnivariateFitter | None":
    import lifelines
    from lifelines.exceptions import ConvergenceError, StatisticalWarning

    duration = rows["duration"].to_numpy(dtype=float)
    left = rows["event_observed"].to_numpy(dtype=bool)
    unfitted = getattr(lifelines, fitter)(alpha=1 - LEVEL)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # A variance that is negative or infinite is told in a warning alone.
        warnings.simplefilter("error", StatisticalWarning)
        try:
            return unfitted.fit_interval_censoring(
                np.where(left, duration - 1, duration),
                np.where(left, duration, np.inf),
                entry=rows["entry"].to_numpy(dtype=float),
                weights=rows["customers"].to_numpy(),
                label=fitter.removesuffix("Fitter"),
            )
        except (ConvergenceError, StatisticalWarning):
            return None
