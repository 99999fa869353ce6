"""Yes, no, and the words that work everywhere."""

from __future__ import annotations

import pytest

from wording.navigation import PHRASES, Wish, navigation_phrases, understood_wish
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
