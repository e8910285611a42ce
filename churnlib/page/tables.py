"""Frames as tables that a screen reader can read and a finance director will."""

from collections.abc import Mapping

import pandas as pd

from churnlib.formats import MISSING, Format, cell, is_missing, parse_format
from churnlib.page.markup import Block, esc, paragraph, slug
from churnlib.results.csv_files import csv_name

MAX_ROWS = 20
FOLDED_ROWS = 60
MANY_COLUMNS = 7
MIN_N = 30
DENOMINATORS = ("denominator", "opening_customers", "at_risk", "size", "left")
"""What results call the number that a rate rests on."""
GROUP = "segment_column"
ALL = "all"
ACRONYMS = {
    "mrr": "MRR",
    "nrr": "NRR",
    "grr": "GRR",
    "arpa": "ARPA",
    "clv": "CLV",
    "ltv": "LTV",
    "cac": "CAC",
}
_SHARES = (
    "rate",
    "share",
    "low",
    "high",
    "estimate",
    "fitted",
    "around",
    "hazard",
    "retention",
    "survival",
    "nrr",
    "grr",
)


def table_block(
    frame: pd.DataFrame,
    *,
    name: str,
    caption: str,
    formats: Mapping[str, str | Format],
    labels: Mapping[str, str] | None = None,
    total: Mapping[str, object] | None = None,
    note: str = "",
    max_rows: int = MAX_ROWS,
) -> Block:
    """A table: one row a row of the frame, in its order.

    Parameters
    ----------
    frame : DataFrame
        Rows with a denominator (see `DENOMINATORS`, shown or not) under 30 are marked. Without rows
        the caption stands alone. Of a column `segment_column` that is not among the formats each
        value heads its rows, but for "all", which needs no head.
    name : str
        Its id on the page, and the name of its CSV: rows left out are in `tables/<name>.csv`.
    caption : str
        What the table shows, of whom, as of when.
    formats : mapping
        Which columns to show, in this order, and how (see `churnlib.formats`). The first column
        heads the rows.
    labels : mapping, optional
        Column heads; otherwise the column's name in plain words. Units are added.
    total : mapping, optional
        Values of a last row, set off; the columns it lacks are blank.
    note : str
        A sentence below.
    max_rows : int

    Returns
    -------
    Block

    Examples
    --------
    >>> frame = pd.DataFrame({"channel": ["ads", "web"], "churn_rate": [0.034, None]})
    >>> table_block(frame, name="t", caption="Churn", formats={"channel": "text", "churn_rate": "percent"})
    Table: Churn (2 rows)
    """
    columns = {
        key: parse_format(how) if isinstance(how, str) else how for key, how in formats.items()
    }
    missing = [key for key in columns if key not in frame.columns]
    if missing:
        raise ValueError(f"table {name!r}: the frame has no column {', '.join(missing)}.")
    if frame.empty:
        said = caption if caption.endswith(".") else f"{caption}: there is nothing to show."
        return Block(
            '<div class="cl-table" '
            f'id="{slug(name)}">{paragraph(said, "cl-note cl-nothing")}</div>',
            said,
        )
    html = _table(
        frame.head(max_rows).reset_index(drop=True), columns, caption, labels or {}, total
    )
    notes = [
        _more(len(frame) - max_rows, name),
        _small_note(frame.head(max_rows)),
        paragraph(note, "cl-note"),
    ]
    wide = " cl-wide" if len(columns) > MANY_COLUMNS else ""
    return Block(
        f'<div class="cl-table{wide}" id="{slug(name)}"><div class="cl-scroll" tabindex="0" '
        'role="group" '
        f'aria-label="{esc(caption)}">{html}</div>{"".join(notes)}</div>',
        f"Table: {caption} ({len(frame):,} rows)",
    )


def infer_formats(frame: pd.DataFrame) -> dict[str, Format]:
    """Formats for a result frame whose columns follow the house's names: rates, counts, dates.

    Examples
    --------
    >>> infer_formats(pd.DataFrame({"tenure": [1], "estimate": [0.5]}))["estimate"].kind
    'percent'
    """
    return {str(name): _infer(str(name), frame[name]) for name in frame.columns}


