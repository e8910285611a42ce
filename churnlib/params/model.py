"""The parameter file as a typed model: everything a report needs to know about a business."""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, field_validator, model_validator

from churnlib.errors import shown_uri
from churnlib.params.changes import Change
from churnlib.params.only import as_texts, in_a_title, seen
from churnlib.params.source import Scalar, Source, StrictModel, Text, known_timezone
from churnlib.params.tables import ACTIVITY_TABLE
from churnlib.periods import Grain

__all__ = ["Params"]

PROJECT = Path(__file__).resolve().parents[2]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]

EndReason = Literal[
    "voluntary",
    "payment_failed",
    "disputed",
    "fixed_term",
    "account_or_plan_change",
    "paused",
    "fraud",
    "other",
]
Feedback = Literal[
    "too_expensive",
    "unused",
    "missing_features",
    "switched_service",
    "too_complex",
    "customer_service",
    "low_quality",
    "need_ended",
    "other",
]
Industry = Literal[
    "technology",
    "retail",
    "banking",
    "insurance",
    "telecom",
    "media",
    "health_care",
    "professional_services",
    "hospitality",
]


class Policies(StrictModel):
    """What the business tolerates."""

    max_rejected_share: Number = Field(default=0.05, ge=0, le=1)
    duplicates: Literal["drop", "keep"] = "drop"
    bridge_days: int | None = Field(default=None, ge=0, le=31, strict=True)
    dunning_days: int = Field(default=30, ge=0, le=120, strict=True)
    return_days: int = Field(default=90, ge=1, le=730, strict=True)


class Params(StrictModel):
    """One business: who it is, where its data are, how it counts.

    Money is in `currency`; rates are shares from 0 to 1; `discount_rate` is a year's; dates are
    ISO text. docs/parameters.md explains every key.
    """

    business: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$")
    title: Text | None = None
    model: Literal["subscription", "transactional"]
    currency: str
    industry: Industry | None = None
    timezone: str = "UTC"
    grain: Grain = "month"
    source: Source
    segments: tuple[Text, ...] = ()
    only: dict[str, list[Scalar]] = Field(default={})
    cohort_by: Text | None = None
    labels: dict[str, dict[str, Text]] = Field(default={})
    end_reasons: dict[str, EndReason] = Field(default={})
    feedback: dict[str, Feedback] = Field(default={})
    changes: tuple[Change, ...] = ()
    customer_lists: bool = False
    chapters: tuple[Text, ...] | None = None
    policies: Policies = Policies()
    exchange_rates: dict[str, Annotated[Number, Field(gt=0)]] = Field(default={})
    margin: Number | None = Field(default=None, gt=0, le=1)
    discount_rate: Number = Field(default=0.1, ge=0, le=1)
    acquisition_cost: Number | None = Field(default=None, ge=0)
    opened_on: str | None = None
    data_from: str | None = None
    data_until: str | None = None
    gaps: tuple[tuple[str, str], ...] = ()
    _folder: Path = PrivateAttr(default=PROJECT / "params")

    @property
    def folder(self) -> Path:
        """The folder that relative paths start from: the one the parameter file lies in."""
        return self._folder

    @property
    def attributes(self) -> set[str]:
        """Columns of customers (or others) that keys name."""
        split = {*self.segments, *self.only, *self.labels, *self.reached}
        return split | ({self.cohort_by} if self.cohort_by else set())

    @property
    def display_title(self) -> str:
        """What pages call the business, and which of its customers they are about."""
        name = self.title or self.business
        if not self.only:
            return name
        return f"{name} ({in_a_title(self.only)})"

    @property
    def reached(self) -> dict[str, list[str]]:
        """{column of customers: values} that changes reach."""
        found: dict[str, list[str]] = {}
        for change in self.changes:
            for name, values in change.reached.items():
                found[name] = list(dict.fromkeys([*found.get(name, ()), *values]))
        return found

    def changes_begun(self, as_of: date) -> list[Change]:
        """`changes` that have begun before a day, the first one first."""
        begun = (one for one in self.changes if one.starts_on < as_of)
        return sorted(begun, key=lambda one: one.starts_on)

    @property
    def opening_day(self) -> date | None:
        """`opened_on`: the day the business, or the panel that is followed, began."""
        return date.fromisoformat(self.opened_on) if self.opened_on else None

    @property
    def known_gaps(self) -> list[tuple[date, date]]:
        """`gaps`: first and last day, both inclusive, of stretches without a row."""
        return [(date.fromisoformat(one), date.fromisoformat(two)) for one, two in self.gaps]

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

    @field_validator("changes")
    @classmethod
    def _one_name_each(cls, changes: tuple[Change, ...]) -> tuple[Change, ...]:
        labels = [change.label for change in changes]
        if len(set(labels)) < len(labels):
            raise ValueError("each change has a label of its own")
        return changes

    @field_validator("only")
    @classmethod
    def _as_text(cls, only: dict[str, list[Scalar]]) -> dict[str, list[str]]:
        for name, values in only.items():
            if not values:
                raise ValueError(f"{name} has no value; name at least one, or leave {name} out")
        texts = {name: as_texts(values) for name, values in only.items()}
        for values in texts.values():
            for value in values:
                seen(value)
        return texts

    @field_validator("timezone")
    @classmethod
    def _a_timezone(cls, name: str) -> str:
        return known_timezone(name)

    @field_validator("opened_on", "data_from", "data_until")
    @classmethod
    def _iso_date(cls, text: str | None) -> str | None:
        return text and _day(text)

    @field_validator("gaps")
    @classmethod
    def _from_until(cls, gaps: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        days = tuple((_day(first), _day(last)) for first, last in gaps)
        for first, last in days:
            if first > last:
                raise ValueError(f"a gap goes from its first to its last day; {first} is later")
        return days

    @model_validator(mode="after")
    def _reached_are_told_apart(self) -> "Params":
        for name, reached in self.reached.items():
            words = self.labels.get(name, {})
            for value, word in words.items():
                like = [one for one in reached if words.get(one, one) == word]
                if like and value not in reached:
                    raise ValueError(
                        f"labels.{name} calls {value!r} and {like[0]!r} the same, but a change "
                        f"reaches {like[0]!r} alone; give them two names"
                    )
        return self

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


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError("a date is written 2026-09-30 (in quotes)") from None
    if not 1900 <= day.year < 2200:
        raise ValueError("lies before 1900 or after 2199")
    return day.isoformat()


def _currency(code: str) -> str:
    from babel.numbers import list_currencies

    if code not in list_currencies():
        raise ValueError(
            f"a currency is an ISO 4217 code of three capitals, such as EUR; {code!r} is none"
        )
    return code
