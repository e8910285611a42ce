"""One business as its billing systems may write it: every shape gives the same report."""

from pathlib import Path

import pandas as pd
import pytest

import churnlib as cl
from churnlib.input.checked import check
from churnlib.params.read import params_from_values
from churnlib.snapshot.freeze import freeze

SHAPES = Path(__file__).parents[3] / "shared" / "cases" / "exports" / "shapes"
pytestmark = pytest.mark.skipif(not SHAPES.is_dir(), reason="needs ../shared/cases/exports")

SPANS = {"from": "spans.csv"}
TABLES = {
    "spans": SPANS,
    "inclusive ends": {"from": "spans_inclusive.csv", "ends": "inclusive"},
    "months": {"from": "months.csv", "shape": "months", "columns": {"starts_on": "month"}},
    "invoices": {
        "from": "invoices.csv",
        "shape": "invoices",
        "columns": {
            "customer_id": "customer",
            "starts_on": "period_start",
            "ends_on": "period_end",
            "amount": {"cents": "amount_cents"},
        },
    },
    "changes": {
        "from": "changes.csv",
        "shape": "changes",
        "columns": {
            "customer_id": "customer",
            "starts_on": "at",
            "mrr": {"cents": "mrr_cents"},
        },
    },
}
MEASURES = (
    cl.mrr_bridge,
    cl.movements,
    cl.customer_churn,
    cl.customer_retention,
    cl.revenue_retention,
    cl.lifetimes,
    cl.retention_12m,
    cl.returns,
)


def snapshot(table: dict, folder: Path, period: str = "2025-12"):
    params = params_from_values(
        {
            "business": "shapes",
            "model": "subscription",
            "currency": "EUR",
            "source": {"uri": str(SHAPES), "tables": {"subscriptions": table}},
            "data_until": "2025-12-31",
        }
    )
    return freeze(check(params), period, folder)


@pytest.mark.parametrize("shape", TABLES)
def test_every_shape_gives_what_is_expected_by_month(tmp_path, shape):
    expected = pd.read_csv(SHAPES / "expected_by_month.csv", parse_dates=["period_start"])
    known = snapshot(TABLES[shape], tmp_path)
    money, heads = cl.mrr_bridge(known), cl.customer_churn(known)
    found = money.merge(heads, on="period_start")
    both = expected.merge(found, on="period_start", suffixes=("", "_found"))
    assert len(both) == len(expected) - 1 or len(both) == len(expected)
    assert (both.opening - both.opening_found).abs().max() < 0.005
    assert (both.closing - both.closing_found).abs().max() < 0.005


@pytest.mark.parametrize("shape", [name for name in TABLES if name != "spans"])
@pytest.mark.parametrize("period", ["2024-10", "2025-12"])
def test_every_shape_gives_the_cells_that_spans_give(tmp_path, shape, period):
    spans = snapshot(SPANS, tmp_path / "spans", period)
    other = snapshot(TABLES[shape], tmp_path / "other", period)
    for measure in MEASURES:
        pd.testing.assert_frame_equal(measure(other), measure(spans))
