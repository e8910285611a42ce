"""What the revenue bridge says."""

import pandas as pd

from churnlib.findings.wording import MIN_N, against, counted, listed, period_name, share_of
from churnlib.formats import money, text
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
    name, gain = period_name(last.period_start, grain), last.closing - last.opening
    parts = [f"{money(last[part], currency, signed=True)} {label}" for part, label in PARTS.items() if last[part]]
    if not parts:
        return f"MRR stood still at {money(last.closing, currency)} in {name}."
    moved = f"{'rose' if gain > 0 else 'fell' if gain < 0 else 'stayed level'}"
    by = f" by {money(abs(gain), currency)}" if gain else ""
    share = f" ({text(gain / last.opening, '+percent')})" if last.opening and gain else ""
    return f"MRR {moved}{by}{share} to {money(last.closing, currency)} in {name}: {listed(parts)}."


def movements(bridge: pd.DataFrame, *, currency: str, grain: Grain) -> str:
    """What a year of movements brought and took."""
    year = bridge.tail(PER_YEAR[grain])
    gained = year[["new", "reactivation", "expansion"]].to_numpy().sum()
    lost = -year[["contraction", "churn"]].to_numpy().sum()
    span = f"the last {len(year)} {grain}s"
    if not lost:
        return f"Over {span}, {money(gained, currency)} of MRR was gained and none was lost."
    return (
        f"Over {span}, {money(gained, currency)} of MRR was gained and {money(lost, currency)} lost: "
        f"{text(gained / lost, 'number')} gained for each one lost."
    )


def churn(churn: pd.DataFrame, *, grain: Grain) -> str:
    """The reported period's customer churn rate with its range, against the previous period and a year before."""
    last = churn.iloc[-1]
    name, left, there = period_name(last.period_start, grain), last.churned_customers, last.opening_customers
    if there < MIN_N:
        return f"{counted(left, 'customer')} of {text(there, 'count')} left in {name}: too few for a rate."
    rate = share_of(last.churn_rate, last.churn_rate_low, last.churn_rate_high)
    said = f"{counted(left, 'customer')} of {text(there, 'count')} left in {name}, {rate}"
    compared = [
        against((left, there), (row.churned_customers, row.opening_customers), period_name(row.period_start, grain))
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
    if retention.empty or not retention.iloc[-1].opening > 0:
        return "The records do not reach back twelve months yet, so twelve-month retention cannot be told."
    last = retention.iloc[-1]
    return (
        f"Of the {money(last.opening, currency)} of MRR a year ago, {text(last.grr, 'percent')} is still paid (GRR); with "
        f"the expansion of the same customers it is {text(last.nrr, 'percent')} (NRR)."
    )


def unit_figures(figures: pd.DataFrame, *, currency: str, grain: Grain) -> str:
    """Average revenue per account, now and a year ago."""
    last, per_year = figures.iloc[-1], PER_YEAR[grain]
    said = f"The average customer pays {money(last.arpa, currency, 2)} a month"
    if len(figures) <= per_year or not figures.iloc[-1 - per_year].arpa > 0:
        return f"{said}."
    then = figures.iloc[-1 - per_year].arpa
    return f"{said}, {text(last.arpa / then - 1, '+percent')} on a year ago ({money(then, currency, 2)})."


def identity(failing: pd.DataFrame, *, periods: int, columns: list[str]) -> str:
    """Whether opening plus movements is closing, everywhere."""
    where = f"in total and for {listed(columns)}" if columns else "in total"
    if failing.empty:
        return f"The bridge ties: opening plus movements equals closing to the cent in all {periods} periods, {where}."
    worst = failing.iloc[failing["difference"].abs().argmax()]
    return f"The bridge does not tie in {len(failing)} rows; the worst is off by {worst['difference']:.2f}."


def returns(returns: pd.DataFrame) -> str:
    """How many of those who left came back soon."""
    row = returns.iloc[0]
    if row.left < MIN_N:
        return f"Too few customers left more than {row.window_days} days ago to say how many come back."
    came = f"came back within {int(row.window_days)} days"
    return f"{share_of(row.share, row.low, row.high)} of the {text(row.left, 'count')} who left {came}."
