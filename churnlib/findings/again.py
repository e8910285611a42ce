"""What is said of first buyers who come back, or no longer do."""

import pandas as pd

from churnlib.findings.wording import counted, listed, period_name, verdict_of
from churnlib.formats import interval, points, text
from churnlib.models.again.changes import COMES_BACK
from churnlib.models.leaving.changes import APART, BEFORE_AFTER, BOTH, EARLY, NOTHING
from churnlib.periods import Period
from churnlib.results.declared import grain_of
from churnlib.results.segments import ALL, in_words
from churnlib.results.told import Finding
from churnlib.statistics.rules import BEYOND, MIN_N

__all__ = [
    "say_again_change",
    "say_again_mix",
    "say_again_of_column",
    "say_again_segments",
    "say_again_trend",
]

RECENT = 6
"""Months for which first buyers are news."""


def say_again_trend(trend: pd.DataFrame, sales: pd.DataFrame) -> Finding:
    """Who bought, and whether the last first buyers came back as often as was usual.

    Parameters
    ----------
    trend : what `again_trend` gave
    sales : what `sales` gave
    """
    now = sales.iloc[-1]
    name = period_name(now.period_start, grain_of(sales))
    bought = f"{counted(now.customers, 'customer')} bought in {name}"
    known = trend[trend["first_buyers"] >= MIN_N]
    if known.empty:
        few = "no month had thirty first buyers who were observed for ninety days"
        return Finding(sentence=f"{bought}; {few}.", place="real", n=now.customers)
    last = known.iloc[-1]
    if last.period_start < _oldest(sales):
        since = period_name(last.period_start, "month")
        none = f"no month since {since} had thirty first buyers"
        return Finding(sentence=f"{bought}; {none}.", place="real", n=now.customers)
    share = f"{text(last.again, 'count')} ({text(last.share, 'percent')})"
    told = (
        f"{bought}. Of the {text(last.first_buyers, 'count')} who first bought in "
        f"{period_name(last.period_start, 'month')} {share} came back within ninety days"
    )
    if pd.isna(last.score):
        return Finding(
            sentence=f"{told}; what is usual is not known yet.", place="real", n=last.first_buyers
        )
    beyond = abs(last.score) > BEYOND
    usual = (
        f"{text(last.expected, 'count')} were usual "
        f"({interval(last.expected_low, last.expected_high, 'count')})"
    )
    judged = "beyond" if beyond else "within"
    return Finding(
        sentence=f"{told}, where {usual}: {judged} what its months do.",
        clause=_in_short(last.score),
        verdict=verdict_of(beyond),
        place="real",
        n=last.first_buyers,
        low=last.expected_low,
        high=last.expected_high,
    )


def _oldest(sales: pd.DataFrame) -> pd.Timestamp:
    """First buyers from before say nothing of the present."""
    return sales["period_start"].iloc[-1] - pd.DateOffset(months=RECENT)


def _in_short(score: float) -> str:
    if abs(score) <= BEYOND:
        return "new buyers come back as is usual"
    return f"{'more' if score > 0 else 'fewer'} new buyers come back than is usual"


def say_again_mix(effects: pd.DataFrame, trend: pd.DataFrame, sales: pd.DataFrame) -> Finding:
    """How much of the change on a year before is other buyers, and how much the same kinds.

    Parameters
    ----------
    effects : one column of what `again_mix` gave
    trend : what `again_trend` gave, whose verdict this follows
    sales : what `sales` gave
    """
    year = effects[effects["against"] == "year before"]
    chosen = year if len(year) else effects
    whole = chosen[chosen["segment"] == ALL]
    if whole.empty:
        return Finding(sentence="There are no earlier first buyers to compare with.")
    row = whole.iloc[0]
    beyond = not row.rate_effect_low <= 0 <= row.rate_effect_high
    clear = beyond and _changed(trend)
    against = "those of a year before" if row.against == "year before" else "those before"
    side = "more" if row.rate_effect > 0 else "less"
    ends = f"{points(row.rate_effect_low).split(chr(160))[0]} to {points(row.rate_effect_high)}"
    chance = "" if clear else ", within chance" if not beyond else ", in usual months"
    return Finding(
        sentence=(
            f"Of the first buyers of {_latest(trend, sales)} {text(row.now, 'percent')} came "
            f"back, of {against} {text(row.before, 'percent')}: "
            f"{points(row.mix_effect)} by who they were, "
            f"{points(row.rate_effect)} by the same kinds coming back {side} ({ends})"
            f"{chance}.{_most(chosen)}"
        ),
        verdict=verdict_of(clear),
        place="why" if trend["period_start"].max() >= _oldest(sales) else "",
        low=row.rate_effect_low,
        high=row.rate_effect_high,
    )


