"""The business as it was known at a period's end."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from churnlib.errors import DataError
from churnlib.input.checked import check
from churnlib.measures.few_customers import few_customers
from churnlib.params.read import params_from_values
from churnlib.periods import Period
from churnlib.snapshot.freeze import freeze


def business(folder: Path, **more):
    return params_from_values(
        {
            "business": "acme",
            "model": "subscription",
            "currency": "EUR",
            "source": {"uri": str(folder)},
            **more,
        }
    )


def write(folder: Path, name: str, *lines: str) -> None:
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def acme(tmp_path):
    write(
        tmp_path,
        "subscriptions.csv",
        "customer_id,starts_on,ends_on,mrr,plan,subscription_id,recorded_at",
        "a,2026-01-15,2026-03-01,10,S,1,2026-01-15",
        "b,2026-01-20,2026-02-20,20,M,2,2026-01-20",
        "b,2026-03-05,,25,L,3,2026-03-05",
        "c,2026-02-10,,30,M,4,2026-02-10",
        "c,2026-02-10,2026-03-15,30,M,4,2026-03-20",
        "d,2026-04-01,,5,S,5,2026-04-01",
    )
    write(
        tmp_path,
        "customers.csv",
        "customer_id,signed_up_on,channel",
        "a,2026-01-10,web",
        "e,2026-02-01,ad",
        "f,2026-04-02,ad",
    )
    return tmp_path


def frozen(folder: Path, period: str, out: str = "out", **more):
    return freeze(check(business(folder, **more)), Period.parse(period), folder / out)


def spans(snapshot) -> dict:
    rows = snapshot.subscriptions.to_pandas()
    ends = rows.ends_on.map(lambda day: None if pd.isna(day) else str(day)[:10])
    return {
        (c, str(s)[:10]): e for c, s, e in zip(rows.customer_id, rows.starts_on, ends, strict=True)
    }


def test_an_end_after_the_period_is_not_yet_known(acme):
    assert spans(frozen(acme, "2026-02")) == {
        ("a", "2026-01-15"): None,  # ends on 1 March: still there at the end of February
        ("b", "2026-01-20"): "2026-02-20",
        ("c", "2026-02-10"): None,
    }


def test_of_several_versions_of_a_span_the_last_one_known_holds(acme):
    assert spans(frozen(acme, "2026-03"))[("c", "2026-02-10")] == "2026-03-15"
    lines = (acme / "subscriptions.csv").read_text().replace("2026-03-20", "2026-04-02")
    (acme / "subscriptions.csv").write_text(lines)
    assert spans(frozen(acme, "2026-03"))[("c", "2026-02-10")] is None


def test_running_an_old_period_later_gives_the_same_bytes(acme):
    before = frozen(acme, "2026-02", "before")
    with (acme / "subscriptions.csv").open("a") as file:
        file.write("g,2026-03-01,,99,S,6,2026-03-01\nh,2026-02-01,,99,S,7,2026-05-01\n")
    after = frozen(acme, "2026-02", "after")
    assert after.fingerprint == before.fingerprint


def test_customers_are_all_who_are_known_with_their_first_plan(acme):
    rows = frozen(acme, "2026-03").customers.to_pandas().set_index("customer_id").sort_index()
    assert rows.index.tolist() == ["a", "b", "c", "e"]
    assert rows.channel.tolist() == ["web", "(unknown)", "(unknown)", "ad"]
    assert rows.first_plan.tolist() == ["S", "M", "M", "(unknown)"]
    assert pd.isna(rows.first_active_on["e"])
    assert str(rows.signed_up_on["a"])[:10] == "2026-01-10"


def test_records_that_begin_later_give_late_entry(acme):
    rows = (
        frozen(acme, "2026-03", data_from="2026-02-01")
        .customers.to_pandas()
        .set_index("customer_id")
    )
    assert str(rows.first_active_on["a"])[:10] == "2026-01-15"
    assert str(rows.observed_from["a"])[:10] == "2026-02-01"
    assert str(rows.observed_from["c"])[:10] == "2026-02-10"


def test_a_span_cut_off_where_the_records_begin_goes_back_to_the_sign_up(acme):
    write(acme, "customers.csv", "customer_id,signed_up_on", "c,2024-06-01")
    rows = (
        frozen(acme, "2026-03", data_from="2026-02-10")
        .customers.to_pandas()
        .set_index("customer_id")
    )
    assert str(rows.first_active_on["c"])[:10] == "2024-06-01"
    assert str(rows.observed_from["c"])[:10] == "2026-02-10"


@pytest.mark.parametrize("period", ["2025-12", "2026-06"])
def test_a_period_outside_the_data_is_refused(acme, period):
    with pytest.raises(
        DataError,
        match=r"The data cover 2026-01-15 to 2026-04-01; the last complete month is 2026-03",
    ):
        frozen(acme, period)


def test_a_period_that_the_records_begin_in_has_no_opening(acme):
    with pytest.raises(
        DataError, match=r"period 2026-02 begins before the records do \(data_from\)"
    ):
        frozen(acme, "2026-02", data_from="2026-02-10")
    assert frozen(acme, "2026-03", data_from="2026-02-10").period.label == "2026-03"


def test_dates_that_leave_no_data_are_refused(acme):
    for dates in ({"data_from": "2027-01-01"}, {"data_until": "2020-01-01"}):
        with pytest.raises(DataError, match="see data_from, data_until"):
            check(business(acme, **dates))


def test_without_a_complete_period_the_one_under_way_is_named(tmp_path):
    write(tmp_path, "subscriptions.csv", "customer_id,starts_on,mrr", "a,2026-01-10,1")
    checked = check(business(tmp_path))
    assert (
        checked.coverage() == "The data cover 2026-01-10 to 2026-01-10; no period is complete yet."
    )
    with pytest.raises(DataError, match="Ask for the one under way with --period 2026-01"):
        checked.latest_period()


def test_the_last_complete_period_and_a_partial_one(acme):
    checked = check(business(acme))
    assert checked.latest_period().label == "2026-03"
    assert frozen(acme, "2026-04").partial
    assert not frozen(acme, "2026-03").partial
    assert check(business(acme, data_until="2026-04-30")).latest_period().label == "2026-04"


def test_rows_that_stand_for_whole_months_cover_the_last_one(tmp_path):
    write(
        tmp_path,
        "subscriptions.csv",
        "customer_id,starts_on,mrr",
        "a,2026-01-01,1",
        "b,2026-03-01,1",
    )
    assert check(business(tmp_path)).latest_period().label == "2026-03"


def test_an_unknown_segment_names_the_nearest(acme):
    with pytest.raises(
        DataError,
        match=r"segments: customers have no column 'chanel' to split by: did you mean 'channel'?",
    ):
        check(business(acme, segments=["chanel"]))


def test_many_values_of_a_segment_are_pooled(tmp_path):
    write(
        tmp_path,
        "customers.csv",
        "customer_id,city",
        *[f"{n},city{min(n, 20):02}" for n in range(40)],
    )
    write(
        tmp_path,
        "subscriptions.csv",
        "customer_id,starts_on,mrr",
        *[f"{n},2026-01-01,1" for n in range(40)],
    )
    cities = (
        frozen(tmp_path, "2026-01", segments=["city"]).customers.to_pandas().city.value_counts()
    )
    assert len(cities) == 12
    assert cities["city20"] == 20
    assert cities["(other)"] == 10


def test_tables_are_written_with_formulas_defused(acme):
    snapshot = frozen(acme, "2026-03")
    frame = pd.DataFrame({"segment": ["=1+1", "plain"], "n": [-1, 2]})
    assert snapshot.write_table(frame, name="x").attrs["file"] == "tables/x.csv"
    assert (snapshot.folder / "tables" / "x.csv").read_text() == "segment,n\n'=1+1,-1\nplain,2\n"


def test_what_measures_share_is_computed_once(acme):
    asked = []
    snapshot = frozen(acme, "2026-03")

    def ask():
        asked.append(1)
        return snapshot.subscriptions.filter(snapshot.subscriptions.mrr > 20)

    assert snapshot.once("large", ask) is snapshot.once("large", ask)
    assert len(asked) == 1
    assert snapshot.once("large", ask).count().execute() == ask().count().execute() == 2
    assert (
        replace(snapshot, partial=True).once("large", lambda: snapshot.customers).count().execute()
        == 4
    )


def test_few_customers_one_by_one(acme):
    """Those who were customers by then, where the parameters ask for rows about persons."""
    assert few_customers(frozen(acme, "2026-03")).empty
    listed = few_customers(frozen(acme, "2026-03", "listed", customer_lists=True))
    assert listed["customer_id"].tolist() == ["a", "b", "c"]
    assert listed["mrr"].tolist() == [0, 25, 0]
    assert listed["left_on"].isna().tolist() == [False, True, False]
    assert listed["left_on"].iloc[2] == pd.Timestamp("2026-03-15")
