"""Cohorts at the same age: how many customers, and how much revenue, are still there.

A cell is observable where its whole period ended by as_of. Observed and none is 0; not yet
observable is empty.
"""

from typing import TYPE_CHECKING

import pandas as pd

from churnlib.engine import MONEY_DECIMALS
from churnlib.measures.by_period import as_declared
from churnlib.measures.cohort_cells import (
    cells_of,
    cohort_members,
    flagged,
    keys_of,
    of_members,
    rectangle,
)
from churnlib.measures.ledger import ledger, span_changes
from churnlib.measures.purchases import customer_periods
from churnlib.periods import Grain
from churnlib.results.columns import AGE, Column, rate
from churnlib.results.declared import Result, gives
from churnlib.results.terms import Term
from churnlib.statistics.rates import ratio, with_rate

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split

__all__ = ["customer_retention", "customer_retention_by", "revenue_retention"]

WORDS = (
    Term(
        "Cohort",
        "The customers whose first paid day or first purchase lies in one period. Age counts "
        "whole periods since.",
    ),
    Term("Age", "Whole periods since a cohort's first one. Age 0 is the first period itself."),
    Term(
        "Observable",
        "A cohort's period that was over by the as-of date. Observed and none is 0; not yet "
        "observable is empty.",
    ),
)
_COHORT = Column(
    "cohort",
    "text",
    "Cohort",
    "The period of the first paid day or first purchase, or the value that customers share.",
)
_SIZE = Column("size", "count", "Size", "Customers of the cohort who are observable at this age.")
_ACTIVE = Column(
    "active",
    "count",
    "Active",
    "Of them, those there: customers at the closing of the period, or buyers in it.",
)
_LEFT_EDGE = Column(
    "left_edge",
    "flag",
    "First of the records",
    "Whether its customers may have bought before the records begin: it is in no pooled row.",
    optional=True,
)
_SHARE = "Active ÷ size; empty where not yet observable."
COHORTS = Result(
    "cohorts",
    "the cohort triangle",
    "one row a cohort and age",
    (
        _COHORT,
        AGE,
        _SIZE,
        _ACTIVE,
        *rate("retention", "Retention", _SHARE, "size", frame="rate"),
        _LEFT_EDGE,
    ),
    caption="Active customers, % of the cohort's size, by age in {grain}s.",
)
COHORTS_BY = Result(
    "cohorts_by",
    "retention by what customers have in common",
    "one row a value and age",
    (_COHORT, AGE, _SIZE, _ACTIVE, *rate("rate", "Retention", _SHARE, "size", frame="rate")),
    always_split=True,
    caption="Active customers, % of those observable at that age, by {by} and age in {grain}s.",
)
COHORTS_REVENUE = Result(
    "cohorts_revenue",
    "the revenue of cohorts",
    "one row a cohort and age",
    (
        _COHORT,
        AGE,
        Column(
            "opening_amount",
            "money",
            "Opening amount",
            "Revenue at age 0 of the customers observable at this age.",
        ),
        Column(
            "amount",
            "money",
            "Amount",
            "Their revenue at this age: MRR at closing, or sales less returns; empty where not "
            "yet observable.",
        ),
        Column("retention", "share", "Retention", "Amount ÷ opening amount.", denominator="size"),
        _SIZE,
        _LEFT_EDGE,
    ),
    caption="Revenue by age in {grain}s, % of the revenue at age 0.",
)


