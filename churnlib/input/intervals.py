"""How often something is paid, as people and billing systems write it, in months."""

import re

MONTHS = {"day": 12 / 365, "week": 12 / 52, "month": 1.0, "quarter": 3.0, "year": 12.0}
"""How many months one unit of an interval is: a week 12/52, a day 12/365."""
_WORDS = {  # a word on its own: how many of which unit; bimonthly and biannual mean two things
    "daily": (1, "day"),
    "weekly": (1, "week"),
    "fortnight": (2, "week"),
    "fortnightly": (2, "week"),
    "monthly": (1, "month"),
    "quarterly": (1, "quarter"),
    "semiannual": (6, "month"),
    "semiannually": (6, "month"),
    "semiyearly": (6, "month"),
    "halfyear": (6, "month"),
    "halfyearly": (6, "month"),
    "annual": (1, "year"),
    "annually": (1, "year"),
    "yearly": (1, "year"),
}
_UNITS = {
    **{unit: unit for unit in MONTHS},
    **{"d": "day", "w": "week", "wk": "week", "m": "month", "mo": "month", "mon": "month"},
    **{"mth": "month", "q": "quarter", "qtr": "quarter", "y": "year", "yr": "year"},
    "annum": "year",
}
_ISO = {"D": "day", "W": "week", "M": "month", "Y": "year"}
KNOWN = "month, monthly, quarterly, 6 months, year, yearly, annual, 1 year, P1Y, month x 12, week"
"""What a message says can be read; capitals, blanks and hyphens aside."""


def months_of(text: str) -> float | None:
    """The length of an interval in months; None where it is not understood.

    Examples
    --------
    >>> months_of("Yearly"), months_of("3 months"), months_of("P1Y"), months_of("month x 12")
    (12.0, 3.0, 12.0, 12.0)
    >>> months_of("annual (monthly)") is None
    True
    """
    if iso := re.fullmatch(r"\s*P(\d+)([DWMY])\s*", text.upper()):
        return _length(int(iso[1]), _ISO[iso[2]])
    words = re.sub(r"[\s_./-]+", " ", text.lower()).strip()
    words = re.sub(r"^(every|each|per|a|an|once a|once every) ", "", words)
    if known := _WORDS.get(words.replace(" ", "")):
        return _length(*known)
    if counted := re.fullmatch(r"(\d+) ?x? ?([a-z]+)", words):
        return _of(int(counted[1]), counted[2])
    if times := re.fullmatch(r"([a-z]+) ?[x×*]? ?(\d+)", words):
        return _of(int(times[2]), times[1])
    return _of(1, words)


def says_two(text: str) -> bool:
    """Whether it names a term and how that is billed, as `annual (monthly)` does.

    Examples
    --------
    >>> says_two("annual (monthly)"), says_two("monthly")
    (True, False)
    """
    known = [months_of(word) for word in re.findall(r"[A-Za-z]+", text)]
    return len({length for length in known if length}) > 1


def _of(count: int, word: str) -> float | None:
    unit = _UNITS.get(word) or _UNITS.get(word.removesuffix("s"))
    return _length(count, unit) if unit else None


def _length(count: int, unit: str) -> float | None:
    return count * MONTHS[unit] if count else None
