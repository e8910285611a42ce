"""Why a chapter failed, in one line that names the cell and the heading above it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nbformat import NotebookNode

INJECTED = "injected-parameters"  # the tag of the cell that papermill puts in
MAX_MESSAGE = 400
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_HEADING = re.compile(r"^#{1,6}\s+(.*\S)", re.MULTILINE)


@dataclass(frozen=True)
class Fault:
    """Why a chapter failed.

    message : one line. cell : its number in the notebook, from 1. heading : the one above it.
    """

    message: str
    cell: int | None = None
    heading: str | None = None
    traceback: str = ""


def fault_of(error: BaseException, doing: str) -> Fault:
    """A fault outside any cell, such as while a page is rendered."""
    return Fault(f"{doing}: {one_line(f'{type(error).__name__}: {error}')}")


def fault_at(cells: Sequence[NotebookNode], index: int, message: str, traceback: str = "") -> Fault:
    """A fault in a cell of an executed notebook: the cell that we inject has no number."""
    number = 1 + sum(INJECTED not in cell.metadata.get("tags", []) for cell in cells[:index])
    return Fault(one_line(message), number, _heading_above(cells, index), traceback)


def without_colours(text: str) -> str:
    """A traceback as plain text."""
    return _ANSI.sub("", text)


def one_line(text: str) -> str:
    """A message without line breaks, colours and other control characters, cut where it is long."""
    line = " ".join(without_colours(text).split())
    printable = "".join(character for character in line if character.isprintable())
    return printable if len(printable) <= MAX_MESSAGE else f"{printable[: MAX_MESSAGE - 1]}…"


def _heading_above(cells: Sequence[NotebookNode], index: int) -> str | None:
    for cell in reversed(cells[:index]):
        found = _HEADING.findall(cell.source) if cell.cell_type == "markdown" else []
        if found:
            return found[-1]
    return None
