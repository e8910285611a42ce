"""The business as Parquet files, made and written in chunks so that memory does not grow
with it.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from churnlib.errors import ChurnlibError
from churnlib.simulate.endings import Endings, draw_endings
from churnlib.simulate.lives import Spans, live
from churnlib.simulate.payments import Attempts, draw_payments
from churnlib.simulate.people import People, draw_people, signups_by_day
from churnlib.simulate.surveys import Surveys, draw_surveys
from churnlib.simulate.truth import (
    CHANNELS,
    COUNTRIES,
    END_REASONS,
    FEEDBACK,
    FIRST_DAY,
    INDUSTRIES,
    PLANS,
    SIZES,
)

SEED = 2026
CHUNK = 50_000
"""Customers made and held at a time. Another value gives other customers: it is part of what a
seed means.
"""
N_DUPLICATES, N_REVERSED = 12, 8
"""The dirt: rows of subscriptions that are there twice, and rows that end before they start."""
REVERSED_DAYS = 5
ROWS_PER_DIRT = 200
"""A business of few rows has less dirt of each kind: one such row for so many."""
BILLING = ("monthly", "annual")

CUSTOMERS = pa.schema(
    {
        "customer_id": pa.string(),
        "signed_up_on": pa.date32(),
        "channel": pa.string(),
        "industry": pa.string(),
        "country": pa.string(),
        "billing": pa.string(),
        "company_size": pa.string(),
        "acquisition_cost": pa.float64(),
    }
)
SUBSCRIPTIONS = pa.schema(
    {
        "subscription_id": pa.string(),
        "customer_id": pa.string(),
        "plan": pa.string(),
        "starts_on": pa.date32(),
        "ends_on": pa.date32(),
        "mrr": pa.decimal128(18, 2),
        "currency": pa.string(),
        "billing": pa.string(),
        "recorded_at": pa.timestamp("us"),
        "cancelled_on": pa.date32(),
        "end_reason": pa.string(),
        "cancel_feedback": pa.string(),
    }
)
PAYMENTS = pa.schema(
    {
        "invoice_id": pa.string(),
        "customer_id": pa.string(),
        "due_on": pa.date32(),
        "attempted_at": pa.date32(),
        "amount": pa.decimal128(18, 2),
        "status": pa.string(),
        "failure_reason": pa.string(),
    }
)
SURVEYS = pa.schema(
    {
        "customer_id": pa.string(),
        "kind": pa.string(),
        "asked_on": pa.date32(),
        "answered_on": pa.date32(),
        "score": pa.int64(),
    }
)
FILES = {
    "customers": CUSTOMERS,
    "subscriptions": SUBSCRIPTIONS,
    "payments": PAYMENTS,
    "surveys": SURVEYS,
}


def simulate(folder: Path, *, customers: int = 20_000, seed: int = SEED) -> Path:
    """Write a subscription business whose truth is known; the same seed gives the same bytes.

    Grain: `customers.parquet` has one row per customer, `subscriptions.parquet` one per span of
    constant price, `payments.parquet` one per attempt to charge an invoice, `surveys.parquet` one
    per customer asked.

    Parameters
    ----------
    folder : Path
        Made where it is absent; the files in it are replaced.
    customers : int
        How many sign up from 2023-11-01 to 2026-10-31. Memory does not grow with it.
    seed : int
        0 or more.

    Returns
    -------
    Path
        The folder. The truth is in `churnlib.simulate.truth` and in docs/simulated_business.md.

    Examples
    --------
    >>> import tempfile
    >>> folder = simulate(Path(tempfile.mkdtemp()), customers=100)
    >>> pq.read_table(folder / "customers.parquet").num_rows
    100
    """
    if customers < 1 or seed < 0:
        raise ChurnlibError(
            f"simulate: customers is {customers} and seed {seed}: at least 1 and 0 are needed."
        )
    folder = Path(folder)
    parts = {f"{name}.parquet": folder / f".{name}.parquet.partial" for name in FILES}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(list(parts.values()), _chunks(customers, seed))
        for name, part in parts.items():
            part.replace(folder / name)
    except OSError as error:
        raise ChurnlibError(f"simulate: cannot write to {folder}: {error}") from error
    finally:
        _remove(parts.values())
    return folder


def _remove(parts: Iterable[Path]) -> None:
    for part in parts:
        if part.exists():
            part.unlink()


def _write(paths: list[Path], chunks: Iterator[tuple[pa.Table, ...]]) -> None:
    with ExitStack() as files:
        writers = [
            files.enter_context(pq.ParquetWriter(path, schema, compression="zstd"))
            for path, schema in zip(paths, FILES.values(), strict=True)
        ]
        for tables in chunks:
            for writer, table in zip(writers, tables, strict=True):
                writer.write_table(table)


def _chunks(customers: int, seed: int) -> Iterator[tuple[pa.Table, ...]]:
    """Customers in the order they sign up, with their spans and payments, `CHUNK` of them at a
    time.
    """
    signed_up = np.cumsum(signups_by_day(np.random.default_rng([seed, 1]), customers))
    width, spans_before = max(7, len(str(customers))), 0
    for first in range(0, customers, CHUNK):
        rng = np.random.default_rng([seed, 2, first // CHUNK])
        number = np.arange(first, min(first + CHUNK, customers))
        people = draw_people(rng, FIRST_DAY + np.searchsorted(signed_up, number, side="right"))
        spans = live(rng, people)
        # What is beside the lives has streams of its own, so that these stay as they are.
        beside = np.random.default_rng([seed, 3, first // CHUNK])
        endings = draw_endings(beside, people, spans)
        payments = draw_payments(beside, people, spans, endings)
        surveys = draw_surveys(np.random.default_rng([seed, 5, first // CHUNK]), spans)
        ids = ids_of("C", number + 1, width)
        span_ids = ids_of("S", spans_before + np.arange(spans.who.size) + 1, width + 1)
        table = _subscriptions(people, spans, endings, ids, span_ids)
        table = table if first else _with_dirt(rng, table)
        yield _customers(people, ids), table, _payments(payments, ids), _surveys(surveys, ids)
        spans_before += spans.who.size


def _customers(people: People, ids: pa.Array) -> pa.Table:
    columns = [
        ids,
        people.signed_up_on,
        names_of(CHANNELS, people.channel),
        names_of(INDUSTRIES, people.industry),
        names_of(COUNTRIES, people.country),
        names_of(BILLING, people.annual),
        names_of(SIZES, people.size),
        people.acquisition_cost,
    ]
    return pa.table(columns, schema=CUSTOMERS)


def _subscriptions(
    people: People, spans: Spans, endings: Endings, ids: pa.Array, span_ids: pa.Array
) -> pa.Table:
    columns = [
        span_ids,
        ids.take(pa.array(spans.who)),
        names_of(PLANS, spans.plan),
        spans.starts_on,
        spans.ends_on,
        money_of(spans.cents),
        names_of(["EUR"], np.zeros(spans.who.size, dtype=int)),
        names_of(BILLING, people.annual[spans.who]),
        # The start of a span is known when it starts; the row's end date is what was known on the
        # last day.
        spans.starts_on.astype("datetime64[us]"),
        endings.cancelled_on,
        names_of(END_REASONS, endings.reason),
        names_of(FEEDBACK, endings.feedback),
    ]
    return pa.table(columns, schema=SUBSCRIPTIONS)


def _payments(attempts: Attempts, ids: pa.Array) -> pa.Table:
    customers = ids.take(pa.array(attempts.who))
    first = np.searchsorted(attempts.who, attempts.who, side="left")
    within = attempts.invoice - attempts.invoice[first] + 1
    why = np.where(attempts.paid, -1, np.where(attempts.expired, 0, 1))
    columns = [
        _joined(customers, "-", pa.array(within).cast(pa.string())),
        customers,
        attempts.due_on,
        attempts.attempted_on,
        money_of(attempts.cents),
        names_of(["failed", "paid"], attempts.paid),
        names_of(["expired_card", "declined"], why),
    ]
    return pa.table(columns, schema=PAYMENTS)


def _surveys(asked: Surveys, ids: pa.Array) -> pa.Table:
    columns = [
        ids.take(pa.array(asked.who)),
        names_of(["nps"], np.zeros(asked.who.size, dtype=int)),
        asked.asked_on,
        asked.answered_on,
        pa.array(asked.score, mask=asked.score < 0),
    ]
    return pa.table(columns, schema=SURVEYS)


def _with_dirt(rng: np.random.Generator, table: pa.Table) -> pa.Table:
    """Some rows twice, and copies of some others that end before they start; no true row is
    touched.
    """
    n = table.num_rows
    chosen = rng.permutation(n)[: 2 * (n // ROWS_PER_DIRT)]
    twice, backwards = chosen[::2][:N_DUPLICATES], chosen[1::2][:N_REVERSED]
    reverse = table.take(pa.array(backwards))
    reverse_ids = _joined(reverse["subscription_id"], "R")
    reverse_ends = reverse["starts_on"].to_numpy() - REVERSED_DAYS
    reverse = _replaced(reverse, "subscription_id", reverse_ids)
    reverse = _replaced(reverse, "ends_on", pa.array(reverse_ends, pa.date32()))
    return pa.concat_tables(
        [table.take(pa.array(np.sort(np.append(np.arange(n), twice)))), reverse]
    )


def _replaced(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return table.set_column(
        table.schema.get_field_index(column), table.schema.field(column), values
    )


def names_of(names: Iterable[str], position: NDArray) -> pa.Array:
    """The name at each position; none where it is below 0."""
    place = position.astype(np.int64)
    return pa.array(list(names)).take(pa.array(place, mask=place < 0))


def ids_of(prefix: str, number: NDArray[np.int64], width: int) -> pa.Array:
    """Numbers as ids of one width."""
    return _joined(prefix, pc.utf8_lpad(pa.array(number).cast(pa.string()), width, "0"))


def _joined(*parts: str | pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def money_of(cents: NDArray[np.int64]) -> pa.Array:
    """Exact decimals; a decimal of Arrow is a 128-bit count of cents."""
    low_and_high = np.zeros((cents.size, 2), dtype="<i8")
    low_and_high[:, 0] = cents
    low_and_high[:, 1] = np.where(cents < 0, -1, 0)
    return pa.Array.from_buffers(
        pa.decimal128(18, 2), cents.size, [None, pa.py_buffer(low_and_high)]
    )
