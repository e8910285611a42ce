"""Write a report's tables: whole or not at all, and nothing in them that a spreadsheet would run.

Beside each <name>.csv stands <name>.json, which tells other programs what its columns are.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis.expr.datatypes as dt
import ibis.expr.types as ir
import pandas as pd

from churnlib.engine import FORMULA, write_csv
from churnlib.results.csv_files import csv_columns, csv_name
from churnlib.results.data_package import FieldType, resource
from churnlib.results.declared import Result

TEXTS = ["object", "string", "category"]


def write_frame(folder: Path, name: str, frame: pd.DataFrame, declared: Result | None) -> Path:
    """Write a result as <name>.csv with its descriptor.

    Declared columns come first, under their declared heads; formulas are defused in texts and in
    heads; counts are whole numbers.

    Raises
    ------
    ResultError : the frame is not as declared
    """
    heads = csv_columns(declared, list(frame.columns))
    written = _whole_numbers(_safe(frame[list(heads)]))
    found = {name: _type_of(written[name]) for name in heads}
    heads = {name: _defused(head) for name, head in heads.items()}
    with _complete(folder / csv_name(name)) as aside:
        written.rename(columns=heads).to_csv(
            aside, index=False, date_format="%Y-%m-%d", lineterminator="\n"
        )
    _describe(folder, name, resource(name, declared, heads, found, frame.attrs))
    return folder / csv_name(name)


def write_engine_rows(
    folder: Path,
    name: str,
    table: ir.Table,
    declared: Result | None,
    context: Mapping[str, str],
) -> Path:
    """The same of a table with a row a customer, without fetching it."""
    heads = csv_columns(declared, table.columns)
    heads = {one: _defused(head) for one, head in heads.items()}
    found = {one: _engine_type(dtype) for one, dtype in table.schema().items()}
    with _complete(folder / csv_name(name)) as aside:
        write_csv(table.select(**{head: table[one] for one, head in heads.items()}), aside)
    _describe(folder, name, resource(name, declared, heads, found, context))
    return folder / csv_name(name)


def _describe(folder: Path, name: str, descriptor: dict[str, Any]) -> None:
    text = json.dumps(descriptor, ensure_ascii=False, indent=1, allow_nan=False)
    with _complete((folder / csv_name(name)).with_suffix(".json")) as aside:
        aside.write_text(text + "\n", encoding="utf-8", newline="\n")


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


def _safe(frame: pd.DataFrame) -> pd.DataFrame:
    texts = frame.select_dtypes(include=TEXTS).columns
    return frame.assign(**{column: frame[column].map(_defused) for column in texts})


def _whole_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """A count with empty cells is still a whole number."""
    counts = [
        column for column in frame.select_dtypes("float") if (frame[column].dropna() % 1 == 0).all()
    ]
    return frame.astype(dict.fromkeys(counts, "Int64"))


def _defused(value: Any) -> Any:
    if isinstance(value, str) and re.match(FORMULA, value):
        return "'" + value
    return value


def _type_of(column: pd.Series) -> FieldType | None:
    """What the values are that were written; None where there is none."""
    present = column.dropna()
    if present.empty:
        return None
    if pd.api.types.is_bool_dtype(column):
        return "boolean"
    if pd.api.types.is_integer_dtype(column):
        return "integer"
    if pd.api.types.is_numeric_dtype(column):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(column):
        return "date"
    kind = pd.api.types.infer_dtype(present)
    return {"boolean": "boolean", "date": "date", "decimal": "number"}.get(kind, "string")


def _engine_type(dtype: dt.DataType) -> FieldType:
    if dtype.is_boolean():
        return "boolean"
    if dtype.is_integer():
        return "integer"
    if dtype.is_numeric():
        return "number"
    if dtype.is_date():
        return "date"
    return "datetime" if dtype.is_timestamp() else "string"
