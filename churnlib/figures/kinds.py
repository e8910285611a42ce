"""Charts of how customers left, and of what of failed payments came back."""

import pandas as pd
from matplotlib.axes import Axes

from churnlib.figures.axes import amount_axis, name_axes, period_axis, share_axis, tenure_axis
from churnlib.figures.canvas import new_axes, nothing
from churnlib.figures.figure import example_frame, figure
from churnlib.figures.labels import label_ends, legend_above
from churnlib.figures.lines import MARK, draw_bands, draw_lines, draw_stack, ends_of
from churnlib.figures.lines import line as line_of
from churnlib.figures.periods import newest, periods_for, placed
from churnlib.figures.theme import colour
from churnlib.formats import cell

__all__ = ["plot_incidence", "plot_kinds", "plot_recovery"]

LAYERS = {
    "voluntary": ("Own decision", "accent", 1.0),
    "payment_failed": ("Payment failed", "loss", 1.0),
    "pending": ("Pending", "loss", 0.35),
    "other": ("Otherwise", "neutral", 0.7),
    "paused": ("Paused", "gain", 0.35),
}
"""What is stacked: name, colour and depth; every other way is one of `other`."""
LINES = 3
DAYS = {"recovered_14": "by day 14", "recovered_30": "by day 30", "recovered_45": "by day 45"}
HUES = ("neutral", "gain", "accent")


def _kinds() -> pd.DataFrame:
    return example_frame(
        period_start=[*pd.date_range("2025-01-01", periods=3, freq="MS")] * 2,
        how=["voluntary"] * 3 + ["payment_failed"] * 3,
        came_back="no",
        customers=[60, 70, 65, 20, 25, 22],
        amount=1000.0,
    )


@figure(
    "churn-kinds",
    title="how customers left",
    subtitle="Churned customers by how it ended, by {grain}",
    caption="As the last subscription says; where it gives no reason, a notice is an own decision "
    "and an unpaid invoice a failed payment. Pending: within the dunning window. Paused: churned "
    "until back, and no decision to leave.",
    example=_kinds,
    numbers=lambda kinds: newest(kinds, 3),
)
def plot_kinds(kinds: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Churned customers of each period, stacked by how it ended.

    Parameters
    ----------
    kinds : DataFrame
        period_start, how, customers: what `churn_kinds` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_kinds(plot_kinds.figure.example()).get_ylabel()
    'Churned customers'
    """
    ax = new_axes(ax)
    layer = kinds["how"].where(kinds["how"].isin(list(LAYERS)), "other")
    sums = kinds.assign(layer=layer).pivot_table(
        "customers", "period_start", "layer", aggfunc="sum", fill_value=0
    )
    shown = placed(newest(sums.reset_index(), periods_for(ax)))
    base = pd.Series(0.0, index=shown.index)
    for name, (label, hue, depth) in LAYERS.items():
        if name not in shown:
            continue
        size = shown[name].astype(float)
        draw_stack(ax, shown["place"], size, base=base, hue=colour(hue), depth=depth, label=label)
        base = base + size
    legend_above(ax, columns=len(LAYERS))
    period_axis(ax, shown)
    amount_axis(ax)
    name_axes(ax, y="Churned customers")
    return ax


def _incidence() -> pd.DataFrame:
    return example_frame(
        how=["voluntary"] * 3 + ["payment_failed"] * 3,
        tenure=[1, 2, 3] * 2,
        at_risk=[100, 90, 80] * 2,
        incidence=[0.1, 0.15, 0.2, 0.02, 0.03, 0.05],
        incidence_low=[0.05, 0.1, 0.15, 0.01, 0.02, 0.03],
        incidence_high=[0.15, 0.2, 0.25, 0.03, 0.05, 0.08],
    )


@figure(
    "incidence",
    title="how customers leave, by month of life",
    subtitle="Customers who have left, by how it ended, by month of life, %",
    caption="Share of all customers, those still there counted as far as they were seen "
    "(Aalen-Johansen, exact with ties). The three commonest ways; 95 % range.",
    example=_incidence,
    numbers=lambda incidence: incidence[incidence["tenure"] % 12 == 0],
)
def plot_incidence(incidence: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The share that has left in each of the commonest ways, by month of life.

    Parameters
    ----------
    incidence : DataFrame
        how, tenure, incidence with its limits: what `cumulative_incidence` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_incidence(plot_incidence.figure.example()).get_xlabel()
    'Month of life'
    """
    most = incidence.groupby("how")["incidence"].max().nlargest(LINES).index
    ax = new_axes(ax)
    limits = ("incidence_low", "incidence_high")
    lines = [
        line_of(
            LAYERS[how][0] if how in LAYERS else cell(how, "word"),
            colour(hue),
            incidence[incidence["how"] == how],
            x="tenure",
            y="incidence",
            limits=limits,
        )
        for how, hue in zip(most, ("accent", "loss", "neutral"), strict=False)
    ]
    draw_bands(ax, lines)
    draw_lines(ax, lines)
    ax.set_ylim(bottom=0)
    share_axis(ax)
    tenure_axis(ax, int(incidence["tenure"].max()))
    label_ends(ax, ends_of(lines, lambda share: f"{share * 100:.1f} %"))
    name_axes(ax, x="Month of life", y="Have left")
    return ax


def _recovery() -> pd.DataFrame:
    return example_frame(
        due_month=pd.date_range("2025-01-01", periods=4, freq="MS"),
        failed=[100, 110, 120, 90],
        recovered_14=[55.0, 60, 66, None],
        recovered_30=[62.0, 66, 70, None],
        recovered_45=[64.0, 68, None, None],
    )


@figure(
    "recovery",
    title="what of failed payments comes back",
    subtitle="Invoices paid after their first attempt failed, by the month they were due, %",
    caption="Of the invoices whose first attempt failed. A month is drawn once all of it has been "
    "observed so long.",
    example=_recovery,
)
def plot_recovery(recovery: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """The share of failed invoices that was paid by day 14, 30 and 45.

    Parameters
    ----------
    recovery : DataFrame
        due_month, failed, recovered_14, recovered_30, recovered_45: what `recovery` gives.
    ax : Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> plot_recovery(plot_recovery.figure.example()).get_ylabel()
    'Paid, of those that failed'
    """
    rows = recovery.assign(period_start=recovery["due_month"])
    if rows[list(DAYS)].isna().all(axis=None):
        return nothing(ax)
    ax = new_axes(ax)
    shown = placed(newest(rows, periods_for(ax)))
    shares = shown.assign(**{name: shown[name] / shown["failed"] for name in DAYS})
    lines = [
        line_of(label, colour(hue), shares, x="place", y=name, limits=("", ""))
        for (name, label), hue in zip(DAYS.items(), HUES, strict=True)
    ]
    draw_lines(ax, lines, marker="o", markersize=MARK)
    ax.set_ylim(0, 1)
    share_axis(ax)
    period_axis(ax, shown)
    label_ends(ax, ends_of(lines, lambda share: f"{share * 100:.0f} %"))
    name_axes(ax, y="Paid, of those that failed")
    return ax
