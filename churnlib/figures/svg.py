"""A chart as inline SVG: small, the same bytes each time, in the colours and the font of the
page it stands in.

Matplotlib's SVG is read as the XML that it is, and written again element by element: without
metadata and styles, with ids of the page, colours of the page and short numbers.
"""

import io
import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from churnlib.figures.theme import HOST, PALETTE, worn

HALO = "halo"
"""As gid of a text: it stands on a rim of paper, so that lines behind do not cross it."""
DROPPED = {"metadata", "style"}
WORDS = {"text", "tspan"}
DIGITS = 2
"""Hundredths of a point are finer than any screen."""
_NAMES = {value.light: name for name, value in PALETTE.items()}
_VARIABLE = "var(--k-{})"
_HALO_STYLE = {
    "paint-order": "stroke",
    "stroke": _VARIABLE.format("paper"),
    "stroke-width": "3",
    "stroke-linejoin": "round",
}
_NUMBER = re.compile(r"-?\d+\.\d+")


def to_svg(ax: Axes, name: str) -> str:
    """The figure that `ax` belongs to, as an `<svg>` element for a page.

    Parameters
    ----------
    ax : Axes
    name : unique on the page: the ids within are made of it

    Returns
    -------
    str
        Without `role` or text alternative: a block adds both. Colours of the palette are
        `var(--k-NAME)`, set on the root to `--c-NAME` of the page, with the light value where that
        is not known.
    """
    return for_page(saved(ax.figure), name)


def saved(drawing: Drawing) -> str:
    """What matplotlib writes: the same for the same drawing."""
    buffer = io.StringIO()
    undated = {"Date": None, "Creator": None, "Type": None}
    with worn():
        drawing.savefig(buffer, format="svg", transparent=True, metadata=undated)
    return buffer.getvalue()


def for_page(text: str, name: str) -> str:
    """Matplotlib's SVG as an element of a page, its ids beginning with `name`."""
    root = ElementTree.fromstring(text)
    _drop_namespaces(root)
    _prune(root)
    _rename_ids(root, name)
    for element in root.iter():
        _style(element)
        _shorten(element)
    _dress_root(root)
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def _drop_namespaces(root: Element) -> None:
    """HTML knows `svg` and `href` by these names alone."""
    for element in root.iter():
        element.tag = _local(element.tag)
        element.attrib = {_local(key): value for key, value in element.attrib.items()}


def _local(name: str) -> str:
    return name.rpartition("}")[2]


def _prune(parent: Element) -> None:
    """Drop what a page does not need, and the white space between elements."""
    if parent.tag not in WORDS:
        parent.text = None
    for child in list(parent):
        child.tail = None
        _prune(child)
        empty_definitions = child.tag == "defs" and len(child) == 0
        if child.tag in DROPPED or empty_definitions:
            parent.remove(child)


def _rename_ids(root: Element, name: str) -> None:
    """Keep the ids that something refers to, named after the figure; drop the others.

    The gid `HALO` is a mark of ours, and becomes a style.
    """
    used = {_target(*one) for element in root.iter() for one in element.attrib.items()}
    new: dict[str, str] = {}
    for element in root.iter():
        own = element.attrib.pop("id", None)
        if own == HALO:
            element.set("style", _written(_HALO_STYLE))
        elif own in used:
            new[own] = f"{name}-{len(new) + 1}"
            element.set("id", new[own])
    for element in root.iter():
        for key, value in element.attrib.items():
            old = _target(key, value)
            if old:
                element.set(key, value.replace(old, new[old]))


def _target(key: str, value: str) -> str:
    """The id that an attribute refers to: `href="#x"`, `clip-path="url(#x)"`."""
    if key == "href" and value.startswith("#"):
        return value[1:]
    return value[5:-1] if value.startswith("url(#") else ""


def _style(element: Element) -> None:
    """Colours and font of the page."""
    declared = _read(element.get("style", ""))
    declared.pop("font-family", None)
    shorthand = declared.pop("font", None)
    if shorthand:
        # "8.6px 'DejaVu Sans'", or with a weight before it.
        declared["font-size"] = next(one for one in shorthand.split() if one.endswith("px"))
    for key, value in declared.items():
        if value in _NAMES:
            declared[key] = _VARIABLE.format(_NAMES[value])
    if declared:
        element.set("style", _written(declared))
    else:
        element.attrib.pop("style", None)


def _read(style: str) -> dict[str, str]:
    """`a: b; c: d` as a dictionary."""
    pairs = (one.partition(":") for one in style.split(";") if one.strip())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _written(style: dict[str, str]) -> str:
    return ";".join(f"{key}:{value}" for key, value in style.items())


def _shorten(element: Element) -> None:
    """Numbers and paths as short as they can be written."""
    if element.get("transform", "").startswith("rotate(-0"):
        del element.attrib["transform"]
    for key, value in element.attrib.items():
        if key not in ("id", "href"):
            element.set(key, _NUMBER.sub(_rounded, value))
    if "d" in element.attrib:
        element.set("d", _path(element.attrib["d"]))


def _rounded(number: re.Match[str]) -> str:
    digits = f"{float(number[0]):.{DIGITS}f}".rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def _path(course: str) -> str:
    """A path with white space only between two numbers."""
    written = ""
    after_number = False
    for token in course.split():
        number = not token.isalpha()
        if number and after_number and not token.startswith("-"):
            written += " "
        written += token
        after_number = number
    return written


def _dress_root(root: Element) -> None:
    """The size in numbers of its own, and what each colour is where no page says."""
    width, height = (float(root.get(side, "").removesuffix("pt")) for side in ("width", "height"))
    inside = ElementTree.tostring(root, encoding="unicode")
    used = [name for name in sorted(PALETTE) if _VARIABLE.format(name) in inside]
    variables = {f"--k-{name}": _value(name) for name in used}
    style = {"stroke-linejoin": "round", "font-family": "inherit", **variables}
    root.attrib = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": f"0 0 {width:.0f} {height:.0f}",
        "style": _written(style),
    }


def _value(name: str) -> str:
    light = PALETTE[name].light
    fallback = f"var({HOST[name]},{light})" if name in HOST else light
    return f"var(--c-{name},{fallback})"
