"""What is left of the revenue of a year ago: net and gross revenue retention."""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import MONEY_DECIMALS, collect
from churnlib.errors import ParamsError
from churnlib.measures.by_period import (
    add_up,
    as_declared,
    dated,
    dense,
    first_listed,
    last_period,
    number_of,
    split_keys,
)
from churnlib.measures.ledger import span_changes
from churnlib.measures.members import joined, members
from churnlib.periods import MONTHS
from churnlib.results.columns import PERIOD_START, Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rates import ratio

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["retention_12m"]

WORDS = (
    Term(
        "NRR and GRR",
        "MRR today of the customers of a year ago ÷ their MRR then; in GRR each counts at most as "
        "then.",
    ),
)
RETENTION_12M = Result(
    "retention_12m",
    "twelve-month retention",
    "one row a period (and segment)",
    (
        PERIOD_START,
        Column("opening", "money", "Opening", "MRR of the customers of a year before."),
        Column(
            "nrr",
            "share",
            "NRR",
            "What these customers pay now ÷ what they paid then.",
            denominator="n",
        ),
        Column(
            "grr",
            "share",
            "GRR",
            "What these customers pay now, each at most what it paid then, ÷ what they paid then.",
            denominator="n",
        ),
        Column("nrr_numerator", "money", "NRR numerator", "MRR of these customers now."),
        Column(
            "grr_numerator",
            "money",
            "GRR numerator",
            "MRR of these customers now, each at most what it paid then.",
        ),
        Column("n", "count", "Customers", "Customers active at the opening."),
    ),
)
SUMS = ["opening", "nrr_numerator", "grr_numerator", "n"]


@gives(RETENTION_12M)
def retention_12m(
    snapshot: "Snapshot", *, by: "Split | None" = None, months: int = 12, last: int = 13
) -> pd.DataFrame:
    """Net and gross revenue retention over twelve months: what the customers of a year ago pay now.

    Grain: one row a period (and segment): the `last` periods of which also the opening, `months`
    before their end, was observed. Follows the customers active at the opening; newer ones do not
    count, those who came back do.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by, a list of columns, or an Ibis expression over customers
    months : length of the window in months, a multiple of the period's
    last : how many periods to list

    Returns
    -------
    DataFrame
        period_start; [segment]; opening (MRR `months` before the period's end); nrr =
        nrr_numerator / opening; grr = grr_numerator / opening; nrr_numerator = sum of closing MRR;
        grr_numerator = sum of min(opening, closing); n (customers of the opening)

    Examples
    --------
    >>> year = retention_12m(snapshot)
    >>> bool((year.grr <= year.nrr).all())
    True
    """
    grain = snapshot.period.grain
    if months <= 0 or months % MONTHS[grain]:
        raise ParamsError(
            f"months = {months}: must be a multiple of {MONTHS[grain]}, the months of a {grain}."
        )
    lag, end = months // MONTHS[grain], number_of(last_period(snapshot))
    changes = collect(_pair_changes(snapshot, by, lag))
    frame = dense(changes[changes["period"] <= end], end)
    frame[SUMS] = add_up(frame, SUMS).round(MONEY_DECIMALS)
    if len(frame):
        # The opening must lie in the listed time, and the first period's closing is the first state
        # observed.
        seen = first_listed(snapshot, frame["period"].min(), grain) + lag
        frame = frame[(frame["period"] >= seen) & (frame["period"] > end - last)]
    rated = frame.assign(
        nrr=ratio(frame["nrr_numerator"], frame["opening"]),
        grr=ratio(frame["grr_numerator"], frame["opening"]),
    )
    return as_declared(dated(rated, grain), RETENTION_12M)


def _pair_changes(snapshot: "Snapshot", by: "Split | None", lag: int) -> ir.Table:
    """How the sums over (opening `lag` periods ago, closing now) change from period to period.

    Each change of a span counts twice: when it happens, for closing, and `lag` periods later, for
    opening. Between two changes of a customer nothing of the pair changes, so that differences of
    the pair, summed up, give every period.
    """
    now = span_changes(snapshot)
    zero = ibis.literal(0).cast(now.change.type())
    closing = now.select("customer_id", "period", now_change="change", then_change=zero)
    opening = now.select(
        "customer_id", period=now.period + lag, now_change=zero, then_change=now.change
    )
    both = closing.union(opening)
    pairs = both.group_by("customer_id", "period").aggregate(
        now_change=both.now_change.sum(), then_change=both.then_change.sum()
    )
    so_far = ibis.cumulative_window(group_by="customer_id", order_by="period")
    states = pairs.mutate(
        now=pairs.now_change.sum().over(so_far), then=pairs.then_change.sum().over(so_far)
    )
    states = states.mutate(
        was_now=states.now - states.now_change, was_then=states.then - states.then_change
    )
    if by is not None:
        states = joined(states, members(snapshot, by))
    return states.group_by("period", *split_keys(by)).aggregate(
        opening=states.then_change.sum(),
        nrr_numerator=(
            _kept(states.then, states.now) - _kept(states.was_then, states.was_now)
        ).sum(),
        grr_numerator=(
            ibis.least(states.then, states.now) - ibis.least(states.was_then, states.was_now)
        ).sum(),
        n=((states.then > 0).cast("int64") - (states.was_then > 0).cast("int64")).sum(),
    )


def _kept(then: ir.DecimalValue, now: ir.DecimalValue) -> ir.DecimalValue:
    """What a customer pays now, if it paid anything then."""
    return ibis.ifelse(then > 0, now, ibis.literal(0).cast(now.type()))
