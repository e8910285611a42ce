"""Numbers for people: money, shares, counts and dates, always with the same decimals for the same
thing.

A format is a short text, so that a notebook can say it in passing: `[+]kind[.decimals]`, where kind
is `count`, `percent`, `number`, `month`, `quarter`, `day`, `text`, `word` (one of our own, such as
discounted_value) or a currency code (`EUR`), and `+` shows the sign of gains too.
"""

import math
import re
from datetime import date
from decimal import Decimal
from numbers import Real
from typing import NamedTuple

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, get_currency_precision

LOCALE = "en_GB"
# British English abbreviates September to four letters and every other month to three.
DATE_LOCALE = "en"
MINUS = "\u2212"
JOINER = "\u2060"  # keeps a line from breaking between a sign and its amount
MISSING = "\u2013"
_GRAMMAR = re.compile(
    r"(?P<sign>\+?)(?P<kind>count|percent|number|month|quarter|day|text|word|[A-Z]{3})"
    r"(?:\.(?P<decimals>\d))?"
)
_DIRECTION = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_DECIMALS = {"percent": 1, "number": 1}
_DATES = {"month": "MMM yyyy", "quarter": "'Q'Q yyyy", "day": "d MMM yyyy"}


class Format(NamedTuple):
    """How the values of one column read."""

    kind: str
    decimals: int = 0
    signed: bool = False
    currency: str = ""

    @property
    def is_numeric(self) -> bool:
        """Whether values stand to the right, digit under digit."""
        return self.kind in ("count", "percent", "number", "money")

    @property
    def unit(self) -> str:
        """What the column header says in brackets: `%`, the currency's code, or nothing."""
        return {"percent": "%", "money": self.currency}.get(self.kind, "")


def parse_format(text: str) -> Format:
    """Read a format.

    Examples
    --------
    >>> parse_format("percent"), parse_format("+EUR.2").decimals
    (Format(kind='percent', decimals=1, signed=False, currency=''), 2)
    """
    found = _GRAMMAR.fullmatch(text)
    if not found:
        raise ValueError(
            f"{text!r} is not a format: write [+]kind[.decimals], such as count, percent.2 or +EUR."
        )
    kind, signed = found["kind"], bool(found["sign"])
    decimals = int(found["decimals"] or _DECIMALS.get(kind, 0))
    if kind.isupper():
        return Format("money", min(decimals, get_currency_precision(kind)), signed, kind)
    return Format(kind, decimals, signed)


def is_missing(value: object) -> bool:
    """None, NaN, NaT, NA and infinities: nothing that a reader should see."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, Real | Decimal) and not math.isfinite(value)


def cell(value: object, how: str | Format) -> str:
    """The value without its unit, for a table whose header has the unit.

    Examples
    --------
    >>> cell(0.0345, "percent"), cell(1234.5, "EUR"), cell(-20, "+count"), cell(None, "count")
    ('3.5', '1,234', '\u221220', '\u2013')
    """
    form = parse_format(how) if isinstance(how, str) else how
    if is_missing(value):
        return MISSING
    if form.kind == "text":
        return ("yes" if value else "no") if _is_flag(value) else str(value)
    if form.kind == "word":
        words = str(value).replace("_", " ")
        return words[:1].upper() + words[1:]
    if form.kind in _DATES:
        return format_date(value, _DATES[form.kind], locale=DATE_LOCALE)
    return _signed(value * 100 if form.kind == "percent" else value, form)


def text(value: object, how: str | Format) -> str:
    """The value with its unit, for a sentence or a key figure.

    Examples
    --------
    >>> text(0.0345, "percent"), text(1234.5, "EUR.2"), text(0.002, "+percent")
    ('3.5\\xa0%', '€1,234.50', '+0.2\\xa0%')
    """
    form = parse_format(how) if isinstance(how, str) else how
    if is_missing(value) or form.kind not in ("percent", "money"):
        return cell(value, form)
    if form.kind == "percent":
        return f"{cell(value, form)}\u00a0%"
    return money(value, form.currency, form.decimals, signed=form.signed)


def money(value: float, currency: str, decimals: int = 0, *, signed: bool = False) -> str:
    """An amount with the sign of its currency; never more decimals than the currency has.

    Examples
    --------
    >>> money(-1234.5, "EUR", 2), money(1234.5, "JPY", 2), money(99.4, "USD", signed=True)
    ('\u2212\\u2060€1,234.50', 'JP¥1,234', '+\\u2060US$99')
    """
    if is_missing(value):
        return MISSING
    decimals = min(decimals, get_currency_precision(currency))
    size = round(abs(value), decimals)
    pattern = "¤#,##0" + ("." + "0" * decimals if decimals else "")
    body = format_currency(size, currency, pattern, locale=LOCALE, currency_digits=False)
    sign = _sign(value, size, signed)
    return f"{sign}{JOINER}{body}" if sign else body


def visible(text: object) -> str:
    """Text of the data without the marks that turn the direction of whatever follows it.

    Examples
    --------
    >>> visible("\u202eads\u202c")
    'ads'
    """
    return _DIRECTION.sub("", str(text))


def interval(low: float, high: float, how: str | Format) -> str:
    """A range in one unit: `3.1 to 4.2 %`.

    Examples
    --------
    >>> interval(0.031, 0.042, "percent"), interval(1000, 2500, "EUR")
    ('3.1 to 4.2\\xa0%', '€1,000 to €2,500')
    """
    form = parse_format(how) if isinstance(how, str) else how
    first = cell(low, form) if form.kind == "percent" else text(low, form)
    return f"{first} to {text(high, form)}"


def points(difference: float, decimals: int = 1) -> str:
    """A difference between two shares, in percentage points.

    Examples
    --------
    >>> points(0.004), points(-0.0123)
    ('+0.4\\xa0points', '\u22121.2\\xa0points')
    """
    body = cell(difference, Format("percent", decimals, signed=True))
    return body if body == MISSING else f"{body}\u00a0points"


def day(value: date) -> str:
    """A date in full: `1 October 2026`."""
    return MISSING if is_missing(value) else format_date(value, "d MMMM yyyy", locale=DATE_LOCALE)


def _is_flag(value: object) -> bool:
    """True and False of Python or numpy."""
    return type(value).__name__ in ("bool", "bool_")


def _signed(value: float, form: Format) -> str:
    size = round(abs(value), form.decimals)
    pattern = "#,##0" + ("." + "0" * form.decimals if form.decimals else "")
    return _sign(value, size, form.signed) + format_decimal(size, pattern, locale=LOCALE)


def _sign(value: float, size: float, signed: bool) -> str:
    """None where the rounded value is nought: a minus before it would claim a direction that the
    digits do not show.
    """
    if not size:
        return ""
    return MINUS if value < 0 else "+" if signed else ""
