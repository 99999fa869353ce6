"""Choices that a recogniser may take for one another.

The measure is meant to be conservative. Each phrase is folded to how it roughly sounds in its language:
letters that are spoken alike become one, final consonants lose their voice where the language does so, and
doubled letters become single. Two phrases of different choices are told when their folded forms are equal, or
when both have five sounds or more and one sound added, left out or put in place of another makes them equal:
"order" and "older".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from ivr.reading.draft import Draft
from ivr.steps.body import Path
from wording.phrases import normalised
from wording.yaml_source import Problem

FEWEST_SOUNDS = 5
# Phrases of one question that are compared with one another; more are no longer chosen by ear.
MOST_COMPARED = 300

_FOLDS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        (r"\bkn", "n"),
        (r"\bwr", "r"),
        (r"wh", "w"),
        (r"ph", "f"),
        (r"igh", "i"),
        (r"ck|q", "k"),
        (r"c(?=[eiy])", "s"),
        (r"c(?!h)", "k"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"(?:ee|ea|ie)", "i"),
        (r"(?:oo|ou)", "u"),
        (r"(?<=\w\w)e\b", ""),
    ),
    "pl": (
        (r"rz", "ż"),
        (r"ch", "h"),
        (r"ó", "u"),
        (r"b\b", "p"),
        (r"d\b", "t"),
        (r"g\b", "k"),
        (r"w\b", "f"),
        (r"z\b", "s"),
        (r"ż\b", "sz"),
        (r"ę\b", "e"),
    ),
    "ru": (
        (r"[тд]ь?ся\b", "ца"),
        (r"[её]го\b", "ево"),
        (r"ого\b", "ово"),
        (r"о", "а"),
        (r"б\b", "п"),
        (r"д\b", "т"),
        (r"г\b", "к"),
        (r"в\b", "ф"),
        (r"з\b", "с"),
        (r"ж\b", "ш"),
        (r"[ьъ]", ""),
    ),
}
_FOLDED = {lang: tuple((re.compile(p), to) for p, to in folds) for lang, folds in _FOLDS.items()}


def folded(phrase: str, language: str) -> str:
    """How it roughly sounds, without blanks."""
    text = normalised(phrase)
    for pattern, to in _FOLDED.get(language, ()):
        text = pattern.sub(to, text)
    return re.sub(r"(.)\1", r"\1", text.replace(" ", ""))


def alike(one: str, other: str, language: str) -> bool:
    return _close(folded(one, language), folded(other, language))


def _close(one: str, other: str) -> bool:
    if one == other:
        return True
    if min(len(one), len(other)) < FEWEST_SOUNDS or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    return one[start + 1 :] == other[start + (len(one) == len(other)) :] or one[start:] == other[start + 1 :]


def warn_of_alike(draft: Draft) -> Iterator[Problem]:
    """Each pair of choices of a step is told once in each language."""
    for name, step in draft.steps.items():
        by_language: dict[str, list[tuple[str, str, Path]]] = {}
        for language, phrase, path in step.body.listened_for():
            by_language.setdefault(language, []).append((phrase, folded(phrase, language), path))
        for language, phrases in by_language.items():
            told: set[tuple[object, object]] = set()
            for (one, first, before), (other, second, path) in combinations(phrases[:MOST_COMPARED], 2):
                if -1 <= len(first) - len(second) <= 1 and _close(first, second):
                    pair = (before[2], path[2])
                    same_choice = before[:3] == path[:3]
                    if same_choice or pair in told or normalised(one) == normalised(other):
                        continue
                    told.add(pair)
                    message = (
                        f"step {name!r}: {one!r} of choice {pair[0]} and {other!r} of choice {pair[1]} "
                        f"sound alike ({language}): choose words that differ more"
                    )
                    yield draft.problem(name, path, message)
