"""A verdict from what answers sounds like and from the words that it says."""

from __future__ import annotations

import pytest

from calls.detection import Sounding, Sounds
from dialer.attempt import Verdict
from dialer.greeting import (
    MACHINE_PHRASES,
    PEOPLES_PHRASES,
    PhraseHeard,
    by_sound,
    listened_for,
    machine_phrase,
    together,
)


@pytest.mark.parametrize(
    ("language", "words", "phrase"),
    [
        ("en", "hello nobody is available to take", "nobody is available"),
        ("en", "Please, leave a message after the tone.", "leave a message"),
        ("en", "hello", None),
        ("en", "good morning anna speaking how can i help you", None),
        ("en", "she takes your calls", None),  # only whole words count
        ("pl", "abonent jest czasowo niedostępny", "abonent"),
        ("pl", "Zostaw wiadomość po sygnale", "zostaw wiadomość"),
        ("pl", "słucham", None),
        ("ru", "здравствуйте, оставьте сообщение", "оставьте сообщение"),
        ("ru", "алло", None),
        ("pl", "leave a message", None),  # another language's
        ("xx", "leave a message", None),
        ("en", "", None),
    ],
)
def test_phrases_of_machines_are_found_in_their_language(
    language: str, words: str, phrase: str | None
) -> None:
    assert machine_phrase(words, language) == phrase


def test_phrases_are_written_as_a_recogniser_writes() -> None:
    for language in ("en", "pl", "ru"):
        for phrase in listened_for(language):
            assert phrase == " ".join(phrase.lower().split())
        for phrase in PEOPLES_PHRASES[language]:
            assert machine_phrase(phrase, language) is None
    assert MACHINE_PHRASES.keys() == PEOPLES_PHRASES.keys()
    assert listened_for("xx") == ()


def test_a_phrase_that_is_taken_back_does_not_count() -> None:
    heard = PhraseHeard("en")
    assert [
        heard.after(words) for words in ("leave a message", "leave a message", "leave a", "voicemail")
    ] == [None] * 4
    assert [heard.after("voicemail at the tone") for _ in range(3)][-1] is not None
    assert heard.after("") is None


@pytest.mark.parametrize(
    ("sounds", "alone", "without_words"),
    [
        (Sounds.HUMAN, Verdict.HUMAN, Verdict.HUMAN),
        (Sounds.MACHINE, Verdict.MACHINE, Verdict.UNSURE),
        (Sounds.NOTHING, Verdict.UNSURE, Verdict.UNSURE),
        (Sounds.UNSURE, Verdict.UNSURE, Verdict.UNSURE),
    ],
)
def test_a_sound_alone_makes_no_machine_where_words_are_heard(
    sounds: Sounds, alone: Verdict, without_words: Verdict
) -> None:
    sounding = Sounding(sounds, "why")
    assert by_sound(sounding)[0] is alone
    assert together(sounding, None)[0] is without_words
    assert together(sounding, "after the tone") == (Verdict.MACHINE, 'said "after the tone"')


def test_words_alone_may_tell() -> None:
    assert together(None, "voicemail")[0] is Verdict.MACHINE
    assert together(None, None)[0] is Verdict.UNSURE
