"""What a person types in place of keys and speech: in a chat, in a rehearsal, in a terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache

from ivr.answers.amount import Amount
from ivr.answers.day import Day
from ivr.answers.digits import Digits
from ivr.answers.kind import AnswerKind
from ivr.answers.number import Number
from ivr.answers.phone import Phone
from ivr.answers.time_of_day import TimeOfDay
from ivr.asked import Asked
from ivr.commands import Listen
from ivr.events import Event, Heard, KeyPressed
from wording.navigation import navigation_phrases
from wording.phrases import normalised

KEYS = re.compile(r"[0-9*#]{1,64}")
# Words that are most likely meant are asked back, as a recogniser's are of which it is unsure.
LIKELY = 0.5
# So like must a word be to one that is misspelt; less is another word.
ALIKE = 0.8


def answer_events(text: str, asked: Asked, ears: Listen | None, languages: Sequence[str]) -> Iterable[Event]:
    """What the Dialogue is told of a whole answer. `languages`: spoken now, the person's own first."""
    keys = keys_of(text, asked.kind)
    if keys is not None and _are_pressed(keys, asked):
        return tuple(KeyPressed(key) for key in keys)
    ears = ears or Listen()
    heard = found_phrase(text, ears, languages, as_written=True) or _likely(text, ears, languages)
    if heard is None:
        return (Heard("", languages[0] if languages else "", 0.0, 0.0),)
    return (heard,)


def _are_pressed(keys: str, asked: Asked) -> bool:
    """Where one of a few is picked, a number that is none of them is no key with others behind it."""
    if asked.kind is not None or not asked.options or len(keys) == 1:
        return True
    return keys.removesuffix("#") in {option.value for option in asked.options}


def keys_of(text: str, kind: AnswerKind | None) -> str | None:
    """The keys that give the same answer; None when it is words."""
    plain = text.strip()
    for type_of, read in _WRITTEN.items():
        if isinstance(kind, type_of) and (keys := read(plain)) is not None:
            return keys
    return plain if KEYS.fullmatch(plain) else None


def found_phrase(
    text: str, ears: Listen, languages: Iterable[str], *, as_written: bool = False
) -> Heard | None:
    """What a recogniser that makes no mistakes would report; None when nothing listens for it.

    `as_written`: words that may be any keep their capitals and marks, which no recogniser hears.
    """
    wanted = normalised(text)
    if not wanted:
        return None
    for language in languages:
        phrases = _by_form(ears.phrases.get(language, ()))
        if wanted in phrases:
            return Heard(phrases[wanted], language)
        if ears.free:
            return Heard(text.strip() if as_written else wanted, language)
        if ears.sequence and _made_of(wanted.split(), phrases):
            return Heard(wanted, language)
    return None


def _likely(text: str, ears: Listen, languages: Iterable[str]) -> Heard | None:
    """A phrase in the middle of a sentence, or one that is misspelt."""
    wanted = normalised(text)
    for language in languages if wanted else ():
        phrases = _by_form(ears.phrases.get(language, ()))
        always = {normalised(phrase) for phrase in navigation_phrases(language)}
        own = {form: phrase for form, phrase in phrases.items() if form not in always}
        within = sorted((form for form in own if f" {form} " in f" {wanted} "), key=len, reverse=True)
        close = within or get_close_matches(wanted, own, n=1, cutoff=ALIKE)
        if close:
            return Heard(own[close[0]], language, LIKELY)
    return None


@lru_cache(maxsize=256)
def _by_form(phrases: tuple[str, ...]) -> dict[str, str]:
    return {normalised(phrase): phrase for phrase in phrases}


def _made_of(words: Sequence[str], phrases: Mapping[str, str]) -> bool:
    """Whether the words are phrases one after another."""
    reached = {0}
    for end in range(1, len(words) + 1):
        if any(start in reached and " ".join(words[start:end]) in phrases for start in range(end)):
            reached.add(end)
    return len(words) in reached


# --- values as they are written -----------------------------------------------------------------------------

_DATE = re.compile(r"(\d{1,2})[./ -](\d{1,2})(?:[./ -](\d{4}))?\.?")
_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_TIME = re.compile(r"(\d{1,2})[:.h](\d{2})")
_AMOUNT = re.compile(r"(\d{1,3}(?:[ \u00a0]\d{3})+|\d{1,9})(?:[.,](\d{1,2}))?\s*(?:[^\W\d]{1,8}\.?|[€$£])?")
_PHONE = re.compile(r"\+?[\d ()./-]{3,30}")
_DIGITS = re.compile(r"[\d -]{1,60}")


def _date(text: str) -> str | None:
    if match := _ISO_DATE.fullmatch(text):
        return f"{int(match[3]):02}{int(match[2]):02}{match[1]}"
    if match := _DATE.fullmatch(text):
        return f"{int(match[1]):02}{int(match[2]):02}{match[3] or ''}"
    return None


def _time(text: str) -> str | None:
    match = _TIME.fullmatch(text)
    return match[1] + match[2] if match else None


def _amount(text: str) -> str | None:
    match = _AMOUNT.fullmatch(text)
    if match is None:
        return None
    whole = re.sub(r"\D", "", match[1])
    return f"{whole}*{match[2]:0<2}" if match[2] else whole


def _phone(text: str) -> str | None:
    if not _PHONE.fullmatch(text):
        return None
    return ("00" if text.startswith("+") else "") + re.sub(r"\D", "", text)


def _digits(text: str) -> str | None:
    return (re.sub(r"\D", "", text) or None) if _DIGITS.fullmatch(text) else None


_WRITTEN: Mapping[type[AnswerKind], Callable[[str], str | None]] = {
    Day: _date,
    TimeOfDay: _time,
    Amount: _amount,
    Phone: _phone,
    Digits: _digits,
    Number: _digits,
}