@gives(COHORTS)
def customer_retention(
    snapshot: "Snapshot", *, by: "Split | None" = None, grain: Grain | None = None
) -> pd.DataFrame:
    """The share of each cohort that is there, by age: the triangle.

    Grain: one row a cohort and age, to the greatest age that any cohort has reached. A cohort are
    the customers whose first paid day or first purchase lies in that period. Subscription: there =
    active at the closing of the period, so that age 0 is below 1 where some joined and left within.
    Transactional: there = at least one purchase in the period. Customers from before the records
    begin are left out: of them only those who stayed are in the data. The first cohort of a shop's
    records is flagged (`left_edge`), unless `opened_on` says that the business began then: it holds
    whoever bought in that period, old customers too; with `by` these are left out.

    Parameters
    ----------
    snapshot : Snapshot
    by : a column of customers (a list of columns, an Ibis expression over customers), whose values
        are then the cohorts; age still counts from each customer's own first period, a cell pools
        the customers whose own period at that age is complete, and size is their number
    grain : {"month", "quarter"}, default the snapshot's own

    Returns
    -------
    DataFrame
        cohort (label such as 2025-03, or the value of `by`); age (whole periods since the first);
        size (customers); active; rate = active / size; low, high (Wilson); active to high are empty
        where not yet observable; left_edge (bool, of a shop's cohorts by period)

    Examples
    --------
    >>> customer_retention(snapshot).columns.tolist()
    ['cohort', 'age', 'size', 'active', 'rate', 'low', 'high']
    """
    grain = grain or snapshot.period.grain
    people = cohort_members(snapshot, by, grain)
    if snapshot.params.model == "transactional":
        periods = customer_periods(snapshot, grain)
        rows = of_members(periods.filter(periods.occasions > 0).mutate(value=1), people)
    else:
        book = ledger(snapshot, grain=grain)
        change = (book.closing > 0).cast("int64") - (book.opening > 0).cast("int64")
        rows = of_members(book.mutate(value=change), people)
    triangle = rectangle(cells_of(snapshot, rows, people, grain), ["size", "value"], grain)
    rated = with_rate(triangle.rename(columns={"value": "active"}), "active", "size")
    return as_declared(flagged(snapshot, rated, by, grain), COHORTS)


@gives(COHORTS_BY)
def customer_retention_by(
    snapshot: "Snapshot", by: "Split", *, grain: Grain | None = None
) -> pd.DataFrame:
    """The share of customers that is there, by what they have in common and by age.

    Grain: one row a value of `by` and age, see `customer_retention`.

    Parameters
    ----------
    snapshot : Snapshot
    by : a column of customers, a list of columns, or an Ibis expression over customers
    grain : {"month", "quarter"}, default the snapshot's own

    Returns
    -------
    DataFrame
        cohort (the value of `by`); age; size (customers observable at this age); active; rate =
        active / size; low, high (Wilson)

    Examples
    --------
    >>> each = customer_retention_by(snapshot, "customer_id")
    >>> bool(each["size"].max() == 1)
    True
    """
    return customer_retention(snapshot, by=by, grain=grain)


@gives(COHORTS_REVENUE)
def revenue_retention(
    snapshot: "Snapshot", *, by: "Split | None" = None, grain: Grain | None = None
) -> pd.DataFrame:
    """The revenue of each cohort by age, against what it began with.

    Grain: one row a cohort and age, cohorts and ages as in `customer_retention`. Subscription: MRR
    at the closing of the period. Transactional: revenue of the period, returns deducted.

    Parameters
    ----------
    snapshot : Snapshot
    by : what customers have in common, whose values are then the cohorts (see `customer_retention`)
    grain : {"month", "quarter"}, default the snapshot's own

    Returns
    -------
    DataFrame
        cohort; age; opening_amount (at age 0, of the customers observable at this age); amount (at
        this age, empty where not yet observable); retention = amount / opening_amount; size
        (customers observable); left_edge (bool, of a shop's cohorts by period)

    Examples
    --------
    >>> revenue_retention(snapshot).columns.tolist()
    ['cohort', 'age', 'opening_amount', 'amount', 'retention', 'size']
    """
    grain = grain or snapshot.period.grain
    people = cohort_members(snapshot, by, grain)
    if snapshot.params.model == "transactional":
        periods = customer_periods(snapshot, grain)
        rows = of_members(periods.mutate(value=periods.amount), people)
    else:
        changes = span_changes(snapshot, grain)
        rows = of_members(changes.mutate(value=changes.change), people)
    cells = cells_of(snapshot, rows, people, grain)
    cells["opening_amount"] = cells.groupby(keys_of(cells), sort=False)["value"].transform("first")
    table = rectangle(cells, ["opening_amount", "value", "size"], grain)
    table = table.rename(columns={"value": "amount"})
    table = table.round(dict.fromkeys(("opening_amount", "amount"), MONEY_DECIMALS))
    table["retention"] = ratio(table["amount"], table["opening_amount"])
    return as_declared(flagged(snapshot, table, by, grain), COHORTS_REVENUE)
