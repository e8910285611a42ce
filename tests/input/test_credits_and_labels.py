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
