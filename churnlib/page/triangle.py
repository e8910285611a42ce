"""The cohort triangle as a table of one hue: who stayed, out of how many, as far as can be
known.
"""

from collections.abc import Hashable

import pandas as pd

from churnlib.formats import Format, cell, is_missing
from churnlib.page.markup import Block, esc, paragraph, slug
from churnlib.results.csv_files import csv_name

MIN_N = 30
MAX_AGES = 25
REVENUE = {"retention": "rate", "amount": "active", "opening_amount": "base"}
# The deepest shade is 60 % of the heat colour: body text keeps a contrast of 4.5 on every one,
# light and dark.
DEEPEST = 60
_PERCENT = Format("percent", 0)


def triangle_block(
    triangle: pd.DataFrame,
    pooled: pd.DataFrame | None,
    *,
    name: str,
    finding: str,
    caption: str,
    newest: int = 24,
) -> Block:
    """Cohorts down, ages across.

    Parameters
    ----------
    triangle : DataFrame
        cohort, age (whole periods), size, rate and active; or, for revenue, retention, amount and
        opening_amount. A missing rate is a cell not yet observable: it stays blank. Without rows
        the finding stands alone.
    pooled : DataFrame or None
        age, rate (or retention): the line of all observable cohorts, below.
    name, finding, caption : str
        The id; the heading, which states the finding; the definition.
    newest : int
        Cohorts shown, counted from the last; the others are in `tables/<name>.csv`.

    Returns
    -------
    Block

    Examples
    --------
    >>> cells = pd.DataFrame({"cohort": ["2026-01"], "age": [0], "size": [40], "active": [40], "rate": [1.0]})
    >>> triangle_block(cells, cells.drop(columns="cohort"), name="c", finding="All stayed.", caption="")
    Triangle: All stayed.
    """
    if triangle.empty:
        html = f'<section class="cl-triangle" id="{slug(name)}"><h3>{esc(finding)}</h3></section>'
        return Block(html, f"Triangle: {finding}")
    triangle = triangle.rename(columns=REVENUE)
    cohorts = list(pd.unique(triangle["cohort"]))
    shown = triangle[triangle["cohort"].isin(cohorts[-newest:]) & (triangle["age"] < MAX_AGES)]
    ages = sorted(int(age) for age in shown.loc[shown["rate"].notna(), "age"].unique())
    limits = _limits(shown)
    rows = "".join(
        _row(cohort, part, ages, limits) for cohort, part in shown.groupby("cohort", sort=False)
    )
    foot = _pooled(pooled.rename(columns=REVENUE), ages, limits) if pooled is not None else ""
    head = "".join(f'<th scope="col" class="cl-number">{age}</th>' for age in ages)
    table = (
        f"<table><caption>{esc(caption)} Values in %.</caption><thead><tr>"
        f'<th scope="col">Cohort</th><th scope="col" class="cl-number">Size</th>{head}</tr></thead>'
        f"<tbody>{rows}</tbody>{foot and f'<tfoot>{foot}</tfoot>'}</table>"
    )
    html = (
        f'<section class="cl-triangle" id="{slug(name)}">'
        f"<h3>{esc(finding)}</h3>"
        '<div class="cl-scroll" tabindex="0" role="group" aria-label="Table: '
        f'{esc(finding)}">{table}</div>'
        f"{_notes(shown, len(cohorts) - newest, name)}</section>"
    )
    return Block(html, f"Triangle: {finding}")


def _limits(shown: pd.DataFrame) -> tuple[float, float]:
    """The range of the shades: age 0 is left out, it is 100 % by definition."""
    rates = shown.loc[shown["age"] > 0, "rate"].dropna()
    return (float(rates.min()), float(rates.max())) if len(rates) else (0.0, 1.0)


def _shade(rate: float, limits: tuple[float, float]) -> int:
    low, high = limits
    depth = 0.5 if high <= low else (float(rate) - low) / (high - low)
    return round(DEEPEST * (0.08 + 0.92 * min(max(depth, 0.0), 1.0)))


def _row(cohort: Hashable, part: pd.DataFrame, ages: list[int], limits: tuple[float, float]) -> str:
    size = part["size"].dropna().max()
    known = part.set_index("age")
    cells = "".join(_cell(known, age, limits, str(cohort)) for age in ages)
    small = ' class="cl-small"' if not is_missing(size) and size < MIN_N else ""
    return f'<tr{small}><th scope="row">{esc(cohort)}</th><td class="cl-size">{cell(size, "count")}</td>{cells}</tr>'


def _pooled(pooled: pd.DataFrame, ages: list[int], limits: tuple[float, float]) -> str:
    known = pooled.set_index("age")
    cells = "".join(_cell(known, age, limits, "all cohorts") for age in ages)
    return f'<tr class="cl-total"><th scope="row">All cohorts</th><td></td>{cells}</tr>'


def _cell(known: pd.DataFrame, age: int, limits: tuple[float, float], cohort: str) -> str:
    if age not in known.index or is_missing(known.loc[age, "rate"]):
        return "<td></td>"
    rate = known.loc[age, "rate"]
    shade = _shade(rate, limits) if age else 0
    return f'<td class="cl-heat" style="--v:{shade}%" title="{_title(known.loc[age], cohort)}">{cell(rate, _PERCENT)}</td>'


def _title(row: pd.Series, cohort: str) -> str:
    """The numbers behind a cell, where the pointer rests."""
    if is_missing(row.get("active")) or is_missing(row.get("size")):
        return esc(f"{cohort}, age {row.name}")
    counts = f"{cell(row['active'], 'count')} of {cell(row.get('base', row['size']), 'count')}"
    return esc(f"{cohort}, age {row.name}: {counts}")


def _notes(shown: pd.DataFrame, left: int, name: str) -> str:
    small = shown["size"].dropna().lt(MIN_N).any()
    older = "cohort is" if left == 1 else "cohorts are"
    return "".join(
        (
            paragraph(
                "Blank: not yet observable. Columns: whole periods since the cohort's first.",
                "cl-note",
            ),
            paragraph(
                f"In italics: cohorts of fewer than {MIN_N}; read with care." if small else "",
                "cl-note",
            ),
            f'<p class="cl-note">{left:,} earlier {older} in <a '
            f'href="tables/{esc(csv_name(name))}">'
            f"tables/{esc(csv_name(name))}</a></p>"
            if left > 0
            else "",
        )
    )
