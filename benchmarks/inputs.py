"""The rows that contests run on, made by this script from the library's own simulated businesses.

    python -m benchmarks.inputs FOLDER SPANS ORDERS

Each file is made in full before a contest begins, in a process of its own. Numbers are about right:
the contest prints how many rows there are.
"""

import argparse
import json
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

import churnlib as cl
from churnlib.input.checked import check
from churnlib.params.model import Params
from churnlib.simulate import simulate, simulate_shop

AS_OF, PERIOD = date(2026, 11, 1), "2026-10"
"""The day before which everything is known, in both simulated businesses, and the month that ends
there; where few rows are made, none may lie on its last day.
"""
SPANS_A_CUSTOMER, ORDERS_A_CUSTOMER = 1.58, 2.44
SOURCE, SPANS, SHOP, PAID_SHOP = "source", "spans", "shop", "paid_shop"
"""Folders: the raw spans, and the frozen snapshots of three businesses."""
BUYERS = "buyers.parquet"
"""One row a customer of the paid shop, as models of single customers take it."""


def main() -> None:
    """Make the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("spans", type=int)
    parser.add_argument("orders", type=int)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    if given.spans:
        counts["spans"] = make_spans(given.folder, round(given.spans / SPANS_A_CUSTOMER))
    if given.orders:
        counts["orders"] = make_orders(given.folder, round(given.orders / ORDERS_A_CUSTOMER))
    (given.folder / "counts.json").write_text(json.dumps(counts))


def make_spans(folder: Path, customers: int) -> int:
    """Spans without dirt, in no order, raw and frozen; how many."""
    source = folder / SOURCE
    simulate(source, customers=customers)
    raw, clean = source / "subscriptions.parquet", source / "clean.parquet"
    duckdb.sql(
        f"COPY (SELECT DISTINCT * FROM '{raw}' WHERE ends_on IS NULL OR ends_on >= starts_on "
        f"ORDER BY hash(subscription_id), starts_on) TO '{clean}' (FORMAT parquet)"
    )
    clean.replace(raw)
    cl.freeze(check(params_of(source, "customers", "subscriptions")), PERIOD, folder=folder / SPANS)
    return _rows(folder / SPANS / "subscriptions.parquet")


def make_orders(folder: Path, customers: int) -> int:
    """A frozen shop; how many orders."""
    source = folder / "shop_source"
    simulate_shop(source, customers=customers)
    cl.freeze(check(params_of(source, "customers", "orders")), PERIOD, folder=folder / SHOP)
    return _rows(folder / SHOP / "orders.parquet")


def make_buyers(folder: Path, customers: int) -> int:
    """A shop in which every order brings money and nothing is sent back, so that all packages mean
    the same by a purchase: frozen, and one row a customer; how many customers.
    """
    source = folder / "paid_source"
    simulate_shop(source, customers=customers)
    raw, clean = source / "orders.parquet", source / "clean.parquet"
    duckdb.sql(
        f"COPY (SELECT DISTINCT * FROM '{raw}' WHERE amount > 0 ORDER BY hash(order_id)) "
        f"TO '{clean}' (FORMAT parquet)"
    )
    clean.replace(raw)
    cl.freeze(check(params_of(source, "orders")), PERIOD, folder=folder / PAID_SHOP)
    orders = folder / PAID_SHOP / "orders.parquet"
    duckdb.sql(f"""COPY (
        WITH days AS (
            SELECT customer_id, ordered_on, sum(amount) AS money FROM '{orders}' GROUP BY ALL
        ), first AS (
            SELECT *, min(ordered_on) OVER (PARTITION BY customer_id) AS first_on FROM days
        )
        SELECT customer_id, count(*) - 1 AS frequency,
            (max(ordered_on) - min(ordered_on)) / 7.0 AS recency,
            (DATE '{AS_OF}' - 1 - min(ordered_on)) / 7.0 AS age,
            coalesce((avg(money) FILTER (ordered_on > first_on))::DOUBLE, 0.0) AS value
        FROM first GROUP BY customer_id ORDER BY customer_id
    ) TO '{folder / BUYERS}' (FORMAT parquet)""")
    return _rows(folder / BUYERS)


def params_of(source: Path, *tables: str) -> Params:
    """The parameters of a business of these tables, each in a Parquet file of its name."""
    return Params.model_validate(
        {
            "business": "contest",
            "model": "transactional" if "orders" in tables else "subscription",
            "currency": "EUR",
            "source": {
                "uri": str(source),
                "tables": {name: {"from": f"{name}.parquet"} for name in tables},
            },
        }
    )


def _rows(path: Path) -> int:
    return pq.read_metadata(path).num_rows


if __name__ == "__main__":
    main()
