"""The first screen: which numbers come first, what happened, and where to act.

`headlines(snapshot)` asks the same measures and models as the chapters do, so that the first page
cannot disagree with them. Each sentence links to the section that shows it.
"""

import json
from dataclasses import dataclass

import pandas as pd

from churnlib.findings import cohorts as say_cohorts
from churnlib.findings import revenue as say_revenue
from churnlib.findings import sales as say_sales
from churnlib.findings import survival as say_survival
from churnlib.findings.wording import MIN_N, SMALL, Finding
from churnlib.formats import day, is_missing, text
from churnlib.measures import churn, cohorts, forecasts, lifetimes, repurchase, revenue, sales
from churnlib.models.purchases.expectations import probability_alive
from churnlib.models.purchases.fits import fit_bg_nbd, fit_mbg_nbd
from churnlib.models.survival.curves import survival_curve
from churnlib.models.survival.hazard import hazard_by_month
from churnlib.models.survival.logrank import compare_segments
from churnlib.page.key_figures import KeyFigure, change
from churnlib.page.markup import slug
from churnlib.snapshot.snapshot import Snapshot
from churnlib.statistics.comparisons import rate_difference

NEUTRAL = 0.005
"""Amounts that changed by less than this share are called unchanged."""
SPARK = 13
"""Periods in a sparkline: the reported one and a year before it."""
REPEAT_DAYS = 90
REGULAR = 3
"""Repeat purchases of a customer worth winning back."""
MOST_ACTIONS = 2
"""Sentences of one kind on where to act."""


@dataclass(frozen=True)
class Headlines:
    """Key figures, sentences on what happened, and sentences on where to act; what figures are
    compared with.
    """

    figures: list[KeyFigure]
    findings: list[Finding]
    actions: list[Finding]
    previous: str = ""
    year: str = ""

    def table(self) -> pd.DataFrame:
        """The key figures for other programs, and for the index of all reports.

        One row a key figure: figure (its name), value, change_previous, change_year (as they are
        read; empty where there is none), course (the last values as a JSON list, oldest first, the
        reported one last; null where unknown).
        """
        rows = [
            {
                "figure": one.label,
                "value": one.value,
                "change_previous": one.change_previous.text if one.change_previous else "",
                "change_year": one.change_year.text if one.change_year else "",
                "course": json.dumps(
                    [None if is_missing(value) else float(f"{value:.6g}") for value in one.spark]
                ),
            }
            for one in self.figures
        ]
        return pd.DataFrame(
            rows, columns=["figure", "value", "change_previous", "change_year", "course"]
        )


def headlines(snapshot: Snapshot) -> Headlines:
    """What the first page says of a period, for either kind of business."""
    said = (
        _subscription(snapshot) if snapshot.subscriptions is not None else _transactional(snapshot)
    )
    warnings = [Finding(_partial(snapshot))] if snapshot.partial else []
    before = (snapshot.period.shift(-back).name for back in (1, snapshot.period.periods_per_year()))
    return Headlines(said.figures, [*warnings, *said.findings], said.actions, *before)


def _subscription(snapshot: Snapshot) -> Headlines:
    unit, grain = snapshot.currency, snapshot.grain
    left, bridge = churn.customer_churn(snapshot), revenue.mrr_bridge(snapshot)
    kept, per_account = revenue.retention_12m(snapshot), revenue.unit_figures(snapshot)
    if not len(bridge):
        return Headlines(
            [], [Finding("Nobody had a paid subscription by the end of the period.")], []
        )
    newest = cohorts.newest_against_earlier(cohorts.customer_retention(snapshot))
    figures = [
        _amount("MRR", bridge, "closing", unit, good="up", href="revenue.html#mrr-bridge"),
        _amount(
            "Customers",
            left,
            "closing_customers",
            "count",
            good="up",
            href="revenue.html#churn-rates",
        ),
        _rate(
            "Customer churn",
            left,
            ("churned_customers", "opening_customers"),
            "down",
            "revenue.html#churn-rates",
        ),
        _rate(
            "Net revenue retention",
            kept,
            ("nrr_numerator", "opening"),
            "up",
            "revenue.html#retention-12m",
            exact=True,
        ),
        _amount(
            "Revenue per customer",
            per_account,
            "arpa",
            f"{unit}.2",
            good="up",
            href="revenue.html#unit-figures",
        ),
    ]
    findings = [
        Finding(
            say_revenue.bridge(bridge, currency=unit, grain=grain),
            "revenue.html#mrr-bridge",
            "the MRR bridge",
        ),
        Finding(say_revenue.churn(left, grain=grain), "revenue.html#churn-rates", "churn rates"),
        Finding(
            say_revenue.retention(kept, currency=unit),
            "revenue.html#retention-12m",
            "twelve-month retention",
        ),
        Finding(
            say_cohorts.newest(newest, grain=grain), "cohorts.html#cohorts-newest", "newest cohorts"
        ),
    ]
    return Headlines(figures, findings, [*_risky_months(snapshot), *_weak_segments(snapshot)])


