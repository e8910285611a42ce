"""Charts: one palette that anyone can read, one drawing for light, dark and print, axes that say
what they show.
"""

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

import churnlib
from churnlib.figures import axes, cohorts, revenue, sales, survival, theme, value
from churnlib.figures.svg import to_svg

TEXT_CONTRAST = 4.5
AS_TEXT = ("ink", "muted", "accent", "gain", "loss", *theme.SEGMENTS)
MONTHS = pd.date_range("2025-01-01", periods=6, freq="MS")


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


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
    css = (Path(churnlib.__file__).parent / "report" / "template" / "page.css").read_text(
        encoding="utf-8"
    )
    in_print = css.index("@media print")
    for name, hues in theme.PALETTE.items():
        assert css.count(f"--c-{name}: {hues.light};") == 2, "on screen and in print"
        assert css.count(f"--c-{name}: {hues.dark};") == 1
        assert (
            css.rindex(f"--c-{name}: {hues.light};")
            > in_print
            > css.index(f"--c-{name}: {hues.dark};")
        )


def test_a_segment_keeps_its_colour_when_others_are_missing():
    everybody = ["web", "ads", "partner", "(unknown)"]
    colours = theme.segment_colours(everybody)
    assert colours == theme.segment_colours(reversed(everybody))
    curve = pd.concat([CURVE.assign(channel=name) for name in ("partner", "web")])
    lines = survival.plot_survival(curve, by="channel", segments=everybody).get_lines()
    assert {line.get_color() for line in lines} == {colours["partner"], colours["web"]}


def test_thousands_of_segments_draw_eight_and_say_so():
    curve = pd.concat([CURVE.assign(channel=f"s{i}", at_risk=100 + i) for i in range(300)])
    ax = survival.plot_survival(curve, by="channel")
    assert len(ax.get_lines()) == theme.MAX_SERIES
    assert "The 8 largest of 300 segments" in [text.get_text() for text in ax.texts]


CURVE = pd.DataFrame(
    {
        "tenure": [0, 1, 2, 3],
        "at_risk": [100, 100, 80, 60],
        "events": [0, 20, 20, 10],
        "estimate": [1, 0.8, 0.6, 0.5],
        "low": [1, 0.7, 0.5, 0.4],
        "high": [1, 0.9, 0.7, 0.6],
    }
)
BRIDGE = pd.DataFrame(
    {
        "period_start": MONTHS,
        "opening": [100.0, 110, 120, 130, 140, 150],
        "new": 20.0,
        "reactivation": 0.0,
        "expansion": 2.0,
        "contraction": -1.0,
        "churn": -11.0,
        "closing": [110.0, 120, 130, 140, 150, 160],
        "gross_churn_rate": 0.1,
        "net_churn_rate": [0.08, -0.02, 0.08, np.nan, 0.08, 0.08],
        "nrr": 1.02,
        "grr": 0.9,
    }
)
CHURN = pd.DataFrame(
    {"period_start": MONTHS, "churn_rate": 0.04, "churn_rate_low": 0.03, "churn_rate_high": 0.05}
)
TRIANGLE = pd.DataFrame(
    {"cohort": ["a", "a", "b", "b"], "age": [0, 1, 0, 1], "rate": [1.0, 0.8, 1.0, np.nan]}
)
POOLED = pd.DataFrame({"age": [0, 1], "rate": [1.0, 0.8], "low": [0.9, 0.7], "high": [1.0, 0.9]})
SIDES = (
    POOLED.set_index("age")
    .add_prefix("newest_")
    .join(POOLED.set_index("age").add_prefix("earlier_"))
    .reset_index()
)
PROJECTED = pd.concat(
    [CURVE.assign(part="observed"), CURVE.assign(part="projected", tenure=CURVE.tenure + 4)]
)
VALUE = pd.DataFrame(
    {
        "segment": ["web", "ads", "none"],
        "observed_value": [10.0, 5, np.nan],
        "projected_value": [4.0, 2, np.nan],
        "value": [14.0, 7, np.nan],
        "value_low": [12.0, 6, np.nan],
        "value_high": [16.0, 9, np.nan],
    }
)
WEEKS = pd.DataFrame(
    {
        "week_start": pd.date_range("1997-01-01", periods=4, freq="7D"),
        "actual_cumulative": [1.0, 3, 5, 6],
        "predicted_cumulative": [1.5, 3, 4, 6],
        "held_out": [False, False, True, True],
    }
)
BINS = pd.DataFrame(
    {"frequency": ["0", "1", "2+"], "actual": [0.1, 0.5, 2], "predicted": [0.2, 0.4, 2.2]}
)
ORIGINS = pd.DataFrame(
    {
        "origin": MONTHS[:2],
        "predicted": [10, 12],
        "low": [8, 10],
        "high": [12, 13],
        "actual": [11, 15],
    }
)
SALES = pd.DataFrame(
    {"period_start": MONTHS, "revenue_returning": 5.0, "revenue_new": [3.0, -1, 3, 3, 3, 3]}
)
PLOTS = {
    "mrr_bridge": (revenue.plot_mrr_bridge, BRIDGE),
    "movements": (revenue.plot_movements, BRIDGE),
    "churn_rates": (revenue.plot_churn_rates, CHURN.merge(BRIDGE)),
    "retention_12m": (revenue.plot_retention_12m, BRIDGE),
    "triangle": (cohorts.plot_triangle, TRIANGLE),
    "pooled": (cohorts.plot_pooled, POOLED),
    "newest": (cohorts.plot_newest_against_earlier, SIDES),
    "survival": (survival.plot_survival, CURVE),
    "hazard": (survival.plot_hazard, CURVE[1:].assign(stands_out=[True, False, False])),
    "projection": (survival.plot_projection, PROJECTED),
    "conditional": (
        survival.plot_conditional,
        CURVE.rename(columns={"tenure": "stayed"}).assign(further=12),
    ),
    "value": (value.plot_value_by_segment, VALUE),
    "tracking": (value.plot_tracking, WEEKS),
    "calibration": (value.plot_calibration, BINS),
    "origins": (value.plot_origins, ORIGINS),
    "gaps": (value.plot_gaps, CURVE),
    "sales": (sales.plot_sales, SALES),
    "order_figures": (sales.plot_order_figures, SALES.assign(average_order_value=12.5)),
}


