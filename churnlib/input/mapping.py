"""Columns of the source under our names, and the rows that the filter keeps, each with its place.

Nothing is typed here: `checks` knows what a valid value is.
"""

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from churnlib.engine import DIALECT, compute, materialise, run
from churnlib.errors import DataError, nearest
from churnlib.input.columns import columns_there, existing, filtered, values_there
from churnlib.input.expressions import MAX_QUOTED, parse_expression
from churnlib.input.source import RawTable
from churnlib.params.source import TableSource
from churnlib.params.tables import TableSchema

MISSING = ("null", "none", "nan", "nat", "<na>", "n/a", "#n/a", "\\n")
"""How sources write that an id, a date or a number is not there, in small letters."""
MISSING_LENGTH = max(map(len, MISSING))
EDGES = r"^[\s\x{00A0}]+|[\s\x{00A0}]+$"
UNSEEN = r"[\pC]"
MAX_LABEL = 80  # characters of a text that pages and tables show
WHOLE = r"^(\d+)\.0$"
MOST_UNNAMED = 100
"""Attributes that are carried along though no key of the parameters names them."""


@dataclass(frozen=True)
class MappedTable:
    """One table as it stands in the source, under canonical names, cleaned and untyped.

    rows : canonical and attribute columns, `_row` (its place below the first line, from 1) and
        `_repeated` (the very same row of the source, all its columns, stood there before)
    file : what messages call it
    n_read, n_filtered : rows read, and rows of them that the filter left out
    names : what the source calls our columns
    settings : what the parameter file says of the table
    remarks, warnings : what a preset has to say of it
    anonymous : whether rows without a customer are ordinary: kept apart, and no error
    """

    name: str
    rows: ir.Table
    file: str
    n_read: int
    n_filtered: int
    names: dict[str, str]
    settings: TableSource
    remarks: Sequence[str] = ()
    warnings: Sequence[str] = ()
    anonymous: bool = False


def map_table(
    raw: RawTable, settings: TableSource, schema: TableSchema, wanted: Collection[str] = ()
) -> MappedTable:
    """Filter, rename, add constants and expressions.

    Of a table with very many columns of no meaning of its own only those are read that are `wanted`
    (names that keys of the parameters use) or mapped.

    Raises
    ------
    DataError or ParamsError : a column that the source or the schema does not have (naming the
        nearest one), a required column that is not mapped, an expression that is not allowed
    """
    key = f"source.tables.{schema.name}"
    _check_targets(settings, schema, key)
    # Names that begin with _ are ours: what the source calls so is not read.
    columns = [name for name in raw.rows.columns if not name.startswith("_")]
    every = _columns(columns, settings, schema, key)
    named = _not_too_many(every, settings, schema, wanted)
    whole = ibis.struct({f"f{n}": raw.rows[name] for n, name in enumerate(columns)})
    hashed = raw.rows.select("_row", *columns, _hash=whole.hash())
    kept = filtered(hashed, columns, settings, f"{key}.filter")
    rows = _with_expressions(kept, columns, settings, key)
    values = {ours: rows[theirs] for ours, theirs in named.items()}
    values |= {ours: ibis.literal(value) for ours, value in settings.constants.items()}
    values |= {ours: rows[_target(ours)] for ours in settings.expressions}
    _require(values, columns, schema, key)
    cleaned = _cleaned(rows.select("_row", "_hash", **values), schema)
    kept = run(lambda: materialise(cleaned), raw.file)
    n_read = n_kept = kept.count().execute()
    if settings.filter:
        n_read = run(lambda: raw.rows.count().execute(), raw.file)
    if n_read and not n_kept:
        raise DataError(
            f"{raw.file}: {key}.filter keeps none of {n_read:,} rows. {values_there(raw, settings)}"
        )
    return MappedTable(
        name=schema.name,
        rows=_with_repeats(kept),
        file=raw.file,
        n_read=n_read,
        n_filtered=n_read - n_kept,
        names=named,
        settings=settings,
        remarks=[*raw.remarks, *_left_out(len(every) - len(named))],
        warnings=raw.warnings,
        anonymous=raw.anonymous,
    )


def _cleaned(rows: ir.Table, schema: TableSchema) -> ir.Table:
    """Text trimmed, empty as NULL; ids, dates and numbers also where the source writes NULL or the
    like.

    In two steps, so that the engine trims each value once.
    """
    kinds = {name: "text" for name in rows.columns if not name.startswith("_")}
    kinds |= {column.name: column.type for column in schema.columns if column.name in kinds}
    trimmed = {name: _trimmed(_as_text(rows[name], kind)) for name, kind in kinds.items()}
    rows = rows.mutate(**trimmed)
    return rows.mutate(**{name: _given(rows[name], kind) for name, kind in kinds.items()})


def _as_text(value: ir.Value, kind: str) -> ir.Value:
    """Ids as text; a whole number stored with a fraction without it, so that an id is the same in
    every table.
    """
    if not value.type().is_floating():
        return value.cast("string") if kind == "id" else value
    value = value.nullif(float("nan"))
    if kind in ("money", "number", "count"):
        return value
    whole = (value == value.round(0)) & (value.abs() < 2**53)
    return ibis.ifelse(whole, value.cast("int64").cast("string"), value.cast("string"))


