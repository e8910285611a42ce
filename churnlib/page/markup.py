"""What a cell of a notebook ends in: a block that is HTML in a page and one line of text
elsewhere.
"""

import re
from dataclasses import dataclass
from html import escape

from churnlib.formats import visible

_NOT_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Block:
    """Finished HTML, and the sentence that says it without HTML."""

    html: str
    summary: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return self.summary


def esc(value: object) -> str:
    """Text of the data as HTML: nothing of it is ever markup, quotes are safe in attributes, and
    none turns its surroundings from right to left.
    """
    return escape(visible(value), quote=True)


def slug(name: object) -> str:
    """A name as an id: lower case, digits and hyphens.

    Examples
    --------
    >>> slug("MRR churn, by <channel>")
    'mrr-churn-by-channel'
    """
    return _NOT_SLUG.sub("-", str(name).lower()).strip("-") or "block"


def link(href: str, text: str) -> str:
    """A link; `href` is ours, or it is nothing: an address that runs code is dropped."""
    if re.match(r"\s*[a-z][a-z0-9+.-]*:", href, re.IGNORECASE) and not re.match(
        r"(https?|mailto):", href
    ):
        return esc(text)
    return f'<a href="{esc(href)}">{esc(text)}</a>'


def paragraph(text: str, css: str) -> str:
    """A paragraph of a class, or nothing where there is no text."""
    return f'<p class="{css}">{esc(text)}</p>' if text else ""
