"""churnlib's way: its measures on a frozen snapshot."""

from pathlib import Path

import ibis.backends.duckdb  # noqa: F401  (here and not where it is first used)
import lifelines  # noqa: F401
import pandas as pd

from benchmarks.contest import Place
from benchmarks.inputs import PERIOD, SHOP, SOURCE, SPANS, params_of
from churnlib.input.checked import check
from churnlib.measures.cohorts import customer_retention
from churnlib.measures.histories import recency_frequency
from churnlib.measures.ledger import MOVEMENTS
from churnlib.measures.lifetimes import lifetimes
from churnlib.measures.revenue import mrr_bridge
from churnlib.models.survival.kaplan_meier import by_month, kaplan_meier
from churnlib.snapshot.freeze import freeze, open_frozen

CENTS = 100


def bridge(place: Place) -> pd.DataFrame:
    """`mrr_bridge`, its money in cents."""
    made = mrr_bridge(open_frozen(place.inputs / SPANS))
    money = ["opening", *MOVEMENTS, "closing"]
    made[money] = (made[money] * CENTS).round().astype("int64")
    return made.assign(month=_month(made["period_start"]))


def triangle(place: Place) -> pd.DataFrame:
    """`customer_retention`: the cells in which somebody bought."""
    made = customer_retention(open_frozen(place.inputs / SHOP))
    made = made[made["active"] > 0]
    first = _month(pd.to_datetime(made["cohort"] + "-01"))
    return made.assign(first=first, active=made["active"].astype("int64"))


def grouping(place: Place) -> pd.DataFrame:
    """`recency_frequency`, in days."""
    made = recency_frequency(open_frozen(place.inputs / SHOP))
    days = (made[["recency", "age"]] * 7).round().astype("int64")
    return made.assign(recency_days=days["recency"], age_days=days["age"])


def survival(place: Place) -> pd.DataFrame:
    """`lifetimes` and `kaplan_meier`."""
    curve = by_month(kaplan_meier(lifetimes(open_frozen(place.inputs / SPANS))))
    counts = curve[["at_risk", "events"]].astype("int64")
    return counts.assign(month=range(1, len(curve) + 1), estimate=curve["estimate"])


def frozen(place: Place) -> Path:
    """`check` and `freeze`, of spans alone."""
    freeze(check(params_of(place.inputs / SOURCE, "subscriptions")), PERIOD, folder=place.output)
    return place.output / "subscriptions.parquet"


def _month(day: pd.Series) -> pd.Series:
    return (day.dt.year * 12 + day.dt.month - 1).astype("int64")
