"""Spans of time as they are said: "trzy minuty", "two hours and ten minutes", "двадцать одна минута"."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from wording.numbers import said_number
from wording.plurals import plural

MINUTE, HOUR, DAY = 60, 3600, 86400

# Gender, nominative and genitive forms, and the accusative of one where it differs.
_UNITS = {
    "pl": {
        1: ("f", ("sekunda", "sekundy", "sekund"), "sekundę"),
        MINUTE: ("f", ("minuta", "minuty", "minut"), "minutę"),
        HOUR: ("f", ("godzina", "godziny", "godzin"), "godzinę"),
        DAY: ("m", ("dzień", "dni", "dni"), "dzień"),
    },
    "en": {
        1: ("m", ("second", "seconds", "seconds"), "second"),
        MINUTE: ("m", ("minute", "minutes", "minutes"), "minute"),
        HOUR: ("m", ("hour", "hours", "hours"), "hour"),
        DAY: ("m", ("day", "days", "days"), "day"),
    },
    "ru": {
        1: ("f", ("секунда", "секунды", "секунд"), "секунду"),
        MINUTE: ("f", ("минута", "минуты", "минут"), "минуту"),
        HOUR: ("m", ("час", "часа", "часов"), "час"),
        DAY: ("m", ("день", "дня", "дней"), "день"),
    },
}
_AND = {"pl": " i ", "en": " and ", "ru": " "}
_IN = {"pl": "za", "en": "in", "ru": "через"}
# The longest that is said, 100 years; what is longer was not meant as a span of time.
LONGEST_SECONDS = 36525 * DAY


def said_duration(seconds: int, language: str, *, ahead: bool = False) -> str:
    """The span in words, or with `ahead` as it answers "when": "za trzy minuty", "in three minutes".

    Under a minute it is said in seconds, under an hour in whole minutes, under a day in hours and minutes,
    then in days and hours; halves are rounded up. Raises KeyError for an unknown language, ValueError for a
    span that is negative or over LONGEST_SECONDS.
    """
    if not 0 <= seconds <= LONGEST_SECONDS:
        raise ValueError(f"{seconds} seconds are not said as a duration")
    said = _AND[language].join(
        _counted(count, unit, language, accusative=ahead) for count, unit in _parts(seconds)
    )
    return f"{_IN[language]} {said}" if ahead else said


def _parts(seconds: int) -> list[tuple[int, int]]:
    """Counts and their units in seconds, the larger first, without one that is zero."""
    if seconds < MINUTE:
        return [(seconds, 1)]
    minutes = (seconds + MINUTE // 2) // MINUTE
    if minutes * MINUTE < DAY:
        hours, minutes = divmod(minutes, 60)
        parts = [(hours, HOUR), (minutes, MINUTE)]
    else:
        days, hours = divmod((seconds + HOUR // 2) // HOUR, 24)
        parts = [(days, DAY), (hours, HOUR)]
    return [part for part in parts if part[0]]


def _counted(count: int, unit: int, language: str, *, accusative: bool) -> str:
    gender, forms, one = _UNITS[language][unit]
    number = said_number(count, language, gender)
    noun = plural(count, language, forms)
    if accusative and noun == forms[0]:
        noun = one
        # "jedną minutę", "двадцать одну минуту"
        for nominative, changed in (("jedna", "jedną"), ("одна", "одну")):
            if number.endswith(nominative):
                number = number.removesuffix(nominative) + changed
    return f"{number} {noun}"


def duration_filter(arguments: tuple[str, ...]) -> Callable[[str, str], str]:
    """`duration` of seconds, or `duration(in)` as it answers "when": what is no span stays as it is."""
    if arguments not in ((), ("in",)):
        raise ValueError("in is the only argument")

    def change(text: str, language: str) -> str:
        try:
            seconds = Decimal(text.strip())
            sayable = language in _UNITS and 0 <= seconds <= LONGEST_SECONDS
        except InvalidOperation:
            return text
        return said_duration(round(seconds), language, ahead=bool(arguments)) if sayable else text

    return change
