"""What is said of how customers left, and whether they and their payments came back."""

import pandas as pd

from churnlib.findings.wording import counted, listed, period_name, share_of
from churnlib.formats import money, text
from churnlib.periods import MONTHS_A_YEAR
from churnlib.results.declared import currency_of, grain_of
from churnlib.results.told import Finding
from churnlib.statistics.intervals import wilson
from churnlib.statistics.rules import MIN_N

__all__ = ["say_incidence", "say_kinds", "say_recovery", "say_returned"]

PAUSED = "paused"
NO_CHURN = (PAUSED, "account_or_plan_change")
"""Ends that are counted and are no leaving."""
HOWS = {
    "voluntary": "by their own decision",
    "payment_failed": "by a failed payment",
    "disputed": "by a dispute",
    "fixed_term": "as a fixed term ended",
    "account_or_plan_change": "as an account or plan changed",
    "paused": "for a pause",
    "fraud": "for fraud",
    "other": "otherwise",
    "unknown": "unknown how",
    "pending": "pending",
}
TOLD = 3
"""Ways that a sentence names."""


def say_kinds(kinds: pd.DataFrame) -> Finding:
    """How those who left in the reported period did (last rows of `churn_kinds`)."""
    if kinds.empty:
        return Finding(sentence="Nobody has left yet.", place="how")
    last = kinds[kinds["period_start"] == kinds["period_start"].max()]
    name, unit = period_name(last["period_start"].iloc[0], grain_of(kinds)), currency_of(kinds)
    sums = last.groupby("how")[["customers", "amount"]].sum().astype(float)
    sums = sums.sort_values("customers", ascending=False, kind="stable")
    churned = sums["customers"].sum()
    gone = sums.drop(index=PAUSED, errors="ignore")
    return Finding(
        sentence=f"{_left(gone, name, unit)}{_paused(kinds, sums, unit)}",
        place="how",
        n=churned,
    )


def _left(gone: pd.DataFrame, name: str, unit: str) -> str:
    """How those who did not just pause left: the commonest ways."""
    n = gone["customers"].sum()
    if not n:
        return f"Nobody left for good in {name}."
    if set(gone.index) <= {"unknown", "pending"}:
        return (
            f"How the {counted(n, 'customer')} of {name} left is not known: a column "
            "end_reason, cancelled_on or a table payments would tell."
        )
    told = [
        f"{text(row.customers, 'count')} {HOWS[how]} ({money(row.amount, unit)})"
        for how, row in gone.head(TOLD).iterrows()
    ]
    rest = n - gone["customers"].head(TOLD).sum()
    more = [f"{text(rest, 'count')} otherwise"] if rest else []
    who = f"Of the {text(n, 'count')} who left in {name}"
    return f"{who}, {listed(told + more)}.{_pending(gone)}"


def _paused(kinds: pd.DataFrame, sums: pd.DataFrame, unit: str) -> str:
    """Those of the churned who paused: no decision to leave, and many come back."""
    if PAUSED not in sums.index:
        return ""
    row = sums.loc[PAUSED]
    year = kinds["period_start"].max() - pd.DateOffset(months=MONTHS_A_YEAR - 1)
    rows = kinds[(kinds["how"] == PAUSED) & (kinds["period_start"] >= year)]
    back = rows[rows["came_back"] == "yes"]["customers"].sum()
    return (
        f" Of the {text(sums['customers'].sum(), 'count')} churned, "
        f"{text(row['customers'], 'count')} paused ({money(row['amount'], unit)}), counted as "
        f"churned until back; of {text(rows['customers'].sum(), 'count')} who paused in twelve "
        f"months, {text(back, 'count') if back else 'none'} came back so far."
    )


def _pending(sums: pd.DataFrame) -> str:
    if "pending" not in sums.index:
        return ""
    return " Pending: a payment may still undo it."


def say_returned(kinds: pd.DataFrame) -> Finding:
    """How many came back, of those of whom it can be told; who paused had not left."""
    known = kinds[(kinds["came_back"] != "too early") & (kinds["how"] != PAUSED)]
    n = known["customers"].sum()
    if n < MIN_N:
        few = "Too few customers left long enough ago to say how many come back."
        return Finding(sentence=few)
    back = known[known["came_back"] == "yes"]
    told = []
    for how, rows in known.groupby("how"):
        people, own = rows["customers"].sum(), back[back["how"] == how]["customers"].sum()
        if people >= MIN_N and how not in NO_CHURN:
            low, high = (float(end) for end in wilson(own, people))
            told.append((own / people, f"{share_of(own / people, low, high)} {_of(str(how))}"))
    told.sort(reverse=True)
    return Finding(
        sentence=f"Of {counted(n, 'customer')} who left long enough ago, "
        f"{text(back['customers'].sum(), 'count')} came back within the return window: "
        f"{listed([words for _, words in told[:TOLD]])}.",
        n=n,
    )


def _of(how: str) -> str:
    return f"of those who left {HOWS[how]}"


def say_incidence(incidence: pd.DataFrame) -> Finding:
    """What share has left in which way after a year of life, or as long as is known."""
    known = incidence[incidence["at_risk"] >= MIN_N]
    if known.empty:
        few = "Too few customers to say in which way they leave by month of life."
        return Finding(sentence=few)
    month = min(MONTHS_A_YEAR, int(known["tenure"].max()))
    rows = known[known["tenure"] == month].nlargest(TOLD, "incidence")
    told = [
        f"{share_of(row.incidence, row.incidence_low, row.incidence_high)} {HOWS[row.how]}"
        for row in rows.itertuples()
    ]
    return Finding(
        sentence=f"Within {month} months {listed(told)}; the others left otherwise or are still "
        "there.",
        n=rows["at_risk"].max(),
    )


def say_recovery(recovery: pd.DataFrame) -> Finding:
    """What of failed payments comes back, of the last months that are final."""
    whole = recovery.dropna(subset=["recovered_45"]).tail(MONTHS_A_YEAR)
    n = whole["failed"].sum()
    if n < MIN_N:
        few = "Too few failed payments are old enough to say how many come back."
        return Finding(sentence=few)
    unit = currency_of(recovery)
    by_14, by_45 = whole["recovered_14"].sum(), whole["recovered_45"].sum()
    low, high = (float(end) for end in wilson(by_45, n))
    retries = whole["retries"].sum() / max(whole["recovered"].sum(), 1)
    last = recovery.iloc[-1]
    open_ = ""
    if last.open:
        open_ = f" Of {period_name(last.due_month, 'month')} {text(last.open, 'count')} are open."
    return Finding(
        sentence=f"Of {counted(n, 'failed invoice')} {text(by_14 / n, 'percent')} were paid within "
        f"14 days and {share_of(by_45 / n, low, high)} within 45: "
        f"{money(whole['amount_recovered'].sum(), unit)} of "
        f"{money(whole['amount_failed'].sum(), unit)} so far, with {text(retries, 'number')} "
        f"retries for each that came back.{open_}",
        n=n,
        low=low,
        high=high,
    )