@pytest.mark.parametrize("name", PLOTS)
def test_every_chart_names_its_axes_and_is_one_small_svg_in_the_page_s_colours(name):
    plot, result = PLOTS[name]
    before = dict(mpl.rcParams)
    ax = plot(result)
    assert ax.get_xlabel() or ax.get_ylabel()
    assert not ax.get_title(), "the finding stands above the chart, not in it"
    assert dict(mpl.rcParams) == before
    svg = to_svg(ax, name)
    root = ElementTree.fromstring(svg)
    assert len(svg) < 60_000
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(set(ids)) == len(ids)
    assert all(identifier.startswith(f"{name}-") for identifier in ids)
    assert not [
        element
        for element in root.iter()
        if element.tag.endswith(("style", "metadata", "image", "script"))
    ]
    if name != "triangle":  # a heat map for notebooks: its shades lie between the palette's
        assert not re.search(r"#[0-9a-f]{6}", svg.partition(">")[2])


@pytest.mark.parametrize("name", PLOTS)
def test_a_chart_is_the_same_bytes_each_time(name):
    plot, result = PLOTS[name]
    assert to_svg(plot(result), "a") == to_svg(plot(result), "a")


@pytest.mark.parametrize("name", PLOTS)
def test_a_result_without_rows_is_marked_and_not_an_empty_axis(name):
    plot, result = PLOTS[name]
    assert plot(result.head(0)).get_gid() == theme.NOTHING


def test_the_waterfall_adds_up_from_zero():
    bars = [bar for bar in revenue.plot_mrr_bridge(BRIDGE).patches if bar.get_height()]
    assert [bar.get_height() for bar in bars] == [20, 2, -1, -11, 10]
    assert bars[0].get_y() == bars[-1].get_y() == 0
    texts = [text.get_text() for text in bars[0].axes.texts]
    assert "Opening 150" in texts
    assert "Closing 160" in texts


def test_what_is_projected_begins_where_the_observed_curve_ends():
    solid, dashed = survival.plot_projection(PROJECTED).get_lines()[:2]
    assert solid.get_drawstyle() == "steps-post"
    assert dashed.is_dashed()
    assert dashed.get_xydata()[0].tolist() == solid.get_xydata()[-1].tolist() == [3, 0.5]


def test_number_at_risk_stands_below_the_axis_at_its_ticks():
    ax = survival.plot_survival(CURVE)
    below = [text.get_text() for text in ax.texts if text.get_position()[1] < 0]
    assert below == ["At risk", "100", "100", "80", "60"]


def test_a_month_that_stands_out_is_named():
    ax = survival.plot_hazard(PLOTS["hazard"][1])
    assert [text.get_text() for text in ax.texts] == ["Month 1: 80.0 %"]


def test_an_actual_outside_the_range_is_told_apart_in_words():
    _, labels = value.plot_origins(ORIGINS).get_legend_handles_labels()
    assert "Actual, outside the range" in labels


def test_labels_at_line_ends_do_not_touch():
    ax = theme.new_axes(None)
    ax.set_ylim(0, 1)
    axes.label_ends(ax, [axes.Label(1, 0.99, name, "#1a69ad") for name in "abc"], gap=0.1)
    heights = sorted(text.xy[1] for text in ax.texts)
    assert np.diff(heights) == pytest.approx([0.1, 0.1])
    assert heights[-1] <= 1


def test_names_of_segments_are_text_and_nothing_else():
    hostile = '</text><script>alert(1)</script> $x$ "#1a69ad" 1.23456'
    ax = value.plot_value_by_segment(VALUE.assign(segment=[hostile, "b", "c"]))
    svg = to_svg(ax, "x")
    assert "<script" not in svg
    words = [
        element.text
        for element in ElementTree.fromstring(svg).iter()
        if element.tag.endswith("text")
    ]
    assert axes.shorten(hostile) in words


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1_500, "1,500"),
        (12_345, "12.3k"),
        (-2_000_000, "\u22122m"),
        (0.5, "0.5"),
    ],
)
def test_amounts_have_three_digits_and_a_true_minus(given, shown):
    assert axes.amount(given) == shown
