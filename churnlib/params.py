"""The parameter file as a typed model: everything a report needs to know about a business.

`read_params` reads a file; `params_from_values` takes the same keys as papermill hands them to a notebook. Both fail
with file, line, key, value and what would be right.
"""

import difflib
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator, model_validator

from churnlib import yaml_file
from churnlib.errors import ParamsError
from churnlib.periods import Grain
from churnlib.schemas import ACTIVITY_TABLE, TABLES

PROJECT = Path(__file__).resolve().parents[1]
Scalar = str | bool | int | float
Text = Annotated[str, Field(min_length=1, max_length=200)]


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


class Source(_Model):
    """A folder of CSV or Parquet files, or a .duckdb file; and its tables."""

    uri: Text
    tables: dict[str, TableSource] = {}

    @field_validator("tables", mode="after")
    @classmethod
    def _known_tables(cls, tables: dict[str, TableSource]) -> dict[str, TableSource]:
        for name in tables:
            if name not in TABLES:
                raise ValueError(f"{name!r} is not a table{nearest(name, TABLES)}; tables are {', '.join(TABLES)}")
        return tables


class Policies(_Model):
    """What the business tolerates."""

    max_rejected_share: float = Field(default=0.05, ge=0, le=1)


class Params(_Model):
    """One business: who it is, where its data are, how it counts.

    Money is in `currency`; rates are shares from 0 to 1; `discount_rate` is a year's; dates are ISO text.
    """

    business: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    title: Text | None = None
    model: Literal["subscription", "transactional"]
    currency: str
    timezone: str = "UTC"
    grain: Grain = "month"
    source: Source
    segments: tuple[Text, ...] = ()
    cohort_by: Text | None = None
    chapters: tuple[Text, ...] | None = None
    policies: Policies = Policies()
    exchange_rates: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}
    margin: float = Field(default=0.8, gt=0, le=1)
    discount_rate: float = Field(default=0.1, ge=0, le=1)
    acquisition_cost: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    data_from: str | None = None
    data_until: str | None = None
    _folder: Path = PrivateAttr(default=PROJECT / "params")

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from: the one the parameter file lies in."""
        return self._folder

    @property
    def display_title(self) -> str:
        """What pages call the business."""
        return self.title or self.business

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
        """The parameters as resolved, defaults included, ready for JSON: what a report is made from."""
        return self.model_dump(mode="json", by_alias=True)

    @field_validator("currency")
    @classmethod
    def _known_currency(cls, code: str) -> str:
        from babel.numbers import list_currencies

        if code not in list_currencies():
            raise ValueError("a currency is an ISO 4217 code of three capitals, such as EUR")
        return code

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"a time zone is a name such as Europe/Berlin{nearest(name, available_timezones())}")
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
            raise ValueError(f"model {self.model} needs source.tables.{self.activity_table}, which is absent")
        return self


def read_params(path: Path | str) -> Params:
    """Read a parameter file, with all that it extends.

    Parameters
    ----------
    path : path of a YAML file

    Returns
    -------
    Params, whose relative paths start from the file's folder.

    Raises
    ------
    ParamsError : names the file, the line, the key, the value and what would be right.

    Examples
    --------
    >>> read_params(PROJECT / "params" / "demo.yml").model
    'subscription'
    """
    path = Path(path)
    values, lines = yaml_file.read_with_extends(path)
    return _validated(values, path.resolve().parent, path.name, lines)


def params_from_values(values: dict[str, Any]) -> Params:
    """The same from keys already read, as plain papermill hands a parameter file to a notebook.

    Keys that are None or not a parameter's are passed over; `extends` and relative paths start from the project's
    params/ folder.
    """
    folder = PROJECT / "params"
    given = {key: values[key] for key in Params.model_fields if values.get(key) is not None}
    if values.get("extends"):
        base, _ = yaml_file.read_with_extends(folder / str(values["extends"]))
        given = yaml_file.merged(base, given)
    return _validated(given, folder, "parameters", {})


def nearest(name: str, known: Iterable[str]) -> str:
    """`: did you mean 'x'?` where something known is near enough, else nothing."""
    lowered = {str(one).lower(): str(one) for one in known}
    wanted = str(name).lower()
    found = difflib.get_close_matches(wanted, list(lowered), n=1, cutoff=0.5)
    found = found or [one for one in lowered if len(wanted) > 1 and (wanted in one or one in wanted)]
    return f": did you mean {lowered[found[0]]!r}?" if found else ""


def _validated(values: dict[str, Any], folder: Path, file: str, lines: dict[str, int]) -> Params:
    try:
        params = Params.model_validate(values)
    except ValidationError as error:
        problems = [_problem(one, file, lines) for one in error.errors()]
        raise ParamsError("\n".join(dict.fromkeys(problems))) from None
    params._folder = folder
    return params


def _problem(error: Any, file: str, lines: dict[str, int]) -> str:
    """One sentence of a validation error: file, line, key, value, what would be right."""
    keys = [str(part) for part in error["loc"] if not str(part).startswith("function-")]
    key = ".".join(keys)
    line = next((lines[k] for k in _prefixes(keys) if k in lines), None)
    where = f"{file}, line {line}" if line else file
    if error["type"] == "extra_forbidden":
        known = _known_keys(keys[:-1])
        return f"{where}: {key} is not a parameter{nearest(keys[-1], known)} Known here: {', '.join(known)}."
    if error["type"] == "missing":
        return f"{where}: {key} is missing."
    message = error["msg"].removeprefix("Value error, ")
    return f"{where}: {message}." if not key else f"{where}: {key} = {error['input']!r}: {message}."


def _prefixes(keys: list[str]) -> list[str]:
    return [".".join(keys[:n]) for n in range(len(keys), 0, -1)]


def _known_keys(parents: list[str]) -> list[str]:
    model: type[BaseModel] = Params
    if parents[:1] == ["source"]:
        model = TableSource if len(parents) >= 3 else Source
    elif parents[:1] == ["policies"]:
        model = Policies
    names = [field.alias or name for name, field in model.model_fields.items()]
    return [*names, "extends"] if model is Params else names
