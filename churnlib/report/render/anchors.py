"""HTML that stood alone, made fit to stand beside others in one file.

Its ids are led by a name, so that they stay unique, and with them whatever refers to an id: links,
clip paths and markers of charts, labels for those who do not see, rules of a style. All else stays
as it is, byte by byte: parsing and writing anew would change more than it should (SVG minds the
case of its names).
"""

import html
import re
from collections.abc import Callable, Collection

from churnlib.report.chapters import led

Link = Callable[[str], str | None]
"""Where a link to another file leads from here; None where that file is not brought along."""

LOWEST = 6
_PART = re.compile(
    r"""
    <!--.*?-->
    | (?P<style><style\b[^>]*>.*?</style\s*>)
    | <(?P<end>/?)(?P<tag>[a-z][^\s/>]*)(?P<attributes>(?:[^"'>]|"[^"]*"|'[^']*')*)>
    """,
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_ATTRIBUTE = re.compile(r"""(\s+)([^\s=/>"']+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
_ID = re.compile(r"""\sid\s*=\s*["']?([^\s"'>]+)""", re.IGNORECASE)
_URL = re.compile(r"url\((['\"]?)#")
_SELECTOR = re.compile(r"#([\w-]+)")
# Attributes whose words are ids, one or several.
_REFERENCES = {
    *("for", "headers", "list", "form"),
    *("aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "aria-details"),
    *("aria-activedescendant", "aria-errormessage", "aria-flowto"),
}
# Attributes that may point to a part of a drawing: url(#...).
_PAINT = {
    *("style", "fill", "stroke", "clip-path", "mask", "filter", "cursor"),
    *("marker", "marker-start", "marker-mid", "marker-end"),
}
_LINKS = {"href", "xlink:href"}


def beside_others(text: str, name: str, *, link: Link | None = None, lower: int = 0) -> str:
    """The HTML of a part, with every id in it led by `name`.

    Parameters
    ----------
    text : HTML as we write it: what the data bring is escaped
    name : unique among the parts
    link : where links to other files lead; none given = as they are. A link that leads nowhere is
        plain text
    lower : by how many levels headings are lowered

    Examples
    --------
    >>> beside_others('<h3 id="curve">Who stays</h3><a href="#curve">See</a>', "survival", lower=1)
    '<h4 id="survival--curve">Who stays</h4><a href="#survival--curve">See</a>'
    """
    known = set(_ID.findall(text))

    def rewritten(part: re.Match[str]) -> str:
        if part["style"]:
            return _style(part["style"], name, known)
        if not part["tag"]:
            return part[0]
        tag = _lowered(part["tag"], lower)
        attributes = _ATTRIBUTE.sub(
            lambda one: _attribute(one, part["tag"].lower(), name, link), part["attributes"]
        )
        return f"<{part['end']}{tag}{attributes}>"

    return _PART.sub(rewritten, text)


def _lowered(tag: str, by: int) -> str:
    if by and re.fullmatch(r"h[1-6]", tag, re.IGNORECASE):
        return f"{tag[0]}{min(LOWEST, int(tag[1]) + by)}"
    return tag


def _attribute(found: re.Match[str], tag: str, name: str, link: Link | None) -> str:
    space, attribute, given = found.groups()
    is_quoted = given[0] in "\"'"
    value = given[1:-1] if is_quoted else given
    kind = attribute.lower()
    if kind == "id":
        new = led(name, value)
    elif kind in _REFERENCES:
        new = " ".join(led(name, one) for one in value.split())
    elif kind in _PAINT:
        new = _painted(value, name)
    elif kind in _LINKS:
        new = _target(value, tag, name, link)
    else:
        return found[0]
    if new is None:
        return ""
    quote = given[0] if is_quoted else '"'
    return f"{space}{attribute}={quote}{new}{quote}"


def _painted(value: str, name: str) -> str:
    return _URL.sub(rf"url(\1#{led(name, '')}", value)


def _target(value: str, tag: str, name: str, link: Link | None) -> str | None:
    """Where a link leads; it stays escaped as it was, except where `link` gives another."""
    if value.startswith("#"):
        return f"#{led(name, value[1:])}" if value != "#" else value
    if tag != "a" or link is None:
        return value
    target = link(html.unescape(value))
    return None if target is None else html.escape(target, quote=True)


def _style(text: str, name: str, known: Collection[str]) -> str:
    """A style's rules for single elements; `#fff` is a colour, unless something is called so."""

    def selector(found: re.Match[str]) -> str:
        return f"#{led(name, found[1])}" if found[1] in known else found[0]

    return _SELECTOR.sub(selector, text)
