"""Whether anybody has the values that a report or a snapshot is to be restricted to."""

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.errors import DataError, nearest
from churnlib.results.segments import UNKNOWN

MAX_NAMED = 10
"""Values that a message lists, the most frequent first."""
MAX_COMPARED = 1_000
"""Values among which the nearest is looked for."""


def require_values(column: ir.StringColumn, wanted: Sequence[str], said_by: str) -> None:
    """A `DataError` where nobody has one of these values; it names the nearest and what is there.

    Parameters
    ----------
    column : of a table of customers or of their activity, as text; NULL = unknown
    wanted : values, compared exactly
    said_by : what the message begins with
    """
    known = column.fill_null(UNKNOWN).name("value").as_table()
    found = set(collect(known.filter(known.value.isin(wanted)).distinct())["value"])
    missing = [value for value in wanted if value not in found and value != UNKNOWN]
    if not missing:
        return
    counted = known.group_by("value").agg(n=known.count())
    frequent = counted.order_by([ibis.desc("n"), "value"]).limit(MAX_COMPARED)
    there = collect(frequent)["value"].tolist()
    hint = nearest(missing[0], there) or "."
    listed = ", ".join(repr(value) for value in there[:MAX_NAMED])
    more = ", ..." if len(there) > MAX_NAMED else ""
    raise DataError(
        f"{said_by} = {missing[0]!r}: nobody has this value{hint} There: {listed}{more}."
    )
