"""Yes, no, and the words that work everywhere."""

from __future__ import annotations

import pytest

from wording.digits import digit_vocabulary
from wording.navigation import (
    PHRASES,
    Wish,
    navigation_beside_dictation,
    navigation_phrases,
    understood_wish,
)
from wording.phrases import normalised
from wording.yes_no import NO, YES, understood_yes_no, yes_no_phrases


@pytest.mark.parametrize(
    ("language", "text", "meaning"),
    [
        ("pl", "tak", True),
        ("pl", "Zgadza się.", True),
        ("pl", "nie", False),
        ("pl", "nie zgadza się", False),
        ("pl", "może", None),
        ("en", "Yes, please", True),
        ("en", "that's right", True),
        ("en", "that's wrong", False),
        ("en", "nope", False),
        ("en", "yes and no", None),
        ("ru", "да, верно", True),
        ("ru", "неверно", False),
        ("ru", "не верно", False),
        ("ru", "наверное", None),
        ("de", "ja", None),
        ("pl", "", None),
    ],
)
def test_yes_no(language: str, text: str, meaning: bool | None) -> None:
    assert understood_yes_no(text, language) is meaning


@pytest.mark.parametrize(
    ("language", "text", "wish"),
    [
        ("pl", "proszę powtórzyć", Wish.REPEAT),
        ("pl", "wróć", Wish.BACK),
        ("pl", "konsultantem", Wish.AGENT),
        ("en", "say again", Wish.REPEAT),
        ("en", "go back", Wish.BACK),
        ("en", "operator", Wish.AGENT),
        ("ru", "ещё раз", Wish.REPEAT),
        ("ru", "еще раз", Wish.REPEAT),
        ("ru", "назад", Wish.BACK),
        ("ru", "оператора", Wish.AGENT),
        ("en", "order", None),
        ("de", "zurück", None),
    ],
)
def test_wishes(language: str, text: str, wish: Wish | None) -> None:
    assert understood_wish(text, language) is wish


def test_no_phrase_means_two_things() -> None:
    for language in PHRASES:
        phrases = [normalised(p) for p in (*navigation_phrases(language), *yes_no_phrases(language))]
        assert len(phrases) == len(set(phrases))
        assert set(YES) == set(NO) == set(PHRASES)


@pytest.mark.parametrize("language", PHRASES)
def test_beside_dictation_a_few_words_for_each_wish(language: str) -> None:
    few = navigation_beside_dictation(language)
    assert set(few) <= set(navigation_phrases(language))
    assert {understood_wish(phrase, language) for phrase in few} == set(Wish)
    words = {word for phrase in few for word in phrase.split()}
    assert not words & {word for phrase in digit_vocabulary(language) for word in phrase.split()} - {"raz"}
