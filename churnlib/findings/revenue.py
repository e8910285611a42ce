"""What the revenue bridge says."""

import pandas as pd

from churnlib.findings import key_figures
from churnlib.findings.wording import (
    against,
    counted,
    earlier_rows,
    listed,
    period_name,
    share_of,
    spell,
    verdict_of,
)
from churnlib.formats import money, parse_format, text
from churnlib.periods import Period
from churnlib.results.declared import currency_of, grain_of
from churnlib.results.segments import in_words
from churnlib.results.told import Finding
from churnlib.statistics.rules import MIN_N

__all__ = [
    "say_churn",
    "say_churn_of_mrr",
    "say_identity",
    "say_movements",
    "say_mrr_bridge",
    "say_mrr_course",
    "say_retention_12m",
    "say_returns",
    "say_unit_figures",
]

PARTS = {
    "new": "new customers",
    "reactivation": "returning customers",
    "expansion": "expansion",
    "contraction": "contraction",
    "churn": "churn",
}
CENTS = 2


def say_mrr_bridge(bridge: pd.DataFrame) -> Finding:
    """The reported period's MRR, how it changed and through what (last row of `mrr_bridge`)."""
    if bridge.empty:
        return Finding(
            sentence="Nobody had a paid subscription by the end of the period.", place="result"
        )
    last, unit = bridge.iloc[-1], currency_of(bridge)
    gain = round(last.closing - last.opening, CENTS)
    figures = ()
    if "period_start" in bridge:
        figures = (key_figures.amount(bridge, "closing", "MRR", unit),)
    return Finding(
        sentence=_bridge_sentence(last, gain, unit, grain_of(bridge)),
        clause=_in_short(last, gain, unit),
        place="result",
        at_stake=abs(gain),
        n=last.get("n_closing"),
        key_figures=figures,
    )


def _in_short(last: pd.Series, gain: float, unit: str) -> str:
    """`MRR rose by 4.5 % to €2,139,663`."""
    now = money(last.closing, unit)
    if not gain or not last.opening:
        return f"MRR is {now}"
    change = text(abs(gain / last.opening), "percent")
    return f"MRR {'rose' if gain > 0 else 'fell'} by {change} to {now}"


def _bridge_sentence(last: pd.Series, gain: float, unit: str, grain: str) -> str:
    name = period_name(last.period_start, grain)
    parts = [
        f"{money(last[part], unit, signed=True)} {words}"
        for part, words in PARTS.items()
        if last[part]
    ]
    closing = money(last.closing, unit)
    if not parts:
        return f"MRR stood still at {closing} in {name}."
    if not gain:
        return f"MRR stayed at {closing} in {name}: {listed(parts)}."
    moved = "rose" if gain > 0 else "fell"
    share = f" ({text(gain / last.opening, '+percent')})" if last.opening else ""
    return (
        f"MRR {moved} by {money(abs(gain), unit)}{share} to {closing} in {name}: {listed(parts)}."
    )


def say_movements(steps: pd.DataFrame, bridge: pd.DataFrame) -> Finding:
    """From where to where the movements of the reported period lead."""
    last, unit = bridge.iloc[-1], currency_of(bridge)
    opening, closing = (money(last[name], unit, CENTS) for name in ("opening", "closing"))
    when = period_name(last.period_start, grain_of(bridge))
    return Finding(
        sentence=f"From opening MRR {opening} to closing MRR {closing}, {when}.",
        n=float(steps["customers"].sum()),
    )


def say_mrr_course(bridge: pd.DataFrame) -> Finding:
    """What a year of movements brought and took."""
    unit, grain = currency_of(bridge), grain_of(bridge)
    year = bridge.tail(_per_year(bridge))
    gained = year[["new", "reactivation", "expansion"]].to_numpy().sum()
    lost = -year[["contraction", "churn"]].to_numpy().sum()
    span = f"the last {spell(len(year), grain)}" if len(year) > 1 else f"the last {grain}"
    return Finding(sentence=f"Over {span}, {_gained_and_lost(gained, lost, unit)}.")


def _gained_and_lost(gained: float, lost: float, unit: str) -> str:
    if not gained and not lost:
        return "no MRR was gained or lost"
    if not lost:
        return f"{money(gained, unit)} of MRR was gained and none was lost"
    if not gained:
        return f"{money(lost, unit)} of MRR was lost and none was gained"
    each = 1 if parse_format(f"{unit}.2").decimals else 100
    ratio = f"{money(each * gained / lost, unit, CENTS)} gained for each {money(each, unit)} lost"
    return f"{money(gained, unit)} of MRR was gained and {money(lost, unit)} lost: {ratio}"


def say_churn(churn: pd.DataFrame) -> Finding:
    """The reported period's customer churn rate, against the previous period and a year before."""
    last = churn.iloc[-1]
    left, there = last.churned_customers, last.opening_customers
    earlier = [
        ((row.churned_customers, row.opening_customers), name)
        for row, name in earlier_rows(churn)
        if row.opening_customers >= MIN_N
    ]
    compared = [against((left, there), *one, of=len(earlier)) for one in earlier]
    enough = there >= MIN_N
    figures = [key_figures.rate(churn, "churned_customers", "opening_customers", "Customer churn")]
    if "closing_customers" in churn:
        figures.insert(0, key_figures.amount(churn, "closing_customers", "Customers", "count"))
    return Finding(
        sentence=_churn_sentence(last, [one.words for one in compared], grain_of(churn)),
        verdict=verdict_of(any(one.clear for one in compared)),
        n=there,
        low=last.churn_rate_low if enough else None,
        high=last.churn_rate_high if enough else None,
        key_figures=tuple(figures),
    )


