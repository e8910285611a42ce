"""Restrict the tables of a business to some of its customers, and say so."""

from collections.abc import Mapping, Sequence
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import collect
from churnlib.errors import DataError, nearest
from churnlib.input.checked import FIRSTS, attributes
from churnlib.input.only import require_values
from churnlib.params.only import as_texts, in_a_title
from churnlib.results.segments import UNKNOWN

Only = Mapping[str, Sequence[str]]
"""{column of customers: the values that are kept}, as text."""
SHORT = {"plan": "first_plan", "category": "first_category"}
"""What a customer's plan and category are called where there is no such column of their own."""


def split_columns(customers: ir.Table) -> list[str]:
    """The columns that customers can be split by or restricted to."""
    return [*attributes(customers), *(name for name in FIRSTS if name in customers.columns)]


def asked(columns: Mapping[str, Any], customers: ir.Table) -> dict[str, list[str]]:
    """What `where` was asked for, checked against the customers who are there.

    Parameters
    ----------
    columns : {column of customers: one value or several; None = not known}
    customers : of a snapshot

    Raises
    ------
    DataError : no such column, no value given, or one that nobody has
    """
    only = {}
    for name, values in columns.items():
        column = _column(name, split_columns(customers))
        only[column] = as_texts(UNKNOWN if one is None else one for one in _several(values))
        if not only[column]:
            raise DataError(f"where: {name} is given no value; name one or several.")
        require_values(customers[column], only[column], f"where: {name}")
    return only


def restricted(tables: Mapping[str, ir.Table], only: Only) -> dict[str, ir.Table]:
    """Every table, of the customers alone who have these values."""
    customers = tables["customers"]
    for name, values in only.items():
        customers = customers.filter(customers[name].isin(values))
    kept = {name: table.semi_join(customers, "customer_id") for name, table in tables.items()}
    return kept | {"customers": customers}


def with_remark(
    data_box: Sequence[Mapping[str, Any]], said: str, activity_table: str
) -> list[dict[str, Any]]:
    """A data box that says `said` of the table of activity."""
    accounts = [dict(account) for account in data_box]
    for account in accounts:
        if account["table"] == activity_table:
            account["remarks"] = [*account["remarks"], said]
    return accounts


def remark(only: Only, kept: ir.Table, everybody: ir.Table) -> str:
    """How many are left of all customers, for the data box.

    Raises
    ------
    DataError : nobody is left
    """
    n, of = n_customers(kept), n_customers(everybody)
    if not n:
        raise DataError(
            f"only {in_a_title(only)}: nobody is left of {of:,} customers, so there is nothing to "
            "report."
        )
    return f"Only customers with {in_a_title(only)}: {n:,} of {of:,}."


def n_customers(customers: ir.Table) -> int:
    """Those who ever were customers."""
    return int(collect(customers.agg(n=customers.first_active_on.count())).n.item())


def _column(name: str, known: Sequence[str]) -> str:
    if name in known:
        return name
    if SHORT.get(name) in known:
        return SHORT[name]
    hint = nearest(name, known) or f". They have: {', '.join(known) or 'none'}."
    raise DataError(f"where: customers have no column {name!r}{hint}")


def _several(values: Any) -> list[Any]:
    if pd.api.types.is_list_like(values):
        return list(values)
    return [values]
