"""What the business did, or what happened to it: `changes` of a parameter file."""

from datetime import date
from typing import Literal

from pydantic import Field, field_validator, model_validator

from churnlib.params.only import as_texts, in_a_title, seen
from churnlib.params.source import Scalar, StrictModel, Text

MAX_LABEL = 40
"""Characters of a name: it stands in charts."""


class Change(StrictModel):
    """One change: a price, a launch, a campaign, a policy, an incident.

    Its `date` is the day from which it holds; who knew of it from `announced_on` may have left
    before. It reaches each customer at the own renewal, or all of them at once.
    """

    day: str = Field(alias="date")
    announced_on: str | None = None
    kind: Literal["price", "launch", "campaign", "policy", "incident"]
    label: Text
    reach: Literal["all"] | dict[str, list[Scalar]] = "all"
    at: Literal["once", "renewal"] | None = None

    @property
    def starts_on(self) -> date:
        """The first day on which it holds."""
        return date.fromisoformat(self.day)

    @property
    def known_on(self) -> date:
        """The day from which customers could know."""
        return date.fromisoformat(self.announced_on or self.day)

    @property
    def at_renewal(self) -> bool:
        """Whether each customer meets it at the own renewal: a price does, if nothing is said."""
        return (self.at or ("renewal" if self.kind == "price" else "once")) == "renewal"

    @property
    def reached(self) -> dict[str, list[str]]:
        """{column of customers: values} of those it reaches; empty = everybody."""
        return {} if self.reach == "all" else {k: as_texts(v) for k, v in self.reach.items()}

    @property
    def reached_in_words(self) -> str:
        """`everybody`, or `channel paid social`."""
        return in_a_title(self.reached) if self.reached else "everybody"

    @field_validator("day", "announced_on")
    @classmethod
    def _a_day(cls, text: str | None) -> str | None:
        try:
            return text and date.fromisoformat(text).isoformat()
        except ValueError:
            raise ValueError("a date is written 2026-09-30 (in quotes)") from None

    @field_validator("label")
    @classmethod
    def _seen(cls, text: str) -> str:
        if len(text) > MAX_LABEL:
            raise ValueError(f"has at most {MAX_LABEL} characters: it stands in charts")
        return seen(text.strip())

    @model_validator(mode="after")
    def _announced_before(self) -> "Change":
        if self.known_on > self.starts_on:
            raise ValueError(f"announced_on {self.announced_on} lies after date {self.day}")
        if any(not values for values in self.reached.values()) or self.reach == {}:
            raise ValueError("reach is all, or {column: [values]} with at least one value")
        return self
