"""The exports of billing systems and shops, read without mapping a column."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import churnlib as cl
from churnlib.errors import DataError
from churnlib.input.checked import Checked, check
from churnlib.input.presets.declared import presets_there
from churnlib.params.read import params_from_values
from churnlib.snapshot.freeze import freeze

FORMATS = Path(__file__).parents[3] / "shared" / "cases" / "exports" / "formats"
pytestmark = pytest.mark.skipif(not FORMATS.is_dir(), reason="needs ../shared/cases/exports")


@dataclass(frozen=True)
class Sample:
    folder: str
    preset: str
    currency: str = "USD"
    timezone: str = "UTC"
    until: str = "2026-05-31"
    more: dict = field(default_factory=dict)

    @property
    def model(self) -> str:
        return presets_there()[self.preset].model


SHOP = {"timezone": "America/New_York", "until": "2026-03-31"}
WOO = {"currency": "EUR", "timezone": "Europe/Berlin", "until": "2026-03-31"}
SAMPLES = {
    "stripe": Sample("stripe/warehouse", "stripe"),
    "stripe dashboard": Sample("stripe/dashboard", "stripe"),
    "recurly": Sample("recurly", "recurly"),
    "chargebee": Sample("chargebee", "chargebee", "EUR"),
    "paddle": Sample("paddle", "paddle", "GBP"),
    "chartmogul": Sample("chartmogul", "chartmogul", "EUR"),
    "woocommerce": Sample("woocommerce/database", "woocommerce", **WOO),
    "woocommerce analytics": Sample("woocommerce/analytics", "woocommerce", **WOO),
    "shopify": Sample("shopify/export", "shopify", **SHOP),
    "shopify warehouse": Sample("shopify/warehouse", "shopify", **SHOP),
}
PERSONAL = ("testperson", "@example.com", "aino", "gil ", "ada")


def params_of(sample: Sample, uri: Path | None = None, **more):
    source = {"uri": str(uri or FORMATS / sample.folder), "preset": sample.preset}
    source["options"] = more.pop("options", {})
    return params_from_values(
        {
            "business": "sample",
            "model": sample.model,
            "currency": sample.currency,
            "timezone": sample.timezone,
            "data_until": sample.until,
            "source": source,
            **more,
        }
    )


def by_month(sample: Sample, checked: Checked) -> pd.DataFrame:
    snapshot = freeze(checked, sample.until[:7])
    if sample.model == "transactional":
        found = cl.sales(snapshot)
    else:
        found = cl.mrr_bridge(snapshot).merge(cl.customer_churn(snapshot), on="period_start")
    return found.assign(month=found["period_start"].dt.strftime("%Y-%m")).set_index("month")


def as_expected(sample: Sample, checked: Checked) -> None:
    expected = pd.read_csv(FORMATS / sample.folder / "expected.csv").set_index("month")
    found = by_month(sample, checked).reindex(expected.index)[list(expected.columns)]
    pd.testing.assert_frame_equal(
        found.astype(float), expected.astype(float), atol=0.005, check_names=False
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gives_what_is_expected_by_month(name):
    as_expected(SAMPLES[name], check(params_of(SAMPLES[name])))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_same_as_tables_of_a_database(name, tmp_path):
    """With the types that a database gives its columns."""
    sample = SAMPLES[name]
    with duckdb.connect(tmp_path / "copy.duckdb") as database:
        for file in (FORMATS / sample.folder).glob("*.csv"):
            if file.stem != "expected":
                database.execute(
                    f"CREATE TABLE \"{file.stem}\" AS SELECT * FROM read_csv('{file}', header=true)"
                )
    as_expected(sample, check(params_of(sample, tmp_path / "copy.duckdb")))


PLAIN = {
    "subscription": ("customer_id", "starts_on", "ends_on", "mrr", "plan"),
    "transactional": ("customer_id", "ordered_at", "amount", "order_id", "category"),
}
MEASURES = {
    "subscription": (
        *(cl.mrr_bridge, cl.movements, cl.customer_churn, cl.customer_retention),
        *(cl.revenue_retention, cl.lifetimes, cl.retention_12m, cl.returns, cl.unit_figures),
    ),
    "transactional": (
        *(cl.sales, cl.customer_retention, cl.revenue_retention, cl.buyers, cl.spend),
        *(cl.repeat_purchase_rate, cl.recency_frequency, cl.concentration),
    ),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_gives_the_cells_that_its_rows_give_as_plain_tables(name, tmp_path):
    """Every cell of every measure, whoever wrote the rows."""
    sample = SAMPLES[name]
    checked = check(params_of(sample))
    activity = checked.params.activity_table
    rows = checked.tables[activity].select(*PLAIN[sample.model]).to_pandas()
    if sample.model == "transactional":
        unknown = checked.without_customer.to_pandas()
        rows = pd.concat([rows, unknown[[one for one in rows if one in unknown]]])
    rows.to_csv(tmp_path / f"{activity}.csv", index=False)
    plain = {"business": "plain", "model": sample.model, "currency": sample.currency}
    plain |= {"source": {"uri": str(tmp_path)}, "data_until": sample.until}
    policies = {"max_rejected_share": 0.9}
    read = check(params_from_values(plain | {"policies": policies}))
    ours, theirs = (freeze(one, sample.until[:7]) for one in (checked, read))
    for measure in MEASURES[sample.model]:
        pd.testing.assert_frame_equal(measure(ours), measure(theirs))


@pytest.mark.parametrize("name", SAMPLES)
def test_nobody_s_name_or_address_comes_through(name):
    checked = check(params_of(SAMPLES[name]))
    tables = [table.to_pandas().to_csv().lower() for table in checked.tables.values()]
    for text in [*tables, str(checked.data_box).lower()]:
        assert not any(word in text for word in PERSONAL)


def said(checked: Checked) -> str:
    return " ".join(
        one for account in checked.data_box for one in (*account["remarks"], *account["warnings"])
    )


@pytest.fixture
def copy(tmp_path):
    """A sample in a folder of its own, with some text of a file replaced."""

    def _copy(sample: Sample, file: str, *changes: tuple[str, str]) -> Path:
        shutil.copytree(FORMATS / sample.folder, tmp_path, dirs_exist_ok=True)
        text = (tmp_path / file).read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new)
        (tmp_path / file).write_text(text)
        return tmp_path

    return _copy


def closing(sample: Sample, folder: Path, month: str, **more) -> float:
    table = by_month(sample, check(params_of(sample, folder, **more)))
    return float(table.loc[month, "closing" if sample.model == "subscription" else "revenue"])


STRIPE = SAMPLES["stripe"]
HISTORY = "subscription_history.csv"


def test_an_export_of_survivors_is_said(copy):
    folder = copy(STRIPE, HISTORY, (",canceled,", ",active,"))
    assert "it may hold only those who are left" in said(check(params_of(STRIPE, folder)))


def test_test_data_old_versions_and_trials_do_not_count(copy):
    folder = copy(STRIPE, HISTORY, ("sub_INVA,true,", "sub_INVA,false,"))
    assert closing(STRIPE, folder, "2026-05") == 130
    folder = copy(STRIPE, HISTORY, ("cus_INVB,active,true", "cus_INVB,active,false"))
    assert closing(STRIPE, folder, "2026-05") == 170
    folder = copy(STRIPE, HISTORY, ("cus_INVC,active", "cus_INVC,trialing"))
    assert closing(STRIPE, folder, "2026-05") == 160
    assert "Left out: 1 subscription with status trialing" in said(check(params_of(STRIPE, folder)))


def test_prorated_lines_are_no_price(copy):
    line = "il_INVP,in_INVE3,sub_INVE,si_INVE,price_INV_m50,subscription,{},1,999,999,usd,true,"
    line += "2026-03-20 12:00:00,2026-04-12 12:00:00"
    file = "invoice_line_item.csv"
    start = "il_INVE4"
    folder = copy(STRIPE, file, (start, line.format("true") + "\n" + start))
    assert closing(STRIPE, folder, "2026-03") == 220
    folder = copy(STRIPE, file, (start, line.format("false") + "\n" + start))
    assert closing(STRIPE, folder, "2026-03") < 220


def test_coupons_last_as_long_as_they_say(copy):
    repeating = ("forever,,true", "repeating,2,true")
    folder = copy(STRIPE, "coupon.csv", repeating)
    assert closing(STRIPE, folder, "2026-04") == 190
    assert closing(STRIPE, folder, "2026-05") == 200
    folder = copy(STRIPE, "coupon.csv", ("forever,,true", "once,,true"))
    assert closing(STRIPE, folder, "2026-03") == 230
    folder = copy(STRIPE, "coupon.csv", ("INV25,25.0,,", "INV25,,500,"))
    assert closing(STRIPE, folder, "2026-05") == 195


def test_yen_have_no_cents_and_metered_prices_no_mrr(copy):
    folder = copy(STRIPE, "price.csv", (",usd,", ",jpy,"))
    assert closing(STRIPE, folder, "2026-05", currency="JPY") == 19_000
    folder = copy(STRIPE, "price.csv", ("month,1,licensed,4000", "month,1,metered,4000"))
    assert closing(STRIPE, folder, "2026-05") == 160


def test_missing_optional_tables_are_said(copy):
    folder = copy(STRIPE, "coupon.csv")
    (folder / "invoice_line_item.csv").unlink()
    (folder / "subscription_discount.csv").unlink()
    assert "past prices are not known" in said(check(params_of(STRIPE, folder)))
    assert closing(STRIPE, folder, "2026-02") == 220  # today's price from the first day


DASHBOARD = SAMPLES["stripe dashboard"]


def test_a_dashboard_export_without_ends_is_refused(copy):
    folder = copy(DASHBOARD, "subscriptions.csv", ("Ended At (UTC)", "Something"))
    with pytest.raises(DataError, match="Export again with all columns"):
        check(params_of(DASHBOARD, folder))


def test_a_dashboard_export_saved_by_a_spreadsheet_is_refused(copy):
    folder = copy(DASHBOARD, "subscriptions.csv", ("2026-01-10 12:00", "1/10/26 12:00"))
    with pytest.raises(DataError, match="saved again by a spreadsheet"):
        check(params_of(DASHBOARD, folder))


def test_a_quarterly_price_reads_month_in_the_dashboard(copy):
    period = "2026-05-10 12:00,2026-06-10 12:00"
    folder = copy(DASHBOARD, "subscriptions.csv", (period, "2026-05-10 12:00,2026-08-10 12:00"))
    assert closing(DASHBOARD, folder, "2026-05") == 160
    assert "Paid every few months" in said(check(params_of(DASHBOARD, folder)))


SHOPIFY = SAMPLES["shopify"]
EXPORT = "orders_export_1.csv"


def test_numbered_files_are_read_together_and_an_order_counts_once(copy):
    folder = copy(SHOPIFY, EXPORT)
    head, *lines = (folder / EXPORT).read_text().splitlines()
    (folder / EXPORT).write_text("\n".join([head, *lines[:4]]) + "\n")
    (folder / "orders_export_2.csv").write_text("\n".join([head, *lines[3:]]) + "\n")
    as_expected(SHOPIFY, check(params_of(SHOPIFY, folder)))


def test_sales_without_an_address_are_kept_apart_with_their_money():
    account = check(params_of(SHOPIFY)).data_box[0]
    assert (account["apart"], account["set_aside"]) == (1, 0)
    assert account["reasons"][0]["money"] == 27
    assert any("of revenue" in one for one in account["warnings"])


def test_subtotals_are_an_option_and_others_are_refused():
    assert (
        closing(SHOPIFY, FORMATS / SHOPIFY.folder, "2026-01", options={"basis": "subtotal"}) == 105
    )
    with pytest.raises(DataError, match="is one of total, subtotal"):
        check(params_of(SHOPIFY, options={"basis": "gross"}))
    with pytest.raises(DataError, match="has no such option"):
        check(params_of(SHOPIFY, options={"base": "total"}))


WAREHOUSE = SAMPLES["shopify warehouse"]


def test_refunds_by_transactions_where_there_are_no_lines(copy):
    folder = copy(WAREHOUSE, "order.csv")
    (folder / "order_line_refund.csv").unlink()
    as_expected(WAREHOUSE, check(params_of(WAREHOUSE, folder)))
    (folder / "transaction.csv").unlink()
    assert "no table of refunds" in said(check(params_of(WAREHOUSE, folder)))


def test_test_orders_and_deleted_ones_do_not_count(copy):
    folder = copy(WAREHOUSE, "order.csv", ("false,web,false,false", "false,web,true,false"))
    with pytest.raises(DataError):
        check(params_of(WAREHOUSE, folder))


def test_refunds_follow_the_status_of_their_order(copy):
    woo = SAMPLES["woocommerce"]
    folder = copy(woo, "wc_order_stats.csv", ("1,wc-refunded,1", "1,wc-failed,1"))
    found = by_month(woo, check(params_of(woo, folder)))
    assert found.revenue.tolist() == [95, 80, 20]


def test_paddle_classic_is_another_system(copy):
    paddle = SAMPLES["paddle"]
    folder = copy(paddle, "subscription.csv", ("sub_inva", "501234"))
    with pytest.raises(DataError, match="Paddle Classic"):
        check(params_of(paddle, folder))


def test_discounts_of_paddle_recur_only_where_they_say_so(copy):
    paddle = SAMPLES["paddle"]
    folder = copy(paddle, "discount.csv", ("20,,true,", "20,,false,"))
    assert closing(paddle, folder, "2026-05") == 110
    folder = copy(paddle, "discount.csv", ("20,,true,,", "20,,true,1,"))
    assert closing(paddle, folder, "2026-03") == 121
    assert closing(paddle, folder, "2026-04") == 110


def test_a_cancellation_that_was_taken_back_is_none(copy):
    mogul = SAMPLES["chartmogul"]
    file = "subscription_events.csv"
    folder = copy(mogul, file)
    (folder / file).write_text(
        "external_id,customer_external_id,event_type,event_date,effective_date,"
        "subscription_external_id,retracted_event_id\n"
        "e1,cm-inv-A,subscription_cancelled,2026-03-28,2026-04-10,cm-sA,\n"
        "e2,cm-inv-A,subscription_cancellation_retracted,2026-03-29,2026-03-29,cm-sA,e1\n"
    )
    assert closing(mogul, folder, "2026-05") == 105
    assert "Taken to be active" in said(check(params_of(mogul, folder)))


def test_a_coupon_for_one_bill_is_over_with_the_next(copy):
    recurly = SAMPLES["recurly"]
    line = (
        "liinvG2,2026-04-03 12:00:00,acctG,rinvG,invG2,charge,plan,invoiced,plus,USD,40.00,40.00,"
    )
    line += "0.00,0.00,1,40.00,false,0,,2026-04-03 12:00:00,2026-05-03 12:00:00\n"
    folder = copy(recurly, "line_item_history.csv", ("liinvG1", line + "liinvG1"))
    assert closing(recurly, folder, "2026-03") == 220
    assert closing(recurly, folder, "2026-04") == 200


def test_reactivated_subscriptions_of_chargebee_are_said(copy):
    bee = SAMPLES["chargebee"]
    folder = copy(bee, "subscriptions.csv", ("1768046400,1768046400", "1735689600,1768046400"))
    assert "Reactivated" in said(check(params_of(bee, folder)))


def test_a_source_without_the_files_names_what_is_needed(tmp_path):
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="warehouse tables: subscription, subscription_item, price"):
        check(params_of(STRIPE, tmp_path))
    params = params_of(STRIPE, tmp_path)
    source = params.source.model_copy(update={"preset": "stripes"})
    with pytest.raises(DataError, match="did you mean 'stripe'"):
        check(params.model_copy(update={"source": source}))


def test_reasons_and_notices_of_stripe(copy):
    """Of the one that is canceled: at the customer's wish, some days before it ended."""
    folder = copy(STRIPE, HISTORY, ("", ""))
    file = folder / HISTORY
    rows = pd.read_csv(file, dtype=str)
    gone = rows["status"] == "canceled"
    rows.loc[gone, "cancellation_details_reason"] = "payment_failed"
    rows.loc[gone, "cancellation_details_feedback"] = "unused"
    rows.to_csv(file, index=False)
    checked = check(params_of(STRIPE, folder))
    spans = checked.tables["subscriptions"].to_pandas()
    told = spans[spans["end_reason"].notna()]
    assert set(told["end_reason"]) == {"payment_failed"}
    assert set(told["cancel_feedback"]) == {"unused"}
    assert told["cancelled_on"].isna().all()
    kinds = cl.churn_kinds(freeze(checked, "2026-05"))
    assert "payment_failed" in set(kinds["how"])


