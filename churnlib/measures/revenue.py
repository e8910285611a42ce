"""What happened to recurring revenue: the bridge from opening to closing, and the rates that
follow from it.
"""

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.engine import MONEY_DECIMALS
from churnlib.measures.by_period import SEGMENT, add_up, as_declared, dated, last_rows, listed
from churnlib.measures.ledger import MOVEMENTS
from churnlib.measures.movements import by_movement
from churnlib.periods import Grain
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives
from churnlib.results.segments import ALL
from churnlib.results.terms import Term
from churnlib.statistics.rates import ratio

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["check_identity", "mrr_bridge", "mrr_by_segment"]

TOLERANCE = 0.0004
"""Less than half of the smallest unit of any currency: sums of decimals are exact, what remains is
the last bit of a float.
"""
WORDS = (
    Term(
        "Gross MRR churn",
        "(Churn + contraction) ÷ opening MRR. Net deducts expansion, not reactivation.",
    ),
)
OPENING = Column("opening", "money", "Opening", "MRR just before the period starts.", adds=True)
CLOSING = Column("closing", "money", "Closing", "MRR just before the period ends.", adds=True)
MRR_RATES = (
    Column(
        "gross_churn_rate",
        "share",
        "Gross churn rate",
        "(Churn + contraction) ÷ opening MRR, as a positive rate.",
        denominator="n_opening",
    ),
    Column(
        "net_churn_rate",
        "share",
        "Net churn rate",
        "Gross churn rate less expansion ÷ opening MRR; reactivation was not in opening.",
        denominator="n_opening",
    ),
)
MRR = Result(
    "mrr",
    "the MRR bridge",
    "one row a period (and segment)",
    (
        PERIOD_START,
        OPENING,
        Column(
            "new", "money", "New", "MRR of those who are customers for the first time.", adds=True
        ),
        Column(
            "reactivation",
            "money",
            "Reactivation",
            "MRR of those back after an absence.",
            adds=True,
        ),
        Column(
            "expansion", "money", "Expansion", "What customers pay more than at opening.", adds=True
        ),
        Column(
            "contraction", "money", "Contraction", "What customers pay less, below 0.", adds=True
        ),
        Column(
            "churn",
            "money",
            "Churn",
            "What those paid who are gone at closing, below 0.",
            adds=True,
        ),
        CLOSING,
        *MRR_RATES,
        Column(
            "nrr",
            "share",
            "NRR",
            "Net revenue retention of this one period: 1 less the net churn rate.",
            denominator="n_opening",
        ),
        Column(
            "grr",
            "share",
            "GRR",
            "Gross revenue retention of this one period: 1 less the gross churn rate.",
            denominator="n_opening",
        ),
        *(
            Column(
                f"n_{one}", "count", f"Customers: {one}", f"Customers with this movement: {one}."
            )
            for one in MOVEMENTS
        ),
        Column("n_opening", "count", "Customers: opening", "Customers active at opening."),
        Column("n_closing", "count", "Customers: closing", "Customers active at closing."),
    ),
    shown=(
        SEGMENT,
        "opening",
        *MOVEMENTS,
        "closing",
        "gross_churn_rate",
    ),
    caption="MRR bridge by {by}, {period}",
)
IDENTITY = Result(
    "identity",
    "the rows of the bridge that do not tie",
    "one row a period (and segment) that fails",
    (
        *MRR.columns,
        Column(
            "difference",
            "money",
            "Difference",
            "Opening and movements less closing.",
            decimals=2,
            signed=True,
        ),
    ),
)


