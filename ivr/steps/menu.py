"""menu: let the caller choose by a key or a phrase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from ivr import written_sentences
from ivr.answers.choice import Hear
from ivr.asked import Option, labelled
from ivr.commands import Listen
from ivr.steps.body import Edge, FieldBody, Path
from ivr.steps.set import Values, VariableName, set_values
from ivr.texts import Condition, Texts
from ivr.turns.offers import ITEM, OfferTurn, offer_wording, offers
from ivr.turns.options import OptionTurn
from ivr.turns.turn import Candidate
from wording.navigation import navigation_phrases
from wording.option_words import MOST_OPTIONS
from wording.phrases import normalised

if TYPE_CHECKING:
    from ivr.activity import Activity
    from ivr.flow import Step
    from ivr.talk import Talk, Wording

ChoiceKey = Annotated[str, StringConstraints(pattern=r"^([0-9]{1,8}|\*|#)$")]


class Choice(BaseModel):
    """`hear`: language -> phrases; without it the choice is made by key only."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    hear: Hear = Field(default_factory=dict)
    set: Values = Field(default_factory=dict)
    next: str


class Menu(FieldBody):
    """`menu: {prompt, choices: {1: {hear, set, next}, …}, silent, unclear, attempts, wait, interrupt}`, or
    `menu: {each: reply.slots, offer: {…}, into: slot, most: 5}`: a numbered list, whose item is chosen.
    """

    verb: ClassVar[str] = "menu"
    required: ClassVar[tuple[str, ...]] = ("otherwise",)
    optional: ClassVar[tuple[str, ...]] = ("next", "empty")
    turns: ClassVar[frozenset[str]] = frozenset({"next"})

    prompt: Texts = Field(default_factory=Texts)
    choices: dict[ChoiceKey, Choice] = Field(default_factory=dict)
    each: Condition | None = None
    offer: Texts | None = None
    into: VariableName | None = None
    most: int = Field(default=MOST_OPTIONS, ge=1, le=MOST_OPTIONS)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.each is None:
            if not self.choices:
                raise ValueError("'choices' is missing: a table such as {1: {next: STEP}}, or each: a list")
            if not self.prompt:
                raise ValueError("'prompt' is missing")
            strange = [name for name in ("offer", "into", "most") if name in self.model_fields_set]
            if strange:
                raise ValueError(f"{strange[0]!r} belongs to each, not to choices")
        elif self.choices:
            raise ValueError("either choices or each, not both: make it two steps")
        elif self.offer is None or self.into is None:
            name = "offer" if self.offer is None else "into"
            raise ValueError(f"{name!r} is missing: each goes with an offer and with into, a variable")
        return self

    @cached_property
    def ears_made(self) -> dict[tuple[str, ...], Listen]:
        """For each choice of languages, made when first wanted. (A private attribute is slow to read.)"""
        return {}

    @cached_property
    def meanings(self) -> dict[tuple[str, str], str]:
        """(language, normalised phrase) -> key of the choice."""
        found: dict[tuple[str, str], str] = {}
        for language, phrase, path in self.listened_for():
            found.setdefault((language, normalised(phrase)), str(path[2]))
        return found

    @cached_property
    def offer_wording(self) -> Wording:
        assert self.offer is not None
        return offer_wording(self.offer)

    @cached_property
    def offer_written(self) -> Wording:
        assert self.offer is not None
        return offer_wording(self.offer, written_sentences.OFFER)

    def required_here(self) -> tuple[str, ...]:
        return self.required if self.each is None else ("next", *self.required)

    def optional_here(self) -> tuple[str, ...]:
        return () if self.each is None else ("empty",)

    def sets(self, outcome: str) -> frozenset[str]:
        return frozenset({self.into}) if self.into is not None and outcome == "next" else frozenset()

    def edges(self, outcomes: Mapping[str, str], written: frozenset[str]) -> Iterator[Edge]:
        for key, choice in self.choices.items():
            path = (self.verb, "choices", key, "next")
            yield Edge(f"choice {key}", choice.next, path, turn=True, sets=frozenset(choice.set))
        yield from super().edges(outcomes, written)

    def reads(self) -> Iterator[tuple[Path, frozenset[str], bool]]:
        for path, names, must in super().reads():
            yield path, names - {ITEM} if path[1] == "offer" else names, must

    def listened_for(self) -> Iterator[tuple[str, str, Path]]:
        for key, choice in self.choices.items():
            for language, phrases in choice.hear.items():
                for index, phrase in enumerate(phrases):
                    yield language, phrase, (self.verb, "choices", key, "hear", language, index)

    def begin(self, talk: Talk, step: Step) -> Activity | None:
        if self.each is None:
            return _MenuTurn(talk, step, self)
        items = offers(self, talk)
        if items:
            return OfferTurn(talk, step, self, items)
        talk.finish("empty")
        return None

    def ears(self, languages: tuple[str, ...]) -> Listen:
        found = self.ears_made.get(languages)
        if found is None:
            own: dict[str, dict[str, None]] = {language: {} for language in languages}
            for language, phrase, _ in self.listened_for():
                if language in own:
                    own[language][phrase] = None
            for language in languages:
                own[language].update(dict.fromkeys(navigation_phrases(language)))
            found = self.ears_made[languages] = Listen({lang: tuple(said) for lang, said in own.items()})
        return found

    def meant(self, text: str, language: str) -> str | None:
        """The key of the choice that a phrase makes."""
        return self.meanings.get((language, normalised(text)))


class _MenuTurn(OptionTurn):
    def __init__(self, talk: Talk, step: Step, menu: Menu) -> None:
        super().__init__(talk, step, menu, menu.choices)
        self._menu = menu
        self.begin()

    def options(self, languages: Sequence[str]) -> tuple[Option, ...]:
        return tuple(
            Option(key, labelled(choice.hear, languages, key)) for key, choice in self._menu.choices.items()
        )

    def ears(self) -> Listen:
        return self._menu.ears(self.talk.languages)

    def meant(self, text: str, language: str) -> str | None:
        return self._menu.meant(text, language)

    def accept(self, answer: Candidate) -> None:
        self.note_understood(answer, {"choice": answer.value})
        choice = self._menu.choices[answer.value]
        if set_values(self.talk, choice.set):
            self.talk.go(choice.next, f"choice {answer.value}")