def test_reasons_of_chargebee():
    checked = check(params_of(SAMPLES["chargebee"]))
    kinds = cl.churn_kinds(freeze(checked, "2026-05"))
    assert set(kinds["how"]) <= {"voluntary", "payment_failed", "paused"}


def told(checked: Checked) -> dict[str, tuple]:
    """{customer: how the last span ended, in the system's words, and when notice was given}."""
    spans = checked.tables["subscriptions"].to_pandas().sort_values("starts_on")
    last = spans.groupby("customer_id").last(skipna=False)
    last = last[last["ends_on"].notna()]
    days = last["cancelled_on"].astype(str).where(last["cancelled_on"].notna(), "")
    reasons = last["end_reason"].where(last["end_reason"].notna(), "")
    return dict(zip(last.index, zip(reasons, days, strict=True), strict=True))


def test_reasons_and_notices_of_recurly(copy):
    recurly = SAMPLES["recurly"]
    assert told(check(params_of(recurly))) == {
        "acctD": ("canceled", "2026-03-05"),
        "acctF": ("nonpayment", ""),
    }
    paused = "rinvG,2026-05-06 12:00:00,uuidinvG,acctG,planteam,paused,2026-03-03 12:00:00,"
    paused += "2026-03-03 12:00:00,,,,2026-05-03 12:00:00,2026-06-03 12:00:00,,,true,"
    paused += "2026-05-10 12:00:00,1,USD,40.00,1,0.00,40.00,automatic\n"
    folder = copy(recurly, "subscription_history.csv")
    file = folder / "subscription_history.csv"
    file.write_text(file.read_text().rstrip("\n") + "\n" + paused)
    assert told(check(params_of(recurly, folder)))["acctG"] == ("paused", "")


