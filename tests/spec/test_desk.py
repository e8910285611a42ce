"""How an analyst opens data: a notebook's first cells, a file, and some of the customers."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pandas as pd
import pytest
from papermill.iorw import read_yaml_file

import churnlib as cl
from churnlib.errors import ChurnlibError, DataError, ParamsError
from churnlib.input.checked import check
from churnlib.notebook import start
from churnlib.params.model import PROJECT
from churnlib.params.read import find_params, read_params
from churnlib.periods import Period
from churnlib.snapshot.freeze import freeze, open_frozen
from churnlib.snapshot.open import from_frames
from churnlib.snapshot.open import open as open_business
from churnlib.snapshot.snapshot import Snapshot

CELL = """params = "demo.yml"  # a file: its path, or its name in params/
period = None  # 2026-09 or 2026-Q3; None: the last complete one
frozen = None  # folder of a frozen snapshot, given by churnlib report"""
START = """import churnlib as cl
snapshot = cl.start(globals(), needs="subscriptions")
snapshot.params.business, snapshot.period.label, snapshot.subscriptions.count().execute()"""
SPANS = (
    "customer_id,starts_on,mrr\na,2026-01-01,10\nb,2026-02-01,20\nc,2026-02-01,30\nd,2026-03-01,4\n"
)
PEOPLE = "customer_id,country\na,NO\nb,NO\nc,DE\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a notebook, two parameter files and their data."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "data").mkdir()
    (folder / "data" / "subscriptions.csv").write_text(SPANS, encoding="utf-8")
    (folder / "data" / "customers.csv").write_text(PEOPLE, encoding="utf-8")
    acme = "business: acme\nmodel: subscription\ncurrency: EUR\n"
    acme += f"source: {{uri: '{folder / 'data'}'}}\n"
    (folder / "acme.yml").write_text(acme, encoding="utf-8")
    (folder / "norway.yml").write_text(acme + "only: {country: [NO]}\n", encoding="utf-8")
    given = nbformat.v4.new_code_cell(CELL, metadata={"tags": ["parameters"]})
    book = nbformat.v4.new_notebook(cells=[given, nbformat.v4.new_code_cell(START)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    nbformat.write(book, folder / "chapter.ipynb")
    return folder


RUNS = {
    "by path": ["-p", "params", "acme.yml", "-p", "period", "2026-02"],
    "all keys": ["-f", "acme.yml", "-p", "period", "2026-02"],
    "only": ["-p", "params", "norway.yml", "-p", "period", "2026-02"],
    "a country that became false": ["-f", "norway.yml", "-p", "period", "2026-02"],
}


@pytest.fixture(scope="module")
def runs(desk: Path) -> dict[str, tuple[int, str, str]]:
    """What plain papermill makes of the notebook: exit code, stderr, what the last cell gave."""
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    started = {}
    for name, words in RUNS.items():
        command = [sys.executable, "-m", "papermill", "chapter.ipynb", f"{name}.ipynb", *words]
        started[name] = subprocess.Popen(
            command, cwd=desk, env=environment, stderr=subprocess.PIPE, text=True
        )
    ended = {}
    for name, run in started.items():
        _, said = run.communicate(timeout=300)
        outputs = nbformat.read(desk / f"{name}.ipynb", as_version=4).cells[-1].outputs
        results = [one.data["text/plain"] for one in outputs if one.output_type == "execute_result"]
        ended[name] = (run.returncode, said, "".join(results))
    return ended


@pytest.mark.parametrize(
    ("run", "told"),
    [
        ("by path", "('acme', '2026-02', 3)"),
        ("all keys", "('acme', '2026-02', 3)"),
        ("only", "('acme', '2026-02', 2)"),
    ],
)
def test_plain_papermill_runs_a_notebook(runs, run, told):
    code, said, result = runs[run]
    assert code == 0, said
    assert result == told


def test_plain_papermill_is_told_that_no_became_false(runs):
    code, said, result = runs["a country that became false"]
    assert code != 0
    assert result == ""
    assert "only.country = [False]" in said
    assert 'hand the file over with -p params FILE, or put the value in quotes ("NO").' in said


def test_a_flag_is_refused_only_where_papermill_read_it(desk):
    table = "source: {uri: data, tables: {subscriptions: {filter: {is_trial: [false]}}}}\n"
    text = (desk / "acme.yml").read_text()
    (desk / "flag.yml").write_text(re.sub(r"source: .*\n", table, text))
    asked = {"is_trial": [False]}
    assert read_params(desk / "flag.yml").source.tables["subscriptions"].filter == asked
    with pytest.raises(ParamsError, match=r"source.tables.subscriptions.filter.is_trial = \[False"):
        start(read_yaml_file(str(desk / "flag.yml")))


def test_a_country_in_quotes_comes_through_papermill(desk):
    text = (desk / "norway.yml").read_text().replace("[NO]", '["NO"]')
    (desk / "quoted.yml").write_text(text)
    snapshot = start({"params": "demo.yml", **read_yaml_file(str(desk / "quoted.yml"))})
    assert snapshot.restricted == {"country": ["NO"]}


def test_a_file_is_found_by_its_path_and_by_its_name(desk, monkeypatch):
    monkeypatch.chdir(desk)
    assert find_params("demo.yml") == PROJECT / "params" / "demo.yml"
    assert find_params("params/demo.yml") == PROJECT / "params" / "demo.yml"
    assert find_params("acme.yml").resolve() == desk / "acme.yml"
    (desk / "notebooks").mkdir(exist_ok=True)
    monkeypatch.chdir(desk / "notebooks")
    assert find_params("../acme.yml").resolve() == desk / "acme.yml"
    assert find_params(desk / "acme.yml") == desk / "acme.yml"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("dmo.yml", "no such parameter file, here or in params/: did you mean 'demo.yml'?"),
        ("xyz", "here or in params/. In params/: cdnow.yml, demo.yml, shop.yml."),
        (None, "is the path of a parameter file, or its name in params/."),
    ],
)
def test_a_file_that_is_not_there_names_the_nearest(name, message):
    with pytest.raises(ParamsError, match=re.escape(message)):
        start({"params": name, "period": None, "frozen": None})


