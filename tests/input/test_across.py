"""What the rows of one customer show together, and which days the data cover."""

from datetime import date, timedelta
from pathlib import Path

import pytest

import churnlib as cl
from churnlib.errors import DataError
from churnlib.input.checked import Checked, check
from churnlib.params.read import params_from_values
from churnlib.snapshot.freeze import freeze


def business(folder: Path, rows: list[str], *, head: str, table: dict | None = None, **more):
    (folder / "subscriptions.csv").write_text("\n".join([head, *rows]) + "\n")
    return params_from_values(
        {
            "business": "acme",
            "model": "subscription",
            "currency": "EUR",
            "source": {"uri": str(folder), "tables": {"subscriptions": table or {}}},
            **more,
        }
    )


def said(checked: Checked) -> str:
    account = checked.data_box[0]
    return " ".join([*account["remarks"], *account["warnings"]])


SPANS = "customer_id,starts_on,ends_on,mrr"
OPEN = "customer_id,starts_on,mrr"


def test_a_row_a_month_without_an_end_is_refused_with_the_shape(tmp_path):
    rows = [f"c{n},2026-0{month}-01,10" for n in range(3) for month in (1, 2, 3)]
    with pytest.raises(DataError, match=r"3 of 3 customers hold several open spans.*shape: months"):
        check(business(tmp_path, rows, head=OPEN))


def test_invoices_without_an_end_are_refused_and_the_end_is_named(tmp_path):
    rows = [f"c{n},2026-0{m}-1{n},10,2026-0{m + 1}-1{n}" for n in range(3) for m in (1, 2, 3)]
    head = "customer_id,starts_on,mrr,service_period_end"
    with pytest.raises(DataError, match=r"shape: invoices.*ends_on: service_period_end"):
        check(business(tmp_path, rows, head=head))


def test_a_zero_after_an_open_span_is_refused_with_the_shape(tmp_path):
    rows = ["a,2026-01-05,10", "b,2026-01-07,10", "a,2026-02-09,20", "b,2026-03-01,0"]
    with pytest.raises(
        DataError, match=r"row 4: the span would go on for ever. Set shape: changes"
    ):
        check(business(tmp_path, rows, head=OPEN))
    changes = business(tmp_path, rows, head=OPEN, table={"shape": "changes"})
    assert "4 rows are 3 spans" in said(check(changes))


def test_what_is_legal_is_not_refused(tmp_path):
    """Several subscriptions, a young business, a free one beside a paid one, a pause at 0."""
    head = "customer_id,subscription_id,starts_on,ends_on,mrr"
    rows = ["a,1,2026-01-05,,10", "a,2,2026-02-05,,0", "a,3,2026-02-07,,5", "b,4,2026-01-07,,10"]
    checked = check(business(tmp_path, rows, head=head))
    assert "1 customer holds several open spans at once, up to 2" in said(checked)
    assert "No row of subscriptions has an end" in said(checked)
    paused = ["a,1,2026-01-05,2026-02-01,10", "a,1,2026-02-01,2026-03-01,0", "a,1,2026-03-01,,10"]
    assert check(business(tmp_path, paused, head=head)).data_box[0]["warnings"] == []


@pytest.mark.parametrize(("days", "told"), [(1, True), (3, True), (4, False), (0, False)])
def test_short_gaps_at_a_change(tmp_path, days, told):
    end = date(2026, 2, 10) - timedelta(days=days)
    rows = [f"a,2026-01-05,{end},10", "a,2026-02-10,,20", "b,2026-01-05,,10"]
    assert ("ends: inclusive" in said(check(business(tmp_path, rows, head=SPANS)))) == told
    bridged = business(tmp_path, rows, head=SPANS, policies={"bridge_days": 3})
    assert ("is bridged" in said(check(bridged))) == told


def test_inclusive_ends_are_the_day_before(tmp_path):
    rows = ["a,2026-01-05,2026-02-09,10", "a,2026-02-10,,20", "b,2026-01-05,2026-02-28,10"]
    params = business(tmp_path, rows, head=SPANS, table={"ends": "inclusive"})
    checked = check(params)
    assert checked.data_box[0]["warnings"] == []
    assert [str(day)[:10] for day in checked.tables["subscriptions"].to_pandas().ends_on] == [
        "2026-02-10",
        "NaT",
        "2026-03-01",
    ]


def test_superseded_versions_are_counted_apart(tmp_path):
    head = "customer_id,subscription_id,starts_on,ends_on,mrr,recorded_at"
    rows = [
        "a,1,2026-01-05,,10,2026-01-05 10:00",
        "a,1,2026-01-05,,12,2026-01-05 11:00",
        "a,1,2026-01-05,2026-03-01,12,2026-02-05 10:00",
        "b,2,2026-01-05,,10,2026-01-06",
        "b,2,2026-01-05,,7,2026-01-06",
    ]
    checked = check(business(tmp_path, rows, head=head))
    account = checked.data_box[0]
    assert (account["read"], account["kept"], account["apart"]) == (5, 3, 2)
    assert account["reasons"][0]["reason"] == "earlier version, replaced by a later recording"
    spans = freeze(checked, "2026-01").subscriptions.to_pandas()
    assert sorted(spans.mrr.astype(float)) == [7, 10, 12]  # rows of one recording add up


