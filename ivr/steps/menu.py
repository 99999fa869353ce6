"""menu: let the caller choose by a key or a phrase."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from calls.events import CallEventKind
from ivr.commands import Listen
from ivr.events import Heard
from ivr.sentences import DID_YOU_SAY
from ivr.steps.body import Edge, FieldBody, Path
from ivr.steps.set import Values, set_values
from ivr.texts import NotEmpty, check_languages, languages_of
from ivr.turn import AGENT_KEY, BY_KEY, BY_SPEECH, KEY_GAP_SECONDS, REPEAT_KEY, Candidate, Turn, is_sure
from wording.navigation import Wish, navigation_phrases
from wording.phrases import normalised

if TYPE_CHECKING:
    from ivr.activity import Activity
    from ivr.flow import Step
    from ivr.talk import Talk, Wording

ChoiceKey = Annotated[str, StringConstraints(pattern=r"^([0-9]{1,8}|\*|#)$")]


class Choice(BaseModel):
    """`hear`: language -> phrases; without it the choice is made by key only."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    hear: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    set: Values = Field(default_factory=dict)
    next: str

    @field_validator("hear", mode="before")
    @classmethod
    def _phrases(cls, value: Any, info: ValidationInfo) -> Any:
        if not isinstance(value, dict):
            raise ValueError("phrases in each language are wanted here, such as {en: [order, parcel]}")
        check_languages(value, languages_of(info))
        listed = {lang: said if isinstance(said, list) else [said] for lang, said in value.items()}
        for phrase in (phrase for said in listed.values() for phrase in said if isinstance(phrase, str)):
            if not normalised(phrase):
                raise ValueError(f"{phrase!r} has no word in it")
        return listed


class Menu(FieldBody):
    """`menu: {prompt, choices: {1: {hear, set, next}, …}, silent, unclear, attempts, wait, interrupt}`."""

    verb: ClassVar[str] = "menu"
    required: ClassVar[tuple[str, ...]] = ("otherwise",)

    choices: Annotated[dict[ChoiceKey, Choice], NotEmpty]

    _ears: dict[tuple[str, ...], Listen] = PrivateAttr(default_factory=dict)
    _meaning: dict[tuple[str, str], str] = PrivateAttr(default_factory=dict)

    def model_post_init(self, context: Any) -> None:
        for language, phrase, path in self.listened_for():
            self._meaning.setdefault((language, normalised(phrase)), str(path[2]))

    def edges(self, outcomes: Mapping[str, str], written: frozenset[str]) -> Iterator[Edge]:
        for key, choice in self.choices.items():
            path = (self.verb, "choices", key, "next")
            yield Edge(f"choice {key}", choice.next, path, turn=True, sets=frozenset(choice.set))
        yield from super().edges(outcomes, written)

    def listened_for(self) -> Iterator[tuple[str, str, Path]]:
        for key, choice in self.choices.items():
            for language, phrases in choice.hear.items():
                for index, phrase in enumerate(phrases):
                    yield language, phrase, (self.verb, "choices", key, "hear", language, index)

    def begin(self, talk: Talk, step: Step) -> Activity:
        return _MenuTurn(talk, step, self)

    def ears(self, languages: tuple[str, ...]) -> Listen:
        found = self._ears.get(languages)
        if found is None:
            own: dict[str, dict[str, None]] = {language: {} for language in languages}
            for language, phrase, _ in self.listened_for():
                if language in own:
                    own[language][phrase] = None
            for language in languages:
                own[language].update(dict.fromkeys(navigation_phrases(language)))
            found = self._ears[languages] = Listen({lang: tuple(said) for lang, said in own.items()})
        return found

    def meant(self, text: str, language: str) -> str | None:
        """The key of the choice that a phrase makes."""
        return self._meaning.get((language, normalised(text)))


class _MenuTurn(Turn):
    def __init__(self, talk: Talk, step: Step, menu: Menu) -> None:
        super().__init__(talk, step, menu)
        self._menu = menu
        self.begin()

    def ears(self) -> Listen:
        return self._menu.ears(self.talk.languages)

    def take_key(self, key: str) -> None:
        choices = self._menu.choices
        if key == "#" and self.keyed:
            self.keys_over()
            return
        keyed = self.keyed + key
        if any(other != keyed and other.startswith(keyed) for other in choices):
            self.keyed = keyed
            self.wait(KEY_GAP_SECONDS)
        elif keyed in choices:
            self.talk.answered_early()
            self._chosen(keyed)
        elif keyed == AGENT_KEY:
            self.wish(Wish.AGENT, BY_KEY)
        elif keyed == REPEAT_KEY:
            self.wish(Wish.REPEAT, BY_KEY)
        else:
            self.failed("unclear")

    def keys_over(self) -> None:
        if self.keyed in self._menu.choices:
            self._chosen(self.keyed)
        elif self.keyed == AGENT_KEY:
            self.wish(Wish.AGENT, BY_KEY)
        else:
            self.failed("unclear")

    def take_words(self, heard: Heard) -> bool:
        key = self._menu.meant(heard.text, heard.language)
        if key is None or heard.language not in self.talk.languages:
            return False
        self.answered(Candidate(key, BY_SPEECH, heard.text, heard.confidence, is_sure(heard)))
        return True

    def must_confirm(self, answer: Candidate) -> bool:
        return not answer.sure

    def read_back(self) -> Wording:
        return DID_YOU_SAY

    def accept(self, answer: Candidate) -> None:
        data = {
            "step": self.step.name,
            "choice": answer.value,
            "by": answer.by,
            "confidence": round(answer.confidence, 3),
        }
        self.talk.note(CallEventKind.UNDERSTOOD, data)
        choice = self._menu.choices[answer.value]
        if set_values(self.talk, choice.set):
            self.talk.go(choice.next, f"choice {answer.value}")

    def _chosen(self, key: str) -> None:
        self.answered(Candidate(key, BY_KEY, key))
