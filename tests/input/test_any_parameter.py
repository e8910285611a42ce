"""Any value for any key: it is read, or a sentence says why not. Keys come from the model itself, so
that a new one is tried too.
"""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from churnlib.errors import ChurnlibError
from churnlib.input.checked import check
from churnlib.params.model import Params, Policies
from churnlib.params.read import read_params
from churnlib.params.source import Source, TableSource

TEXTS = [
    *(
        "\u00b2",
        "1.5e",
        "9999-12-31",
        "0001-01-01",
        "%F",
        "%",
        "~nobody/x",
        "",
        " ",
        "a\0b",
        "\x1b[2J",
    ),
    *(
        "../..",
        "/",
        "C:\\x",
        "\U0001f600",
        "null",
        "NaN",
        "${HOME}",
        "$(id)",
        "'; drop table x;--",
        "01",
    ),
    *("inf", "1e400", "country", "customer_id", "P1Y", "2026-13", "1999-02-30", "2025-06-01"),
    *("UTC+25", "Europe/Nowhere", "utf-99", "base64", "||", "whitespace", "\n", "stripe", "months"),
    *("changes", "inclusive", "epoch", "x" * 3000),
]
NUMBERS = [True, False, None, 0, -1, 10**30, -(10**30), 1e308, math.nan, math.inf, 0.5]
NESTED = [
    *([], [[]], ["a"], ["\u00b2", ""], [["2025-01-01"]], [["2025-01-01", "2024-01-01"]], [[1, 2]]),
    *([["2025-01-01", "9999-12-31"]], {}, {"a": 1}, {"": ""}, {"country": ["DE"]}, {"country": {}}),
    *({"a": {"b": {"c": 1}}}, {"USD": 0}, {"USD": 1e308}, {"usd": 1}, ["country"] * 3),
]
VALUES = [*TEXTS, *NUMBERS, *NESTED]
TABLE = ("source", "tables", "subscriptions")
KEYS = [
    *((name,) for name in Params.model_fields),
    *(("policies", name) for name in Policies.model_fields),
    *(("source", name) for name in Source.model_fields),
    *((*TABLE, name) for name in TableSource.model_fields),
    *((*TABLE, "columns", name) for name in ("starts_on", "ends_on", "mrr", "interval", "plan")),
    *((*TABLE, "expressions", name) for name in ("starts_on", "mrr", "plan")),
    (*TABLE, "filter", "plan"),
]
CHECKED = 25
"""Of so many pairs of a key and a value, one is checked against data too."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("any")
    spans = [f"c{n},2025-0{n % 9 + 1}-01,,{n + 10},p{n % 2}" for n in range(40)]
    head = "customer_id,starts_on,ends_on,mrr,plan"
    (made / "subscriptions.csv").write_text("\n".join([head, *spans]) + "\n")
    (made / "customers.csv").write_text("customer_id,country\nc1,DE\n")
    return made


def parameters(folder: Path) -> Iterator[tuple[Path, str]]:
    """A parameter file with one value changed, and which; one after the other."""
    path = folder / "acme.yml"
    for key, value in itertools.product(KEYS, VALUES):
        known = {"business": "acme", "model": "subscription", "currency": "EUR"}
        known["source"] = {"uri": ".", "tables": {"subscriptions": {"from": "subscriptions.csv"}}}
        place = known
        for name in key[:-1]:
            place = place.setdefault(name, {})
        place[key[-1]] = value
        path.write_text(yaml.safe_dump(known, allow_unicode=True), encoding="utf-8")
        yield path, f"{'.'.join(key)} = {value!r:.60}"


def test_any_value_of_any_key_is_read_or_refused_in_a_sentence(folder: Path) -> None:
    unforeseen, refused = [], 0
    for number, (path, said) in enumerate(parameters(folder)):
        try:
            params = read_params(path)
            if number % CHECKED == 0:
                check(params)
        except ChurnlibError as error:
            refused += 1
            if "a value cannot be read" in str(error):
                unforeseen.append(f"{said}: {error}")
        except Exception as error:
            unforeseen.append(f"{said}: {type(error).__name__}: {error}")
    assert not unforeseen
    assert refused > 1000
