"""What answered, by its sound and by the first words of its greeting.

A person who is taken for a machine counts as abandoned, so a machine's sound alone is not believed where
words can be heard: only what no person says who lifts a receiver makes a machine.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from calls.detection import Sounding, Sounds
from dialer.attempt import Verdict

# Parts of greetings, as a recogniser writes them: small letters, no punctuation.
MACHINE_PHRASES: Mapping[str, Sequence[str]] = {
    "en": (
        "leave a message",
        "leave me a message",
        "leave your message",
        "leave your name",
        "record your message",
        "after the tone",
        "after the beep",
        "at the tone",
        "at the beep",
        "voicemail",
        "voice mail",
        "mailbox",
        "mail box",
        "take your call",
        "answer your call",
        "come to the phone",
        "get to the phone",
        "is unavailable",
        "is not available",
        "not available right now",
        "not available at the moment",
        "nobody is available",
        "no one is available",
        "the person you are calling",
        "the person you have called",
        "the person at extension",
        "the number you have dialed",
        "the number you have called",
        "unable to locate the person",
        "i'll call you back",
        "i will call you back",
        "get back to you",
    ),
    "pl": (
        "zostaw wiadomość",
        "zostawić wiadomość",
        "zostawienie wiadomości",
        "nagraj wiadomość",
        "nagrać wiadomość",
        "po sygnale",
        "po usłyszeniu sygnału",
        "poczta głosowa",
        "poczty głosowej",
        "skrzynka",
        "automatyczna sekretarka",
        "nie mogę odebrać",
        "nie może odebrać",
        "nie mogę rozmawiać",
        "abonent",
        "jest niedostępny",
        "czasowo niedostępny",
        "chwilowo niedostępny",
        "poza zasięgiem",
        "oddzwonię",
    ),
    "ru": (
        "оставьте сообщение",
        "оставить сообщение",
        "оставьте ваше сообщение",
        "после сигнала",
        "после звукового сигнала",
        "голосовая почта",
        "голосовой почты",
        "голосовой ящик",
        "автоответчик",
        "автоответчика",
        "абонент",
        "абонента",
        "недоступен",
        "вне зоны",
        "не могу ответить",
        "не может ответить",
        "не может принять",
        "никто не может",
        "перезвоню",
    ),
}
# What people say who answer, and small words: beside these a recogniser takes less for a machine's phrase.
PEOPLES_PHRASES: Mapping[str, Sequence[str]] = {
    "en": (
        *("hello", "hi", "hey", "yes", "yeah", "no", "okay", "please", "sorry", "speaking", "good morning"),
        *("good afternoon", "good evening", "who is this", "who is calling", "how can i help you", "this is"),
        *("what", "the", "a", "an", "is", "are", "to", "has", "have", "for", "not", "it", "in", "of", "and"),
        *("you", "your", "i", "we", "left", "now", "one", "two", "three", "four", "five", "six", "seven"),
        *("eight", "nine", "zero", "company", "office", "press", "call", "number", "name", "number is"),
    ),
    "pl": (
        *(
            "halo",
            "słucham",
            "tak",
            "nie",
            "dzień dobry",
            "dobry wieczór",
            "kto mówi",
            "o co chodzi",
            "proszę",
        ),
        *("przy telefonie", "w czym mogę pomóc", "to", "na", "w", "z", "i", "do", "się", "jest", "firma"),
    ),
    "ru": (
        *("алло", "да", "нет", "слушаю", "слушаю вас", "здравствуйте", "добрый день", "добрый вечер"),
        *("кто это", "кто говорит", "чем могу помочь", "пожалуйста", "это", "на", "в", "с", "и", "не", "вы"),
    ),
}
_SURE_AFTER = 3
_BLANKS = re.compile(r"[^\w']+")


def listened_for(language: str) -> Sequence[str]:
    """All that a recogniser should tell apart; empty for a language of which no greetings are known."""
    return (*MACHINE_PHRASES.get(language, ()), *PEOPLES_PHRASES.get(language, ()))


def machine_phrase(words: str, language: str) -> str | None:
    """The first of the language's phrases that is said in `words`, whole; None when none is."""
    said = f" {_BLANKS.sub(' ', words.lower()).strip()} "
    return next((phrase for phrase in MACHINE_PHRASES.get(language, ()) if f" {phrase} " in said), None)


class PhraseHeard:
    """A recogniser takes back what it said a moment ago: a phrase counts that it has said several times."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._phrase: str | None = None
        self._times = 0

    def after(self, words: str) -> str | None:
        """The phrase, once it is sure. `words`: all that was heard so far, every tenth of a second."""
        found = machine_phrase(words, self._language)
        self._times = self._times + 1 if found is not None and found == self._phrase else 1
        self._phrase = found
        return found if self._times >= _SURE_AFTER else None


def by_sound(sounding: Sounding) -> tuple[Verdict, str]:
    """The verdict and why. Who says nothing may be a person, so that is unsure."""
    match sounding.sounds:
        case Sounds.HUMAN:
            return Verdict.HUMAN, f"sounds human ({sounding.why})"
        case Sounds.MACHINE:
            return Verdict.MACHINE, f"sounds like a machine ({sounding.why})"
        case Sounds.NOTHING:
            return Verdict.UNSURE, "said nothing"
        case Sounds.UNSURE:
            return Verdict.UNSURE, f"sounds like either ({sounding.why})"


def together(sounding: Sounding | None, phrase: str | None) -> tuple[Verdict, str]:
    """`phrase`: what `machine_phrase` has found. `sounding` None: the sound was not told."""
    if phrase is not None:
        return Verdict.MACHINE, f'said "{phrase}"'
    if sounding is None:
        return Verdict.UNSURE, "neither sound nor words told"
    if sounding.sounds is Sounds.MACHINE:
        return Verdict.UNSURE, f"sounds like a machine ({sounding.why}), but does not say so"
    return by_sound(sounding)
