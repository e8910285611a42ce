"""Ticks and names of axes: what a chart's scale says, in as many ticks as it has room for."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, MaxNLocator

from churnlib.figures.canvas import room
from churnlib.figures.labels import mark_changes
from churnlib.figures.periods import starts_of
from churnlib.formats import MINUS

TICK_INCHES = 0.6
"""Room that a tick's label needs along the axis."""
WHOLE_INCHES = 0.45
"""The same where labels are whole numbers of one or two digits."""
QUARTER_DAYS = 80
"""Two periods that start further apart than this are quarters."""
STEPS = (1, 2, 3, 6, 12, 24, 30, 60, 90, 180, 360)
PERIOD_STEPS = (1, 2, 3, 4, 6, 12, 24)
UNITS = ((1e9, 1e9, "bn"), (1e6, 1e6, "m"), (1e4, 1e3, "k"))
"""From which size on an amount is told in which unit: 4,744 is still told in full."""
NICE = (1, 2, 2.5, 5, 10)


def amount(value: float, signed: bool = False, scale: float | None = None) -> str:
    """A quantity for a chart: three digits, in the unit of `scale` (a like quantity), with a true
    minus sign.

    Examples
    --------
    >>> amount(1_250_000), amount(-12_500), amount(4_744, scale=20_000, signed=True), amount(35.8)
    ('1.25m', '\u221212.5k', '+4.7k', '35.8')
    """
    size, unit = _unit(max(abs(value), abs(scale or 0)))
    scaled = abs(value) / size
    if scaled >= 100:
        decimals = 0
    elif scaled >= 10 or scale:
        decimals = 1
    else:
        decimals = 2
    digits = _trimmed(f"{scaled:,.{decimals}f}")
    if digits == "0":
        return digits
    return f"{_sign(value, signed)}{digits}{unit}"


def _unit(largest: float) -> tuple[float, str]:
    for least, size, unit in UNITS:
        if largest >= least:
            return size, unit
    return 1, ""


def _sign(value: float, signed: bool) -> str:
    if value < 0:
        return MINUS
    return "+" if signed else ""


def _trimmed(digits: str) -> str:
    """A number without noughts at its end that say nothing."""
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def share(value: float) -> str:
    """A share for an axis, in percent without needless decimals.

    Examples
    --------
    >>> share(0.25), share(0.025), share(-0.01)
    ('25 %', '2.5 %', '\u22121 %')
    """
    digits = _trimmed(f"{abs(value) * 100:.2f}")
    sign = MINUS if value < 0 and digits != "0" else ""
    return f"{sign}{digits} %"


def day(value: object) -> str:
    """A date for an axis: `1 Oct 2026`."""
    stamp = pd.Timestamp(value)
    return f"{stamp.day} {stamp:%b %Y}"


def name_axes(ax: Axes, *, x: str = "", y: str = "", unit: str = "") -> None:
    """Name the axes: x below, y level above its axis, where it reads without turning the head.

    `unit`, such as a currency's code, follows the name of the axis of values: y, or x where y has
    no name.
    """
    if unit:
        y = f"{y}, {unit}" if y else ""
        x = x if y else f"{x}, {unit}"
    ax.set_xlabel(x)
    ax.set_ylabel(y, rotation=0, ha="left", va="bottom")
    ax.yaxis.set_label_coords(0, 1.03)


def share_axis(ax: Axes) -> None:
    """Ticks in percent."""
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=NICE))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: share(value)))


def amount_axis(ax: Axes, axis: str = "y", signed: bool = False) -> None:
    """Ticks in thousands or millions."""
    which = ax.yaxis if axis == "y" else ax.xaxis
    most = 5 if axis == "y" else min(5, _most(ax, TICK_INCHES))
    which.set_major_locator(MaxNLocator(most, steps=NICE))
    which.set_major_formatter(FuncFormatter(lambda value, _: amount(value, signed, _reach(which))))


def _reach(axis: Axis) -> float:
    """The largest tick, whose unit all ticks share."""
    return max(abs(end) for end in axis.get_view_interval())


def _most(ax: Axes, inches: float) -> int:
    """How many ticks fit along the x axis."""
    return max(2, int(room(ax) / inches))


def whole_axis(ax: Axes) -> None:
    """An x axis of whole numbers: months of life, ages, counts."""
    most = _most(ax, WHOLE_INCHES)
    ax.xaxis.set_major_locator(MaxNLocator(most, integer=True, steps=[1, 2, 3, 6, 10]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def period_axis(ax: Axes, shown: pd.DataFrame) -> None:
    """Label positions 0, 1, 2, ... with their periods: the last one always, a year where it
    begins; a hairline with its name where the business changed something.
    """
    starts = starts_of(shown)
    quarterly = len(starts) > 1 and (starts[1] - starts[0]).days > QUARTER_DAYS
    most = _most(ax, TICK_INCHES)
    step = _step(len(starts), most, PERIOD_STEPS)
    ticks = list(range(len(starts) - 1, -1, -step))[::-1]
    labels = []
    year = None
    for tick in ticks:
        start = starts[tick]
        name = f"Q{start.quarter}" if quarterly else f"{start:%b}"
        labels.append(name if start.year == year else f"{name}\n{start.year}")
        year = start.year
    ax.set_xticks(ticks, labels)
    mark_changes(ax, starts, shown.attrs.get("changes", ()))


def tenure_axis(ax: Axes, last: int) -> list[int]:
    """Ticks at whole months (or days) up to `last`, in steps that divide a year (or follow
    months); returns them.
    """
    most = _most(ax, TICK_INCHES)
    ticks = list(range(0, last + 1, _step(last, most, STEPS)))
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    return ticks


def _step(length: int, most: int, steps: tuple[int, ...]) -> int:
    """The smallest of `steps` that makes at most `most` ticks of a length."""
    for step in steps:
        if length / step <= most:
            return step
    return -(-length // most)
