"""rate: ask the caller for a grade."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, PrivateAttr, model_validator

from calls.events import CallEventKind
from ivr.answers.choice import compared
from ivr.asked import Option
from ivr.commands import Listen
from ivr.steps.body import FieldBody
from ivr.steps.set import VariableName
from ivr.turns.options import OptionTurn
from ivr.turns.turn import NO_KEY, YES_KEY, Candidate, yes_no_options
from wording.navigation import navigation_phrases
from wording.option_words import number_phrases
from wording.phrases import normalised
from wording.yes_no import understood_yes_no, yes_no_phrases

if TYPE_CHECKING:
    from ivr.activity import Activity
    from ivr.flow import Step
    from ivr.talk import Talk


class Rate(FieldBody):
    """`rate: {into: rating, from: 1, to: 5, prompt: {…}}`, or `yes_no: true` instead of a range: yes is 1, no
    is 0. `declined`: no grade came.
    """

    verb: ClassVar[str] = "rate"
    optional: ClassVar[tuple[str, ...]] = ("declined",)
    turns: ClassVar[frozenset[str]] = frozenset({"next"})

    into: VariableName
    lowest: int = Field(default=1, ge=0, le=10, alias="from")
    highest: int = Field(default=5, ge=0, le=10, alias="to")
    yes_no: bool = False
    attempts: int = Field(default=1, ge=1, le=10)

    _ears: dict[tuple[str, ...], Listen] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.yes_no and {"lowest", "highest"} & self.model_fields_set:
            raise ValueError("yes_no is graded 1 and 0: leave `from` and `to` out")
        if self.lowest >= self.highest:
            raise ValueError(f"from {self.lowest} must be less than to {self.highest}")
        return self

    @property
    def grades(self) -> range:
        return range(self.lowest, self.highest + 1)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return (YES_KEY, NO_KEY) if self.yes_no else tuple(map(str, self.grades))

    def grade(self, key: str) -> int:
        """What the key of an answer means."""
        return int(key == YES_KEY) if self.yes_no else int(key)

    @cached_property
    def words(self) -> dict[str, dict[str, str]]:
        """language -> word -> key."""
        if self.yes_no:
            return {
                language: {
                    word: YES_KEY if understood_yes_no(word, language) else NO_KEY
                    for word in yes_no_phrases(language)
                }
                for language in self.prompt
            }
        return {
            language: {word: grade for grade in self.keys for word in number_phrases(int(grade), language)}
            for language in self.prompt
        }

    @cached_property
    def meaning(self) -> dict[str, dict[str, str]]:
        return compared(self.words)

    def sets(self, outcome: str) -> frozenset[str]:
        return frozenset({self.into}) if outcome == "next" else frozenset()

    def begin(self, talk: Talk, step: Step) -> Activity:
        return _RateTurn(talk, step, self)

    def ears(self, languages: tuple[str, ...]) -> Listen:
        found = self._ears.get(languages)
        if found is None:
            phrases = {lang: (*self.words[lang], *navigation_phrases(lang)) for lang in languages}
            found = self._ears[languages] = Listen(phrases)
        return found


class _RateTurn(OptionTurn):
    def __init__(self, talk: Talk, step: Step, rate: Rate) -> None:
        super().__init__(talk, step, rate, rate.keys)
        self._rate = rate
        self.begin()

    def options(self, languages: Sequence[str]) -> tuple[Option, ...]:
        if self._rate.yes_no:
            return yes_no_options(languages)
        return tuple(Option(key, key) for key in self._rate.keys)

    def ears(self) -> Listen:
        return self._rate.ears(self.talk.languages)

    def meant(self, text: str, language: str) -> str | None:
        return self._rate.meaning[language].get(normalised(text))

    def accept(self, answer: Candidate) -> None:
        grade = self._rate.grade(answer.value)
        self.note_understood(answer, {"value": str(grade)})
        self.talk.set(self._rate.into, str(grade))
        self.talk.note(CallEventKind.RATED, {"step": self.step.name, "rating": grade})
        self.talk.finish("next")

    def give_up(self, why: str) -> None:
        self.talk.note(CallEventKind.RATED, {"step": self.step.name, "rating": None})
        self.talk.finish("declined")
