"""The same rows from a server: the same snapshot, the same report; and a sentence for a fault."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from churnlib.errors import ChurnlibError
from churnlib.input import servers
from churnlib.input.checked import check
from churnlib.params.read import params_from_values, read_params
from churnlib.simulate.write import simulate
from churnlib.snapshot.freeze import freeze
from tests.servers.conftest import PASSWORD

TABLES = {
    "customers": "customer_id text, signed_up_on date, channel text, industry text, country text, "
    "billing text, company_size text, acquisition_cost double precision",
    "subscriptions": "subscription_id text, customer_id text, plan text, starts_on date, "
    "ends_on date, mrr numeric(18,2), currency text, billing text, recorded_at timestamp, "
    "cancelled_on date, end_reason text, cancel_feedback text",
    "payments": "invoice_id text, customer_id text, due_on date, attempted_at date, "
    "amount numeric(18,2), status text, failure_reason text",
    "surveys": "customer_id text, kind text, asked_on date, answered_on date, score bigint",
}
DIRTY = """customer_id,starts_on,ends_on,mrr,plan,is_trial
7.0,2026-01-01,,1_000,Pro, false
7,2026-01-02,,5d,Pro,false
a,2026-02-29,,10,Pro,f
b,2026-01-03,2026-01-01,10,Pro,f
c,2026-01-04,,1.005,\u00a0Pro\u00a0,t
d,2026-01-05,,+1.005,,f
e,2026-01-06T23:30:00+00:00,,nan,Pro,f
,2026-01-07,,10,Pro,f
f,2026-01-08,,1e400,Pro,f
g,2026-01-08,,10,Pro,f
g,2026-01-08,,10,Pro,f
h,31.12.2025,,10,Pro,f
i,2028-02-29,,0x10,Pro,f
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory, server) -> Path:
    """A small simulated business, in files and on the server; parameter files of both."""
    folder = tmp_path_factory.mktemp("demo")
    simulate(folder / "data", customers=800)
    for name, columns in TABLES.items():
        path = folder / "data" / f"{name}.parquet"
        duckdb.read_parquet(str(path)).write_csv(str(folder / f"{name}.csv"))
        server.load(name, folder / f"{name}.csv", columns)
    keys = yaml.safe_load(Path("params/demo.yml").read_text(encoding="utf-8"))
    uris = {"files": str(folder / "data"), "server": server.uri()}
    for name, uri in uris.items():
        keys["source"]["uri"] = uri
        if name == "server":
            for table, settings in keys["source"]["tables"].items():
                settings["from"] = table
        (folder / f"{name}.yml").write_text(yaml.safe_dump(keys), encoding="utf-8")
    return folder


def shop(uri: str, **more):
    keys = {"business": "acme", "model": "subscription", "currency": "EUR"}
    return params_from_values(keys | {"source": {"uri": uri}, **more})


def test_a_server_gives_the_same_snapshot_byte_for_byte(demo, tmp_path):
    names = ("files", "server")
    for name in names:
        freeze(check(read_params(demo / f"{name}.yml")), "2026-09", tmp_path / name)
    for table in TABLES:
        both = [(tmp_path / name / f"{table}.parquet").read_bytes() for name in names]
        assert both[0] == both[1], table


