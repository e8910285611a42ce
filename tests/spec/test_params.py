"""The parameter file: what it accepts, and what it says of what it does not."""

from pathlib import Path

import pytest

from churnlib.errors import ParamsError
from churnlib.params.model import Params
from churnlib.params.read import params_from_values, read_params

GOOD = """
business: acme
model: subscription
currency: EUR
source: {uri: ../data/acme}
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str, name: str = "acme.yml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_defaults_are_filled_in(written):
    params = read_params(written(GOOD))
    assert (params.grain, params.timezone, params.margin, params.discount_rate) == (
        "month",
        "UTC",
        None,
        0.1,
    )
    assert params.policies.max_rejected_share == 0.05
    assert params.display_title == "acme"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("margn: 0.5", "line 6: margn is not a parameter: did you mean 'margin'?"),
        ("margin: 8", "line 6: margin = 8: "),
        ("margin: much", "line 6: margin = 'much': "),
        ("timezone: Europe/Berln", "did you mean 'Europe/Berlin'?"),
        ("segments: channel", "line 6: segments = 'channel': "),
        ("policies: {max_rejected: 1}", "line 6: policies.max_rejected is not a parameter"),
        ("data_until: 30.09.2026", "data_until = '30.09.2026': a date is written 2026-09-30"),
        ("grain: week", "line 6: grain = 'week': "),
        ("exchange_rates: {USD: -1}", "exchange_rates.USD = -1: "),
        ("business: other", "line 6: business is given twice (first on line 2)"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(written, line, message):
    with pytest.raises(ParamsError) as error:
        read_params(written(GOOD + line + "\n"))
    assert message in str(error.value)
    assert str(error.value).startswith("acme.yml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (GOOD.replace("currency: EUR", "currency: EURO"), "a currency is an ISO 4217 code"),
        (GOOD.replace("business: acme", "business: ../acme"), "business = '../acme': "),
        (GOOD.replace("model: subscription\n", ""), "model is missing"),
        (
            GOOD.replace("acme}", "acme, tables: {subs: {}}}"),
            "'subs' is not a table: did you mean 'subscriptions'?",
        ),
        (
            GOOD.replace("acme}", "acme, tables: {customers: {}}}"),
            "model subscription needs source.tables.subscriptions",
        ),
        ("- a\n- b\n", "a parameter file is a list of `key: value` lines"),
        ("business: [acme\n", "not readable as YAML"),
        ("a: &x 1\nb: *x\n", "aliases"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(written, text, message):
    with pytest.raises(ParamsError, match=r"acme.yml") as error:
        read_params(written(text))
    assert message in str(error.value)


def test_a_missing_file_names_its_neighbours(written, tmp_path):
    written(GOOD)
    with pytest.raises(ParamsError, match=r"no such parameter file. There: acme.yml"):
        read_params(tmp_path / "acne.yml")


def test_text_stays_text(written):
    kept = "{country: [NO, yes, 007, 12:30], n: [1, 2.5], b: [false]}"
    tables = f"acme, tables: {{subscriptions: {{filter: {kept}}}}}}}"
    rows = read_params(written(GOOD.replace("acme}", tables))).source.tables["subscriptions"].filter
    assert rows == {"country": ["NO", "yes", "007", "12:30"], "n": [1, 2.5], "b": [False]}


def test_extends_merges_mappings_and_replaces_the_rest(written):
    written(
        GOOD + "segments: [a, b]\npolicies: {max_rejected_share: 0.2}\nmargin: 0.5\n", "base.yml"
    )
    params = read_params(
        written("extends: base.yml\nbusiness: two\nsegments: [c]\nsource: {uri: ../data/two}\n")
    )
    assert (params.business, params.segments, params.margin) == ("two", ("c",), 0.5)
    assert params.policies.max_rejected_share == 0.2
    assert params.source.uri == "../data/two"


def test_extends_in_a_circle_is_refused(written):
    written(GOOD + "extends: acme.yml\n", "base.yml")
    with pytest.raises(ParamsError, match="circle"):
        read_params(written("extends: base.yml\n"))


def test_the_same_keys_from_papermill_give_the_same_parameters(written):
    given = {
        "business": "acme",
        "model": "subscription",
        "currency": "EUR",
        "source": {"uri": "../data/acme"},
    }
    from_notebook = params_from_values({**given, "margin": None, "something_else": 3})
    assert from_notebook.effective() == read_params(written(GOOD)).effective()


def test_effective_parameters_come_back_as_they_went(written):
    params = read_params(written(GOOD + "segments: [channel]\nexchange_rates: {USD: 0.9}\n"))
    assert Params.model_validate(params.effective()).effective() == params.effective()
