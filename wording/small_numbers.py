"""Numbers to 99 in all forms that days, hours, minutes and years take: "dwudziestego drugiego", "пяти"."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from wording.number_words import WORDS
from wording.ordinals import ordinal_words
from wording.phrases import normalised


class Form(Enum):
    """Which form of a number is read."""

    CARDINAL = "twenty two"
    ORDINAL = "twenty second"
    EITHER = "either"


_SIMPLE = (*range(20), *range(20, 100, 10))


def ordinal_form(value: int, language: str, gender: str, case: str) -> str:
    """An ordinal of one word (to 19, or tens). Besides nom, gen and loc there are dat and feminine acc."""
    if case == "acc":
        nominative = ordinal_form(value, language, gender, "nom")
        if language == "pl":
            return nominative[:-1] + "ą"
        return nominative[:-2] + ("ью" if nominative.endswith("ья") else "ую")
    if case == "dat":
        return ordinal_form(value, language, gender, "gen")[:-2] + ("mu" if language == "pl" else "му")
    return ordinal_words(value, language, gender, case)[1][0]


def _forms(value: int, language: str) -> set[str]:
    if language == "en":
        return {ordinal_form(value, language, "m", "nom")}
    cases = {(gender, case) for gender in "mnf" for case in ("nom", "gen", "loc")}
    return {ordinal_form(value, language, *which) for which in (*cases, ("m", "dat"), ("f", "acc"))}


CARDINALS: dict[str, dict[str, int]] = {
    language: {**words.units, **words.teens, **words.tens} for language, words in WORDS.items()
}
ORDINALS: dict[str, dict[str, int]] = {
    language: {normalised(form): value for value in _SIMPLE for form in _forms(value, language)}
    for language in WORDS
}


def read_small(
    words: Sequence[str], at: int, language: str, form: Form = Form.EITHER
) -> tuple[int, int] | None:
    """The number that begins at `at`, and where it ends; as much as belongs to one number is taken.

    Figures of one or two digits count in any form.
    """
    if at >= len(words):
        return None
    word, following = words[at], words[at + 1] if at + 1 < len(words) else ""
    cardinals = CARDINALS[language] if form is not Form.ORDINAL else {}
    ordinals = ORDINALS[language] if form is not Form.CARDINAL else {}
    if word.isdecimal() and word.isascii() and len(word) <= 2:
        return int(word), at + 1
    tens = CARDINALS[language].get(word, 0)
    if _ten(tens):
        unit = cardinals.get(following, 0) or ordinals.get(following, 0)
        if 1 <= unit <= 9:
            return tens + unit, at + 2
    tens = ordinals.get(word, 0)
    # Polish inflects both parts; in Russian and English an ordinal ends its number.
    if _ten(tens) and language == "pl" and 1 <= ordinals.get(following, 0) <= 9:
        return tens + ordinals[following], at + 2
    value = cardinals.get(word, ordinals.get(word))
    return None if value is None else (value, at + 1)


def _ten(value: int) -> bool:
    return value >= 20 and value % 10 == 0