def _churn_sentence(last: pd.Series, compared: list[str], grain: str) -> str:
    name = period_name(last.period_start, grain)
    left, there = last.churned_customers, last.opening_customers
    if not there:
        return f"Nobody was a customer at the opening of {name}, so nobody could leave."
    told = f"{counted(left, 'customer')} of {text(there, 'count')} left in {name}"
    if there < MIN_N:
        return f"{told}: too few for a rate."
    told += f", {share_of(last.churn_rate, last.churn_rate_low, last.churn_rate_high)}"
    return f"{told}: {'; '.join(compared)}." if compared else f"{told}."


def say_churn_of_mrr(bridge: pd.DataFrame) -> Finding:
    """Gross and net MRR churn of the reported period."""
    last = bridge.iloc[-1]
    if not last.opening:
        return Finding(sentence="There was no MRR at opening to lose.")
    net = last.net_churn_rate
    after = f"after expansion the net loss is {text(net, 'percent')}"
    if net < 0:
        more = text(-net, "percent")
        after = f"expansion of those who stayed outweighed it, by {more} of opening MRR"
    gross = text(last.gross_churn_rate, "percent")
    when = period_name(last.period_start, grain_of(bridge))
    return Finding(sentence=f"{gross} of opening MRR was lost in {when}; {after}.")


def say_retention_12m(retention: pd.DataFrame) -> Finding:
    """NRR and GRR over twelve months (last row of `retention_12m`)."""
    figure = key_figures.share_of_money(retention, "nrr", "n", "Net revenue retention")
    return Finding(
        sentence=_retention_sentence(retention),
        n=None if retention.empty else retention["n"].iloc[-1],
        key_figures=(figure,),
    )


def _retention_sentence(retention: pd.DataFrame) -> str:
    if retention.empty:
        return (
            "The records do not reach back twelve months yet, "
            "so twelve-month retention cannot be told."
        )
    last = retention.iloc[-1]
    if not last.n:
        return "Nobody was a customer a year ago, so there is no twelve-month retention."
    if last.n < MIN_N:
        people = counted(last.n, "customer")
        return f"{people} a year ago: too few to tell twelve-month retention by."
    opening = money(last.opening, currency_of(retention))
    return (
        f"Of the {opening} of MRR of {text(last.n, 'count')} customers a year ago, "
        f"{text(last.grr, 'percent')} is still paid (GRR); with the expansion of the same "
        f"customers it is {text(last.nrr, 'percent')} (NRR)."
    )


def say_unit_figures(figures: pd.DataFrame) -> Finding:
    """Average revenue per account, now and a year ago."""
    unit = currency_of(figures)
    figure = key_figures.amount(figures, "arpa", "Revenue per customer", f"{unit}.{CENTS}")
    return Finding(sentence=_arpa_sentence(figures, unit), key_figures=(figure,))


def _arpa_sentence(figures: pd.DataFrame, unit: str) -> str:
    if figures.empty or pd.isna(figures["arpa"].iloc[-1]):
        return "Nobody is a customer at closing, so there is no average revenue per account."
    now, back = figures["arpa"].iloc[-1], _per_year(figures)
    told = f"The average customer pays {money(now, unit, CENTS)} a month"
    if len(figures) <= back or not figures["arpa"].iloc[-1 - back] > 0:
        return f"{told}."
    then = figures["arpa"].iloc[-1 - back]
    change = text(now / then - 1, "+percent")
    return f"{told}, {change} on a year ago ({money(then, unit, CENTS)})."


def say_identity(failing: pd.DataFrame, *, periods: int, columns: list[str]) -> Finding:
    """Whether opening plus movements is closing, everywhere."""
    names = [in_words(column) for column in columns]
    where = f"in total and for {listed(names)}" if names else "in total"
    if failing.empty:
        span = f"all {periods} periods" if periods > 1 else "the one period"
        return Finding(
            sentence="The bridge ties: opening plus movements equals closing to the cent in "
            f"{span}, {where}."
        )
    worst = failing["difference"].iloc[failing["difference"].abs().argmax()]
    rows = counted(len(failing), "row")
    return Finding(sentence=f"The bridge does not tie in {rows}; the worst is off by {worst:.2f}.")


def say_returns(returns: pd.DataFrame) -> Finding:
    """How many of those who left came back soon."""
    row = returns.iloc[0]
    days = int(row.window_days)
    if row.left < MIN_N:
        few = f"Too few customers left more than {days} days ago to say how many come back."
        return Finding(sentence=few, n=row.left)
    share = share_of(row.share, row.low, row.high)
    who = f"the {text(row.left, 'count')} who left more than {days} days ago"
    sentence = f"{share} of {who} came back within {days} days."
    return Finding(sentence=sentence, n=row.left, low=row.low, high=row.high)


def _per_year(frame: pd.DataFrame) -> int:
    return Period(frame["period_start"].iloc[-1].date(), grain_of(frame)).periods_per_year()
