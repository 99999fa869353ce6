"""rate: ask the caller for a grade."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Self

from pydantic import Field, PrivateAttr, model_validator

from calls.events import CallEventKind
from ivr.answers.choice import compared
from ivr.commands import Listen
from ivr.steps.body import FieldBody
from ivr.steps.set import VariableName
from ivr.turns.options import OptionTurn
from ivr.turns.turn import Candidate
from wording.navigation import navigation_phrases
from wording.option_words import number_phrases
from wording.phrases import normalised

if TYPE_CHECKING:
    from ivr.activity import Activity
    from ivr.flow import Step
    from ivr.talk import Talk


class Rate(FieldBody):
    """`rate: {into: rating, from: 1, to: 5, prompt: {…}}`. `declined`: no grade came."""

    verb: ClassVar[str] = "rate"
    optional: ClassVar[tuple[str, ...]] = ("declined",)
    turns: ClassVar[frozenset[str]] = frozenset({"next"})

    into: VariableName
    lowest: int = Field(default=1, ge=0, le=10, alias="from")
    highest: int = Field(default=5, ge=0, le=10, alias="to")
    attempts: int = Field(default=1, ge=1, le=10)

    _ears: dict[tuple[str, ...], Listen] = PrivateAttr(default_factory=dict)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"from {self.lowest} must be less than to {self.highest}")
        return self

    @property
    def grades(self) -> range:
        return range(self.lowest, self.highest + 1)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        return tuple(map(str, self.grades))

    @cached_property
    def words(self) -> dict[str, dict[str, str]]:
        """language -> word -> grade."""
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

    def ears(self) -> Listen:
        return self._rate.ears(self.talk.languages)

    def meant(self, text: str, language: str) -> str | None:
        return self._rate.meaning[language].get(normalised(text))

    def accept(self, answer: Candidate) -> None:
        self.note_understood(answer, {"value": answer.value})
        self.talk.set(self._rate.into, answer.value)
        self.talk.note(CallEventKind.RATED, {"step": self.step.name, "rating": int(answer.value)})
        self.talk.finish("next")

    def give_up(self, why: str) -> None:
        self.talk.note(CallEventKind.RATED, {"step": self.step.name, "rating": None})
        self.talk.finish("declined")
