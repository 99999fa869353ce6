"""Numbers said and understood: "sto dwadzieścia trzy", "twenty second", "двенадцать целых пять десятых"."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from wording.digit_words import (
    HUNDREDS,
    REPEATERS,
    SAID,
    TEENS,
    TENS,
    UNIT_GROUPS,
    UNIT_GROUPS_OF_MANY,
    UNITS,
)
from wording.digits import understood_digits
from wording.number_grammar import BEYOND, LONGEST_FIGURES, number_at, number_tokens
from wording.number_words import (
    LISTENED,
    MINUS,
    ONE,
    POINT,
    RUSSIAN_FRACTIONS,
    SCALES,
    TWO,
    WORDS,
)
from wording.ordinals import CASES, ordinal_words
from wording.phrases import normalised
from wording.plurals import plural_index

GENDERS = ("m", "f", "n")
LARGEST_ORDINAL = 9999
_WRITTEN = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")

# Decimals longer than this are read digit by digit.
_DECIMALS_AS_NUMBER = 3


def _first_of_each(table: dict[str, int]) -> dict[int, str]:
    words: dict[int, str] = {}
    for word, value in table.items():
        words.setdefault(value, word)
    return words


_TEENS = {language: _first_of_each(table) for language, table in TEENS.items()}
_TENS = {language: _first_of_each(table) for language, table in TENS.items()}
_HUNDREDS = {language: _first_of_each(table) for language, table in HUNDREDS.items()}
_SINGLE = {
    language: {
        *UNITS[language],
        *UNIT_GROUPS[language],
        *UNIT_GROUPS_OF_MANY[language],
        *" ".join(REPEATERS[language]).split(),
    }
    for language in UNITS
}


def said_number(value: int | Decimal, language: str, gender: str = "m") -> str:
    """The number in words. `gender` ("m", "f", "n") is that of what is counted.

    Raises KeyError for an unknown language, ValueError for a number of a billion thousands or more.
    """
    size = -value if value < 0 else value
    if size >= BEYOND:
        raise ValueError(f"{value} is too large to be said")
    minus = [MINUS[language]] if value < 0 else []
    whole = int(size)
    decimals = f"{size:f}".partition(".")[2].rstrip("0") if isinstance(size, Decimal) else ""
    if not decimals:
        return " ".join([*minus, *_whole(whole, language, gender)])
    return " ".join([*minus, *_with_decimals(whole, decimals, language)])


def said_ordinal(value: int, language: str, gender: str = "m", case: str = "nom") -> str:
    """The ordinal number from 0 to 9999: said_ordinal(22, "pl", "m", "gen") is "dwudziestego drugiego".

    Cases are "nom", "gen" and "loc"; English has no genders and cases. Raises KeyError for an unknown
    language, gender or case, ValueError for another number.
    """
    if not 0 <= value <= LARGEST_ORDINAL:
        raise ValueError(f"{value} is said as an ordinal from 0 to 9999 only")
    count, words = ordinal_words(value, language, gender, case)
    before = _whole(count, language, "m") if count else []
    if not words:
        return " ".join(before) + "th"
    return " ".join([*before, *words])


def understood_number(text: str, language: str) -> int | None:
    """The whole number meant by `text`, in words, in figures or both; None when it is not one.

    Single digits said one after another are a number too: "one two double five" is 1255.
    """
    if language not in WORDS:
        return None
    tokens = number_tokens(text, language)
    found = number_at(tokens, 0, language)
    if found is not None and found[1] == len(tokens):
        return int(found[0]) if found[0] == int(found[0]) else None
    if all(word in _SINGLE[language] or len(word) == 1 for word in normalised(text).split()):
        digits = understood_digits(text, language)
        if digits is not None and len(digits) <= LONGEST_FIGURES:
            return int(digits)
    return None


def understood_decimal(text: str, language: str) -> Decimal | None:
    """Like understood_number, with decimals and halves."""
    if language not in WORDS:
        return None
    tokens = number_tokens(text, language)
    found = number_at(tokens, 0, language)
    return found[0] if found is not None and found[1] == len(tokens) else None


def number_vocabulary(language: str) -> tuple[str, ...]:
    """The words that are listened for while a number is said; empty for an unknown language."""
    return LISTENED.get(language, ())


def number_filter(arguments: tuple[str, ...]) -> Callable[[str, str], str]:
    """`{n|number}`, `{n|number(f)}`: the number in words; a text that is no number stays as it is."""
    gender = _gender(arguments)

    def change(text: str, language: str) -> str:
        written = _written(text, language)
        return text if written is None else said_number(written, language, gender)

    return change


def ordinal_filter(arguments: tuple[str, ...]) -> Callable[[str, str], str]:
    """`{n|ordinal}`, `{n|ordinal(f)}`, `{n|ordinal(m, gen)}`; a text that has no ordinal stays as it is."""
    gender = _gender(arguments)
    case = arguments[1] if len(arguments) > 1 else "nom"
    if case not in CASES:
        raise ValueError(f"{case!r} is not a case; it is one of {', '.join(CASES)}")

    def change(text: str, language: str) -> str:
        written = _written(text, language)
        if written is None or written != int(written) or not 0 <= written <= LARGEST_ORDINAL:
            return text
        return said_ordinal(int(written), language, gender, case)

    return change


def _gender(arguments: tuple[str, ...]) -> str:
    gender = arguments[0] if arguments else "m"
    if gender not in GENDERS:
        raise ValueError(f"{gender!r} is not a gender; it is one of {', '.join(GENDERS)}")
    return gender


def _written(text: str, language: str) -> Decimal | None:
    """The number written in `text` where it can be said."""
    figures = text.strip().replace(",", ".")
    return Decimal(figures) if language in SAID and _WRITTEN.fullmatch(figures) else None


def _whole(number: int, language: str, gender: str) -> list[str]:
    if number == 0:
        return [SAID[language][0]]
    words: list[str] = []
    for power in range(len(SCALES[language]), 0, -1):
        count = number // 1000**power % 1000
        if count == 0:
            continue
        scale_gender, *forms = SCALES[language][power - 1]
        # "tysiąc", not "jeden tysiąc", where the number begins with it; English always says "one".
        if count > 1 or words or language == "en":
            words += _group(count, language, scale_gender, compound=False)
        words.append(forms[plural_index(count, language)])
    rest = number % 1000
    if rest:
        if language == "en" and words and rest < 100:
            words.append("and")
        words += _group(rest, language, gender, compound=number != rest)
    return words


def _group(number: int, language: str, gender: str, *, compound: bool) -> list[str]:
    """1 to 999. `compound`: more was said before it."""
    hundreds, rest = divmod(number, 100)
    words: list[str] = []
    if hundreds and language == "en":
        words += [SAID[language][hundreds], "hundred", *(["and"] if rest else [])]
    elif hundreds:
        words.append(_HUNDREDS[language][hundreds])
    if 10 <= rest < 20:
        return [*words, _TEENS[language][rest]]
    if rest >= 20:
        words.append(_TENS[language][rest - rest % 10])
    unit = rest % 10
    if unit == 1:
        # Polish inflects 1 only when it stands alone: "jedna", but "dwadzieścia jeden".
        alone = not (words or compound)
        words.append(ONE[language][gender if alone or language != "pl" else "m"])
    elif unit == 2:
        words.append(TWO[language][gender])
    elif unit:
        words.append(SAID[language][unit])
    return words


def _with_decimals(whole: int, decimals: str, language: str) -> list[str]:
    one_by_one = [SAID[language][int(digit)] for digit in decimals]
    long = len(decimals) > _DECIMALS_AS_NUMBER
    if language == "ru" and not long:
        part, many = RUSSIAN_FRACTIONS[len(decimals)]
        wholes = "целая" if plural_index(whole, "ru") == 0 else "целых"
        name = part if plural_index(int(decimals), "ru") == 0 else many
        return [*_whole(whole, "ru", "f"), wholes, *_whole(int(decimals), "ru", "f"), name]
    if language == "en" or long:
        return [*_whole(whole, language, "m"), POINT[language], *one_by_one]
    zeros = len(decimals) - len(decimals.lstrip("0"))
    return [
        *_whole(whole, language, "m"),
        POINT[language],
        *one_by_one[:zeros],
        *_whole(int(decimals), "pl", "m"),
    ]
