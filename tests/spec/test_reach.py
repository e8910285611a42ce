"""Whom a change reaches: columns of customers, their values, and who leaves without it."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from churnlib.errors import DataError, ParamsError
from churnlib.input.checked import check
from churnlib.measures.met_changes import met_changes
from churnlib.models.leaving.changes import change_estimates
from churnlib.params.read import params_from_papermill, params_from_values
from churnlib.periods import Period
from churnlib.snapshot.freeze import freeze

SETTINGS = {"business": "b", "model": "subscription", "currency": "EUR", "data_until": "2026-04-30"}
DAY = "2026-01-01"


def params(folder: Path, reach: dict[str, list], **more):
    change = {"date": DAY, "kind": "price", "label": "Rise", "reach": reach}
    return params_from_values(
        SETTINGS | {"source": {"uri": str(folder)}, "changes": [change], **more}
    )


@pytest.fixture
def twenty(tmp_path) -> Path:
    """Countries c01 to c20, of which c20 has 21 customers and the others one each; one unknown."""
    people = [f"{n},c{min(n, 20):02},{'web' if n % 2 else 'ad'}" for n in range(1, 41)]
    spans = [f"{n},2025-11-05,1,S" for n in range(1, 42)]
    for name, header, rows in (
        ("customers", "customer_id,country,channel", [*people, "41,,web"]),
        ("subscriptions", "customer_id,starts_on,mrr,plan", spans),
    ):
        (tmp_path / f"{name}.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return tmp_path


def n_reached(given, folder: Path) -> int:
    snapshot = freeze(check(given), Period.parse("2026-03"), folder / "out")
    return int(met_changes(snapshot)["customers"].sum())


@pytest.mark.parametrize(
    ("reach", "n"),
    [
        ({"country": ["c20"]}, 21),
        ({"country": ["c19", "c07"]}, 2),
        ({"country": ["c20"], "channel": ["web"]}, 10),
        ({"country": ["(unknown)"]}, 1),
        ({"first_plan": ["S"]}, 41),
    ],
)
@pytest.mark.parametrize("segments", [[], ["country", "channel"]])
def test_whom_it_reaches_does_not_depend_on_what_is_split_by(twenty, reach, n, segments):
    assert n_reached(params(twenty, reach, segments=segments), twenty) == n


def test_a_value_that_is_shown_in_other_words_is_reached_by_its_own(twenty):
    words = {"country": {"c19": "The last but one"}, "first_plan": {"S": "Small"}}
    assert n_reached(params(twenty, {"country": ["c19"]}, labels=words), twenty) == 1
    assert n_reached(params(twenty, {"first_plan": ["S"]}, labels=words), twenty) == 41


def test_two_values_of_one_name_are_reached_together_or_not_at_all(twenty):
    words = {"country": {"c18": "North", "c19": "North"}}
    assert n_reached(params(twenty, {"country": ["c18", "c19"]}, labels=words), twenty) == 2
    with pytest.raises(ParamsError, match="reaches 'c19' alone; give them two names"):
        params(twenty, {"country": ["c19"]}, labels=words)


@pytest.mark.parametrize(
    ("reach", "said"),
    [
        ({"kountry": ["c01"]}, "changes: customers have no column 'kountry' to be reached by"),
        ({"country": ["c1"]}, r"changes: reach.country = 'c1': nobody has this value"),
        ({"country": ["c01", "x"]}, r"changes: reach.country = 'x': nobody has this value"),
    ],
)
def test_what_nobody_has_is_said_before_anything_is_computed(twenty, reach, said):
    with pytest.raises(DataError, match=said):
        check(params(twenty, reach))


def test_a_country_that_papermill_read_as_false_is_refused():
    change = {"date": DAY, "kind": "price", "label": "Rise", "reach": {"country": [False]}}
    given = SETTINGS | {"source": {"uri": "."}, "changes": [change]}
    with pytest.raises(ParamsError, match=r"changes.0.reach.country = \[False\]"):
        params_from_papermill(given)


def due_by_month(due: int, left: list[int], *, reached: bool) -> pd.DataFrame:
    months = pd.date_range("2025-01-01", periods=len(left), freq="MS")
    rows = pd.DataFrame({"label": "Rise", "period_start": months, "interval_months": 1})
    since = np.where(months >= DAY, 1, 0) if reached else 0
    return rows.assign(renewal=5, reached=reached, since=since, due=due, left=left, complete=True)


@pytest.mark.parametrize("due_others", [100, 1000, 9000])
def test_who_always_left_more_is_not_taken_for_who_was_driven_away(due_others):
    """Those reached leave at 6 % before and after; the others at 2 %."""
    own = due_by_month(1000, [60, 58, 62] * 5, reached=True)
    others = due_by_month(due_others, [due_others // 50] * 15, reached=False)
    day = pd.Timestamp(DAY)
    known = pd.DataFrame({"label": ["Rise"], "kind": "price", "starts_on": day, "known_on": day})
    rows = pd.concat([own, others], ignore_index=True)
    found = change_estimates(known.assign(at_renewal=True), rows).set_index("method")
    assert found["effect"].tolist() == pytest.approx([1.0] * len(found), abs=0.05)
    assert found.loc["both", "verdict"] == "no signal"
