"""Periods, segments and rates as every measure needs them: whole-number periods on the engine, a dense axis after it.

On the engine a period is a whole number (periods since year 0), because months and quarters then need no date
functions beyond year and month, which every engine has.
"""

from datetime import date
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import pandas as pd

from churnlib.models.intervals import wilson
from churnlib.periods import MONTHS, Grain, Period
from churnlib.schemas import UNKNOWN

if TYPE_CHECKING:
    from churnlib.snapshot import Snapshot


MONEY_DECIMALS = 4
"""Decimals of money on the engine (`money.MONEY`). Sums of floats are rounded to them: this takes the last bit's noise
away and nothing else, in currencies of three decimals too."""


def period_number(day: ir.DateValue, grain: Grain) -> ir.IntegerValue:
    """The period that a day lies in, as a whole number: an expression on the engine."""
    return ((day.year() * 12 + day.month() - 1) // MONTHS[grain]).cast("int64")


def number_of(period: Period) -> int:
    """The same number of a `Period`."""
    return (period.start.year * 12 + period.start.month - 1) // MONTHS[period.grain]


def period_at(number: int, grain: Grain) -> Period:
    """The `Period` of a number."""
    year, within = divmod(int(number) * MONTHS[grain], 12)
    return Period(date(year, within + 1, 1), grain)


def last_period(snapshot: "Snapshot", grain: Grain | None = None) -> Period:
    """The last period of a grain that is complete by as_of (for the snapshot's own grain: the reported one)."""
    return Period.containing(snapshot.as_of, grain or snapshot.period.grain).shift(-1)


def first_listed(snapshot: "Snapshot", first: int, grain: Grain) -> int:
    """The first period to list: the one of the first activity, or the first that the records cover wholly.

    Where `data_from` says that the records begin after the customers did, what happened before it was seen only of
    those who stayed: such periods would show no churn, and are not listed.
    """
    begin = snapshot.params.first_day
    if begin is None:
        return first
    period = Period.containing(begin, grain)
    return max(first, number_of(period if period.start == begin else period.shift(1)))


def members(snapshot: "Snapshot", by: str | None = None) -> ir.Table:
    """Everybody who ever became a customer: customer_id, first_active_on, observed_from, is_late, [by].

    is_late: observed only after the start, as the customer was there before the records begin.
    """
    customers = snapshot.customers
    chosen = customers.filter(customers.first_active_on < snapshot.as_of)
    split = {by: chosen[snapshot.require_column(by)].cast("string").fill_null(UNKNOWN)} if by else {}
    late = (chosen.observed_from > chosen.first_active_on).fill_null(False)
    return chosen.select("customer_id", "first_active_on", "observed_from", is_late=late, **split)


def joined(rows: ir.Table, people: ir.Table) -> ir.Table:
    """Rows with the columns of their customer beside them; no row is lost where the customer is unknown."""
    wanted = [name for name in people.columns if name != "customer_id"]
    both = rows.left_join(people, "customer_id").select(*rows.columns, *wanted)
    texts = [name for name in wanted if both[name].type().is_string()]
    return both.mutate(**{name: both[name].fill_null(UNKNOWN) for name in texts}) if texts else both


def dense(frame: pd.DataFrame, last: int, by: str | None = None) -> pd.DataFrame:
    """One row a period (column `period`) and segment, from the first period to `last`; 0 where nothing happened."""
    keys = [by, "period"] if by else ["period"]
    if frame.empty:
        return frame.sort_values(keys, ignore_index=True)
    numbers = range(int(frame["period"].min()), last + 1)
    full = pd.MultiIndex.from_product([sorted(frame[by].unique()), numbers], names=keys) if by else numbers
    filled = frame.set_index(keys).reindex(full, fill_value=0)
    return (filled if by else filled.rename_axis("period")).reset_index()


def dated(frame: pd.DataFrame, grain: Grain) -> pd.DataFrame:
    """`period` turned into `period_start`, the first column."""
    starts = pd.to_datetime([period_at(number, grain).start for number in frame["period"]])
    rest = frame.drop(columns="period")
    rest.insert(0, "period_start", starts.astype("datetime64[ns]"))
    return rest.reset_index(drop=True)


def ratio(numerator: pd.Series, denominator: pd.Series) -> pd.Series:
    """Element by element; empty (NaN) where there is nothing to divide by."""
    return numerator / denominator.where(denominator > 0)


def with_rate(frame: pd.DataFrame, numerator: str, denominator: str, name: str = "rate") -> pd.DataFrame:
    """The rate of two count columns with its Wilson limits: `rate`, `low`, `high`, or `<name>`, `<name>_low`, ..."""
    prefix = "" if name == "rate" else f"{name}_"
    low, high = wilson(frame[numerator], frame[denominator])
    rate = ratio(frame[numerator], frame[denominator])
    return frame.assign(**{name: rate, f"{prefix}low": low, f"{prefix}high": high})


def add_up(frame: pd.DataFrame, columns: list[str], by: str | None = None) -> pd.DataFrame:
    """Running totals of columns along the periods, within each segment."""
    return frame.groupby(by, sort=False)[columns].cumsum() if by else frame[columns].cumsum()


def count_if(condition: ir.BooleanValue) -> ir.IntegerValue:
    """How many rows meet a condition; 0, not null, where there are none."""
    return condition.cast("int64").sum().fill_null(0).cast("int64")


def days_between(start: ir.DateValue, end: ir.DateValue | date) -> ir.IntegerValue:
    """Whole days from one date to another: an expression on the engine."""
    end = ibis.literal(end, type="date") if isinstance(end, date) else end
    return end.delta(start, unit="day").cast("int64")
