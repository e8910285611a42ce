"""The tables of a report, and the data package that says what is in them."""

import json

from tests.acme import HEARS, Acme

WRITES = """import json, pathlib
folder = pathlib.Path(frozen, 'tables')
folder.mkdir()
n = (folder / '{name}.csv').write_text('period_start,churn_rate\\\\n2026-03-01,0.03\\\\n')"""
DESCRIBES = """
fields = [{'name': 'period_start', 'type': 'date'}, {'name': 'churn_rate', 'type': 'number'}]
told = {'name': 'NAME', 'path': 'tables/NAME.csv', 'schema': {'fields': fields}}
n = (folder / 'NAME.json').write_text(json.dumps(told))"""


def writes(name: str, *, described: bool = True) -> str:
    """A cell that writes a table, and what is to be said of it."""
    cell = WRITES.replace("{name}", name).replace("\\\\n", "\\n")
    return cell + (DESCRIBES.replace("NAME", name) if described else "")


def package(acme: Acme) -> dict:
    return json.loads((acme.report / "tables" / "datapackage.json").read_text())


def test_tables_are_described_in_one_package(acme: Acme) -> None:
    acme.notebook("summary", HEARS)
    acme.notebook("revenue", writes("mrr_by_Plan", described=False))
    acme.notebook("churn", writes("churn"))
    code, _, error = acme.make()
    assert code == 0, error
    tables = {name for name in acme.files() if name.startswith("tables/")}
    assert tables == {"tables/churn.csv", "tables/mrr_by_Plan.csv", "tables/datapackage.json"}
    found = package(acme)
    resources = found.pop("resources")
    assert found == {
        "profile": "tabular-data-package",
        "name": "acme-2026-03",
        "title": "acme, March 2026",
    }
    churn, mrr = resources
    assert (churn["name"], churn["path"]) == ("churn", "churn.csv")
    assert [one["type"] for one in churn["schema"]["fields"]] == ["date", "number"]
    assert mrr == {"name": "mrr_by_plan", "path": "mrr_by_Plan.csv", "format": "csv"}


def test_tables_that_stay_stay_described(acme: Acme) -> None:
    acme.notebook("summary", HEARS)
    acme.notebook("churn", writes("churn"))
    acme.make()
    before = package(acme)
    acme.notebook("revenue", writes("mrr"))
    _, _, error = acme.make()
    assert "acme 2026-03 churn: up to date" in error
    churn, mrr = package(acme)["resources"]
    assert [churn] == before["resources"]
    assert mrr["path"] == "mrr.csv"
    assert acme.command("verify", acme.report)[0] == 0


def test_report_without_tables_has_no_package(acme: Acme) -> None:
    acme.notebook("summary", HEARS)
    acme.make()
    assert not (acme.report / "tables").exists()
