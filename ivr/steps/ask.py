"""ask: have the caller give a value, by keys or speech."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, PlainValidator, model_validator

from ivr.answers.amount import Amount
from ivr.answers.choice import Choices, Picks, phrase_places, picks_of, yes_or_no
from ivr.answers.day import Day
from ivr.answers.digits import Digits
from ivr.answers.kind import AnswerKind
from ivr.answers.number import Number
from ivr.answers.phone import Phone
from ivr.answers.speech import Speech
from ivr.answers.time_of_day import TimeOfDay
from ivr.commands import Listen
from ivr.steps.body import FieldBody, Path
from ivr.steps.set import VariableName
from ivr.turns.asking import PickTurn, ValueTurn
from ivr.turns.turn import NO_KEY, YES_KEY
from wording.navigation import navigation_beside_dictation, navigation_phrases

if TYPE_CHECKING:
    from ivr.activity import Activity
    from ivr.flow import Step
    from ivr.talk import Talk

KINDS = ("digits", "number", "date", "time", "amount", "yes_no", "phone", "choice", "speech")


def _confirm(value: Any) -> Any:
    if value not in ("true", "false", "unsure"):
        raise ValueError("true, false or unsure is wanted here")
    return value


Confirm = Annotated[
    Literal["true", "false", "unsure"],
    PlainValidator(_confirm, json_schema_input_type=bool | Literal["unsure"]),
]
"""Whether an answer is read back: always, never, or when the recogniser is unsure of it."""


def _true(value: Any) -> Any:
    if value != "true":
        raise ValueError("true is wanted here")
    return True


class Ask(FieldBody):
    """`ask: {into: order, digits: 6, prompt: {…}, confirm: true, secret: true}`.

    The kind of the answer is the name of one field of this model; another kind is another field.
    """

    verb: ClassVar[str] = "ask"
    optional: ClassVar[tuple[str, ...]] = ("otherwise",)
    turns: ClassVar[frozenset[str]] = frozenset({"next"})

    into: VariableName
    digits: Digits | None = None
    number: Number | None = None
    date: Day | None = None
    time: TimeOfDay | None = None
    amount: Amount | None = None
    yes_no: Annotated[Literal[True] | None, BeforeValidator(_true)] = None
    phone: Phone | None = None
    choice: Choices | None = None
    speech: Speech | None = None
    confirm: Confirm = "unsure"
    secret: bool = False

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        kinds = [name for name in KINDS if getattr(self, name) is not None]
        if not kinds:
            raise ValueError(f"what is asked for is missing: one of {', '.join(KINDS)}")
        if len(kinds) > 1:
            raise ValueError(f"{' and '.join(kinds)} are asked for at once: make it two steps")
        return self

    @cached_property
    def ears_made(self) -> dict[tuple[str, ...], Listen]:
        """For each choice of languages, made when first wanted. (A private attribute is slow to read.)"""
        return {}

    @cached_property
    def kind(self) -> AnswerKind | None:
        """None when the caller picks one of a few values."""
        kinds = (self.digits, self.number, self.date, self.time, self.amount, self.phone, self.speech)
        return next((kind for kind in kinds if kind is not None), None)

    @cached_property
    def picks(self) -> Picks:
        languages = tuple(self.prompt)
        if self.choice is None:
            return yes_or_no(languages, YES_KEY, NO_KEY)
        return picks_of(self.choice, languages)

    def sets(self, outcome: str) -> frozenset[str]:
        return frozenset({self.into}) if outcome == "next" else frozenset()

    def listened_for(self) -> Iterator[tuple[str, str, Path]]:
        for language, phrase, path in phrase_places(self.choice or {}):
            yield language, phrase, (self.verb, "choice", *path)

    def begin(self, talk: Talk, step: Step) -> Activity:
        kind = self.kind
        return PickTurn(talk, step, self) if kind is None else ValueTurn(talk, step, self, kind)

    def ears(self, languages: tuple[str, ...]) -> Listen:
        found = self.ears_made.get(languages)
        if found is None:
            kind = self.kind
            own = {
                language: kind.phrases(language) if kind else tuple(self.picks.phrases[language])
                for language in languages
            }
            always = navigation_beside_dictation if kind and kind.sequence else navigation_phrases
            phrases = {lang: (*dict.fromkeys((*own[lang], *always(lang))),) for lang in languages}
            found = (
                Listen(phrases)
                if kind is None
                else Listen(phrases, kind.free, kind.silence_seconds, kind.sequence)
            )
            self.ears_made[languages] = found
        return found