def test_a_move_between_billing_systems(tmp_path):
    head = "customer_id,subscription_id,starts_on,ends_on,mrr"
    rows = ["a,old,2026-01-05,2026-02-10,10", "a,new,2026-02-10,,10", "b,1,2026-01-05,,9"]
    assert "ends on the day another one starts" in said(check(business(tmp_path, rows, head=head)))


def test_records_that_begin_with_everybody_at_once(tmp_path):
    rows = [f"c{n},2025-01-01,10" for n in range(100)]
    rows += [f"d{m}{n},2025-{m:02d}-01,10" for m in range(2, 7) for n in range(3)]
    table = {"shape": "months"}
    warned = said(check(business(tmp_path, rows, head=OPEN, table=table)))
    assert "begin with 100 customers at once" in warned
    assert 'data_from: "2025-01-01"' in warned
    begun = business(tmp_path, rows, head=OPEN, table=table, data_from="2025-01-01")
    assert "at once" not in said(check(begun))


def days_of(start: str, n: int, step: int = 1) -> list[date]:
    first = date.fromisoformat(start)
    return [first + timedelta(days=step * k) for k in range(n)]


def test_ends_that_go_on_at_their_usual_rate_count(tmp_path):
    """Enrolment stopped on 30 March; people went on leaving until July."""
    rows = [
        f"s{n}{k},{day},,10" for n, day in enumerate(days_of("2025-12-01", 120)) for k in (1, 2, 3)
    ]
    rows += [f"e{n},2025-11-01,{day},10" for n, day in enumerate(days_of("2026-01-01", 200))]
    checked = check(business(tmp_path, rows, head=SPANS))
    assert checked.last_day == date(2026, 7, 19)
    assert "set data_until" in checked.data_box[0]["coverage"].lower()
    assert "No subscription starts after 2026-03-30" in said(checked)


def test_scheduled_ends_do_not_make_the_future_known(tmp_path):
    rows = [
        f"s{n}{k},{day},,10" for n, day in enumerate(days_of("2025-12-01", 120)) for k in (1, 2, 3)
    ]
    rows += [f"e{n},2025-11-01,{day},10" for n, day in enumerate(days_of("2026-01-01", 88))]
    rows += [f"f{n},2025-11-01,{day},10" for n, day in enumerate(days_of("2026-04-05", 12, 9))]
    assert check(business(tmp_path, rows, head=SPANS)).last_day <= date(2026, 4, 5)


def test_terms_of_contracts_are_no_ends(tmp_path):
    """Every row has its end a year ahead: nobody is known to have left."""
    rows = [
        f"s{n},{day},{day + timedelta(days=365)},10"
        for n, day in enumerate(days_of("2025-01-01", 400))
    ]
    assert check(business(tmp_path, rows, head=SPANS)).last_day == date(2026, 2, 4)


def test_all_leavers_after_the_last_start_are_seen(tmp_path):
    """One snapshot of everybody: whoever left did so on its day."""
    rows = [f"s{n},2025-{1 + n % 12:02d}-01,,10" for n in range(60)]
    rows += [f"e{n},2025-{1 + n % 12:02d}-01,2026-02-01,10" for n in range(20)]
    checked = check(business(tmp_path, rows, head=SPANS))
    assert checked.last_day == date(2026, 2, 28)
    churn = cl.customer_churn(freeze(checked, "2026-02"))
    assert churn.churned_customers.iloc[-1] == 20


def test_ends_never_count_beyond_the_last_recording(tmp_path):
    head = "customer_id,starts_on,ends_on,mrr,recorded_at"
    rows = [f"s{n},{day},,10,{day}" for n, day in enumerate(days_of("2025-12-01", 120))]
    rows += [
        f"e{n},2025-11-01,{day},10,2026-01-05" for n, day in enumerate(days_of("2026-01-01", 150))
    ]
    assert check(business(tmp_path, rows, head=head)).last_day == date(2026, 3, 30)


def test_a_stated_gap_is_accepted_and_the_advised_line_works(tmp_path):
    rows = ["founder,2018-03-01,10", "a,2022-06-01,10", "b,2022-07-01,10"]
    with pytest.raises(DataError) as error:
        check(business(tmp_path, rows, head=OPEN))
    line = str(error.value).partition("set gaps: ")[2].partition(";")[0]
    assert line == '[["2018-03-02", "2022-05-31"]]'
    for gap in (("2018-03-02", "2022-05-31"), ("2018-04-01", "2022-05-31")):
        checked = check(business(tmp_path, rows, head=OPEN, gaps=[gap]))
        assert f"No row from {gap[0]} to {gap[1]}" in said(checked)
    with pytest.raises(DataError, match=r"2018-03-02"):
        check(business(tmp_path, rows, head=OPEN, gaps=[("2019-01-01", "2019-12-31")]))


def test_a_filter_of_customers_is_no_restriction_of_the_report(tmp_path):
    (tmp_path / "customers.csv").write_text("customer_id,country\na,DE\nb,FR\nc,DE\n")
    rows = ["a,2026-01-05,10", "b,2026-01-05,20", "c,2026-01-09,5"]
    params = business(tmp_path, rows, head=OPEN)
    tables = {"subscriptions": {}, "customers": {"filter": {"country": ["DE"]}}}
    source = params.source.model_dump() | {"tables": tables}
    values = {"business": "acme", "model": "subscription", "currency": "EUR", "source": source}
    with pytest.raises(DataError, match=r"1 of 3 customers.*only: \{country: \[DE\]\}"):
        check(params_from_values(values))
