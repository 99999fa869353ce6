"""Sentences that the interpreter says by itself, where a flow gives none of its own."""

from __future__ import annotations

from collections.abc import Iterator

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
READ_BACK = _texts(pl="Mam: {value|digits}.", en="I have {value|digits}.", ru="Вы указали: {value|digits}.")
DID_YOU_SAY = _texts(pl="Czy chodzi o: {value}?", en="Did you say {value}?", ru="Вы сказали: {value}?")

LANGUAGES = frozenset(SILENT)
"""The languages that a flow may be written in."""


def static_sentences(language: str) -> Iterator[str]:
    """Those that always read the same, for warming the prompt cache."""
    for texts in (SILENT, UNCLEAR, CORRECT, RESUMED, FAULT):
        yield texts[language].source
