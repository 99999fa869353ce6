"""Digits said one by one, and dictated digits understood: "two double five", "dwadzieścia dwa", "два нуля".

A number is dictated in groups. Each group is digits, a pair such as "twenty two" or a three-digit number such
as "sto dwadzieścia trzy"; the groups are put side by side, so "twenty two five" is 225.
"""

from __future__ import annotations

from wording.digit_words import (
    FILLERS,
    HUNDREDS,
    LISTENED,
    REPEATERS,
    SAID,
    SIGNS,
    TEENS,
    TENS,
    UNIT_GROUPS,
    UNITS,
)
from wording.phrases import normalised

# Longer numbers are said in groups of this many, with a short pause, as people read them out.
GROUP_DIGITS = 3
LONGEST_UNGROUPED = 4


def said_digits(digits: str, language: str) -> str:
    """The digits as words, one by one, in groups of three when there are more than four.

    A leading + is said too; other characters are left out. Raises KeyError for an unknown language.
    """
    words = SAID[language]
    signs = [SIGNS[language]] if digits.startswith("+") else []
    only = [words[int(d)] for d in digits if d in "0123456789"]
    if len(only) <= LONGEST_UNGROUPED:
        return " ".join(signs + only)
    groups = [" ".join(only[at : at + GROUP_DIGITS]) for at in range(0, len(only), GROUP_DIGITS)]
    return " ".join([*signs, ", ".join(groups)])


def digit_vocabulary(language: str) -> tuple[str, ...]:
    """The words that are listened for while digits are dictated; empty for an unknown language."""
    return LISTENED.get(language, ())


def understood_digits(text: str, language: str) -> str | None:
    """The digits meant by `text`, or None when any of it is not part of a dictated number.

    Digits written as figures count as themselves.
    """
    if language not in UNITS:
        return None
    words = [w for w in normalised(text).split() if w not in FILLERS[language]]
    digits: list[str] = []
    at = 0
    while at < len(words):
        group, at = _group(words, at, language)
        if group is None:
            return None
        digits.append(group)
    return "".join(digits) or None


def _group(words: list[str], at: int, language: str) -> tuple[str | None, int]:
    """The digits of the group that begins at `at`, and where the next one begins."""
    word = words[at]
    following = words[at + 1] if at + 1 < len(words) else ""
    if word.isdecimal() and word.isascii():
        return word, at + 1
    repeated = _repeated(words, at, language)
    if repeated is not None:
        return repeated
    units = UNITS[language]
    if word in HUNDREDS[language]:
        return _below_hundred(words, at + 1, language, HUNDREDS[language][word] * 100)
    if word in units and following in ("hundred", "hundreds") and units[word] and language == "en":
        return _below_hundred(words, at + 2, language, units[word] * 100)
    if word in TENS[language]:
        return _below_hundred(words, at, language, 0)
    if word in TEENS[language]:
        return str(TEENS[language][word]), at + 1
    if word in units:
        return str(units[word]), at + 1
    return None, at


def _below_hundred(words: list[str], at: int, language: str, number: int) -> tuple[str, int]:
    """`number` with the teens, or the tens and units, that follow it."""
    tens, teens, units = TENS[language], TEENS[language], UNITS[language]
    if at < len(words) and words[at] in teens:
        return str(number + teens[words[at]]), at + 1
    if at < len(words) and words[at] in tens:
        number += tens[words[at]]
        at += 1
    if at < len(words) and units.get(words[at], 0) > 0:
        number += units[words[at]]
        at += 1
    return str(number), at


def _repeated(words: list[str], at: int, language: str) -> tuple[str, int] | None:
    """A digit said with how often it stands there: "double five", "dwie piątki", "dwa razy pięć"."""
    for length in (2, 1):
        times = REPEATERS[language].get(" ".join(words[at : at + length]))
        after = at + length
        if times is not None and after < len(words) and words[after] in UNITS[language]:
            return str(UNITS[language][words[after]]) * times, after + 1
    groups = UNIT_GROUPS[language]
    count = UNITS[language].get(words[at])
    if count is not None and 2 <= count <= 4 and at + 1 < len(words) and words[at + 1] in groups:
        return str(groups[words[at + 1]]) * count, at + 2
    return None
