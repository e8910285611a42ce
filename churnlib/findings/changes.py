"""What is said of the business's own changes: whether customers left of them, and the net."""

import pandas as pd

from churnlib.findings.wording import counted, listed, period_name
from churnlib.formats import interval, money, points, text
from churnlib.models.leaving.changes import (
    APART,
    BEFORE_AFTER,
    BOTH,
    EARLY,
    LESS,
    MORE,
    NEW,
    NOTHING,
    PAST,
)
from churnlib.results.declared import currency_of
from churnlib.results.told import Finding, Verdict

__all__ = ["say_change", "say_changes", "say_price_net", "say_price_terms"]


def say_changes(effects: pd.DataFrame) -> Finding:
    """How many changes there were, and of how many it can be said what they did."""
    labels = list(dict.fromkeys(effects["label"]))
    if not labels:
        return Finding(sentence="No change had begun by the end of the period.")
    clear = effects[effects["verdict"].isin([MORE, LESS]) & (effects["method"] == BOTH)]
    if clear.empty:
        return Finding(
            sentence=f"Of {counted(len(labels), 'change')} it can be said of none that customers "
            "left more or less often because of it."
        )
    told = [f"“{row.label}”, {times(row)}" for row in clear.itertuples()]
    return Finding(
        sentence=f"{text(len(told), 'count')} of {counted(len(labels), 'change')} moved leaving "
        f"beyond chance: {listed(told)}."
    )


def say_change(estimates: pd.DataFrame) -> Finding:
    """What one change did to leaving.

    Parameters
    ----------
    estimates : the rows of one change of what `change_estimates` gave
    """
    if estimates.empty:
        return Finding(sentence="No customer was due since the change.", place="changed")
    lead = decisive(estimates)
    told = _told(lead, estimates)
    clear = lead["verdict"] in (MORE, LESS)
    new = estimates[estimates["method"] == NEW]
    also = _of_new(new.iloc[0]) if len(new) else ""
    return Finding(
        sentence=f"“{lead['label']}”: {told}{also}",
        verdict="watch" if clear else "no signal",
        place="changed",
        n=lead["due"] or None,
        low=lead["effect_low"],
        high=lead["effect_high"],
    )


def decisive(estimates: pd.DataFrame) -> pd.Series:
    """Both where there are two, else the past alone."""
    for method in (BOTH, PAST):
        rows = estimates[estimates["method"] == method]
        if len(rows):
            return rows.iloc[0]
    return estimates.iloc[0]


def _told(lead: pd.Series, estimates: pd.DataFrame) -> str:
    if lead["verdict"] == EARLY:
        return "too early, or too few customers due, to say what it did to leaving."
    due = counted(lead["due"], "customer")
    if lead["verdict"] == BEFORE_AFTER:
        return (
            f"the {due} due since it left {times(lead)} as expected. That is before and after, "
            "not because of it."
        )
    if lead["verdict"] == APART:
        ways = estimates[~estimates["method"].isin([BOTH, NEW])]
        each = [f"{times(row)} against {row.method}" for row in ways.itertuples()][:2]
        return (
            f"what it did cannot be separated from what would have come anyway "
            f"({listed(each)}; only one of them is beyond chance, or they differ in direction)."
        )
    if lead["verdict"] == NOTHING:
        return f"the {due} who met it left {times(lead)} as expected: within chance."
    return f"the {due} who met it left {times(lead)} as expected, by both ways to compare."


def times(row: pd.Series | tuple) -> str:
    get = row.get if isinstance(row, pd.Series) else row._asdict().get
    ends = f"{text(get('effect_low'), 'number.2')} to {text(get('effect_high'), 'number.2')}"
    return f"{text(get('effect'), 'number.2')} times as often ({ends})"