def test_a_notebook_by_itself_opens_the_last_complete_period(desk, monkeypatch):
    monkeypatch.chdir(desk)
    given = {"params": "acme.yml", "period": None, "frozen": None}
    assert start(given).period.label == "2026-03"
    assert start(given | {"period": "2026-02"}).period.label == "2026-02"


def test_the_runner_gives_a_frozen_snapshot(desk, tmp_path):
    made = freeze(check(read_params(desk / "acme.yml")), "2026-02", tmp_path / "frozen")
    opened = start({"params": "demo.yml", "frozen": str(tmp_path / "frozen"), "period": None})
    assert (opened.folder, opened.fingerprint) == (tmp_path / "frozen", made.fingerprint)


def test_a_notebook_says_what_it_needs(desk):
    with pytest.raises(ChurnlibError, match=r"needs the table 'orders'; acme \(model subscription"):
        start({"params": desk / "acme.yml"}, needs="orders")


@pytest.mark.parametrize("period", ["2026-02", Period.parse("2026-02"), None])
def test_a_business_opens_without_a_folder_to_name(desk, period):
    snapshot = open_business(desk / "acme.yml", period=period)
    assert snapshot.period.label == ("2026-02" if period else "2026-03")
    assert open_frozen(snapshot.folder).fingerprint == snapshot.fingerprint


def test_the_files_of_an_opened_business_are_gone_at_exit(desk):
    code = "from churnlib.snapshot.open import open; print(open('acme.yml').folder, end='')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=desk,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout
    assert not Path(done.stdout).exists()


def some_business(**settings: Any) -> Snapshot:
    """90 customers with three attributes, some of whom stand in no row of customers."""
    random = np.random.default_rng(7)
    n = np.arange(90)
    starts = pd.to_datetime("2025-01-01") + pd.to_timedelta(random.integers(0, 400, 90), "D")
    lasts = pd.to_timedelta(random.integers(20, 500, 90), "D")
    spans = pd.DataFrame(
        {
            "customer_id": n,
            "starts_on": starts,
            "ends_on": starts + lasts,
            "mrr": random.integers(1, 90, 90),
            "plan": random.choice(["Team", "Business"], 90),
        }
    )
    upgrades = spans.assign(starts_on=spans.ends_on, ends_on=pd.NaT, mrr=spans.mrr + 5)
    people = pd.DataFrame(
        {
            "customer_id": n,
            "country": random.choice(["DE", "FR", "NO"], 90),
            "billing": pd.Categorical(random.choice(["annual", "monthly"], 90)),
            "vip": random.choice([True, False], 90),
        }
    )
    tables = {
        "customers": people.iloc[:80],
        "subscriptions": pd.concat([spans, upgrades.iloc[::3]]),
    }
    dates = {"period": "2026-03", "data_until": "2026-04-30"}
    return from_frames(tables, currency="EUR", **dates, **settings)