def _latest(trend: pd.DataFrame, sales: pd.DataFrame) -> str:
    """The period of the last first buyers who were observed long enough."""
    last = trend["period_start"].max()
    return Period.containing(last.date(), grain_of(sales)).name


def _changed(trend: pd.DataFrame) -> bool:
    """Whether a month of the last year lay beyond what is usual."""
    return bool((trend["score"].tail(12).abs() > BEYOND).any())


def _most(effects: pd.DataFrame) -> str:
    """The value whose share of first buyers moved the rate most."""
    rows = effects[effects["segment"] != ALL]
    if rows.empty or rows["mix_effect"].abs().max() < 1e-3:
        return ""
    row = rows.loc[rows["mix_effect"].abs().idxmax()]
    return f" Most by {in_words(row['columns'])} “{row.segment}” ({points(row.mix_effect)})."


def say_again_change(estimates: pd.DataFrame) -> Finding:
    """What one change of a shop did to buying again.

    Parameters
    ----------
    estimates : the rows of one change of what `again_changes` gave
    """
    if estimates.empty:
        return Finding(sentence="Nobody has bought for the first time since the change.")
    both = estimates[estimates["method"] == BOTH]
    lead = (both if len(both) else estimates).iloc[0]
    if lead.verdict == EARLY:
        told = "too early, or too few first buyers, to say what it did to buying again"
        return Finding(sentence=f"“{lead.label}”: {told}.", place="changed")
    ends = interval(lead.effect_low, lead.effect_high, "number.2")
    judged = {
        BEFORE_AFTER: "before and after, not because of it",
        APART: "cannot be separated from what would have come anyway",
        NOTHING: "within chance",
    }.get(lead.verdict, "by both ways to compare")
    return Finding(
        sentence=(
            f"“{lead.label}”: of {text(lead.first_buyers, 'count')} who first bought since it "
            f"{text(lead.again, 'count')} came back within ninety days, "
            f"{text(lead.effect, 'number.2')} times as often as expected ({ends}): {judged}."
        ),
        verdict=verdict_of(lead.verdict in COMES_BACK.values()),
        place="changed",
        n=lead.first_buyers,
        low=lead.effect_low,
        high=lead.effect_high,
    )


def say_again_segments(segments: pd.DataFrame) -> Finding:
    """How many of the values scanned come back less often, and which least of all.

    Parameters
    ----------
    segments : what `again_segments` gave
    """
    if segments.empty:
        few = "No segment column has two values with enough first buyers to compare them."
        return Finding(sentence=few)
    scanned = counted(len(segments), "segment")
    worse = segments[segments["verdict"] == "act"]
    if worse.empty:
        return Finding(
            sentence=f"First buyers of none of {scanned} come back less often, beyond chance.",
            place="where",
            n=segments["first_buyers"].max(),
        )
    row = worse.iloc[0]
    ends = interval(row.ratio_low, row.ratio_high, "number.2")
    return Finding(
        sentence=(
            f"First buyers of {text(len(worse), 'count')} of {scanned} come back less often than "
            f"the others. Least of {in_words(row.segment_column)} “{row.segment}”: "
            f"{text(row.again, 'count')} of {text(row.first_buyers, 'count')} in twelve months, "
            f"{text(row.expected, 'count')} expected ({text(row.ratio, 'number.2')} times, {ends})."
        ),
        clause=f"{in_words(row.segment_column)} “{row.segment}” brings buyers who come back least",
        verdict="act",
        place="where",
        n=row.first_buyers,
        low=row.ratio_low,
        high=row.ratio_high,
    )


def say_again_of_column(segments: pd.DataFrame) -> Finding:
    """Which values of one column differ from the others beyond chance."""
    name = in_words(segments["segment_column"].iloc[0])
    clear = segments[segments["verdict"] != "no signal"].sort_values("ratio")
    if clear.empty:
        return Finding(sentence=f"No {name} comes back more or less often than the others.")
    ends = clear.iloc[[0, -1]] if len(clear) > 1 else clear
    told = [f"“{row.segment}” {text(row.ratio, 'number.2')} times" for row in ends.itertuples()]
    return Finding(sentence=f"By {name}: {listed(told)} as often as the others.")
