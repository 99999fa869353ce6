"""Speech: whatever the caller says, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field, model_validator

from ivr.answers.kind import Answer, AnswerKind, Progress, Situation, without_limits
from ivr.reading.shape import Seconds
from ivr.sentences import read_back
from wording.navigation import understood_wish

if TYPE_CHECKING:
    from ivr.talk import Wording

# More than anyone says in a minute.
MOST_CHARACTERS = 2000


class Speech(AnswerKind):
    """`speech: {longest: 20s}`, or `speech: true`. Words for a person, again and back go first."""

    free: ClassVar[bool] = True
    sequence: ClassVar[bool] = False
    takes_keys: ClassVar[bool] = False

    longest: Seconds = Field(default=20.0, ge=2.0, le=60.0)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return without_limits(value)

    def phrases(self, language: str) -> tuple[str, ...]:
        return ()

    def words(self, text: str, language: str, situation: Situation) -> Answer | None:
        said = " ".join(text.split())[:MOST_CHARACTERS]
        return Answer(said) if said and understood_wish(text, language) is None else None

    def progress(self, keyed: str, situation: Situation) -> Progress:
        return Progress.WRONG

    def keyed(self, keyed: str, situation: Situation) -> Answer | None:
        return None

    def read_back(self, value: str, situation: Situation) -> Wording:
        return read_back()