@pytest.fixture(scope="module")
def whole() -> Snapshot:
    return some_business(title="Demo")


CHURN = ["opening_customers", "new_customers", "churned_customers", "closing_customers"]
BRIDGE = ["opening", "new", "reactivation", "expansion", "contraction", "churn", "closing"]
ADD_UP = [
    (cl.customer_churn, ["period_start"], CHURN),
    (cl.movements, ["period_start", "movement"], ["customers", "amount"]),
    (cl.mrr_bridge, ["period_start"], [*BRIDGE, "n_opening", "n_closing"]),
    (cl.customer_retention, ["cohort", "age"], ["active"]),
    (cl.lifetimes, ["entry", "duration", "event_observed"], ["customers"]),
]


def parts_of(whole: Snapshot, *columns: str) -> list[Snapshot]:
    """One snapshot for each combination of values that somebody has."""
    there = whole.customers.select(*columns).distinct().to_pandas()
    return [whole.where(**row) for row in there.to_dict("records")]


@pytest.fixture(scope="module")
def parts(whole) -> dict[str, list[Snapshot]]:
    return {
        "one": parts_of(whole, "country"),
        "three": parts_of(whole, "country", "billing", "first_plan"),
    }


@pytest.mark.parametrize("by", ["one", "three"])
@pytest.mark.parametrize(("measure", "keys", "values"), ADD_UP)
def test_restricted_snapshots_add_up_to_the_whole(whole, parts, by, measure, keys, values):
    pieces = pd.concat([measure(one) for one in parts[by]])
    summed = pieces.groupby(keys, dropna=False)[values].sum()
    all_of_it = measure(whole).set_index(keys)[values].astype(float).fillna(0.0)
    assert all_of_it.to_numpy().sum() > 0
    pd.testing.assert_frame_equal(
        summed.reindex(all_of_it.index, fill_value=0).astype(float), all_of_it, rtol=0, atol=1e-9
    )


def test_every_table_is_restricted(whole):
    few = whole.where(country="DE", billing=["annual"])
    wanted = whole.customers.to_pandas().query("country == 'DE' and billing == 'annual'")
    for table in few.tables.values():
        assert set(table.to_pandas().customer_id) == set(wanted.customer_id)
    assert few.restricted == {"country": ["DE"], "billing": ["annual"]}
    assert few.title == "Demo (country DE; billing annual)"
    assert few.params.effective()["only"] == few.restricted
    said = [account["remarks"] for account in few.data_box if account["table"] == "subscriptions"]
    assert f"Only customers with country DE; billing annual: {len(wanted)} of 90." in said[0]
    assert whole.restricted == {}
    assert "Only customers" not in str(whole.data_box)


def test_a_plan_is_the_one_that_a_customer_had_first(whole):
    assert whole.where(plan=["Team", "Business"]).restricted == {"first_plan": ["Team", "Business"]}


def test_values_are_compared_as_text_and_exactly(whole):
    assert whole.where(vip=True).restricted == {"vip": ["true"]}
    assert whole.where(country=None).customers.count().execute() == 10
    with pytest.raises(
        DataError, match=r"country = 'de': nobody has this value: did you mean 'DE'"
    ):
        whole.where(country="de")


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"contry": "DE"}, "where: customers have no column 'contry': did you mean 'country'?"),
        ({"xyz": 1}, "They have: country, billing, vip, first_plan."),
        ({"customer_id": "1"}, "customers have no column 'customer_id'"),
        ({"country": ["DE", "SE"]}, "where: country = 'SE': nobody has this value"),
        ({"country": []}, "where: country is given no value; name one or several."),
    ],
)
def test_what_cannot_be_restricted_to_is_named(whole, asked, message):
    with pytest.raises(DataError, match=re.escape(message)):
        whole.where(**asked)


def test_nobody_left_is_said():
    spans = pd.DataFrame({"customer_id": ["a", "b"], "starts_on": "2026-01-01", "mrr": 9})
    people = pd.DataFrame({"customer_id": ["a", "b"], "country": ["DE", "FR"], "vip": [1, 0]})
    tables = {"customers": people, "subscriptions": spans}
    message = r"only country DE; vip 0: nobody is left of 2 customers"
    with pytest.raises(DataError, match=message):
        from_frames(tables, currency="EUR").where(country="DE", vip=0)
    with pytest.raises(DataError, match=message):
        from_frames(tables, currency="EUR", only={"country": ["DE"], "vip": [0]})


