"""What happened to recurring revenue: the bridge from opening to closing, and the rates that
follow from it.
"""

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import MONEY_DECIMALS, collect
from churnlib.errors import ParamsError
from churnlib.measures.by_period import add_up, dated, dense, first_listed, last_period, number_of
from churnlib.measures.ledger import MOVEMENTS, movement_totals, span_changes, span_flows
from churnlib.measures.members import joined, members
from churnlib.periods import MONTHS, Grain
from churnlib.statistics.rates import ratio

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

TOLERANCE = 0.0004
"""Less than half of the smallest unit of any currency: sums of decimals are exact, what remains is
the last bit of a float.
"""
COUNTS = [f"n_{movement}" for movement in MOVEMENTS]


def movements(
    snapshot: "Snapshot", *, by: str | None = None, grain: Grain | None = None
) -> pd.DataFrame:
    """What changed recurring revenue, movement by movement.

    Grain: one row a period (and segment) and movement, 0 where there was none. A movement compares
    a customer's opening and closing MRR, so what happens within a period nets.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by
    grain : {"month", "quarter"}, default the snapshot's own

    Returns
    -------
    DataFrame : period_start; [by]; movement (new, reactivation, expansion, contraction, churn);
    customers (how many
        had it); amount (signed, in the report's currency a month: contraction and churn are
        negative or 0)

    Examples
    --------
    >>> sorted(movements(snapshot).movement.unique())
    ['churn', 'contraction', 'expansion', 'new', 'reactivation']
    """
    grain = grain or snapshot.period.grain
    frame = dated(_listed(snapshot, _wide(snapshot, by, grain), grain), grain)
    keys = ["period_start", *([by] if by else [])]
    amounts = frame.melt(keys, list(MOVEMENTS), var_name="movement", value_name="amount")
    counts = frame.melt(keys, COUNTS, value_name="customers")["customers"]
    long = amounts.assign(customers=counts, order=amounts["movement"].map(MOVEMENTS.index))
    ordered = long.sort_values([*([by] if by else []), "period_start", "order"], ignore_index=True)
    return ordered[[*keys, "movement", "customers", "amount"]]


