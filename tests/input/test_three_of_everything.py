"""Users have several of a thing: expressions, filters, constants, segments, currencies, tables."""

from pathlib import Path

import pandas as pd
import pytest

import churnlib as cl
from churnlib.input.checked import check
from churnlib.params.read import params_from_values
from churnlib.snapshot.freeze import freeze

ROWS = (
    "who,begin,until,price,times,unit,live,kind,code,tier",
    "a,01.01.2026,01.03.2026,1000,2,Monthly,yes,paid,EUR,solo",
    "b,05.01.2026,,12000,1,P1Y,yes,paid,USD,team",
    "c,01.02.2026,,5000,1,1 month,yes,paid,JPY,firm",
    "d,01.02.2026,,9000,1,month,no,paid,EUR,solo",
    "e,01.02.2026,,9000,1,month,yes,test,EUR,solo",
    "f,01.02.2026,,9000,1,month,yes,paid,EUR,gone",
)
PEOPLE = (
    "customer_id,channel,country,size,age",
    "a,web,DE,1,young",
    "b,ad,FR,2,old",
    "c,web,DE,3,old",
)
SUBSCRIPTIONS = {
    "from": "rows.csv",
    "columns": {"customer_id": "who", "interval": "unit", "plan": "tier", "currency": "code"},
    "constants": {"interval_count": 1, "is_trial": False, "subscription_id": "one"},
    "expressions": {
        "starts_on": "strptime(begin, '%d.%m.%Y')",
        "ends_on": "strptime(until, '%d.%m.%Y')",
        "amount": "price::INT * times::INT / 100",
    },
    "filter": {"live": ["yes"], "kind": ["paid"], "tier": ["solo", "team", "firm"]},
}


@pytest.fixture
def params(tmp_path: Path):
    (tmp_path / "rows.csv").write_text("\n".join(ROWS) + "\n")
    (tmp_path / "customers.csv").write_text("\n".join(PEOPLE) + "\n")
    return params_from_values(
        {
            "business": "three",
            "model": "subscription",
            "currency": "EUR",
            "exchange_rates": {"USD": 0.5, "JPY": 0.01, "GBP": 1.2},
            "segments": ["channel", "country", "size"],
            "source": {
                "uri": str(tmp_path),
                "tables": {"subscriptions": SUBSCRIPTIONS, "customers": {}},
            },
        }
    )


def test_three_expressions_filters_constants_and_currencies(params):
    rows = check(params).tables["subscriptions"].to_pandas().set_index("customer_id")
    assert rows.mrr.astype(float).to_dict() == {"a": 20.0, "b": 5.0, "c": 0.5}
    assert rows.interval_months.to_dict() == {"a": 1, "b": 12, "c": 1}
    assert str(rows.ends_on["a"])[:10] == "2026-03-01"


def test_three_segments_and_tables(params):
    snapshot = freeze(check(params), "2026-01")
    for column in params.segments:
        bridge = cl.mrr_bridge(snapshot, by=column)
        assert bridge.closing.sum() == 25.0
    both = cl.mrr_bridge(snapshot, by=list(params.segments))
    assert sorted(both.segment) == ["ad · FR · 2", "web · DE · 1"]


CENTS = "customer_id,starts_on,mrr,currency\na,2026-01-01,1999,EUR\nb,2026-01-01,1999,JPY\n"


@pytest.mark.parametrize("column", ["mrr", "amount"])
def test_cents_are_those_of_the_row_s_own_currency(tmp_path, column):
    (tmp_path / "s.csv").write_text(CENTS)
    table = {
        "from": "s.csv",
        "columns": {column: {"cents": "mrr"}},
        "constants": {"interval": "month"},
    }
    values = {
        "business": "cents",
        "model": "subscription",
        "currency": "EUR",
        "exchange_rates": {"JPY": 0.01},
        "source": {"uri": str(tmp_path), "tables": {"subscriptions": table}},
    }
    rows = check(params_from_values(values)).tables["subscriptions"].to_pandas()
    assert rows.mrr.astype(float).tolist() == [19.99, 19.99]


MOMENTS = {
    "seconds": "1769902200",
    "milliseconds": "1769902200000",
    "microseconds": "1769902200000000",
    "with a fraction": "1769902200.25",
    "ISO beside numbers": "2026-02-01",
    "ISO with a zone": "2026-01-31T23:30:00Z",
}


@pytest.mark.parametrize("written", MOMENTS.values(), ids=MOMENTS)
def test_moments_since_1970(tmp_path, written):
    (tmp_path / "orders.csv").write_text(f"customer_id,ordered_at,amount\na,{written},1\n")
    values = {
        "business": "epoch",
        "model": "transactional",
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "source": {"uri": str(tmp_path), "tables": {"orders": {"date_format": "epoch"}}},
    }
    rows = check(params_from_values(values)).tables["orders"].to_pandas()
    assert rows.ordered_at.astype(str).tolist() == ["2026-02-01"]


