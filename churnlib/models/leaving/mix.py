"""Why the rate of leaving changed: other customers due, or the same kind leaving more.

The change of left / due between two periods is split exactly, cell by cell: a cell's rate effect is
its change of rate at its mean share, its mix effect its change of share times how far its mean rate
is from everybody's.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import norm

from churnlib.models.leaving.alarm import Baseline, months_of
from churnlib.models.leaving.strata import band_name, band_of, strata_of
from churnlib.models.survival.intervals import tells_interval
from churnlib.models.survival.splits import SEGMENT
from churnlib.periods import MONTHS, MONTHS_A_YEAR, Period
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.results.segments import ALL, OTHER, billing_name
from churnlib.results.terms import Term
from churnlib.statistics.rules import LEVEL

__all__ = ["decomposition"]

MOST_EMPTY = 0.05
"""The share of cells that may be empty in one period alone; small values are merged until then."""
TERMS = ["interval_months", "band"]
"""Keys of a cell beside the segment: how often customers pay, and which renewal it was."""
TERMS_ALONE = "renewal, billing"
AGAINST = {"period before": 1, "year before": MONTHS_A_YEAR}
"""Months back, at least one period."""
WORDS = (
    Term(
        "Rate effect",
        "The part of a change that comes of the same kinds of customers doing so more or less.",
    ),
    Term(
        "Mix effect",
        "The part that other shares of the kinds bring; a kind counts by how far its rate is from "
        "everybody's, so that more of a kind with a low rate lowers the whole.",
    ),
)
_POINTS = "Of left ÷ due, as a share."
DECOMPOSITION = Result(
    "decomposition",
    title="rate and mix",
    grain="one row a comparison, set of columns and value; all = the whole change",
    columns=(
        Column("against", "text", "Against", "What the period is compared with."),
        Column(
            "columns",
            "text",
            "Split by",
            "What cells are made of; sets are alternatives and do not add up.",
        ),
        Column("segment", "text", "Segment", "The value; its cells are summed over the others."),
        Column(
            "rate_effect",
            "share",
            "Rate effect",
            f"Change by the same kinds leaving more or less. {_POINTS}",
            low="rate_effect_low",
            high="rate_effect_high",
            signed=True,
            decimals=2,
        ),
        Column(
            "mix_effect",
            "share",
            "Mix effect",
            f"Change by who was due. {_POINTS}",
            signed=True,
            decimals=2,
        ),
        Column("rate_effect_low", "share", "from", "The low end, 95 %.", signed=True, decimals=2),
        Column("rate_effect_high", "share", "to", "The high end.", signed=True, decimals=2),
        Column("now", "share", "Rate now", "Left ÷ due of the period.", decimals=2),
        Column("before", "share", "Rate before", "The same of the earlier one.", decimals=2),
    ),
)


@gives(DECOMPOSITION)
def decomposition(due: pd.DataFrame, splits: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The change of left / due on the period before and on a year before, as rate and mix.

    Grain: one row a comparison, set of columns and value, and one of the whole change (`all`). The
    sets are renewal x billing alone, and with one segment column each: alternatives, not addends.

    Parameters
    ----------
    due : frame
        What `due` gave; its last complete period is compared.
    splits : mapping of str to frame
        For each segment column what `due` gave, split by it.

    Returns
    -------
    frame
        against (period before, year before) · columns · segment · rate_effect, mix_effect (of
        left / due; their sums are the change exactly) · rate_effect_low, rate_effect_high (95 %)
        · now, before (left / due of the two periods)

    Notes
    -----
    Kitagawa (1955), Das Gupta (1993): symmetric, without a residual; mix centred on the mean rate
    (Chevan and Sutherland 2009). A cell that is empty in one period takes the other's rate. The
    range has the variance of customers who decide one by one, by the pooled rate of the cell's
    renewal and billing, and that of two months' own scatter.

    Examples
    --------
    >>> start = pd.to_datetime(["2026-01-01", "2026-02-01"])
    >>> rows = pd.DataFrame({"period_start": start, "interval_months": 1, "renewal": 1})
    >>> rows = rows.assign(due=100, left=[2, 5], complete=True)
    >>> decomposition(rows, {})["rate_effect"].round(3).tolist()
    [0.03, 0.03]
    """
    whole = due[due["complete"].astype(bool)]
    splits = {name: rows for name, rows in splits.items() if not _is_billing(rows)}
    scatter = _scatter_squared(whole)
    names = [column.name for column in DECOMPOSITION.columns]
    parts = []
    for against, months in AGAINST.items():
        pair = _two_periods(whole, months)
        if not pair:
            continue
        parts.append(_of_terms(whole, pair, scatter).assign(against=against))
        for column, rows in splits.items():
            cells = _of_column(rows, column, pair, scatter)
            parts.append(cells.assign(against=against))
    if not parts:
        return pd.DataFrame(columns=names)
    return pd.concat(parts, ignore_index=True)[names]


