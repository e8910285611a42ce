"""The business as it was known at the end of a period: what every measure takes."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import ibis.expr.types as ir
import pandas as pd
from ibis.common.deferred import Deferred

from churnlib.engine import materialise
from churnlib.errors import DataError, nearest
from churnlib.params.changes import Change
from churnlib.params.model import Params
from churnlib.periods import Grain, Period
from churnlib.results.csv_files import csv_name
from churnlib.results.data_package import TABLES_FOLDER
from churnlib.results.declared import Result, declaration, table_name
from churnlib.results.segments import JOINER, UNKNOWN
from churnlib.snapshot.restriction import asked, n_customers, remark, restricted, with_remark
from churnlib.snapshot.shown import as_html, as_text
from churnlib.snapshot.tables import write_engine_rows, write_frame

__all__ = ["Snapshot"]

META = "snapshot.json"
Split = str | Sequence[str] | ir.Value | Deferred
"""What measures split by: a column of customers, several, or an expression over customers."""
Kept = TypeVar("Kept", ir.Table, pd.DataFrame)


@dataclass(frozen=True, repr=False)
class Snapshot:
    """The canonical tables of a business, as they were known at `as_of`.

    Every measure takes one: `f(snapshot, *, by=None)`. The tables are Ibis tables, to be asked
    directly where no measure does.

    Attributes
    ----------
    params : Params : the parameters of the business
    period : Period : the month or quarter that is reported
    customers : one row a customer: customer_id, signed_up_on, first_active_on (first paid span or
        first purchase; NULL = never a customer), observed_from (entry into observation),
        first_plan or first_category, acquisition_cost, attributes
    subscriptions : one row a span of constant price: customer_id, starts_on, ends_on (NULL = open
        at as_of), mrr, plan, interval_months, subscription_id, renews_on, cancelled_on (NULL =
        not given, or not before as_of), end_reason (how it ended), cancel_feedback; None for
        orders only
    orders : one row an order or order line: customer_id, ordered_on, amount (negative = a return),
        order_id, category; None for subscriptions only
    data_box : one account a table of the source: read, kept, set aside, by reason
    first_day : the day the records begin
    partial : whether the period is not over in the data
    fingerprint : a hash of the rows
    folder : where the frozen files lie, and tables/ is written
    unattributed : sales that name no customer: ordered_on, amount; None = there are none. Only
        `sales` counts them, and no one who looks at some customers alone
    payments : one row an attempt: invoice_id, customer_id, attempted_on, due_on, amount, status
        (paid, failed, refunded), failure_reason; None = not given
    surveys : one row a customer who was asked: customer_id, kind (exit, nps, csat), asked_on,
        answered_on (NULL = not answered), score, reason; None = not given
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
    unattributed: ir.Table | None = None
    payments: ir.Table | None = None
    surveys: ir.Table | None = None
    _chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    _kept: dict[str, ir.Table | pd.DataFrame] = field(
        default_factory=dict, init=False, compare=False
    )

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
    def left_edge(self) -> Period | None:
        """The first period of a shop's records, where `opened_on` does not say that it began then:
        who bought first in it may have bought before. None of subscriptions, whose starts are true.
        """
        if self.orders is None:
            return None
        first = Period.containing(self.first_day, self.grain)
        opened = self.params.opening_day
        return None if opened and opened >= first.shift(-1).start else first

    @property
    def n_customers(self) -> int:
        """Those who ever were customers before as_of."""
        return n_customers(self.customers)

    @property
    def title(self) -> str:
        """What pages call the business, and which of its customers they are about."""
        return self.params.display_title

    @property
    def restricted(self) -> dict[str, list[str]]:
        """{column of customers: the values that are in here}; empty = everybody is."""
        return {name: list(values) for name, values in self.params.only.items()}

    @property
    def tables(self) -> dict[str, ir.Table]:
        """The tables that are there, by their names."""
        given = {
            "customers": self.customers,
            "subscriptions": self.subscriptions,
            "orders": self.orders,
            "payments": self.payments,
            "surveys": self.surveys,
        }
        return {name: table for name, table in given.items() if table is not None}

    @property
    def known_changes(self) -> list[Change]:
        """`changes` of the parameters that have begun by as_of, the first one first."""
        return self.params.changes_begun(self.as_of)

    @property
    def attrs(self) -> dict[str, Any]:
        """What every result of this snapshot says of itself, see `results.columns`."""
        return {
            "currency": self.currency,
            "grain": self.grain,
            "period": self.period.label,
            "model": self.params.model,
            "changes": [(one.day, one.label) for one in self.known_changes],
        }

    def where(self, /, **columns: Any) -> "Snapshot":
        """A snapshot of some customers alone: all its tables are restricted to them.

        Its twin in a parameter file is `only`, which restricts a report.

        Parameters
        ----------
        columns : a column of customers (an attribute, first_plan or first_category) and its value,
            or a list of values; values are compared as text and exactly. `plan` and `category` are
            short for what a customer had first; None stands for those of whom it is not known.

        Returns
        -------
        Snapshot : of the same period; its title and data box say whom it is about, and so do the
            names of the tables that it writes

        Raises
        ------
        DataError : no such column, a value that nobody has, or nobody is left

        Examples
        --------
        >>> from churnlib.snapshot.open import from_frames
        >>> spans = pd.DataFrame({"customer_id": ["a", "b"], "starts_on": "2026-01-01", "mrr": 9})
        >>> people = pd.DataFrame({"customer_id": ["a", "b"], "country": ["DE", "FR"]})
        >>> all_of_them = from_frames({"customers": people, "subscriptions": spans}, currency="EUR")
        >>> all_of_them.where(country="DE").restricted
        {'country': ['DE']}
        """
        only = asked(columns, self.customers)
        tables = restricted(self.tables, only)
        data_box = self.data_box
        if only:
            said = remark(only, tables["customers"], self.customers)
            data_box = with_remark(data_box, said, self.params.activity_table)
        return replace(
            self,
            params=self.params.model_copy(update={"only": self.restricted | only}),
            customers=tables["customers"],
            subscriptions=tables.get("subscriptions"),
            orders=tables.get("orders"),
            payments=tables.get("payments"),
            surveys=tables.get("surveys"),
            unattributed=None if only else self.unattributed,
            data_box=data_box,
            fingerprint=hashlib.sha256(f"{self.fingerprint}{only}".encode()).hexdigest(),
            _chosen={**self._chosen, **only},
        )

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

    def once(self, name: str, make: Callable[[], Kept]) -> Kept:
        """What several measures start from: computed for the first, kept for the others; a table
        on the engine, a small frame as it is.
        """
        if name not in self._kept:
            made = make()
            self._kept[name] = materialise(made) if isinstance(made, ir.Table) else made
        kept = self._kept[name]
        return kept.copy() if isinstance(kept, pd.DataFrame) else kept

    def months_before(self, n: int) -> date:
        """The day `n` months before as_of."""
        return Period.containing(self.as_of, "month").shift(-n).start

    def write_table(self, frame: pd.DataFrame, *, name: str | None = None) -> pd.DataFrame:
        """Write a result as tables/<name>.csv, and what its columns are as tables/<name>.json.

        Parameters
        ----------
        frame : a result as a measure or model gives it: its declaration says what the file is
            called, which columns it has and what their heads are
        name : what the file is called, of a frame that does not say which result it is

        Returns
        -------
        DataFrame : the frame, which now says where it was written (`attrs["file"]`)

        Raises
        ------
        ResultError : the frame is not as declared, or neither declared nor given a name
        """
        declared = None
        if name is None or frame.attrs.get("result"):
            declared = declaration(frame)
        name = self._file_name(name or table_name(frame))
        write_frame(self.folder / TABLES_FOLDER, name, frame, declared)
        frame.attrs["file"] = f"{TABLES_FOLDER}/{csv_name(name)}"
        return frame

    def write_rows(self, name: str, table: ir.Table, declared: Result | None = None) -> Path | None:
        """Write tables/<name>.csv of a table with a row a customer, without fetching it.

        `declared` says what its columns are, for tables/<name>.json. Nothing is written, and None
        returned, unless the parameters say `customer_lists: true`: these are rows about persons.
        """
        if not self.params.customer_lists:
            return None
        folder = self.folder / TABLES_FOLDER
        return write_engine_rows(folder, self._file_name(name), table, declared, self.attrs)

    def _file_name(self, name: str) -> str:
        """Tables of a restricted snapshot do not overwrite those of everybody."""
        parts = [f"{column}_{'_'.join(values)}" for column, values in self._chosen.items()]
        return "_".join([name, "where", *parts]) if parts else name

    def _value(self, by: str | ir.Value | Deferred) -> ir.Value:
        column = self.require_column(by) if isinstance(by, str) else by
        (value,) = self.customers.bind(column)
        return value

    def __repr__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)


def _parts(by: Split) -> Sequence[str | ir.Value | Deferred]:
    return by if isinstance(by, list | tuple) else [by]