ENCODINGS = {
    "utf-16": "Müller",
    "latin-1": "Müller",
    "cp1252": "Müller €",
    "mac-roman": "Müller",
    "utf-8-sig": "Müller",
}


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings_and_line_ends(tmp_path, encoding, ends):
    name = ENCODINGS[encoding]
    lines = ["customer_id,ordered_at,amount,category", f"a,2026-01-05,1,{name}", "b,2026-01-06,2,"]
    (tmp_path / "orders.csv").write_bytes((ends.join(lines) + ends).encode(encoding))
    values = {
        "business": "letters",
        "model": "transactional",
        "currency": "EUR",
        "source": {"uri": str(tmp_path), "tables": {"orders": {"encoding": encoding}}},
    }
    rows = check(params_from_values(values)).tables["orders"].to_pandas()
    assert rows.category.tolist() == [name, None]
    assert rows.amount.astype(float).tolist() == [1, 2]


def test_a_log_of_changes_of_three_subscriptions(tmp_path):
    """Of one day the last change counts; an end of one subscription is none of the others."""
    (tmp_path / "subscriptions.csv").write_text(
        "customer_id,subscription_id,starts_on,mrr,event,plan\n"
        "a,1,2026-01-01,10,signup,S\n"
        "a,2,2026-01-01,20,signup,M\n"
        "a,1,2026-02-10,15,upgrade,M\n"
        "a,1,2026-02-10,12,downgrade,S\n"
        "a,2,2026-03-05,20,subscription_cancelled,M\n"
        "a,3,2026-03-01,5,signup,S\n"
        "a,3,2026-03-20,,Cancellation,S\n"
        "a,3,2026-03-25,7,subscription_cancellation_scheduled,S\n"
    )
    values = {
        "business": "log",
        "model": "subscription",
        "currency": "EUR",
        "data_until": "2026-03-31",
        "source": {"uri": str(tmp_path), "tables": {"subscriptions": {"shape": "changes"}}},
    }
    bridge = cl.mrr_bridge(freeze(check(params_from_values(values)), "2026-03"))
    assert bridge.closing.tolist() == [30, 32, 19]


@pytest.mark.parametrize(
    ("start", "end", "amount", "mrr"),
    [
        ("2026-01-31", "2026-02-28", "10", 10.0),
        ("2026-01-01", "2026-01-31", "10", 10.0),
        ("2026-01-15", "2027-01-15", "120", 10.0),
        ("2024-02-29", "2025-02-28", "120", 10.0),
        ("2026-01-01", "2026-04-01", "30", 10.0),
        ("2026-01-01", "2026-01-11", "10", 30.42),
    ],
)
def test_what_an_invoice_is_a_month(tmp_path, start, end, amount, mrr):
    (tmp_path / "subscriptions.csv").write_text(
        f"customer_id,starts_on,ends_on,amount\na,{start},{end},{amount}\n"
    )
    values = {
        "business": "bill",
        "model": "subscription",
        "currency": "EUR",
        "source": {"uri": str(tmp_path), "tables": {"subscriptions": {"shape": "invoices"}}},
    }
    rows = check(params_from_values(values)).tables["subscriptions"].to_pandas()
    assert float(rows.mrr.item()) == pytest.approx(mrr)


def test_invoices_with_an_interval_end_when_the_next_is_due(tmp_path):
    (tmp_path / "subscriptions.csv").write_text(
        "customer_id,starts_on,amount,interval\n"
        "a,2026-01-31,10,month\na,2026-02-28,10,month\na,2026-03-31,10,month\n"
        "b,2026-01-10,120,yearly\nc,2026-01-05,14,P14D\n"
    )
    values = {
        "business": "bill",
        "model": "subscription",
        "currency": "EUR",
        "data_until": "2026-04-30",
        "source": {"uri": str(tmp_path), "tables": {"subscriptions": {"shape": "invoices"}}},
    }
    snapshot = freeze(check(params_from_values(values)), "2026-03")
    spans = snapshot.subscriptions.to_pandas()
    ends = {(c, str(s)[:10]): str(e)[:10] for c, s, e in spans.iloc[:, :3].itertuples(index=False)}
    assert ends[("a", "2026-02-28")] == "2026-03-31"  # bridged: billed at the month's end
    assert ends[("c", "2026-01-05")] == "2026-01-19"
    assert pd.isna(spans.ends_on[spans.customer_id == "b"]).all()
