"""Charts: every one that is declared names its axes, draws each segment or refuses, and is the same
each time.
"""

import re
from types import FunctionType
from xml.etree import ElementTree

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from churnlib.errors import ChurnlibError
from churnlib.figures import (
    axes,
    canvas,
    cohorts,
    figure,
    forecasts,
    labels,
    outlook,
    rates,
    repurchase,
    revenue,
    sales,
    split,
    survival,
    theme,
    value,
)
from churnlib.figures.svg import to_svg
from churnlib.results.registry import import_declarations

MODULES = [one for one in import_declarations() if one.__name__.startswith("churnlib.figures.")]
PLOTS = {
    one.figure.name: one
    for module in MODULES
    for one in vars(module).values()
    if isinstance(getattr(one, "figure", None), figure.Figure)
}
SEGMENTS = ["ads", "partner", "web"]
HEAT_MAPS = {"cohort-triangle"}


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    plt.close("all")


def example(plot) -> pd.DataFrame:
    return plot.figure.example()


def in_segments(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """The same rows for each of some segments."""
    several = pd.concat([frame.assign(segment=name) for name in names], ignore_index=True)
    several.attrs = {**frame.attrs, "by": "first_channel"}
    return several


def words(ax: plt.Axes) -> list[str]:
    ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()]
    return [text.get_text() for text in (*ax.texts, *ticks)]


# Every chart there is, found by its declaration.


def test_every_plot_is_declared_and_every_public_name_of_a_chart_is_a_plot():
    for module in MODULES:
        for name, one in vars(module).items():
            if isinstance(one, FunctionType) and name.startswith("plot_"):
                assert hasattr(one, "figure"), f"{name} has no declaration"
        for name in getattr(module, "__all__", ()):
            assert name.startswith("plot_"), f"{module.__name__}.{name}"
    public = {name for module in MODULES for name in getattr(module, "__all__", ())}
    assert public == {one.__name__ for one in PLOTS.values()}


def test_no_two_charts_have_the_same_id():
    declared = [plot.figure for plot in PLOTS.values()]
    ids = [one.name for one in declared]
    ids += [one.undivided for one in declared if one.undivided]
    assert len(set(ids)) == len(ids) > len(MODULES)
    assert all(re.fullmatch(r"[a-z0-9-]+", one) for one in ids)


@pytest.mark.parametrize("name", PLOTS)
def test_every_chart_names_its_axes_and_is_one_small_svg_in_the_page_s_colours(name):
    before = dict(mpl.rcParams)
    ax = PLOTS[name](example(PLOTS[name]))
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
    if name not in HEAT_MAPS:  # their shades lie between the palette's
        assert not re.search(r"#[0-9a-f]{6}", svg.partition(">")[2])


@pytest.mark.parametrize("name", PLOTS)
def test_a_chart_is_the_same_bytes_each_time(name):
    plot = PLOTS[name]
    assert to_svg(plot(example(plot)), "a") == to_svg(plot(example(plot)), "a")


@pytest.mark.parametrize("name", PLOTS)
def test_a_result_without_rows_is_marked_and_not_an_empty_axis(name):
    plot = PLOTS[name]
    assert plot(example(plot).head(0)).get_gid() == theme.NOTHING


@pytest.mark.parametrize("name", PLOTS)
def test_every_segment_is_drawn_and_named_or_the_chart_says_how_to_pick_one(name):
    plot = PLOTS[name]
    frame = in_segments(example(plot), SEGMENTS)
    if plot.figure.draws_segments:
        assert set(SEGMENTS) <= {one.partition(" ")[0] for one in words(plot(frame))}
    else:
        with pytest.raises(ChurnlibError, match=rf"^{plot.__name__} draws one segment; .* 3 seg"):
            plot(frame)
        one = plot(frame[frame["segment"] == "web"])
        assert one.get_gid() != theme.NOTHING


@pytest.mark.parametrize("name", PLOTS)
def test_several_splits_in_one_frame_are_refused(name):
    plot = PLOTS[name]
    stacked = pd.concat(
        [
            in_segments(example(plot), ["all"]).assign(segment_column="all"),
            in_segments(example(plot), ["web"]).assign(segment_column="channel"),
        ]
    )
    with pytest.raises(split.SplitError, match=r"pick one, .*frame.segment_column == 'channel'"):
        plot(stacked)


@pytest.mark.parametrize("name", PLOTS)
def test_a_chart_s_words_are_those_of_its_result(name):
    declared = PLOTS[name].figure
    frame = example(PLOTS[name])
    for result in (frame, frame.head(0), in_segments(frame, SEGMENTS)):
        for text in (declared.subtitle, declared.caption):
            filled = declared.filled(text, result)
            assert len(filled) > 20
            assert not re.search(r"[{}]|  |, ,|nan", filled), filled
    assert declared.title == declared.title.strip(".")
    assert len(declared.numbers(frame)) <= len(frame)