def _of_new(row: pd.Series) -> str:
    """Of customers won after it, against those before."""
    if row["verdict"] in (MORE, LESS):
        side = "more" if row["verdict"] == MORE else "less"
        return (
            f" Customers won in the ninety days after it left {side} often than those before it at "
            f"equal age: {times(row)}."
        )
    if row["verdict"] == APART:
        return " New customers cannot be compared: another change lies too near."
    if row["verdict"] == EARLY:
        return " Of customers won after it, it is too early to say."
    return " Customers won before and after it stayed alike at equal age, within chance."


def say_price_net(net: pd.DataFrame, estimates: pd.DataFrame) -> Finding:
    """What one price change brings a month, net of those who left because of it.

    Parameters
    ----------
    net, estimates : the rows of one change of what `price_net` and `change_estimates` gave
    """
    if net.empty:
        return Finding(sentence="Nobody has met the new price yet.", place="changed")
    last, unit = net.iloc[-1], currency_of(net)
    met = (
        f"“{last.label}”: {text(last.met, 'count')} of {counted(last.exposed, 'customer')} have "
        f"met it; it adds {money(last.mrr_gained, unit)} of MRR"
    )
    if pd.isna(last.net):
        unknown = f"{met}. What it costs in customers is not known yet."
        return Finding(sentence=unknown, place="changed", n=last.exposed)
    lead = decisive(estimates)
    net_told = (
        f"net {money(last.net, unit, signed=True)} a month "
        f"({interval(last.net_low, last.net_high, unit)})"
    )
    return Finding(
        clause=f"“{last.label}” nets {money(last.net, unit, signed=True)} a month",
        sentence=f"{met}, less {money(last.mrr_lost, unit)} of those who left {times(lead)}"
        f"{_doubt(lead)}: {net_told}.",
        verdict=_verdict(lead, last),
        place="changed",
        at_stake=last.net,
        n=last.exposed,
        low=last.net_low,
        high=last.net_high,
    )


def _doubt(lead: pd.Series) -> str:
    """What a reader must know before an effect that is not beyond chance."""
    if lead["verdict"] == NOTHING:
        return ", within chance"
    return ", which cannot be separated from chance" if lead["verdict"] == APART else ""


def _verdict(lead: pd.Series, last: pd.Series) -> Verdict:
    """Act where it loses money beyond chance, watch where customers leave because of it."""
    if lead["verdict"] == MORE and last["net_high"] < 0:
        return "act"
    return "watch" if lead["verdict"] in (MORE, LESS) else "no signal"


def say_price_terms(net: pd.DataFrame, effects: pd.DataFrame, retention: pd.DataFrame) -> Finding:
    """What is behind the net of one price change: the rise, the sum so far, break-even, and its
    part in net retention.

    Parameters
    ----------
    net, effects : the rows of one change of what `price_net` and `change_effects` gave
    retention : what `retention_12m` gave
    """
    if net.empty:
        return Finding(sentence="")
    last, unit = net.iloc[-1], currency_of(net)
    told = [
        f"The rise is {text(last.rise, 'percent')} of what those pay who stayed on their plan.",
    ]
    if pd.notna(last.net):
        since = period_name(net["period_start"].iloc[0], "month")
        told.append(
            f"Since {since} it has brought {money(last.net_so_far, unit, signed=True)} net."
        )
        even = decisive(effects)["break_even"]
        told.append(
            f"It would bring nothing if customers left {text(even, 'number.1')} times as often."
        )
    told += _in_retention(last, retention)
    return Finding(sentence=" ".join(told))


def _in_retention(last: pd.Series, retention: pd.DataFrame) -> list[str]:
    """Its part in NRR, and when that leaves the window of a year."""
    if retention.empty or not last["mrr_of_base"] > 0:
        return []
    row = retention.iloc[-1]
    part = points(last["mrr_of_base"] / row.opening)
    return [
        f"Of the NRR of {text(row.nrr, 'percent')}, {part} are "
        "the rise: they leave its window of twelve months one after the other, a year after each "
        "customer met it."
    ]