def test_a_pause_of_recurly_that_is_over_is_not_told_as_the_end(copy):
    """Paused from 5 March to 10 April, cancelled in May."""
    row = "rinvG,{},uuidinvG,acctG,planteam,{},2026-03-03 12:00:00,2026-03-03 12:00:00,{},{},{},"
    row += "2026-05-03 12:00:00,2026-06-03 12:00:00,,,true,{},1,USD,40.00,1,0.00,40.00,automatic\n"
    versions = [
        ("2026-03-05 12:00:00", "paused", "", "", "", "2026-03-05 12:00:00"),
        ("2026-04-10 12:00:00", "active", "", "", "", ""),
        ("2026-05-20 12:00:00", "expired", *["2026-05-20 12:00:00"] * 2, "canceled", ""),
    ]
    recurly = SAMPLES["recurly"]
    folder = copy(recurly, "subscription_history.csv")
    file = folder / "subscription_history.csv"
    lines = [row.format(*one) for one in versions]
    file.write_text(file.read_text().rstrip("\n") + "\n" + "".join(lines))
    spans = check(params_of(recurly, folder)).tables["subscriptions"].to_pandas()
    own = spans[spans["customer_id"] == "acctG"].sort_values("starts_on")
    assert own["end_reason"].tolist() == ["paused", "canceled"]


