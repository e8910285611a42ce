"""Everything that a cell of a report's notebook may end in.

`figure_block`, `table_block`, `triangle_block`, `key_figures_block`, `findings_block`,
`data_box_block`, `definitions_block`, `note_block` and, for several of them, `stack_block` each
give a `Block`: HTML in JupyterLab and in the page, one line of text elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.svg import to_svg
from churnlib.figures.theme import NOTHING
from churnlib.findings.wording import Finding
from churnlib.formats import cell, day
from churnlib.page.key_figures import Change, KeyFigure, change, key_figures_block
from churnlib.page.markup import Block, esc, link, paragraph, slug
from churnlib.page.tables import FOLDED_ROWS, GROUP, infer_formats, table_block
from churnlib.page.triangle import triangle_block

__all__ = [
    "Block",
    "Change",
    "Finding",
    "KeyFigure",
    "change",
    "data_box_block",
    "definitions_block",
    "figure_block",
    "findings_block",
    "key_figures_block",
    "note_block",
    "stack_block",
    "style_block",
    "table_block",
    "triangle_block",
]


BLOCKS_CSS = Path(__file__).with_name("blocks.css")


def figure_block(
    ax: Axes,
    *,
    name: str,
    finding: str,
    subtitle: str,
    caption: str,
    data: pd.DataFrame | Block | None = None,
) -> Block:
    """A chart with what it says: the finding above, the definition below, the numbers folded.

    The figure is closed, so that a notebook does not show it a second time. Where there is nothing
    to draw (see `figures.theme.nothing`), the finding stands alone: there is no picture to define
    and no number to fold.

    Parameters
    ----------
    ax : Axes
        Any axes of the figure to show.
    name : str
        Unique on the page: its id.
    finding : str
        One sentence: the heading, and the text alternative of the picture.
    subtitle : str
        Metric, unit, population and n.
    caption : str
        The definition: how the number is computed, what the range is.
    data : DataFrame or Block, optional
        The numbers; a frame is formatted by the names of its columns, at most 60 rows.

    Returns
    -------
    Block

    Examples
    --------
    >>> ax = plt.subplots()[1]
    >>> figure_block(ax, name="churn", finding="No clear change.", subtitle="Churn, %", caption="Lost / opening.")
    Figure: No clear change.
    """
    key = slug(name)
    if ax.get_gid() == NOTHING:
        plt.close(ax.figure)
        return Block(
            f'<div class="cl-figure" id="{key}">{note_block(finding).html}</div>',
            f"Figure: {finding}",
        )
    picture = _picture(ax, key, finding)
    plt.close(ax.figure)
    html = (
        '<div class="cl-figure" '
        f'id="{key}"><h3>{esc(finding)}</h3>{paragraph(subtitle, "cl-subtitle")}'
        f"<figure>{picture}<figcaption>{esc(caption)}</figcaption></figure>{_folded(data, key, subtitle)}</div>"
    )
    return Block(html, f"Figure: {finding}")


def _picture(ax: Axes, key: str, finding: str) -> str:
    svg = to_svg(ax, key).replace("<svg ", f'<svg role="img" aria-label="{esc(finding)}" ', 1)
    label = f"Chart: {esc(finding)}"
    return f'<div class="cl-scroll" tabindex="0" role="group" aria-label="{label}">{svg}</div>'


def _folded(data: pd.DataFrame | Block | None, key: str, caption: str) -> str:
    if data is None or (isinstance(data, pd.DataFrame) and data.empty):
        return ""
    if isinstance(data, pd.DataFrame):
        frame = data.rename(columns=str).head(FOLDED_ROWS)
        left = len(data) - len(frame)
        note = f"{left:,} more in the CSV files beside this page." if left else ""
        formats = {name: how for name, how in infer_formats(frame).items() if name != GROUP}
        data = table_block(
            frame,
            name=f"{key}-numbers",
            caption=caption,
            formats=formats,
            note=note,
            max_rows=FOLDED_ROWS,
        )
    return f"<details><summary>Numbers</summary>{data.html}</details>"


def findings_block(findings: Sequence[Finding]) -> Block:
    """Two to five sentences, each with the way to its evidence.

    Examples
    --------
    >>> findings_block([Finding("Churn was 3.4 % in October.", "revenue.html#churn-rates", "churn rates")])
    Churn was 3.4 % in October.
    """
    items = "".join(f"<li>{esc(item.text)}{_evidence(item)}</li>" for item in findings)
    return Block(f'<ul class="cl-findings">{items}</ul>', "\n".join(item.text for item in findings))


def _evidence(finding: Finding) -> str:
    """A link named for the section it goes to, so that it makes sense on its own."""
    if not finding.href:
        return ""
    return f' <span class="cl-evidence">{link(finding.href, "See " + (finding.label or "the evidence"))}</span>'


def stack_block(blocks: Iterable[Block], *, otherwise: str = "Nothing to show.") -> Block:
    """Blocks below one another, such as one for each segment column; a sentence where there are
    none.

    Examples
    --------
    >>> stack_block([], otherwise="The parameter file names no segments.")
    The parameter file names no segments.
    """
    parts = list(blocks)
    if not parts:
        return note_block(otherwise)
    return Block("".join(part.html for part in parts), "\n".join(part.summary for part in parts))


def note_block(text: str) -> Block:
    """A sentence in place of a chart or table that would have nothing to show.

    Examples
    --------
    >>> note_block("No customer has been observed for 12 months yet.")
    No customer has been observed for 12 months yet.
    """
    return Block(paragraph(text, "cl-note cl-nothing"), text)


def definitions_block(terms: Iterable[tuple[str, str]]) -> Block:
    """Words of this page and what they mean; each is an anchor (`#define-churn-rate`).

    Examples
    --------
    >>> definitions_block([("Churn rate", "Lost ÷ opening.")])
    Churn rate: Lost ÷ opening.
    """
    pairs = list(terms)
    items = "".join(
        f'<div id="define-{slug(term)}"><dt>{esc(term)}</dt><dd>{esc(meaning)}</dd></div>'
        for term, meaning in pairs
    )
    return Block(
        f'<dl class="cl-definitions">{items}</dl>',
        "\n".join(f"{term}: {text}" for term, text in pairs),
    )


def data_box_block(data_box: Sequence[Mapping[str, object]], as_of: date) -> Block:
    """The rows behind the report: read, kept, set aside, and why.

    Parameters
    ----------
    data_box : sequence of mappings
        One a table: table, file, read, filtered, kept, apart, set_aside, reasons (a list of reason,
        rows, example), remarks.
    as_of : date
        Exclusive end of what was known.

    Returns
    -------
    Block

    Examples
    --------
    >>> row = {"table": "orders", "file": "o.csv", "read": 3, "kept": 2, "set_aside": 1, "reasons": []}
    >>> data_box_block([row], date(2026, 11, 1))
    Table: Rows read from the source; the report uses what was known before 1 November 2026 (1 rows)
    """
    caption = f"Rows read from the source; the report uses what was known before {day(as_of)}"
    rare = [key for key in ("filtered", "apart") if not any(row.get(key) for row in data_box)]
    counts = [key for key in ("read", "filtered", "kept", "apart", "set_aside") if key not in rare]
    columns = {"table": "text", "file": "text", **dict.fromkeys(counts, "count")}
    frame = pd.DataFrame(
        [{key: row.get(key) for key in columns} for row in data_box], columns=list(columns)
    )
    table = table_block(frame, name="data-box", caption=caption, formats=columns)
    reasons = [(row["table"], reason) for row in data_box for reason in row.get("reasons") or ()]
    remarks = "".join(
        paragraph(f"{row['table']}: {one}", "cl-note")
        for row in data_box
        for one in row.get("remarks") or ()
    )
    return Block(
        f'<div class="cl-data-box">{table.html}{_reasons(reasons)}{remarks}</div>', table.summary
    )


def _reasons(reasons: Sequence[tuple[object, Mapping[str, object]]]) -> str:
    if not reasons:
        return paragraph("No row was set aside.", "cl-note")
    items = "".join(
        f"<li>{esc(table)}: {esc(cell(item['rows'], 'count'))} \u00d7 {esc(item['reason'])}"
        + (f", for example <code>{esc(item['example'])}</code>" if item.get("example") else "")
        + "</li>"
        for table, item in reasons
    )
    return f'<p class="cl-note">Set aside:</p><ul class="cl-reasons">{items}</ul>'


def style_block() -> Block:
    """The look of the blocks, for a notebook read in JupyterLab: once, at its start. Pages bring
    it along anyway.
    """
    return Block(f"<style>{BLOCKS_CSS.read_text(encoding='utf-8')}</style>", "")