def churnlib(*words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "churnlib", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_server_gives_the_same_report_and_keeps_its_password(demo, tmp_path):
    for name in ("files", "server"):
        done = churnlib("report", str(demo / f"{name}.yml"), "--output", str(tmp_path / name))
        assert done.returncode == 0, done.stderr
        assert PASSWORD not in done.stdout + done.stderr
    reports = [next((tmp_path / name).glob("demo/*/tables")) for name in ("files", "server")]
    tables = sorted(path.name for path in reports[0].iterdir())
    assert tables == sorted(path.name for path in reports[1].iterdir())
    assert len(tables) > 40
    for table in tables:
        assert (reports[0] / table).read_bytes() == (reports[1] / table).read_bytes(), table
    for path in (tmp_path / "server").rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path
    manifest = json.loads((reports[1].parent / "manifest.json").read_text(encoding="utf-8"))
    assert "${TEST_PASSWORD}" in manifest["parameters"]["source"]["uri"]
    again = churnlib("report", str(demo / "server.yml"), "--output", str(tmp_path / "server"))
    assert "up to date" in again.stderr
    assert churnlib("verify", str(reports[1].parent)).returncode == 0


def test_dirty_rows_are_set_aside_alike(server, tmp_path):
    (tmp_path / "subscriptions.csv").write_text(DIRTY, encoding="utf-8")
    names = DIRTY.splitlines()[0].split(",")
    ordered = sorted(DIRTY.splitlines()[1:])  # a server has no order of its own: neither here
    (tmp_path / "subscriptions.csv").write_text("\n".join([",".join(names), *ordered]) + "\n")
    columns = ", ".join(f"{name} text" for name in names)
    server.run("CREATE SCHEMA IF NOT EXISTS dirty", "GRANT USAGE ON SCHEMA dirty TO reader")
    server.load("dirty.subscriptions", tmp_path / "subscriptions.csv", columns)
    lenient = {"policies": {"max_rejected_share": 1.0}}
    there = {"subscriptions": {"from": "dirty.subscriptions"}}
    accounts = []
    for source in ({"uri": str(tmp_path)}, {"uri": server.uri(), "tables": there}):
        found = check(shop("x", source=source, **lenient))
        (row,) = found.data_box
        reasons = sorted((one["reason"], one["rows"]) for one in row["reasons"])
        accounts.append((row["read"], row["kept"], row["apart"], reasons))
        rows = found.tables["subscriptions"].drop("_row").execute()
        accounts[-1] += (sorted(map(str, rows.to_dict("records"))),)
    assert accounts[0] == accounts[1]
    assert accounts[0][0] == 13


def test_types_of_a_server_are_understood(server):
    server.run(
        "DROP TABLE IF EXISTS odd",
        "CREATE TABLE odd (customer_id uuid, starts_on timestamptz, ends_on date, amount numeric, "
        "interval text, plan json, bytes bytea, span interval, list int[], is_trial boolean, "
        "day time)",
        "INSERT INTO odd VALUES "
        "('00000000-0000-0000-0000-000000000001', '2026-01-31 23:30+00', 'infinity', 12.255, "
        "'month', '{\"a\": 1}', '\\x00', '1 day', '{1,2}', false, '10:00'), "
        "('00000000-0000-0000-0000-000000000002', '2026-01-15 10:00+00', '2026-02-15', 12, "
        "'month', NULL, NULL, NULL, NULL, true, NULL)",
        "GRANT SELECT ON odd TO reader",
    )
    source = {"uri": server.uri(), "tables": {"subscriptions": {"from": "public.odd"}}}
    found = check(shop("x", source=source, timezone="Europe/Berlin"))
    rows = found.tables["subscriptions"].execute()
    assert rows["customer_id"].tolist() == ["00000000-0000-0000-0000-000000000001"]
    assert str(rows["starts_on"].iloc[0])[:10] == "2026-02-01", "on the business's clock"
    assert rows["ends_on"].isna().all()
    assert float(rows["mrr"].iloc[0]) == 12.26
    assert found.data_box[0]["apart"] == 1, "a trial"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("subscription", "did you mean 'subscriptions'"),
        ("public.subscription", "did you mean 'subscriptions'"),
        ("nowhere.subscriptions", "no 'nowhere.subscriptions' in the source"),
        ("a.b.c.d", "is no table's name"),
        ("../subscriptions", "is no table's name"),
        ('x"; DROP TABLE customers; --', "in the source"),
    ],
)
def test_a_table_that_is_not_there_is_named(demo, server, table, said):
    source = {"uri": server.uri(), "tables": {"subscriptions": {"from": table}}}
    with pytest.raises(ChurnlibError, match=said):
        check(shop("x", source=source))


