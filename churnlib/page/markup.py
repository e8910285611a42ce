"""What a cell of a notebook ends in: HTML in a page, one line of text elsewhere, and what it
tells.
"""

import re
from dataclasses import dataclass, field
from html import escape
from typing import Any

from churnlib.formats import visible
from churnlib.results.told import MIME, Told

_NOT_SLUG = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Block:
    """Finished HTML, the sentence that says it without HTML, and what it tells the first page."""

    html: str
    summary: str
    told: Told = field(default_factory=Told)

    def _repr_html_(self) -> str:
        return self.html

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        """The data stand beside the HTML in the cell's output, where the runner finds them."""
        bundle: dict[str, Any] = {"text/html": self.html, "text/plain": self.summary}
        if self.told:
            bundle[MIME] = self.told.model_dump(mode="json")
        return bundle

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
    has_scheme = re.match(r"\s*[a-z][a-z0-9+.-]*:", href, re.IGNORECASE)
    if has_scheme and not re.match(r"(https?|mailto):", href):
        return esc(text)
    return f'<a href="{esc(href)}">{esc(text)}</a>'


def paragraph(text: str, css: str) -> str:
    """A paragraph of a class, or nothing where there is no text."""
    return f'<p class="{css}">{esc(text)}</p>' if text else ""
