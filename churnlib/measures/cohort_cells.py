"""The cells of cohort triangles: who belongs to which cohort, and what is summed at which age."""

from typing import TYPE_CHECKING

import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.measures.by_period import (
    SEGMENT,
    last_period,
    left_edge,
    number_of,
    period_at,
    period_number,
    split_keys,
)
from churnlib.measures.members import members
from churnlib.periods import Grain

if TYPE_CHECKING:
    from churnlib.snapshot.snapshot import Snapshot, Split


def cohort_members(snapshot: "Snapshot", by: "Split | None", grain: Grain) -> ir.Table:
    """Customers whose own first period was observed from its first day on: customer_id, first
    (int), [segment].
    """
    people = members(snapshot, by)
    numbered = people.mutate(first=period_number(people.first_active_on, grain))
    complete = numbered["first"] <= number_of(last_period(snapshot, grain))
    chosen = numbered.filter(~numbered.is_late, complete)
    edge = left_edge(snapshot, grain)
    if by is not None and edge is not None:
        chosen = chosen.filter(chosen["first"] != edge)
    return chosen.select("customer_id", "first", *split_keys(by))


def flagged(
    snapshot: "Snapshot", table: pd.DataFrame, by: "Split | None", grain: Grain
) -> pd.DataFrame:
    """A shop's cohorts by period say which of them is the first of the records."""
    if by is not None or snapshot.orders is None:
        return table
    edge = left_edge(snapshot, grain)
    label = None if edge is None else period_at(edge, grain).label
    return table.assign(left_edge=table["cohort"] == label)


def of_members(rows: ir.Table, people: ir.Table) -> ir.Table:
    """Rows of the members of cohorts: period, value, first, [segment]."""
    return rows.inner_join(people, "customer_id").select("period", "value", *keys_of(people))


def cells_of(snapshot: "Snapshot", rows: ir.Table, people: ir.Table, grain: Grain) -> pd.DataFrame:
    """One row a first period, [segment] and age observable: size and value (subscriptions: running
    sums of changes).
    """
    keys = keys_of(people)
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


def rectangle(cells: pd.DataFrame, values: list[str], grain: Grain) -> pd.DataFrame:
    """Every cohort at every age: cohort, age and the values, of which `value` is empty where not
    observable.
    """
    is_split = SEGMENT in cells
    cohort = SEGMENT if is_split else "first"
    known = cells.groupby([cohort, "age"])[values].sum().rename_axis(index=["cohort", "age"])
    ages = range(int(cells["age"].max()) + 1) if len(cells) else range(0)
    cohorts = sorted(cells[cohort].unique())
    full = pd.MultiIndex.from_product([cohorts, ages], names=["cohort", "age"])
    table = known.reindex(full)
    fixed = [name for name in values if name != "value"]
    if is_split:
        # Of a pool nobody is observable there; a period's cohort keeps its size at every age.
        table[fixed] = table[fixed].fillna(0.0)
    else:
        table[fixed] = table.groupby(level="cohort")[fixed].ffill()
    table = table.reset_index().astype({"size": "int64", "value": float, "age": "int64"})
    if not is_split:
        table["cohort"] = [period_at(number, grain).label for number in table["cohort"]]
    return table


def keys_of(rows: ir.Table | pd.DataFrame) -> list[str]:
    """What cohort a row is of: its first period, and the segment where it is split."""
    return ["first", SEGMENT] if SEGMENT in rows.columns else ["first"]
