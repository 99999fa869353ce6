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
    UNIT_GROUPS_OF_MANY,
    UNITS,
)
from wording.phrases import normalised

# Longer numbers are said in groups of this many, with a short pause, as people read them out.
GROUP_DIGITS = 3
LONGEST_UNGROUPED = 4
# After more than so many, Polish and Russian count another form: "cztery piątki", "pięć piątek".
FEW_DIGITS = 4

Group = tuple[str, ...]
"""The parts of a group as said: "sto dwadzieścia trzy" is ("100", "20", "3"), "double oh" is ("00",)."""


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
    groups = dictated_groups(normalised(text).split(), language)
    return "".join(map(joined, groups)) if groups else None


def dictated_groups(words: list[str], language: str) -> list[Group] | None:
    """The groups of a dictated number, without fillers, or None when any word is not part of one."""
    if language not in UNITS:
        return None
    words = [word for word in words if word not in FILLERS[language]]
    groups: list[Group] = []
    at = 0
    while at < len(words):
        group, at = _group(words, at, language)
        if not group:
            return None
        groups.append(group)
    return groups


def joined(group: Group) -> str:
    """The digits of one group."""
    return group[0] if len(group) == 1 else str(sum(map(int, group)))


def _group(words: list[str], at: int, language: str) -> tuple[Group, int]:
    """The group that begins at `at`, empty where none does, and where the next one begins."""
    word = words[at]
    following = words[at + 1] if at + 1 < len(words) else ""
    if word.isdecimal() and word.isascii():
        return (word,), at + 1
    repeated = _repeated(words, at, language)
    if repeated is not None:
        return repeated
    units = UNITS[language]
    if word in HUNDREDS[language]:
        return _below_hundred(words, at + 1, language, (str(HUNDREDS[language][word] * 100),))
    if word in units and following in ("hundred", "hundreds") and units[word] and language == "en":
        return _below_hundred(words, at + 2, language, (str(units[word] * 100),))
    if word in TENS[language]:
        return _below_hundred(words, at, language, ())
    if word in TEENS[language]:
        return (str(TEENS[language][word]),), at + 1
    return ((str(units[word]),), at + 1) if word in units else ((), at)


def _below_hundred(words: list[str], at: int, language: str, group: Group) -> tuple[Group, int]:
    """`group` with the teens, or the tens and units, that follow it."""
    tens, teens, units = TENS[language], TEENS[language], UNITS[language]
    if at < len(words) and words[at] in teens:
        return (*group, str(teens[words[at]])), at + 1
    if at < len(words) and words[at] in tens:
        group = (*group, str(tens[words[at]]))
        at += 1
    if at < len(words) and units.get(words[at], 0) > 0 and _repeated(words, at, language) is None:
        group = (*group, str(units[words[at]]))
        at += 1
    return group, at


def _repeated(words: list[str], at: int, language: str) -> tuple[Group, int] | None:
    """A digit said with how often it stands there: "double five", "dwie piątki", "dwa razy pięć"."""
    units = UNITS[language]
    for length in (2, 1):
        times = REPEATERS[language].get(" ".join(words[at : at + length]))
        after = at + length
        if times is not None and after < len(words) and words[after] in units:
            return (str(units[words[after]]) * times,), after + 1
    count = units.get(words[at], 0)
    groups = UNIT_GROUPS[language] if count <= FEW_DIGITS else UNIT_GROUPS_OF_MANY[language]
    if count >= 2 and at + 1 < len(words) and words[at + 1] in groups:
        return (str(groups[words[at + 1]]) * count,), at + 2
    return None
