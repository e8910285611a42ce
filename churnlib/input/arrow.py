"""Tables at hand in Python as Arrow tables: pandas, Ibis, and whatever offers its rows as Arrow.

Values keep their kind where a file could hold it; a column of several kinds becomes text, as a CSV
file would have it.
"""

from datetime import datetime
from typing import Any, Literal

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from churnlib.errors import DataError
from churnlib.input.csv_layout import column_names
from churnlib.params.tables import CUSTOMERS

_MOMENT, _INSTANT = pa.timestamp("us"), pa.timestamp("us", tz="UTC")
_KINDS = {  # what pandas finds in a column of Python objects, and what it becomes
    "string": pa.string(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "floating": pa.float64(),
    "mixed-integer-float": pa.float64(),
    "decimal": None,  # Arrow finds how many digits they have
    "empty": pa.string(),
}


def as_arrow(frame: Any, name: str) -> pa.Table:
    """The rows of a table, its index aside.

    Parameters
    ----------
    frame : a pandas frame, an Ibis table, or anything that offers its rows as Arrow
    name : what messages call it

    Raises
    ------
    DataError : not a table, column names that cannot be told apart, text that is not Unicode
    """
    if isinstance(frame, pd.DataFrame):
        _refuse_lost_index(frame, name)
        columns = [_column(frame.iloc[:, n], name) for n in range(frame.shape[1])]
        names = [str(one) for one in frame.columns]
        return pa.table(columns, names=column_names(names, name))
    if isinstance(frame, ir.Table):
        rows = frame.to_pyarrow()
    elif hasattr(frame, "__arrow_c_stream__"):
        rows = pa.table(frame)
    else:
        raise DataError(
            f"{name}: a {type(frame).__name__} is no table. Give a pandas frame or an Ibis table, "
            "or several by their names: {'customers': ..., 'subscriptions': ...}."
        )
    return rows.rename_columns(column_names(rows.column_names, name))


def _refuse_lost_index(frame: pd.DataFrame, name: str) -> None:
    """An index is no column; who it names would be lost without a word."""
    for one in frame.index.names:
        if one in CUSTOMERS.names() and one not in frame.columns:
            raise DataError(f"{name}: {one} is the index, which is not read. Use reset_index().")


def _column(values: pd.Series, name: str) -> pa.Array | pa.ChunkedArray:
    """One column; what Arrow has no type for becomes text."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    arrow = _arrow_type(values)
    try:
        if arrow == "text":
            return _texts(values)
        return pa.array(values, arrow, from_pandas=True, safe=False)
    except UnicodeEncodeError:
        raise DataError(f"{name}: column {values.name!r} holds text that is no Unicode.") from None
    except (pa.ArrowException, OverflowError, TypeError):
        return _texts(values)


def _arrow_type(values: pd.Series) -> pa.DataType | Literal["text"] | None:
    """What a column becomes; None = what Arrow finds itself."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return _INSTANT
    if values.dtype.kind == "M":
        return _MOMENT
    if values.dtype != object:
        known = values.dtype.kind in "biuf" or isinstance(values.dtype, pd.StringDtype)
        return None if known or isinstance(values.dtype, pd.ArrowDtype) else "text"
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind in ("date", "datetime"):
        return _date_type(values.dropna())
    return _KINDS.get(kind, "text")


def _date_type(values: pd.Series) -> pa.DataType | Literal["text"]:
    """Of days or of moments; where both stand, or moments with a zone and without, text."""
    moments = {isinstance(one, datetime) for one in values}
    with_zone = {isinstance(one, datetime) and one.tzinfo is not None for one in values}
    if len(moments) > 1 or len(with_zone) > 1:
        return "text"
    if moments == {False}:
        return pa.date32()
    return _INSTANT if with_zone == {True} else _MOMENT


def _texts(values: pd.Series) -> pa.Array:
    pairs = zip(values, values.isna(), strict=True)
    return pa.array([None if missing else str(one) for one, missing in pairs], pa.string())
