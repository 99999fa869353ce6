"""Days said and understood: "dwudziestego drugiego marca", "next friday", "через две недели", "22.03".

A day without a year is the next such day, today included. A weekday alone is the nearest one from tomorrow
on; "next" means the week after this one, and weeks begin on Monday.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from wording.calendar_words import (
    AGO,
    AHEAD,
    COMING,
    DAYS,
    FILLERS,
    FROM_TODAY,
    MONTH_NUMBERS,
    MONTHS,
    MONTHS_AWAY,
    NEXT,
    RELATIVE_DAYS,
    SPANS,
    THIS,
    WEEKDAY_NUMBERS,
    WEEKDAYS,
    WEEKS_AWAY,
    WHICH_WEEK,
)
from wording.numbers import said_number, said_ordinal
from wording.phrases import normalised
from wording.small_numbers import CARDINALS, Form, ordinal_form, read_small
from wording.years import read_year, said_year, year_vocabulary

# Small words around a day, and the forms of 1 and 2 that a span of time is counted with.
_COUNTED = {"pl": "w we na dwie jeden jedną", "en": "on the of a", "ru": "в во на числа две одну ноль"}
# 29 February comes again within this many years.
YEARS_TO_LEAP = 8
_SUNDER = re.compile(r"(?<=\d)(?=[^\W\d])|(?<=[^\W\d])(?=\d)")
_WHICH = {
    language: {form: which for which, forms in words.items() for form in forms.split()}
    for language, words in WHICH_WEEK.items()
}
_SPANS = {
    language: {normalised(form): span for forms, span in spans.items() for form in forms.split()}
    for language, spans in SPANS.items()
}


def said_date(day: date, language: str, *, year: bool = False, weekday: bool = False) -> str:
    """The day in words, in the case in which it answers "when". Raises KeyError for an unknown language."""
    forms = MONTHS[language][day.month - 1].split()
    if language == "en":
        said = f"{forms[0]} {said_ordinal(day.day, language)}"
    else:
        said = f"{said_ordinal(day.day, language, 'm', 'gen')} {forms[1]}"
    if year:
        said += f"{',' if language == 'en' else ''} {said_year(day.year, language)}"
    return f"{said_weekday(day, language)}, {said}" if weekday else said


def said_weekday(day: date, language: str, *, on: bool = False) -> str:
    """The weekday's name, or with `on` as it answers "when": "we wtorek", "on Monday", "в среду"."""
    forms = WEEKDAYS[language][day.weekday()].split()
    if not on:
        return forms[0]
    if language == "en":
        return f"on {forms[0]}"
    if language == "pl":
        return f"{'we' if forms[1].startswith('wt') else 'w'} {forms[1]}"
    return f"{'во' if forms[1].startswith('вт') else 'в'} {forms[1]}"


def date_vocabulary(language: str) -> tuple[str, ...]:
    """The words that are listened for while a date is said; empty for an unknown language."""
    return tuple(dict.fromkeys(word.lower() for word in _listened(language))) if language in MONTHS else ()


def _listened(language: str) -> Iterator[str]:
    # Callers put a day into the nominative or the genitive; Russians into the neuter too.
    genders = {"pl": (("m", "nom"), ("m", "gen")), "en": (("m", "nom"),), "ru": (("n", "nom"), ("m", "gen"))}
    for value in (*range(1, 20), 20, 30):
        yield from (ordinal_form(value, language, *which) for which in genders[language])
    # Years may end in an ordinal too: "osiemdziesiątego piątego roku".
    if language != "en":
        yield from (ordinal_form(value, language, "m", "gen") for value in range(40, 100, 10))
    yield from _COUNTED[language].split()
    yield from (said_number(value, language) for value in (*range(1, 20), *range(20, 100, 10)))
    yield from year_vocabulary(language)
    for forms in (*MONTHS[language], *WEEKDAYS[language]):
        yield from forms.split()
    for phrases in (
        RELATIVE_DAYS[language],
        WHICH_WEEK[language].values(),
        WEEKS_AWAY[language],
        MONTHS_AWAY[language],
        SPANS[language],
        AHEAD[language],
        FROM_TODAY[language],
        AGO[language],
    ):
        for phrase in phrases:
            yield from phrase.split()