def _trimmed(value: ir.Value) -> ir.Value:
    if not value.type().is_string():
        return value
    return ibis.ifelse(value.re_search(EDGES), value.re_replace(EDGES, ""), value).nullif("")


def _given(text: ir.Value, kind: str) -> ir.Value:
    """NULL where an id, a date or a number is not there, however the source writes that."""
    if not text.type().is_string():
        return text
    if kind == "text":
        return _readable(text)
    whole = text
    if kind == "id":
        whole = ibis.ifelse(text.endswith(".0"), text.re_replace(WHOLE, r"\1"), text)
    short = ibis.ifelse(text.lower().isin(MISSING), ibis.null("string"), whole)
    return ibis.ifelse(text.length() <= MISSING_LENGTH, short, whole)


def _readable(text: ir.StringValue) -> ir.StringValue:
    """A label as a page can show it: no sign that turns the line or is not seen, and no novel."""
    seen = ibis.ifelse(text.re_search(UNSEEN), text.re_replace(UNSEEN, "").nullif(""), text)
    return ibis.ifelse(text.length() > MAX_LABEL, seen.left(MAX_LABEL - 1) + "…", seen)


def _with_repeats(rows: ir.Table) -> ir.Table:
    """Say of each row whether the very same stood there before: hashes find, values decide."""
    same = [name for name in rows.columns if name != "_row"]
    return rows.mutate(_repeated=seen_before(rows, "_hash", same)).drop("_hash")


def seen_before(rows: ir.Table, key: str, same: list[str]) -> ir.BooleanValue:
    """Of each row whether one before it has the same values: only rows that share `key` can."""
    several = rows.group_by(key).agg(_n=rows.count()).filter(ibis._._n > 1)
    candidates = rows.semi_join(several, key)
    place = ibis.row_number().over(ibis.window(group_by=same, order_by="_row"))
    placed = candidates.select("_row", _place=place)
    return rows._row.isin(materialise(placed.filter(placed._place > 0).select("_row"))._row)


def _columns(
    columns: list[str], settings: TableSource, schema: TableSchema, key: str
) -> dict[str, str]:
    """Which of the source's columns each of ours is, where it is one as it stands."""
    canonical = {name: name for name in schema.names()}
    given = (*settings.columns, *settings.constants, *settings.expressions)
    elsewhere = {name.lower() for name in given}
    used = {theirs.lower() for theirs in settings.theirs.values()}
    named = {}
    for name in columns:
        ours = canonical.get(name.lower(), name if schema.attributes else "")
        is_taken = ours.lower() in elsewhere or name.lower() in used
        if ours and not ours.startswith("_") and not is_taken:
            named[ours] = name
    for ours, theirs in settings.theirs.items():
        named[ours] = existing(theirs, columns, f"{key}.columns.{ours}")
    return named


def _not_too_many(
    named: dict[str, str], settings: TableSource, schema: TableSchema, wanted: Collection[str]
) -> dict[str, str]:
    own = {*schema.names(), *settings.theirs, *(name.lower() for name in wanted)}
    unnamed = [name for name in named if name not in own and name.lower() not in own]
    if len(unnamed) <= MOST_UNNAMED:
        return named
    return {ours: theirs for ours, theirs in named.items() if ours not in unnamed}


def _left_out(columns: int) -> list[str]:
    if not columns:
        return []
    return [
        f"{columns:,} columns are not read, as no key names them: more than {MOST_UNNAMED} are too "
        "many to carry along."
    ]


def _with_expressions(
    rows: ir.Table, columns: list[str], settings: TableSource, key: str
) -> ir.Table:
    for ours, text in settings.expressions.items():
        where = f"{key}.expressions.{ours}"
        added = {_target(ours): parse_expression(text, columns, key=where, dialect=DIALECT)}
        said_by = f"{where} = {text[:MAX_QUOTED]!r}"
        rows = run(lambda rows=rows, added=added: compute(rows, added), said_by)
    return rows


def _target(ours: str) -> str:
    """A name that no column of the source has: an expression never shadows what it reads."""
    return f"_expression_{ours}"


def _check_targets(settings: TableSource, schema: TableSchema, key: str) -> None:
    given = {
        "columns": settings.columns,
        "constants": settings.constants,
        "expressions": settings.expressions,
    }
    seen: dict[str, str] = {}
    for kind, names in given.items():
        for name in names:
            known = schema.attributes or name in schema.names()
            if not known or name.startswith("_") or not name.isprintable():
                hint = nearest(name, schema.names()) or f"; it has: {', '.join(schema.names())}."
                raise DataError(f"{key}: {name!r} is not a column of {schema.name}{hint}")
            if name.lower() in seen:
                raise DataError(
                    f"{key}.{kind}: {name!r} is given under {seen[name.lower()]} already. "
                    "Leave one."
                )
            seen[name.lower()] = kind


def _require(
    values: dict[str, ir.Value], columns: list[str], schema: TableSchema, key: str
) -> None:
    for name in schema.required():
        if name not in values:
            hint = columns_there(columns)
            near = difflib.get_close_matches(name, columns, n=1, cutoff=0.4)
            if near and len(columns) > 1:
                hint = f"The nearest is {near[0]!r}."
            raise DataError(
                f"{key}: the column {name!r} is missing. Map it under {key}.columns.{name}. {hint}"
            )
