"""What the retention models have learned, as a table."""

from collections.abc import Iterable

import pandas as pd

from churnlib.models.retention.fits import RetentionFit
from churnlib.models.retention.projection import Projection
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.statistics.maximum_likelihood import PARAMETERS

__all__ = ["clv_parameters", "retention_parameters"]

COLUMNS = (
    *PARAMETERS,
    Column("cycle_months", "count", "Cycle", "Months of a cycle of the model.", unit="months"),
)
RETENTION_PARAMETERS = Result(
    "retention_parameters",
    title="the parameters of the retention models",
    grain="one row a billing interval, model and parameter",
    columns=COLUMNS,
)
CLV_PARAMETERS = Result(
    "clv_parameters",
    title="the parameters of the models behind the value",
    grain="one row a billing interval, model and parameter",
    columns=COLUMNS,
)


@gives(RETENTION_PARAMETERS)
def retention_parameters(fits: Iterable[tuple[int, RetentionFit]]) -> pd.DataFrame:
    """Parameters of these fits as a frame.

    Grain: one row a billing interval, model and parameter.

    Parameters
    ----------
    fits : months of a cycle, and a fit of `fit_sbg` or `fit_bdw` on such cycles; those of a
        projection are `projection.fits`

    Returns
    -------
    frame
        model · parameter · estimate · standard_error (NaN without a fit, or at the limit of what is
        searched) · cycle_months.

    Examples
    --------
    >>> from churnlib.models.retention.fits import fit_sbg
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2, 3, 3]})
    >>> left, stayed = [True] * 3, [False]
    >>> rows = rows.assign(event_observed=left + stayed, customers=[369, 163, 86, 382])
    >>> retention_parameters([(1, fit_sbg(rows))])["parameter"].tolist()
    ['alpha', 'beta']
    """
    rows = [
        (fit.model, name, value, fit.standard_errors[name], months)
        for months, fit in fits
        for name, value in fit.parameters.items()
    ]
    return pd.DataFrame(rows, columns=[column.name for column in COLUMNS])


@gives(CLV_PARAMETERS)
def clv_parameters(projection: Projection) -> pd.DataFrame:
    """Parameters of the retention models behind a value.

    Grain: one row a billing interval, model and parameter: model, parameter, estimate,
    standard_error, cycle_months, as `retention_parameters` has them.

    Examples
    --------
    >>> from churnlib.models.retention.projection import project
    >>> rows = pd.DataFrame({"entry": 0, "duration": [1, 2], "customers": [40, 60]})
    >>> projection = project(rows.assign(event_observed=[True, False]))
    >>> clv_parameters(projection)["model"].unique().tolist()
    ['sbg', 'bdw']
    """
    return retention_parameters(projection.fits)
