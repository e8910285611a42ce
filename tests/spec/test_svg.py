"""A chart as SVG: what matplotlib writes, in the colours, numbers and ids of a page."""

import re
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import pytest

from churnlib.figures import canvas, labels, theme
from churnlib.figures.svg import to_svg


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


def texts(svg: str) -> list[ElementTree.Element]:
    return [one for one in ElementTree.fromstring(svg).iter() if one.tag.endswith("}text")]


def test_a_label_s_number_and_colour_are_words_and_stay_as_they_are():
    ax = canvas.new_axes(None)
    labels.mark(ax, 0.5, 0.5, 'fill:#1a69ad 1.23456 url(#x) "a" < b & c')
    svg = to_svg(ax, "x")
    assert 'fill:#1a69ad 1.23456 url(#x) "a" < b & c' in [one.text for one in texts(svg)]


def test_svg_has_short_numbers_colours_of_the_page_and_a_halo():
    ax = canvas.new_axes(None)
    ax.plot([0, 1 / 3], [0, 1 / 7], color=theme.colour("accent"))
    ax.plot([0, 1], [1, 0], color="#abcdef")
    labels.mark(ax, 0.1, 0.1, "word")
    svg = to_svg(ax, "x")
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 518 245" style="')
    assert not re.search(r"\d\.\d{3}", svg)
    assert "stroke:var(--k-accent)" in svg
    assert "--k-accent:var(--c-accent,var(--jp-content-link-color,#1d5a94))" in svg
    assert "--k-gain" not in svg, "only what is used"
    assert "stroke:#abcdef" in svg, "a colour of somebody else stays"
    assert svg.count("paint-order:stroke") == 1
    assert "font-family:inherit" in svg
    assert "DejaVu" not in svg
    used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg))
    assert {"".join(one) for one in used} == set(re.findall(r'\bid="([^"]+)"', svg))
