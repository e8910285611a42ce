"""Whether the range of what a new price lost holds the truth, on businesses of which it is known.

    python -m benchmarks.price_claims [--runs 40] [--customers 6000]

Of everybody who met the price: what they paid, times how much likelier they were to leave at it,
times the chance that they would still be there at the end of the data.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import churnlib as cl
from benchmarks.leaving_claims import told
from churnlib.input.checked import check
from churnlib.params.model import Params
from churnlib.simulate import simulate, true_hazard
from churnlib.simulate import truth as t
from churnlib.simulate.lives import add_months

RISE = {"date": str(t.PRICE_RISE), "kind": "price", "label": "Rise"}


def main() -> None:
    """Coverage, and how far the point is off on average."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--customers", type=int, default=6_000)
    given = parser.parse_args()
    held, off = [], []
    for seed in range(given.runs):
        with tempfile.TemporaryDirectory() as folder:
            simulate(Path(folder), customers=given.customers, seed=seed)
            low, point, high = lost(Path(folder))
            true = truly_lost(Path(folder))
        held.append(low <= true <= high)
        off.append(point / true - 1)
    told(f"{given.customers} customers: range of what was lost holds it", held)
    print(f"  mean error of the point {np.mean(off):+.3f} ± {np.std(off) / np.sqrt(len(off)):.3f}")


def lost(folder: Path) -> tuple[float, float, float]:
    """What the report says was lost a month: low, point, high."""
    tables = {
        "customers": {"from": "customers.parquet"},
        "subscriptions": {"from": "subscriptions.parquet", "columns": {"interval": "billing"}},
    }
    settings = {"business": "demo", "model": "subscription", "currency": "EUR", "changes": [RISE]}
    source = {"uri": str(folder), "tables": tables}
    checked = check(Params.model_validate(settings | {"source": source}))
    snapshot = cl.freeze(checked, "2026-10")
    known, due = cl.known_changes(snapshot), cl.changes_due(snapshot)
    estimates = cl.change_estimates(known, due)
    row = cl.price_net(known, due, cl.met_changes(snapshot), estimates).iloc[-1]
    return row.mrr_gained - row.net_high, row.mrr_lost, row.mrr_gained - row.net_low


def truly_lost(folder: Path) -> float:
    """What the rise took away in expectation, given who met it."""
    stays = _meeting(folder)
    annual = (stays["billing"] == "annual").to_numpy()
    kinds = {name: stays[name].to_numpy() for name in ("billing", "channel", "industry", "plan")}
    month = stays["month"].to_numpy() + t.RETURN_MONTH * stays["again"].to_numpy()
    extra = true_hazard(month, **kinds) * (t.PRICE_RISE_HAZARD_RATIO - 1)
    staying = np.ones(len(stays))
    for later in range(1, 9):
        on = add_months(stays["on"].to_numpy().astype("datetime64[D]"), later)
        is_due = (on < t.END) & (~annual | (later % 12 == 0))
        staying *= np.where(is_due, 1 - true_hazard(month + later, **kinds), 1.0)
    return float((stays["mrr"].to_numpy() * extra * staying).sum())


def _meeting(folder: Path) -> pd.DataFrame:
    """Who met the rise: the day, the month of life, and what was held before it."""
    customers = pd.read_parquet(folder / "customers.parquet")
    rows = pd.read_parquet(folder / "subscriptions.parquet").drop_duplicates()
    for name in ("starts_on", "ends_on"):
        rows[name] = pd.to_datetime(rows[name])
    rows = rows[~(rows["ends_on"] < rows["starts_on"])].sort_values(["customer_id", "starts_on"])
    rows["end"] = rows["ends_on"].fillna(pd.Timestamp("2200-01-01"))
    before = rows.groupby("customer_id")["end"].shift()
    rows["stay"] = (rows["starts_on"] != before).groupby(rows["customer_id"]).cumsum()
    key = ["customer_id", "stay"]
    stays = rows.groupby(key, as_index=False).agg(start=("starts_on", "min"), end=("end", "max"))
    stays = stays.merge(customers, "left", "customer_id")
    stays = stays[stays["start"] < pd.Timestamp(t.PRICE_RISE)]
    start = stays["start"].to_numpy().astype("datetime64[D]")
    month, on = _first_renewal(start, (stays["billing"] == "annual").to_numpy())
    stays = stays.assign(month=month, on=on, again=stays["stay"] > 1)
    met = stays[(stays["on"] <= stays["end"]) & (stays["on"] < pd.Timestamp(t.END))]
    held = met.merge(rows[[*key, "starts_on", "end", "plan", "mrr"]], "left", key)
    held = held[(held["starts_on"] < held["on"]) & (held["end_y"] >= held["on"])]
    return held.assign(mrr=held["mrr"].astype(float))


def _first_renewal(start: np.ndarray, annual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The month of life that ends with the first renewal since the rise, and its day."""
    month = np.zeros(start.size, dtype=int)
    on = np.full(start.size, np.datetime64("NaT"), dtype="datetime64[D]")
    for life in range(1, 49):
        day = add_months(start, life)
        first = (month == 0) & (day >= t.PRICE_RISE) & (~annual | (life % 12 == 0))
        month[first], on[first] = life, day[first]
    return month, on


if __name__ == "__main__":
    main()
