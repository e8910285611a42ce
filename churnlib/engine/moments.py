"""Days and moments as sources write them, on the business's clock."""

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

EPOCH = "epoch"
"""The form of seconds or milliseconds since 1970."""
INSTANT = dt.Timestamp(timezone="UTC")
_MOMENT = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?"


def parse_date(
    column: ir.Column, *, form: str | None = None, stamps: str | None = None, timezone: str
) -> ir.Column:
    """A date from what the source has, in the business's time zone; NULL where it cannot be one.

    See `parse_moment`, whose hour is dropped.
    """
    if column.type().is_date():
        return column
    return parse_moment(column, form=form, stamps=stamps, timezone=timezone).date()


def parse_moment(
    column: ir.Column, *, form: str | None = None, stamps: str | None = None, timezone: str
) -> ir.Column:
    """A moment on the business's clock, without a zone; NULL where it cannot be one.

    Parameters
    ----------
    column : dates, timestamps, text, or numbers where `form` is "epoch"
    form : how texts are written where they are not ISO, as strptime has it; "epoch" = seconds or
        milliseconds since 1970 (what is no number is read as ISO)
    stamps : the time zone of times that name none; None = the business's own
    timezone : the business's
    """
    kind = column.type()
    if kind.is_timestamp() and kind.timezone:
        return _in_timezone(timezone, column)
    if kind.is_timestamp():
        return _moved(column, stamps, timezone)
    if kind.is_date():
        return column.cast("timestamp")
    text = column.cast("string")
    if form == EPOCH:
        since = _in_timezone(timezone, _since_epoch(text))
        return since.coalesce(_iso(text, stamps, timezone))
    if form:
        return _in_form(text, form, stamps, timezone)
    return _iso(text, stamps, timezone)


def has_unzoned_times(column: ir.Column, *, form: str | None) -> ir.BooleanScalar:
    """Whether a column holds times of a day without the zone they are of; midnight is none."""
    kind = column.type()
    if kind.is_timestamp():
        at_midnight = column == column.truncate("D")
        return (~at_midnight).any() if not kind.timezone else ibis.literal(False)
    if not kind.is_string() or form == EPOCH or "%z" in (form or ""):
        return ibis.literal(False)
    if form:
        return (column.notnull() & ("%H" in form or "%I" in form)).any()
    a_time = column.re_search(_MOMENT + "$")
    return (a_time & ~column.re_search(r" 00:00(:00(\.0+)?)?$")).any()


def plus_days(day: ir.DateValue, days: ir.IntegerValue | int) -> ir.DateValue:
    """So many days later; a date, where the engine would make it a moment."""
    days = days if isinstance(days, ir.Value) else ibis.literal(days)
    return (day.cast("timestamp") + days.cast("int64").as_interval("D")).cast("date")


def plus_months(day: ir.DateValue, months: ir.NumericValue | int) -> ir.DateValue:
    """So many months later, or the last day of that month where it has no such day."""
    months = months if isinstance(months, ir.Value) else ibis.literal(months)
    return (day.cast("timestamp") + months.cast("int64").as_interval("M")).cast("date")


def _iso(text: ir.StringValue, stamps: str | None, timezone: str) -> ir.TimestampValue:
    """Strictly: what is not understood is no date, instead of a wrong one."""
    plain = text.re_replace(r"(?i) ?(utc|gmt|z)$", "+00:00")
    plain = plain.re_replace(r" ?([+-]\d{2}):?(\d{2})$", r"\1:\2")
    a_day = (text.length() == 10) & text.like("____-__-__")
    a_moment = text.re_search(_MOMENT + "$")
    with_offset = plain.re_search(_MOMENT + r"[+-]\d{2}(:\d{2})?$")
    return ibis.cases(
        (a_day, text.try_cast("date").cast("timestamp")),
        (a_moment, _moved(text.try_cast("timestamp"), stamps, timezone)),
        (with_offset, _in_timezone(timezone, plain.try_cast(INSTANT))),
        else_=ibis.null("timestamp"),
    )


def _in_form(
    text: ir.StringValue, form: str, stamps: str | None, timezone: str
) -> ir.TimestampValue:
    moment = _try_strptime(text, form)
    if "%z" in form:
        return _in_timezone(timezone, moment.cast(INSTANT))
    if "%H" in form or "%I" in form:
        return _moved(moment, stamps, timezone)
    return moment


def _moved(moment: ir.TimestampValue, stamps: str | None, timezone: str) -> ir.TimestampValue:
    """A time without a zone, from the zone it was written in to the business's."""
    if stamps is None or stamps == timezone:
        return moment
    return _in_timezone(timezone, _at_timezone(stamps, moment))


def _since_epoch(text: ir.StringValue) -> ir.TimestampValue:
    """Seconds, or milliseconds and finer where the number is too large for seconds."""
    number = text.try_cast("float64")
    seconds = ibis.cases(
        (number.abs() < 1e11, number),
        (number.abs() < 1e14, number / 1e3),
        else_=number / 1e6,
    )
    return _to_instant(ibis.ifelse(seconds.abs() < 1e10, seconds, ibis.null("float64")))


@ibis.udf.scalar.builtin(name="try_strptime", signature=((dt.string, dt.string), dt.timestamp))
def _try_strptime(text, form): ...


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, INSTANT), dt.timestamp))
def _in_timezone(zone, instant): ...


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, dt.timestamp), INSTANT))
def _at_timezone(zone, moment): ...


@ibis.udf.scalar.builtin(name="to_timestamp", signature=((dt.float64,), INSTANT))
def _to_instant(seconds): ...
