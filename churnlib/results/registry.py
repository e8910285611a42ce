"""Everything that is declared anywhere: no list of chapters, charts, tables or words is kept by
hand.
"""

import functools
import importlib
import pkgutil
from types import ModuleType

ROOMS = (
    "churnlib.statistics",
    "churnlib.measures",
    "churnlib.models",
    "churnlib.figures",
    "churnlib.findings",
)


@functools.cache
def import_declarations() -> tuple[ModuleType, ...]:
    """Import every module that may declare a result, a term, a chart or a finding; gives them in
    order.
    """
    found = []
    for room in ROOMS:
        package = importlib.import_module(room)
        for one in pkgutil.walk_packages(package.__path__, f"{room}."):
            found.append(importlib.import_module(one.name))
    return tuple(found)