def understood_date(text: str, language: str, today: date) -> date | None:
    """The day meant by `text` when it is said on `today`, or None when it is no day that exists.

    A weekday that does not fit the rest is not understood: "Monday the second" when that is a Tuesday.
    """
    if language not in MONTHS:
        return None
    words = _words(text, language)
    try:
        return _meant(words, language, today) if words else None
    except (ValueError, OverflowError):
        return None


def _words(text: str, language: str) -> list[str]:
    words = (w.strip("'") for w in _SUNDER.sub(" ", normalised(text)).split())
    return [w for w in words if w and w not in FILLERS[language]]


def _meant(words: list[str], language: str, today: date) -> date | None:
    weekdays = WEEKDAY_NUMBERS[language]
    named = next((at for at, w in enumerate(words) if w in weekdays), None)
    if named is None:
        return _without_weekday(words, language, today)
    weekday = weekdays[words[named]]
    before, rest = words[:named], words[named + 1 :]
    said: list[str] = []
    while before and before[-1] in _WHICH[language]:
        said.append(_WHICH[language][before.pop()])
    # In "this coming friday" the word next to the weekday counts.
    which = NEXT if NEXT in said else said[0] if said else None
    rest = before + rest
    if not rest:
        return _weekday(weekday, which or COMING, today)
    if which is None:
        weeks = _weeks(rest, language)
        if weeks is not None:
            return _monday(today) + timedelta(weeks=weeks, days=weekday)
    day = _without_weekday(rest, language, today)
    return day if day is not None and day.weekday() == weekday else None


def _monday(today: date) -> date:
    return today - timedelta(days=today.weekday())


def _weekday(weekday: int, which: str, today: date) -> date:
    if which == NEXT:
        return _monday(today) + timedelta(weeks=1, days=weekday)
    earliest = today if which == THIS else today + timedelta(days=1)
    return earliest + timedelta(days=(weekday - earliest.weekday()) % 7)


def _weeks(words: list[str], language: str) -> int | None:
    """How many whole weeks from this one: "next week", "za dwa tygodnie", "через неделю"."""
    named = WEEKS_AWAY[language].get(" ".join(words))
    if named is not None:
        return named
    if words == ["week"] or words == ["a", "week"]:
        return 1
    span = _span(words, language)
    return span[1] // 7 if span is not None and span[0] == DAYS and span[1] % 7 == 0 else None


def _without_weekday(words: list[str], language: str, today: date) -> date | None:
    away = RELATIVE_DAYS[language].get(" ".join(words))
    if away is not None:
        return today + timedelta(days=away)
    # "jutro, dwudziestego drugiego": both must mean the same day.
    if len(words) > 1 and words[0] in RELATIVE_DAYS[language]:
        named = _calendar(words[1:], language, today)
        away = RELATIVE_DAYS[language][words[0]]
        return named if named is not None and named - today == timedelta(days=away) else None
    span = _span(words, language)
    if span is not None:
        unit, count = span
        return today + timedelta(days=count) if unit == DAYS else _months_on(today, count)
    return _calendar(words, language, today)


def _span(words: list[str], language: str) -> tuple[str, int] | None:
    """A counted span from today: its unit and how many, negative when it is past."""
    rest, sign = list(words), 0
    if rest[0] in AHEAD[language]:
        rest, sign = rest[1:], 1
    for endings, direction in ((AGO, -1), (FROM_TODAY, 1)):
        for ending in endings[language]:
            phrase = ending.split()
            if rest[-len(phrase) :] == phrase and len(rest) > len(phrase):
                rest, sign = rest[: -len(phrase)], direction
    if not sign or not rest or rest[-1] not in _SPANS[language]:
        return None
    # "через день" is said of every other day as well as of tomorrow.
    if language == "ru" and rest == ["день"]:
        return None
    unit, count = _SPANS[language][rest.pop()]
    if rest in ([], ["a"], ["an"]):
        return unit, sign * count
    number = read_small(rest, 0, language, Form.CARDINAL)
    return (unit, sign * number[0] * count) if number is not None and number[1] == len(rest) else None


