"""Text files that are not UTF-8, or whose lines end in CR alone, as the engine can read them."""

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from churnlib.errors import DataError
from churnlib.temporary import temporary_folder

CHUNK = 1 << 20


@contextmanager
def as_utf8(path: Path, encoding: str | None) -> Iterator[Path]:
    """The file itself where it can be read as it is; else a copy in UTF-8, gone afterwards.

    Parameters
    ----------
    path : a CSV file, compressed where its name ends in .gz
    encoding : as the parameter file gives it; None = UTF-8

    Raises
    ------
    DataError : not in that encoding
    """
    if encoding is None and not _ends_in_cr(path):
        yield path
        return
    with temporary_folder() as folder:
        copy = folder / f"{path.name.removesuffix('.gz')}"
        _transcode(path, copy, encoding or "utf-8-sig")
        yield copy


def _transcode(path: Path, copy: Path, encoding: str) -> None:
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with (
            opened(path, "rt", encoding=encoding) as source,
            copy.open("w", encoding="utf-8", newline="\n") as target,
        ):
            while text := source.read(CHUNK):
                target.write(text)
    except UnicodeError:
        raise DataError(
            f"{path.name}: not written in {encoding}. Give the encoding it was saved in, such as "
            "utf-8, latin-1, cp1252 or utf-16."
        ) from None
    except (EOFError, gzip.BadGzipFile):
        raise DataError(f"{path.name}: not a complete gzip file. Copy it again.") from None


def _ends_in_cr(path: Path) -> bool:
    """Whether lines end in CR alone, as old spreadsheets write them."""
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rb") as file:
            head = file.read(CHUNK)
    except (EOFError, gzip.BadGzipFile):
        return False  # said where the file is read
    is_text = b"\0" not in head
    return is_text and b"\r" in head and b"\n" not in head
