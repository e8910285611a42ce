"""What a price brings net: the dearer renewals less what those pay who left because of it."""

import numpy as np
import pandas as pd

from churnlib.models.leaving.alarm import Baseline
from churnlib.models.leaving.change_parts import month_of, months_before
from churnlib.models.leaving.changes import BOTH, PRICE
from churnlib.models.leaving.strata import band_of, strata_of
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term

__all__ = ["change_effects", "price_net"]

WORDS = (
    Term(
        "Net of a price",
        "What the new price brings a month of those still here, less what those would pay who left "
        "because of it and would still be here.",
    ),
    Term(
        "Break-even",
        "How many times as often customers would have to leave at the new price for it to bring "
        "nothing.",
    ),
)
_MET = Column("met", "count", "Have met it", "Of these, whose first renewal since has come.")
_EXPOSED = Column(
    "exposed",
    "count",
    "Reached",
    "Customers from before the change who have met it, or still will.",
)
_GAINED = Column(
    "mrr_gained", "money", "Brings", "What the new price adds to the MRR of those still here."
)
NET = Result(
    "price_net",
    title="what a price change brings, month by month",
    grain="one row a price change and month since",
    columns=(
        Column("label", "text", "Change", "Its name in the parameter file."),
        PERIOD_START,
        _EXPOSED,
        _MET,
        Column("rise", "share", "Rise", "Change of MRR of those who stayed on their plan."),
        _GAINED,
        Column(
            "mrr_left",
            "money",
            "Left",
            "MRR of all who left at meeting it, as far as it would still be here.",
        ),
        Column(
            "mrr_lost",
            "money",
            "Lost",
            "MRR of those who left because of it, as far as it would still be here.",
        ),
        Column(
            "net",
            "money",
            "Net",
            "Brings - lost, a month.",
            low="net_low",
            high="net_high",
            signed=True,
        ),
        Column("net_low", "money", "from", "The low end of its 95 % range.", signed=True),
        Column("net_high", "money", "to", "The high end.", signed=True),
        Column("net_so_far", "money", "Net so far", "The sum of the months.", signed=True),
        Column(
            "mrr_of_base",
            "money",
            "In NRR",
            "MRR that it adds to what customers of a year ago pay.",
        ),
    ),
)
EFFECTS = Result(
    "changes",
    title="what each change did",
    grain="one row a change and method",
    columns=(
        Column("label", "text", "Change", "Its name in the parameter file."),
        Column("method", "text", "Compared with", "See the estimates; both is their hull."),
        _EXPOSED,
        _MET,
        Column(
            "effect",
            "number",
            "Times as often",
            "How many times as often they left; 1 = as before.",
            decimals=2,
            low="effect_low",
            high="effect_high",
        ),
        Column("effect_low", "number", "from", "The low end, 95 %.", decimals=2),
        Column("effect_high", "number", "to", "The high end.", decimals=2),
        _GAINED,
        Column("mrr_lost", "money", "Lost", "MRR of those who left because of it."),
        Column(
            "net",
            "money",
            "Net",
            "Brings - lost, a month.",
            low="net_low",
            high="net_high",
            signed=True,
        ),
        Column("net_low", "money", "from", "The low end of its 95 % range.", signed=True),
        Column("net_high", "money", "to", "The high end.", signed=True),
        Column(
            "break_even",
            "number",
            "Break-even",
            "Times as often at which it brings nothing.",
            decimals=1,
        ),
        Column("verdict", "text", "Verdict", "See the estimates."),
    ),
    shown=(
        "label",
        "method",
        "effect",
        "effect_low",
        "effect_high",
        "net",
        "net_low",
        "net_high",
        "verdict",
    ),
)

ENDS = ["effect", "effect_high", "effect_low"]
"""Of the effect, in the order of what is lost: as it is, the most, the least."""


@gives(NET)
def price_net(
    known: pd.DataFrame, due: pd.DataFrame, met: pd.DataFrame, estimates: pd.DataFrame
) -> pd.DataFrame:
    """What each price change brings in each month since.

    Grain: one row a price change and month, from the one of the change on.

    Parameters
    ----------
    known, due, met : frames
        What `known_changes`, `changes_due` and `met_changes` gave.
    estimates : frame
        What `change_estimates` gave.

    Returns
    -------
    frame
        label · period_start · exposed, met (customers) · rise (share: MRR after / before of those
        who stayed on their plan) · mrr_gained (rise x what those still here paid) · mrr_left ·
        mrr_lost (mrr_left x (1 - 1 / effect)) · net with net_low, net_high (of the effect's range)
        · net_so_far · mrr_of_base (mrr_gained of those who were customers a year before as_of)

    Notes
    -----
    mrr_left is what those paid who left at meeting the change, x the share of their like that would
    still be here by the baseline's hazards: extra leavers would partly have left anyway, at their
    later renewals. Of all who left at meeting it, the share 1 - 1 / effect did so because of it.

    Examples
    --------
    >>> price_net.result.name
    'price_net'
    """
    names = [column.name for column in NET.columns]
    parts = [
        _course(change, *(one[one["label"] == change.label] for one in (due, met, estimates)))
        for change in known[known["kind"] == PRICE].itertuples()
    ]
    parts = [one for one in parts if len(one)]
    return pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names)


