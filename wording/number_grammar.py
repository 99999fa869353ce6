"""The grammar of numbers in words: "sto dwudziestu", "two and a half thousand", "двенадцать целых".

Used for whole numbers, amounts and decimals. Figures may stand anywhere among the words: "2 tysiące 500".
"""

from __future__ import annotations

import re
from decimal import Decimal

from wording.number_words import (
    HALF,
    HALF_MORE,
    ONE_AND_HALF,
    RUSSIAN_DENOMINATORS,
    WORDS,
    NumberWords,
)

# Beyond this a caller has not said a number but dictated one.
BEYOND = 10**12
LONGEST_FIGURES = 12
_LONGEST_PHRASE = 3

_GROUPED = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:([ \u00a0.,'])\d{3})(?:\1\d{3})*(?!\d)", re.ASCII)
_WORD = re.compile(r"(?<!\S)[-−](?=[0-9])|[0-9]+(?:[.,][0-9]+)?|[^\W\d_]+(?:'[^\W\d_]+)*|[$€£₽₴]")
_FIGURES = re.compile(r"[0-9]+(\.[0-9]+)?")

Found = tuple[Decimal, int]
"""A value, and where the words after it begin."""


def number_tokens(text: str, language: str) -> list[str]:
    """The words of `text` without fillers; figures as 1200 or 12.5, phrases with a half as their mark."""
    joined = _GROUPED.sub(lambda found: re.sub(r"\D", "", found.group(), flags=re.ASCII), text)
    words = [
        "-" if word == "−" else word.replace(",", ".")
        for word in _WORD.findall(joined.casefold().replace("ё", "е").replace("’", "'"))
    ]
    known = WORDS[language]
    tokens: list[str] = []
    at = 0
    while at < len(words):
        for length in range(_LONGEST_PHRASE, 0, -1):
            mark = known.rewritten.get(" ".join(words[at : at + length]))
            if mark is not None:
                break
        else:
            length, mark = 1, words[at]
        tokens.append(mark)
        at += length
    return [token for token in tokens if token not in known.fillers]


def number_at(tokens: list[str], at: int, language: str) -> Found | None:
    """The longest number that begins at `at`, or None."""
    known = WORDS[language]
    negative = at < len(tokens) and (tokens[at] == "-" or tokens[at] in known.minus)
    found = _scaled(tokens, at + negative, known)
    if found is None:
        return None
    value, after = found
    if after < len(tokens) and tokens[after] in known.points:
        value, after = _with_decimals(tokens, after, value, known)
    return (-value if negative else value), after


def below_thousand(tokens: list[str], at: int, language: str) -> Found | None:
    """One group of a number: "sto dwadzieścia trzy", "twelve", "zero"."""
    return _group(tokens, at, WORDS[language])


def _scaled(tokens: list[str], at: int, known: NumberWords) -> Found | None:
    """Groups with their thousands and millions, each scale smaller than the one before."""
    total, limit, start = Decimal(0), BEYOND, at
    while at < len(tokens):
        part = _part(tokens, at, known)
        value, after = part or (Decimal(1), at)
        scale = known.scales.get(tokens[after], BEYOND) if after < len(tokens) else BEYOND
        if scale < limit and value:
            total, limit, at = total + value * scale, scale, after + 1
            continue
        first = at == start
        if part is not None and value < limit and (value or first):
            total, at = total + value, after
        break
    return (total, at) if at > start and total < BEYOND else None


def _part(tokens: list[str], at: int, known: NumberWords) -> Found | None:
    """What may stand before a scale: a group, with a half or not."""
    half = {HALF: Decimal("0.5"), ONE_AND_HALF: Decimal("1.5")}.get(tokens[at])
    if half is not None:
        return half, at + 1
    found = _group(tokens, at, known)
    if found is not None and tokens[found[1] : found[1] + 1] == [HALF_MORE]:
        return found[0] + Decimal("0.5"), found[1] + 1
    return found


def _group(tokens: list[str], at: int, known: NumberWords) -> Found | None:
    if at >= len(tokens):
        return None
    if _FIGURES.fullmatch(tokens[at]):
        if len(tokens[at]) > LONGEST_FIGURES:
            return None
        value, after = Decimal(tokens[at]), at + 1
        times = known.multipliers.get(tokens[after], 1) if after < len(tokens) else 1
        return value * times, after + (times > 1)
    if tokens[at] in known.hundreds:
        return _and_rest(tokens, at + 1, known, known.hundreds[tokens[at]] * 100)
    lower = (1, at) if tokens[at] in known.multipliers else _below_hundred(tokens, at, known)
    if lower is None:
        return None
    value_below, after = lower
    times = known.multipliers.get(tokens[after], 1) if after < len(tokens) else 1
    if times == 1 or value_below == 0:
        return Decimal(value_below), after
    if times < 100:
        return Decimal(value_below * times), after + 1
    return _and_rest(tokens, after + 1, known, value_below * times)


def _and_rest(tokens: list[str], at: int, known: NumberWords, hundreds: int) -> Found:
    lower = _below_hundred(tokens, at, known)
    if lower is None or lower[0] == 0:
        return Decimal(hundreds), at
    return Decimal(hundreds + lower[0]), lower[1]


def _below_hundred(tokens: list[str], at: int, known: NumberWords) -> tuple[int, int] | None:
    if at >= len(tokens):
        return None
    word = tokens[at]
    if word in known.teens:
        return known.teens[word], at + 1
    if word in known.tens:
        unit = known.units.get(tokens[at + 1], 0) if at + 1 < len(tokens) else 0
        return known.tens[word] + unit, at + 1 + (unit > 0)
    return (known.units[word], at + 1) if word in known.units else None


def _with_decimals(tokens: list[str], at: int, whole: Decimal, known: NumberWords) -> Found:
    """`whole` with the decimals after the word for the point; without it where none follow."""
    digits, after = "", at + 1
    while (found := _group(tokens, after, known)) is not None:
        digits += str(found[0])
        after = found[1]
    if not digits.isdecimal() or len(digits) > LONGEST_FIGURES:
        return whole, at
    places = len(digits)
    if after < len(tokens) and tokens[after] in RUSSIAN_DENOMINATORS:
        places = max(places, RUSSIAN_DENOMINATORS[tokens[after]])
        after += 1
    value = whole + Decimal(digits).scaleb(-places)
    scale = known.scales.get(tokens[after]) if after < len(tokens) else None
    return (value * scale, after + 1) if scale else (value, after)
