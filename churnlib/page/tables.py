"""Results as tables that a screen reader can read and a finance director will.

Which columns are shown, under which labels, in which formats and on which side they stand: all of
that is said by the result's declaration.
"""

from collections.abc import Sequence

import pandas as pd

from churnlib.formats import MISSING, Format, cell, is_missing
from churnlib.page.markup import Block, esc, link, paragraph, slug
from churnlib.results.columns import Column
from churnlib.results.declared import (
    DECLARED,
    columns_of,
    currency_of,
    declaration,
    filled,
    grain_of,
    split_of,
    table_name,
)
from churnlib.results.segments import ALL, in_words
from churnlib.results.told import Finding, Told
from churnlib.statistics.rules import MIN_N

__all__ = ["table_block"]

MAX_ROWS = 20
FOLDED_ROWS = 60
MANY_COLUMNS = 7
GROUP, SEGMENT = "segment_column", "segment"
EVERYBODY = "All customers"


def table_block(
    result: pd.DataFrame,
    finding: Finding | None = None,
    *,
    total: str = "",
    max_rows: int = MAX_ROWS,
) -> Block:
    """A table: one row a row of the result, in its order.

    Parameters
    ----------
    result : DataFrame
        Its declaration says which columns are shown, how, and what stands above and below. Rows
        with a denominator under 30 are marked. Without rows the caption stands alone. Of a column
        `segment_column` each value heads its rows, but for "all", which needs no head.
    finding : Finding, optional
        What the table says: its caption. Otherwise the caption of the declaration.
    total : str
        The head of a last row, set off, that adds up the columns declared to add up.
    max_rows : int
        Rows shown; the others are in the CSV, which the page links to.

    Returns
    -------
    Block
    """
    declared, name = declaration(result), table_name(result)
    caption = finding.sentence if finding else _caption(result)
    anchor = f"{slug(name)}-table"
    told = Told(anchor=anchor, label=declared.title, findings=(finding,) if finding else ())
    if result.empty:
        said = caption if caption.endswith(".") else f"{caption}: there is nothing to show."
        html = f'<div class="cl-table" id="{anchor}">{paragraph(said, "cl-note cl-nothing")}</div>'
        return Block(html, said, told)
    shown = result.head(max_rows)
    html = table_html(shown, caption, total=total)
    notes = (
        _more(len(result) - max_rows, result),
        _small_note(shown),
        paragraph(filled(declared.note, result), "cl-note"),
    )
    wide = " cl-wide" if len(_shown_columns(shown)) > MANY_COLUMNS else ""
    return Block(
        f'<div class="cl-table{wide}" '
        f'id="{anchor}">{scrolling(html, caption)}{"".join(notes)}</div>',
        f"Table: {caption} ({len(result):,} rows)",
        told,
    )


def numbers_html(result: pd.DataFrame, caption: str) -> str:
    """The numbers behind a chart, to be folded under it: every declared column, at most 60 rows."""
    shown = result.head(FOLDED_ROWS)
    table = table_html(shown, caption, columns=columns_of(shown))
    wide = " cl-wide" if len(shown.columns) > MANY_COLUMNS else ""
    more = _all_rows(result) or _more(len(result) - FOLDED_ROWS, result)
    notes = _small_note(shown) + more
    return f'<div class="cl-table{wide}">{scrolling(table, caption)}{notes}</div>'


def table_html(
    rows: pd.DataFrame, caption: str, *, columns: Sequence[Column] = (), total: str = ""
) -> str:
    """A frame as an HTML table: scoped heads, units in the heads, figures to the right."""
    chosen = list(columns) or _shown_columns(rows)
    chosen = [one for one in chosen if one.name != GROUP]
    formats = {one.name: one.format(currency_of(rows), grain_of(rows)) for one in chosen}
    head = "".join(_header(_label(one, rows), formats[one.name]) for one in chosen)
    foot = ""
    if total:
        foot = f"<tfoot>{_total_row(rows, chosen, formats, total)}</tfoot>"
    body = _bodies(rows.reset_index(drop=True), formats)
    top = f"<caption>{esc(caption)}</caption><thead><tr>{head}</tr></thead>"
    return f"<table>{top}{body}{foot}</table>"


def scrolling(html: str, label: str) -> str:
    """Something wide in a box of its own that scrolls, also by keyboard."""
    return (
        f'<div class="cl-scroll" tabindex="0" role="group" aria-label="{esc(label)}">{html}</div>'
    )


def file_link(result: pd.DataFrame, text: str = "") -> str:
    """A link to the result's CSV, or nothing where it has not been written."""
    file = str(result.attrs.get("file", ""))
    return link(file, text or file) if file else ""


