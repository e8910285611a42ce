"""What is said of renewals: who was due, who renewed, who is due next."""

import pandas as pd

from churnlib.findings.trend import record_of
from churnlib.findings.wording import counted, listed, paying, period_name, share_of
from churnlib.formats import interval, money, text
from churnlib.results.declared import currency_of, grain_of
from churnlib.results.segments import ALL, billing_name
from churnlib.results.told import Action, Finding
from churnlib.statistics.comparisons import extremes_apart
from churnlib.statistics.rules import MIN_N

__all__ = ["say_due_next", "say_known_terms", "say_renewals", "say_renewals_by_tenure"]

CONTRACT = 3
"""Terms of so many months and more end seldom enough that each end is worth a word."""


def say_renewals(renewals: pd.DataFrame, due: pd.DataFrame) -> Finding:
    """Who was due in the reported period, how many renewed, and who left without being due.

    Parameters
    ----------
    renewals : what `renewals` gave; its last rows are told
    due : what `due` gave of everybody
    """
    if renewals.empty:
        return Finding(sentence="Nobody has been due for renewal yet.")
    last = renewals[renewals["period_start"] == renewals["period_start"].max()]
    name = period_name(last["period_start"].iloc[0], grain_of(renewals))
    whole = last[last["billing"] == ALL].iloc[0]
    who = counted(whole.due, "customer")
    if whole.due < MIN_N:
        left = text(whole.left, "count")
        few = f"{who} due for renewal in {name}, {left} left: too few to say more."
        return Finding(sentence=few, n=whole.due)
    rate = share_of(whole.renewal_rate, whole.renewal_rate_low, whole.renewal_rate_high)
    parts = [
        f"{text(row.left, 'count')} of the {text(row.due, 'count')} who pay by the {row.billing}"
        for row in last[last["billing"] != ALL].itertuples()
    ]
    split = f": {listed(parts)}" if len(parts) > 1 else ""
    return Finding(
        sentence=f"Of {who} due for renewal in {name}, {rate} renewed and "
        f"{text(whole.left, 'count')} left{split}.{_early(due, whole.period_start)}",
        n=whole.due,
        low=whole.renewal_rate_low,
        high=whole.renewal_rate_high,
    )


def _early(due: pd.DataFrame, since: pd.Timestamp) -> str:
    """Those who left in the middle of a paid term: churned, and in no renewal rate."""
    early = due[due["period_start"] >= since]["left_early"].sum()
    if not early:
        return ""
    return f" {counted(early, 'customer')} more left in the middle of a term."


def say_renewals_by_tenure(by_tenure: pd.DataFrame) -> Finding:
    """Which renewal is made least often, of those with enough customers."""
    known = by_tenure[by_tenure["due"] >= MIN_N]
    if len(known) < 2:
        return Finding(sentence="Too few renewals in twelve months to compare them.")
    if not extremes_apart(known, "renewal_rate").clear:
        return Finding(sentence="No renewal is clearly made less often than the others.")
    least = known.loc[known["renewal_rate"].idxmin()]
    rate = share_of(least.renewal_rate, least.renewal_rate_low, least.renewal_rate_high)
    return Finding(
        sentence=f"Over twelve months the least made is renewal {least.renewals} of customers who "
        f"pay by the {least.billing}: {rate} of {text(least.due, 'count')}.",
        n=least.due,
        low=least.renewal_rate_low,
        high=least.renewal_rate_high,
    )


def say_due_next(due_next: pd.DataFrame, ahead: pd.DataFrame, trend: pd.DataFrame) -> Finding:
    """Who is due in the coming month, how many of them will leave, and our record.

    Parameters
    ----------
    due_next : what `expected_leavers` gave
    ahead : what `due_ahead` gave
    trend : what `leaving_trend` gave: what was expected of the last months, and what came
    """
    if due_next.empty:
        few = "Too few months have passed to say how many of those due next will leave."
        return Finding(sentence=few, place="next")
    row, unit = due_next.iloc[0], currency_of(due_next)
    name = period_name(row.period_start, grain_of(due_next))
    range_ = interval(row.expected_left_low, row.expected_left_high, "count")
    about, record = text(row.expected_left, "count"), record_of(trend)
    return Finding(
        sentence=f"Of today's {counted(row.due, 'customer')} due in {name} "
        f"({money(row.mrr_due, unit)} of MRR) about {about} will leave ({range_}), if leaving goes "
        f"on as in the last twelve months.{record and f' {record}.'}",
        place="next",
        n=row.due,
        low=row.expected_left_low,
        high=row.expected_left_high,
        actions=_contracts(ahead, row.period_start, unit),
    )


def _contracts(ahead: pd.DataFrame, start: pd.Timestamp, unit: str) -> tuple[Action, ...]:
    """Contracts of several months that end in the coming period: the one time to speak of them."""
    rows = ahead[(ahead["period_start"] == start) & (ahead["interval_months"] >= CONTRACT)]
    sums = rows.groupby("interval_months")[["due", "mrr", "given_notice"]].sum()
    sums = sums[sums["due"] >= MIN_N]
    if sums.empty:
        return ()
    row = sums.loc[sums["mrr"].astype(float).idxmax()]
    who = f"customers{paying(row.name)}"
    notice = ""
    if row.given_notice:
        notice = f", of whom {text(row.given_notice, 'count')} have given notice"
    when = period_name(start, grain_of(ahead))
    sentence = (
        f"Speak to the {counted(row.due, 'customer')}{paying(row.name)} whose contract ends in "
        f"{when} ({money(row.mrr, unit)} of MRR){notice}: for months it is the last time that they "
        "decide."
    )
    return (
        Action(
            sentence=sentence,
            who=f"{who} due in {when}",
            customers=row.due,
            money=f"{money(row.mrr, unit)} of MRR due",
            by=start.date().isoformat(),
        ),
    )


def say_known_terms(terms: pd.DataFrame) -> Finding:
    """What is taken for the term of those customers of whom it is not given."""
    unknown = terms[~terms["given"].astype(bool)]
    if unknown.empty:
        return Finding(sentence="How often each customer pays is given.")
    who = counted(unknown["customers"].sum(), "customer")
    longer = unknown[unknown["term"] > 1]
    if longer.empty:
        return Finding(
            sentence=f"For {who} it is not given how often they pay, and their ends fall on no "
            "common term: they are taken to be due each month. A column interval or renews_on "
            "would tell."
        )
    told = [f"{row.plan} by the {billing_name(row.term)}" for row in longer.itertuples()]
    rest = "" if len(longer) == len(unknown) else ", other plans by the month"
    return Finding(
        sentence=f"For {who} it is not given how often they pay. It is inferred from when they "
        f"leave: {listed(told)}{rest}. A column interval or renews_on would tell."
    )
