"""The package lifetimes: its summary of transactions, and its fits on one row a customer, or on
grouped rows with weights.
"""

import pandas as pd
from lifetimes import BetaGeoFitter, GammaGammaFitter
from lifetimes.utils import summary_data_from_transaction_data

from benchmarks.contest import Place
from benchmarks.inputs import AS_OF, BUYERS, PAID_SHOP

DAYS_A_WEEK = 7
NAMES = {"v": "gamma"}


def bg_nbd(place: Place) -> list[tuple]:
    """From orders: summary, fit."""
    return _bg_nbd(_history(_summary(place)))


def bg_nbd_weighted(place: Place) -> list[tuple]:
    """From orders: summary, grouped, fit with weights."""
    return _bg_nbd(_grouped(_history(_summary(place))))


def gamma_gamma(place: Place) -> list[tuple]:
    """From orders: summary, fit."""
    return _gamma_gamma(_money(_summary(place, "amount")))


def gamma_gamma_weighted(place: Place) -> list[tuple]:
    """From orders: summary, grouped, fit with weights."""
    return _gamma_gamma(_grouped(_money(_summary(place, "amount"))))


def bg_nbd_of_buyers(place: Place) -> list[tuple]:
    """From one row a customer: fit."""
    return _bg_nbd(_buyers(place, "frequency", "recency", "age"))


def bg_nbd_of_buyers_weighted(place: Place) -> list[tuple]:
    """From one row a customer: grouped, fit with weights."""
    return _bg_nbd(_grouped(_buyers(place, "frequency", "recency", "age")))


def gamma_gamma_of_buyers(place: Place) -> list[tuple]:
    """From one row a customer: fit."""
    each = _buyers(place, "frequency", "value")
    return _gamma_gamma(each[each["frequency"] > 0])


def gamma_gamma_of_buyers_weighted(place: Place) -> list[tuple]:
    """From one row a customer: grouped, fit with weights."""
    each = _buyers(place, "frequency", "value")
    return _gamma_gamma(_grouped(each[each["frequency"] > 0]))


def _summary(place: Place, money: str | None = None) -> pd.DataFrame:
    columns = ["customer_id", "ordered_on", *([money] if money else [])]
    orders = pd.read_parquet(place.inputs / PAID_SHOP / "orders.parquet", columns=columns)
    if money:
        orders[money] = orders[money].astype(float)
    end = pd.Timestamp(AS_OF) - pd.Timedelta(days=1)
    return summary_data_from_transaction_data(
        orders, "customer_id", "ordered_on", money, observation_period_end=end
    )


def _history(summary: pd.DataFrame) -> pd.DataFrame:
    weeks = summary[["recency", "T"]] / DAYS_A_WEEK
    return weeks.rename(columns={"T": "age"}).assign(frequency=summary["frequency"])


def _money(summary: pd.DataFrame) -> pd.DataFrame:
    again = summary[summary["frequency"] > 0]
    return again[["frequency", "monetary_value"]].rename(columns={"monetary_value": "value"})


def _buyers(place: Place, *columns: str) -> pd.DataFrame:
    return pd.read_parquet(place.inputs / BUYERS, columns=list(columns)).astype(float)


def _grouped(each: pd.DataFrame) -> pd.DataFrame:
    return each.groupby(list(each.columns)).size().rename("customers").reset_index()


def _bg_nbd(rows: pd.DataFrame) -> list[tuple]:
    fit = BetaGeoFitter().fit(
        rows["frequency"], rows["recency"], rows["age"], weights=rows.get("customers")
    )
    return _named(fit)


def _gamma_gamma(rows: pd.DataFrame) -> list[tuple]:
    fit = GammaGammaFitter().fit(rows["frequency"], rows["value"], weights=rows.get("customers"))
    return _named(fit)


def _named(fit: BetaGeoFitter | GammaGammaFitter) -> list[tuple]:
    return [(NAMES.get(name, name), float(value)) for name, value in fit.params_.items()]
