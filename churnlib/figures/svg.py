"""A chart as inline SVG: small, the same bytes each time, in the colours and the font of the
page it stands in.
"""

import io
import re
from itertools import count

import matplotlib as mpl
from matplotlib.axes import Axes

from churnlib.figures.axes import HALO
from churnlib.figures.theme import PALETTE, STYLE

# Where no page sets our colours (JupyterLab), take JupyterLab's for what must agree with the paper.
_HOST = {
    "ink": "--jp-content-font-color1",
    "muted": "--jp-content-font-color2",
    "paper": "--jp-layout-color0",
    "hairline": "--jp-border-color2",
    "accent": "--jp-content-link-color",
}
_NAMES = {value.light: name for name, value in PALETTE.items()}
_TAG = re.compile(r"<[^>]+>")
_REFERENCE = re.compile(r'(?:url\(|href=")#([^")]+)')
_COLOUR = re.compile(r"#[0-9a-f]{6}\b")
_NUMBER = re.compile(r"-?\d+\.\d{2,}")
_FONT = re.compile(r"font-family: [^;\"]*(?:;\s*)?")
_FONT_SHORTHAND = re.compile(r"font: ([^;\"]*?)([\d.]+px) [^;\"]*")
_ID = re.compile(r'\bid="([^"]*)"')
_STILL = re.compile(r' transform="rotate\(-0 [^)]*\)"')
_HALO = "paint-order: stroke; stroke: var(--k-paper); stroke-width: 3; stroke-linejoin: round"


def to_svg(ax: Axes, name: str) -> str:
    """The figure that `ax` belongs to, as an `<svg>` element for a page.

    Parameters
    ----------
    ax : Axes
    name : str
        Unique on the page: the ids within are made of it.

    Returns
    -------
    str
        Without `role` or text alternative: `report.blocks.figure_block` adds both. Colours of the
        palette are `var(--k-NAME)`, set on the root to `--c-NAME` of the page, with the light value
        where that is not known.
    """
    buffer = io.StringIO()
    with mpl.rc_context(STYLE):
        ax.figure.savefig(
            buffer,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None, "Type": None},
        )
    text = buffer.getvalue()
    body = re.sub(
        r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", text, flags=re.DOTALL
    )
    body = _ids(body[body.index("<svg") :], name)
    return _root(_TAG.sub(_quieten, re.sub(r">\s+<", "><", body)), ax)


def _ids(body: str, name: str) -> str:
    """Keep the ids that something refers to, made unique by the figure's name; drop the others."""
    used = {ref for tag in _TAG.findall(body) for ref in _REFERENCE.findall(tag)}
    numbers = count(1)
    new = {
        old: f"{name}-{next(numbers)}"
        for tag in _TAG.findall(body)
        for old in _ID.findall(tag)
        if old in used
    }

    def renamed(found: re.Match[str]) -> str:
        tag = (
            found[0]
            .replace("xlink:href", "href")
            .replace(f'<g id="{HALO}">', f'<g style="{_HALO}">')
        )
        tag = _ID.sub(lambda old: f'id="{new[old[1]]}"' if old[1] in new else "", tag)
        return _REFERENCE.sub(lambda old: old[0].replace(old[1], new[old[1]]), tag)

    return _TAG.sub(renamed, body)


def _quieten(found: re.Match[str]) -> str:
    """One tag with shorter numbers and no needless white space, in the colours and font of the
    page.
    """
    tag = _STILL.sub("", _FONT.sub("", _FONT_SHORTHAND.sub(r"font-size: \2", found[0])))
    tag = _NUMBER.sub(lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), tag)
    tag = (
        re.sub(r"\s+", " ", tag)
        .replace(' z "', 'z"')
        .replace(' "', '"')
        .replace(" >", ">")
        .replace(" />", "/>")
    )
    tag = re.sub(r" ?([MLCQz]) ?(?=[-\d]|$)", r"\1", tag) if ' d="' in tag else tag
    return _COLOUR.sub(_variable, tag.replace(": ", ":").replace("; ", ";"))


def _variable(found: re.Match[str]) -> str:
    name = _NAMES.get(found[0])
    return f"var(--k-{name})" if name else found[0]


def _root(body: str, ax: Axes) -> str:
    width, height = (72 * side for side in ax.figure.get_size_inches())
    used = sorted(set(re.findall(r"var\(--k-([\w-]+)\)", body)))
    variables = ";".join(f"--k-{name}:{_value(name)}" for name in used)
    inner = body[body.index(">") + 1 :].strip()
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'style="stroke-linejoin:round;font-family:inherit;{variables}">{inner}'
    )


def _value(name: str) -> str:
    light = PALETTE[name].light
    fallback = f"var({_HOST[name]},{light})" if name in _HOST else light
    return f"var(--c-{name},{fallback})"
