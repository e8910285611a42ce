"""The business as it was known at the end of a period: what every measure takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd
from ibis.common.deferred import Deferred

from churnlib.engine import materialise
from churnlib.errors import DataError, nearest
from churnlib.params.model import Params
from churnlib.periods import Grain, Period
from churnlib.results.segments import JOINER, UNKNOWN
from churnlib.snapshot.tables import write_engine_rows, write_frame

META = "snapshot.json"
Split = str | Sequence[str] | ir.Value | Deferred
"""What measures split by: a column of customers, several, or an expression over customers."""
TABLES_FOLDER = "tables"


@dataclass(frozen=True)
class Snapshot:
    """The canonical tables at `as_of`.

    customers : customer_id, signed_up_on, first_active_on (first paid span or first purchase; NULL
    = never a
        customer), observed_from (entry into observation), first_plan or first_category,
        acquisition_cost, attributes.
    subscriptions : customer_id, starts_on, ends_on (NULL = open at as_of), mrr, plan; None for
    orders only.
    orders : customer_id, ordered_on, amount (negative = a return), order_id, category; None for
    subscriptions only.
    first_day : the day the records begin. partial : the period is not over in the data.
    """

    params: Params
    period: Period
    customers: ir.Table
    subscriptions: ir.Table | None
    orders: ir.Table | None
    data_box: list[dict[str, Any]]
    first_day: date
    partial: bool
    fingerprint: str
    folder: Path
    _kept: dict[str, ir.Table] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def as_of(self) -> date:
        """The end of the period, exclusive: what was not known before this day is not in here."""
        return self.period.end

    @property
    def currency(self) -> str:
        """What every amount is in."""
        return self.params.currency

    @property
    def grain(self) -> Grain:
        """Month or quarter."""
        return self.period.grain

    @property
    def attrs(self) -> dict[str, str]:
        """What every result of this snapshot says of itself, see `results.columns`."""
        return {
            "currency": self.currency,
            "grain": self.grain,
            "period": self.period.label,
            "model": self.params.model,
        }

    def require_column(self, name: str) -> str:
        """`name` if customers can be split by it, else a `DataError` that names the nearest."""
        if name in self.customers.columns:
            return name
        raise DataError(f"customers have no column {name!r}{nearest(name, self.customers.columns)}")

    def segment(self, by: Split) -> ir.StringValue:
        """The value of each customer that `by` splits by, as text over `customers`."""
        values = [self._value(one).cast("string").fill_null(UNKNOWN) for one in _parts(by)]
        joined = values[0]
        for value in values[1:]:
            joined = joined + JOINER + value
        return joined

    def split_name(self, by: Split) -> str:
        """What a split is called: its columns, or the expression's own name."""
        return "_".join(self._value(one).get_name() for one in _parts(by))

    def _value(self, by: str | ir.Value | Deferred) -> ir.Value:
        column = self.require_column(by) if isinstance(by, str) else by
        (value,) = self.customers.bind(column)
        return value

    def once(self, name: str, make: Callable[[], ir.Table]) -> ir.Table:
        """A table that several measures start from: computed for the first, kept on the engine
        for the others.
        """
        if name not in self._kept:
            self._kept[name] = materialise(make())
        return self._kept[name]

    def months_before(self, n: int) -> date:
        """The day `n` months before as_of."""
        return Period.containing(self.as_of, "month").shift(-n).start

    def write_table(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Write tables/<name>.csv beside the frozen data and give the frame back.

        Columns that `schemas.REPORT_TABLES` fixes come first, under their fixed names; text that a
        spreadsheet would run as a formula is defused.
        """
        write_frame(self.folder / TABLES_FOLDER, name, frame)
        return frame

    def write_rows(self, name: str, table: ir.Table) -> Path:
        """Write tables/<name>.csv of a table with a row a customer, without fetching it."""
        return write_engine_rows(self.folder / TABLES_FOLDER, name, table)


def _parts(by: Split) -> Sequence[str | ir.Value | Deferred]:
    return by if isinstance(by, list | tuple) else [by]
