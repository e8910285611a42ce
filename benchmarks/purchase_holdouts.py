"""Rolling hold-outs of real shops: how often the ranges told held what came.

    python -m benchmarks.purchase_holdouts params/cdnow.yml [PARAMS ...]

From each of several past dates the whole way is made again, back-test included, on what was known
then, and set against the weeks since. Windows overlap, so that they are fewer than they seem.
"""

import sys

import pandas as pd

import churnlib as cl
from benchmarks.purchase_coverage import held
from benchmarks.shops import DAYS_A_WEEK, came, forecast
from churnlib.engine import collect
from churnlib.measures.purchases import purchases

FEWEST_WEEKS = 26
"""Weeks of history from which on the report makes a back-test."""
HORIZONS = (8, 13, 26)
STEP = 6
"""Weeks between two dates."""


def log_of(params: str) -> tuple[str, pd.DataFrame, int]:
    """A shop's title; its purchases by customer and day; how many days are covered."""
    snapshot = cl.start({"params": params, "period": None, "frozen": None}, needs="orders")
    rows = collect(purchases(snapshot).select("customer_id", "purchased_on", "amount"))
    start = pd.Timestamp(snapshot.first_day)
    log = pd.DataFrame(
        {
            "customer": pd.factorize(rows["customer_id"], sort=True)[0],
            "day": (pd.to_datetime(rows["purchased_on"]) - start).dt.days,
            "amount": rows["amount"].astype(float),
        }
    )
    log = log.sort_values(["customer", "day"], ignore_index=True)
    return snapshot.params.display_title, log, (pd.Timestamp(snapshot.as_of) - start).days


def main() -> None:
    rows = []
    for params in sys.argv[1:]:
        title, log, days = log_of(params)
        for horizon in HORIZONS:
            last = days // DAYS_A_WEEK - horizon
            for weeks in range(FEWEST_WEEKS, last + 1, STEP):
                as_of = weeks * DAYS_A_WEEK
                made = forecast(log, 0, as_of, horizon)
                actual = came(log, as_of, as_of + horizon * DAYS_A_WEEK, made.known.index)
                bought, spent = actual["purchases"].sum(), actual["amount"].sum()
                told = made.told.iloc[0]
                cohorts = actual["purchases"].groupby(made.cohort).sum()
                rows.append(
                    {
                        "shop": title,
                        "ahead": horizon,
                        "from week": weeks,
                        "forecast": made.choice.forecast,
                        "predicted": told["predicted"],
                        "low": told["low"],
                        "high": told["high"],
                        "came": bought,
                        "model": held(made.totals.iloc[0], bought),
                        "told": held(told, bought),
                        "money": held(made.told.iloc[1], spent),
                        "cohorts": cohorts.between(
                            made.cohorts["low"], made.cohorts["high"]
                        ).mean(),
                    }
                )
    table = pd.DataFrame(rows)
    print(table.round(2).to_string())
    names = ["model", "told", "money", "cohorts"]
    print(table.groupby(["shop", "ahead"])[names].agg("mean").round(2).to_string())
    print(len(table), "hold-outs:", table[names].mean().round(3).to_dict())


if __name__ == "__main__":
    main()
