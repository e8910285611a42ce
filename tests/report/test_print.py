"""Every published page on paper: charts and tables whole, controls gone."""

import io
import re
import unicodedata

from pypdf import PdfReader

from tests.report.conftest import Look

# What must stand on one page, from its first words to its last.
WHOLE = """() => [...document.querySelectorAll('.cl-figure, .cl-triangle, .cl-table')]
    .filter(e => e.checkVisibility()).map(e => {
        const parts = [...e.querySelectorAll('h3, h4, caption, figcaption, tr, .cl-note')]
            .filter(p => p.checkVisibility())
        return [parts[0], parts.at(-1)].map(p => (p.cells ? p.cells[0] : p).textContent)
    })"""


def plain(text: str) -> str:
    """Words without the spaces and ligatures that a PDF writes in its own way."""
    return re.sub(r"[\s\u2060]+", "", unicodedata.normalize("NFKC", text))


def test_charts_and_tables_are_never_split(look: Look) -> None:
    parts = look.at(media="print").evaluate(WHOLE)
    pages = [
        plain(page.extract_text())
        for page in PdfReader(io.BytesIO(look.page.pdf(prefer_css_page_size=True))).pages
    ]
    for first, last in parts:
        on = [number for number, text in enumerate(pages) if plain(first) in text]
        assert on, first
        assert any(plain(last) in pages[number] for number in on), (first, last)


def test_controls_and_folded_tables_are_not_printed(look: Look) -> None:
    page = look.at(media="print")
    assert page.locator("nav, .skip, details").filter(visible=True).count() == 0
