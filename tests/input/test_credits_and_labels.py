"""Negative rows net within their customer; values are shown by the words that are given to them."""

from pathlib import Path

import pytest

import churnlib as cl
from churnlib.errors import DataError
from churnlib.input.checked import check
from churnlib.params.read import params_from_values
from churnlib.snapshot.freeze import freeze

ROWS = """customer_id,plan,starts_on,ends_on,mrr
a,solo,2026-01-05,,50
a,solo,2026-02-03,2026-03-03,-20
b,team,2026-01-05,,30
b,team,2026-02-10,,-40
c,team,2026-01-05,2026-03-10,30
c,solo,2026-01-20,,45
c,coupon,2026-01-05,,-10
d,solo,2026-01-05,,7
e,coupon,2026-02-05,,-5
"""
PEOPLE = "customer_id,country\na,DE\nb,DE\nc,FR\nd,FR\ne,FR\n"


def business(folder: Path, **more):
    (folder / "subscriptions.csv").write_text(ROWS)
    (folder / "customers.csv").write_text(PEOPLE)
    return params_from_values(
        {
            "business": "acme",
            "model": "subscription",
            "currency": "EUR",
            "data_until": "2026-03-31",
            "segments": ["country", "first_plan"],
            "source": {"uri": str(folder)},
            **more,
        }
    )


def test_negative_rows_net_within_their_customer(tmp_path):
    checked = check(business(tmp_path))
    assert "4 rows are negative" in " ".join(checked.data_box[-1]["remarks"])
    snapshot = freeze(checked, "2026-03")
    bridge = cl.mrr_bridge(snapshot)
    # January: 50 + 30 + 65 + 7; February: 30, b is below 0; March: 50, c has solo alone
    assert bridge.closing.tolist() == [152, 102, 92]
    assert bridge.churn.tolist() == [0, -30, 0]
    parts = cl.mrr_bridge(snapshot, by="country")
    assert parts.groupby("period_start").closing.sum().tolist() == [152, 102, 92]
    assert cl.customer_churn(snapshot).closing_customers.tolist() == [4, 3, 3]
    spans = snapshot.subscriptions.to_pandas()
    assert (spans.mrr > 0).all()
    assert "e" not in set(spans.customer_id)  # a credit alone is no customer
    assert set(spans.plan[spans.customer_id == "c"]) == {"team", "solo"}


def test_values_are_shown_in_their_words(tmp_path):
    labels = {"country": {"DE": "Germany"}, "first_plan": {"solo": "Solo plan"}}
    params = business(tmp_path, labels=labels, only={"country": ["DE"]})
    snapshot = freeze(check(params), "2026-03")
    assert set(cl.mrr_bridge(snapshot, by="country").segment) == {"Germany"}
    assert set(cl.mrr_bridge(snapshot, by="first_plan").segment) == {"Solo plan", "team"}
    assert set(snapshot.subscriptions.to_pandas().plan) == {"Solo plan", "team"}


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"land": {"DE": "Germany"}}, "labels: customers have no column 'land'"),
        ({"country": {"GE": "Germany"}}, "labels.country = 'GE': nobody has this value"),
    ],
)
def test_words_for_nothing_are_refused(tmp_path, labels, message):
    with pytest.raises(DataError, match=message):
        check(business(tmp_path, labels=labels))


def test_sales_without_a_customer_are_a_segment_of_revenue(tmp_path):
    (tmp_path / "orders.csv").write_text(
        "customer_id,ordered_at,amount\n"
        "a,2026-01-05,10\n,2026-01-06,5\nb,2026-02-05,20\n,2026-02-07,30\n,2026-02-09,-6\n"
        ",2026-02-30,99\nc,2026-03-01,1\n"
    )
    values = {
        "business": "shop",
        "model": "transactional",
        "currency": "EUR",
        "opened_on": "2026-01-01",
        "policies": {"max_rejected_share": 1.0},
        "source": {"uri": str(tmp_path)},
    }
    checked = check(params_from_values(values))
    sales = cl.sales(freeze(checked, "2026-02"))
    assert sales.revenue.tolist() == [10, 20]
    assert sales.revenue_unattributed.tolist() == [5, 24]
    assert sales.customers.tolist() == [1, 1]
    said = cl.say_sales(sales).sentence
    assert "Another €24 were sold without a customer's id, €44 in all in February 2026" in said
    assert "+193.3 %" in said.replace("\xa0", " ")
    assert any("of revenue" in one for one in checked.data_box[0]["warnings"])