def _transactional(snapshot: Snapshot) -> Headlines:
    unit, grain = snapshot.currency, snapshot.grain
    sold, again = sales.sales(snapshot), repurchase.repeat_purchase_rate(snapshot)
    by_cohort = repurchase.repeat_by_cohort(snapshot, days=(REPEAT_DAYS,))
    by_cohort = by_cohort[by_cohort["denominator"] == by_cohort["size"]]
    figures = [
        _amount("Revenue", sold, "revenue", unit, good="up", href="sales.html#sales"),
        _amount(
            "Customers who bought", sold, "customers", "count", good="up", href="sales.html#sales"
        ),
        _amount(
            "New customers", sold, "new_customers", "count", good="up", href="sales.html#sales"
        ),
        _amount(
            "Revenue per purchase",
            sold,
            "average_order_value",
            f"{unit}.2",
            good="up",
            href="sales.html#orders",
        ),
        _repeat_figure(again, by_cohort),
    ]
    findings = [
        Finding(say_sales.revenue(sold, currency=unit, grain=grain), "sales.html#sales", "sales"),
        Finding(say_sales.customers(sold, grain=grain), "sales.html#sales-table", "customers"),
        Finding(
            say_sales.orders(sold, currency=unit, grain=grain),
            "sales.html#orders",
            "revenue per purchase",
        ),
        Finding(say_sales.repeat(again), "sales.html#repeat-purchase-rate", "repeat purchases"),
    ]
    if not sold["customers"].iloc[-1]:
        del findings[2]  # that nobody bought is said already
    return Headlines(figures, findings, [*_within_reach(snapshot, again), *_slipping(snapshot)])


def _amount(
    label: str, frame: pd.DataFrame, column: str, how: str, *, good: str, href: str
) -> KeyFigure:
    """A key figure that is a fact and no sample: unchanged within a neutral band."""
    values = frame[column].astype(float).tail(SPARK).tolist()
    now = values[-1] if values else float("nan")
    per_year = SPARK - 1 if _monthly(frame) else 4

    def against(back: int):
        if len(frame) <= back:
            return None
        before = float(frame[column].iloc[-1 - back])
        return change(now, before, how, noise=bool(before) and abs(now / before - 1) < NEUTRAL)

    return KeyFigure(
        label, text(now, how), against(1), against(per_year), good=good, spark=values, href=href
    )


def _rate(
    label: str,
    frame: pd.DataFrame,
    parts: tuple[str, str],
    good: str,
    href: str,
    *,
    exact: bool = False,
) -> KeyFigure:
    """A key figure that is a share; of customers (grey where chance could have done it) or,
    `exact`, of money.
    """
    top, bottom = (frame[name].astype(float) for name in parts)
    people = frame["n"].astype(float) if exact else bottom
    rates = (top / bottom.where(bottom > 0)).tolist()
    per_year = SPARK - 1 if _monthly(frame) else 4

    def against(back: int):
        if len(rates) <= back or min(people.iloc[-1], people.iloc[-1 - back]) < MIN_N:
            return None
        noise = abs(rates[-1] - rates[-1 - back]) < NEUTRAL
        if not exact:
            pair = ((top.iloc[at], bottom.iloc[at]) for at in (-1, -1 - back))
            noise = not rate_difference(*pair).clear
        return change(rates[-1], rates[-1 - back], "percent", noise=noise)

    now = rates[-1] if rates else float("nan")
    there = people.iloc[-1] if rates else 0
    n = f"{text(top.iloc[-1], 'count')} of {text(there, 'count')}" if there else "nobody at opening"
    if exact:
        n = "over twelve months" if there else "nobody observed for twelve months"
    n = f"{n}: {SMALL}" if 0 < there < MIN_N else n
    shown = [rate for rate, size in zip(rates, people, strict=True) if size >= MIN_N][-SPARK:]
    return KeyFigure(
        label,
        text(now, "percent"),
        against(1),
        against(per_year),
        good=good,
        spark=shown,
        n=n,
        href=href,
    )