def mrr_bridge(
    snapshot: "Snapshot", *, by: str | None = None, grain: Grain | None = None
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
    by : a column of customers to split by
    grain : {"month", "quarter"}, default the snapshot's own; an incomplete quarter is not listed

    Returns
    -------
    DataFrame : period_start; [by]; opening; new; reactivation; expansion; contraction; churn;
    closing (currency a
        month, signed); gross_churn_rate = -(churn + contraction) / opening, each customer's loss at
        most its opening; net_churn_rate = gross less expansion / opening; nrr = 1 - net; grr = 1 -
        gross (of this period, empty where opening is 0); n_new, n_reactivation, n_expansion,
        n_contraction, n_churn, n_opening, n_closing (customers)

    Examples
    --------
    >>> bridge = mrr_bridge(snapshot)
    >>> len(check_identity(bridge))
    0
    """
    grain = grain or snapshot.period.grain
    frame = _wide(snapshot, by, grain)
    frame["closing"] = add_up(frame, ["change"], by)["change"].round(MONEY_DECIMALS)
    frame["opening"] = (frame["closing"] - frame["change"]).round(MONEY_DECIMALS)
    gain = frame["n_new"] + frame["n_reactivation"] - frame["n_churn"]
    frame["n_closing"] = add_up(frame.assign(gain=gain), ["gain"], by)["gain"]
    frame["n_opening"] = frame["n_closing"] - gain
    frame = _with_rates(dated(_listed(snapshot, frame, grain), grain))
    rates = ["gross_churn_rate", "net_churn_rate", "nrr", "grr"]
    money = ["opening", *MOVEMENTS, "closing"]
    return frame[
        ["period_start", *([by] if by else []), *money, *rates, *COUNTS, "n_opening", "n_closing"]
    ]


def check_identity(bridge: pd.DataFrame) -> pd.DataFrame:
    """Rows of a bridge whose movements do not lead from opening to closing: none, in a sound
    report.

    Grain: as the bridge's.

    Parameters
    ----------
    bridge : what `mrr_bridge` returned

    Returns
    -------
    DataFrame : the failing rows with `difference` (opening + movements - closing, currency a
    month); failing means
        off by more than `TOLERANCE`

    Examples
    --------
    >>> check_identity(mrr_bridge(snapshot)).empty
    True
    """
    difference = bridge[["opening", *MOVEMENTS]].sum(axis=1) - bridge["closing"]
    return bridge.assign(difference=difference)[difference.abs() > TOLERANCE]


def unit_figures(snapshot: "Snapshot") -> pd.DataFrame:
    """Revenue per customer and how many units of growth stand against one of loss.

    Grain: one row a period.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business

    Returns
    -------
    DataFrame : period_start; arpa = mrr / customers (currency a month, empty without customers);
    quick_ratio = (new +
        reactivation + expansion) / -(contraction + churn), empty where nothing was lost; customers,
        mrr (at closing)

    Examples
    --------
    >>> unit_figures(snapshot).columns.tolist()
    ['period_start', 'arpa', 'quick_ratio', 'customers', 'mrr']
    """
    bridge = mrr_bridge(snapshot)
    gained = bridge["new"] + bridge["reactivation"] + bridge["expansion"]
    lost = 0 - bridge["contraction"] - bridge["churn"]
    figures = bridge[["period_start"]].assign(
        arpa=ratio(bridge["closing"], bridge["n_closing"]), quick_ratio=ratio(gained, lost)
    )
    return figures.assign(customers=bridge["n_closing"], mrr=bridge["closing"])


def retention_12m(
    snapshot: "Snapshot", *, by: str | None = None, months: int = 12, last: int = 13
) -> pd.DataFrame:
    """Net and gross revenue retention over twelve months: what the customers of a year ago pay now.

    Grain: one row a period (and segment): the `last` periods of which also the opening, `months`
    before their end, was observed. Follows the customers active at the opening; newer ones do not
    count, those who came back do.

    Parameters
    ----------
    snapshot : Snapshot of a subscription business
    by : a column of customers to split by
    months : length of the window in months, a multiple of the period's
    last : how many periods to list

    Returns
    -------
    DataFrame : period_start; [by]; opening (MRR `months` before the period's end); nrr =
    nrr_numerator / opening; grr =
        grr_numerator / opening; nrr_numerator = sum of closing MRR; grr_numerator = sum of
        min(opening, closing); n (customers of the opening)

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
    changes = changes[changes["period"] <= end]
    sums = ["opening", "nrr_numerator", "grr_numerator", "n"]
    frame = dense(changes, end, by)
    frame[sums] = add_up(frame, sums, by).round(MONEY_DECIMALS)
    if len(frame):
        # The opening must lie in the listed time, and the first period's closing is the first state
        # observed.
        seen = first_listed(snapshot, frame["period"].min(), grain) + lag
        frame = frame[(frame["period"] >= seen) & (frame["period"] > end - last)]
    frame = frame.assign(
        nrr=ratio(frame["nrr_numerator"], frame["opening"]),
        grr=ratio(frame["grr_numerator"], frame["opening"]),
    )
    columns = ["opening", "nrr", "grr", "nrr_numerator", "grr_numerator", "n"]
    return dated(frame, grain)[["period_start", *([by] if by else []), *columns]]


def _pair_changes(snapshot: "Snapshot", by: str | None, lag: int) -> ir.Table:
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
    if by:
        states = joined(states, members(snapshot, by))
    return states.group_by("period", *([by] if by else [])).aggregate(
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


def _wide(snapshot: "Snapshot", by: str | None, grain: Grain) -> pd.DataFrame:
    """One row a period and segment: amount and customers of each movement, and `change` straight
    from the spans.
    """
    keys = ["period", by] if by else ["period"]
    totals = movement_totals(snapshot, by, grain)
    amounts, counts = (
        totals.pivot_table(values, keys, "movement", aggfunc="sum").reindex(columns=list(MOVEMENTS))
        for values in ("amount", "customers")
    )
    flows = span_flows(snapshot, by, grain).set_index(keys)[["change"]]
    wide = pd.concat([amounts.astype(float), counts.add_prefix("n_"), flows], axis=1).fillna(0)
    wide = wide.astype(dict.fromkeys(COUNTS, "int64")).rename_axis(columns=None).reset_index()
    return dense(wide, number_of(last_period(snapshot, grain)), by)


def _listed(snapshot: "Snapshot", frame: pd.DataFrame, grain: Grain) -> pd.DataFrame:
    """Without the periods before the records begin."""
    return (
        frame
        if frame.empty
        else frame[frame["period"] >= first_listed(snapshot, frame["period"].min(), grain)]
    )


def _with_rates(frame: pd.DataFrame) -> pd.DataFrame:
    # A customer's MRR is never negative, so no loss exceeds its opening: the cap of the definition
    # holds by itself. (0 - x, as -x would show a month without loss as -0.)
    gross = ratio(0 - frame["churn"] - frame["contraction"], frame["opening"])
    net = gross - ratio(frame["expansion"], frame["opening"])
    return frame.assign(gross_churn_rate=gross, net_churn_rate=net, nrr=1 - net, grr=1 - gross)
