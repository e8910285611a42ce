"""Write a report's tables: whole or not at all, and nothing in them that a spreadsheet would
run.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import FORMULA, write_csv
from churnlib.results.csv_files import csv_name, with_fixed_columns


def write_frame(folder: Path, name: str, frame: pd.DataFrame) -> None:
    """Write a result as <name>.csv: fixed columns first, formulas defused in texts and in
    headers, counts as whole numbers.
    """
    fixed = with_fixed_columns(name, frame)
    texts = fixed.select_dtypes(include=["object", "string", "category"]).columns
    safe = fixed.assign(**{column: fixed[column].map(_defused) for column in texts})
    counts = [
        column for column in safe.select_dtypes("float") if (safe[column].dropna() % 1 == 0).all()
    ]
    safe = safe.astype(
        dict.fromkeys(counts, "Int64")
    )  # a count with empty cells is still a whole number
    with _complete(folder / csv_name(name)) as aside:
        safe.rename(columns=_defused).to_csv(
            aside, index=False, date_format="%Y-%m-%d", lineterminator="\n"
        )


def write_engine_rows(folder: Path, name: str, table: ir.Table) -> Path:
    """Write a table with a row a customer as <name>.csv, without fetching it."""
    with _complete(folder / csv_name(name)) as aside:
        write_csv(table, aside)
    return folder / csv_name(name)


@contextmanager
def _complete(file: Path) -> Iterator[Path]:
    """A hidden file to write into, which takes its name only when it is complete."""
    file.parent.mkdir(exist_ok=True)
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        yield aside
        os.replace(aside, file)
    finally:
        aside.unlink(missing_ok=True)


def _defused(value: Any) -> Any:
    return "'" + value if isinstance(value, str) and re.match(FORMULA, value) else value
