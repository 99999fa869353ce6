"""Years as they are said in a date, and years understood: "dwa tysiące dwudziestego szóstego roku"."""

from __future__ import annotations

from collections.abc import Sequence

from wording.calendar_words import YEARS_AWAY
from wording.digit_words import HUNDREDS
from wording.digits import said_digits
from wording.numbers import said_number, said_ordinal
from wording.phrases import normalised
from wording.small_numbers import Form, read_small

EARLIEST, LATEST = 1000, 2999
# A year of two digits is the one of the hundred years that end so many years from today.
YEARS_AHEAD = 20

YEAR_WORDS = {"pl": ("roku", "rok", "r"), "en": (), "ru": ("года", "год", "году", "г")}

_THOUSANDS = {
    "pl": {
        "jeden tysiąc": 1000,
        "tysiąc": 1000,
        "tysiąca": 1000,
        "tysięcznego": 1000,
        "dwa tysiące": 2000,
        "dwutysięczny": 2000,
        "dwutysięcznego": 2000,
        "dwutysięcznym": 2000,
    },
    "en": {"one thousand": 1000, "two thousand": 2000},
    "ru": {
        "одна тысяча": 1000,
        "тысяча": 1000,
        "тысячу": 1000,
        "тысячного": 1000,
        "две тысячи": 2000,
        "двухтысячный": 2000,
        "двухтысячного": 2000,
        "двухтысячном": 2000,
    },
}
_HUNDREDS = {
    language: HUNDREDS[language]
    | {normalised(said_ordinal(number * 100, language, "m", "gen")): number for number in range(1, 10)}
    for language in ("pl", "ru")
}
_LISTENED = {
    "pl": "tysiąc tysiące dwutysięcznego dziewięćset roku",
    "en": "thousand hundred oh",
    "ru": "тысяча тысячи двухтысячного девятьсот года",
}


def said_year(year: int, language: str) -> str:
    """The year as it follows a day and month; one outside 1000 to 2999 is said by its digits."""
    if not EARLIEST <= year <= LATEST:
        return said_digits(str(year), language)
    if language == "en":
        return _english(year)
    return f"{said_ordinal(year, language, 'm', 'gen')} {YEAR_WORDS[language][0]}"


def _english(year: int) -> str:
    century, rest = divmod(year, 100)
    if century % 10 == 0 and rest < 10:
        return f"{said_number(century // 10, 'en')} thousand" + (
            f" {said_number(rest, 'en')}" if rest else ""
        )
    if rest == 0:
        return f"{said_number(century, 'en')} hundred"
    return f"{said_number(century, 'en')} {'oh ' if rest < 10 else ''}{said_number(rest, 'en')}"


def year_vocabulary(language: str) -> tuple[str, ...]:
    """The words of years besides numbers to 99."""
    return tuple(_LISTENED[language].split())


def read_year(words: Sequence[str], language: str, this_year: int) -> int | None:
    """The year that all of `words` mean; two digits mean a year near `this_year`."""
    away = YEARS_AWAY[language].get(" ".join(words))
    if away is not None:
        return this_year + away
    marked = len(words) > 1 and words[-1] in YEAR_WORDS[language]
    if marked:
        words = words[:-1]
    if len(words) == 1 and words[0].isdecimal() and words[0].isascii():
        return _of_figures(words[0], this_year)
    found = _full_english(words) if language == "en" else _full_slavic(words, language)
    if found is not None:
        return found
    small = read_small(words, 0, language)
    if small is None or small[1] != len(words):
        return None
    # A number that may be a day, such as the end of "March twenty twenty seven", is no year by itself.
    unmistakable = small[0] > 31 if language == "en" else marked
    return _near(small[0], this_year) if unmistakable else None


def _of_figures(figures: str, this_year: int) -> int | None:
    if len(figures) == 2:
        return _near(int(figures), this_year)
    return int(figures) if len(figures) == 4 and EARLIEST <= int(figures) <= LATEST else None


def _near(two_digits: int, this_year: int) -> int:
    latest = this_year + YEARS_AHEAD
    return latest - (latest - two_digits) % 100


def _full_slavic(words: Sequence[str], language: str) -> int | None:
    table = _THOUSANDS[language]
    length = next((n for n in (2, 1) if len(words) >= n and " ".join(words[:n]) in table), 0)
    if not length:
        return None
    year, at = table[" ".join(words[:length])], length
    if at < len(words) and words[at] in _HUNDREDS[language]:
        year += 100 * _HUNDREDS[language][words[at]]
        at += 1
    small = read_small(words, at, language)
    if small is not None:
        year, at = year + small[0], small[1]
    return year if at == len(words) else None


def _full_english(words: Sequence[str]) -> int | None:
    """ "two thousand twenty six", "twenty twenty six", "nineteen oh five", "nineteen hundred"."""
    words = [w for w in words if w != "and"]
    thousands = _THOUSANDS["en"].get(" ".join(words[:2]))
    if thousands is not None:
        small = read_small(words, 2, "en", Form.CARDINAL)
        value, end = small if small is not None else (0, 2)
        return thousands + value if end == len(words) else None
    for at in (1, 2):
        century = read_small(words[:at], 0, "en", Form.CARDINAL)
        if century is None or century[1] != at or not 10 <= century[0] <= 29:
            continue
        rest = words[at:]
        if rest in (["hundred"], ["oh", "oh"]):
            return century[0] * 100
        zero = rest[:1] in (["oh"], ["o"], ["zero"])
        small = read_small(rest, int(zero), "en", Form.CARDINAL)
        if small and small[1] == len(rest) and (0 < small[0] < 10 if zero else small[0] >= 10):
            return century[0] * 100 + small[0]
    return None
