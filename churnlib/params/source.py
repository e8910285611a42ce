"""Where the tables of a business come from and how they are written there: `source` of a file."""

import codecs
import re
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
)

from churnlib.errors import masked, nearest
from churnlib.params.only import seen
from churnlib.params.servers import keeps_secrets, scheme_of
from churnlib.params.tables import TABLES

PACKAGE_SCHEME = "package:"
FRAMES = "frames:"
"""The `source.uri` of a business whose tables were handed over in Python, see `from_frames`."""
Scalar = str | bool | int | float
Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(seen)]
_SIGNS = set("YymbBdjHIMSfpzaA%")
"""What a date_format may hold. Names of zones (%Z) are not among them: they are ambiguous."""


class StrictModel(BaseModel):
    """A part of the parameter file: no further key, and nothing that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, populate_by_name=True)


class Cents(StrictModel):
    """A column of money in the currency's minor unit: `amount: {cents: amount_due}`."""

    cents: str


def _name_or_cents(value: Any) -> Any:
    if isinstance(value, str | Cents):
        return value
    if isinstance(value, dict) and set(value) == {"cents"} and isinstance(value["cents"], str):
        return Cents(**value)
    raise ValueError("is what the source calls the column, or {cents: what it calls it}")


Theirs = Annotated[str | Cents, BeforeValidator(_name_or_cents)]
"""What the source calls one of our columns."""


def known_timezone(name: str) -> str:
    """A name of the time zone database, or a ValueError that names the nearest."""
    if name not in available_timezones():
        raise ValueError(
            f"a time zone is a name such as Europe/Berlin{nearest(name, available_timezones())}"
        )
    return name


class TableSource(StrictModel):
    """Where one table comes from, how its columns are called there and what a row stands for."""

    from_: str | None = Field(default=None, alias="from")
    columns: dict[str, Theirs] = {}
    constants: dict[str, Scalar] = {}
    expressions: dict[str, str] = {}
    filter: dict[str, list[Scalar]] = {}
    shape: Literal["spans", "months", "invoices", "changes"] = "spans"
    ends: Literal["exclusive", "inclusive"] = "exclusive"
    date_format: str | None = None
    timestamps: str | None = None
    encoding: str | None = None
    separator: Literal[",", ";", "|", "\t", "tab", "whitespace"] | None = None

    @property
    def theirs(self) -> dict[str, str]:
        """What the source calls our columns."""
        return {
            ours: theirs.cents if isinstance(theirs, Cents) else theirs
            for ours, theirs in self.columns.items()
        }

    @property
    def in_cents(self) -> set[str]:
        """Our columns that stand in minor units there."""
        return {ours for ours, theirs in self.columns.items() if isinstance(theirs, Cents)}

    @field_validator("columns")
    @classmethod
    def _cents_of_money(cls, columns: dict[str, str | Cents]) -> dict[str, str | Cents]:
        for ours, theirs in columns.items():
            if isinstance(theirs, Cents) and ours not in ("mrr", "amount"):
                raise ValueError(f"{ours} is no money; only mrr and amount can be in cents")
        return columns

    @field_validator("date_format")
    @classmethod
    def _a_whole_date(cls, form: str | None) -> str | None:
        if form in (None, "epoch"):
            return form
        signs = set(re.findall(r"%-?(.)", form))
        if unknown := signs - _SIGNS:
            raise ValueError(
                f"%{min(unknown)} stands for nothing; a date_format is such as %d.%m.%Y "
                "or %d/%m/%Y %H:%M, or epoch"
            )
        names_a_day = "j" in signs or ("d" in signs and signs & set("mbB"))
        if not (signs & set("Yy") and names_a_day):
            raise ValueError(
                "a date_format says where day, month and year stand, such as %d.%m.%Y; or epoch"
            )
        return form

    @field_validator("timestamps")
    @classmethod
    def _a_zone(cls, zone: str | None) -> str | None:
        return zone and known_timezone(zone)

    @field_validator("encoding")
    @classmethod
    def _an_encoding(cls, name: str | None) -> str | None:
        try:
            found = name and codecs.lookup(name)
        except (LookupError, ValueError):
            found = None
        if name and not (found and found._is_text_encoding):
            raise ValueError("an encoding is a name such as utf-8, latin-1, cp1252 or utf-16")
        return name


class Source(StrictModel):
    """A folder of CSV or Parquet files, a .duckdb file, or a server; its tables, or the preset that
    knows them.
    """

    uri: Text
    preset: Text | None = None
    options: dict[str, str] = {}
    tables: dict[str, TableSource] = {}

    @field_validator("uri")
    @classmethod
    def _a_folder_or_file(cls, uri: str) -> str:
        if scheme_of(uri):
            if not keeps_secrets(uri):
                raise ValueError(
                    "holds a password; write ${NAME} in its place and set NAME in the environment"
                )
            return uri
        address = re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", uri)
        if uri.startswith(PACKAGE_SCHEME) or uri == FRAMES:
            address = None
        if address or masked(uri) != uri:
            raise ValueError(
                "a source is a folder of CSV or Parquet files, a database file, "
                "package:NAME/folder, or a server such as postgres://; web addresses are not "
                "opened: export the tables to files, and keep passwords out of this file"
            )
        return uri

    @field_validator("tables", mode="after")
    @classmethod
    def _known_tables(cls, tables: dict[str, TableSource]) -> dict[str, TableSource]:
        for name, table in tables.items():
            if name not in TABLES:
                raise ValueError(
                    f"{name!r} is not a table{nearest(name, TABLES)}; tables are "
                    f"{', '.join(TABLES)}"
                )
            shaped = table.shape != "spans" or table.ends != "exclusive"
            if shaped and name != "subscriptions":
                raise ValueError(f"{name}: shape and ends are for subscriptions alone")
        return tables