@pytest.mark.parametrize("name", PLOTS)
def test_a_narrow_chart_has_the_same_text_and_fewer_ticks(name):
    plot = PLOTS[name]
    wide = plot(example(plot))
    narrow = figure.drawn(plot, example(plot), width=358)
    widths = [to_svg(ax, "a").partition('viewBox="0 0 ')[2].split()[0] for ax in (wide, narrow)]
    assert widths == ["518", "261"]
    sizes = [{one.get_fontsize() for one in ax.get_xticklabels()} for ax in (wide, narrow)]
    assert sizes[0] == sizes[1]
    assert len(narrow.get_xticks()) <= len(wide.get_xticks())
    assert plot(example(plot)).figure.get_figwidth() == canvas.WIDTH


# Ids and words.


@pytest.mark.parametrize(
    ("plot", "by", "expected"),
    [
        (survival.plot_survival, None, "survival-curve"),
        (survival.plot_survival, "channel", "survival-by-channel"),
        (value.plot_value_by_segment, None, "value-by-all"),
        (value.plot_value_by_segment, "channel", "value-by-channel"),
        (repurchase.plot_waits_by_segment, "first_category", "second-by-first_category"),
        (repurchase.plot_time_to_second, None, "time-to-second"),
        (repurchase.plot_time_between, None, "time-between"),
        (revenue.plot_mrr_bridge, None, "mrr-bridge"),
        (revenue.plot_movements, None, "mrr-movements"),
        (rates.plot_churn_rates, None, "churn-rates"),
        (rates.plot_churn_rates, "channel", "churn-rates-by-channel"),
        (rates.plot_retention_12m, None, "retention-12m"),
        (cohorts.plot_pooled, None, "cohorts-pooled"),
        (cohorts.plot_newest_against_earlier, None, "cohorts-newest"),
        (survival.plot_hazard, None, "hazard"),
        (outlook.plot_projection, None, "projection"),
        (outlook.plot_conditional, None, "conditional-survival"),
        (sales.plot_sales, None, "sales"),
        (sales.plot_order_value, None, "orders"),
        (forecasts.plot_origins, None, "rolling-origins"),
        (forecasts.plot_tracking, None, "tracking"),
        (forecasts.plot_calibration, None, "calibration"),
    ],
)
def test_links_into_a_page_lead_where_they_led(plot, by, expected):
    frame = pd.DataFrame({"segment_column": [by or "all"], "segment": ["x" if by else "all"]})
    assert plot.figure.block_name(frame) == expected
    frame = pd.DataFrame({"tenure": [1]})
    frame.attrs = {"by": by} if by else {}
    assert plot.figure.block_name(frame) == expected


def test_a_subtitle_says_what_the_result_is_split_by_in_words():
    frame = in_segments(example(rates.plot_churn_rates), SEGMENTS)
    declared = rates.plot_churn_rates.figure
    told = declared.filled(declared.subtitle, frame)
    assert told == "Churn rates by month and first channel, % of opening"
    frame.attrs = {"grain": "quarter"}
    assert declared.filled(declared.subtitle, frame) == "Churn rates by quarter, % of opening"
    frame.attrs = {"period": "2026-Q3", "currency": "JPY"}
    told = declared.filled("{period}{split}: {currency}, {who}", frame)
    assert told == "third quarter of 2026: JPY, all customers"
    assert declared.filled("{who}", frame[frame["segment"] == "web"]) == "web"


def test_a_column_s_name_in_braces_is_a_name():
    frame = in_segments(example(rates.plot_churn_rates), SEGMENTS)
    frame.attrs["by"] = "{grain}"
    assert rates.plot_churn_rates.figure.filled("Rates{split}", frame) == "Rates, by {grain}"


# Lines.


def test_nothing_is_averaged_and_no_line_crosses_what_is_missing():
    frame = in_segments(example(rates.plot_churn_rates), ["ads", "web"])
    frame["churn_rate"] = [0.1, 0.1, np.nan, 0.1, 0.1, 0.1, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3]
    drawn = [one for one in rates.plot_churn_rates(frame).get_lines() if one.get_marker() == "o"]
    places = [(one.get_xdata().tolist(), set(one.get_ydata())) for one in drawn]
    assert places == [([0, 1], {0.1}), ([3, 4, 5], {0.1}), ([0, 1, 2, 3, 4, 5], {0.3})]
    assert drawn[0].get_color() == drawn[1].get_color() != drawn[2].get_color()


