"""Whether newly won customers are better than those before them, at equal age."""

import numpy as np
import pandas as pd
from scipy.stats import norm

from churnlib.models.leaving.equal_age import (
    FEWEST,
    StillThere,
    all_reached,
    log_hazard_ratio,
    still_there,
)
from churnlib.models.survival.splits import SEGMENT
from churnlib.results.columns import Column
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rules import LEVEL

__all__ = ["new_customers"]

AGES = (30, 60, 90)
"""Days at which cohorts are compared; the verdict is that of the last."""
MATTERS = 0.10
"""A difference in the share still there that is worth finding: ten points."""
POWER = 0.8
WORDS = (
    Term(
        "Equal age",
        "So many days after each customer's own first paid day: cohorts of different age are "
        "compared at the age that both have reached.",
    ),
)
CHANNELS = Result(
    "channels",
    title="new customers against those before, at equal age",
    grain="one row a channel, comparison and age",
    columns=(
        Column("channel", "text", "Channel", "How they were won; all = everybody."),
        Column("age_days", "count", "Age", "Days after the first paid day.", unit="days"),
        Column("now_customers", "count", "Now", "Customers won in the last quarter."),
        Column("now_retention", "share", "Still there", "Of these, still there at the age."),
        Column("before_customers", "count", "Before", "Customers won in the earlier quarter."),
        Column("before_retention", "share", "Still there then", "Of these, at the age."),
        Column(
            "difference",
            "share",
            "Difference",
            "Now less before; empty where an age is not read.",
            low="difference_low",
            high="difference_high",
            signed=True,
        ),
        Column("difference_low", "share", "from", "The low end, 95 % over the three ages."),
        Column("difference_high", "share", "to", "The high end."),
        Column(
            "earliest_date",
            "day",
            "Can be told from",
            "When a difference of ten points could be told; empty: not with so few customers.",
        ),
        Column("verdict", "text", "Verdict", "better, worse, no signal, too early, too few."),
        Column("against", "text", "Against", "The quarter before, or a year before."),
        Column("needed", "count", "Needed", "Customers in each for ten points to be told."),
        Column(
            "cost_per_kept",
            "money",
            "Cost per kept",
            "What winning the new ones cost ÷ those still there at the age.",
        ),
    ),
    shown=(
        "channel", "against", "age_days", "now_customers", "now_retention", "before_customers",
        "before_retention", "difference", "difference_low", "difference_high", "verdict",
    ),
)  # fmt: skip


@gives(CHANNELS)
def new_customers(early_lives: pd.DataFrame) -> pd.DataFrame:
    """The share still there at 30, 60 and 90 days, of the last quarter's new customers against the
    quarter before and a year before.

    Grain: one row a channel (and everybody), comparison and age.

    Parameters
    ----------
    early_lives : frame
        What `early_lives` gave.

    Returns
    -------
    frame
        channel · age_days · now_customers, now_retention · before_customers, before_retention ·
        difference (now - before) with difference_low, difference_high · earliest_date · verdict
        (at 90 days: better, worse, no signal; before: too early; where so few can never tell: too
        few) · against · needed (customers in each) · cost_per_kept (currency)

    Notes
    -----
    Kaplan-Meier at a fixed age, difference on the complementary log-log scale (Klein et al. 2007),
    at 5 %/3 for the three ages; an age is read only where 20 are at risk in both cohorts, as in an
    empty tail Greenwood's variance is nought. Needed: ten points, 80 % power.

    Examples
    --------
    >>> day = pd.Timestamp("2026-01-05")
    >>> rows = pd.DataFrame({"cohort": ["now", "now", "before", "before"], "duration": [9, 91] * 2})
    >>> rows = rows.assign(segment="all", event_observed=[True, False] * 2, started_on=day, cost=0)
    >>> found = new_customers(rows.assign(customers=[60, 40, 10, 90]))
    >>> found[["age_days", "verdict"]].values.tolist()[-1]
    [90, 'worse']
    """
    names = [column.name for column in CHANNELS.columns]
    everybody = early_lives.assign(**{SEGMENT: "all"})
    several = len(early_lives[SEGMENT].unique()) > 1
    whole = pd.concat([everybody, early_lives]) if several else everybody
    rows = [
        row
        for channel, own in whole.groupby(SEGMENT, sort=True)
        for against in ("before", "a year before")
        for row in _compared(str(channel), own, against)
    ]
    return pd.DataFrame(rows, columns=names)