def test_a_restricted_snapshot_keeps_nothing_of_the_whole(whole):
    few = whole.where(country="DE")
    both = [one.once("everybody", lambda one=one: one.customers) for one in (whole, few)]
    counts = [table.count().execute() for table in both]
    assert counts == [90, few.customers.count().execute()]
    assert few.fingerprint != whole.fingerprint


def test_tables_of_some_customers_do_not_overwrite_those_of_all(whole):
    frame = pd.DataFrame({"n": [1]})
    few = whole.where(country=["DE", "FR"]).where(vip=True)
    assert few.write_table(frame, name="x").attrs["file"] == (
        "tables/x_where_country_DE_FR_vip_true.csv"
    )
    assert whole.write_table(frame, name="x").attrs["file"] == "tables/x.csv"


def test_a_report_is_restricted_as_a_snapshot_is(whole):
    """`only` freezes the very rows that `where` gives."""
    report = some_business(title="Demo", only={"country": ["DE"], "vip": [True]})
    twin = whole.where(country="DE", vip=True)
    assert report.restricted == twin.restricted
    assert report.title == twin.title == "Demo (country DE; vip true)"
    assert report.data_box == twin.data_box
    for name, table in twin.tables.items():
        ordered = table.order_by(table.columns).to_pandas()
        frozen = report.tables[name].order_by(table.columns).to_pandas()
        pd.testing.assert_frame_equal(frozen, ordered)
    assert report.write_table(pd.DataFrame({"n": [1]}), name="x").attrs["file"] == "tables/x.csv"


def test_a_report_on_some_pools_the_values_of_those_alone():
    n = range(60)
    people = pd.DataFrame({"customer_id": n, "city": [f"city{i % 20:02}" for i in n]})
    spans = pd.DataFrame({"customer_id": n, "starts_on": "2026-01-01", "mrr": 1})
    tables = {"customers": people, "subscriptions": spans}
    settings = {"currency": "EUR", "segments": ["city"]}
    cities = ["city18", "city19"]
    assert "city19" not in from_frames(tables, **settings).customers.to_pandas().city.to_list()
    some = from_frames(tables, **settings, only={"city": cities})
    assert sorted(some.customers.to_pandas().city.unique()) == cities


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ({"contry": ["DE"]}, "only: customers have no column 'contry' to be restricted to: did"),
        ({"country": ["DE", "SE"]}, "only.country = 'SE': nobody has this value"),
        ({"first_plan": ["Tem"]}, "only.first_plan = 'Tem': nobody has this value: did you mean"),
        ({"country": "DE"}, "only.country = 'DE': is a list, such as [a, b]."),
        ({"country": []}, "country has no value; name at least one, or leave country out."),
        ({"country": [{"a": 1}]}, "only.country.0 = {'a': 1}: is one value"),
        ({"country": ["D\u202e"]}, "holds a character that cannot be seen"),
    ],
)
def test_a_report_that_cannot_be_restricted_says_why(only, message):
    with pytest.raises(ChurnlibError, match=re.escape(message)):
        some_business(only=only)


def test_a_long_restriction_is_short_in_the_title(desk):
    only = f"only: {{country: {[f'c{n}' for n in range(9)]}, vip: [true]}}\n"
    (desk / "long.yml").write_text((desk / "acme.yml").read_text() + only)
    title = read_params(desk / "long.yml").display_title
    assert title == "acme (country c0, c1, c2 and 6 more; vip true)"


def test_a_snapshot_shows_itself_in_six_lines(whole):
    few = whole.where(country="DE")
    lines = repr(few).splitlines()
    assert len(lines) == 6
    n = few.customers.count().execute()
    spans = few.subscriptions.count().execute()
    ever = few.customers.first_active_on.count().execute()
    assert lines[:5] == [
        "Snapshot: Demo, March 2026, as known before 1 April 2026",
        "Business: frames, subscription, in EUR, by month",
        f"Rows: {n} customers ({ever} ever paid), {spans} subscriptions; 0 set aside",
        "Split by: country, billing, vip, first_plan",
        "Restricted: country DE",
    ]
    assert repr(whole).splitlines()[4] == "Restricted: no, everybody is in here"
    for name in re.findall(r"cl\.(\w+)", lines[5]):
        assert name in cl.__all__
    assert few._repr_html_().count("<tr>") == 6


def test_what_a_snapshot_shows_is_escaped():
    orders = pd.DataFrame({"customer_id": ["a"], "ordered_at": "2026-01-01", "amount": 1})
    html = from_frames(orders, currency="EUR", title="<b>A & B</b>", period="2026-01")._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;A &amp; B&lt;/b&gt;" in html
    assert "1 orders" in html