def _caption(result: pd.DataFrame) -> str:
    declared = declaration(result)
    if declared.caption:
        return filled(declared.caption, result)
    by = split_of(result)
    title = declared.title[:1].upper() + declared.title[1:]
    return f"{title}, by {in_words(by)}" if by else title


def _shown_columns(rows: pd.DataFrame) -> list[Column]:
    """Those that the declaration shows, led by the segment where the result is split."""
    there = {one.name: one for one in columns_of(rows)}
    declared = DECLARED.get(rows.attrs.get("result"))
    names = [name for name in (declared.shown if declared else ()) if name in there]
    if not names:
        return list(there.values())
    if SEGMENT in there and SEGMENT not in names:
        names.insert(0, SEGMENT)
    return [there[name] for name in names]


def _label(column: Column, rows: pd.DataFrame) -> str:
    """A column's head; a segment is called by what it is a value of."""
    by = split_of(rows)
    if column.name == SEGMENT and by:
        words = in_words(by)
        return words[:1].upper() + words[1:]
    return filled(column.label, rows)


def _header(label: str, how: Format) -> str:
    unit = ""
    if how.unit and f"({how.unit})" not in label:
        unit = f' <span class="cl-unit">({how.unit})</span>'
    css = ' class="cl-number"' if how.is_numeric else ""
    return f'<th scope="col"{css}>{esc(label)}{unit}</th>'


def _bodies(rows: pd.DataFrame, formats: dict[str, Format]) -> str:
    """The rows; those of each segment column under a head of its own."""
    small = _is_small(rows)
    group = pd.Series(ALL, index=rows.index)
    if GROUP in rows.columns and SEGMENT in rows.columns:
        group = rows[GROUP].astype(str)
        rows = rows.assign(segment=rows[SEGMENT].where(group != ALL, EVERYBODY))
    several = len(set(group)) > 1
    return "".join(
        f"<tbody>{_group(value, len(formats)) if several else ''}"
        f"{_rows(part, formats, small)}</tbody>"
        for value, part in rows.groupby(group, sort=False)
    )


def _group(value: object, width: int) -> str:
    if value == ALL:
        return ""
    words = in_words(value)
    head = esc(words[:1].upper() + words[1:])
    return f'<tr class="cl-group"><th scope="rowgroup" colspan="{width}">{head}</th></tr>'


def _rows(rows: pd.DataFrame, formats: dict[str, Format], small: list[bool]) -> str:
    return "".join(
        _row(values, formats, "cl-small" if small[index] else "")
        for index, values in zip(rows.index, rows.to_dict("records"), strict=True)
    )


def _row(values: dict, formats: dict[str, Format], css: str, blank: str = MISSING) -> str:
    cells = []
    for position, (name, how) in enumerate(formats.items()):
        tag = 'th scope="row"' if position == 0 else "td"
        number = ' class="cl-number"' if how.is_numeric else ""
        shown = _value(values.get(name), how, blank)
        cells.append(f"<{tag}{number}>{shown}</{tag[:2]}>")
    opening = f'<tr class="{css}">' if css else "<tr>"
    return f"{opening}{''.join(cells)}</tr>"


def _value(value: object, how: Format, blank: str) -> str:
    if is_missing(value):
        return blank
    is_plain = isinstance(value, str) and how.kind != "word"
    return esc(value if is_plain else cell(value, how))


def _total_row(
    rows: pd.DataFrame, columns: list[Column], formats: dict[str, Format], head: str
) -> str:
    values = {one.name: rows[one.name].sum() for one in columns if one.adds}
    values[columns[0].name] = head
    return _row(values, formats, "cl-total", blank="")


def _more(left: int, result: pd.DataFrame) -> str:
    if left <= 0:
        return ""
    rows = "1 more row" if left == 1 else f"{left:,} more rows"
    file = file_link(result)
    return f'<p class="cl-note">{rows}{f" in {file}" if file else ""}</p>'


def _all_rows(result: pd.DataFrame) -> str:
    file = file_link(result)
    return f'<p class="cl-note">All rows: {file}</p>' if file else ""


def _is_small(rows: pd.DataFrame) -> list[bool]:
    """Whether a rate of a row rests on fewer than 30."""
    named = {one.denominator for one in columns_of(rows)} & set(rows.columns)
    return rows[sorted(named)].lt(MIN_N).any(axis=1).tolist()


def _small_note(rows: pd.DataFrame) -> str:
    if not any(_is_small(rows)):
        return ""
    small = f"In italics: fewer than {MIN_N} in the denominator; read with care."
    return paragraph(small, "cl-note")
