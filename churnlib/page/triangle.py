"""The cohort triangle as a table of one hue: who stayed, out of how many, as far as can be
known.
"""

from collections.abc import Hashable

import pandas as pd

from churnlib.formats import Format, cell, is_missing
from churnlib.page.markup import Block, esc, paragraph, slug
from churnlib.page.tables import file_link, scrolling
from churnlib.results.declared import declaration, filled, table_name
from churnlib.results.told import Finding, Told
from churnlib.statistics.rules import MIN_N

__all__ = ["triangle_block"]

NEWEST = 24
"""Cohorts shown, counted from the last; the others are in the CSV."""
MAX_AGES = 25
REVENUE = {"retention": "rate", "amount": "active", "opening_amount": "base"}
EDGE = "*"
"""Behind the first cohort of a shop's records."""
DEEPEST = 60
"""Per cent of the heat colour in the deepest shade: body text keeps a contrast of 4.5 on every one,
light and dark."""
FAINTEST = 0.08
_PERCENT = Format("percent", 0)


def triangle_block(triangle: pd.DataFrame, pooled: pd.DataFrame | None, finding: Finding) -> Block:
    """Cohorts down, ages across.

    Parameters
    ----------
    triangle : DataFrame
        cohort, age (whole periods), size, rate and active; or, for revenue, retention, amount and
        opening_amount. A missing rate is a cell not yet observable: it stays blank. Without rows
        the finding stands alone. Its declaration has the caption.
    pooled : DataFrame or None
        age, rate (or retention): the line of all observable cohorts, below.
    finding : Finding
        The heading.

    Returns
    -------
    Block
    """
    declared, key = declaration(triangle), slug(table_name(triangle))
    told = Told(anchor=key, label=declared.title, findings=(finding,))
    said = f"Triangle: {finding.sentence}"
    heading = f"<h3>{esc(finding.sentence)}</h3>"
    if triangle.empty:
        html = f'<section class="cl-triangle" id="{key}">{heading}</section>'
        return Block(html, said, told)
    cells = triangle.rename(columns=REVENUE)
    cohorts = list(pd.unique(cells["cohort"]))
    shown = cells[cells["cohort"].isin(cohorts[-NEWEST:]) & (cells["age"] < MAX_AGES)]
    caption = f"{filled(declared.caption, triangle)} Values in %."
    table = scrolling(_table(shown, pooled, caption), f"Table: {finding.sentence}")
    notes = _notes(shown, len(cohorts) - NEWEST, triangle)
    html = f'<section class="cl-triangle" id="{key}">{heading}{table}{notes}</section>'
    return Block(html, said, told)


def _table(shown: pd.DataFrame, pooled: pd.DataFrame | None, caption: str) -> str:
    ages = sorted(int(age) for age in shown.loc[shown["rate"].notna(), "age"].unique())
    limits = _limits(shown)
    rows = "".join(
        _row(cohort, part, ages, limits) for cohort, part in shown.groupby("cohort", sort=False)
    )
    foot = ""
    if pooled is not None:
        foot = f"<tfoot>{_pooled(pooled.rename(columns=REVENUE), ages, limits)}</tfoot>"
    head = "".join(f'<th scope="col" class="cl-number">{age}</th>' for age in ages)
    return (
        f'<table><caption>{esc(caption)}</caption><thead><tr><th scope="col">Cohort</th>'
        f'<th scope="col" class="cl-number">Size</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody>{foot}</table>"
    )


def _limits(shown: pd.DataFrame) -> tuple[float, float]:
    """The range of the shades: age 0 is left out, it is 100 % by definition."""
    rates = shown.loc[shown["age"] > 0, "rate"].dropna()
    return (float(rates.min()), float(rates.max())) if len(rates) else (0.0, 1.0)


def _shade(rate: float, limits: tuple[float, float]) -> int:
    low, high = limits
    depth = 0.5
    if high > low:
        depth = min(max((float(rate) - low) / (high - low), 0.0), 1.0)
    return round(DEEPEST * (FAINTEST + (1 - FAINTEST) * depth))


def _row(cohort: Hashable, part: pd.DataFrame, ages: list[int], limits: tuple[float, float]) -> str:
    size = part["size"].dropna().max()
    known = part.set_index("age")
    cells = "".join(_cell(known, age, limits, str(cohort)) for age in ages)
    mark = EDGE if _is_edge(part) else ""
    small = ""
    if not is_missing(size) and size < MIN_N:
        small = ' class="cl-small"'
    return (
        f'<tr{small}><th scope="row">{esc(cohort)}{mark}</th>'
        f'<td class="cl-size">{cell(size, "count")}</td>{cells}</tr>'
    )


def _is_edge(rows: pd.DataFrame) -> bool:
    return "left_edge" in rows and bool(rows["left_edge"].any())


def _pooled(pooled: pd.DataFrame, ages: list[int], limits: tuple[float, float]) -> str:
    known = pooled.set_index("age")
    cells = "".join(_cell(known, age, limits, "all cohorts") for age in ages)
    return f'<tr class="cl-total"><th scope="row">All cohorts</th><td></td>{cells}</tr>'


def _cell(known: pd.DataFrame, age: int, limits: tuple[float, float], cohort: str) -> str:
    if age not in known.index or is_missing(known.loc[age, "rate"]):
        return "<td></td>"
    rate = known.loc[age, "rate"]
    shade = _shade(rate, limits) if age else 0
    title = _title(known.loc[age], cohort)
    return f'<td class="cl-heat" style="--v:{shade}%" title="{title}">{cell(rate, _PERCENT)}</td>'


def _title(row: pd.Series, cohort: str) -> str:
    """The numbers behind a cell, where the pointer rests."""
    if is_missing(row.get("active")) or is_missing(row.get("size")):
        return esc(f"{cohort}, age {row.name}")
    base = row.get("base", row["size"])
    counts = f"{cell(row['active'], 'count')} of {cell(base, 'count')}"
    return esc(f"{cohort}, age {row.name}: {counts}")


def _notes(shown: pd.DataFrame, left: int, triangle: pd.DataFrame) -> str:
    blank = "Blank: not yet observable. Columns: whole periods since the cohort's first."
    notes = [paragraph(blank, "cl-note")]
    if shown["size"].dropna().lt(MIN_N).any():
        small = f"In italics: cohorts of fewer than {MIN_N}; read with care."
        notes.append(paragraph(small, "cl-note"))
    if _is_edge(triangle):
        edge = (
            f"{EDGE} The first cohort of the records: its customers may have bought before, so it "
            "is no cohort of new customers, and not in the last row."
        )
        notes.append(paragraph(edge, "cl-note"))
    file = file_link(triangle)
    if left > 0:
        older = "cohort is" if left == 1 else "cohorts are"
        where = f" in {file}" if file else " not shown"
        notes.append(f'<p class="cl-note">{left:,} earlier {older}{where}</p>')
    return "".join(notes)
