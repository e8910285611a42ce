"""A business of a few customers: what happened, who they are, and no rate, colour or advice."""

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup

from tests.report.conftest import run_churnlib

START = date(2025, 3, 1)


def written(folder: Path, kind: str, customers: int, **more: object) -> Path:
    """A parameter file of a business that gains a customer every ten days; each third leaves."""
    days = [START + timedelta(days=10 * who) for who in range(customers)]
    if kind == "subscription":
        name, head = "subscriptions", "subscription_id,customer_id,starts_on,ends_on,mrr"
        rows = [
            f"s{who},c{who},{day},{day + timedelta(days=70) if who % 3 == 1 else ''},49"
            for who, day in enumerate(days)
        ]
    else:
        name, head = "orders", "order_id,customer_id,ordered_at,amount"
        rows = [
            f"o{who}-{n},c{who},{day + timedelta(days=35 * n)},20"
            for who, day in enumerate(days)
            for n in range(3)
        ]
    folder.mkdir()
    (folder / f"{name}.csv").write_text("\n".join([head, *rows]) + "\n")
    values = {"business": "small", "model": kind, "currency": "EUR", "source": {"uri": "."}}
    values |= {"data_until": "2026-04-30"} | more
    (folder / "small.yml").write_text(yaml.safe_dump(values))
    return folder / "small.yml"


@pytest.fixture(scope="module", params=["subscription", "transactional"])
def report(request, tmp_path_factory) -> tuple[str, Path, Path]:
    """Its kind, its parameter file, the folder of its report."""
    folder = tmp_path_factory.mktemp("few")
    file = written(folder / "data", request.param, 12, customer_lists=True)
    run_churnlib("report", str(file), "--output", str(folder / "out"))
    return request.param, file, folder / "out" / "small" / "2026-04"


def page(folder: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((folder / name).read_text(), "html.parser")


def test_one_sentence_says_why_there_is_no_more(report) -> None:
    _, _, folder = report
    text = page(folder, "index.html").get_text(" ", strip=True)
    assert text.count("12 customers so far: rates, forecasts and comparisons need 30.") == 1
    assert text.count("needs 30 customers; so far there have been 12") == 1
    assert "too few to tell" not in text.lower()
    manifest = json.loads((folder / "manifest.json").read_text())
    assert len(manifest["chapters"]) == 2
    assert {one["chapter"] for one in manifest["left_out"]} >= {
        "Cohorts",
        "Customer lifetime value",
        "Concentration",
    }


def test_no_colour_no_cause_no_advice(report) -> None:
    first = page(report[2], "index.html")
    assert not first.select(".cl-good, .cl-bad")
    assert first.select(".cl-change"), "sign and arrow stay"
    assert "no advice is given" in first.get_text(" ")
    assert len(first.select(".cl-story .cl-said")) == 1


def test_customers_are_listed_where_asked_for(report, tmp_path) -> None:
    kind, _, folder = report
    (table,) = [
        one for one in page(folder, "index.html").select("table") if "Who the" in one.get_text()
    ]
    rows = [row.get_text(" ", strip=True) for row in table.select("tbody tr")]
    assert len(rows) == 12
    assert rows[1].startswith(
        {"subscription": "c1 11 Mar 2025 20 May 2025 0", "transactional": "c1 11 Mar 2025"}[kind]
    )
    file = written(tmp_path / "data", kind, 12)
    run_churnlib("report", str(file), "--output", str(tmp_path / "out"))
    private = page(tmp_path / "out" / "small" / "2026-04", "index.html").get_text(" ")
    assert "c1 11 Mar" not in private
    assert "customer_lists: true" in private


def test_it_is_up_to_date_and_verifies(report) -> None:
    _, file, folder = report
    again = run_churnlib("report", str(file), "--output", str(folder.parents[1]))
    assert "up to date" in again.stderr + again.stdout
    run_churnlib("verify", str(folder))


def test_more_customers_bring_the_chapters(report, tmp_path) -> None:
    """The same business with eighteen more, over its earlier report."""
    kind, _, folder = report
    file = written(tmp_path / "data", kind, 30, customer_lists=True)
    shutil.copytree(folder.parents[1], tmp_path / "out")
    output = tmp_path / "out"
    run_churnlib("report", str(file), "--output", str(output), "--chapter", "cohorts")
    text = page(output / "small" / "2026-04", "cohorts.html").get_text(" ")
    assert "needs 30 customers" not in text


TINY = Path(__file__).parents[3] / "shared" / "cases" / "exports" / "tiny"


@pytest.mark.skipif(not TINY.is_dir(), reason="needs ../shared/cases/exports")
def test_the_export_of_twelve_customers(tmp_path) -> None:
    run_churnlib("report", str(TINY / "params.yml"), "--output", str(tmp_path))
    first = page(tmp_path / "tiny" / "2026-10", "index.html")
    assert "12 customers so far" in first.get_text(" ")
    assert not first.select(".cl-good, .cl-bad")
    assert "customer_lists: true" in first.get_text(" "), "who they are is not asked for"
