"""Digits: a number that is keyed in or dictated, such as an order number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, model_validator
from pydantic.json_schema import JsonSchemaValue

from ivr.answers.kind import Answer, AnswerKind, Progress, Situation
from ivr.sentences import read_back
from wording.digits import digit_vocabulary, understood_digits

if TYPE_CHECKING:
    from ivr.talk import Wording


class Digits(AnswerKind):
    """`digits: 6`, or `digits: {least: 3, most: 8}`. They may be dictated in several utterances."""

    short_schema: ClassVar[JsonSchemaValue] = {"type": "integer", "minimum": 1, "maximum": 40}

    least: int = Field(ge=1, le=40)
    most: int = Field(ge=1, le=40)

    @model_validator(mode="before")
    @classmethod
    def _exactly(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if not (value.isascii() and value.isdecimal()):
            raise ValueError("how many digits is wanted here, such as 6 or {least: 3, most: 8}")
        return {"least": value, "most": value}

    @model_validator(mode="after")
    def _in_order(self) -> Digits:
        if self.least > self.most:
            raise ValueError(f"least {self.least} is more than most {self.most}")
        return self

    def phrases(self, language: str) -> tuple[str, ...]:
        return digit_vocabulary(language)

    def more(self, text: str, language: str) -> str | None:
        return understood_digits(text, language)

    def progress(self, keyed: str, situation: Situation) -> Progress:
        if len(keyed) > self.most:
            return Progress.WRONG
        if len(keyed) == self.most:
            return Progress.COMPLETE
        return Progress.ENOUGH if len(keyed) >= self.least else Progress.PARTIAL

    def keyed(self, keyed: str, situation: Situation) -> Answer | None:
        return Answer(keyed) if self.least <= len(keyed) <= self.most else None

    def read_back(self, value: str, situation: Situation) -> Wording:
        return read_back("digits")