def test_pauses_of_paddle_and_notices_of_chartmogul(copy):
    paddle = SAMPLES["paddle"]
    assert set(told(check(params_of(paddle))).values()) <= {("", ""), ("paused", "")}
    folder = copy(paddle, "subscription.csv", ("sub_invd,canceled", "sub_invd,paused"))
    text = (folder / "subscription.csv").read_text()
    text = text.replace(",,2026-03-20T12:00:00Z,", ",2026-03-20T12:00:00Z,,")
    (folder / "subscription.csv").write_text(text)
    assert told(check(params_of(paddle, folder)))["ctm_invd"] == ("paused", "")
    mogul = check(params_of(SAMPLES["chartmogul"]))
    assert told(mogul)["cm-inv-A"] == ("", "2026-03-28")
    kinds = cl.churn_kinds(freeze(mogul, "2026-04"))
    assert set(kinds["how"]) == {"voluntary"}


def test_reasons_of_the_dashboard_of_stripe(copy):
    found = told(check(params_of(DASHBOARD)))
    assert found["cus_INVD"] == ("cancellation_requested", "2026-03-05")
    row = "aino@example.com,price_INV_m30,2,usd,month,30.00,"
    folder = copy(DASHBOARD, "subscriptions.csv", (row + "active", row + "unpaid"))
    assert told(check(params_of(DASHBOARD, folder)))["cus_INVA"][0] == "unpaid"