def test_customer_churn_alone_is_one_line_with_its_range():
    frame = example(rates.plot_churn_rates)
    ax = rates.plot_churn_rates(frame.drop(columns=["gross_churn_rate", "net_churn_rate"]))
    assert [text.get_text() for text in ax.texts] == ["Customers 4.0 %"]
    assert len(ax.collections) == 1
    assert ax.get_ylim()[0] == 0
    all_three = rates.plot_churn_rates(frame)
    told = [text.get_text() for text in all_three.texts]
    assert told == ["Customers 4.0 %", "Gross MRR 10.0 %", "Net MRR 8.0 %"]
    assert all_three.get_ylim()[0] < 0, "net churn is negative where expansion outweighs losses"


def test_a_segment_keeps_its_colour_when_others_are_missing():
    everybody = ["web", "ads", "partner", "(unknown)"]
    colours = theme.segment_colours(everybody)
    assert colours == theme.segment_colours(reversed(everybody))
    curve = in_segments(example(survival.plot_survival), ["partner", "web"])
    curve["segment"] = pd.Categorical(curve["segment"], categories=everybody)
    lines_drawn = survival.plot_survival(curve).get_lines()
    assert {line.get_color() for line in lines_drawn} == {colours["partner"], colours["web"]}


def test_thousands_of_segments_draw_eight_and_say_so():
    curve = in_segments(example(survival.plot_survival), [f"s{i}" for i in range(300)])
    curve["at_risk"] += curve["segment"].str[1:].astype(int)
    ax = survival.plot_survival(curve)
    assert len(ax.get_lines()) == theme.MAX_SERIES
    assert "The 8 largest of 300 segments" in words(ax)
    assert "s299" in words(ax)


def test_more_ranges_than_four_would_hide_one_another():
    curve = example(survival.plot_survival)
    assert len(survival.plot_survival(in_segments(curve, list("abcd"))).collections) == 4
    assert not survival.plot_survival(in_segments(curve, list("abcde"))).collections


def test_as_many_periods_as_there_is_room_for():
    starts = pd.date_range("2023-01-01", periods=36, freq="MS")
    rows = pd.DataFrame({"period_start": starts, "churn_rate": 0.04})
    for width, months, ticks in ((712, 24, 8), (358, 13, 4)):
        ax = figure.drawn(rates.plot_churn_rates, rows, width=width)
        assert len(ax.get_lines()[0].get_xdata()) == months
        assert len(ax.get_xticks()) == ticks
    assert len(rates.plot_churn_rates(rows, last=5).get_lines()[0].get_xdata()) == 5
    assert len(rates.plot_churn_rates.figure.numbers(rows)) == 24


def test_several_outlooks_of_several_segments_are_refused():
    one = example(outlook.plot_conditional)
    both = in_segments(pd.concat([one, one.assign(further=24)]), SEGMENTS)
    with pytest.raises(split.SplitError, match="plot_conditional draws one further"):
        outlook.plot_conditional(both)
    two = outlook.plot_conditional(both.drop(columns="segment").drop_duplicates())
    assert {"12 more months", "24 more months"} <= set(words(two))


def test_forecasts_of_several_models_are_refused():
    one = example(forecasts.plot_origins)
    with pytest.raises(split.SplitError, match=r"frame\[frame.model == 'BG/NBD'\]"):
        forecasts.plot_origins(pd.concat([one, one.assign(model="naive rate")]))


# What single charts promise.


def test_the_waterfall_adds_up_from_zero():
    ax = revenue.plot_mrr_bridge(example(revenue.plot_mrr_bridge))
    bars = [bar for bar in ax.patches if bar.get_height()]
    assert [bar.get_height() for bar in bars] == [20, 2, -1, -11, 10]
    assert bars[0].get_y() == bars[-1].get_y() == 0
    assert {"Opening 150", "Closing 160"} <= set(words(ax))


def test_what_is_projected_begins_where_the_observed_curve_ends():
    ax = outlook.plot_projection(example(outlook.plot_projection))
    solid, dashed = ax.get_lines()[:2]
    assert solid.get_drawstyle() == "steps-post"
    assert dashed.is_dashed()
    assert dashed.get_xydata()[0].tolist() == solid.get_xydata()[-1].tolist() == [3, 0.5]
    assert ax.get_xlim()[1] > dashed.get_xdata()[-1] == 7


def test_an_observed_curve_without_a_model_is_drawn_alone():
    frame = example(outlook.plot_projection)
    ax = outlook.plot_projection(frame[frame["part"] == "observed"])
    assert ax.get_lines()[0].get_xdata().tolist() == [0, 1, 2, 3]