def _compared(channel: str, rows: pd.DataFrame, against: str) -> list[dict[str, object]]:
    now, before = rows[rows["cohort"] == "now"], rows[rows["cohort"] == against]
    if now.empty or before.empty:
        return []
    n_now, n_before = (int(one["customers"].sum()) for one in (now, before))
    found = []
    for age in AGES:
        new, old = still_there(now, age), still_there(before, age)
        read = min(new.at_risk, old.at_risk) >= FEWEST
        difference, low, high = _difference(new, old) if read else (np.nan,) * 3
        needed, enough = _needed(old.share, n_before)
        found.append(
            {
                "channel": channel,
                "age_days": age,
                "now_customers": n_now,
                "now_retention": new.share if read else np.nan,
                "before_customers": n_before,
                "before_retention": old.share,
                "difference": difference,
                "difference_low": low,
                "difference_high": high,
                "earliest_date": _date(now, enough, age),
                "verdict": _verdict(low, high, age, now, n_now, enough),
                "against": against,
                "needed": needed,
                "cost_per_kept": _cost(now, new.share, n_now) if read else np.nan,
            }
        )
    return found


def _difference(new: StillThere, old: StillThere) -> tuple[float, float, float]:
    """Now less before with its range, from that of the log-log difference."""
    point, error = log_hazard_ratio(new, old)
    if np.isnan(point):
        return new.share - old.share, np.nan, np.nan
    reach = norm.ppf(1 - (1 - LEVEL) / (2 * len(AGES))) * error
    base = -np.log(old.share)
    ends = [float(np.exp(-base * np.exp(point + side * reach)) - old.share) for side in (1, -1)]
    return new.share - old.share, ends[0], ends[1]


def _needed(before: float, n_before: int) -> tuple[int, float]:
    """Customers in each cohort for ten points to be told, and of the new one beside the old as it
    is; NaN where no number would do.
    """
    p1 = float(np.clip(before, 0.02, 0.98))
    p2 = max(p1 - MATTERS, 0.01)
    z = norm.ppf(1 - (1 - LEVEL) / (2 * len(AGES))) + norm.ppf(POWER)
    variance = (p1 - p2) ** 2 / z**2
    each = (p1 * (1 - p1) + p2 * (1 - p2)) / variance
    rest = variance - p1 * (1 - p1) / max(n_before, 1)
    enough = p2 * (1 - p2) / rest if rest > 0 else np.nan
    return int(np.ceil(each)), enough


def _date(now: pd.DataFrame, enough: float, age: int) -> pd.Timestamp:
    """The day by which enough of the new customers have reached the age."""
    by_day = now.groupby("started_on")["customers"].sum().cumsum()
    if np.isnan(enough) or by_day.iloc[-1] < enough:
        return pd.NaT
    first = by_day.index[by_day >= enough][0]
    return pd.Timestamp(first) + pd.Timedelta(days=age + 1)


def _verdict(
    low: float, high: float, age: int, now: pd.DataFrame, n_now: int, enough: float
) -> str:
    """Once, at 90 days, when all have reached it; too few where ten points would not be told."""
    if age != AGES[-1]:
        return ""
    reached = all_reached(now, age)
    if reached:
        if high < 0:
            return "worse"
        if low > 0:
            return "better"
    if np.isnan(enough) or enough > n_now:
        return "too few"
    return "no signal" if reached else "too early"


def _cost(now: pd.DataFrame, share: float, customers: int) -> float:
    cost = float(now["cost"].sum())
    return cost / (share * customers) if cost and share else np.nan
