"""Colours: one palette that anyone can read, on light paper and dark, on a page, in JupyterLab."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import churnlib
from churnlib.figures import theme

TEXT_CONTRAST = 4.5
AS_TEXT = ("ink", "muted", "accent", "gain", "loss", *theme.SEGMENTS)
# What JupyterLab 4 has for these variables: its light theme and its dark one.
JUPYTERLAB = {
    "light": {
        "--jp-layout-color0": "#ffffff",
        "--jp-content-font-color1": "rgba(0,0,0,.87)",
        "--jp-content-font-color2": "rgba(0,0,0,.54)",
        "--jp-border-color2": "#e0e0e0",
        "--jp-content-link-color": "#0d47a1",
    },
    "dark": {
        "--jp-layout-color0": "#111111",
        "--jp-content-font-color1": "#ffffff",
        "--jp-content-font-color2": "rgba(255,255,255,.7)",
        "--jp-border-color2": "#424242",
        "--jp-content-link-color": "#64b5f6",
    },
}
TEMPLATE = Path(churnlib.__file__).parent / "report" / "template" / "page.css"
BLOCKS_CSS = Path(churnlib.__file__).parent / "page" / "blocks.css"


def linear(hexadecimal: str) -> np.ndarray:
    """sRGB to linear light."""
    values = np.array([int(hexadecimal[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def luminance(hexadecimal: str) -> float:
    return float(linear(hexadecimal) @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    """WCAG 2.2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


# Full deficiencies: Machado, Oliveira and Fernandes (2009), IEEE TVCG 15(6), table of severity 1.0.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
}


def lab(hexadecimal: str, sight: str) -> np.ndarray:
    seen = np.clip(np.array(SIGHT[sight]) @ linear(hexadecimal), 0, 1)
    xyz = (
        np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
        @ seen
    )
    f = np.cbrt(xyz / [0.9505, 1, 1.089])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", AS_TEXT)
def test_every_colour_that_may_be_text_reads_on_paper(name, scheme):
    paper = getattr(theme.PALETTE["paper"], scheme)
    assert contrast(getattr(theme.PALETTE[name], scheme), paper) >= TEXT_CONTRAST


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_gain_and_loss_differ_in_grey_and_to_the_colour_blind(scheme):
    gain, loss = (getattr(theme.PALETTE[name], scheme) for name in ("gain", "loss"))
    assert contrast(gain, loss) >= 1.5
    assert all(np.linalg.norm(lab(gain, sight) - lab(loss, sight)) >= 20 for sight in SIGHT)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHT)
def test_the_first_four_segments_differ_whoever_looks(scheme, sight):
    colours = [getattr(theme.PALETTE[name], scheme) for name in theme.SEGMENTS[:4]]
    distances = [
        np.linalg.norm(lab(one, sight) - lab(other, sight))
        for one, other in combinations(colours, 2)
    ]
    assert min(distances) >= 15


def test_each_colour_has_its_own_light_value_so_that_it_can_be_replaced():
    lights = [value.light for value in theme.PALETTE.values()]
    assert len(set(lights)) == len(lights)


def test_the_stylesheet_has_the_palette_in_each_scheme_and_light_in_print():
    css = TEMPLATE.read_text(encoding="utf-8")
    in_print = css.index("@media print")
    for name, hues in theme.PALETTE.items():
        assert css.count(f"--c-{name}: {hues.light};") == 2, "on screen and in print"
        assert css.count(f"--c-{name}: {hues.dark};") == 1
        assert (
            css.rindex(f"--c-{name}: {hues.light};")
            > in_print
            > css.index(f"--c-{name}: {hues.dark};")
        )


def on_paper(value: str, paper: str) -> str:
    """A colour with opacity, as it looks on a paper."""
    if value.startswith("#"):
        return value
    *rgb, alpha = (float(one) for one in value.removeprefix("rgba(").removesuffix(")").split(","))
    under = [int(paper[i : i + 2], 16) for i in (1, 3, 5)]
    mixed = [
        round(alpha * one + (1 - alpha) * below) for one, below in zip(rgb, under, strict=True)
    ]
    return "#" + "".join(f"{one:02x}" for one in mixed)


@pytest.mark.parametrize("scheme", JUPYTERLAB)
@pytest.mark.parametrize("name", AS_TEXT)
def test_every_colour_that_may_be_text_reads_in_jupyterlab_light_and_dark(name, scheme):
    paper = JUPYTERLAB[scheme][theme.HOST["paper"]]
    seen = JUPYTERLAB[scheme].get(theme.HOST.get(name), getattr(theme.PALETTE[name], scheme))
    assert contrast(on_paper(seen, paper), paper) >= TEXT_CONTRAST


def test_blocks_take_jupyterlab_s_colours_and_the_dark_palette_in_its_dark_theme():
    css = BLOCKS_CSS.read_text(encoding="utf-8")
    assert theme.jupyter_dark() in css
    for name, host in theme.HOST.items():
        fallbacks = re.findall(rf"var\(--c-{name}, ([^)]*)", css)
        assert fallbacks
        assert all(one.startswith(f"var({host}, #") for one in fallbacks), name


def test_no_grey_reads_on_both_papers_so_that_charts_are_shown_as_svg():
    white, black = (JUPYTERLAB[scheme][theme.HOST["paper"]] for scheme in ("light", "dark"))
    greys = [f"#{n:02x}{n:02x}{n:02x}" for n in range(256)]
    best = max(min(contrast(grey, white), contrast(grey, black)) for grey in greys)
    assert best < TEXT_CONTRAST
