"""Countries and languages by their names, and the time zone that follows from a postcode."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import zipcodes
from babel import Locale
from babel.core import get_global

from history.folding import folded
from history.profile_fields import WrongField, country_of, language_of

_NAMING_LANGUAGES = ("en", "pl", "ru")


@lru_cache(maxsize=1024)
def country_named(written: str) -> str:
    """Two letters, of a code of two or three letters or a name in English, Polish or Russian. WrongField."""
    text = written.strip()
    if len(text) == 2 and text.upper() in _territories():
        return country_of(text)
    if len(text) == 3 and text.isascii():
        known: list[str] | None = get_global("territory_aliases").get(text.upper())
        if known:
            return known[0]
    found = _countries_by_name().get(folded(text))
    if found is None:
        raise WrongField("There is no such country; write its two letters, as PL.")
    return found


@lru_cache(maxsize=1024)
def language_named(written: str) -> str:
    """A code as `pl` or `pt-BR`, of a code or a name in English, Polish, Russian or itself. WrongField."""
    found = _languages_by_name().get(folded(written.strip()))
    return found if found is not None else language_of(written)


def _names(language: str, of: str) -> dict[str, str]:
    return {str(code): str(name) for code, name in getattr(Locale(language), of).items()}


@cache
def _territories() -> frozenset[str]:
    return frozenset(code for code in _names("en", "territories") if len(code) == 2 and code.isalpha())


@cache
def _countries_by_name() -> dict[str, str]:
    more = {"usa": "US", "uk": "GB", "england": "GB", "сша": "US", "рф": "RU", "россия": "RU", "polska": "PL"}
    names = {
        folded(name): code
        for language in _NAMING_LANGUAGES
        for code, name in _names(language, "territories").items()
        if code in _territories()
    }
    return names | more


@cache
def _languages_by_name() -> dict[str, str]:
    names = {
        folded(name): code
        for language in _NAMING_LANGUAGES
        for code, name in _names(language, "languages").items()
        if code.isalpha()
    }
    own = {"deutsch": "de", "francais": "fr", "espanol": "es", "italiano": "it", "українська": "uk"}
    return names | own


@lru_cache(maxsize=16_384)
def zone_of_postcode(country: str, postcode: str) -> str | None:
    """The IANA zone in which the postcode lies, None where its letters or digits do not settle it."""
    match country:
        case "US":
            return _zone_of_zip(postcode)
        case "RU":
            return _of_ranges(_RUSSIA, postcode[:3]) if re.fullmatch(r"\d{6}", postcode) else None
        case "CA":
            return _zone_in_canada(postcode.upper())
        case "AU":
            return _of_ranges(_AUSTRALIA, postcode) if re.fullmatch(r"\d{4}", postcode) else None
        case _:
            zones: list[str] = get_global("territory_zones").get(country, [])
            return zones[0] if len(zones) == 1 else None


def _of_ranges(ranges: tuple[tuple[int, int, str], ...], digits: str) -> str | None:
    number = int(digits)
    return next((zone for first, last, zone in ranges if first <= number <= last), None)


# By the first three digits of the index. Yakutia outside Yakutsk (678) has three zones and is left out.
_RUSSIA = (
    (101, 235, "Europe/Moscow"),
    (236, 238, "Europe/Kaliningrad"),
    (239, 294, "Europe/Moscow"),
    (295, 299, "Europe/Simferopol"),
    (300, 399, "Europe/Moscow"),
    (400, 404, "Europe/Volgograd"),
    (410, 413, "Europe/Saratov"),
    (414, 416, "Europe/Astrakhan"),
    (420, 425, "Europe/Moscow"),
    (426, 427, "Europe/Samara"),
    (428, 431, "Europe/Moscow"),
    (432, 433, "Europe/Ulyanovsk"),
    (440, 442, "Europe/Moscow"),
    (443, 446, "Europe/Samara"),
    (450, 462, "Asia/Yekaterinburg"),
    (600, 609, "Europe/Moscow"),
    (610, 613, "Europe/Kirov"),
    (614, 629, "Asia/Yekaterinburg"),
    (630, 633, "Asia/Novosibirsk"),
    (634, 637, "Asia/Tomsk"),
    (640, 641, "Asia/Yekaterinburg"),
    (644, 646, "Asia/Omsk"),
    (647, 648, "Asia/Krasnoyarsk"),
    (649, 649, "Asia/Barnaul"),
    (650, 654, "Asia/Novokuznetsk"),
    (655, 655, "Asia/Krasnoyarsk"),
    (656, 659, "Asia/Barnaul"),
    (660, 663, "Asia/Krasnoyarsk"),
    (664, 666, "Asia/Irkutsk"),
    (667, 668, "Asia/Krasnoyarsk"),
    (669, 671, "Asia/Irkutsk"),
    (672, 674, "Asia/Chita"),
    (675, 677, "Asia/Yakutsk"),
    (679, 682, "Asia/Vladivostok"),
    (683, 684, "Asia/Kamchatka"),
    (685, 686, "Asia/Magadan"),
    (687, 687, "Asia/Chita"),
    (688, 688, "Asia/Kamchatka"),
    (689, 689, "Asia/Anadyr"),
    (690, 692, "Asia/Vladivostok"),
    (693, 694, "Asia/Sakhalin"),
)

_AUSTRALIA = (
    (800, 999, "Australia/Darwin"),
    (2000, 2879, "Australia/Sydney"),
    (2880, 2880, "Australia/Broken_Hill"),
    (2881, 2897, "Australia/Sydney"),
    (2899, 2899, "Pacific/Norfolk"),
    (2900, 2999, "Australia/Sydney"),
    (3000, 3999, "Australia/Melbourne"),
    (4000, 4999, "Australia/Brisbane"),
    (5000, 5999, "Australia/Adelaide"),
    (6000, 6797, "Australia/Perth"),
    (7000, 7999, "Australia/Hobart"),
)

_CANADA = {
    "A": "America/St_Johns",
    "B": "America/Halifax",
    "C": "America/Halifax",
    "E": "America/Moncton",
    "G": "America/Toronto",
    "H": "America/Toronto",
    "J": "America/Toronto",
    "K": "America/Toronto",
    "L": "America/Toronto",
    "M": "America/Toronto",
    "N": "America/Toronto",
    "P": "America/Toronto",
    "R": "America/Winnipeg",
    "S": "America/Regina",
    "T": "America/Edmonton",
    "V": "America/Vancouver",
    "Y": "America/Whitehorse",
}
# Labrador, the Magdalen Islands, the north-west of Ontario, Lloydminster, the east and north of British
# Columbia: their first letters' zone is not theirs, or not everywhere.
_NOT_SETTLED = ("A0", "A2V", "G4T", "G0", "P0", "P8", "P9", "S9V", "V0", "V1")


def _zone_in_canada(postcode: str) -> str | None:
    return None if postcode.startswith(_NOT_SETTLED) else _CANADA.get(postcode[:1])


def _zone_of_zip(postcode: str) -> str | None:
    return _zones_of_zips().get(postcode[:5]) if re.fullmatch(r"\d{5}(?:-?\d{4})?", postcode) else None


def _zips() -> list[dict[str, str]]:
    listed: list[dict[str, str]] = zipcodes.list_all()  # type: ignore[no-untyped-call]
    return listed


@cache
def _zones_of_zips() -> dict[str, str]:
    return {place["zip_code"]: place["timezone"] for place in _zips() if place["timezone"]}