def test_number_at_risk_stands_below_the_axis_at_its_ticks():
    ax = survival.plot_survival(example(survival.plot_survival))
    below = [text.get_text() for text in ax.texts if text.get_position()[1] < 0]
    assert below == ["At risk", "100", "100", "80", "60"]


def test_a_month_that_stands_out_is_named():
    ax = survival.plot_hazard(example(survival.plot_hazard))
    assert [text.get_text() for text in ax.texts] == ["Month 1: 20.0 %"]


def test_an_actual_outside_the_range_is_told_apart_in_words():
    ax = forecasts.plot_origins(example(forecasts.plot_origins))
    _, told = ax.get_legend_handles_labels()
    assert told == ["Range", "Predicted", "Actual", "Actual, outside the range"]


def test_bars_of_value_start_at_zero_and_end_at_the_value():
    ax = value.plot_value_by_segment(example(value.plot_value_by_segment))
    assert {bar.get_x() for bar in ax.patches} == {0}
    assert sorted(bar.get_width() for bar in ax.patches) == [5, 7, 7, 10, 14, 14]


def test_returns_above_sales_hang_below_zero():
    ax = sales.plot_sales(example(sales.plot_sales))
    assert min(bar.get_y() + bar.get_height() for bar in ax.patches) == -1


def test_revenue_of_whom_it_is_not_known_whether_they_are_new_is_neither():
    sold = example(sales.plot_sales)
    sold.loc[0, ["revenue_new", "revenue_returning"]] = float("nan")
    ax = sales.plot_sales(sold)
    told = [text.get_text() for text in ax.get_legend().get_texts()]
    assert told == ["Returning customers", "New customers", "New or returning: not known"]
    first = [bar for bar in ax.patches if bar.get_x() < 0.5 and bar.get_height() > 0]
    assert [bar.get_height() for bar in first] == [8]


def test_leaving_is_drawn_by_billing_interval():
    one = example(survival.plot_hazard)
    both = pd.concat([one.assign(interval_months=months) for months in (1, 12, 2)])
    ax = survival.plot_hazard(both)
    names = " ".join(text.get_text() for text in ax.texts)
    assert all(name in names for name in ("monthly", "yearly", "every 2 months"))
    assert "Month 1: 20.0 %" in names
    alone = survival.plot_hazard(one.assign(interval_months=1))
    assert [text.get_text() for text in alone.texts] == ["Month 1: 20.0 %"]


def test_labels_at_line_ends_do_not_touch():
    ax = canvas.new_axes(None)
    ax.set_ylim(0, 1)
    labels.label_ends(ax, [labels.Label(1, 0.99, name, "#1a69ad") for name in "abc"], gap=0.1)
    heights = sorted(text.xy[1] for text in ax.texts)
    assert np.diff(heights) == pytest.approx([0.1, 0.1])
    assert heights[-1] <= 1


HOSTILE = '</text><script>alert(1)</script> $x$ "#1a69ad" 1.23456\x00\x0b'


@pytest.mark.parametrize("name", [name for name, one in PLOTS.items() if one.figure.draws_segments])
def test_names_of_segments_are_text_and_nothing_else(name):
    plot = PLOTS[name]
    svg = to_svg(plot(in_segments(example(plot), [HOSTILE, "b"])), "x")
    assert "<script" not in svg
    told = ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter()]
    assert any(one.startswith("</text><scri") for one in told)


def test_jupyterlab_shows_a_chart_in_its_own_colours_without_a_box():
    from IPython.core.formatters import DisplayFormatter

    plot = rates.plot_churn_rates
    shown, _ = DisplayFormatter().format(plot(example(plot)).figure)
    html = shown["text/html"]
    assert html.startswith("<style>")
    assert theme.jupyter_dark() in html
    svg = ElementTree.fromstring(html.partition("</style>")[2])
    assert svg.get("width") == "712"
    assert "var(--c-muted,var(--jp-content-font-color2" in svg.get("style")
    assert "fill:var(--k-paper)" not in html
    other, _ = DisplayFormatter().format(plot(example(plot).head(3)).figure)
    ids = [set(re.findall(r'\bid="([^"]+)"', one["text/html"])) for one in (shown, other)]
    assert not ids[0] & ids[1], "ids hold in the whole notebook"


def test_axes_of_the_caller_are_drawn_on_and_keep_their_figure():
    _, pair = plt.subplots(1, 2, figsize=(7, 3))
    for ax in pair:
        assert rates.plot_churn_rates(example(rates.plot_churn_rates), ax=ax) is ax
        assert canvas.is_narrow(ax)


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
