"""What is said of moves that look like leaving, or like a smaller price."""

import pandas as pd

from churnlib.findings.wording import counted, listed, period_name
from churnlib.formats import money, text
from churnlib.periods import Period
from churnlib.results.declared import currency_of, grain_of
from churnlib.results.segments import INTERVALS
from churnlib.results.told import Finding

__all__ = ["say_migrations", "say_switches"]


def say_migrations(migrations: pd.DataFrame) -> Finding:
    """How many of the churned look like moves between billing systems, where clearly more than by
    chance (last row of `migrations`); else nothing.
    """
    if migrations.empty or not migrations["beyond"].iloc[-1]:
        return Finding(sentence="")
    last, unit = migrations.iloc[-1], currency_of(migrations)
    name = period_name(last["period_start"], grain_of(migrations))
    return Finding(
        sentence=f"{text(last['same_day'], 'count')} of {counted(last['churned'], 'customer')} "
        f"churned in {name} end on the day on which a new customer of the same plan and price "
        f"starts; chance brings about {text(round(last['by_chance']), 'count')}. A move between "
        f"billing systems looks like this: {text(last['customers'], 'count')} more than by chance "
        f"({money(last['amount'], unit)} of MRR) are counted as churned, and as new, until their "
        "ids are mapped.",
        verdict="watch",
        at_stake=last["amount"],
        n=last["churned"],
    )


def say_switches(switches: pd.DataFrame) -> Finding:
    """Who switched the billing interval in the reported period; nothing where nobody did."""
    period = Period.parse(switches.attrs["period"])
    rows = switches[switches["period_start"] == pd.Timestamp(period.start)]
    if rows.empty:
        return Finding(sentence="")
    rows = rows.sort_values("customers", ascending=False, kind="stable")
    told = [_switched(row, currency_of(switches)) for row in rows.itertuples()]
    return Finding(
        sentence=f"In {period.name} {listed(told)}. They stay customers.",
        n=rows["customers"].sum(),
    )


def _switched(row: tuple, unit: str) -> str:
    """`12 customers switched from paying by the month to paying by the year (−€340 of MRR)`."""
    side = "contraction" if row.amount < 0 else "expansion"
    shown = f", which the bridge shows as {side}" if row.amount else ""
    return (
        f"{counted(row.customers, 'customer')} switched from paying {_every(row.billing_from)} "
        f"to paying {_every(row.billing_to)} ({money(row.amount, unit, signed=True)} of MRR{shown})"
    )


def _every(billing: str) -> str:
    """`by the year`, `every 2 months`."""
    return f"by the {billing}" if billing in INTERVALS.values() else f"every {billing}"
