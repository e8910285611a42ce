"""Churn, retention and customer value: numbers people can defend.

The concepts, in the order in which data flow (docs/glossary.md has every word):

- `open` reads a parameter file, checks its source and cuts it at a period's end; `from_frames` does
  so with tables at hand. Step by step: `read_params`, `check`, `freeze`.
- The `Snapshot` that comes out is what every **measure** takes:
  `f(snapshot, *, by=None) -> small DataFrame`. A split result has its value in the column
  `segment`.
- **Models** take small frames of grouped counts and give small frames (or a fit that says what it
  found). A frame says in its `attrs` which result it is; docs/results.md has every column of each.
- **Figures** take a result and give Axes: `plot_x(result, *, ax=None)`. **Findings** take a result
  and give a sentence with its verdict: `say_x(result)`.
- **Blocks** are what a notebook's cells end in; `churnlib report` turns notebooks into pages.

In a notebook: `snapshot = cl.start(globals())`, and then one question a cell. Names load when they
are first used, so that importing this package costs nothing. Each module says in its own `__all__`
which of its names are public.
"""

import functools
import importlib
import re
from pathlib import Path
from typing import Any

__version__ = "0.1.0"

_ALL = re.compile(r"^__all__ = \[(.*?)\]", re.MULTILINE | re.DOTALL)


@functools.cache
def _homes() -> dict[str, str]:
    """{public name: module that has it}, as the modules' files say; none of them is imported."""
    package = Path(__file__).parent
    found = {}
    for path in sorted(package.rglob("*.py")):
        listed = _ALL.search(path.read_text(encoding="utf-8"))
        if listed and path.parent != package / "simulate":
            module = ".".join(("churnlib", *path.relative_to(package).with_suffix("").parts))
            found |= dict.fromkeys(re.findall(r'"(\w+)"', listed[1]), module)
    return found


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return ["__version__", *_homes()]
    if name not in _homes():
        raise AttributeError(f"module 'churnlib' has no attribute {name!r}")
    return getattr(importlib.import_module(_homes()[name]), name)


def __dir__() -> list[str]:
    return sorted(["__version__", *_homes()])
