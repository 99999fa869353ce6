"""Filters of expressions: `{order|digits}`. A filter turns one text into another in the caller's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wording.digits import said_digits

Change = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Filter:
    """`counts`: how many arguments it may have; `takes` says it in words.

    `prepared(arguments)` gives the change (text, language) -> text; raises ValueError for wrong arguments.
    """

    counts: tuple[int, ...]
    takes: str
    prepared: Callable[[tuple[str, ...]], Change]


def _count(arguments: tuple[str, ...]) -> int:
    if not arguments:
        return 1
    if not (arguments[0].isdecimal() and 1 <= len(arguments[0]) <= 3 and int(arguments[0])):
        raise ValueError("a count from 1 to 999 is wanted")
    return int(arguments[0])


def _first(arguments: tuple[str, ...]) -> Change:
    count = _count(arguments)
    return lambda text, language: text[:count]


def _last(arguments: tuple[str, ...]) -> Change:
    count = _count(arguments)
    return lambda text, language: text[-count:]


FILTERS: dict[str, Filter] = {
    "digits": Filter((0,), "no arguments", lambda _: said_digits),
    "upper": Filter((0,), "no arguments", lambda _: lambda text, language: text.upper()),
    "lower": Filter((0,), "no arguments", lambda _: lambda text, language: text.lower()),
    "first": Filter((0, 1), "how many characters", _first),
    "last": Filter((0, 1), "how many characters", _last),
}
