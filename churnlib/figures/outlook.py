"""Charts of what is to come: the curve continued by a model, and the outlook of those who have
stayed.
"""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import name_axes, tenure_axis
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.curves import (
    draw_steps,
    example_curve,
    name_survival_axes,
    share_of_all_axis,
    share_told,
)
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends, mark, split_line
from churnlib.figures.lines import (
    Line,
    draw_bands,
    draw_lines,
    draw_ranges,
    ends_of,
    line,
    lines_of,
)
from churnlib.figures.split import Part, parts_of, refuse_several, segments_in
from churnlib.figures.theme import colour, segment_colours

__all__ = ["plot_conditional", "plot_projection"]

FOLDED_EVERY = 6
"""Months between the rows that fold under the projection."""
DASHED = (0, (3, 2))
DOT = 5


def _projection() -> pd.DataFrame:
    observed = example_curve()[["tenure", "estimate", "low", "high"]]
    ahead = observed.assign(tenure=observed["tenure"] + 4, estimate=[0.45, 0.42, 0.4, 0.39])
    ahead = ahead.assign(low=ahead["estimate"] - 0.1, high=ahead["estimate"] + 0.1)
    both = pd.concat([observed.assign(part="observed"), ahead.assign(part="projected")])
    return example_frame(**{name: both[name].to_numpy() for name in both})


@figure(
    "projection",
    title="the projected survival curve",
    subtitle="Share of customers still there, by months of life, %",
    caption="Solid: observed. Dashed: expected, with the range of refits, widened to the "
    "back-test's error, which grows with distance, where that is larger.",
    example=_projection,
    numbers=lambda projection: projection[projection["tenure"] % FOLDED_EVERY == 0],
)
def plot_projection(projection: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """What was observed, solid, and what the model expects beyond it, dashed, with its range.

    Parameters
    ----------
    projection : DataFrame
        tenure (months), part ("observed" or "projected"), estimate, low, high: the `curve` of
        `project`. Of one segment.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_projection(plot_projection.figure.example()).get_xlabel()
    "Whole months since the customer's start"
    """
    by_part = projection.groupby("part")
    observed = by_part.get_group("observed").sort_values("tenure")
    if not observed["tenure"].any():
        return nothing(ax)
    ax = new_axes(ax)
    end = observed.tail(1)
    ahead = projection[projection["part"] == "projected"]
    ahead = ahead[ahead["tenure"] > end["tenure"].item()]
    seen = line("", colour("accent"), observed, x="tenure", y="estimate")
    # The dashed line begins where the solid one ends; there, its range is not yet one.
    expected = line("", colour("accent"), pd.concat([end, ahead]), x="tenure", y="estimate")
    draw_steps(ax, [seen])
    draw_bands(ax, [expected._replace(points=expected.points[1:])])
    draw_lines(ax, [expected], linestyle=DASHED)
    name_survival_axes(ax, "Whole months since the customer's start", "Share still there")
    tenure_axis(ax, int(projection["tenure"].max()))
    split_line(ax, end["tenure"].item(), "Observed", "Projected")
    if len(ahead):
        label_ends(ax, ends_of([expected], share_told(1)))
    return ax


def _conditional() -> pd.DataFrame:
    return example_frame(
        stayed=[0, 3, 6],
        at_risk=[100, 80, 60],
        further=12,
        estimate=[0.6, 0.7, 0.75],
        low=[0.5, 0.6, 0.6],
        high=[0.7, 0.8, 0.85],
    )


@figure(
    "conditional-survival",
    title="the chance of staying on",
    subtitle="Chance of staying twelve more months, by months already stayed{and_by}, %",
    caption="S(k + 12) ÷ S(k), with 95 % range. What happened before month k does not enter.",
    example=_conditional,
    draws_segments=True,
)
def plot_conditional(conditional: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How likely a customer who has stayed so long is to stay so much longer.

    Parameters
    ----------
    conditional : DataFrame
        stayed, further (whole months), estimate, low, high; rows without an estimate are left out.
        A line for each `further`, or for each [segment] of one `further`.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_conditional(plot_conditional.figure.example()).get_ylabel()
    'Share who stay on'
    """
    known = conditional.dropna(subset=["estimate"])
    if known.empty:
        return nothing(ax)
    if segments_in(known):
        refuse_several(known, "plot_conditional", "further")
    ax = new_axes(ax)
    lines = lines_of(_outlooks(known), x="stayed", y="estimate")
    for one in lines:
        points = one.points
        draw_ranges(ax, points["x"], points["low"], points["high"], color=one.colour)
    draw_lines(ax, lines, marker="o", markersize=DOT, linewidth=1)
    if len(lines) == 1:
        _name_points(ax, lines[0])
    share_of_all_axis(ax)
    name_axes(ax, x="Months already stayed", y="Share who stay on")
    stayed = sorted(known["stayed"].unique())
    ax.set_xticks(stayed, [f"{one:.0f}" for one in stayed])
    label_ends(ax, ends_of(lines, lambda chance: ""))
    return ax


def _outlooks(known: pd.DataFrame) -> list[Part]:
    """What a line each is drawn of."""
    if segments_in(known):
        return parts_of(known, "at_risk")
    hues = segment_colours(known["further"])
    if len(hues) == 1:
        hues = {one: colour("accent") for one in hues}
    by_further = known.groupby("further")
    return [Part(f"{one:.0f} more months", hues[one], rows) for one, rows in by_further]


def _name_points(ax: Axes, only: Line) -> None:
    for point in only.points.itertuples():
        mark(ax, point.x, point.high, f"{point.y * 100:.0f} %")
