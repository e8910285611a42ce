"""Whether the customers of one table are those of another: ids compared, and never said in full."""

import re
from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.errors import DataError
from churnlib.input.source import RawTable
from churnlib.params.model import Params
from churnlib.params.source import TableSource

MAX_SHAPE = 20
"""Characters of an id whose shape is told."""


def compare_ids(
    tables: Mapping[str, ir.Table],
    accounts: Mapping[str, dict[str, Any]],
    opened: Mapping[str, tuple[RawTable, TableSource]],
    params: Params,
) -> None:
    """Ids that are numbers here and text there would leave every customer without attributes."""
    given = tables.get("customers")
    if given is None:
        return
    active = tables[params.activity_table].select("customer_id").distinct()
    unknown = active.anti_join(given, "customer_id")
    seen = collect(active.agg(ids=active.count(), first=active.customer_id.min())).iloc[0]
    there = collect(given.agg(ids=given.count(), first=given.customer_id.min())).iloc[0]
    n_unknown = collect(unknown.agg(n=unknown.count())).n.item()
    own = accounts[params.activity_table]
    if there["ids"] and seen["ids"] and n_unknown == seen["ids"]:
        raise DataError(
            f"{own['file']}: no customer_id stands in {accounts['customers']['file']} too; they "
            f"look like {_shape(seen['first'])!r} here and {_shape(there['first'])!r} there. Map "
            "the same id under columns.customer_id, or bring one to the other with an expression."
        )
    if n_unknown and (chosen := opened["customers"][1].filter):
        raise DataError(
            f"source.tables.customers.filter: {n_unknown:,} of {seen['ids']:,} customers with "
            f"{params.activity_table} are left out of customers, and would still be counted. A "
            f"filter does not restrict the report: only: {_as_only(chosen)} does, on the columns "
            "of customers."
        )
    if n_unknown:
        own["remarks"].append(
            f"{n_unknown:,} customers stand in no row of customers: their attributes are unknown."
        )


def _as_only(chosen: Mapping[str, list[Any]]) -> str:
    """A filter as `only` would be written."""
    parts = [f"{name}: [{', '.join(map(str, values))}]" for name, values in chosen.items()]
    return "{" + ", ".join(parts) + "}"


def _shape(identifier: str) -> str:
    """How an id looks, without saying who it is: `C-1042` is `A-9999`."""
    return re.sub(r"[^\W\d_]", "A", re.sub(r"\d", "9", identifier[:MAX_SHAPE]))
