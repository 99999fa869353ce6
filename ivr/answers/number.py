"""A whole number: how many, how old."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator

from ivr.answers.kind import Answer, AnswerKind, Progress, Situation, without_limits
from ivr.sentences import read_back, too_far
from ivr.talk import Filled
from wording.digits import understood_digits
from wording.numbers import number_vocabulary, understood_number

if TYPE_CHECKING:
    from ivr.talk import Wording

# Longer ones are not said as numbers.
MOST = 999_999_999
MOST_KEYS = 12


class Number(AnswerKind):
    """`number: {least: 1, most: 50}`, or `number: true`. By keys it ends with `#` or a pause."""

    least: int = Field(default=0, ge=0, le=MOST)
    most: int = Field(default=MOST, ge=0, le=MOST)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return without_limits(value)

    @model_validator(mode="after")
    def _in_order(self) -> Number:
        if self.least > self.most:
            raise ValueError(f"least {self.least} is more than most {self.most}")
        return self

    def phrases(self, language: str) -> tuple[str, ...]:
        return number_vocabulary(language)

    def words(self, text: str, language: str, situation: Situation) -> Answer | None:
        number = understood_number(text, language)
        if number is None:
            # People read long numbers out digit by digit.
            digits = understood_digits(text, language)
            number = int(digits) if digits is not None and len(digits) <= MOST_KEYS else None
        return None if number is None else Answer(str(number))

    def progress(self, keyed: str, situation: Situation) -> Progress:
        return Progress.ENOUGH if len(keyed) <= MOST_KEYS else Progress.WRONG

    def keyed(self, keyed: str, situation: Situation) -> Answer | None:
        return Answer(str(int(keyed))) if keyed else None

    def refusal(self, value: str, situation: Situation) -> Filled | None:
        if self.least <= int(value) <= self.most:
            return None
        wording = too_far("quantity", "number", least=True, most=self.most < MOST)
        return Filled(wording, {"least": str(self.least), "most": str(self.most)})

    def read_back(self, value: str, situation: Situation) -> Wording:
        return read_back("number")
