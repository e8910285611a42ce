"""What the purchase and money models have learned, as a table."""

from collections.abc import Iterable

import pandas as pd

from churnlib.models.purchases import fits as purchase_fits
from churnlib.models.purchases import gamma_gamma
from churnlib.results.declared import Result, gives
from churnlib.statistics.maximum_likelihood import PARAMETERS

__all__ = ["money_parameters", "purchase_parameters"]

CLV_PARAMETERS_SHOP = Result(
    "clv_parameters_shop",
    title="the parameters of the purchase and money models",
    grain="one row a model and parameter",
    columns=PARAMETERS,
    file="clv_parameters",
)


@gives(CLV_PARAMETERS_SHOP)
def purchase_parameters(fits: Iterable[purchase_fits.PurchaseFit]) -> pd.DataFrame:
    """Parameters of purchase models as a table.

    Grain: one row a model and parameter: model, parameter, estimate, standard_error.

    Examples
    --------
    >>> from churnlib.models.purchases.fits import fit_bg_nbd
    >>> one = pd.DataFrame({"frequency": [3], "recency": [20.0], "age": [39.0], "customers": [1]})
    >>> list(purchase_parameters([fit_bg_nbd(one)])["parameter"])
    ['r', 'alpha', 'a', 'b']
    """
    rows = []
    for fit in fits:
        for name, error in zip(purchase_fits.NAMES, fit.standard_errors, strict=True):
            rows.append((fit.model, name, getattr(fit, name), error))
    return _table(rows)


@gives(CLV_PARAMETERS_SHOP)
def money_parameters(fit: gamma_gamma.MoneyFit) -> pd.DataFrame:
    """Parameters of the Gamma-Gamma model as a table.

    Grain: one row a parameter: model, parameter, estimate, standard_error.

    Examples
    --------
    >>> from churnlib.models.purchases.gamma_gamma import fit_gamma_gamma
    >>> spend = pd.DataFrame({"frequency": [2], "value": [35.0], "customers": [1]})
    >>> list(money_parameters(fit_gamma_gamma(spend))["parameter"])
    ['p', 'q', 'gamma']
    """
    rows = []
    for name, error in zip(gamma_gamma.NAMES, fit.standard_errors, strict=True):
        rows.append((gamma_gamma.MODEL, name, getattr(fit, name), error))
    return _table(rows)


def _table(rows: list[tuple]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[column.name for column in PARAMETERS])
