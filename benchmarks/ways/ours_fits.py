"""churnlib's purchase models: customers grouped by what they share, then fitted."""

import ibis.backends.duckdb  # noqa: F401  (here and not where it is first used)
import pandas as pd

from benchmarks.contest import Place
from benchmarks.inputs import BUYERS, PAID_SHOP
from churnlib.measures.histories import recency_frequency, spend
from churnlib.models.purchases.fits import NAMES, fit_bg_nbd
from churnlib.models.purchases.gamma_gamma import NAMES as MONEY_NAMES
from churnlib.models.purchases.gamma_gamma import fit_gamma_gamma
from churnlib.snapshot.freeze import open_frozen


def bg_nbd(place: Place) -> list[tuple]:
    """From orders: `recency_frequency`, `fit_bg_nbd`."""
    return _bg_nbd(recency_frequency(open_frozen(place.inputs / PAID_SHOP)))


def gamma_gamma(place: Place) -> list[tuple]:
    """From orders: `spend`, `fit_gamma_gamma`."""
    return _gamma_gamma(spend(open_frozen(place.inputs / PAID_SHOP)))


def bg_nbd_of_buyers(place: Place) -> list[tuple]:
    """From one row a customer: grouped by pandas, `fit_bg_nbd`."""
    keys = ["frequency", "recency", "age"]
    return _bg_nbd(_grouped(pd.read_parquet(place.inputs / BUYERS, columns=keys)))


def gamma_gamma_of_buyers(place: Place) -> list[tuple]:
    """From one row a customer: grouped by pandas, `fit_gamma_gamma`."""
    each = pd.read_parquet(place.inputs / BUYERS, columns=["frequency", "value"])
    return _gamma_gamma(_grouped(each[each["frequency"] > 0]))


def _grouped(each: pd.DataFrame) -> pd.DataFrame:
    return each.groupby(list(each.columns)).size().rename("customers").reset_index()


def _bg_nbd(grouped: pd.DataFrame) -> list[tuple]:
    return list(zip(NAMES, map(float, fit_bg_nbd(grouped).parameters), strict=True))


def _gamma_gamma(grouped: pd.DataFrame) -> list[tuple]:
    return list(zip(MONEY_NAMES, map(float, fit_gamma_gamma(grouped).parameters), strict=True))
