"""Grades that people write: one number, or its word, as the whole message."""

from __future__ import annotations

from functools import cache

from messaging.opting import bare
from wording.option_words import number_phrases

LANGUAGES = ("en", "pl", "ru")


def grade_of(text: str, lowest: int = 1, highest: int = 5) -> int | None:
    """The grade that `text` is: "5", "5!" or "pięć". None for whatever else, which a person has to read.

    Words of all languages count for everybody.
    """
    grade = _grades().get(bare(text))
    return grade if grade is not None and lowest <= grade <= highest else None


@cache
def _grades() -> dict[str, int]:
    found = {str(number): number for number in range(11)}
    for language in LANGUAGES:
        for number in range(11):
            for phrase in number_phrases(number, language):
                found.setdefault(bare(phrase), number)
    return found
