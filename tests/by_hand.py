"""Results written down by hand: what measures and models give, in as few numbers as tests need."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from churnlib.periods import Period
from churnlib.statistics.intervals import wilson
from tests.reading import told_of

LAST = {"month": "2026-10", "quarter": "2026-Q4"}
"""The reported period of every frame that has one."""


def dated(frame: pd.DataFrame, grain: str = "month") -> pd.DataFrame:
    """One row a period, the last of which is the reported one."""
    last = Period.parse(LAST[grain])
    backs = reversed(range(len(frame)))
    starts = pd.to_datetime([last.shift(-back).start for back in backs])
    return told_of(frame.reset_index(drop=True).assign(period_start=starts), grain=grain)


def rated(rows: Sequence[tuple], keys: list[str], **context: str) -> pd.DataFrame:
    """Rows of (*keys, active, size) with the rate and its Wilson limits."""
    frame = pd.DataFrame(rows, columns=[*keys, "active", "size"])
    low, high = wilson(frame["active"], frame["size"])
    rates = frame["active"] / frame["size"]
    return told_of(frame.assign(rate=rates, low=low, high=high), **context)


# revenue


def churn_of(*pairs: tuple, rows: int = 13, grain: str = "month") -> pd.DataFrame:
    """The last periods of churn: (churned, opening) each, the first one repeated before them."""
    counts = [pairs[0]] * (rows - len(pairs)) + list(pairs)
    frame = pd.DataFrame(counts, columns=["churned_customers", "opening_customers"])
    left, there = frame["churned_customers"], frame["opening_customers"]
    low, high = wilson(left, there)
    rate = left / there.where(there > 0)
    frame = frame.assign(churn_rate=rate, churn_rate_low=low, churn_rate_high=high)
    return dated(frame, grain)


def bridge_row(opening: float, new: float = 0, expansion: float = 0, churn: float = 0) -> dict:
    """One period of the bridge."""
    steps = {
        "new": new,
        "reactivation": 0,
        "expansion": expansion,
        "contraction": 0,
        "churn": churn,
    }
    gross = net = float("nan")
    if opening:
        gross = -churn / opening
        net = gross - expansion / opening
    rates = {"gross_churn_rate": gross, "net_churn_rate": net}
    return {"opening": opening, **steps, "closing": opening + sum(steps.values()), **rates}


def bridge_of(*rows: dict, grain: str = "month") -> pd.DataFrame:
    """The bridge of the last periods."""
    return dated(pd.DataFrame(list(rows)), grain)


def kept_of(*shares: float, n: float = 40, opening: float = 1000.0) -> pd.DataFrame:
    """Twelve-month retention with these NRR and a GRR of 76 %."""
    frame = pd.DataFrame({"nrr": list(shares)}).assign(grr=0.76, n=n, opening=opening)
    return dated(frame)


def paid_of(*amounts: float) -> pd.DataFrame:
    """Average revenue per account of the last months."""
    return dated(pd.DataFrame({"arpa": list(amounts)}))


def returned_of(left: int = 100) -> pd.DataFrame:
    """10 % of those who left came back."""
    shares = {"share": 0.1, "low": 0.055, "high": 0.174}
    return told_of(pd.DataFrame([{"window_days": 90, "left": left, "returned": 10, **shares}]))


# cohorts


def newest_of(new: tuple, old: tuple, age: int = 2) -> pd.DataFrame:
    """The newest cohorts (active, size) beside the earlier ones, at one age."""
    sides = {}
    for name, (active, size) in (("newest", new), ("earlier", old)):
        sides[f"{name}_active"] = active
        sides[f"{name}_size"] = size
        sides[f"{name}_rate"] = active / size
    return told_of(pd.DataFrame([{"age": age, **sides}]))


def cohort_money() -> pd.DataFrame:
    """Two cohorts, of which the small one is not observable at age 1."""
    cells = {
        "age": [0, 1, 1],
        "size": [40, 40, 5],
        "opening_amount": [100.0, 100.0, 50.0],
        "amount": [100, 90, None],
    }
    return told_of(pd.DataFrame(cells))


# survival


def point(tenure: int, estimate: float, at_risk: int = 100, **labels: str) -> dict:
    """One row of a curve, with 5 points to either side."""
    ends = {"low": estimate - 0.05, "high": estimate + 0.05}
    return {"tenure": tenure, "estimate": estimate, **ends, "at_risk": at_risk, **labels}


def curve_of(*points: dict, **context: str) -> pd.DataFrame:
    """A curve; `by="plan"` for one whose points have a `segment`."""
    return told_of(pd.DataFrame(list(points)), **context)


def medians_of(median: float = 7.0, low: float = 6.0, high: float = 9.0) -> pd.DataFrame:
    """When half have left."""
    return told_of(pd.DataFrame([{"median": median, "low": low, "high": high}]))


def log_rank_of(column: str, p_adjusted: float, **flags: bool) -> pd.DataFrame:
    """What comparing the values of a column gave; `within_intervals`, `tells_interval` where it is
    known how often customers pay.
    """
    return told_of(pd.DataFrame([{"column": column, "p_adjusted": p_adjusted, **flags}]))


def against_others_of(*rows: tuple, column: str = "plan") -> pd.DataFrame:
    """Segments: (segment, times as often, apart, customers, at stake) each, with a range of a
    fifth.
    """
    names = ["segment", "ratio", "apart", "customers", "at_stake"]
    frame = pd.DataFrame(list(rows), columns=names).astype({"apart": bool})
    ends = {"low": frame["ratio"] / 1.2, "high": frame["ratio"] * 1.2}
    ends |= {"at_stake_low": frame["at_stake"] / 2, "at_stake_high": frame["at_stake"] * 2}
    return told_of(frame.assign(segment_column=column, **ends))


def hazard_of(*rows: tuple, at_risk: int = 30, interval_months: int = 1) -> pd.DataFrame:
    """Months of life: (tenure, estimate, around, stands out) each."""
    frame = pd.DataFrame(list(rows), columns=["tenure", "estimate", "around", "stands_out"])
    frame = frame.astype({"stands_out": bool})
    return told_of(frame.assign(at_risk=at_risk, interval_months=interval_months))


def base_of(*rows: tuple, interval_months: int = 1) -> pd.DataFrame:
    """Today's customers: (tenure, customers, MRR) each."""
    frame = pd.DataFrame(list(rows), columns=["tenure", "customers", "mrr"])
    return told_of(frame.assign(interval_months=interval_months))