def _infer(name: str, values: pd.Series) -> Format:
    if pd.api.types.is_datetime64_any_dtype(values):
        return Format("month" if name.endswith("start") else "day")
    if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
        return Format("text")
    if name.endswith(_SHARES) and values.abs().max() <= 2:
        return Format("percent", 1)
    whole = bool((values.dropna() % 1 == 0).all())
    return Format("count") if whole else Format("number", 2)


def plain_label(name: str) -> str:
    """A column's name in plain words.

    Examples
    --------
    >>> plain_label("opening_customers"), plain_label("n_churn"), plain_label("mrr")
    ('Opening customers', 'Customers: churn', 'MRR')
    """
    if name.startswith("n_"):
        return "Customers: " + name.removeprefix("n_").replace("_", " ")
    words = [ACRONYMS.get(word, word) for word in name.replace("period_start", "period").split("_")]
    joined = " ".join(words)
    return joined[:1].upper() + joined[1:]


def _table(
    rows: pd.DataFrame,
    columns: Mapping[str, Format],
    caption: str,
    labels: Mapping[str, str],
    total: Mapping[str, object] | None,
) -> str:
    head = "".join(_header(labels.get(key, plain_label(key)), how) for key, how in columns.items())
    small = _is_small(rows)
    group = pd.Series(ALL, index=rows.index)
    if GROUP in rows.columns and GROUP not in columns:
        group = rows[GROUP]
        rows = rows.assign(segment=rows["segment"].where(group != ALL, "All customers"))
    bodies = "".join(
        f"<tbody>{_group(value, len(columns))}{_rows(part, columns, small)}</tbody>"
        for value, part in rows.groupby(group.astype(str), sort=False)
    )
    foot = f"<tfoot>{_row(total, columns, 'cl-total', blank='')}</tfoot>" if total else ""
    return f"<table><caption>{esc(caption)}</caption><thead><tr>{head}</tr></thead>{bodies}{foot}</table>"


def _group(value: object, width: int) -> str:
    if value == ALL:
        return ""
    return f'<tr class="cl-group"><th scope="rowgroup" colspan="{width}">{esc(plain_label(str(value)))}</th></tr>'


def _rows(rows: pd.DataFrame, columns: Mapping[str, Format], small: list[bool]) -> str:
    return "".join(
        _row(
            dict(zip(rows.columns, values, strict=True)),
            columns,
            "cl-small" if small[index] else "",
        )
        for index, values in zip(rows.index, rows.itertuples(index=False, name=None), strict=True)
    )


def _header(label: str, how: Format) -> str:
    unit = (
        f' <span class="cl-unit">({how.unit})</span>'
        if how.unit and f"({how.unit})" not in label
        else ""
    )
    css = ' class="cl-number"' if how.is_numeric else ""
    return f'<th scope="col"{css}>{esc(label)}{unit}</th>'


def _row(
    values: Mapping[str, object], columns: Mapping[str, Format], css: str, blank: str = MISSING
) -> str:
    cells = []
    for position, (key, how) in enumerate(columns.items()):
        value = values.get(key)
        shown = (
            blank
            if is_missing(value)
            else esc(str(value) if isinstance(value, str) else cell(value, how))
        )
        tag = 'th scope="row"' if position == 0 else "td"
        number = ' class="cl-number"' if how.is_numeric else ""
        cells.append(f"<{tag}{number}>{shown}</{tag[:2]}>")
    return f'<tr class="{css}">{"".join(cells)}</tr>' if css else f"<tr>{''.join(cells)}</tr>"


def _more(left: int, name: str) -> str:
    if left <= 0:
        return ""
    rows = "1 more row" if left == 1 else f"{left:,} more rows"
    file = f"tables/{csv_name(name)}"
    return f'<p class="cl-note">{rows} in <a href="{esc(file)}">{esc(file)}</a></p>'


def _is_small(rows: pd.DataFrame) -> list[bool]:
    named = rows[[name for name in DENOMINATORS if name in rows.columns]]
    return named.lt(MIN_N).any(axis=1).tolist()


def _small_note(rows: pd.DataFrame) -> str:
    if not any(_is_small(rows)):
        return ""
    return paragraph(
        f"In italics: fewer than {MIN_N} in the denominator; read with care.", "cl-note"
    )
