"""The account of all rows: read, kept, set aside and why; and what was decided about the data."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from churnlib.formats import cell, day, text
from churnlib.page.markup import Block, esc, paragraph
from churnlib.page.tables import scrolling, table_html
from churnlib.results.columns import Column
from churnlib.results.told import Decision, Told
from churnlib.statistics.rules import MIN_N

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

__all__ = ["data_box_block"]

COUNTS = (
    Column("read", "count", "Read", "Rows of the source."),
    Column("filtered", "count", "Filtered", "Rows that the filter of the parameters left out."),
    Column("kept", "count", "Kept", "Rows that the report uses."),
    Column(
        "apart",
        "count",
        "Apart",
        "Trials, earlier versions, sales without a customer.",
    ),
    Column("set_aside", "count", "Set aside", "Rows that cannot be used, counted by reason."),
)
RARE = ("filtered", "apart")
"""Columns that are shown only where there is something in them."""
ANCHOR = "data-box"


def data_box_block(snapshot: "Snapshot") -> Block:
    """The rows behind the report: read, kept, set aside, and why. It tells the first page what was
    decided about the data.
    """
    box = snapshot.data_box
    caption = (
        f"Rows read from the source; the report uses what was known before {day(snapshot.as_of)}"
    )
    table = _table(box, caption)
    reasons = [(row["table"], reason) for row in box for reason in row.get("reasons") or ()]
    remarks = "".join(paragraph(said, "cl-note") for said in _remarks(box))
    html = (
        f'<div class="cl-data-box"><div class="cl-table" id="{ANCHOR}">'
        f"{scrolling(table, caption)}</div>{_reasons(reasons, snapshot.currency)}{remarks}</div>"
    )
    told = Told(anchor=ANCHOR, label="the account of all rows", decisions=decisions(snapshot))
    return Block(html, f"Table: {caption} ({len(box):,} rows)", told)


def decisions(snapshot: "Snapshot") -> tuple[Decision, ...]:
    """What was decided about the data: an unfinished period, few customers, rows set aside."""
    found = []
    if snapshot.partial:
        found.append(Decision(sentence=_partial(snapshot), urgent=True))
    if snapshot.n_customers < MIN_N:
        found.append(Decision(sentence=_few(snapshot), urgent=True))
    for row in snapshot.data_box:
        for one in row.get("warnings") or ():
            found.append(Decision(sentence=one, urgent=True))
        aside = row.get("set_aside")
        if aside:
            rows = "1 row" if aside == 1 else f"{aside:,} rows"
            sentence = f"{rows} of {row['table']} cannot be used and were set aside."
            found.append(Decision(sentence=sentence, rows=aside))
    return tuple(found)


def _remarks(box: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the data cover, and what a reader should know of each table."""
    said = []
    for row in box:
        told = [*(row.get("warnings") or ()), *(row.get("remarks") or ())]
        said += [f"{row['table']}: {one}" for one in told]
        if covered := row.get("coverage"):
            said.insert(0, covered)
    return said


def _partial(snapshot: "Snapshot") -> str:
    return (
        f"The data do not cover {snapshot.period.name} to its end ({day(snapshot.as_of)}): its "
        "figures are partial and no comparison with whole periods holds."
    )


def _few(snapshot: "Snapshot") -> str:
    n = snapshot.n_customers
    return (
        f"{n} {'customer' if n == 1 else 'customers'} so far: rates, forecasts and comparisons "
        f"need {MIN_N}. Until then this report says what happened, and leaves out the chapters "
        "that say more."
    )


def _table(box: Sequence[Mapping[str, Any]], caption: str) -> str:
    empty = {name for name in RARE if not any(row.get(name) for row in box)}
    columns = [
        Column("table", "text", "Table", "Which table."),
        Column("file", "text", "File", "Where it was read from."),
        *(one for one in COUNTS if one.name not in empty),
    ]
    names = [one.name for one in columns]
    rows = pd.DataFrame([{name: row.get(name) for name in names} for row in box], columns=names)
    return table_html(rows, caption, columns=columns)


def _reasons(reasons: Sequence[tuple[object, Mapping[str, Any]]], currency: str) -> str:
    if not reasons:
        return paragraph("No row was set aside.", "cl-note")
    items = "".join(_reason(table, item, currency) for table, item in reasons)
    return f'<p class="cl-note">Set aside:</p><ul class="cl-reasons">{items}</ul>'


def _reason(table: object, item: Mapping[str, Any], currency: str) -> str:
    count = cell(item["rows"], "count")
    said = f"<li>{esc(table)}: {esc(count)} \u00d7 {esc(item['reason'])}"
    if item.get("money"):
        said += f" ({esc(text(item['money'], currency))})"
    if item.get("example"):
        said += f", for example <code>{esc(item['example'])}</code>"
    return f"{said}</li>"
