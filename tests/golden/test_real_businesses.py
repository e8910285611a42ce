"""Two real businesses through a parameter file each, as a user would write it: every row accounted
for, known totals.

Online Retail (UCI, donated by D. Chen 2015): 541,909 invoice lines of a British wholesaler; 406,829
of them name one of 4,372 customers, 5,225 of these repeat another line in every column, and 8,872
of the others are returns. The MRR playbook (dbt Labs): 121 subscription periods of 55 customers.
"""

from pathlib import Path

import numpy as np
import pytest

from churnlib.input.checked import check
from churnlib.measures.churn import customer_churn
from churnlib.measures.cohorts import customer_retention
from churnlib.measures.cohorts_pooled import pooled
from churnlib.measures.customers_who import customers_who
from churnlib.measures.histories import recency_frequency
from churnlib.measures.revenue import check_identity, mrr_bridge
from churnlib.measures.sales import sales
from churnlib.params.read import read_params
from churnlib.periods import Period
from churnlib.snapshot.freeze import freeze

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the real logs are not at hand (shared/ is absent)"
)
RETAIL = """\
business: online-retail
model: transactional
currency: GBP
timezone: Europe/London
source:
  uri: {folder}
  tables:
    orders:
      from: onlineretail.parquet
      columns: {{customer_id: CustomerID, ordered_at: InvoiceDate, order_id: InvoiceNo}}
      expressions: {{amount: "Quantity * UnitPrice"}}
policies: {{max_rejected_share: {limit}}}
margin: 0.3
"""
PLAYBOOK = """\
business: playbook
model: subscription
currency: USD
source:
  uri: {folder}
  tables:
    subscriptions:
      from: subscription_periods.csv
      columns: {{starts_on: start_date, ends_on: end_date, mrr: monthly_amount}}
data_until: "2020-02-29"
"""


def params_file(tmp_path_factory, text, **values):
    file = tmp_path_factory.mktemp("params") / "business.yml"
    file.write_text(text.format(**values), encoding="utf-8")
    return read_params(file)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return check(params_file(tmp_path_factory, RETAIL, folder=DATA / "online_retail", limit=0.3))


@pytest.fixture(scope="module")
def november(shop, tmp_path_factory):
    return freeze(shop, Period.parse("2011-11"), tmp_path_factory.mktemp("november"))


def test_every_invoice_line_is_accounted_for(shop):
    (account,) = shop.data_box
    assert (account["read"], account["kept"], account["set_aside"]) == (541_909, 401_604, 140_305)
    reasons = {one["reason"]: one["rows"] for one in account["reasons"]}
    assert reasons == {"customer_id is missing": 135_080, "exact duplicate": 5_225}
    assert all(one["example"].startswith("row ") for one in account["reasons"])


def test_returns_are_counted_aloud(shop):
    assert shop.data_box[0]["remarks"] == [
        "8,872 rows are returns (negative amount): money is reduced, and it is no purchase.",
        "Times in ordered_at name no zone and are read as Europe/London; where they are UTC, set "
        "timestamps: UTC.",
    ]


def test_money_set_aside_is_told_beside_rows(shop):
    missing, _ = shop.data_box[0]["reasons"]
    assert missing["money"] == pytest.approx(1_447_682.12, abs=0.01)
    warned = shop.data_box[0]["warnings"]
    assert any("of revenue" in one and "customer_id is missing" in one for one in warned), warned


def test_a_quarter_of_rows_without_a_customer_stops_the_run_unless_it_is_allowed(tmp_path_factory):
    params = params_file(tmp_path_factory, RETAIL, folder=DATA / "online_retail", limit=0.05)
    with pytest.raises(
        Exception,
        match=r"140,305 of 541,909 rows \(25\.9%\) cannot be used.*"
        r"135,080 rows: customer_id is missing",
    ):
        check(params)


def test_a_month_that_stops_on_the_ninth_is_not_the_last_complete_one(shop):
    assert shop.last_day.isoformat() == "2011-12-09"
    assert shop.latest_period().label == "2011-11"


def test_sales_of_the_shop(november):
    """Lines of November with a customer, each once: 1,126,815.07 net of returns; 1,665 buyers on
    2,391 customer-days.
    """
    frame = sales(november)
    last = frame.iloc[-1]
    assert last["revenue"] == pytest.approx(1_126_815.07, abs=0.005)
    assert (last["customers"], last["new_customers"], last["orders"]) == (1_665, 324, 2_391)
    assert recency_frequency(november)["customers"].sum() == 4_298
    # Of the 885 of the first month nobody knows whether they had bought before.
    first = frame.iloc[0]
    assert (first["customers"], np.isnan(first["new_customers"])) == (885, True)
    assert frame["new_customers"].sum() == 4_298 - 885
    assert len(customers_who(november, "new")) == 324
    assert len(customers_who(november, "returning")) == 1_665 - 324


def test_all_its_money_is_the_sum_of_its_lines(shop, tmp_path_factory):
    december = freeze(shop, Period.parse("2011-12"), tmp_path_factory.mktemp("december"))
    assert december.partial
    assert sales(december)["revenue"].sum() == pytest.approx(8_278_519.42, abs=0.005)


@pytest.fixture(scope="module")
def playbook(tmp_path_factory):
    return check(params_file(tmp_path_factory, PLAYBOOK, folder=DATA / "mrr_playbook"))


def test_the_playbook_through_a_parameter_file(playbook, tmp_path_factory):
    assert [(one["read"], one["kept"], one["reasons"]) for one in playbook.data_box] == [
        (121, 121, [])
    ]
    december = freeze(playbook, Period.parse("2019-12"), tmp_path_factory.mktemp("playbook"))
    november = mrr_bridge(december).iloc[-2]
    assert (november.opening, november.new, november.expansion, november.contraction) == (
        1680,
        210,
        60,
        -110,
    )
    last = customer_churn(december).iloc[-1]
    assert (last["opening_customers"], last["churned_customers"], last["closing_customers"]) == (
        42,
        17,
        28,
    )
    assert round(last["churn_rate"], 3) == 0.405
    left = customers_who(december, "churn")
    assert (len(left), left["opening"].sum()) == (17, -mrr_bridge(december)["churn"].iloc[-1])
    assert check_identity(mrr_bridge(december)).empty
    assert pooled(customer_retention(december))["size"].iloc[0] == 51, (
        "four more began in January 2020"
    )
