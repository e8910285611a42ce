"""Everything that is declared anywhere: no list of chapters, charts, tables or words is kept by
hand.
"""

import functools
import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from types import ModuleType

from churnlib.errors import ChurnlibError, nearest
from churnlib.results.declared import Result
from churnlib.results.terms import TERMS, Term

ROOMS = (
    "churnlib.statistics",
    "churnlib.measures",
    "churnlib.models",
    "churnlib.figures",
    "churnlib.findings",
    "churnlib.page",
)


@functools.cache
def import_declarations() -> tuple[ModuleType, ...]:
    """Import every module that may declare a result, a term, a chart or a finding; in order."""
    found = []
    for room in ROOMS:
        package = importlib.import_module(room)
        for one in pkgutil.walk_packages(package.__path__, f"{room}."):
            found.append(importlib.import_module(one.name))
    return tuple(found)


def results() -> dict[str, Result]:
    """Every result that a module of ours declares, by its name."""
    return {one.name: one for one in _declared() if isinstance(one, Result)}


def words() -> dict[str, Term]:
    """Every term that a module of ours defines, by its word."""
    return {one.word: one for one in _declared() if isinstance(one, Term)}


def terms(wanted: Iterable[str]) -> list[Term]:
    """The terms of these words, in this order.

    Raises
    ------
    ChurnlibError : a word that nobody has defined; names the nearest
    """
    import_declarations()
    for word in wanted:
        if word.lower() not in TERMS:
            raise ChurnlibError(f"No definition of {word!r}{nearest(word, TERMS) or '.'}")
    return [TERMS[word.lower()] for word in wanted]


def _declared() -> Iterator[object]:
    """What stands in the modules under a name, alone or in a tuple."""
    for module in import_declarations():
        for value in list(vars(module).values()):
            yield from value if isinstance(value, tuple) else (value,)