def _repeat_figure(again: pd.DataFrame, by_cohort: pd.DataFrame) -> KeyFigure:
    row = again[again["window_days"] == REPEAT_DAYS].iloc[0]
    n = (
        f"of {text(row.denominator, 'count')} observed that long"
        if row.denominator
        else "nobody observed that long"
    )
    n = f"{n}: {SMALL}" if 0 < row.denominator < MIN_N else n
    spark = by_cohort[by_cohort["denominator"] >= MIN_N]["rate"].tail(SPARK).tolist()
    label = f"Bought again within {REPEAT_DAYS} days"
    return KeyFigure(
        label, text(row.rate, "percent"), spark=spark, n=n, href="sales.html#repeat-purchase-rate"
    )


def _risky_months(snapshot: Snapshot) -> list[Finding]:
    """The months of life in which most are lost beyond the usual, by who is in them now."""
    hazard = hazard_by_month(lifetimes.lifetimes(snapshot))
    marked = hazard[hazard["stands_out"]]
    base = lifetimes.active_base(snapshot).set_index("tenure")
    now = base.reindex(marked["tenure"] - 1).fillna(0)[["customers", "mrr"]].set_index(marked.index)
    marked = marked.join(now)
    marked = marked.assign(extra=marked["customers"] * (marked["estimate"] - marked["around"]))
    most = marked[(marked["customers"] >= MIN_N) & (marked["extra"] >= 1)].nlargest(
        MOST_ACTIONS, "extra"
    )
    return [
        Finding(
            say_survival.risky_month(row, currency=snapshot.currency),
            "survival.html#hazard",
            "leaving by month of life",
        )
        for row in most.itertuples()
    ]


def _weak_segments(snapshot: Snapshot) -> list[Finding]:
    """In the segment columns that tell most: the value whose customers leave soonest."""
    splits = {
        column: lifetimes.lifetimes(snapshot, by=column) for column in snapshot.params.segments
    }
    found = []
    for row in compare_segments(splits).itertuples() if splits else ():
        curve = survival_curve(splits[row.column], by=row.column)
        worst = say_survival.worst(curve, row.column)
        if not row.p_adjusted < say_survival.CLEAR or worst is None:
            continue
        base = lifetimes.arpa(snapshot, by=row.column)
        here = base[base[row.column] == worst]
        sentence = say_survival.weak_segment(
            here, row.column, worst, curve, currency=snapshot.currency
        )
        found.append(
            Finding(
                sentence,
                f"survival.html#survival-by-{slug(row.column)}",
                f"survival by {row.column}",
            )
        )
    return found[:MOST_ACTIONS]


def _within_reach(snapshot: Snapshot, again: pd.DataFrame) -> list[Finding]:
    """First-time buyers who are still in the window in which a second purchase is likely."""
    waits = repurchase.gaps(snapshot, kind="second")
    waiting = waits[~waits["event_observed"] & (waits["duration"] < REPEAT_DAYS)]["customers"].sum()
    row = again[again["window_days"] == REPEAT_DAYS].iloc[0]
    if waiting < MIN_N or row.denominator < MIN_N:
        return []
    sentence = say_sales.within_reach(waiting, row.rate, days=REPEAT_DAYS)
    return [Finding(sentence, "repurchase.html#time-to-second", "time to the second purchase")]


def _slipping(snapshot: Snapshot) -> list[Finding]:
    """Good customers who have probably stopped, whichever model the chapter uses."""
    buyers = forecasts.buyers(snapshot)
    fits = [fit(buyers) for fit in (fit_bg_nbd, fit_mbg_nbd)]
    if not all(fit.usable and fit.leaves for fit in fits):
        return []
    past = [buyers[name].to_numpy(dtype=float) for name in ("frequency", "recency", "age")]
    gone = [probability_alive(fit, *past) < 0.5 for fit in fits]
    lost = buyers[(buyers["frequency"] >= REGULAR) & gone[0] & gone[1]]
    spent = (lost["value"] * lost["spend_frequency"] * lost["customers"]).sum()
    if lost["customers"].sum() < MIN_N:
        return []
    sentence = say_sales.slipping(
        lost["customers"].sum(), spent, repeats=REGULAR, currency=snapshot.currency
    )
    return [Finding(sentence, "clv.html#clv", "customer lifetime value")]


def _partial(snapshot: Snapshot) -> str:
    return (
        f"The data do not cover {snapshot.period.name} to its end ({day(snapshot.as_of)}): its "
        "figures are partial and no "
        f"comparison with whole periods holds."
    )


def _monthly(frame: pd.DataFrame) -> bool:
    starts = frame["period_start"]
    return len(starts) < 2 or (starts.iloc[-1] - starts.iloc[-2]).days < 32
