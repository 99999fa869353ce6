"""What a kind of answer has to be able to do."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

if TYPE_CHECKING:
    from ivr.talk import Filled, Wording


class Progress(StrEnum):
    """How far the answer is."""

    PARTIAL = "partial"  # more must come
    ENOUGH = "enough"  # more may come
    COMPLETE = "complete"  # no more can come
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Situation:
    """What an answer is understood against: the company's day, country and money."""

    today: date
    region: str
    currency: str


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` in its one written form. `sure`: it can mean nothing else."""

    value: str
    sure: bool = True


# People pause between the groups of what they read out; a menu's silence would cut them off.
DICTATION_SILENCE_SECONDS = 0.9


class AnswerKind(BaseModel):
    """A kind is written as its name and limits, or as `true` where it needs none."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    silence_seconds: ClassVar[float] = DICTATION_SILENCE_SECONDS
    """So much quiet ends an utterance."""
    sequence: ClassVar[bool] = True
    """Whether phrases may follow one another in an utterance."""
    free: ClassVar[bool] = False
    """Whether any words may come."""
    takes_keys: ClassVar[bool] = True
    star_counts: ClassVar[bool] = False
    """Whether `*` is part of an answer that has begun."""
    short_schema: ClassVar[JsonSchemaValue] = {"const": True}
    """The short form in JSON Schema."""

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), cls.short_schema]}

    @abstractmethod
    def phrases(self, language: str) -> tuple[str, ...]:
        """What is listened for."""

    def words(self, text: str, language: str, situation: Situation) -> Answer | None:
        """The whole answer that an utterance gives; None when it gives none."""
        return None

    def more(self, text: str, language: str) -> str | None:
        """What an utterance adds to the keys pressed so far; None when nothing."""
        return None

    @abstractmethod
    def progress(self, keyed: str, situation: Situation) -> Progress:
        """How far the keys pressed so far are."""

    @abstractmethod
    def keyed(self, keyed: str, situation: Situation) -> Answer | None:
        """The answer that the keys give; None when they give none."""

    def refusal(self, value: str, situation: Situation) -> Filled | None:
        """What the caller is told when the answer is outside the limits; None when it is within."""
        return None

    @abstractmethod
    def read_back(self, value: str, situation: Situation) -> Wording:
        """Says {value}."""


def without_limits(value: Any) -> Any:
    """`true` for a kind whose every field may be left out."""
    if value == "true":
        return {}
    if not isinstance(value, dict):
        raise ValueError("true is wanted here, or limits such as {least: …, most: …}")
    return value
