"""How to mend what the checks found, concrete enough to be copied into the parameter file."""

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect
from churnlib.engine.moments import parse_date
from churnlib.input.intervals import KNOWN
from churnlib.input.mapping import MappedTable
from churnlib.input.rules import DUPLICATE, TWO_INTERVALS, UNKNOWN_INTERVAL

ENOUGH = 0.9
"""The share of unread dates that a format must read to be advised."""
SAMPLE = 10_000
"""Unread dates that formats are tried on."""
MAX_CODES = 5
DATE_FORMATS = (
    *("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%Y%m%d", "%d-%m-%Y", "%m-%d-%Y"),
    *("%Y-%m-%d", "%Y.%m.%d", "%d.%m.%y", "%d/%m/%y", "%m/%d/%y"),
    *("%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y"),
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_NOT_A_DATE, _NOT_A_NUMBER = "{} is not a date", "{} is not a number"
_DIGITS = "regexp_replace({}, '[^0-9.-]', '', 'g')"
_TWO_WAYS = (
    "CASE WHEN {{0}} LIKE '____-__-__%' THEN {{0}}::TIMESTAMP ELSE strptime({{0}}, '{form}') END"
)
_COMMA = r"^[-+]?(\d+|\d{1,3}(\.\d{3})+),(\d{1,2}|\d{4,})$"
_THOUSANDS = r"^[-+]?\d{1,3}([,' ]\d{3})+(\.\d+)?$"
_WITH_CURRENCY = r"^([A-Z]{3}|[$€£¥])\s?[-\d.,]+$|^[-\d.,]+\s?([A-Z]{3}|[$€£¥])$"
# How people write amounts that no computer reads: what it is called, what it looks like, what makes
# it a number.
_NUMBERS = (
    ("has a decimal comma", _COMMA, "replace(replace({}, '.', ''), ',', '.')"),
    ("has thousands separators", _THOUSANDS, _DIGITS),
    ("holds a currency", _WITH_CURRENCY, _DIGITS),
)


def refined(aside: ir.Table, columns: list[str]) -> ir.Table:
    """Say of a number that was not read how it is written, where that is known."""
    branches = []
    for name in dict.fromkeys(name for name in columns if name in aside.columns):
        text = aside[name].cast("string").strip()
        unread = aside._reason == _NOT_A_NUMBER.format(name)
        for what, pattern, _ in _NUMBERS:
            branches.append((unread & text.re_search(pattern), f"{name} {what}"))
    if not branches:
        return aside
    return aside.mutate(_reason=ibis.cases(*branches, else_=aside._reason))


def advice(reason: str, aside: ir.Table, mapped: MappedTable) -> str:
    """What to write into the parameter file, or nothing where only the source can be mended."""
    name, _, what = reason.partition(" ")
    rows = aside.filter(aside._reason == reason)
    mend = next((mend for known, _, mend in _NUMBERS if known == what), None)
    if mend:
        return _expression(name, mapped, mend)
    if reason == _NOT_A_DATE.format(name):
        return _about_dates(name, rows, mapped)
    if reason.startswith("currency has no rate"):
        codes = rows.select(code=rows.currency.strip().upper()).distinct()
        first = collect(codes.order_by("code").limit(MAX_CODES)).code
        rates = ", ".join(f"{code}: ..." for code in first)
        return f"Give exchange_rates: {{{rates}}}."
    if reason in (UNKNOWN_INTERVAL, TWO_INTERVALS):
        return _about_intervals(rows)
    if reason == DUPLICATE:
        return "Where repeats are real, set policies: {duplicates: keep}."
    return ""


def _about_intervals(rows: ir.Table) -> str:
    found = ""
    if "interval" in rows.columns:
        words = rows.select(word=rows.interval.cast("string")).distinct().order_by("word")
        named = ", ".join(repr(one) for one in collect(words.limit(MAX_CODES)).word.dropna())
        found = f"There: {named}. " if named else ""
    return f"{found}An interval is how often amount is paid, such as {KNOWN}."


def _about_dates(name: str, rows: ir.Table, mapped: MappedTable) -> str:
    shares = _shares_read(rows.select(text=rows[name].cast("string").strip()).limit(SAMPLE))
    iso = shares.pop(None)
    if mapped.settings.date_format and iso >= ENOUGH:
        return f"They are ISO dates: leave out date_format: {mapped.settings.date_format!r}."
    best = max(shares.values())
    if best < ENOUGH:
        return ""
    form, *others = [form for form, share in shares.items() if share == best]
    doubt = ""
    if others:
        doubt = f" (or {others[0]!r}, which reads as many: look which is meant)"
    if _others_are_read(name, rows, mapped):
        mend = _expression(name, mapped, _TWO_WAYS.format(form=form))
        return f"Dates stand in two ways: ISO and {form!r}{doubt}. {mend}"
    return f"Set date_format: {form!r}{doubt}."


def _shares_read(texts: ir.Table) -> dict[str | None, float]:
    """The share of these texts that each date format reads; None stands for ISO."""
    forms = [None, *(form + time for form in DATE_FORMATS for time in TIMES)]
    read = {
        f"f{n}": parse_date(texts.text, form=form, timezone="UTC").notnull().mean()
        for n, form in enumerate(forms)
    }
    return dict(zip(forms, collect(texts.agg(**read)).iloc[0], strict=True))


def _others_are_read(name: str, rows: ir.Table, mapped: MappedTable) -> bool:
    given = mapped.rows.filter(mapped.rows[name].cast("string").strip() != "")
    return not mapped.settings.date_format and given.count().execute() > rows.count().execute()


def _expression(name: str, mapped: MappedTable, mend: str) -> str:
    """The line to write, on the column as the source calls it."""
    theirs = mapped.names.get(name, name)
    column = theirs
    if not theirs.isidentifier():
        column = '"' + theirs.replace('"', '""') + '"'
    instead = f" in place of columns.{name}" if theirs != name else ""
    return f"Set expressions: {{{name}: {mend.format(column)!r}}}{instead}."
