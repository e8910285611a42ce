"""Which customers a report is restricted to: `only` of a parameter file, and how it is said."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from churnlib.results.segments import in_words

MAX_SAID = 4
"""Values of one column that a title names; of more it says how many."""


def seen(text: str) -> str:
    """A text all of whose characters can be seen, or a ValueError."""
    if any(unicodedata.category(sign).startswith("C") for sign in text):
        raise ValueError("holds a character that cannot be seen; write it without")
    return text


def as_text(value: Any) -> str:
    """A value as it stands in the tables of a snapshot, where every attribute is text.

    Examples
    --------
    >>> as_text(True), as_text(2024), as_text(7.0), as_text("DE")
    ('true', '2024', '7', 'DE')
    """
    if type(value).__name__ in ("bool", "bool_"):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def as_texts(values: Iterable[Any]) -> list[str]:
    """The same of several, each once, in their order."""
    return list(dict.fromkeys(as_text(one) for one in values))


def in_a_title(only: Mapping[str, Sequence[str]]) -> str:
    """What a restriction reads like in a title.

    Examples
    --------
    >>> in_a_title({"country": ["DE"], "first_plan": ["Team", "Business"]})
    'country DE; first plan Team, Business'
    """
    return "; ".join(f"{in_words(name)} {_few(values)}" for name, values in only.items())


def _few(values: Sequence[str]) -> str:
    if len(values) <= MAX_SAID:
        return ", ".join(values)
    said = values[: MAX_SAID - 1]
    return f"{', '.join(said)} and {len(values) - len(said)} more"
