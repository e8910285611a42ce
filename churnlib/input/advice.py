"""How to mend what the checks found, concrete enough to be copied into the parameter file."""

import ibis
import ibis.expr.types as ir

from churnlib.engine import collect, parse_date
from churnlib.input.mapping import MappedTable

ENOUGH = 0.9
"""The share of unread dates that a format must read to be advised."""
SAMPLE = 10_000
DATE_FORMATS = (
    *(
        "%d.%m.%Y",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%Y/%m/%d",
        "%Y%m%d",
        "%d-%m-%Y",
        "%m-%d-%Y",
        "%Y-%m-%d",
        "%Y.%m.%d",
    ),
    *(
        "%d.%m.%y",
        "%d/%m/%y",
        "%m/%d/%y",
        "%d %b %Y",
        "%d-%b-%Y",
        "%b %d, %Y",
        "%d %B %Y",
        "%B %d, %Y",
    ),
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_DIGITS = "regexp_replace({}, '[^0-9.-]', '', 'g')"
_NOT_A_DATE, _NOT_A_NUMBER = "{} is not a date", "{} is not a number"
# How people write amounts that no computer reads: what it is called, what it looks like, what makes
# it a number.
_NUMBERS = (
    ("has a decimal comma", r"^[-+]?(\d+|\d{1,3}(\.\d{3})+),(\d{1,2}|\d{4,})$", "replace(replace({}, '.', ''), ',', '.')"),
    ("has thousands separators", r"^[-+]?\d{1,3}([,' ]\d{3})+(\.\d+)?$", _DIGITS),
    ("holds a currency", r"^([A-Z]{3}|[$€£¥])\s?[-\d.,]+$|^[-\d.,]+\s?([A-Z]{3}|[$€£¥])$", _DIGITS),
)  # fmt: skip


def refined(aside: ir.Table, columns: list[str]) -> ir.Table:
    """Say of a number that was not read how it is written, where that is known."""
    branches = []
    for name in dict.fromkeys(name for name in columns if name in aside.columns):
        text, unread = (
            aside[name].cast("string").strip(),
            aside._reason == _NOT_A_NUMBER.format(name),
        )
        branches += [
            (unread & text.re_search(pattern), f"{name} {what}") for what, pattern, _ in _NUMBERS
        ]
    return aside.mutate(_reason=ibis.cases(*branches, else_=aside._reason)) if branches else aside


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
        codes = collect(
            rows.select(code=rows.currency.strip().upper()).distinct().order_by("code").limit(5)
        ).code
        return f" Give exchange_rates: {{{', '.join(f'{code}: ...' for code in codes)}}}."
    return ""


def _about_dates(name: str, rows: ir.Table, mapped: MappedTable) -> str:
    texts = rows.select(text=rows[name].cast("string").strip()).limit(SAMPLE)
    forms = [form + time for form in DATE_FORMATS for time in TIMES]
    read = {
        f"f{n}": parse_date(texts.text, form=form, timezone="UTC").notnull().mean()
        for n, form in enumerate(forms)
    }
    shares = collect(
        texts.agg(**read, iso=parse_date(texts.text, form=None, timezone="UTC").notnull().mean())
    ).iloc[0]
    if mapped.date_format and shares["iso"] >= ENOUGH:
        return f" They are ISO dates: leave out date_format: {mapped.date_format!r}."
    best = max(shares[f"f{n}"] for n in range(len(forms)))
    found = [form for n, form in enumerate(forms) if shares[f"f{n}"] == best]
    if best < ENOUGH:
        return ""
    doubt = (
        f" (or {found[1]!r}, which reads as many: look which is meant)" if len(found) > 1 else ""
    )
    if _others_are_read(name, rows, mapped):
        both = f"CASE WHEN {{0}} LIKE '____-__-__%' THEN {{0}}::TIMESTAMP ELSE strptime({{0}}, '{found[0]}') END"
        return f" Dates stand in two ways: ISO and {found[0]!r}{doubt}.{_expression(name, mapped, both)}"
    return f" Set date_format: {found[0]!r}{doubt}."


def _others_are_read(name: str, rows: ir.Table, mapped: MappedTable) -> bool:
    given = mapped.rows.filter(mapped.rows[name].cast("string").strip() != "")
    return not mapped.date_format and given.count().execute() > rows.count().execute()


def _expression(name: str, mapped: MappedTable, mend: str) -> str:
    """The line to write, on the column as the source calls it."""
    theirs = mapped.names.get(name, name)
    column = theirs if theirs.isidentifier() else '"' + theirs.replace('"', '""') + '"'
    instead = f" in place of columns.{name}" if theirs != name else ""
    return f" Set expressions: {{{name}: {mend.format(column)!r}}}{instead}."