def outlook(stayed: int, estimate: float, at_risk: int = 100) -> dict:
    """The chance of staying twelve months more, with 5 points to either side."""
    ends = {"low": estimate - 0.05, "high": estimate + 0.05}
    return {"stayed": stayed, "further": 12, "estimate": estimate, **ends, "at_risk": at_risk}


# sales


def sale(revenue: float, new: float = 0.0, customers: int = 100, new_customers: int = 20) -> dict:
    """One period of a shop's sales."""
    amounts = {"revenue": revenue, "revenue_new": new, "revenue_returning": revenue - new}
    people = {"customers": customers, "new_customers": new_customers}
    each = {"purchase_frequency": 1.25, "average_order_value": 38.871}
    return {**amounts, **people, **each}


def sales_of(*rows: dict, grain: str = "month") -> pd.DataFrame:
    """The sales of the last periods."""
    return dated(pd.DataFrame(list(rows)), grain)


def repeat_of(*rows: tuple) -> pd.DataFrame:
    """Repeat purchases: (window, rate, denominator) each, between 20 and 40 %."""
    frame = pd.DataFrame(list(rows), columns=["window_days", "rate", "denominator"])
    within = frame[frame["window_days"] != "ever"]
    of_longest = frame["rate"] * within["denominator"].iloc[-1]
    return told_of(frame.assign(low=0.2, high=0.4, of_longest=of_longest))


def repeat_cohorts(*rows: tuple) -> pd.DataFrame:
    """Repeat purchases within 90 days: (cohort, rate, observed that long, size) each."""
    frame = pd.DataFrame(list(rows), columns=["cohort", "rate", "denominator", "size"])
    return told_of(frame.assign(window_days=90))


def waits_of(*rows: tuple) -> pd.DataFrame:
    """Waits for the next purchase: (days, bought again, customers) each."""
    frame = pd.DataFrame(list(rows), columns=["duration", "event_observed", "customers"])
    return told_of(frame.astype({"event_observed": bool}))


# value


def worth(
    segment: str, amount: float, width: float = 10.0, customers: int = 100, column: str = "plan"
) -> dict[str, Any]:
    """What customers are worth, with its range."""
    return {
        "segment_column": column,
        "segment": segment,
        "customers": customers,
        "value": amount,
        "value_low": amount - width,
        "value_high": amount + width,
    }


def worth_of(*rows: dict) -> pd.DataFrame:
    """The value of each segment."""
    return told_of(pd.DataFrame(list(rows)))
