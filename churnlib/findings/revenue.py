"""What the revenue bridge says."""

import pandas as pd

from churnlib.findings.wording import MIN_N, against, counted, listed, period_name, share_of, spell
from churnlib.formats import money, parse_format, text
from churnlib.periods import Grain

PER_YEAR: dict[Grain, int] = {"month": 12, "quarter": 4}
PARTS = {
    "new": "new customers",
    "reactivation": "returning customers",
    "expansion": "expansion",
    "contraction": "contraction",
    "churn": "churn",
}


def bridge(bridge: pd.DataFrame, *, currency: str, grain: Grain) -> str:
    """The reported period's MRR, how it changed and through what (last row of `mrr_bridge`)."""
    last = bridge.iloc[-1]
    name, gain = period_name(last.period_start, grain), round(last.closing - last.opening, 2)
    parts = [
        f"{money(last[part], currency, signed=True)} {label}"
        for part, label in PARTS.items()
        if last[part]
    ]
    if not parts:
        return f"MRR stood still at {money(last.closing, currency)} in {name}."
    if not gain:
        return f"MRR stayed at {money(last.closing, currency)} in {name}: {listed(parts)}."
    moved = f"{'rose' if gain > 0 else 'fell'} by {money(abs(gain), currency)}"
    share = f" ({text(gain / last.opening, '+percent')})" if last.opening else ""
    return f"MRR {moved}{share} to {money(last.closing, currency)} in {name}: {listed(parts)}."


def movements(bridge: pd.DataFrame, *, currency: str, grain: Grain) -> str:
    """What a year of movements brought and took."""
    year = bridge.tail(PER_YEAR[grain])
    gained = year[["new", "reactivation", "expansion"]].to_numpy().sum()
    lost = -year[["contraction", "churn"]].to_numpy().sum()
    span = f"the last {spell(len(year), grain)}" if len(year) > 1 else f"the last {grain}"
    if not gained and not lost:
        return f"Over {span}, no MRR was gained or lost."
    if not lost:
        return f"Over {span}, {money(gained, currency)} of MRR was gained and none was lost."
    if not gained:
        return f"Over {span}, {money(lost, currency)} of MRR was lost and none was gained."
    each = 1 if parse_format(f"{currency}.2").decimals else 100
    return (
        f"Over {span}, {money(gained, currency)} of MRR was gained and {money(lost, currency)} "
        "lost: "
        f"{money(each * gained / lost, currency, 2)} gained for each {money(each, currency)} lost."
    )


def churn(churn: pd.DataFrame, *, grain: Grain) -> str:
    """The reported period's customer churn rate with its range, against the previous period and
    a year before.
    """
    last = churn.iloc[-1]
    name, left, there = (
        period_name(last.period_start, grain),
        last.churned_customers,
        last.opening_customers,
    )
    if not there:
        return f"Nobody was a customer at the opening of {name}, so nobody could leave."
    if there < MIN_N:
        return f"{counted(left, 'customer')} of {text(there, 'count')} left in {name}: too few for a rate."
    rate = share_of(last.churn_rate, last.churn_rate_low, last.churn_rate_high)
    said = f"{counted(left, 'customer')} of {text(there, 'count')} left in {name}, {rate}"
    compared = [
        against(
            (left, there),
            (row.churned_customers, row.opening_customers),
            period_name(row.period_start, grain),
        )
        for row in (churn.iloc[-1 - back] for back in (1, PER_YEAR[grain]) if len(churn) > back)
        if row.opening_customers >= MIN_N
    ]
    return f"{said}: {'; '.join(compared)}." if compared else f"{said}."


def money_churn(bridge: pd.DataFrame, *, grain: Grain) -> str:
    """Gross and net MRR churn of the reported period."""
    last = bridge.iloc[-1]
    if not last.opening:
        return "There was no MRR at opening to lose."
    net = last.net_churn_rate
    after = f"after expansion the net loss is {text(net, 'percent')}"
    if net < 0:
        after = f"expansion of those who stayed outweighed it, by {text(-net, 'percent')} of opening MRR"
    lost = f"{text(last.gross_churn_rate, 'percent')} of opening MRR was lost in {period_name(last.period_start, grain)}"
    return f"{lost}; {after}."


def retention(retention: pd.DataFrame, *, currency: str) -> str:
    """NRR and GRR over twelve months (last row of `retention_12m`)."""
    if retention.empty:
        return "The records do not reach back twelve months yet, so twelve-month retention cannot be told."
    last = retention.iloc[-1]
    if not last.n:
        return "Nobody was a customer a year ago, so there is no twelve-month retention."
    if last.n < MIN_N:
        return (
            f"{counted(last.n, 'customer')} a year ago: too few to tell twelve-month retention by."
        )
    return (
        f"Of the {money(last.opening, currency)} of MRR of {text(last.n, 'count')} customers a "
        "year ago, "
        f"{text(last.grr, 'percent')} is still paid (GRR); with the expansion of the same "
        "customers it is "
        f"{text(last.nrr, 'percent')} (NRR)."
    )


def unit_figures(figures: pd.DataFrame, *, currency: str, grain: Grain) -> str:
    """Average revenue per account, now and a year ago."""
    last, per_year = figures.iloc[-1], PER_YEAR[grain]
    if pd.isna(last.arpa):
        return "Nobody is a customer at closing, so there is no average revenue per account."
    said = f"The average customer pays {money(last.arpa, currency, 2)} a month"
    if len(figures) <= per_year or not figures.iloc[-1 - per_year].arpa > 0:
        return f"{said}."
    then = figures.iloc[-1 - per_year].arpa
    return f"{said}, {text(last.arpa / then - 1, '+percent')} on a year ago ({money(then, currency, 2)})."


def identity(failing: pd.DataFrame, *, periods: int, columns: list[str]) -> str:
    """Whether opening plus movements is closing, everywhere."""
    where = f"in total and for {listed(columns)}" if columns else "in total"
    if failing.empty:
        span = f"all {periods} periods" if periods > 1 else "the one period"
        return f"The bridge ties: opening plus movements equals closing to the cent in {span}, {where}."
    worst = failing.iloc[failing["difference"].abs().argmax()]
    return f"The bridge does not tie in {counted(len(failing), 'row')}; the worst is off by {worst['difference']:.2f}."


def returns(returns: pd.DataFrame) -> str:
    """How many of those who left came back soon."""
    row = returns.iloc[0]
    if row.left < MIN_N:
        return f"Too few customers left more than {int(row.window_days)} days ago to say how many come back."
    who = f"the {text(row.left, 'count')} who left more than {int(row.window_days)} days ago"
    return f"{share_of(row.share, row.low, row.high)} of {who} came back within {int(row.window_days)} days."
