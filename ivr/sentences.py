"""Sentences that the interpreter says by itself, where a flow gives none of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from wording.templates import Template, parse_template


def _texts(**sentences: str) -> dict[str, Template]:
    return {language: parse_template(sentence) for language, sentence in sentences.items()}


SILENT = _texts(pl="Nie słyszę Państwa.", en="I can't hear you.", ru="Вас не слышно.")
UNCLEAR = _texts(pl="Nie zrozumiałam.", en="Sorry, I didn't get that.", ru="Извините, я не поняла.")
CORRECT = _texts(
    pl="Jeśli to się zgadza, proszę powiedzieć tak albo nacisnąć jeden. Jeśli nie, proszę nacisnąć dwa.",
    en="If that's right, say yes or press 1. If not, say no or press 2.",
    ru="Если всё верно, скажите да или нажмите один. Если нет, нажмите два.",
)
RESUMED = _texts(
    pl="Przepraszamy za krótką przerwę.",
    en="Sorry, we were cut off for a moment.",
    ru="Извините, связь ненадолго прервалась.",
)
FAULT = _texts(
    pl="Przepraszamy, mamy awarię. Prosimy zadzwonić później.",
    en="Sorry, something is broken on our side. Please call again later.",
    ru="Извините, у нас неполадки. Пожалуйста, перезвоните позже.",
)

# With a value in them, so they cannot be rendered ahead of a call.
DID_YOU_SAY = _texts(pl="Czy chodzi o: {value}?", en="Did you say {value}?", ru="Вы сказали: {value}?")
OFFER = _texts(
    pl="{offer}: proszę nacisnąć {number|digits}.",
    en="{offer}: press {number|digits}.",
    ru="{offer}: нажмите {number|digits}.",
)

_READ_BACK = {"pl": "Mam: {value}.", "en": "I have {value}.", "ru": "Вы указали: {value}."}
# What was picked is called by its own name in each language.
NAMED = _texts(**{lang: text.replace("value", f"value.{lang}") for lang, text in _READ_BACK.items()})
# (a least, a most) -> the sentence. They are said of an amount or a number, and of a day or an hour.
_TOO_FAR: dict[str, dict[tuple[bool, bool], dict[str, str]]] = {
    "quantity": {
        (True, True): {
            "pl": "Najmniej {least}, najwięcej {most}.",
            "en": "It must be from {least} to {most}.",
            "ru": "Самое меньшее: {least}, самое большее: {most}.",
        },
        (True, False): {
            "pl": "Najmniej {least}.",
            "en": "It must be at least {least}.",
            "ru": "Самое меньшее: {least}.",
        },
        (False, True): {
            "pl": "Najwięcej {most}.",
            "en": "It must be at most {most}.",
            "ru": "Самое большее: {most}.",
        },
    },
    "moment": {
        (True, True): {
            "pl": "Najwcześniej {least}, najpóźniej {most}.",
            "en": "It must be from {least} to {most}.",
            "ru": "Самое раннее: {least}, самое позднее: {most}.",
        },
        (True, False): {
            "pl": "Najwcześniej {least}.",
            "en": "The earliest is {least}.",
            "ru": "Самое раннее: {least}.",
        },
        (False, True): {
            "pl": "Najpóźniej {most}.",
            "en": "The latest is {most}.",
            "ru": "Самое позднее: {most}.",
        },
    },
}

LANGUAGES = frozenset(SILENT)
"""The languages that a flow may be written in."""


def static_sentences(language: str) -> Iterator[str]:
    """Those that always read the same, for warming the prompt cache."""
    for texts in (SILENT, UNCLEAR, CORRECT, RESUMED, FAULT):
        yield texts[language].source


def named_limits() -> Iterator[tuple[str, Mapping[str, Template]]]:
    """Every sentence of too_far by a name, such as "quantity_least"."""
    for of, sentences in _TOO_FAR.items():
        for (least, most), said in sentences.items():
            end = "between" if least and most else "least" if least else "most"
            yield f"{of}_{end}", _texts(**said)


@lru_cache(maxsize=64)
def read_back(change: str = "") -> Mapping[str, Template]:
    """Says {value} as the filter `change` does."""
    return {language: _changed(sentence, change) for language, sentence in _READ_BACK.items()}


@lru_cache(maxsize=64)
def too_far(of: str, change: str, *, least: bool, most: bool) -> Mapping[str, Template]:
    """Says {least} and {most}, those of them that there are. `of`: "quantity" or "moment"."""
    return {language: _changed(said, change) for language, said in _TOO_FAR[of][least, most].items()}


def _changed(sentence: str, change: str) -> Template:
    return parse_template(sentence.replace("}", f"|{change}}}") if change else sentence)
