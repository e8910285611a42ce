"""Reports of one business as its billing systems may write it: the same tables, byte by byte."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.input.test_shapes import SHAPES, TABLES
from tests.report.conftest import run_churnlib

pytestmark = pytest.mark.skipif(not SHAPES.is_dir(), reason="needs ../shared/cases/exports")


@pytest.fixture(scope="module")
def reports(tmp_path_factory) -> Path:
    """The folder of a report of each shape."""
    folder = tmp_path_factory.mktemp("shapes")
    files = []
    for shape, table in TABLES.items():
        values = {
            "business": shape.replace(" ", "-"),
            "model": "subscription",
            "currency": "EUR",
            "source": {"uri": str(SHAPES), "tables": {"subscriptions": table}},
            "data_until": "2025-12-31",
        }
        files.append(folder / f"{values['business']}.yml")
        files[-1].write_text(yaml.safe_dump(values))
    run_churnlib("report", *map(str, files), "--output", str(folder / "out"))
    return folder / "out"


def tables(reports: Path, shape: str) -> dict[str, bytes]:
    folder = reports / shape.replace(" ", "-") / "2025-12" / "tables"
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*.csv"))}


@pytest.mark.parametrize("shape", [name for name in TABLES if name != "spans"])
def test_every_table_is_that_of_spans(reports, shape):
    expected, found = tables(reports, "spans"), tables(reports, shape)
    assert len(expected) > 15
    assert found.keys() == expected.keys()
    differing = [name for name in expected if found[name] != expected[name]]
    # An invoice says how often its customer pays, a span does not.
    assert differing == (["hazard.csv"] if shape == "invoices" else [])


def test_of_leaving_too_but_for_the_interval(reports):
    of_spans, of_invoices = (
        pd.read_csv(reports / shape / "2025-12" / "tables" / "hazard.csv")
        for shape in ("spans", "invoices")
    )
    assert set(of_spans["interval_months"]) == {0}
    assert set(of_invoices["interval_months"]) == {1}
    pd.testing.assert_frame_equal(
        of_spans.drop(columns="interval_months"), of_invoices.drop(columns="interval_months")
    )
