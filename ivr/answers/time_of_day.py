"""A time of day."""

from __future__ import annotations

import re
from datetime import time
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import PlainValidator, model_validator

from ivr.answers.kind import Answer, AnswerKind, Progress, Situation, without_limits
from ivr.sentences import read_back, too_far
from ivr.talk import Filled
from wording.clock_words import NAMED_HOURS, PARTS
from wording.phrases import normalised
from wording.times import time_vocabulary, understood_time

if TYPE_CHECKING:
    from ivr.talk import Wording

_WRITTEN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_ALL_KEYS = 4
_NOON_HOUR = 12


def _time(value: Any) -> time:
    match = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError('a time is wanted here, such as "8:00"')
    return time(int(match[1]), int(match[2]))


Limit = Annotated[time, PlainValidator(_time, json_schema_input_type=str)]


class TimeOfDay(AnswerKind):
    """`time: {least: "8:00", most: "18:00"}`, or `time: true`. By keys HHMM.

    An hour of 1 to 12 without a part of the day is the one that the limits allow.
    """

    least: Limit = time(0, 0)
    most: Limit = time(23, 59)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return without_limits(value)

    @model_validator(mode="after")
    def _in_order(self) -> TimeOfDay:
        if self.least > self.most:
            raise ValueError("least is after most")
        return self

    @property
    def _limited(self) -> bool:
        return (self.least, self.most) != (time(0, 0), time(23, 59))

    def phrases(self, language: str) -> tuple[str, ...]:
        return time_vocabulary(language)

    def words(self, text: str, language: str, situation: Situation) -> Answer | None:
        at = understood_time(text, language)
        if at is None:
            return None
        return Answer(_written(at)) if _tells_part(text, language) else self._allowed(at)

    def progress(self, keyed: str, situation: Situation) -> Progress:
        if len(keyed) < _ALL_KEYS:
            return Progress.PARTIAL
        return Progress.WRONG if self.keyed(keyed, situation) is None else Progress.COMPLETE

    def keyed(self, keyed: str, situation: Situation) -> Answer | None:
        """`0830`; before `#` or a pause 830 and 8 too."""
        hour, minute = (keyed[:-2], keyed[-2:]) if len(keyed) > 2 else (keyed, "00")
        if not hour or len(keyed) > _ALL_KEYS or int(hour) > 23 or int(minute) > 59:
            return None
        at = time(int(hour), int(minute))
        return Answer(_written(at)) if hour.startswith("0") else self._allowed(at)

    def refusal(self, value: str, situation: Situation) -> Filled | None:
        if self._within(time.fromisoformat(value)):
            return None
        limits = {"least": _written(self.least), "most": _written(self.most)}
        return Filled(too_far("moment", "time", least=True, most=True), limits)

    def read_back(self, value: str, situation: Situation) -> Wording:
        return read_back("time")

    def _within(self, at: time) -> bool:
        return self.least <= at <= self.most

    def _allowed(self, at: time) -> Answer:
        """The time, or the same one of the other half of the day where only that is allowed."""
        if not (1 <= at.hour <= _NOON_HOUR and self._limited):
            return Answer(_written(at))
        other = at.replace(hour=(at.hour + _NOON_HOUR) % 24)
        if not self._within(other):
            return Answer(_written(at))
        return Answer(_written(at), sure=False) if self._within(at) else Answer(_written(other))


def _tells_part(text: str, language: str) -> bool:
    """Whether it says which half of the day is meant."""
    said = f" {normalised(text)} "
    telling = (*PARTS.get(language, ()), *NAMED_HOURS.get(language, ()))
    return any(f" {normalised(words)} " in said for words in telling)


def _written(at: time) -> str:
    return at.strftime("%H:%M")
