"""What is written is true: examples run, files that list the same things agree, links lead
somewhere.
"""

import doctest
import importlib
import pkgutil
import re
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import yaml

import churnlib
from churnlib.input.expressions import FUNCTIONS
from churnlib.params.model import Params
from churnlib.params.servers import SENDING
from churnlib.params.source import TableSource
from churnlib.params.tables import TABLES
from tests.business import snapshot_of

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCKS = ["requirements.lock", "requirements-dev.lock"]
CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "ibis-framework": "ibis-duckdb",
    "matplotlib": "matplotlib-base",
    "nbconvert": "nbconvert-core",
    "seaborn": "seaborn-base",
}
MODULES = sorted(
    m.name
    for m in pkgutil.walk_packages(churnlib.__path__, "churnlib.")
    if not m.name.endswith("__main__")
)
DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name, snapshot, shop):
    module = importlib.import_module(name)
    told = Path(module.__file__).read_text(encoding="utf-8")
    is_of_shops = "Snapshot of a transactional business" in told
    world = {"snapshot": shop if is_of_shops else snapshot}
    result = doctest.testmod(module, extraglobs=world, optionflags=doctest.NORMALIZE_WHITESPACE)
    plt.close("all")
    assert result.failed == 0


@pytest.fixture(scope="module")
def snapshot():
    spans = [
        (f"c{n}", f"2026-0{1 + n % 2}-01", "2026-03-10" if n % 3 == 0 else None, 10 + n)
        for n in range(40)
    ]
    return snapshot_of(subscriptions=spans, period="2026-03")


@pytest.fixture(scope="module")
def shop():
    orders = [
        (f"c{n}", f"2026-0{1 + m}-0{1 + n % 9}", 10 + n)
        for n in range(40)
        for m in range(1 + n % 3)
    ]
    return snapshot_of(orders=orders, period="2026-03")


def requirement(text: str) -> tuple[str, str]:
    found = re.match(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?(.*)", text)
    return found[1].lower(), found[2].strip()


def test_the_conda_environment_agrees_with_the_package():
    listed = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = dict(requirement(one) for one in listed if isinstance(one, str))
    wanted = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["lab"]]
    for name, bound in map(requirement, wanted):
        assert conda.pop(CONDA_NAMES.get(name, name)) == bound, name
    assert conda.pop("python") == PROJECT["requires-python"]
    assert set(conda) == {"pip"}
    assert listed[-1] == {"pip": ["-e ."]}


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_pin_everything_with_hashes_and_name_no_host(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert "://" not in text
    pins = re.findall(r"^([A-Za-z0-9_.-]+)==\S+.*?(?=^\S|\Z)", text, re.M | re.S)
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.M)[1:]
    assert len(pins) == len(blocks)
    assert all("--hash=sha256:" in block for block in blocks)


def test_locks_hold_what_the_package_asks_for():
    pinned = [{requirement(line)[0] for line in _pins(lock)} for lock in LOCKS]
    run = {
        requirement(one)[0]
        for one in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["cdnow"]]
    }
    everything = run | {
        requirement(o)[0] for extra in PROJECT["optional-dependencies"].values() for o in extra
    }
    assert run <= pinned[0]
    assert everything <= pinned[1]
    assert set(_pins(LOCKS[0])) <= set(_pins(LOCKS[1])), "the run's lock is part of the developer's"


def _pins(lock: str) -> list[str]:
    lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
    return [
        line.removesuffix(" \\").split(" ;")[0] for line in lines if re.match(r"[A-Za-z0-9]", line)
    ]


def test_make_lists_at_most_seven_targets_and_readme_names_the_main_ones():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):.*## ", makefile, re.M)
    assert 4 <= len(targets) <= 7
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in ("report", "test", "lab", "lock"):
        assert target in targets
        assert f"make {target}" in readme


def test_the_parameter_file_is_documented_key_by_key():
    text = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
    for name in (*Params.model_fields, "extends", "max_rejected_share", "uri"):
        assert name in text, name
    for name, field in TableSource.model_fields.items():
        assert f"{field.alias or name}:" in text, name
    assert set(FUNCTIONS) == set(re.search(r"`(abs [^`]*)`", text)[1].split())
    for table in TABLES.values():
        for column in table.columns:
            assert column.name in text, f"{table.name}.{column.name}"


FIXED = (
    "churn",
    "mrr",
    "cohorts",
    "cohorts_revenue",
    "survival",
    "hazard",
    "clv",
    "clv_parameters",
)
"""Tables whose columns users and schedulers depend on: the README promises them."""


def test_the_tables_that_are_promised_are_declared_and_documented():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    results = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    for name in FIXED:
        assert f"{name}.csv" in readme, name
        assert f"## {name}\n" in results, name


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http", "mailto")):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("name", ["demo", "cdnow"])
def test_shipped_parameter_files_are_valid(name):
    assert churnlib.read_params(ROOT / "params" / f"{name}.yml").business == name


def test_the_version_is_the_same_everywhere():
    assert PROJECT["version"] == churnlib.__version__
    assert f"## {churnlib.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_servers_are_those_that_have_an_extra_and_a_row():
    """Each scheme has its driver in pyproject.toml, and stands in docs/servers.md."""
    extras = PROJECT["optional-dependencies"]
    told = (ROOT / "docs" / "servers.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| [^|]+ \| `(\w+)://[^|]+\| `(\w+)` \|", told, flags=re.MULTILINE)
    assert set(SENDING.values()) == {extra for _, extra in rows}
    for scheme, extra in rows:
        assert SENDING[scheme] == extra
        assert any(one.startswith(f"ibis-framework[{extra}]") for one in extras[extra]), extra
