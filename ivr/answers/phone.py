"""A phone number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import StringConstraints, model_validator

from calls.numbers import parse_number
from ivr.answers.kind import Answer, AnswerKind, Progress, Situation, without_limits
from ivr.sentences import read_back
from wording.digits import understood_digits
from wording.phone_words import phone_vocabulary, understood_phone

if TYPE_CHECKING:
    from ivr.talk import Wording

# 00, a country code and a number.
MOST_KEYS = 17


class Phone(AnswerKind):
    """`phone: {region: PL}`, or `phone: true`: national numbers are those of the company's country.

    A number may be dictated in several utterances.
    """

    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return without_limits(value)

    def phrases(self, language: str) -> tuple[str, ...]:
        return phone_vocabulary(language)

    def words(self, text: str, language: str, situation: Situation) -> Answer | None:
        number = understood_phone(text, language, self._region(situation))
        return None if number is None else Answer(number)

    def more(self, text: str, language: str) -> str | None:
        return understood_digits(text, language)

    def progress(self, keyed: str, situation: Situation) -> Progress:
        if len(keyed) > MOST_KEYS:
            return Progress.WRONG
        return Progress.PARTIAL if self.keyed(keyed, situation) is None else Progress.ENOUGH

    def keyed(self, keyed: str, situation: Situation) -> Answer | None:
        number = parse_number(keyed, self._region(situation)).e164
        return None if number is None else Answer(number)

    def read_back(self, value: str, situation: Situation) -> Wording:
        return read_back("phone")

    def _region(self, situation: Situation) -> str:
        return self.region or situation.region