def _course(
    change: tuple, due: pd.DataFrame, met: pd.DataFrame, estimates: pd.DataFrame
) -> pd.DataFrame:
    whole = due[due["complete"].astype(bool)]
    if whole.empty or met["met_in"].isna().all():
        return pd.DataFrame()
    months = pd.date_range(month_of(change.starts_on), whole["period_start"].max(), freq="MS")
    there = met.dropna(subset=["met_in"])
    kept = there["mrr_same_plan"].sum()
    rise = there["mrr_same_plan_after"].sum() / kept - 1 if kept else np.nan
    here = [_still_here(there, month) for month in months]
    gained = rise * np.array([rows["mrr"].sum() for rows in here])
    frame = pd.DataFrame(
        {
            "label": change.label,
            "period_start": months,
            "exposed": int(met["customers"].sum()),
            "met": [int(there["customers"][there["met_in"] <= month].sum()) for month in months],
            "rise": rise,
            "mrr_gained": gained,
            "mrr_left": _left(change, whole, there, months),
            "mrr_of_base": [rise * rows["mrr"][rows["in_base"]].sum() for rows in here],
        }
    )
    both = estimates[estimates["method"] == BOTH]
    effect = both.iloc[0] if len(both) else pd.Series(np.nan, ENDS)
    lost, most, least = (frame["mrr_left"] * (1 - 1 / effect[end]) for end in ENDS)
    return frame.assign(
        mrr_lost=lost,
        net=gained - lost,
        net_low=gained - most,
        net_high=gained - least,
        net_so_far=(gained - lost).cumsum(),
    )


def _still_here(met: pd.DataFrame, month: pd.Timestamp) -> pd.DataFrame:
    """Those who had met it by the end of a month and had not left."""
    stays = met["gone_in"].isna() | (met["gone_in"] > month)
    return met[(met["met_in"] <= month) & stays]


def _left(
    change: tuple, due: pd.DataFrame, met: pd.DataFrame, months: pd.DatetimeIndex
) -> np.ndarray:
    """MRR of who left at meeting the change, as far as it would be here in each month."""
    strata = strata_of(due)
    reached = due[due["reached"].astype(bool)]
    baseline = Baseline.of_some(reached, strata, months_before(strata, change))
    hazard = dict(zip(strata.labels, baseline.hazard, strict=True))
    gone = met[met["gone_in"] == met["met_in"]]
    cells = gone.groupby(["met_in", "interval_months", "renewal"], as_index=False)["mrr"].sum()
    number = months.year * 12 + months.month
    total = np.zeros(len(months))
    for cell in cells.itertuples():
        interval = int(cell.interval_months)
        since = np.asarray(number - cell.met_in.year * 12 - cell.met_in.month)
        later = np.arange(1, max(since.max() // interval, 0) + 1)
        bands = band_of(np.full(later.size, interval), cell.renewal + later)
        leaving = np.array([hazard.get((interval, int(band)), 0.0) for band in bands])
        staying = np.cumprod(np.concatenate([[1.0], 1 - leaving]))
        total += np.where(since >= 0, cell.mrr * staying[np.maximum(since, 0) // interval], 0.0)
    return total


@gives(EFFECTS)
def change_effects(estimates: pd.DataFrame, net: pd.DataFrame) -> pd.DataFrame:
    """What each change did to leaving, and what a price brings net, by each estimate.

    Grain: one row a change and method.

    Parameters
    ----------
    estimates : frame
        What `change_estimates` gave.
    net : frame
        What `price_net` gave; its last month counts.

    Returns
    -------
    frame
        label · method · exposed, met (customers) · effect with effect_low, effect_high ·
        mrr_gained, mrr_lost · net with net_low, net_high (a month; of prices) · break_even (times
        as often) · verdict

    Notes
    -----
    Break-even at meeting the price, of a rise d and a hazard h: (d + h) / (h (1 + d)).

    Examples
    --------
    >>> change_effects.result.name
    'changes'
    """
    names = [column.name for column in EFFECTS.columns]
    last = net.groupby("label").tail(1)
    both = estimates.merge(
        last.drop(columns=["net", "mrr_lost", "net_low", "net_high"]), "left", "label"
    )
    lost, most, least = (both["mrr_left"] * (1 - 1 / both[end]) for end in ENDS)
    hazard = both["expected"] / both["due"].where(both["due"] > 0)
    gained, rise = both["mrr_gained"], both["rise"]
    return both.assign(
        mrr_lost=lost,
        net=gained - lost,
        net_low=gained - most,
        net_high=gained - least,
        break_even=(rise + hazard) / (hazard * (1 + rise)),
    )[names]
