"""The parameter file as a typed model: everything a report needs to know about a business."""

import re
import unicodedata
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    field_validator,
    model_validator,
)

from churnlib.errors import masked, nearest, shown_uri
from churnlib.params.only import as_texts, in_a_title
from churnlib.params.tables import ACTIVITY_TABLE, TABLES
from churnlib.periods import Grain

__all__ = ["Params"]

PROJECT = Path(__file__).resolve().parents[2]
Scalar = str | bool | int | float
Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(lambda text: _seen(text))]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
PACKAGE_SCHEME = "package:"
FRAMES = "frames:"
"""The `source.uri` of a business whose tables were handed over in Python, see `from_frames`."""


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=False, populate_by_name=True)


class TableSource(_Model):
    """Where one table comes from and how its columns are called there."""

    from_: str | None = Field(default=None, alias="from")
    columns: dict[str, str] = {}
    constants: dict[str, Scalar] = {}
    expressions: dict[str, str] = {}
    filter: dict[str, list[Scalar]] = {}
    date_format: str | None = None
    separator: Literal[",", ";", "|", "\t", "tab", "whitespace"] | None = None

    @field_validator("date_format")
    @classmethod
    def _a_whole_date(cls, form: str | None) -> str | None:
        signs = set(re.findall(r"%-?(.)", form or "%F"))
        names_a_day = "j" in signs or ("d" in signs and signs & set("mbB"))
        if "F" not in signs and not (signs & set("Yy") and names_a_day):
            raise ValueError("a date_format says where day, month and year stand, such as %d.%m.%Y")
        if unknown := signs - set("YymbBdjHIMSfpzZaAF%"):
            raise ValueError(
                f"%{min(unknown)} stands for nothing; a date_format is such as %d.%m.%Y or "
                "%d/%m/%Y %H:%M"
            )
        return form


class Source(_Model):
    """A folder of CSV or Parquet files, or a .duckdb file; and its tables."""

    uri: Text
    tables: dict[str, TableSource] = {}

    @field_validator("uri")
    @classmethod
    def _a_folder_or_file(cls, uri: str) -> str:
        address = re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", uri)
        if uri.startswith(PACKAGE_SCHEME) or uri == FRAMES:
            address = None
        if address or masked(uri) != uri:
            raise ValueError(
                "a source is a folder of CSV or Parquet files, a database file, or "
                "package:NAME/folder; servers and web addresses are not opened: export the tables "
                "to files, and keep passwords out of this file"
            )
        return uri

    @field_validator("tables", mode="after")
    @classmethod
    def _known_tables(cls, tables: dict[str, TableSource]) -> dict[str, TableSource]:
        for name in tables:
            if name not in TABLES:
                raise ValueError(
                    f"{name!r} is not a table{nearest(name, TABLES)}; tables are "
                    f"{', '.join(TABLES)}"
                )
        return tables


class Policies(_Model):
    """What the business tolerates."""

    max_rejected_share: Number = Field(default=0.05, ge=0, le=1)


class Params(_Model):
    """One business: who it is, where its data are, how it counts.

    Money is in `currency`; rates are shares from 0 to 1; `discount_rate` is a year's; dates are
    ISO text. docs/parameters.md explains every key.
    """

    business: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    title: Text | None = None
    model: Literal["subscription", "transactional"]
    currency: str
    timezone: str = "UTC"
    grain: Grain = "month"
    source: Source
    segments: tuple[Text, ...] = ()
    only: dict[str, list[Scalar]] = {}
    cohort_by: Text | None = None
    chapters: tuple[Text, ...] | None = None
    policies: Policies = Policies()
    exchange_rates: dict[str, Annotated[Number, Field(gt=0)]] = {}
    margin: Number = Field(default=0.8, gt=0, le=1)
    discount_rate: Number = Field(default=0.1, ge=0, le=1)
    acquisition_cost: Number | None = Field(default=None, ge=0)
    data_from: str | None = None
    data_until: str | None = None
    _folder: Path = PrivateAttr(default=PROJECT / "params")

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from: the one the parameter file lies in."""
        return self._folder

    @property
    def display_title(self) -> str:
        """What pages call the business, and which of its customers they are about."""
        name = self.title or self.business
        if not self.only:
            return name
        return f"{name} ({in_a_title(self.only)})"

    @property
    def first_day(self) -> date | None:
        """`data_from`: the day the records begin, where customers were there before."""
        return date.fromisoformat(self.data_from) if self.data_from else None

    @property
    def last_day(self) -> date | None:
        """`data_until`: the last day that the data cover, where the rows do not tell it."""
        return date.fromisoformat(self.data_until) if self.data_until else None

    @property
    def activity_table(self) -> str:
        """The table without which there is nothing to report: subscriptions or orders."""
        return ACTIVITY_TABLE[self.model]

    def effective(self) -> dict[str, Any]:
        """The parameters as resolved, defaults included, ready for JSON; of a path on this
        machine its last part only.
        """
        values = self.model_dump(mode="json", by_alias=True)
        values["source"]["uri"] = shown_uri(self.source.uri)
        return values

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str) -> str:
        return _currency(code)

    @field_validator("exchange_rates")
    @classmethod
    def _known_currencies(cls, rates: dict[str, float]) -> dict[str, float]:
        return {_currency(code): rate for code, rate in rates.items()}

    @field_validator("segments")
    @classmethod
    def _once_each(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(names)) < len(names):
            raise ValueError("a column is named once")
        return names

    @field_validator("only")
    @classmethod
    def _as_text(cls, only: dict[str, list[Scalar]]) -> dict[str, list[str]]:
        for name, values in only.items():
            if not values:
                raise ValueError(f"{name} has no value; name at least one, or leave {name} out")
        texts = {name: as_texts(values) for name, values in only.items()}
        for values in texts.values():
            for value in values:
                _seen(value)
        return texts

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(
                f"a time zone is a name such as Europe/Berlin{nearest(name, available_timezones())}"
            )
        return name

    @field_validator("data_from", "data_until")
    @classmethod
    def _iso_date(cls, text: str | None) -> str | None:
        try:
            return text and date.fromisoformat(text).isoformat()
        except ValueError:
            raise ValueError("a date is written 2026-09-30 (in quotes)") from None

    @model_validator(mode="after")
    def _table_for_the_model(self) -> "Params":
        tables = self.source.tables
        if tables and self.activity_table not in tables:
            raise ValueError(
                f"model {self.model} needs source.tables.{self.activity_table}, which is absent"
            )
        if self.exchange_rates.get(self.currency, 1) != 1:
            raise ValueError(
                f"exchange_rates.{self.currency}: {self.currency} is the report's currency; its "
                "rate is 1"
            )
        return self


def _seen(text: str) -> str:
    if any(unicodedata.category(sign).startswith("C") for sign in text):
        raise ValueError("holds a character that cannot be seen; write it without")
    return text


def _currency(code: str) -> str:
    from babel.numbers import list_currencies

    if code not in list_currencies():
        raise ValueError(
            f"a currency is an ISO 4217 code of three capitals, such as EUR; {code!r} is none"
        )
    return code
