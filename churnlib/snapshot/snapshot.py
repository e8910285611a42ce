"""The business as it was known at the end of a period: what every measure takes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import materialise
from churnlib.errors import DataError, nearest
from churnlib.params.model import Params
from churnlib.periods import Grain, Period
from churnlib.snapshot.tables import write_engine_rows, write_frame

META = "snapshot.json"
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

    def require_column(self, name: str) -> str:
        """`name` if customers can be split by it, else a `DataError` that names the nearest."""
        if name in self.customers.columns:
            return name
        raise DataError(f"customers have no column {name!r}{nearest(name, self.customers.columns)}")

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