@gives(MRR)
def mrr_bridge(
    snapshot: "Snapshot", *, by: "Split | None" = None, grain: Grain | None = None
) -> pd.DataFrame:
    """Monthly recurring revenue from opening to closing, with the churn and retention of each
    period.

    Grain: one row a period (and segment), from the first activity to the snapshot's period. Opening
    and closing are summed straight from the subscription spans and the movements from customers, so
    `opening + new + reactivation + expansion + contraction + churn = closing` is a check
    (`check_identity`).

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers
    grain : {"month", "quarter"}, default the snapshot's own; an incomplete quarter is not listed

    Returns
    -------
    DataFrame
        period_start; [segment]; opening; new; reactivation; expansion; contraction; churn; closing
        (currency a month, signed); gross_churn_rate = -(churn + contraction) / opening, each
        customer's loss at most its opening; net_churn_rate = gross less expansion / opening;
        nrr = 1 - net; grr = 1 - gross (of this period, empty where opening is 0); n_new,
        n_reactivation, n_expansion, n_contraction, n_churn, n_opening, n_closing (customers)

    Examples
    --------
    >>> bridge = mrr_bridge(snapshot)
    >>> len(check_identity(bridge))
    0
    """
    grain = grain or snapshot.period.grain
    frame = by_movement(snapshot, by, grain)
    frame["closing"] = add_up(frame, ["change"])["change"].round(MONEY_DECIMALS)
    frame["opening"] = (frame["closing"] - frame["change"]).round(MONEY_DECIMALS)
    gain = frame["n_new"] + frame["n_reactivation"] - frame["n_churn"]
    frame["n_closing"] = add_up(frame.assign(gain=gain), ["gain"])["gain"]
    frame["n_opening"] = frame["n_closing"] - gain
    rated = _with_rates(dated(listed(snapshot, frame, grain), grain))
    return as_declared(rated, MRR)


@gives(MRR)
def mrr_by_segment(snapshot: "Snapshot", by: "Split") -> pd.DataFrame:
    """The bridge of the reported period alone, segment by segment.

    Grain: one row a segment that ever had a customer.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers

    Returns
    -------
    DataFrame
        as `mrr_bridge`

    Examples
    --------
    >>> each = mrr_by_segment(snapshot, "customer_id")
    >>> bool(each.closing.sum() == mrr_bridge(snapshot).closing.iloc[-1])
    True
    """
    return last_rows(mrr_bridge(snapshot, by=by))


@gives(IDENTITY)
def check_identity(bridge: pd.DataFrame, *others: pd.DataFrame) -> pd.DataFrame:
    """Rows of bridges whose movements do not lead from opening to closing: none, in a sound report.

    Grain: as the bridges'.

    Parameters
    ----------
    bridge, others : what `mrr_bridge` returned, in total and by any segments

    Returns
    -------
    DataFrame
        the failing rows with `difference` (opening + movements - closing, currency a month);
        failing means off by more than `TOLERANCE`. Of several bridges, segment_column and segment
        say whose row it is.

    Examples
    --------
    >>> check_identity(mrr_bridge(snapshot)).empty
    True
    """
    rows = bridge
    if others:
        rows = pd.concat([_labelled(one) for one in (bridge, *others)], ignore_index=True)
    difference = rows[["opening", *MOVEMENTS]].sum(axis=1) - rows["closing"]
    return rows.assign(difference=difference)[difference.abs() > TOLERANCE]


def _labelled(bridge: pd.DataFrame) -> pd.DataFrame:
    """A bridge that says of every row what it is split by."""
    column = bridge.attrs.get("by", ALL)
    segment = bridge.get(SEGMENT, ALL)
    return bridge.assign(segment_column=column, segment=segment)


def _with_rates(frame: pd.DataFrame) -> pd.DataFrame:
    # A customer's MRR is never negative, so no loss exceeds its opening: the cap of the definition
    # holds by itself. (0 - x, as -x would show a month without loss as -0.)
    gross = ratio(0 - frame["churn"] - frame["contraction"], frame["opening"])
    net = gross - ratio(frame["expansion"], frame["opening"])
    return frame.assign(gross_churn_rate=gross, net_churn_rate=net, nrr=1 - net, grr=1 - gross)
