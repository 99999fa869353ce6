"""Times of day said and understood: "czternasta trzydzieści", "quarter to nine", "половина третьего", "8:30".

An hour from 1 to 12 that is said without a part of the day stays as it is said: "three" is 03:00.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time

from wording.clock_words import (
    FILLERS,
    HALF_TO,
    HALVES,
    HOUR_WORDS,
    MINUTE_WORDS,
    NAMED_HOURS,
    NAMED_MINUTES,
    PARTS,
    PATTERNS,
)
from wording.dates import said_date, said_weekday
from wording.numbers import said_number, said_ordinal
from wording.phrases import normalised
from wording.plurals import plural
from wording.small_numbers import CARDINALS, ORDINALS, Form, ordinal_form, read_small

DAY_MINUTES, HALF_DAY_MINUTES = 24 * 60, 12 * 60
_SUNDER = re.compile(r"(?<=\d)(?=[^\W\d])")
_HALF = "пол"
_PARTS = {language: {normalised(p): hours for p, hours in parts.items()} for language, parts in PARTS.items()}

# An hour as it was said, and the minutes from it; where the words go on.
_Read = tuple[int, int, int]


def said_time(at: time, language: str, *, on: bool = False) -> str:
    """The time in words, or with `on` as it answers "when": "o czternastej trzydzieści", "at noon".

    Raises KeyError for an unknown language.
    """
    return {"pl": _said_polish, "en": _said_english, "ru": _said_russian}[language](at.hour, at.minute, on)


def said_datetime(at: datetime, language: str) -> str:
    """When it is: "on Monday, March twenty third, at two thirty p m". Raises KeyError like `said_time`."""
    comma = "" if language == "pl" else ","
    weekday = said_weekday(at.date(), language, on=True)
    day, clock = said_date(at.date(), language), said_time(at.time(), language, on=True)
    return f"{weekday}{comma} {day}{comma} {clock}"


def _said_polish(hour: int, minute: int, on: bool) -> str:
    if not hour and not minute:
        return "o północy" if on else "północ"
    said = said_ordinal(hour, "pl", "f", "loc" if on else "nom") if hour else "zero"
    if minute:
        said += f" {'zero ' if minute < 10 else ''}{said_number(minute, 'pl')}"
    return f"o {said}" if on else said


def _said_english(hour: int, minute: int, on: bool) -> str:
    if not minute and hour % 12 == 0:
        said = "noon" if hour else "midnight"
    else:
        said = said_number((hour - 1) % 12 + 1, "en")
        if minute:
            said += f" {'oh ' if minute < 10 else ''}{said_number(minute, 'en')}"
        said += " p m" if hour >= 12 else " a m"
    return f"at {said}" if on else said


def _said_russian(hour: int, minute: int, on: bool) -> str:
    hours = f"{said_number(hour, 'ru')} {plural(hour, 'ru', ('час', 'часа', 'часов'))}"
    if not hour and not minute:
        said = "полночь"
    elif not minute:
        said = "час ночи" if hour == 1 else hours
    elif hour == 0 or (minute % 10 in (1, 2) and minute not in (11, 12)):
        # Feminine minutes need their noun: "двадцать одну минуту".
        minutes = said_number(minute, "ru", "f")
        if on and minutes.endswith("одна"):
            minutes = minutes.removesuffix("одна") + "одну"
        noun = ("минуту" if on else "минута", "минуты", "минут")
        said = f"{hours} {minutes} {plural(minute, 'ru', noun)}"
    else:
        short = "час" if hour == 1 else said_number(hour, "ru")
        said = f"{short} {'ноль ' if minute < 10 else ''}{said_number(minute, 'ru')}"
    return f"в {said}" if on else said


def time_vocabulary(language: str) -> tuple[str, ...]:
    """The words that are listened for while a time is said; empty for an unknown language."""
    return tuple(dict.fromkeys(_listened(language))) if language in PARTS else ()


# Spellings that only a transcript has.
_UNLISTENED = frozenset(["oclock", "popołudniu", "am", "pm"])
_SMALL_WORDS = {
    "pl": "o w godzina godzinie po za przed wpół do dwadzieścia",
    "en": "at in the a oh past to till half hundred",
    "ru": "в без с половиной пол ноль одну две пяти десяти пятнадцати двадцати",
}


def _listened(language: str) -> Iterator[str]:
    if language == "pl":
        for hour in range(1, 21):
            yield from (ordinal_form(hour, "pl", "f", case) for case in ("nom", "loc", "acc"))
    if language == "ru":
        yield from (ordinal_form(hour, "ru", "m", "gen") for hour in range(1, 13))
    yield from (said_number(value, language) for value in (*range(20), *range(20, 60, 10)))
    for phrases in (
        PARTS[language],
        NAMED_HOURS[language],
        NAMED_MINUTES[language],
        MINUTE_WORDS[language],
        HOUR_WORDS[language],
        (_SMALL_WORDS[language],),
    ):
        for phrase in phrases:
            yield from (word for word in phrase.split() if word not in _UNLISTENED)


def understood_time(text: str, language: str) -> time | None:
    """The time meant by `text`, to the minute, or None when it is none."""
    if language not in PARTS:
        return None
    words = _words(text, language)
    for rest, part in _partings(words, language):
        for pattern, sign in PATTERNS[language]:
            for hour, minutes in _matches(pattern.split(), sign, rest, language):
                minute_of_day = _placed(hour, minutes, part)
                if minute_of_day is not None:
                    return time(minute_of_day // 60, minute_of_day % 60)
    return None


def _words(text: str, language: str) -> list[str]:
    words = [w for w in _SUNDER.sub(" ", normalised(text)).split() if w not in FILLERS[language]]
    if len(words) == 1 and words[0].isdecimal() and len(words[0]) in (3, 4):
        return [words[0][:-2], words[0][-2:]]
    if language == "ru":
        # "полтретьего" is written in one word.
        return [
            part
            for word in words
            for part in (
                (_HALF, word[len(_HALF) :])
                if word.startswith(_HALF) and word[len(_HALF) :] in ORDINALS["ru"]
                else (word,)
            )
        ]
    return words


def _partings(words: list[str], language: str) -> Iterator[tuple[list[str], dict[int, int] | None]]:
    """The words as they are, then without a part of the day at their end or beginning."""
    yield words, None
    for phrase, hours in _PARTS[language].items():
        length = len(phrase.split())
        if " ".join(words[-length:]) == phrase:
            yield words[:-length], hours
        if " ".join(words[:length]) == phrase:
            yield words[length:], hours


def _placed(hour: int, minutes: int, part: dict[int, int] | None) -> int | None:
    """The minute of the day of an hour with minutes added or taken away, in that part of the day."""
    minute = hour * 60 + minutes
    if not 1 <= hour <= 12:
        minute %= DAY_MINUTES
        return minute if part is None or minute // 60 in part.values() else None
    if minute < 60:
        minute += HALF_DAY_MINUTES
    if part is None:
        return minute
    placed = part.get(minute // 60)
    return None if placed is None else placed * 60 + minute % 60


def _matches(pattern: list[str], sign: int, words: Sequence[str], language: str) -> Iterator[tuple[int, int]]:
    """Every (hour, minutes from it) in which `pattern` takes all of `words`."""
    states = [(0, 0, 0)]
    for element in pattern:
        following = []
        for hour, minutes, at in states:
            if element in ("M", "N"):
                found = _minutes(words, at, language, after_hour=element == "N")
                following += [(hour, minutes + sign * m, end) for m, end in found]
            elif element in ("H", "B", "G"):
                found_hours = _hours(words, at, language, element)
                following += [(h, minutes + off, end) for h, off, end in found_hours]
            elif at < len(words) and words[at] == element:
                following.append((hour, minutes + (30 if element in HALVES else 0), at + 1))
        states = following
    yield from ((hour, minutes) for hour, minutes, at in states if at == len(words))


def _hours(words: Sequence[str], at: int, language: str, element: str) -> list[_Read]:
    if element == "G":
        figures = at < len(words) and words[at].isdecimal()
        begun = None if figures else read_small(words, at, language, Form.ORDINAL)
        # 60 minutes are taken off: "пять минут третьего" is 2:05.
        return [(begun[0], -60, begun[1])] if begun is not None and 1 <= begun[0] <= 12 else []
    found: list[_Read] = []
    if element == "B":
        for phrase in HALF_TO[language]:
            length = len(phrase.split())
            if " ".join(words[at : at + length]) == phrase:
                found += [(h, -30, end) for h, _, end in _hours(words, at + length, language, "H")]
    word = words[at] if at < len(words) else ""
    if word in NAMED_HOURS[language]:
        found.append((NAMED_HOURS[language][word], 0, at + 1))
    form = Form.EITHER if language == "pl" else Form.CARDINAL
    zero = CARDINALS[language].get(word) == 0
    # "zero osiem trzydzieści", "oh eight hundred": the hour may have its zero said.
    for start in (at, at + 1) if zero else (at,):
        number = read_small(words, start, language, form)
        if number is not None and number[0] <= (9 if start > at else 24):
            found += [(number[0], 0, end) for end in _ends(words, number[1], HOUR_WORDS[language])]
    if language == "ru" and word == "час":
        found.append((1, 0, at + 1))
    return found


def _minutes(words: Sequence[str], at: int, language: str, *, after_hour: bool) -> list[tuple[int, int]]:
    """Minutes at `at`: quarters and numbers; after an hour numbers alone, below ten with their zero."""
    found: list[tuple[int, int]] = []
    for phrase, value in NAMED_MINUTES[language].items() if not after_hour else ():
        length = len(phrase.split())
        if " ".join(words[at : at + length]) == phrase:
            found.append((value, at + length))
    zero = at < len(words) and CARDINALS[language].get(words[at]) == 0
    number = read_small(words, at + zero, language, Form.CARDINAL)
    if number is None or number[0] > 59 or (zero and number[0] > 9):
        return found
    figures = len(words[number[1] - 1]) == 2 and words[number[1] - 1].isdecimal()
    # "eight five" is not how a time is said in English; "ósma pięć" and "восемь пять" are.
    if after_hour and number[0] < 10 and not (zero or figures or (language != "en" and number[0])):
        return found
    return found + [(number[0], end) for end in _ends(words, number[1], MINUTE_WORDS[language])]


def _ends(words: Sequence[str], at: int, optional: tuple[str, ...]) -> list[int]:
    """Where reading goes on: at `at`, and after one of the `optional` phrases that stands there."""
    ends = [at]
    for phrase in optional:
        length = len(phrase.split())
        if " ".join(words[at : at + length]) == phrase:
            ends.append(at + length)
    return ends


def moment_of(text: str) -> date | time | datetime | None:
    """An ISO time, date, or date with time."""
    text = text.strip()
    for read in (date.fromisoformat, time.fromisoformat, datetime.fromisoformat):
        try:
            return read(f"0{text}" if text[1:2] == ":" else text)
        except ValueError:
            continue
    return None


def time_filter(arguments: tuple[str, ...]) -> Callable[[str, str], str]:
    """`time`, or `time(at)` as it answers "when": what is no ISO time stays as it is."""
    if arguments not in ((), ("at",)):
        raise ValueError("at is the only argument")

    def change(text: str, language: str) -> str:
        moment = moment_of(text)
        at = moment.time() if isinstance(moment, datetime) else moment
        if language not in PARTS or not isinstance(at, time):
            return text
        return said_time(at, language, on=bool(arguments))

    return change


def datetime_filter(arguments: tuple[str, ...]) -> Callable[[str, str], str]:
    """`datetime`: an ISO date with its time, or a date alone, as it answers "when"."""

    def change(text: str, language: str) -> str:
        moment = moment_of(text)
        if language not in PARTS or not isinstance(moment, date):
            return text
        if isinstance(moment, datetime):
            return said_datetime(moment, language)
        comma = "" if language == "pl" else ","
        return f"{said_weekday(moment, language, on=True)}{comma} {said_date(moment, language)}"

    return change
