"""Digits: a number that is keyed in or dictated, such as an order number."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ivr.answers.kind import Progress
from wording.digits import digit_vocabulary, understood_digits

# People pause between groups of a number they read out; a menu's silence would cut them off.
DICTATION_SILENCE_SECONDS = 0.9


class Digits(BaseModel):
    """`digits: 6`, or `digits: {least: 3, most: 8}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    least: int = Field(ge=1, le=40)
    most: int = Field(ge=1, le=40)

    @property
    def silence_seconds(self) -> float:
        return DICTATION_SILENCE_SECONDS

    @property
    def sequence(self) -> bool:
        return True

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

    def words(self, text: str, language: str) -> str | None:
        return understood_digits(text, language)

    def progress(self, answer: str) -> Progress:
        if len(answer) > self.most or not (answer.isdecimal() and answer.isascii()):
            return Progress.WRONG
        if len(answer) == self.most:
            return Progress.COMPLETE
        return Progress.ENOUGH if len(answer) >= self.least else Progress.PARTIAL
