"""Tiny businesses for tests: a real `Snapshot` from rows written down in the test."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from churnlib.params.model import Params
from churnlib.periods import Period
from churnlib.results.segments import UNKNOWN
from churnlib.snapshot.snapshot import Snapshot

NOWHERE = Path("/nonexistent")
SPAN = ("customer_id", "starts_on", "ends_on", "mrr", "plan", "interval_months")
SPAN += ("subscription_id", "renews_on", "cancelled_on", "end_reason", "cancel_feedback")
ORDER = ("customer_id", "ordered_on", "amount", "category")
MONEY = pa.decimal128(18, 2)
SPAN_TYPES = [pa.string(), pa.date32(), pa.date32(), MONEY, pa.string(), pa.float64()]
SPAN_TYPES += [pa.string(), pa.date32(), pa.date32(), pa.string(), pa.string()]
ORDER_TYPES = [pa.string(), pa.date32(), MONEY, pa.string()]


def snapshot_of(
    *,
    subscriptions: list[tuple] | None = None,
    orders: list[tuple] | None = None,
    customers: list[dict[str, Any]] | None = None,
    period: str = "2026-03",
    **params: Any,
) -> Snapshot:
    """A snapshot of rows as one would write them down.

    subscriptions : (customer_id, starts_on, ends_on or None, mrr[, plan[, interval_months[,
    subscription_id[, renews_on[, cancelled_on]]]]]), dates as ISO text
    orders : (customer_id, ordered_on, amount[, category])
    customers : dicts of customer_id and attributes; who is missing is added with every attribute
    unknown
    params : parameters of the business, such as data_from; a shop opened with its first order, if
    opened_on does not say otherwise
    """
    model = "transactional" if orders is not None else "subscription"
    settings = {
        "business": "test",
        "model": model,
        "currency": "EUR",
        "source": {"uri": "."},
        "opened_on": min((str(row[1]) for row in orders or []), default=None),
        **params,
    }
    reported = Period.parse(period)
    spans = [_span(row, reported.end) for row in subscriptions or [] if _day(row[1]) < reported.end]
    bought = [_order(row) for row in orders or [] if _day(row[1]) < reported.end]
    people = _people(customers or [], spans, bought, settings.get("data_from"))
    return Snapshot(
        params=Params.model_validate(settings),
        period=reported,
        customers=ibis.memtable(people),
        subscriptions=ibis.memtable(_arrow(spans, SPAN, SPAN_TYPES)) if orders is None else None,
        orders=ibis.memtable(_arrow(bought, ORDER, ORDER_TYPES)) if orders is not None else None,
        data_box=[],
        first_day=min([row[1] for row in spans + bought], default=reported.start),
        partial=False,
        fingerprint="test",
        folder=NOWHERE,
    )


def frame_of(frame: pd.DataFrame, *columns: str) -> list[tuple]:
    """Rows of a result as tuples that a test can compare: dates as ISO text, NaN as None."""
    shown = frame[list(columns)] if columns else frame
    return [tuple(_plain(value) for value in row) for row in shown.itertuples(index=False)]


def _plain(value: Any) -> Any:
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
    if isinstance(value, float) and pd.isna(value):
        return None
    return round(value, 6) if isinstance(value, float) else value


def _span(row: tuple, as_of: date) -> tuple:
    customer, starts_on, ends_on, mrr, *more = row
    end = _day(ends_on) if ends_on else None
    known = end if end and end < as_of else None
    absent = (UNKNOWN, None, None, None, None)
    plan, interval, subscription, *dates = (*more, *absent[len(more) :])
    renews, cancelled = (_day(one) if one else None for one in dates)
    told = cancelled if cancelled and cancelled < as_of else None
    terms = (plan, interval, subscription, renews, told, None, None)
    return customer, _day(starts_on), known, _money(mrr), *terms


def _order(row: tuple) -> tuple:
    customer, ordered_on, amount, *category = row
    return customer, _day(ordered_on), _money(amount), category[0] if category else UNKNOWN


def _people(
    given: list[dict], spans: list[tuple], bought: list[tuple], data_from: str | None
) -> pa.Table:
    firsts: dict[str, date | None] = {row["customer_id"]: None for row in given}
    active = [(row[0], row[1], row[3] > 0) for row in spans] + [
        (row[0], row[1], row[2] >= 0) for row in bought
    ]
    for customer, day, counts in active:
        known = firsts.setdefault(customer, None)
        if counts:
            firsts[customer] = min(known or day, day)
    attributes = sorted(
        {name for row in given for name in row} - {"customer_id", "acquisition_cost"}
    )
    by_id = {row["customer_id"]: row for row in given}
    columns = {
        "customer_id": pa.array(list(firsts), pa.string()),
        "first_active_on": pa.array(list(firsts.values()), pa.date32()),
        "observed_from": pa.array(
            [_entry(first, data_from) for first in firsts.values()], pa.date32()
        ),
    }
    costs = [by_id.get(one, {}).get("acquisition_cost") for one in firsts]
    columns["acquisition_cost"] = pa.array(costs, pa.float64())
    for name in attributes:
        columns[name] = pa.array(
            [by_id.get(one, {}).get(name, UNKNOWN) for one in firsts], pa.string()
        )
    return pa.table(columns)


def _entry(first: date | None, data_from: str | None) -> date | None:
    return max(first, _day(data_from)) if first and data_from else first


def _arrow(rows: list[tuple], names: tuple[str, ...], types: list[pa.DataType]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [[] for _ in names]
    return pa.table(
        [pa.array(list(c), kind) for c, kind in zip(columns, types, strict=True)], names=list(names)
    )


def _day(day: str | date) -> date:
    return day if isinstance(day, date) else date.fromisoformat(day)


def _money(amount: Any) -> Decimal:
    return Decimal(str(amount)).quantize(Decimal("0.01"))


def day_after(day: str, n: int) -> str:
    """ISO date n days later."""
    return (_day(day) + timedelta(days=n)).isoformat()