def test_faults_of_a_server_end_in_a_sentence_without_its_password(demo, server, monkeypatch):
    def said(uri: str) -> str:
        with pytest.raises(ChurnlibError) as error:
            check(shop(uri))
        message = str(error.value)
        assert message.startswith("source.uri")
        assert message.endswith(".")
        assert PASSWORD not in message
        assert "Traceback" not in message
        return message

    assert "refused" in said(server.uri().replace(str(server.port), "1"))
    assert "does not exist" in said(server.uri().replace("/shop", "/nowhere"))
    monkeypatch.setenv("TEST_PASSWORD", "wrong-Password")
    assert "password authentication failed" in said(server.uri())
    assert "wrong-Password" not in said(server.uri())
    monkeypatch.delenv("TEST_PASSWORD")
    assert "TEST_PASSWORD is not set" in said(server.uri())


def test_every_part_of_an_address_may_come_from_the_environment(demo, server, monkeypatch):
    parts = {"DB_USER": "reader", "DB_HOST": "127.0.0.1", "DB_PORT": str(server.port)}
    for name, value in parts.items():
        monkeypatch.setenv(name, value)
    found = check(shop("postgresql://${DB_USER}:${TEST_PASSWORD}@${DB_HOST}:${DB_PORT}/shop"))
    assert {row["table"] for row in found.data_box} == set(TABLES)


def test_a_driver_that_repeats_the_password_is_not_quoted(demo, server, monkeypatch):
    """As it stands in the address, and as it is."""

    def refuses(address: str, **more: object) -> None:
        raise OSError(f"cannot open {address} with password {PASSWORD}")

    monkeypatch.setattr(servers.ibis, "connect", refuses)
    with pytest.raises(ChurnlibError) as error:
        check(shop(server.uri()))
    assert PASSWORD not in str(error.value)
    assert "Sehr" not in str(error.value)


def test_a_table_that_may_not_be_read_is_said(server):
    server.run("DROP TABLE IF EXISTS hidden", "CREATE TABLE hidden (customer_id text)")
    source = {"uri": server.uri(), "tables": {"subscriptions": {"from": "hidden"}}}
    with pytest.raises(ChurnlibError, match="no 'hidden' in the source that this login may read"):
        check(shop("x", source=source))


def test_all_tables_are_of_one_moment(demo, server, tmp_path, monkeypatch):
    """Rows that come in while the first table is sent are in none of the others."""
    came = servers.Bar.came

    def meanwhile(self, name, rows):
        server.run("INSERT INTO surveys VALUES ('late', 'nps', '2026-01-01', NULL, NULL)")
        came(self, name, rows)

    monkeypatch.setattr(servers.Bar, "came", meanwhile)
    found = check(read_params(demo / "server.yml"))
    read = {row["table"]: row["read"] for row in found.data_box}
    server.run("DELETE FROM surveys WHERE customer_id = 'late'")
    monkeypatch.undo()
    monkeypatch.setenv("TEST_PASSWORD", PASSWORD.replace("+", "%2B").replace("/", "%2F"))
    assert read == {
        row["table"]: row["read"] for row in check(read_params(demo / "server.yml")).data_box
    }


def test_a_server_that_goes_down_leaves_the_last_good_report(demo, tmp_path):
    """The port of nobody: exit 2, one sentence, and the report of before untouched."""
    good = tmp_path / "demo" / "2026-09"
    good.mkdir(parents=True)
    (good / "index.html").write_text("good", encoding="utf-8")
    text = (demo / "server.yml").read_text(encoding="utf-8")
    (demo / "down.yml").write_text(text.replace("127.0.0.1:", "127.0.0.1:1"), encoding="utf-8")
    done = churnlib(
        "report", str(demo / "down.yml"), "--period", "2026-09", "--output", str(tmp_path)
    )
    assert done.returncode == 2, done.stderr
    assert "source.uri" in done.stderr
    assert (good / "index.html").read_text(encoding="utf-8") == "good"
    assert shutil.which("psql") is None or "psql" not in done.stderr
