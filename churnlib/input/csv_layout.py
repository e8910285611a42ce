"""What a CSV file's first line says, and what makes a file none: told before the engine reads it.

Nothing is guessed from the rows: a guess that goes wrong shifts columns or loses rows without a
word.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from churnlib.errors import DataError

SEPARATORS = (",", ";", "\t", "|")
WHITESPACE = "whitespace"
CHUNK = 1 << 24
"""Bytes read at a time. A line that fills a whole chunk is refused: the engine can lose one without
a word."""
_MARKS = {  # how a file begins that is no UTF-8 text: what it is, what to do
    b"\xff\xfe": "encoded as UTF-16. Set encoding: utf-16, or save it as CSV UTF-8",
    b"\xfe\xff": "encoded as UTF-16. Set encoding: utf-16, or save it as CSV UTF-8",
    b"PK\x03\x04": "an Excel workbook or a zip archive. "
    "Save the sheet as CSV UTF-8, or write Parquet",
    b"\x1f\x8b": "compressed with gzip. Call it .csv.gz",
    b"PAR1": "a Parquet file. Call it .parquet",
}


@dataclass(frozen=True)
class Layout:
    """The columns that the first line names, and what stands between them."""

    columns: tuple[str, ...]
    separator: str


def read_layout(path: Path, separator: str | None, *, called: str) -> Layout:
    """Read a file to its end, and its first line for what it says.

    Parameters
    ----------
    path : a CSV file, compressed where its name ends in .gz
    separator : as the parameter file gives it ("whitespace": any number of spaces);
        None = the one that cuts the first line into most columns
    called : what messages call the file

    Raises
    ------
    DataError : empty, not text, not UTF-8, broken off, a line that never ends, no or repeated
        column names
    """
    text = _text(_head(path, called), called)
    given = {"tab": "\t"}.get(separator or "", separator)
    candidates = [given] if given else SEPARATORS
    rows = {one: row for one in candidates if (row := _first_row(text, one)) is not None}
    if not rows:
        raise DataError(
            f'{called}, line 1: a quote (") is not closed, or stands within a name unquoted.'
        )
    found = max(rows, key=lambda one: len(rows[one]))
    return Layout(column_names(rows[found], f"{called}, line 1"), found)


def column_names(names: Sequence[str], where: str) -> tuple[str, ...]:
    """The names of a table's columns, trimmed; one without a name is called by its place.

    Raises
    ------
    DataError : no column has a name, or two have the same, capitals aside; begins with `where`
    """
    named = tuple(name.strip() or f"column {n}" for n, name in enumerate(names, start=1))
    if not any(name.strip() for name in names):
        raise DataError(f"{where}: empty. The first line names the columns.")
    seen: dict[str, int] = {}
    for n, name in enumerate(named, start=1):
        first = seen.setdefault(name.casefold(), n)
        if first != n:
            raise DataError(
                f"{where}: columns {first} and {n} are both called {name!r}. Rename one there."
            )
    return named


def _head(path: Path, called: str) -> bytes:
    """The beginning of a file that was seen to be whole: a broken gzip file would silently be a
    shorter one.
    """
    head, lines = b"", 1
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rb") as file:
            while chunk := file.read(CHUNK):
                head = head or chunk
                if len(chunk) == CHUNK and b"\n" not in chunk and b"\r" not in chunk:
                    raise DataError(
                        f"{called}, line {lines:,}: longer than {CHUNK:,} bytes. "
                        "Lines end in a line break."
                    )
                lines += chunk.count(b"\n")
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(
            f"{called}: not a complete gzip file (broken off, damaged, or not compressed at "
            "all). Copy it again, or drop .gz from its name."
        ) from None
    return head


def _text(head: bytes, file: str) -> str:
    """The first line and what follows it."""
    mark = next((what for mark, what in _MARKS.items() if head.startswith(mark)), None)
    if not mark and b"\0" in head[:1000]:
        mark = "no text (it holds zero bytes), or UTF-16. Save it as CSV UTF-8"
    if mark:
        raise DataError(f"{file}: not CSV but {mark}.")
    if not head.strip():
        raise DataError(f"{file}: the file is empty.")
    # Rows that are not UTF-8 are found, with their line, when read.
    text = head.decode("utf-8-sig", errors="replace")
    if "\ufffd" in text.partition("\n")[0]:
        raise DataError(
            f"{file}, line 1: not UTF-8. Say how it was saved, such as encoding: latin-1, or save "
            "it as CSV UTF-8."
        )
    return text


def _first_row(text: str, separator: str) -> list[str] | None:
    """What a separator cuts the first line into; None where it cannot be one."""
    if separator == WHITESPACE:
        return text.partition("\n")[0].split()
    try:
        return next(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error:
        return None
