"""Cohorts at the same age: how many customers, and how much revenue, are still there.

A cell is observable where its whole period ended by as_of. Observed and none is 0; not yet
observable is empty.
"""

from typing import TYPE_CHECKING

import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import MONEY_DECIMALS, collect
from churnlib.measures.by_period import last_period, number_of, period_at, period_number
from churnlib.measures.ledger import ledger, span_changes
from churnlib.measures.members import members
from churnlib.measures.purchases import customer_periods
from churnlib.periods import Grain
from churnlib.statistics.rates import ratio, with_rate

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot

NEWEST = 3
"""How many of the newest cohorts are set against the earlier ones."""


def customer_retention(
    snapshot: "Snapshot", *, by: str | None = None, grain: Grain | None = None
) -> pd.DataFrame:
    """The share of each cohort that is there, by age: the triangle.

    Grain: one row a cohort and age, to the greatest age that any cohort has reached. A cohort are
    the customers whose first paid day or first purchase lies in that period. Subscription: there =
    active at the closing of the period, so that age 0 is below 1 where some joined and left within.
    Transactional: there = at least one purchase in the period. Customers from before the records
    begin are left out: of them only those who stayed are in the data.

    Parameters
    ----------
    snapshot : Snapshot
    by : a column of customers, whose values are then the cohorts; age still counts from each
    customer's own first
        period, a cell pools the customers whose own period at that age is complete, and size is
        their number
    grain : {"month", "quarter"}, default the snapshot's own

    Returns
    -------
    DataFrame : cohort (label such as 2025-03, or the value of `by`); age (whole periods since the
    first); size
        (customers); active; rate = active / size; low, high (Wilson); active to high are empty
        where not yet observable

    Examples
    --------
    >>> customer_retention(snapshot).columns.tolist()
    ['cohort', 'age', 'size', 'active', 'rate', 'low', 'high']
    """
    grain = grain or snapshot.period.grain
    people = _cohort_members(snapshot, by, grain)
    if snapshot.params.model == "transactional":
        periods = customer_periods(snapshot, grain)
        rows = _of_members(periods.filter(periods.occasions > 0).mutate(value=1), people)
    else:
        book = ledger(snapshot, grain=grain)
        change = (book.closing > 0).cast("int64") - (book.opening > 0).cast("int64")
        rows = _of_members(book.mutate(value=change), people)
    cells = _cells(snapshot, rows, people, by, grain)
    triangle = _rectangle(cells, ["size", "value"], by, grain).rename(columns={"value": "active"})
    return with_rate(triangle, "active", "size")


def revenue_retention(
    snapshot: "Snapshot", *, by: str | None = None, grain: Grain | None = None
) -> pd.DataFrame:
    """The revenue of each cohort by age, against what it began with.

    Grain: one row a cohort and age, cohorts and ages as in `customer_retention`. Subscription: MRR
    at the closing of the period. Transactional: revenue of the period, returns deducted.

    Parameters
    ----------
    snapshot : Snapshot
    by : a column of customers, whose values are then the cohorts (see `customer_retention`)
    grain : {"month", "quarter"}, default the snapshot's own

    Returns
    -------
    DataFrame : cohort; age; opening_amount (at age 0, of the customers observable at this age);
    amount (at this age,
        empty where not yet observable); retention = amount / opening_amount; size (customers
        observable)

    Examples
    --------
    >>> revenue_retention(snapshot).columns.tolist()
    ['cohort', 'age', 'opening_amount', 'amount', 'retention', 'size']
    """
    grain = grain or snapshot.period.grain
    people = _cohort_members(snapshot, by, grain)
    if snapshot.params.model == "transactional":
        periods = customer_periods(snapshot, grain)
        rows = _of_members(periods.mutate(value=periods.amount), people)
    else:
        changes = span_changes(snapshot, grain)
        rows = _of_members(changes.mutate(value=changes.change), people)
    cells = _cells(snapshot, rows, people, by, grain)
    cells["opening_amount"] = cells.groupby(_keys(by), sort=False)["value"].transform("first")
    table = _rectangle(cells, ["opening_amount", "value", "size"], by, grain)
    table = table.rename(columns={"value": "amount"}).round(
        dict.fromkeys(("opening_amount", "amount"), MONEY_DECIMALS)
    )
    table["retention"] = ratio(table["amount"], table["opening_amount"])
    return table[["cohort", "age", "opening_amount", "amount", "retention", "size"]]


def pooled(triangle: pd.DataFrame) -> pd.DataFrame:
    """All cohorts together at each age: sum of active over sum of size, never a mean of
    percentages.

    Grain: one row an age. Each age pools the cohorts observable at it, hence ever fewer and older
    ones.

    Parameters
    ----------
    triangle : what `customer_retention` returned

    Returns
    -------
    DataFrame : age; size, active (sums over observable cohorts); rate = active / size; low, high
    (Wilson)

    Examples
    --------
    >>> pooled(customer_retention(snapshot)).columns.tolist()
    ['age', 'size', 'active', 'rate', 'low', 'high']
    """
    seen = triangle[triangle["active"].notna()]
    sums = seen.groupby("age", as_index=False)[["size", "active"]].sum()
    return with_rate(sums, "active", "size")