def _is_billing(rows: pd.DataFrame) -> bool:
    """Whether a column only tells how often customers pay, which every split knows anyway."""
    return len(rows["interval_months"].unique()) > 1 and tells_interval(
        rows.astype({"customers": int})
    )


def _two_periods(due: pd.DataFrame, months: int) -> dict[str, list[pd.Timestamp]]:
    """The months of the earlier and of the later period, where both had customers due."""
    if due.empty:
        return {}
    last = due["period_start"].max().date()
    reported = Period.parse(due.attrs["period"]) if due.attrs.get("period") else None
    now = Period.containing(last, reported.grain if reported else "month")
    then = now.shift(-max(months // MONTHS[now.grain], 1))
    pair = {"then": _months_of(then), "now": _months_of(now)}
    people = due.groupby("period_start")["due"].sum()
    both = all(people.reindex(part).sum() > 0 for part in pair.values())
    return pair if both and _months_of(then)[0] >= due["period_start"].min() else {}


def _months_of(period: Period) -> list[pd.Timestamp]:
    return list(pd.date_range(period.start, periods=MONTHS[period.grain], freq="MS"))


def _scatter_squared(due: pd.DataFrame) -> float:
    """The square of the months' own scatter, from the last two years."""
    if due.empty:
        return 0.0
    strata = strata_of(due)
    last = slice(-2 * MONTHS_A_YEAR, None)
    people, gone = strata.due[:, last], strata.left[:, last]
    baseline = Baseline.of(people, gone, strata.interval)
    return months_of(baseline, people, gone).belief().scatter_squared


def _of_terms(
    due: pd.DataFrame, pair: dict[str, list[pd.Timestamp]], scatter: float
) -> pd.DataFrame:
    """By renewal and billing alone; each cell is its own segment."""
    cells = _cells(due, [], pair)
    labels = [
        f"{billing_name(interval)}, {band_name(interval, band)}"
        for interval, band in cells.index.to_frame().to_numpy()
    ]
    return _effects(cells, np.array(labels), scatter).assign(columns=TERMS_ALONE)


def _of_column(
    due: pd.DataFrame, column: str, pair: dict[str, list[pd.Timestamp]], scatter: float
) -> pd.DataFrame:
    """By renewal, billing and a segment column, whose small values are merged as far as needed."""
    cells = _cells(due, [SEGMENT], pair)
    while _share_empty(cells) > MOST_EMPTY:
        sizes = cells.groupby(level=SEGMENT)[["n1", "n2"]].sum().sum(axis=1).sort_values()
        if len(sizes) <= 2:
            break
        small = next(name for name in sizes.index if name != OTHER)
        merged = due[SEGMENT].astype(str).replace({small: OTHER})
        due = due.assign(**{SEGMENT: merged})
        cells = _cells(due, [SEGMENT], pair)
    segments = cells.index.get_level_values(SEGMENT).astype(str).to_numpy()
    return _effects(cells, segments, scatter).assign(columns=f"{TERMS_ALONE}, {column}")


def _cells(due: pd.DataFrame, head: list[str], pair: dict[str, list[pd.Timestamp]]) -> pd.DataFrame:
    """Customers due and leavers of each cell in the earlier (n1, d1) and later period (n2, d2)."""
    when = {month: name for name, months in pair.items() for month in months}
    rows = due.assign(when=due["period_start"].map(when)).dropna(subset=["when"])
    rows = rows[rows["due"] > 0]
    rows = rows.assign(band=band_of(rows["interval_months"], rows["renewal"]))
    keys = [*head, *TERMS]
    cells = rows.pivot_table(
        ["due", "left"], keys, "when", aggfunc="sum", fill_value=0, observed=True
    )
    found = {"n1": ("due", "then"), "d1": ("left", "then"), "n2": ("due", "now")}
    found["d2"] = ("left", "now")
    return pd.DataFrame({name: cells.get(place, 0) for name, place in found.items()})


def _share_empty(cells: pd.DataFrame) -> float:
    """The share of cells with customers due in one period alone, of known terms."""
    terms = cells.groupby(level=TERMS)[["n1", "n2"]].transform("sum")
    known = cells[(terms > 0).all(axis=1)]
    return float(((known["n1"] == 0) != (known["n2"] == 0)).mean()) if len(known) else 0.0


def _effects(cells: pd.DataFrame, segments: np.ndarray, scatter: float) -> pd.DataFrame:
    """Rate and mix effects by segment, and of all."""
    n1, d1, n2, d2 = (cells[name].to_numpy(float) for name in ("n1", "d1", "n2", "d2"))
    rate, mix = kitagawa(n1, d1, n2, d2)
    before, now = d1.sum() / n1.sum(), d2.sum() / n2.sum()
    frame = cells.reset_index().assign(
        segment=segments,
        rate_effect=rate,
        mix_effect=mix,
        variance=_variance(cells),
        share=(n1 / n1.sum() + n2 / n2.sum()) / 2,
    )
    sums = frame.groupby("segment", sort=False)[
        ["n1", "d1", "n2", "d2", "rate_effect", "mix_effect", "variance", "share"]
    ].sum()
    whole = sums.sum().to_frame(ALL).T
    out = pd.concat([whole, sums])
    months = 2 * scatter * (out["share"] * (before + now) / 2) ** 2
    reach = norm.ppf((1 + LEVEL) / 2) * np.sqrt(out["variance"] + months)
    return out.assign(
        segment=out.index,
        rate_effect_low=out["rate_effect"] - reach,
        rate_effect_high=out["rate_effect"] + reach,
        now=out["d2"] / out["n2"].where(out["n2"] > 0),
        before=out["d1"] / out["n1"].where(out["n1"] > 0),
    )


def kitagawa(
    n1: np.ndarray, d1: np.ndarray, n2: np.ndarray, d2: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Rate and mix effect of each cell; their sums are the change of the whole rate.

    Parameters
    ----------
    n1, d1, n2, d2 : people and events of each cell, in the earlier and the later period

    Examples
    --------
    >>> n1, n2, rate = np.array([50.0, 50]), np.array([70.0, 30]), np.array([0.02, 0.06])
    >>> rate_effect, mix_effect = kitagawa(n1, n1 * rate, n2, n2 * rate)
    >>> mix_effect.round(4).tolist(), bool(abs(rate_effect).max() < 1e-12)
    ([-0.0032, -0.0048], True)
    """
    share1, share2 = n1 / n1.sum(), n2 / n2.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        own1, own2 = d1 / n1, d2 / n2
    rate1 = np.where(n1 > 0, own1, np.where(n2 > 0, own2, 0.0))
    rate2 = np.where(n2 > 0, own2, rate1)
    mean = (d1.sum() / n1.sum() + d2.sum() / n2.sum()) / 2
    rate = (share1 + share2) / 2 * (rate2 - rate1)
    mix = (share2 - share1) * ((rate1 + rate2) / 2 - mean)
    return rate, mix


def _variance(cells: pd.DataFrame) -> np.ndarray:
    """Of each cell's rate effect, by customers deciding one by one, at the pooled rate of its
    renewal and billing.
    """
    pooled = cells.groupby(level=TERMS).transform("sum")
    p = (pooled["d1"] + pooled["d2"]) / (pooled["n1"] + pooled["n2"])
    share = (cells["n1"] / cells["n1"].sum() + cells["n2"] / cells["n2"].sum()) / 2
    both = (cells["n1"] > 0) & (cells["n2"] > 0)
    ones = 1 / cells["n1"].where(both, 1) + 1 / cells["n2"].where(both, 1)
    return (share**2 * ones * p * (1 - p)).where(both, 0.0).to_numpy()
