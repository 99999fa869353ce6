"""A value picked from a few by key or phrase: `choice`, and `yes_no`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
)

from ivr.texts import NotEmpty, check_languages, languages_of
from wording.phrases import normalised
from wording.yes_no import NO, YES


def _phrases(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, dict):
        raise ValueError("phrases in each language are wanted here, such as {en: [order, parcel]}")
    check_languages(value, languages_of(info))
    listed = {lang: said if isinstance(said, list) else [said] for lang, said in value.items()}
    for phrase in (phrase for said in listed.values() for phrase in said if isinstance(phrase, str)):
        if not normalised(phrase):
            raise ValueError(f"{phrase!r} has no word in it")
    return listed


Hear = Annotated[
    dict[str, tuple[str, ...]],
    BeforeValidator(_phrases, json_schema_input_type=dict[str, str | list[str]]),
]
"""language -> the phrases that mean it. One phrase may be written alone."""

ChoiceName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class NamedChoice(BaseModel):
    """`{hear: {en: [red]}, key: 1}`; without `hear` it is chosen by key only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    hear: Hear = Field(default_factory=dict)
    key: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,8}$")]


def _keys_differ(choices: dict[str, NamedChoice]) -> dict[str, NamedChoice]:
    first: dict[str, str] = {}
    for name, choice in choices.items():
        if first.setdefault(choice.key, name) != name:
            raise ValueError(f"{first[choice.key]!r} and {name!r} have the same key {choice.key}")
    return choices


Choices = Annotated[dict[ChoiceName, NamedChoice], NotEmpty, AfterValidator(_keys_differ)]
"""value -> how it is chosen."""


@dataclass(frozen=True, slots=True)
class Picks:
    """`values`: key -> value. `phrases`: language -> phrase -> key, as they are to be listened for.

    `meaning`: the same with phrases as they are compared. `names`: key -> language -> how the value is called
    when it is read back.
    """

    values: Mapping[str, str]
    phrases: Mapping[str, Mapping[str, str]]
    meaning: Mapping[str, Mapping[str, str]]
    names: Mapping[str, Mapping[str, str]]


def picks_of(choices: Mapping[str, NamedChoice], languages: tuple[str, ...]) -> Picks:
    phrases: dict[str, dict[str, str]] = {language: {} for language in languages}
    for choice in choices.values():
        for language, said in choice.hear.items():
            for phrase in said:
                phrases[language].setdefault(phrase, choice.key)
    names = {
        choice.key: {language: next(iter(choice.hear.get(language, ())), name) for language in languages}
        for name, choice in choices.items()
    }
    return Picks({choice.key: name for name, choice in choices.items()}, phrases, compared(phrases), names)


def yes_or_no(languages: tuple[str, ...], yes_key: str, no_key: str) -> Picks:
    """The values are "true" and "false"."""
    phrases = {
        language: dict.fromkeys(YES[language], yes_key) | dict.fromkeys(NO[language], no_key)
        for language in languages
    }
    names = {
        key: {language: words[language][0] for language in languages}
        for key, words in ((yes_key, YES), (no_key, NO))
    }
    return Picks({yes_key: "true", no_key: "false"}, phrases, compared(phrases), names)


def compared(phrases: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """language -> phrase in the form in which what is heard is compared -> key."""
    return {
        language: {normalised(phrase): key for phrase, key in said.items()}
        for language, said in phrases.items()
    }


def phrase_places(choices: Mapping[str, NamedChoice]) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """(language, phrase, where it is written under `choice`)."""
    for name, choice in choices.items():
        for language, said in choice.hear.items():
            for index, phrase in enumerate(said):
                yield language, phrase, (name, "hear", language, index)
