"""A table told to other programs: its descriptor as the Frictionless Table Schema has it.

Each CSV file of a report has one beside it; the report's datapackage.json is composed of them.
Besides what that standard names, a field says its unit, which columns its share rests on and its
range, and how a page shows it. References: https://specs.frictionlessdata.io/tabular-data-resource
and https://specs.frictionlessdata.io/table-schema.
"""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Literal

from churnlib.results.columns import Column, Kind
from churnlib.results.csv_files import csv_name
from churnlib.results.declared import CONTEXT, Result
from churnlib.results.segments import in_words

FieldType = Literal["integer", "number", "string", "boolean", "date", "datetime"]
TABLES_FOLDER = "tables"
TYPES: dict[Kind, FieldType] = {
    "count": "integer",
    "share": "number",
    "money": "number",
    "number": "number",
    "text": "string",
    "word": "string",
    "flag": "boolean",
    "day": "date",
    "period": "date",
}


def resource(
    name: str,
    declared: Result | None,
    heads: Mapping[str, str],
    found: Mapping[str, FieldType | None],
    context: Mapping[str, str],
) -> dict[str, Any]:
    """The descriptor of one table.

    Parameters
    ----------
    name : of the table
    declared : what it is; None = not declared
    heads : {column: its head in the file}, see `csv_columns`
    found : {column: the type of the values that were written}; None = there is no value
    context : what the table says of itself: currency, grain, period, by

    Returns
    -------
    dict : ready for JSON
    """
    title = declared.title if declared else in_words(name)
    told = {key: context[key] for key in (*CONTEXT, "by") if context.get(key)}
    return {
        "profile": "tabular-data-resource",
        "name": _resource_name(name),
        "path": f"{TABLES_FOLDER}/{csv_name(name)}",
        "title": title[:1].upper() + title[1:],
        "description": declared.grain if declared else "",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        **told,
        "schema": {
            "fields": [_field(one, declared, heads, found[one], told) for one in heads],
            "missingValues": [""],
        },
    }


def _field(
    name: str,
    declared: Result | None,
    heads: Mapping[str, str],
    found: FieldType | None,
    context: Mapping[str, str],
) -> dict[str, Any]:
    column = declared.column(name) if declared else None
    if column is None:
        return {"name": heads[name], "type": found or "string", "title": in_words(heads[name])}
    told = {
        "name": heads[name],
        "type": _type(column, found),
        "title": column.label,
        "description": column.meaning,
        "unit": _unit(column, context),
        "denominator": heads.get(column.denominator, ""),
        "low": heads.get(column.low, ""),
        "high": heads.get(column.high, ""),
        "shown": _shown(column, context),
    }
    return {key: value for key, value in told.items() if value != ""}


def _type(column: Column, found: FieldType | None) -> FieldType:
    """As declared, unless the values that were written are something else."""
    declared = TYPES[column.kind]
    if found in (None, declared) or (declared, found) == ("number", "integer"):
        return declared
    return found


def _unit(column: Column, context: Mapping[str, str]) -> str:
    if column.kind == "money":
        return context.get("currency", "")
    if column.kind == "share":
        return "1"  # a share of one: 0.25 is 25 %
    return column.unit


def _shown(column: Column, context: Mapping[str, str]) -> dict[str, Any]:
    """How a page shows it, as a hint."""
    how = column.format(context.get("currency", ""), context.get("grain", "month"))
    return {"as": how.kind, "decimals": how.decimals, "signed": how.signed}


def _resource_name(name: str) -> str:
    """Small letters, digits and signs, as the standard wants them; still one name a table."""
    plain = re.sub(r"[^a-z0-9._-]+", "-", name.lower())
    if plain == name:
        return plain
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
