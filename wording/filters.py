"""Filters of expressions: `{order|digits}`. A filter turns one text into another in the caller's language."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wording.dates import date_filter, weekday_filter
from wording.digits import said_digits
from wording.durations import duration_filter
from wording.money import money_filter
from wording.numbers import number_filter, ordinal_filter
from wording.phone_words import phone_filter
from wording.plurals import plural_filter
from wording.spelling import spelt_of_text
from wording.times import datetime_filter, time_filter
from wording.written_values import written_filter

Change = Callable[[str, str], str]

# What every conversation's scope knows of its company.
CURRENCY, REGION = "_currency", "_region"


@dataclass(frozen=True, slots=True)
class Filter:
    """`counts`: how many arguments it may have; `takes` says it in words.

    `prepared(arguments)` gives the change (text, language) -> text; raises ValueError for wrong arguments.
    """

    counts: tuple[int, ...]
    takes: str
    prepared: Callable[[tuple[str, ...]], Change]
    fact: str = ""
    """The name in the scope of what stands in for missing arguments. No flow's variable is named so."""


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
    "spell": Filter((0,), "no arguments", lambda _: spelt_of_text),
    "number": Filter((0, 1), "a gender: m, f or n", number_filter),
    "ordinal": Filter((0, 1, 2), "a gender (m, f or n) and a case (nom, gen or loc)", ordinal_filter),
    "plural": Filter((2, 3), "the forms for 1 and many, or for 1, 2 and 5", plural_filter),
    "money": Filter((0, 1), "a currency such as EUR", money_filter, CURRENCY),
    "phone": Filter((0, 1), "a country such as PL", phone_filter, REGION),
    "first": Filter((0, 1), "how many characters", _first),
    "last": Filter((0, 1), "how many characters", _last),
    "date": Filter((0, 1, 2), "year, weekday or both", date_filter),
    "time": Filter((0, 1), "nothing or at", time_filter),
    "datetime": Filter((0,), "no arguments", datetime_filter),
    "weekday": Filter((0, 1), "nothing or on", weekday_filter),
    "duration": Filter((0, 1), "nothing or in", duration_filter),
    "written": Filter((0, 1), "a currency such as EUR", written_filter, CURRENCY),
}