def pooled_revenue(table: pd.DataFrame) -> pd.DataFrame:
    """Revenue of all cohorts together at each age against what they began with.

    Grain: one row an age.

    Parameters
    ----------
    table : what `revenue_retention` returned

    Returns
    -------
    DataFrame : age; size (customers observable); opening_amount, amount (sums over observable
    cohorts); rate = amount /
        opening_amount

    Examples
    --------
    >>> pooled_revenue(revenue_retention(snapshot)).columns.tolist()
    ['age', 'size', 'opening_amount', 'amount', 'rate']
    """
    seen = table[table["amount"].notna()]
    sums = seen.groupby("age", as_index=False)[["size", "opening_amount", "amount"]].sum()
    return sums.assign(rate=ratio(sums["amount"], sums["opening_amount"]))


def newest_against_earlier(triangle: pd.DataFrame, *, newest: int = NEWEST) -> pd.DataFrame:
    """The newest cohorts beside all earlier ones, at the same ages.

    Grain: one row an age that at least one of the newest cohorts has reached and at least one
    earlier cohort too.

    Parameters
    ----------
    triangle : what `customer_retention` returned, with periods as cohorts
    newest : how many of the last cohorts count as the newest

    Returns
    -------
    DataFrame : age; newest_size, newest_active, newest_rate, newest_low, newest_high; earlier_size,
    earlier_active,
        earlier_rate, earlier_low, earlier_high (pooled as in `pooled`, Wilson limits)

    Examples
    --------
    >>> newest_against_earlier(customer_retention(snapshot)).columns.tolist()[:4]
    ['age', 'newest_size', 'newest_active', 'newest_rate']
    """
    labels = sorted(triangle["cohort"].unique())
    is_new = triangle["cohort"].isin(labels[-newest:] if newest else [])
    sides = [
        pooled(triangle[chosen]).set_index("age").add_prefix(f"{name}_")
        for name, chosen in (("newest", is_new), ("earlier", ~is_new))
    ]
    return sides[0].join(sides[1], how="inner").reset_index()


def _cohort_members(snapshot: "Snapshot", by: str | None, grain: Grain) -> ir.Table:
    """Customers whose own first period was observed from its first day on: customer_id, first
    (int), [by].
    """
    people = members(snapshot, by)
    numbered = people.mutate(first=period_number(people.first_active_on, grain))
    complete = numbered["first"] <= number_of(last_period(snapshot, grain))
    return numbered.filter(~numbered.is_late, complete).drop(
        "is_late", "first_active_on", "observed_from"
    )


def _of_members(rows: ir.Table, people: ir.Table) -> ir.Table:
    wanted = [name for name in people.columns if name != "customer_id"]
    return rows.inner_join(people, "customer_id").select("period", "value", *wanted)


def _cells(
    snapshot: "Snapshot", rows: ir.Table, people: ir.Table, by: str | None, grain: Grain
) -> pd.DataFrame:
    """One row a first period, [by] and age observable: size and value (subscriptions: running
    sums of changes).
    """
    keys = _keys(by)
    sizes = collect(people.group_by(*keys).aggregate(size=people.count())).sort_values(keys)
    values = collect(rows.group_by(*keys, "period").aggregate(value=rows.value.sum()))
    last = number_of(last_period(snapshot, grain))
    spread = sizes.loc[sizes.index.repeat(last - sizes["first"] + 1)]
    spread = spread.assign(age=spread.groupby(keys, sort=False).cumcount())
    values = values.assign(age=values["period"] - values["first"]).drop(columns="period")
    cells = spread.merge(values, how="left", on=[*keys, "age"]).fillna({"value": 0.0})
    if snapshot.params.model == "subscription":
        cells["value"] = cells.groupby(keys, sort=False)["value"].cumsum()
    return cells


def _rectangle(
    cells: pd.DataFrame, values: list[str], by: str | None, grain: Grain
) -> pd.DataFrame:
    """Every cohort at every age: cohort, age and the values, of which `value` is empty where not
    observable.
    """
    cohort = by or "first"
    known = cells.groupby([cohort, "age"])[values].sum()
    ages = range(int(cells["age"].max()) + 1) if len(cells) else range(0)
    full = pd.MultiIndex.from_product(
        [sorted(cells[cohort].unique()), ages], names=["cohort", "age"]
    )
    table = known.rename_axis(index=["cohort", "age"]).reindex(full)
    fixed = [name for name in values if name != "value"]
    # A period's cohort keeps its size at every age; of a pool nobody is observable there.
    table[fixed] = table[fixed].fillna(0.0) if by else table.groupby(level="cohort")[fixed].ffill()
    table = table.reset_index().astype({"size": "int64", "value": float, "age": "int64"})
    if not by:
        table["cohort"] = [period_at(number, grain).label for number in table["cohort"]]
    return table


def _keys(by: str | None) -> list[str]:
    return ["first", by] if by else ["first"]
