"""Charts, sentences and definitions as what a cell ends in.

Each gives a `Block`: HTML in JupyterLab and in the page, one line of text elsewhere, and beside it
as data what it tells the first page.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.figure import drawn
from churnlib.figures.svg import to_svg
from churnlib.figures.theme import NOTHING
from churnlib.page.markup import Block, esc, paragraph, slug
from churnlib.page.tables import numbers_html, scrolling
from churnlib.results.declared import declaration, split_of, table_name
from churnlib.results.registry import terms
from churnlib.results.segments import in_words
from churnlib.results.terms import Term
from churnlib.results.told import Finding, Told, ToldTerm

__all__ = ["figure_block", "note_block", "stack_block", "terms_block"]

BLOCKS_CSS = Path(__file__).with_name("blocks.css")


def figure_block(plot: Callable[..., Axes], result: pd.DataFrame, finding: Finding) -> Block:
    """A chart with what it says: the finding above, the definition below, the numbers folded.

    The block draws the chart itself, at the size at which it is shown. Where there is nothing to
    draw (see `figures.theme.nothing`), the finding stands alone: there is no picture to define and
    no number to fold.

    Parameters
    ----------
    plot : a figure function, `plot_x`, whose declaration has name, subtitle and caption
    result : DataFrame
        What it draws.
    finding : Finding
        The heading, and the text alternative of the picture.

    Returns
    -------
    Block
    """
    declared = plot.figure
    key = slug(declared.block_name(result))
    told = Told(anchor=key, label=_label(declared.title, result), findings=(finding,))
    said = f"Figure: {finding.sentence}"
    ax = drawn(plot, result)
    if ax.get_gid() == NOTHING:
        plt.close(ax.figure)
        alone = paragraph(finding.sentence, "cl-note cl-nothing")
        return Block(f'<div class="cl-figure" id="{key}">{alone}</div>', said, told)
    picture = _picture(ax, key, finding.sentence)
    plt.close(ax.figure)
    subtitle = declared.filled(declared.subtitle, result)
    caption = declared.filled(declared.caption, result)
    html = (
        f'<div class="cl-figure" id="{key}"><h3>{esc(finding.sentence)}</h3>'
        f"{paragraph(subtitle, 'cl-subtitle')}"
        f"<figure>{picture}<figcaption>{esc(caption)}</figcaption></figure>"
        f"{_folded(declared.numbers(result), subtitle)}</div>"
    )
    return Block(html, said, told)


def _label(title: str, result: pd.DataFrame) -> str:
    """What the section is called: "the survival curve by billing"."""
    by = split_of(result)
    return f"{title} by {in_words(by)}" if by else title


def _picture(ax: Axes, key: str, finding: str) -> str:
    alternative = f'<svg role="img" aria-label="{esc(finding)}" '
    svg = to_svg(ax, key).replace("<svg ", alternative, 1)
    return scrolling(svg, f"Chart: {finding}")


def _folded(numbers: pd.DataFrame, caption: str) -> str:
    if numbers.empty:
        return ""
    return f"<details><summary>Numbers</summary>{numbers_html(numbers, caption)}</details>"


def stack_block(
    blocks: Iterable[Block], *, otherwise: str = "The parameter file names no segments."
) -> Block:
    """Blocks below one another, such as one for each segment column; a sentence where there are
    none.

    Examples
    --------
    >>> stack_block([])
    The parameter file names no segments.
    """
    parts = list(blocks)
    if not parts:
        return note_block(otherwise)
    return Block(
        "".join(part.html for part in parts),
        "\n".join(part.summary for part in parts),
        Told(parts=tuple(part.told for part in parts)),
    )


def note_block(finding: Finding | str, result: pd.DataFrame | None = None) -> Block:
    """A sentence without a chart or table; or one in place of what would have nothing to show.

    Parameters
    ----------
    finding : what to say; nothing is shown where that is nothing
    result : what it is said of: the section is named for it, so that links lead here

    Examples
    --------
    >>> note_block("No customer has been observed for 12 months yet.")
    No customer has been observed for 12 months yet.
    """
    said, told, anchor = str(finding), Told(), ""
    if not said:
        return Block("", "")
    if isinstance(finding, Finding):
        told = Told(findings=(finding,))
    if result is not None:
        anchor = f"{slug(table_name(result))}-note"
        told = told.model_copy(update={"anchor": anchor, "label": declaration(result).title})
    place = f' id="{anchor}"' if anchor else ""
    return Block(f'<p class="cl-note cl-nothing"{place}>{esc(said)}</p>', said, told)


def terms_block(*words: str) -> Block:
    """Words of this section and what they mean; each is an anchor (`#define-customer-churn-rate`).

    Parameters
    ----------
    words : as the modules of measures and models define them; docs/glossary.md has them all

    Examples
    --------
    >>> terms_block("Small")
    Small: Fewer than 30 in the denominator: the row is marked, and no rate with it is told in a
    sentence.
    """
    return definitions_block(terms(words), css="cl-definitions cl-terms")


def definitions_block(defined: Iterable[Term | ToldTerm], css: str = "cl-definitions") -> Block:
    """Definitions at hand, one below the other."""
    pairs = [ToldTerm(word=one.word, meaning=one.meaning) for one in defined]
    items = "".join(
        f'<div id="define-{slug(one.word)}"><dt>{esc(one.word)}</dt>'
        f"<dd>{esc(one.meaning)}</dd></div>"
        for one in pairs
    )
    said = "\n".join(f"{one.word}: {one.meaning}" for one in pairs)
    told = Told(terms=tuple(pairs))
    return Block(f'<dl class="{css}">{items}</dl>', said, told)


def style_block() -> Block:
    """The look of the blocks, for a notebook read in JupyterLab: once, at its start. Pages bring it
    along anyway.
    """
    return Block(f"<style>{BLOCKS_CSS.read_text(encoding='utf-8')}</style>", "")