def _months_on(today: date, months: int) -> date:
    """The same day so many months on, or the month's last day when it has no such day."""
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def _calendar(words: list[str], language: str, today: date) -> date | None:
    """A day of a month in words or figures, with or without its year."""
    if len(words) == 1 and words[0].isdecimal() and len(words[0]) in (4, 8):
        figures = words[0]
        words = [part for part in (figures[:2], figures[2:4], figures[4:]) if part]
    if len(words) == 3 and all(w.isdecimal() for w in words) and len(words[0]) == 4:
        return date(int(words[0]), int(words[1]), int(words[2]))
    months = MONTH_NUMBERS[language]
    if words[0] in months:
        found = read_small(words, 1, language)
        if found is None:
            return None
        return _dated(found[0], months[words[0]], words[found[1] :], language, today)
    found = read_small(words, 0, language)
    if found is None:
        return None
    day, at = found
    rest = words[at:]
    if not rest:
        return _next_of(day, today)
    if rest[0] in months:
        return _dated(day, months[rest[0]], rest[1:], language, today)
    away = MONTHS_AWAY[language].get(" ".join(rest))
    if away is not None:
        month = _months_on(today.replace(day=1), away)
        return month.replace(day=day)
    month_at = _month_by_number(words, at, language)
    return None if month_at is None else _dated(day, month_at[0], words[month_at[1] :], language, today)


def _month_by_number(words: Sequence[str], at: int, language: str) -> tuple[int, int] | None:
    """A month said as a number: "dwudziesty drugi trzeci", "двадцать второе ноль третье", "22.03"."""
    if words[at].isdecimal():
        return (int(words[at]), at + 1) if len(words[at]) <= 2 else None
    if language == "en":
        return None
    zero = CARDINALS[language].get(words[at]) == 0
    return read_small(words, at + zero, language, Form.EITHER if zero else Form.ORDINAL)


def _dated(day: int, month: int, year_words: list[str], language: str, today: date) -> date | None:
    if year_words:
        year = read_year(year_words, language, today.year)
        return None if year is None else date(year, month, day)
    for year in range(today.year, today.year + YEARS_TO_LEAP + 1):
        if 1 <= day <= monthrange(year, month)[1] and date(year, month, day) >= today:
            return date(year, month, day)
    return None


def _next_of(day: int, today: date) -> date | None:
    """The next month's day with this number; at most one month in a row lacks it."""
    for ahead in range(3):
        first = _months_on(today.replace(day=1), ahead)
        if 1 <= day <= monthrange(first.year, first.month)[1] and first.replace(day=day) >= today:
            return first.replace(day=day)
    return None


def day_of(text: str) -> date | None:
    """The day of an ISO date or date with time, or None."""
    try:
        return datetime.fromisoformat(text.strip()).date()
    except ValueError:
        return None


def date_filter(arguments: tuple[str, ...]) -> Callable[[str, str], str]:
    """`date`, `date(year)`, `date(weekday)`: what is no ISO date stays as it is."""
    unknown = set(arguments) - {"year", "weekday"}
    if unknown:
        raise ValueError(f"year or weekday is wanted, not {min(unknown)!r}")

    def change(text: str, language: str) -> str:
        day = day_of(text)
        if day is None or language not in MONTHS:
            return text
        return said_date(day, language, year="year" in arguments, weekday="weekday" in arguments)

    return change


def weekday_filter(arguments: tuple[str, ...]) -> Callable[[str, str], str]:
    """`weekday`, or `weekday(on)` as it answers "when"."""
    if arguments not in ((), ("on",)):
        raise ValueError("on is the only argument")

    def change(text: str, language: str) -> str:
        day = day_of(text)
        return (
            text if day is None or language not in MONTHS else said_weekday(day, language, on=bool(arguments))
        )

    return change
